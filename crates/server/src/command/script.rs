use std::path::Path;

use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use sallyport_flow::{DefaultAcr, NewScript, ScriptEntry, refuse_if_default};
use sallyport_script::{Language, Usage};

use super::{
    Place, Premises, output, rehearsal, script_check,
    script_content::{Content, Settings, as_it_is},
    script_log::Log,
    script_new::New,
    script_pages,
    script_show::Show,
    script_try::Try,
};

macro_rules! shipped {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_str!(concat!("../../../../scripts/", $name, ".py")))),*]
    };
}

/// The scripts that ship with the product, by name.
pub(super) const SHIPPED: &[(&str, &str)] = shipped![
    "acr_router",
    "basic",
    "basic_lock",
    "email_code",
    "password_expiry",
    "smpp_sms",
    "stytch",
    "totp",
    "twilio_sms",
];

/// The Python scripts that log people in. The name of a script is the acr that it answers for.
#[derive(Debug, Subcommand)]
pub(super) enum Script {
    New(New),
    Try(Try),
    Add(Add),
    Set(Set),
    Show(Show),
    Check(Check),
    Enable(Enable),
    Disable(Disable),
    Remove(Remove),
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
  sallyport script add stytch --file stytchExternalAuthenticator.py
  sallyport script add mymethod --location /etc/sallyport/mymethod.py --alias urn:example:strong")]
pub(super) struct Add {
    /// The name: 2 to 60 letters and digits, with any of `_-:/.` between them.
    name: String,
    #[command(flatten)]
    content: Content,
    #[command(flatten)]
    settings: Settings,
}

/// Changes a script that is there: its text, its properties, or what else belongs to it.
///
/// The changed script is started once before it is kept. What is not given stays as it was.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sallyport script set stytch --property COUNTRY_CODE=49 --describe COUNTRY_CODE='For national numbers'
  sallyport script set stytch --level 20 --alias urn:example:strong
  sallyport script set stytch --usage both --hide PROJECT_ID")]
pub(super) struct Set {
    name: String,
    #[command(flatten)]
    content: Content,
    #[command(flatten)]
    settings: Settings,
}

/// Says whether a script loads, without changing anything.
///
/// A file is read and not run, and no home is needed: what it imports and what it may ask of the
/// server is listed, with what is missing and the line at fault. Properties given with it name hosts
/// that it may call. With a name the script is started as the server would start it.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sallyport script check changed.py
  sallyport script check changed.py --json --property API=https://api.example/v1
  sallyport script check stytch
  sallyport script check stytch --file changed.py")]
pub(super) struct Check {
    /// A file with a script, or the name of a script. One that is not stored is checked with the
    /// file and the properties given here.
    #[arg(value_name = "FILE|NAME")]
    name: String,
    #[command(flatten)]
    content: Content,
    /// Says what is in a file as JSON.
    #[arg(long)]
    json: bool,
}

/// Offers a script as a login method. One that does not run is tried again.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  sallyport script enable stytch")]
pub(super) struct Enable {
    name: String,
}

/// Takes a script back as a login method, and keeps it. Logins under way with it end.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  sallyport script disable stytch")]
pub(super) struct Disable {
    name: String,
}

/// Removes a script with its properties. Logins under way with it end.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  sallyport script remove stytch")]
pub(super) struct Remove {
    name: String,
}

/// Lists the scripts, and why one does not run.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  sallyport script list")]
pub(super) struct List {}

impl Script {
    pub(super) async fn run(self, place: Place) -> anyhow::Result<()> {
        if let Self::Check(check) = &self
            && let Some(file) = check.file_alone()
        {
            return script_check::file(&script_check::Question {
                file,
                is_python3: check.content.python3,
                properties: check.content.given_properties()?,
                as_json: check.json,
            });
        }
        if let Self::New(new) = &self {
            return new.run();
        }
        let premises = Premises::open(&place).await?;
        match self {
            Self::New(new) => new.run(),
            Self::Try(it) => it.run(&premises).await,
            Self::Add(add) => add.run(&premises).await,
            Self::Set(set) => set.run(&premises).await,
            Self::Show(show) => show.run(&premises).await,
            Self::Check(check) => check.run(&premises).await,
            Self::Enable(Enable { name }) => enable(&premises, &name).await,
            Self::Disable(Disable { name }) => disable(&premises, &name).await,
            Self::Remove(Remove { name }) => remove(&premises, &name).await,
            Self::List(_) => list(&premises).await,
            Self::Log(log) => log.run(&premises).await,
        }
    }
}

impl Add {
    async fn run(self, premises: &Premises) -> anyhow::Result<()> {
        let before = find(premises, &self.name).await?;
        let mut script = self.content.script(&self.name, before.as_ref())?;
        self.settings.apply(&mut script)?;
        keep(premises, &script).await?;
        let pages = pages_warning(premises, &script);
        output::print(&format!("{}{pages}\n", said(&script, before.is_some())))?;
        Ok(())
    }
}

impl Set {
    async fn run(self, premises: &Premises) -> anyhow::Result<()> {
        let before = load(premises, &self.name).await?;
        let mut script = self.content.script(&self.name, Some(&before))?;
        self.settings.apply(&mut script)?;
        keep(premises, &script).await?;
        let pages = pages_warning(premises, &script);
        output::print(&format!("{}{pages}\n", said(&script, true)))?;
        Ok(())
    }
}

/// Keeps a script that loads.
async fn keep(premises: &Premises, script: &NewScript) -> anyhow::Result<()> {
    rehearsal::load(premises, script).await?;
    let mut tx = premises.store.begin().await?;
    ScriptEntry::save(&mut tx, &premises.vault, script, premises.now()).await?;
    if script.usage == Usage::Service || !script.enabled {
        refuse_if_default(&mut tx, configured_default(premises), script.name.as_str()).await?;
    }
    tx.commit().await?;
    Ok(())
}

fn pages_warning(premises: &Premises, script: &NewScript) -> String {
    let report = sallyport_script::check(&script.text, script.language);
    script_pages::warning(&report, premises.home.path())
}

fn said(script: &NewScript, replaced: bool) -> String {
    let name = &script.name;
    let done = if replaced { "Changed" } else { "Added" };
    match (script.enabled, script.usage) {
        (true, Usage::Service) => format!("{done} {name}. It runs, and is no method for browsers."),
        (true, _) => format!("{done} {name}. It is a login method now."),
        (false, _) => {
            format!("{done} {name}. `sallyport script enable {name}` makes it a login method.")
        }
    }
}

impl Check {
    /// The file to be read and not run; where the text comes from elsewhere, it is a name.
    fn file_alone(&self) -> Option<&Path> {
        let file = Path::new(&self.name);
        (file.is_file() && !self.content.has_text()).then_some(file)
    }

    async fn run(self, premises: &Premises) -> anyhow::Result<()> {
        let before = find(premises, &self.name).await?;
        let script = self.content.script(&self.name, before.as_ref())?;
        let acr = rehearsal::load(premises, &script).await?;
        let pages = pages_warning(premises, &script);
        output::print(&format!(
            "{} loads; it has {} steps.{pages}\n",
            acr.name, acr.steps
        ))?;
        Ok(())
    }
}

/// The text of a script that ships with the product.
pub(crate) fn shipped(name: &str) -> Option<&'static str> {
    let found = SHIPPED.iter().find(|(known, _)| *known == name);
    found.map(|(_, text)| *text)
}

pub(super) async fn find(premises: &Premises, name: &str) -> anyhow::Result<Option<ScriptEntry>> {
    let mut reader = premises.store.reader().await?;
    Ok(ScriptEntry::find(&mut reader, &premises.vault, name).await?)
}

pub(super) async fn load(premises: &Premises, name: &str) -> anyhow::Result<ScriptEntry> {
    find(premises, name).await?.with_context(|| unknown(name))
}

/// What the configuration says for as long as nothing is chosen in the store.
pub(super) fn configured_default(premises: &Premises) -> Option<&str> {
    premises.config.scripts.default_acr.as_deref()
}

async fn enable(premises: &Premises, name: &str) -> anyhow::Result<()> {
    let entry = load(premises, name).await?;
    if entry.file.is_some() {
        // The file may have changed while nobody followed it.
        let mut script = Content::default().script(name, Some(&entry))?;
        script.enabled = true;
        keep(premises, &script).await?;
    } else {
        let script = as_it_is(&entry, entry.version.text.clone(), entry.version.language)?;
        rehearsal::load(premises, &script).await?;
        let mut tx = premises.store.begin().await?;
        if !ScriptEntry::enable(&mut tx, name, premises.now()).await? {
            bail!(unknown(name));
        }
        tx.commit().await?;
    }
    output::print(&format!("{name} is a login method now.\n"))?;
    Ok(())
}

async fn disable(premises: &Premises, name: &str) -> anyhow::Result<()> {
    let mut tx = premises.store.begin().await?;
    let configured = configured_default(premises);
    if !ScriptEntry::disable(&mut tx, name, configured, premises.now()).await? {
        bail!(unknown(name));
    }
    tx.commit().await?;
    output::print(&format!("{name} is no login method now.\n"))?;
    Ok(())
}

async fn remove(premises: &Premises, name: &str) -> anyhow::Result<()> {
    let mut tx = premises.store.begin().await?;
    let configured = configured_default(premises);
    if !ScriptEntry::remove(&mut tx, name, configured, premises.now()).await? {
        bail!(unknown(name));
    }
    tx.commit().await?;
    output::print(&format!("{name} is removed.\n"))?;
    Ok(())
}

async fn list(premises: &Premises) -> anyhow::Result<()> {
    let mut reader = premises.store.reader().await?;
    let entries = ScriptEntry::list(&mut reader, &premises.vault).await?;
    let chosen = DefaultAcr::find(&mut reader).await?;
    let default = chosen.map(|default| default.name);
    let default = default.as_deref().or(configured_default(premises));
    let rows: Vec<_> = entries.iter().map(|entry| row(entry, default)).collect();
    output::print(&output::table(
        ["NAME", "LEVEL", "STATE", "REVISION", "ERROR"],
        &rows,
    ))?;
    Ok(())
}

fn row(entry: &ScriptEntry, default: Option<&str>) -> [String; 5] {
    let version = &entry.version;
    let error = entry.error.as_deref().or(entry.file_error.as_deref());
    let is_default = default.is_some_and(|name| version.name.eq_ignore_ascii_case(name));
    [
        version.name.clone(),
        version.level.to_string(),
        match (entry.enabled, is_default) {
            (true, true) => "default",
            (true, false) => "enabled",
            (false, _) => "disabled",
        }
        .to_owned(),
        version.revision.to_string(),
        error
            .and_then(|error| error.lines().next())
            .unwrap_or_default()
            .to_owned(),
    ]
}

fn unknown(name: &str) -> String {
    format!("there is no script {name}; `sallyport script list` shows all")
}

pub(super) const fn language_name(language: Language) -> &'static str {
    match language {
        Language::Python2 => "Python 2",
        Language::Python3 => "Python 3",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The names of the properties that a script reads.
    fn properties_of(text: &str) -> Vec<&str> {
        let readers = [
            "properties.text(\"",
            "properties.number(\"",
            "properties.json(\"",
            "property_of(configuration, \"",
            "Properties(configuration).number(\"",
        ];
        let names = readers.iter().flat_map(|reader| text.split(reader).skip(1));
        let required = text
            .split_once("\nREQUIRED = (")
            .and_then(|(_, rest)| rest.split_once(')'));
        let required = required.map_or("", |(names, _)| names);
        names
            .filter_map(|rest| rest.split_once('"').map(|(name, _)| name))
            .chain(required.split('"').skip(1).step_by(2))
            .collect()
    }

    #[test]
    fn every_method_that_ships_has_a_page_with_its_properties() {
        let manual = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/methods");
        let read = |file: &str| std::fs::read_to_string(format!("{manual}/{file}")).unwrap();
        let list = read("README.md");
        for (name, text) in SHIPPED {
            let file = format!("{name}.md");
            assert!(list.contains(&format!("[{name}]({file})")), "{name}");
            let page = read(&file);
            assert!(page.contains("    sallyport script add "), "{name}");
            for property in properties_of(text) {
                assert!(
                    page.contains(&format!("`{property}`")),
                    "{name}: {property}"
                );
            }
        }
        assert!(properties_of(shipped("stytch").unwrap()).contains(&"CODE_MINUTES"));
        assert!(properties_of(shipped("stytch").unwrap()).contains(&"SECRET"));
    }
}
