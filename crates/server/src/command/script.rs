use std::{
    fs,
    path::{Path, PathBuf},
    str::FromStr,
};

use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use sallyport_flow::{NewScript, ScriptEntry, ScriptName};
use sallyport_script::{Language, Property};

use super::{Place, Premises, output, rehearsal, script_check, script_log::Log};

/// The scripts that ship with the product, by name.
const SHIPPED: &[(&str, &str)] = &[("stytch", include_str!("../../../../scripts/stytch.py"))];

/// The Python scripts that log people in. The name of a script is the acr that it answers for.
#[derive(Debug, Subcommand)]
pub(super) enum Script {
    Add(Add),
    Check(Check),
    Enable(Enable),
    Disable(Disable),
    List(List),
    Log(Log),
}

/// Adds a script, or replaces the one of that name.
///
/// The script is started once before it is kept, so one that does not load changes nothing. What is
/// not given stays as it was: a newer file alone keeps the properties.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sallyport script add stytch --shipped --enable \\
      --property SMS_ENDPOINT=https://test.stytch.com/v1/otps/sms/send \\
      --property AUTH_ENDPOINT=https://test.stytch.com/v1/otps/authenticate \\
      --property ENROLL_ENDPOINT=https://test.stytch.com/v1/otps/sms/login_or_create \\
      --property PROJECT_ID=project-test-dd1403b3-dd92-33c6-91dd-ddcde970a61e \\
      --property-file SECRET=/run/secrets/stytch
  sallyport script add stytch --file stytchExternalAuthenticator.py")]
pub(super) struct Add {
    /// The name: 2 to 60 letters and digits, with any of `_-:/.` between them.
    name: String,
    #[command(flatten)]
    content: Content,
    /// How strong the method is; higher is stronger.
    #[arg(long, value_name = "NUMBER", allow_negative_numbers = true)]
    level: Option<i64>,
    /// What the script is for.
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,
    /// Offers the script as a login method at once.
    #[arg(long)]
    enable: bool,
}

/// Says whether a script loads, without changing anything.
///
/// A file alone is read and not run, and no home is needed: what it imports is listed, with what is
/// missing and the line at fault. With a name the script is started as the server would start it.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sallyport script check changed.py
  sallyport script check stytch
  sallyport script check stytch --file changed.py")]
pub(super) struct Check {
    /// A file with a script, or the name of a script. One that is not stored is checked with the
    /// file and the properties given here.
    #[arg(value_name = "FILE|NAME")]
    name: String,
    #[command(flatten)]
    content: Content,
}

/// What a script consists of.
#[derive(Debug, Args)]
struct Content {
    /// The file with the script.
    #[arg(long, value_name = "FILE", conflicts_with = "shipped")]
    file: Option<PathBuf>,
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
    python3: bool,
}

/// Offers a script as a login method.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  sallyport script enable stytch")]
pub(super) struct Enable {
    name: String,
}

/// Takes a script back as a login method, and keeps it.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  sallyport script disable stytch")]
pub(super) struct Disable {
    name: String,
}

/// Lists the scripts, and why one does not run.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  sallyport script list")]
pub(super) struct List {}

/// `NAME=VALUE`.
#[derive(Clone, Debug)]
struct NamedValue {
    name: String,
    value: String,
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

impl Script {
    pub(super) async fn run(self, place: Place) -> anyhow::Result<()> {
        if let Self::Check(check) = &self
            && let Some(file) = check.file_alone()
        {
            return script_check::file(file, check.content.python3);
        }
        let premises = Premises::open(&place).await?;
        match self {
            Self::Add(add) => add.run(&premises).await,
            Self::Check(check) => check.run(&premises).await,
            Self::Enable(Enable { name }) => enable(&premises, &name).await,
            Self::Disable(Disable { name }) => disable(&premises, &name).await,
            Self::List(_) => list(&premises).await,
            Self::Log(log) => log.run(premises.home.path()).await,
        }
    }
}

impl Add {
    async fn run(self, premises: &Premises) -> anyhow::Result<()> {
        let before = find(premises, &self.name).await?;
        let mut script = self.content.script(&self.name, before.as_ref())?;
        if let Some(level) = self.level {
            script.level = level;
        }
        if let Some(description) = self.description {
            script.description = description;
        }
        script.enabled |= self.enable;
        rehearsal::load(premises, &script).await?;
        let mut tx = premises.store.begin().await?;
        ScriptEntry::save(&mut tx, &premises.vault, &script, premises.now()).await?;
        tx.commit().await?;
        output::print(&format!("{}\n", said(&script, before.is_some())))?;
        Ok(())
    }
}

fn said(script: &NewScript, replaced: bool) -> String {
    let name = &script.name;
    let done = if replaced { "Changed" } else { "Added" };
    if script.enabled {
        format!("{done} {name}. It is a login method now.")
    } else {
        format!("{done} {name}. `sallyport script enable {name}` makes it a login method.")
    }
}

impl Check {
    /// The file to be read and not run; with anything that only a run needs, it is a name.
    fn file_alone(&self) -> Option<&Path> {
        let file = Path::new(&self.name);
        (file.is_file() && self.content.is_empty()).then_some(file)
    }

    async fn run(self, premises: &Premises) -> anyhow::Result<()> {
        let before = find(premises, &self.name).await?;
        let script = self.content.script(&self.name, before.as_ref())?;
        let acr = rehearsal::load(premises, &script).await?;
        output::print(&format!(
            "{} loads; it has {} steps.\n",
            acr.name, acr.steps
        ))?;
        Ok(())
    }
}

impl Content {
    /// The script as it would be kept: what is given here, on top of what there was before.
    fn script(&self, name: &str, before: Option<&ScriptEntry>) -> anyhow::Result<NewScript> {
        let text = self.text(name, before)?;
        let mut properties = before
            .map(|entry| entry.properties.clone())
            .unwrap_or_default();
        for property in self.given_properties()? {
            properties.retain(|known| known.value1 != property.value1);
            properties.push(property);
        }
        Ok(NewScript {
            name: ScriptName::check(name).map_err(anyhow::Error::msg)?,
            description: before
                .map(|entry| entry.description.clone())
                .unwrap_or_default(),
            language: self.language(&text, before),
            text,
            properties,
            level: before.map_or(0, |entry| entry.level),
            enabled: before.is_some_and(|entry| entry.enabled),
        })
    }

    const fn is_empty(&self) -> bool {
        self.file.is_none()
            && !self.shipped
            && self.properties.is_empty()
            && self.property_files.is_empty()
    }

    fn text(&self, name: &str, before: Option<&ScriptEntry>) -> anyhow::Result<String> {
        if let Some(file) = &self.file {
            return fs::read_to_string(file)
                .with_context(|| format!("the script file {}", file.display()));
        }
        if self.shipped {
            return shipped(name).map(str::to_owned).with_context(|| {
                let names: Vec<&str> = SHIPPED.iter().map(|(name, _)| *name).collect();
                format!(
                    "no script {name} ships with this product, but {}",
                    names.join(", ")
                )
            });
        }
        before.map(|entry| entry.text.clone()).with_context(|| {
            format!("there is no script {name} yet; give its text with --file or --shipped")
        })
    }

    fn language(&self, text: &str, before: Option<&ScriptEntry>) -> Language {
        let is_new = self.file.is_some() || self.shipped;
        if self.python3 {
            Language::Python3
        } else if let Some(declared) = Language::declared_in(text) {
            declared
        } else {
            before
                .filter(|_| !is_new)
                .map_or(Language::Python2, |entry| entry.language)
        }
    }

    fn given_properties(&self) -> anyhow::Result<Vec<Property>> {
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

fn property(name: &str, value: String, hide: bool) -> Property {
    Property {
        value1: name.to_owned(),
        value2: value,
        hide,
        description: None,
    }
}

/// The text of a script that ships with the product.
pub(crate) fn shipped(name: &str) -> Option<&'static str> {
    let found = SHIPPED.iter().find(|(known, _)| *known == name);
    found.map(|(_, text)| *text)
}

/// Values under such a name are never printed.
fn is_secret_name(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["secret", "password", "token", "key"]
        .iter()
        .any(|word| name.contains(word))
}

async fn find(premises: &Premises, name: &str) -> anyhow::Result<Option<ScriptEntry>> {
    let mut reader = premises.store.reader().await?;
    Ok(ScriptEntry::find(&mut reader, &premises.vault, name).await?)
}

async fn enable(premises: &Premises, name: &str) -> anyhow::Result<()> {
    let entry = find(premises, name).await?.with_context(|| unknown(name))?;
    let script = NewScript {
        name: ScriptName::check(&entry.name).map_err(anyhow::Error::msg)?,
        description: entry.description,
        text: entry.text,
        language: entry.language,
        properties: entry.properties,
        level: entry.level,
        enabled: true,
    };
    rehearsal::load(premises, &script).await?;
    set_enabled(premises, name, true).await?;
    output::print(&format!("{name} is a login method now.\n"))?;
    Ok(())
}

async fn disable(premises: &Premises, name: &str) -> anyhow::Result<()> {
    set_enabled(premises, name, false).await?;
    output::print(&format!("{name} is no login method now.\n"))?;
    Ok(())
}

async fn set_enabled(premises: &Premises, name: &str, enabled: bool) -> anyhow::Result<()> {
    let mut tx = premises.store.begin().await?;
    if !ScriptEntry::set_enabled(&mut tx, name, enabled, premises.now()).await? {
        bail!(unknown(name));
    }
    tx.commit().await?;
    Ok(())
}

async fn list(premises: &Premises) -> anyhow::Result<()> {
    let mut reader = premises.store.reader().await?;
    let entries = ScriptEntry::list(&mut reader, &premises.vault).await?;
    let rows: Vec<_> = entries.iter().map(row).collect();
    output::print(&output::table(
        ["NAME", "LEVEL", "STATE", "REVISION", "ERROR"],
        &rows,
    ))?;
    Ok(())
}

fn row(entry: &ScriptEntry) -> [String; 5] {
    let error = entry.error.as_deref().unwrap_or_default();
    [
        entry.name.clone(),
        entry.level.to_string(),
        if entry.enabled { "enabled" } else { "disabled" }.to_owned(),
        entry.revision.to_string(),
        error.lines().next().unwrap_or_default().to_owned(),
    ]
}

fn unknown(name: &str) -> String {
    format!("there is no script {name}; `sallyport script list` shows all")
}

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
        ] {
            assert_eq!(is_secret_name(name), secret, "{name}");
        }
    }
}
