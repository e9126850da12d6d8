//! The gateway that the service posts its messages to.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use anyhow::Context;
use axum::{Json, Router, extract::State, routing::post};
use http::StatusCode;
use serde::Deserialize;
use tokio::{net::TcpListener, sync::Notify, time::timeout};

/// What the service signs its posts with.
pub const SECRET: &str = "a secret of the benchmark";

const PATIENCE: Duration = Duration::from_secs(60);

/// Messages that arrived, by the number that they went to.
#[derive(Clone)]
pub struct Gateway {
    pub url: String,
    inbox: Arc<Inbox>,
}

#[derive(Default)]
struct Inbox {
    messages: Mutex<HashMap<String, Message>>,
    arrived: Notify,
}

pub struct Message {
    pub code: String,
    pub arrived_at: Instant,
}

#[derive(Deserialize)]
struct Posted {
    to: String,
    body: String,
}

impl Gateway {
    /// Listens on a free port for as long as this program runs.
    pub async fn open() -> anyhow::Result<Self> {
        let inbox = Arc::new(Inbox::default());
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}/send", listener.local_addr()?);
        let router = Router::new()
            .route("/send", post(receive))
            .with_state(inbox.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Ok(Self { url, inbox })
    }

    /// All messages, once there are so many.
    pub async fn take(&self, count: usize) -> anyhow::Result<HashMap<String, Message>> {
        let all_are_here = async {
            loop {
                let arrived = self.inbox.arrived.notified();
                if self.inbox.messages().len() >= count {
                    return;
                }
                arrived.await;
            }
        };
        let waited = timeout(PATIENCE, all_are_here).await;
        let messages = std::mem::take(&mut *self.inbox.messages());
        waited.with_context(|| format!("{} messages came, not {count}", messages.len()))?;
        Ok(messages)
    }
}

impl Inbox {
    fn messages(&self) -> MutexGuard<'_, HashMap<String, Message>> {
        self.messages.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn receive(State(inbox): State<Arc<Inbox>>, Json(posted): Json<Posted>) -> StatusCode {
    let message = Message {
        code: posted.body.chars().take(6).collect(),
        arrived_at: Instant::now(),
    };
    inbox.messages().insert(posted.to, message);
    inbox.arrived.notify_waiters();
    StatusCode::OK
}
