//! The server that is measured: the routes of the service and its courier, as `sallyport otp serve`
//! has them, and one address more that says what was counted.

use std::{io::Read, process, time::Duration};

use anyhow::Context;
use axum::{Json, Router, extract::State, routing::get};
use clap::Args;
use http::StatusCode;
use sallyport_base::{Clock, Random, Store, StoreError, Vault};
use sallyport_otp::{
    Channel, Gateway, Limits, MessageSettings, Otp, OtpParts, Retention, Window, routes,
};
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;
use tracing_subscriber::EnvFilter;
use url::Url;

use crate::gateway;

/// The connections that a node has to PostgreSQL.
const CONNECTIONS: usize = 16;
const TIDY_EVERY: Duration = Duration::from_secs(300);

#[derive(Debug, Args)]
pub struct Server {
    #[arg(long)]
    store: String,
    /// Where messages are posted to.
    #[arg(long)]
    gateway: Url,
}

/// What cannot be seen from outside.
#[derive(Clone, Copy, Serialize, Deserialize)]
pub struct Counts {
    /// Messages that no gateway has taken yet.
    pub waiting: i64,
    /// How often something was made durable since the store began; `None` when nobody counts.
    pub commits: Option<i64>,
}

impl Server {
    /// Says on its output where it listens, and ends when its input does.
    pub async fn run(self) -> anyhow::Result<()> {
        std::thread::spawn(end_with_input);
        tracing_subscriber::fmt()
            .with_env_filter(EnvFilter::try_new("warn,sallyport=info")?)
            .with_writer(std::io::stderr)
            .with_ansi(false)
            .try_init()
            .map_err(anyhow::Error::from_boxed)?;
        let store = Store::open(&self.store).await?;
        let otp = self.service(store.clone())?;
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        tokio::spawn(keep_tidy(otp.clone()));
        tokio::spawn({
            let otp = otp.clone();
            async move { otp.send_messages().await }
        });
        let counts = Router::new()
            .route("/counts", get(counts))
            .with_state(store);
        println!("{address}");
        Ok(axum::serve(listener, routes(otp).merge(counts)).await?)
    }

    fn service(&self, store: Store) -> anyhow::Result<Otp> {
        let gateway = Gateway::webhook(self.gateway.clone(), gateway::SECRET.into());
        Otp::new(OtpParts {
            store,
            clock: Clock::System,
            random: Random::system(),
            vault: Vault::from_key([7; 32]),
            gateways: vec![gateway],
            lookup: None,
            public_url: None,
            metrics_token: None,
            limits: no_limits(),
            message: MessageSettings::new("Sallyport", "login.example.com"),
            channels: [Channel::Sms].into(),
            retention: Retention::default(),
        })
        .context("the service")
    }
}

/// So high that no figure meets them.
fn no_limits() -> Limits {
    let windows = |minutes| vec![Window::new(1_000_000_000, minutes)];
    let usual = Limits::default();
    let same = |usual: &[Window]| usual.iter().flat_map(|w| windows(w.minutes)).collect();
    Limits {
        resend_seconds: [0, 0, 0],
        per_number: same(&usual.per_number),
        per_user: same(&usual.per_user),
        per_ip: same(&usual.per_ip),
        per_ip_to_strangers: same(&usual.per_ip_to_strangers),
        per_prefix: same(&usual.per_prefix),
        per_project: same(&usual.per_project),
        ..usual
    }
}

fn end_with_input() {
    let mut nothing = [0];
    // Whoever measures is gone, in whichever way.
    let _ended = std::io::stdin().read(&mut nothing);
    process::exit(0);
}

async fn keep_tidy(otp: Otp) {
    loop {
        if let Err(cause) = otp.purge(Clock::System.now()).await {
            tracing::error!(error = %cause, "what expired could not be removed");
        }
        tokio::time::sleep(TIDY_EVERY).await;
    }
}

async fn counts(State(store): State<Store>) -> Result<Json<Counts>, (StatusCode, String)> {
    let count = async || -> Result<Counts, StoreError> {
        Ok(Counts {
            waiting: waiting(&store).await?,
            commits: match &store {
                Store::Sqlite { .. } => store.commits().and_then(|count| count.try_into().ok()),
                Store::Postgres(_) => flushes(&store).await?,
            },
        })
    };
    let counted = count().await;
    counted
        .map(Json)
        .map_err(|cause| (StatusCode::INTERNAL_SERVER_ERROR, cause.to_string()))
}

async fn waiting(store: &Store) -> Result<i64, StoreError> {
    let sql = "SELECT COUNT(*) AS waiting FROM otp_outbox WHERE state IN ('queued', 'handed')";
    let row = store.reader().await?.row(sql, &[]).await?;
    row.map_or(Ok(0), |row| row.get("waiting"))
}

/// How often PostgreSQL made its log durable. Each connection keeps its part of the count to itself
/// until it is told not to. From PostgreSQL 18 on it is counted elsewhere.
async fn flushes(store: &Store) -> Result<Option<i64>, StoreError> {
    let mut connections = Vec::new();
    for _ in 0..CONNECTIONS {
        connections.push(store.reader().await?);
    }
    for connection in &mut connections {
        let sql = "SELECT CAST(pg_stat_force_next_flush() AS TEXT) AS done";
        connection.row(sql, &[]).await?;
    }
    drop(connections);
    let sql = "SELECT CAST(to_jsonb(w) ->> 'wal_sync' AS BIGINT) AS flushes FROM pg_stat_wal w";
    let row = store.reader().await?.row(sql, &[]).await?;
    row.map_or(Ok(None), |row| row.get("flushes"))
}
