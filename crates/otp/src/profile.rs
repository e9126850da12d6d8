use serde_json::{Map, Value, json};

use crate::{fields::Fields, refusal::Refusal};

/// The most that metadata may take, in bytes of JSON.
const LARGEST_METADATA: usize = 4096;

const MOST_METADATA_KEYS: usize = 20;

/// The most characters of one part of a name, or of a role.
const LONGEST_NAME: usize = 128;

const MOST_ROLES: usize = 50;

/// What the calling application keeps with a user. Nothing here is looked at by this service.
#[derive(Clone, Default, Debug)]
pub struct Profile {
    pub first_name: String,
    pub middle_name: String,
    pub last_name: String,
    pub external_id: Option<ExternalId>,
    pub trusted_metadata: Map<String, Value>,
    pub untrusted_metadata: Map<String, Value>,
    pub roles: Vec<String>,
}

/// The application's own id of a user, by which it may call the user too.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ExternalId(String);

impl ExternalId {
    /// 1 to 128 letters, digits, `.`, `_`, `-` and `|`. What begins like an id of this service is none.
    pub fn parse(text: &str) -> Option<Self> {
        let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._-|".contains(&byte);
        let is_one = (1..=128).contains(&text.len())
            && text.bytes().all(is_allowed)
            && !text.starts_with("user-test-")
            && !text.starts_with("user-live-");
        is_one.then(|| Self(text.to_owned()))
    }

    pub fn stored(text: String) -> Self {
        Self(text)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Profile {
    /// Reads the fields of a profile and changes what is named. In metadata `null` deletes a key.
    pub fn change(&mut self, fields: &Fields) -> Result<(), Refusal> {
        let name = fields.object("name")?;
        for (part, field) in [
            (&mut self.first_name, "first_name"),
            (&mut self.middle_name, "middle_name"),
            (&mut self.last_name, "last_name"),
        ] {
            if let Some(text) = name.text(field)? {
                check_length(field, text)?;
                text.clone_into(part);
            }
        }
        if let Some(text) = fields.filled_text("external_id")? {
            self.external_id = Some(check_external_id(text)?);
        }
        merge(&mut self.trusted_metadata, fields, "trusted_metadata")?;
        merge(&mut self.untrusted_metadata, fields, "untrusted_metadata")?;
        if let Some(roles) = fields.texts("roles")? {
            self.roles = check_roles(roles)?;
        }
        Ok(())
    }

    /// The whole name as it is looked for. The engines of the store do not agree on what a small
    /// letter is, so that the store is given it.
    pub fn lowered_name(&self) -> String {
        let Self {
            first_name,
            middle_name,
            last_name,
            ..
        } = self;
        lowered(&format!("{first_name} {middle_name} {last_name}"))
    }

    pub fn shown_name(&self) -> Value {
        json!({
            "first_name": self.first_name,
            "middle_name": self.middle_name,
            "last_name": self.last_name,
        })
    }
}

/// In small letters of any script, so that a part of a text is a part of it afterwards: a Greek sigma
/// is the same at the end of a word.
pub fn lowered(text: &str) -> String {
    let letters = text.chars().flat_map(char::to_lowercase);
    letters.map(|c| if c == 'ς' { 'σ' } else { c }).collect()
}

fn check_external_id(text: &str) -> Result<ExternalId, Refusal> {
    ExternalId::parse(text).ok_or(Refusal::BadRequest(
        "external_id must be 1 to 128 letters, digits, '.', '_', '-' or '|', and not begin with 'user-test-' or 'user-live-'."
            .into(),
    ))
}

fn check_length(field: &str, text: &str) -> Result<(), Refusal> {
    if text.chars().count() > LONGEST_NAME {
        let why = format!("{field} may have {LONGEST_NAME} characters at most.");
        return Err(Refusal::BadRequest(why.into()));
    }
    Ok(())
}

fn check_roles(roles: Vec<String>) -> Result<Vec<String>, Refusal> {
    if roles.len() > MOST_ROLES {
        return Err(Refusal::BadRequest("roles may name 50 at most.".into()));
    }
    for role in &roles {
        check_length("a role", role)?;
    }
    Ok(roles)
}

fn merge(metadata: &mut Map<String, Value>, fields: &Fields, name: &str) -> Result<(), Refusal> {
    for (key, value) in fields.object(name)?.into_map() {
        match value {
            Value::Null => metadata.remove(&key),
            value => metadata.insert(key, value),
        };
    }
    if metadata.len() > MOST_METADATA_KEYS {
        return Err(Refusal::MetadataTooManyKeys);
    }
    let json = serde_json::to_string(metadata).unwrap_or_default();
    if json.len() > LARGEST_METADATA {
        return Err(Refusal::MetadataTooLarge);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_a_name_is_a_part_of_it_in_small_letters() {
        for (name, part) in [
            ("Łukasz Müller", "ŁUK"),
            ("ΟΔΥΣΣΕΥΣ", "οδυς"),
            ("Οδυσσεύς", "ΎΣ"),
            ("İpek", "ipek"),
            ("100%_!", "0%_!"),
        ] {
            let (name, part) = (lowered(name), lowered(part));
            let is_turkish = name.starts_with("i\u{307}");
            assert_eq!(name.contains(&part), !is_turkish, "{name} {part}");
        }
    }

    #[test]
    fn an_external_id_is_never_taken_for_an_id_of_this_service() {
        for good in ["42", "alice@", "auth0|5f7c", "a.b_c-d"] {
            assert_eq!(
                ExternalId::parse(good).is_some(),
                !good.contains('@'),
                "{good}"
            );
        }
        let long = "a".repeat(129);
        for bad in ["", "a b", "user-test-1", "user-live-1", "ä", long.as_str()] {
            assert!(ExternalId::parse(bad).is_none(), "{bad}");
        }
    }
}
