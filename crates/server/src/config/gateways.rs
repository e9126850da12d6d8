//! The tables `[[passcode_service.gateways]]`: which gateways send messages, in which order.

use std::{collections::BTreeSet, fs, path::Path};

use sallyport_otp::{Gateway, GatewayKind, check_countries};
use serde::de::DeserializeOwned;
use toml::{Table, Value};

/// The keys whose text may be in a file instead, as the key with `_file` behind it says.
const SECRETS: [&str; 5] = [
    "secret",
    "auth_token",
    "api_secret",
    "password",
    "secret_access_key",
];

/// Reads every gateway; the error says which one and what was expected.
pub fn read(tables: &[Table], base: &Path) -> Result<Vec<Gateway>, String> {
    (1..)
        .zip(tables)
        .map(|(place, table)| {
            read_one(table.clone(), base).map_err(|why| {
                let name = table.get("name").and_then(Value::as_str);
                match name {
                    Some(name) => format!("{name}: {why}"),
                    None => format!("the table number {place}: {why}"),
                }
            })
        })
        .collect()
}

fn read_one(mut table: Table, base: &Path) -> Result<Gateway, String> {
    let kind: String =
        take(&mut table, "kind")?.ok_or_else(|| format!("kind is missing; {KINDS}"))?;
    let name: Option<String> = take(&mut table, "name")?;
    let countries: Option<BTreeSet<String>> = take(&mut table, "countries")?;
    let countries = countries.unwrap_or_default();
    check_countries(&countries).map_err(|why| format!("countries: {why}"))?;
    read_files(&mut table, base)?;
    Ok(Gateway {
        name: name.unwrap_or_else(|| kind.clone()),
        countries,
        kind: read_kind(&kind, table)?,
    })
}

const KINDS: &str = "expected webhook, twilio, smpp, kannel, sns or vonage";

fn read_kind(kind: &str, table: Table) -> Result<GatewayKind, String> {
    Ok(match kind {
        "webhook" => GatewayKind::Webhook(of(table)?),
        "twilio" => GatewayKind::Twilio(of(table)?),
        "smpp" => GatewayKind::Smpp(of(table)?),
        "kannel" => GatewayKind::Kannel(of(table)?),
        "sns" => GatewayKind::Sns(of(table)?),
        "vonage" => GatewayKind::Vonage(of(table)?),
        other => return Err(format!("the kind {other:?} is not known; {KINDS}")),
    })
}

/// A table of another kind that may have a secret in a file.
pub fn read_table<T: DeserializeOwned>(mut table: Table, base: &Path) -> Result<T, String> {
    read_files(&mut table, base)?;
    of(table)
}

fn take<T: DeserializeOwned>(table: &mut Table, key: &str) -> Result<Option<T>, String> {
    let value = table.remove(key).map(Value::try_into).transpose();
    value.map_err(|error: toml::de::Error| format!("{key}: {}", in_one_line(&error)))
}

fn of<T: DeserializeOwned>(table: Table) -> Result<T, String> {
    table.try_into().map_err(|error| in_one_line(&error))
}

fn in_one_line(error: &toml::de::Error) -> String {
    error.message().replace('\n', ", ")
}

/// Puts the content of the files in the place of the texts they stand for.
fn read_files(table: &mut Table, base: &Path) -> Result<(), String> {
    for key in SECRETS {
        let file_key = format!("{key}_file");
        let Some(path) = take::<String>(table, &file_key)? else {
            continue;
        };
        if table.contains_key(key) {
            return Err(format!(
                "{key} and {file_key} are both given; leave one of them out"
            ));
        }
        let text = first_line(&base.join(path)).map_err(|why| format!("{file_key}: {why}"))?;
        table.insert(key.to_owned(), Value::String(text));
    }
    Ok(())
}

/// What a file with a secret holds.
pub fn first_line(path: &Path) -> Result<String, String> {
    let text = fs::read_to_string(path)
        .map_err(|cause| format!("{} cannot be read: {cause}", path.display()))?;
    match text.lines().next().map(str::trim) {
        Some(line) if !line.is_empty() => Ok(line.to_owned()),
        _ => Err(format!("{} is empty", path.display())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(text: &str, base: &Path) -> Result<Vec<Gateway>, String> {
        #[derive(serde::Deserialize)]
        struct File {
            gateways: Vec<Table>,
        }
        read(&toml::from_str::<File>(text).unwrap().gateways, base)
    }

    #[test]
    fn every_kind_can_be_configured() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("secret"), "from a file\n").unwrap();
        let text = r#"
            [[gateways]]
            kind = "webhook"
            url = "https://sms.example.com/send"
            secret = "a long random text"
            [[gateways]]
            name = "main"
            kind = "twilio"
            countries = ["US", "CA"]
            account_sid = "AC1"
            auth_token_file = "secret"
            from = "+12025550100"
            [[gateways]]
            kind = "smpp"
            host = "smsc.example.com"
            port = 3550
            tls = true
            system_id = "sallyport"
            password = "12345678"
            sender = "Example"
            [[gateways]]
            kind = "kannel"
            url = "http://localhost:13013/cgi-bin/sendsms"
            username = "sallyport"
            password_file = "secret"
            from = "Example"
            [[gateways]]
            kind = "sns"
            region = "eu-central-1"
            access_key_id = "AKIDEXAMPLE"
            secret_access_key_file = "secret"
            [[gateways]]
            kind = "vonage"
            api_key = "1"
            api_secret_file = "secret"
            from = "Example"
        "#;
        let gateways = read_text(text, folder.path()).unwrap();
        let names: Vec<&str> = gateways.iter().map(|g| g.name.as_str()).collect();
        assert_eq!(
            names,
            ["webhook", "main", "smpp", "kannel", "sns", "vonage"]
        );
        assert_eq!(gateways[1].countries.len(), 2);
        let GatewayKind::Twilio(twilio) = &gateways[1].kind else {
            panic!("the second is Twilio");
        };
        assert_eq!(twilio.auth_token.expose(), "from a file");
        assert_eq!(twilio.base_url.as_str(), "https://api.twilio.com/");
    }

    #[test]
    fn what_is_wrong_is_named_with_its_gateway() {
        for (text, complaint) in [
            (
                "url = \"https://a.example\"",
                "the table number 1: kind is missing; expected webhook",
            ),
            (
                "kind = \"pigeon\"\nname = \"roof\"",
                "roof: the kind \"pigeon\" is not known; expected",
            ),
            (
                "kind = \"webhook\"\nurl = \"a\"",
                "the table number 1: relative URL without a base",
            ),
            (
                "kind = \"sns\"\nname = \"aws\"\nregio = \"x\"",
                "aws: unknown field `regio`, expected one of",
            ),
            (
                "kind = \"twilio\"\nauth_token_file = \"nowhere\"",
                "the table number 1: auth_token_file: /base/nowhere cannot be read",
            ),
            (
                "kind = \"kannel\"\npassword = \"a\"\npassword_file = \"b\"",
                "the table number 1: password and password_file are both given",
            ),
            (
                "kind = \"webhook\"\ncountries = \"US\"",
                "the table number 1: countries: invalid type",
            ),
            (
                "kind = \"twilio\"\nname = \"main\"\ncountries = [\"us\"]",
                "main: countries: \"us\" must be written \"US\"",
            ),
            (
                "kind = \"twilio\"\ncountries = [\"US\", \"UK\"]",
                "the table number 1: countries: \"UK\" is no country; expected",
            ),
        ] {
            let refused =
                read_text(&format!("[[gateways]]\n{text}"), Path::new("/base")).unwrap_err();
            assert!(refused.starts_with(complaint), "{refused}");
        }
    }
}
