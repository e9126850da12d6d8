use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use http::StatusCode;
use sallyport_base::StoreError;
use sallyport_otp::{TelephoneMessage, telephone_messages};
use sallyport_web::ErrorPage;
use serde_json::{Value, json};

use super::DemoState;

/// More than anybody scrolls.
const SHOWN: i64 = 50;

/// The messages, the newest first.
pub(super) async fn show(State(demo): State<DemoState>) -> Response {
    match messages(&demo).await {
        Ok(messages) => demo.pages().render(
            "demo/phone.xhtml",
            StatusCode::OK,
            json!({ "messages": messages }),
        ),
        Err(cause) => {
            tracing::error!(error = %cause, "the messages of the telephone cannot be read");
            demo.pages().error(out_of_order())
        }
    }
}

/// The same as `[{to, body, at}]`.
pub(super) async fn json(State(demo): State<DemoState>) -> Response {
    match messages(&demo).await {
        Ok(messages) => Json(messages).into_response(),
        Err(cause) => {
            tracing::error!(error = %cause, "the messages of the telephone cannot be read");
            StatusCode::SERVICE_UNAVAILABLE.into_response()
        }
    }
}

async fn messages(demo: &DemoState) -> Result<Vec<Value>, StoreError> {
    let messages = telephone_messages(demo.store(), SHOWN).await?;
    Ok(messages.into_iter().map(shown).collect())
}

fn shown(message: TelephoneMessage) -> Value {
    json!({ "to": message.to, "body": message.body, "at": message.at.rfc3339() })
}

fn out_of_order() -> ErrorPage {
    ErrorPage {
        status: StatusCode::SERVICE_UNAVAILABLE,
        title: "The telephone has no signal".to_owned(),
        happened: "The store of the demo does not answer.".to_owned(),
        what_to_do: "Look at the terminal in which the demo runs.".to_owned(),
        link: None,
        request_id: None,
    }
}
