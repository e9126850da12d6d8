//! The gateway that the passcode service posts its messages to.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use anyhow::bail;
use axum::{Json, Router, extract::State, routing::post};
use http::StatusCode;
use serde::Deserialize;
use tokio::net::TcpListener;

/// What the service signs its posts with.
pub const SECRET: &str = "a secret of the benchmark";

/// Messages that arrived, by the number that they went to.
#[derive(Clone)]
pub struct Gateway {
    pub url: String,
    messages: Messages,
}

type Messages = Arc<Mutex<HashMap<String, String>>>;

#[derive(Deserialize)]
struct Message {
    to: String,
    body: String,
}

impl Gateway {
    /// Listens on a free port for as long as this program runs.
    pub async fn open() -> anyhow::Result<Self> {
        let messages = Messages::default();
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}/send", listener.local_addr()?);
        let router = Router::new()
            .route("/send", post(receive))
            .with_state(messages.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Ok(Self { url, messages })
    }

    /// The passcode that was sent to a number, once it is there.
    pub async fn passcode(&self, number: &str) -> anyhow::Result<String> {
        for _ in 0..10_000 {
            if let Some(body) = lock(&self.messages).remove(number) {
                return Ok(body.chars().take(6).collect());
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        bail!("no message came to {number}")
    }
}

async fn receive(State(messages): State<Messages>, Json(message): Json<Message>) -> StatusCode {
    lock(&messages).insert(message.to, message.body);
    StatusCode::NO_CONTENT
}

fn lock(messages: &Messages) -> std::sync::MutexGuard<'_, HashMap<String, String>> {
    messages.lock().unwrap_or_else(PoisonError::into_inner)
}
