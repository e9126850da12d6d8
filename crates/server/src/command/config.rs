use clap::{Args, Subcommand};

use super::{Place, output};
use crate::{
    config::{self, FILE_NAME},
    home::Home,
    tls::Certificate,
};

/// The configuration: whether it is right, and what it can say.
#[derive(Debug, Subcommand)]
pub(super) enum Config {
    Check(Check),
    Example(Example),
}

/// Says whether sallyport.toml is right, without starting anything.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  sallyport config check --home /var/lib/sallyport")]
pub(super) struct Check {}

/// Prints a configuration with every key, its meaning and its default.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  sallyport config example > sallyport-home/sallyport.toml")]
pub(super) struct Example {}

impl Config {
    pub(super) fn run(self, place: &Place) -> anyhow::Result<()> {
        match self {
            Self::Check(_) => check(place),
            Self::Example(_) => Ok(output::print(&config::example())?),
        }
    }
}

fn check(place: &Place) -> anyhow::Result<()> {
    let home = Home::open(&place.home)?;
    let config = config::Config::load(home.path())?;
    if let Some(certificate) = Certificate::configured(&config.server, home.path()) {
        certificate.server_config()?;
    }
    let file = home.path().join(FILE_NAME);
    let found = if file.exists() {
        format!("{} is right.", file.display())
    } else {
        format!(
            "There is no {}: everything is as by default.",
            file.display()
        )
    };
    output::print(&format!("{found}\n"))?;
    Ok(())
}
