use std::{fmt::Write, net::SocketAddr, sync::Arc, time::Duration};

use anyhow::{Context, anyhow, bail};
use axum::Router;
use clap::Args;
use rustls::ServerConfig;
use sallyport_base::{Random, Secret};
use sallyport_flow::{Issuer, ScriptLogFile};
use sallyport_otp::Gateway;
use sallyport_people::{Argon2Params, Hasher, NewPerson, PeopleError};
use sallyport_script::{Engine, Limits};
use tokio::{
    signal::unix::{SignalKind, signal},
    task::JoinHandle,
};

use super::{Place, Premises, output};
use crate::{
    App, AppParts,
    config::{Config, PasscodeService},
    listen::{Listener, Stop, Stopper},
    tls::Certificate,
};

/// Runs the server until it is stopped.
///
/// The first start makes the home directory, with its keys and its store, and a person `admin`
/// whose password is printed once. Everything else is decided in sallyport.toml in the home.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sallyport serve
  sallyport serve --home /var/lib/sallyport --listen 0.0.0.0:443 --store postgres://sallyport@db.example.com/sallyport")]
pub(super) struct Serve {
    /// The address and port to listen on, in place of server.listen of sallyport.toml.
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
}

impl Serve {
    pub(super) async fn run(self, place: Place) -> anyhow::Result<()> {
        let premises = Premises::create(&place).await?;
        let (listener, issuer, tls) = self.doors(&premises).await?;
        let passcodes = passcode_listener(&premises.config.passcode_service, tls).await?;
        let gateway = webhook(&premises.config.passcode_service)?;
        let station = Station::build(&premises, issuer, gateway).await?;
        let mut said = format!("Sallyport answers at {}\n", station.app.flow.issuer());
        if let Some(listener) = &passcodes {
            writeln!(
                said,
                "The passcode service listens on {}",
                listener.address()
            )?;
        }
        if let Some(password) = first_admin(&station.app).await? {
            writeln!(
                said,
                "\nThis is the first start: there is a person `admin` with the password\n\n    {}\n\nIt is not shown again.",
                password.expose()
            )?;
        }
        let router = station.app.router(Router::new());
        let mut open = station.open(listener, router);
        if let (Some(listener), Some(router)) = (passcodes, station.app.passcode_router()) {
            open.also(listener, router);
        }
        output::print(&said)?;
        until_told_to_stop().await?;
        open.close().await;
        Ok(())
    }

    /// Where the server listens, what it is called, and the certificate it shows.
    async fn doors(
        &self,
        premises: &Premises,
    ) -> anyhow::Result<(Listener, Issuer, Option<Arc<ServerConfig>>)> {
        let section = &premises.config.server;
        let address = self.listen.unwrap_or(section.listen);
        let listener = Listener::bind(address, "--listen or server.listen").await?;
        let issuer = match &section.issuer {
            Some(issuer) => Issuer::parse(issuer)?,
            None => Issuer::parse(&format!("https://localhost:{}", listener.address().port()))?,
        };
        if !issuer.is_https() {
            return Ok((listener.plain()?, issuer, None));
        }
        let certificate = match Certificate::configured(section, premises.home.path()) {
            Some(certificate) => certificate,
            None => Certificate::self_signed(&premises.home, issuer.host(), premises.now())?,
        };
        let tls = certificate.server_config()?;
        Ok((listener.with_tls(tls.clone()), issuer, Some(tls)))
    }
}

/// On a loopback address the service speaks plain http, because only this machine hears it.
async fn passcode_listener(
    section: &PasscodeService,
    tls: Option<Arc<ServerConfig>>,
) -> anyhow::Result<Option<Listener>> {
    if !section.enabled {
        return Ok(None);
    }
    let listener = Listener::bind(section.listen, "passcode_service.listen").await?;
    Ok(Some(match tls {
        Some(tls) if !section.listen.ip().is_loopback() => listener.with_tls(tls),
        _ => listener.plain()?,
    }))
}

fn webhook(section: &PasscodeService) -> anyhow::Result<Option<Gateway>> {
    if !section.enabled {
        return Ok(None);
    }
    let (Some(url), Some(secret)) = (&section.webhook_url, &section.webhook_secret) else {
        bail!("passcode_service needs webhook_url and webhook_secret");
    };
    Ok(Some(Gateway::Webhook {
        url: url.parse().context("passcode_service.webhook_url")?,
        secret: secret.clone(),
    }))
}

/// Makes the person `admin` when there is nobody at all, and returns the password.
async fn first_admin(app: &App) -> anyhow::Result<Option<Secret>> {
    if !app.people.list(None, 1).await?.is_empty() {
        return Ok(None);
    }
    let password = readable_password(app.flow.random());
    let admin = NewPerson {
        uid: "admin".to_owned(),
        attributes: [("displayName".to_owned(), vec!["Administrator".to_owned()])].into(),
        password: Some(password.clone()),
    };
    match app.people.add(admin, app.flow.clock().now()).await {
        Ok(_) => Ok(Some(password)),
        // Another node on the same store was faster, and printed it.
        Err(PeopleError::Duplicate { .. }) => Ok(None),
        Err(cause) => Err(anyhow!(cause).context("the person admin")),
    }
}

/// 100 random bits in letters and digits that are not mistaken for each other.
fn readable_password(random: &Random) -> Secret {
    const LETTERS: &[u8; 32] = b"abcdefghjkmnpqrstuvwxyz123456789";
    let letters = random
        .bytes::<20>()
        .map(|byte| LETTERS[usize::from(byte % 32)]);
    let groups: Vec<&str> = letters
        .chunks(5)
        .filter_map(|group| str::from_utf8(group).ok())
        .collect();
    Secret::from(groups.join("-"))
}

/// The server with the threads that it works with.
pub struct Station {
    pub app: App,
    engine: Engine,
}

impl Station {
    pub async fn build(
        premises: &Premises,
        issuer: Issuer,
        gateway: Option<Gateway>,
    ) -> anyhow::Result<Self> {
        let engine = start_engine(premises)?;
        let passwords = &premises.config.passwords;
        let app = App::build(AppParts {
            home: premises.home.path().to_owned(),
            store: premises.store.clone(),
            clock: premises.clock.clone(),
            random: premises.random.clone(),
            vault: premises.vault.clone(),
            hasher: Hasher::start(passwords.threads, passwords.queue, Argon2Params::default()),
            engine: engine.clone(),
            issuer,
            config: premises.config.clone(),
            gateway,
        })
        .await?;
        Ok(Self { app, engine })
    }

    /// Begins to serve the provider.
    pub fn open(&self, listener: Listener, router: Router) -> Open {
        let (stopper, stop) = Stop::new();
        let app = self.app.clone();
        let tidy = tokio::spawn(async move {
            load_scripts(&app).await;
            app.keep_tidy().await;
        });
        let mut open = Open {
            stopper,
            stop,
            serving: Vec::new(),
            tidy,
            engine: self.engine.clone(),
            app: self.app.clone(),
        };
        open.also(listener, router);
        open
    }
}

fn start_engine(premises: &Premises) -> anyhow::Result<Engine> {
    let log = ScriptLogFile::open(premises.home.path(), premises.clock.clone())
        .context("the log of scripts")?;
    let Config { scripts, .. } = &premises.config;
    let limits = Limits {
        script_time: Duration::from_secs(scripts.time_limit_seconds),
        workers: scripts.workers,
        ..Limits::default()
    };
    Ok(Engine::start(limits, Arc::new(log)))
}

/// Loads the enabled scripts before somebody has to wait for it.
async fn load_scripts(app: &App) {
    match app.flow.acrs().await {
        Ok(acrs) => {
            let names: Vec<&str> = acrs.iter().map(|acr| acr.name.as_str()).collect();
            tracing::info!(acrs = names.join(" "), "login methods are ready");
        }
        Err(cause) => tracing::error!(error = %cause, "the login methods cannot be loaded"),
    }
}

/// A server that serves.
pub struct Open {
    stopper: Stopper,
    stop: Stop,
    serving: Vec<JoinHandle<()>>,
    tidy: JoinHandle<()>,
    engine: Engine,
    app: App,
}

impl Open {
    /// Serves on one more address.
    pub fn also(&mut self, listener: Listener, router: Router) {
        tracing::info!(address = %listener.address(), "listening");
        self.serving
            .push(tokio::spawn(listener.serve(router, self.stop.clone())));
    }

    /// Takes no more requests, lets those that run come to their end, and closes the store.
    pub async fn close(self) {
        tracing::info!("stopping; requests that run may come to their end");
        self.stopper.stop();
        for serving in self.serving {
            if let Err(cause) = serving.await {
                tracing::error!(error = %cause, "a listener ended badly");
            }
        }
        self.tidy.abort();
        self.engine.stop();
        self.app.flow.store().close().await;
        tracing::info!("stopped");
    }
}

/// Waits for SIGTERM or SIGINT.
pub async fn until_told_to_stop() -> anyhow::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_made_password_can_be_read_and_typed() {
        let random = Random::system();
        let password = readable_password(&random);
        assert_eq!(password.expose().len(), 23);
        assert!(password.expose().split('-').all(|group| group.len() == 5));
        assert_ne!(password.expose(), readable_password(&random).expose());
    }
}
