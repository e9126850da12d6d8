//! The server at work: its threads, its listeners, and how it stops.

use std::{future::Future, sync::Arc, time::Duration};

use anyhow::Context;
use axum::Router;
use sallyport_flow::{Issuer, ScriptLogFile};
use sallyport_otp::Gateway;
use sallyport_people::{Argon2Params, Hasher};
use sallyport_script::{Engine, Limits, Template};
use tokio::task::JoinHandle;

use super::{Premises, Upkeep};
use crate::{
    App, AppParts,
    config::Config,
    listen::{Listener, Stop, Stopper},
};

/// The server with the threads that it works with.
pub struct Station {
    pub app: App,
    engine: Engine,
}

impl Station {
    pub async fn build(
        premises: &Premises,
        issuer: Issuer,
        gateways: Vec<Gateway>,
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
            gateways,
        })
        .await?;
        Ok(Self { app, engine })
    }

    /// Begins to serve the provider.
    pub fn serve(&self, listener: Listener, router: Router) -> Serving {
        let mut serving = Serving {
            doors: Vec::new(),
            scripts: self.upkeep("following scripts", |app| async move {
                load_scripts(&app).await;
                app.follow_scripts().await;
            }),
            tidy: self.upkeep("removing what expired", |app| async move {
                app.keep_tidy().await
            }),
            courier: self.upkeep("sending messages", |app| async move {
                app.send_messages().await
            }),
            engine: self.engine.clone(),
            app: self.app.clone(),
        };
        serving.also(listener, router);
        serving
    }

    fn upkeep<W>(&self, what: &'static str, work: impl Fn(App) -> W + Send + 'static) -> Upkeep
    where
        W: Future<Output = ()> + Send + 'static,
    {
        let app = self.app.clone();
        Upkeep::of(what, move || work(app.clone()))
    }
}

fn start_engine(premises: &Premises) -> anyhow::Result<Engine> {
    let log = ScriptLogFile::open(premises.home.path(), premises.clock.clone())
        .context("the log of scripts")?;
    Ok(Engine::start(
        script_limits(&premises.config),
        Arc::new(log),
        Template::own(),
    ))
}

pub(super) fn script_limits(config: &Config) -> Limits {
    Limits {
        script_time: Duration::from_secs(config.scripts.time_limit_seconds),
        workers: config.scripts.workers,
        memory: config.scripts.memory_limit_mib * 1024 * 1024,
        ..Limits::default()
    }
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
pub struct Serving {
    doors: Vec<Door>,
    scripts: Upkeep,
    tidy: Upkeep,
    courier: Upkeep,
    engine: Engine,
    app: App,
}

impl Serving {
    /// Serves on one more address, which requests to those before it may depend on.
    pub fn also(&mut self, listener: Listener, router: Router) {
        self.doors.push(Door::open(listener, router));
    }

    /// Takes no more requests, lets those that run come to their end, and closes the store. One
    /// address is closed after the other: a login under way still needs the passcode service.
    pub async fn close(self) {
        for door in self.doors {
            door.close().await;
        }
        self.scripts.end();
        self.tidy.end();
        if let Some(otp) = &self.app.otp {
            otp.stop_sending().await;
        }
        self.courier.end();
        self.engine.stop();
        self.app.flow.store().close().await;
    }
}

/// An address that is served.
pub(super) struct Door {
    stopper: Stopper,
    serving: JoinHandle<()>,
}

impl Door {
    pub(super) fn open(listener: Listener, router: Router) -> Self {
        tracing::info!(address = %listener.address(), "listening");
        let (stopper, stop) = Stop::new();
        Self {
            stopper,
            serving: tokio::spawn(listener.serve(router, stop)),
        }
    }

    pub(super) async fn close(self) {
        self.stopper.stop();
        if let Err(cause) = self.serving.await {
            tracing::error!(error = %cause, "a listener ended badly");
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::routing::get;
    use tokio::sync::Notify;

    use super::*;
    use crate::command::Place;

    async fn free() -> Listener {
        let any = "127.0.0.1:0".parse().unwrap();
        Listener::bind(any, "--listen").await.unwrap()
    }

    /// Asks the passcode service, but not before the server was told to stop.
    async fn late_login(begun: Arc<Notify>, passcodes: String) -> String {
        begun.notify_one();
        tokio::time::sleep(Duration::from_millis(300)).await;
        let answer = reqwest::get(passcodes).await.unwrap();
        answer.text().await.unwrap()
    }

    #[tokio::test]
    async fn a_login_under_way_still_reaches_the_passcode_service() {
        let folder = tempfile::tempdir().unwrap();
        let place = Place {
            home: folder.path().to_owned(),
            store: None,
        };
        let premises = Premises::create(&place).await.unwrap();
        let issuer = Issuer::parse("http://localhost").unwrap();
        let station = Station::build(&premises, issuer, Vec::new()).await.unwrap();
        let (provider, passcodes) = (free().await, free().await);
        let url = format!("http://{}/login", provider.address());
        let begun = Arc::new(Notify::new());
        let login = {
            let (begun, service) = (begun.clone(), format!("http://{}/", passcodes.address()));
            move || late_login(begun.clone(), service.clone())
        };
        let mut serving = station.serve(provider, Router::new().route("/login", get(login)));
        serving.also(
            passcodes,
            Router::new().route("/", get(|| async { "sent" })),
        );

        let answer = tokio::spawn(reqwest::get(url));
        begun.notified().await;
        serving.close().await;
        let text = answer.await.unwrap().unwrap().text().await.unwrap();
        assert_eq!(text, "sent");
    }

    #[test]
    fn scripts_have_the_limits_of_the_configuration() {
        let config: Config =
            toml::from_str("[scripts]\nworkers = 3\ntime_limit_seconds = 7").unwrap();
        let limits = script_limits(&config);
        assert_eq!(
            (limits.workers, limits.script_time),
            (3, Duration::from_secs(7))
        );
    }
}
