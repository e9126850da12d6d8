use std::{path::PathBuf, time::Duration};

use anyhow::Context;
use axum::Router;
use sallyport_base::{Clock, Random, Schema, Store, Timestamp, Vault};
use sallyport_flow::{Flow, FlowParts, Issuer, Lifetimes, Limits, Outbound};
use sallyport_oidc::Provider;
use sallyport_otp::{Gateway, Otp, OtpParts};
use sallyport_people::{Hasher, People};
use sallyport_script::Engine;
use sallyport_web::Pages;

use crate::{config::Config, request, routes};

/// The tables of every part, in the order in which they depend on each other.
pub const SCHEMAS: [Schema; 4] = [
    sallyport_people::SCHEMA,
    sallyport_flow::SCHEMA,
    sallyport_oidc::SCHEMA,
    sallyport_otp::SCHEMA,
];

/// How long a node goes between two rounds of removing what expired.
pub const PURGE_EVERY: Duration = Duration::from_secs(60 * 60);

/// What a server is put together of. A test brings its own clock, store and a cheap hasher.
pub struct AppParts {
    /// Where the operator's pages and the log of scripts are.
    pub home: PathBuf,
    /// With the tables of [`SCHEMAS`].
    pub store: Store,
    pub clock: Clock,
    pub random: Random,
    pub vault: Vault,
    pub hasher: Hasher,
    pub engine: Engine,
    pub issuer: Issuer,
    pub config: Config,
    /// How the passcode service sends; `None` when it does not run.
    pub gateway: Option<Gateway>,
}

/// The whole server, without sockets.
#[derive(Clone)]
pub struct App {
    pub home: PathBuf,
    pub people: People,
    pub flow: Flow,
    pub provider: Provider,
    pub otp: Option<Otp>,
}

impl App {
    pub async fn build(parts: AppParts) -> anyhow::Result<Self> {
        let people = People::new(
            parts.store.clone(),
            parts.random.clone(),
            parts.hasher.clone(),
        );
        let otp = passcode_service(&parts)?;
        let home = parts.home.clone();
        let flow = Flow::new(flow_parts(parts, people.clone())?);
        let provider = Provider::new(flow.clone())
            .await
            .context("the signing keys")?;
        Ok(Self {
            home,
            people,
            flow,
            provider,
            otp,
        })
    }

    /// Every page and endpoint of the provider, with `extra` beside them.
    pub fn router(&self, extra: Router) -> Router {
        routes::provider(self, extra)
    }

    /// The passcode service, which has an address of its own.
    pub fn passcode_router(&self) -> Option<Router> {
        let otp = self.otp.clone()?;
        let router = sallyport_otp::routes(otp);
        Some(request::guarded_api(router, self.flow.random().clone()))
    }

    /// Removes what expired before `now`.
    pub async fn purge(&self, now: Timestamp) -> anyhow::Result<()> {
        self.flow.purge(now).await?;
        self.provider.purge(now).await?;
        if let Some(otp) = &self.otp {
            otp.purge(now).await?;
        }
        Ok(())
    }

    /// Removes what expired, now and every hour, for as long as it is polled.
    pub async fn keep_tidy(&self) {
        loop {
            if let Err(cause) = self.purge(self.flow.clock().now()).await {
                tracing::error!(error = %cause, "what expired could not be removed; it is tried again in an hour");
            }
            tokio::time::sleep(PURGE_EVERY).await;
        }
    }
}

fn passcode_service(parts: &AppParts) -> anyhow::Result<Option<Otp>> {
    let Some(gateway) = parts.gateway.clone() else {
        return Ok(None);
    };
    let section = &parts.config.passcode_service;
    let host = section.host.clone();
    let otp = Otp::new(OtpParts {
        store: parts.store.clone(),
        clock: parts.clock.clone(),
        random: parts.random.clone(),
        vault: parts.vault.clone(),
        gateway,
        limits: section.limits.clone(),
        name: section.name.clone(),
        host: host.unwrap_or_else(|| parts.issuer.host().to_owned()),
    })
    .context("the section passcode_service of sallyport.toml")?;
    Ok(Some(otp))
}

fn flow_parts(parts: AppParts, people: People) -> anyhow::Result<FlowParts> {
    let pages = Pages::new(
        Some(&parts.home),
        parts.random.clone(),
        parts.issuer.is_https(),
    );
    let outbound = Outbound::new(parts.config.scripts.allowed_hosts.clone())
        .context("the client for requests of scripts")?;
    Ok(FlowParts {
        store: parts.store,
        clock: parts.clock,
        random: parts.random,
        vault: parts.vault,
        people,
        pages,
        engine: parts.engine,
        outbound,
        issuer: parts.issuer,
        limits: Limits::default(),
        lifetimes: lifetimes(&parts.config),
        default_acr: parts.config.scripts.default_acr,
    })
}

fn lifetimes(config: &Config) -> Lifetimes {
    Lifetimes {
        login: Duration::from_secs(config.lifetimes.login_minutes * 60),
        session: Duration::from_secs(config.lifetimes.session_hours * 3600),
    }
}
