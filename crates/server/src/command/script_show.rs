use std::fmt::Write;

use anyhow::Result;
use clap::Args;
use sallyport_flow::ScriptEntry;
use sallyport_script::{Property, Usage};

use super::{Premises, output, script::language_name, script::load};

/// Shows everything that is known of a script. The values of hidden properties are not printed.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sallyport script show stytch
  sallyport script show stytch --text > stytch.py")]
pub(super) struct Show {
    name: String,
    /// Prints the text of the script and nothing else.
    #[arg(long)]
    text: bool,
}

impl Show {
    pub(super) async fn run(self, premises: &Premises) -> Result<()> {
        let entry = load(premises, &self.name).await?;
        let text = if self.text {
            entry.version.text
        } else {
            card(&entry)?
        };
        output::print(&text)?;
        Ok(())
    }
}

fn card(entry: &ScriptEntry) -> Result<String> {
    let version = &entry.version;
    let mut card = String::new();
    let mut line = |label: &str, value: &str| writeln!(card, "{label:<12} {value}");
    line("name", &version.name)?;
    if !entry.description.is_empty() {
        line("description", &entry.description)?;
    }
    if !version.aliases.is_empty() {
        line("aliases", &version.aliases.join(" "))?;
    }
    line("state", if entry.enabled { "enabled" } else { "disabled" })?;
    line("level", &version.level.to_string())?;
    line("usage", usage_name(version.usage))?;
    line("language", language_name(version.language))?;
    match &entry.file {
        Some(file) => line("location", &format!("file {}", file.display()))?,
        None => line("location", "store")?,
    }
    line("revision", &revision(entry))?;
    line("changed", &entry.updated_at.rfc3339())?;
    for property in &version.properties {
        line("property", &shown(property))?;
    }
    for (label, error) in [("error", &entry.error), ("file error", &entry.file_error)] {
        if let Some(error) = error {
            line(label, &indented(error))?;
        }
    }
    Ok(card)
}

fn revision(entry: &ScriptEntry) -> String {
    let newest = entry.version.revision;
    match entry.loaded_revision {
        Some(loaded) if loaded == newest => format!("{newest}, which runs"),
        Some(loaded) => format!("{newest}; the last one that loaded is {loaded}"),
        None => format!("{newest}, which no server has loaded"),
    }
}

fn shown(property: &Property) -> String {
    let value = if property.hide {
        "(hidden)"
    } else {
        &property.value2
    };
    match &property.description {
        Some(description) => format!("{} = {value}    # {description}", property.value1),
        None => format!("{} = {value}", property.value1),
    }
}

const fn usage_name(usage: Usage) -> &'static str {
    match usage {
        Usage::Interactive => "interactive",
        Usage::Service => "service",
        Usage::Both => "both",
    }
}

fn indented(text: &str) -> String {
    text.lines().collect::<Vec<_>>().join("\n             ")
}
