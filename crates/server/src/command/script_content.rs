//! The options that say what a script consists of, for the commands that add, change or start one.

use std::{fs, path::PathBuf, str::FromStr};

use anyhow::{Context, anyhow, bail};
use clap::{Args, ValueEnum};
use sallyport_flow::{FileMark, NewScript, ScriptEntry, ScriptName};
use sallyport_script::{Language, Property, Usage};

use super::script::{SHIPPED, shipped};

/// What a script consists of.
#[derive(Debug, Default, Args)]
pub(super) struct Content {
    /// The file with the script. The text is taken from it once.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["shipped", "location"])]
    pub file: Option<PathBuf>,
    /// The file with the script, on every node. The script follows it: a change of the file is in
    /// force within two seconds.
    #[arg(long, value_name = "FILE", conflicts_with = "shipped")]
    location: Option<PathBuf>,
    /// Takes the script of that name that ships with this product.
    #[arg(long)]
    shipped: bool,
    /// A property of the script. May be given more than once; those not given stay.
    #[arg(long = "property", value_name = "NAME=VALUE")]
    properties: Vec<NamedValue>,
    /// A property whose value is the first line of a file: for secrets.
    #[arg(long = "property-file", value_name = "NAME=FILE")]
    property_files: Vec<NamedValue>,
    /// The script is written in Python 3. Scripts of Gluu Server are written in Python 2.
    #[arg(long)]
    pub python3: bool,
}

/// What else belongs to a script that is kept.
#[derive(Debug, Default, Args)]
pub(super) struct Settings {
    /// How strong the method is; higher is stronger.
    #[arg(long, value_name = "NUMBER", allow_negative_numbers = true)]
    level: Option<i64>,
    /// What the script is for.
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,
    /// What it logs in: people at a browser, services, or both.
    #[arg(long)]
    usage: Option<UsageName>,
    /// A further name that the method can be asked for by. May be given more than once.
    #[arg(long = "alias", value_name = "NAME")]
    aliases: Vec<String>,
    /// Takes a further name away.
    #[arg(long = "remove-alias", value_name = "NAME")]
    removed_aliases: Vec<String>,
    /// What a property is for.
    #[arg(long = "describe", value_name = "NAME=TEXT")]
    described: Vec<NamedValue>,
    /// Never shows the value of a property.
    #[arg(long = "hide", value_name = "NAME")]
    hidden: Vec<String>,
    /// Shows the value of a property again.
    #[arg(long = "unhide", value_name = "NAME")]
    shown: Vec<String>,
    /// Takes a property away.
    #[arg(long = "remove-property", value_name = "NAME")]
    removed_properties: Vec<String>,
    /// Offers the script as a login method at once.
    #[arg(long)]
    pub enable: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum UsageName {
    Interactive,
    Service,
    Both,
}

impl From<UsageName> for Usage {
    fn from(name: UsageName) -> Self {
        match name {
            UsageName::Interactive => Self::Interactive,
            UsageName::Service => Self::Service,
            UsageName::Both => Self::Both,
        }
    }
}

/// `NAME=VALUE`.
#[derive(Clone, Debug)]
pub(super) struct NamedValue {
    pub name: String,
    pub value: String,
}

impl FromStr for NamedValue {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once('=') {
            Some((name, value)) if !name.is_empty() => Ok(Self {
                name: name.to_owned(),
                value: value.to_owned(),
            }),
            _ => Err("expected NAME=VALUE, such as PROJECT_ID=project-test-1".to_owned()),
        }
    }
}

impl Content {
    /// Whether it is said where the text of the script is.
    pub const fn has_text(&self) -> bool {
        self.file.is_some() || self.location.is_some() || self.shipped
    }

    /// The script as it would be kept: what is given here, on top of what there was before.
    pub fn script(&self, name: &str, before: Option<&ScriptEntry>) -> anyhow::Result<NewScript> {
        let (text, file) = self.text(name, before)?;
        let language = self.language(&text, before);
        let new = match before {
            Some(entry) => NewScript {
                file,
                ..as_it_is(entry, text, language)?
            },
            None => NewScript {
                file,
                ..NewScript::new(checked(name)?, text, language)
            },
        };
        let mut properties = new.properties;
        for property in self.given_properties()? {
            put(&mut properties, property);
        }
        Ok(NewScript { properties, ..new })
    }

    fn text(
        &self,
        name: &str,
        before: Option<&ScriptEntry>,
    ) -> anyhow::Result<(String, Option<FileMark>)> {
        if let Some(file) = &self.file {
            let text = fs::read_to_string(file)
                .with_context(|| format!("the script file {}", file.display()))?;
            return Ok((text, None));
        }
        if self.shipped {
            let text = shipped(name).map(str::to_owned).with_context(|| {
                let names: Vec<&str> = SHIPPED.iter().map(|(name, _)| *name).collect();
                format!(
                    "no script {name} ships with this product, but {}",
                    names.join(", ")
                )
            })?;
            return Ok((text, None));
        }
        let followed = before.and_then(|entry| entry.file.as_ref());
        if let Some(path) = self.location.as_ref().or(followed) {
            let path = std::path::absolute(path)?;
            let (mark, text) = FileMark::read(&path).map_err(|why| anyhow!(why))?;
            return Ok((text, Some(mark)));
        }
        match before {
            Some(entry) => Ok((entry.version.text.clone(), None)),
            None => bail!(
                "there is no script {name} yet; give its text with --file, --location or --shipped"
            ),
        }
    }

    fn language(&self, text: &str, before: Option<&ScriptEntry>) -> Language {
        let is_new = self.file.is_some() || self.location.is_some() || self.shipped;
        if self.python3 {
            Language::Python3
        } else if let Some(declared) = Language::declared_in(text) {
            declared
        } else {
            before
                .filter(|_| !is_new)
                .map_or(Language::Python2, |entry| entry.version.language)
        }
    }

    pub fn given_properties(&self) -> anyhow::Result<Vec<Property>> {
        let mut properties = Vec::new();
        for NamedValue { name, value } in &self.properties {
            properties.push(property(name, value.clone(), is_secret_name(name)));
        }
        for NamedValue { name, value: file } in &self.property_files {
            let text = fs::read_to_string(file)
                .with_context(|| format!("the file {file} of the property {name}"))?;
            let value = text.lines().next().unwrap_or_default().to_owned();
            properties.push(property(name, value, true));
        }
        Ok(properties)
    }
}

impl Settings {
    pub fn apply(&self, new: &mut NewScript) -> anyhow::Result<()> {
        new.level = self.level.unwrap_or(new.level);
        new.usage = self.usage.map_or(new.usage, Usage::from);
        if let Some(description) = &self.description {
            new.description.clone_from(description);
        }
        new.enabled |= self.enable;
        self.apply_to_aliases(&mut new.aliases)?;
        self.apply_to_properties(&mut new.properties)
    }

    fn apply_to_aliases(&self, aliases: &mut Vec<ScriptName>) -> anyhow::Result<()> {
        let is = |alias: &ScriptName, name: &str| alias.as_str().eq_ignore_ascii_case(name);
        for name in &self.removed_aliases {
            let before = aliases.len();
            aliases.retain(|alias| !is(alias, name));
            if aliases.len() == before {
                bail!("there is no alias {name}");
            }
        }
        for name in &self.aliases {
            if !aliases.iter().any(|alias| is(alias, name)) {
                aliases.push(checked(name)?);
            }
        }
        Ok(())
    }

    fn apply_to_properties(&self, properties: &mut Vec<Property>) -> anyhow::Result<()> {
        for name in &self.removed_properties {
            named(properties, name)?;
            properties.retain(|property| property.value1 != *name);
        }
        for name in &self.hidden {
            named(properties, name)?.hide = true;
        }
        for name in &self.shown {
            named(properties, name)?.hide = false;
        }
        for NamedValue { name, value } in &self.described {
            named(properties, name)?.description = Some(value.clone());
        }
        Ok(())
    }
}

/// A stored script as one that is to be kept, with this text.
pub(super) fn as_it_is(
    entry: &ScriptEntry,
    text: String,
    language: Language,
) -> anyhow::Result<NewScript> {
    let version = &entry.version;
    let file = entry.file.as_ref().map(|path| FileMark {
        path: path.clone(),
        written_at: entry.file_written_at,
    });
    Ok(NewScript {
        description: entry.description.clone(),
        properties: version.properties.clone(),
        level: version.level,
        usage: version.usage,
        aliases: version
            .aliases
            .iter()
            .map(|alias| checked(alias))
            .collect::<Result<_, _>>()?,
        file,
        enabled: entry.enabled,
        ..NewScript::new(checked(&version.name)?, text, language)
    })
}

fn checked(name: &str) -> anyhow::Result<ScriptName> {
    ScriptName::check(name).map_err(anyhow::Error::msg)
}

fn named<'p>(properties: &'p mut [Property], name: &str) -> anyhow::Result<&'p mut Property> {
    let found = properties.iter_mut().find(|it| it.value1 == name);
    found.with_context(|| format!("there is no property {name}"))
}

/// A new value leaves the description, and what is hidden stays hidden.
fn put(properties: &mut Vec<Property>, given: Property) {
    match properties.iter_mut().find(|it| it.value1 == given.value1) {
        Some(known) => {
            known.value2 = given.value2;
            known.hide |= given.hide;
        }
        None => properties.push(given),
    }
}

fn property(name: &str, value: String, hide: bool) -> Property {
    Property {
        value1: name.to_owned(),
        value2: value,
        hide,
        description: None,
    }
}

/// Values under such a name are never printed.
pub(super) fn is_secret_name(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let is_about = |word: &&str| name.contains(*word);
    let is_one = |word: &&str| name.ends_with(*word);
    name != LOGIN_WITHOUT_PASSWORD
        && (["secret", "password"].iter().any(is_about) || ["token", "key"].iter().any(is_one))
}

/// Says of a method what an administrator allows it; no secret.
const LOGIN_WITHOUT_PASSWORD: &str = "login_without_password";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_known_by_their_names() {
        for (name, secret) in [
            ("SECRET", true),
            ("api_key", true),
            ("PROJECT_ID", false),
            ("SMS_ENDPOINT", false),
            ("AUTH_TOKEN", true),
            ("token_lifetime", false),
            ("login_without_password", false),
        ] {
            assert_eq!(is_secret_name(name), secret, "{name}");
        }
    }

    #[test]
    fn settings_change_what_they_name_and_leave_the_rest() {
        let name = |text| ScriptName::check(text).unwrap();
        let mut script = NewScript {
            level: 7,
            aliases: vec![name("old")],
            properties: vec![
                property("URL", "https://a".to_owned(), false),
                property("PIN", "1".to_owned(), false),
            ],
            ..NewScript::new(name("sms"), String::new(), Language::Python2)
        };
        let settings = Settings {
            usage: Some(UsageName::Both),
            aliases: vec!["new".to_owned(), "NEW".to_owned()],
            removed_aliases: vec!["Old".to_owned()],
            described: vec!["URL=Where messages go".parse().unwrap()],
            hidden: vec!["PIN".to_owned()],
            ..Settings::default()
        };
        settings.apply(&mut script).unwrap();
        assert_eq!((script.level, script.usage), (7, Usage::Both));
        assert_eq!(script.aliases, [name("new")]);
        put(
            &mut script.properties,
            property("URL", "https://b".to_owned(), false),
        );
        assert_eq!(
            script.properties[0].description.as_deref(),
            Some("Where messages go")
        );
        assert_eq!(script.properties[0].value2, "https://b");
        assert!(script.properties[1].hide);
        for wrong in [
            Settings {
                hidden: vec!["NOWHERE".to_owned()],
                ..Settings::default()
            },
            Settings {
                removed_aliases: vec!["nowhere".to_owned()],
                ..Settings::default()
            },
        ] {
            assert!(wrong.apply(&mut script).is_err());
        }
    }
}
