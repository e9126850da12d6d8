//! What a load balancer asks.

use axum::extract::State;
use http::StatusCode;
use sallyport_base::{Store, StoreError, params};

/// The process runs.
pub async fn alive() -> &'static str {
    "ok\n"
}

/// The store answers, so that people can log in.
pub async fn ready(State(store): State<Store>) -> (StatusCode, &'static str) {
    match ask(&store).await {
        Ok(()) => (StatusCode::OK, "ready\n"),
        Err(cause) => {
            tracing::error!(error = %cause, "the store does not answer");
            (
                StatusCode::SERVICE_UNAVAILABLE,
                "the store does not answer\n",
            )
        }
    }
}

async fn ask(store: &Store) -> Result<(), StoreError> {
    store
        .reader()
        .await?
        .row("SELECT 1 AS answer", params![])
        .await?;
    Ok(())
}
