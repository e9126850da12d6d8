use anyhow::bail;
use clap::{Args, Subcommand};
use sallyport_base::{Clock, Random, Store, StoreAddress, Vault};
use sallyport_flow::Issuer;

use super::{
    Place, output,
    premises::store_address,
    serve::{SERVICE_LISTEN, gateways},
};
use crate::{
    config::{self, FILE_NAME},
    home::Home,
    listen::Protection,
    passcode_service::{Common, passcode_service},
    tls::Certificate,
};

/// The configuration: whether it is right, and what it can say.
#[derive(Debug, Subcommand)]
pub(super) enum Config {
    Check(Check),
    Example(Example),
}

/// Says whether sallyport.toml is right, without starting anything.
///
/// It puts together what `serve` does, and refuses what `serve` would refuse. The home needs no key
/// file yet. Nothing is listened on, no store is opened and nobody is asked.
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

/// Puts together what a server is made of, and starts nothing of it.
fn check(place: &Place) -> anyhow::Result<()> {
    let home = Home::look_at(&place.home)?;
    let file = home.path().join(FILE_NAME);
    if !file.exists() && !home.is_made() {
        bail!(
            "there is no {}; name the home in which it is with --home",
            file.display()
        );
    }
    let config = config::Config::load(home.path())?;
    store_address(&home, &config, place).parse::<StoreAddress>()?;
    if let Some(certificate) = Certificate::configured(&config.server, home.path()) {
        certificate.server_config()?;
    }
    let issuer = config.server.issuer_at(config.server.listen.0.port())?;
    Protection::of_provider(&issuer, config.server.listen.0, "server.listen")?;
    config.mail.mailer(home.path(), &issuer)?;
    check_passcode_service(&home, &config, &issuer)?;
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

/// `otp serve` runs the service also where it is not enabled: whoever lists gateways means to use it.
fn check_passcode_service(
    home: &Home,
    config: &config::Config,
    issuer: &Issuer,
) -> anyhow::Result<()> {
    let section = &config.passcode_service;
    if !section.enabled && section.gateways.is_empty() {
        return Ok(());
    }
    Protection::of_passcode_service(issuer, section.listen.0, SERVICE_LISTEN)?;
    let common = Common {
        home: home.path(),
        store: &Store::nowhere(),
        clock: &Clock::System,
        random: &Random::system(),
        vault: &Vault::from_key([0; 32]),
    };
    passcode_service(section, &common, gateways(section, home)?, issuer)?;
    Ok(())
}
