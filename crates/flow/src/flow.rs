use std::{
    path::{Path, PathBuf},
    pin::Pin,
    sync::Arc,
    time::Duration,
};

use sallyport_base::{Clock, Random, Store, StoreError, Timestamp, Vault, params};
use sallyport_people::People;
use sallyport_script::{Client, Engine};
use sallyport_web::Pages;

use crate::{
    Acr, DefaultAcr, FlowError, Issuer, Limits, Mailer, Outbound, login::Busy,
    script_version::ScriptVersion, scripts::Scripts,
};

/// How long things live.
#[derive(Clone, Copy, Debug)]
pub struct Lifetimes {
    /// A login that nobody finishes.
    pub login: Duration,
    /// A browser session, from the login that opened it.
    pub session: Duration,
}

impl Default for Lifetimes {
    fn default() -> Self {
        Self {
            login: Duration::from_secs(30 * 60),
            session: Duration::from_secs(24 * 60 * 60),
        }
    }
}

/// Looks an application up for a script. Whoever starts logins knows the applications; nothing here
/// knows OAuth.
pub type FindClient = fn(Store, String) -> BoxFuture<Result<Option<Client>, StoreError>>;

type BoxFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// What a [`Flow`] is made of.
pub struct FlowParts {
    pub store: Store,
    pub clock: Clock,
    pub random: Random,
    pub vault: Vault,
    pub people: People,
    pub pages: Pages,
    pub engine: Engine,
    pub outbound: Outbound,
    /// How scripts send mail; `None` when no mail server is configured.
    pub mailer: Option<Mailer>,
    pub find_client: FindClient,
    pub issuer: Issuer,
    pub limits: Limits,
    pub lifetimes: Lifetimes,
    /// The folder with modules that scripts may import.
    pub libraries: Option<PathBuf>,
    /// The method of an application that asks for none, unless one was chosen in the store. `None`:
    /// the enabled script of the highest level, or the built-in password method.
    pub default_acr: Option<String>,
    /// Parameters of an authorization request that scripts see besides those that are known.
    pub authorization_parameters: Vec<String>,
}

/// Everything that a login needs. Cheap to clone; any node with the same store is as good.
#[derive(Clone)]
pub struct Flow(Arc<Inner>);

struct Inner {
    parts: FlowParts,
    scripts: Scripts,
    busy: Busy,
}

impl Flow {
    pub fn new(parts: FlowParts) -> Self {
        let scripts = Scripts::new(parts.libraries.clone());
        Self(Arc::new(Inner {
            parts,
            scripts,
            busy: Busy::default(),
        }))
    }

    pub fn store(&self) -> &Store {
        &self.0.parts.store
    }

    pub fn clock(&self) -> &Clock {
        &self.0.parts.clock
    }

    pub fn random(&self) -> &Random {
        &self.0.parts.random
    }

    pub fn vault(&self) -> &Vault {
        &self.0.parts.vault
    }

    pub fn people(&self) -> &People {
        &self.0.parts.people
    }

    pub fn pages(&self) -> &Pages {
        &self.0.parts.pages
    }

    pub fn issuer(&self) -> &Issuer {
        &self.0.parts.issuer
    }

    pub fn authorization_parameters(&self) -> &[String] {
        &self.0.parts.authorization_parameters
    }

    pub fn lifetimes(&self) -> Lifetimes {
        self.0.parts.lifetimes
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.0.parts.limits
    }

    pub(crate) fn engine(&self) -> &Engine {
        &self.0.parts.engine
    }

    pub(crate) fn outbound(&self) -> &Outbound {
        &self.0.parts.outbound
    }

    pub(crate) fn mailer(&self) -> Option<&Mailer> {
        self.0.parts.mailer.as_ref()
    }

    pub(crate) async fn find_client(&self, id: String) -> Result<Option<Client>, StoreError> {
        (self.0.parts.find_client)(self.store().clone(), id).await
    }

    pub(crate) fn scripts(&self) -> &Scripts {
        &self.0.scripts
    }

    pub(crate) fn busy(&self) -> &Busy {
        &self.0.busy
    }

    /// Every method that can be asked for at this moment: the built-in one and the enabled scripts
    /// that loaded.
    pub async fn acrs(&self) -> Result<Vec<Acr>, FlowError> {
        self.scripts().refresh(self).await?;
        let mut acrs = vec![Acr::password()];
        acrs.extend(self.scripts().acrs());
        Ok(acrs)
    }

    /// The method for a request: the first of `requested` that is loaded, unknown ones skipped.
    /// When none is requested, the client's default, then the server's. `None`: what was asked for,
    /// or what is configured, is not there.
    pub async fn choose_acr(
        &self,
        requested: &[String],
        client_default: &[String],
    ) -> Result<Option<Acr>, FlowError> {
        let acrs = self.acrs().await?;
        let first_loaded = |names: &[String]| {
            names
                .iter()
                .find_map(|name| acrs.iter().find(|acr| acr.is_named(name)).cloned())
        };
        if !requested.is_empty() {
            return Ok(first_loaded(requested));
        }
        let chosen = DefaultAcr::find(&mut *self.store().reader().await?).await?;
        if chosen.as_ref().is_some_and(|default| default.in_recovery) {
            return Ok(Some(Acr::password()));
        }
        if !client_default.is_empty() {
            return Ok(first_loaded(client_default));
        }
        let chosen = chosen.map(|default| default.name);
        Ok(
            match chosen.as_ref().or(self.0.parts.default_acr.as_ref()) {
                Some(name) => self.default_acr(&acrs, name),
                None => match self.scripts().strongest() {
                    Some(strongest) => strongest,
                    None => Some(Acr::password()),
                },
            },
        )
    }

    /// Where it is not there, nothing else takes its place: it may have been the stronger one.
    fn default_acr(&self, acrs: &[Acr], name: &str) -> Option<Acr> {
        let found = acrs.iter().find(|acr| acr.is_named(name)).cloned();
        if found.is_none() {
            tracing::error!(acr = %name, "the default login method is not loaded; see `sallyport script list`");
        }
        found
    }

    /// Takes in what changed about scripts, in the store and in their files. To be called once a
    /// second: it is one cheap statement when nothing changed.
    pub async fn look_at_scripts(&self) -> Result<(), FlowError> {
        self.scripts().look(self).await
    }

    /// Removes what expired before `now`.
    pub async fn purge(&self, now: Timestamp) -> Result<(), StoreError> {
        for sql in [
            "DELETE FROM logins WHERE expires_at <= $1",
            "DELETE FROM browser_sessions WHERE expires_at <= $1",
            "DELETE FROM tries WHERE expires_at <= $1",
            "DELETE FROM script_cache WHERE expires_at <= $1",
        ] {
            let mut tx = self.store().begin().await?;
            tx.take_your_time();
            tx.execute(sql, params![now]).await?;
            tx.commit().await?;
        }
        let mut tx = self.store().begin().await?;
        ScriptVersion::purge(&mut tx, now).await?;
        tx.commit().await
    }
}

/// Where modules that scripts may import are, under the home directory.
pub fn library_folder(home: &Path) -> PathBuf {
    home.join("python/libs")
}

/// Where scripts log, under the home directory: the path that Gluu's documents name.
pub(crate) fn script_log_path(home: &Path) -> PathBuf {
    home.join("oxauth/logs/oxauth_script.log")
}
