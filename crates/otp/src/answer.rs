//! The one place where an answer becomes bytes: JSON with `status_code` and `request_id`, whatever
//! happened. SDKs raise their own error only when an error is JSON too.

use std::fmt;

use axum::{
    Json,
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use sallyport_base::{Random, Timestamp};
use serde_json::{Map, Value, json};
use tracing::Instrument;

use crate::{Otp, environment::Environment, project::Credentials, refusal::Refusal};

/// What a successful call returns, without the two fields that every answer has.
#[derive(Clone)]
pub struct Success(Map<String, Value>);

impl Success {
    /// `fields` is a JSON object.
    pub fn of(fields: Value) -> Self {
        match fields {
            Value::Object(fields) => Self(fields),
            other => Self(Map::from_iter([("data".to_owned(), other)])),
        }
    }
}

impl IntoResponse for Success {
    fn into_response(self) -> Response {
        let mut response = StatusCode::OK.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// A document that is no answer of the API: JSON as it is.
#[derive(Clone)]
pub struct Document(Value);

impl Document {
    pub const fn of(value: Value) -> Self {
        Self(value)
    }
}

impl IntoResponse for Document {
    fn into_response(self) -> Response {
        let mut response = StatusCode::OK.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// Names one request in its answer and in the log: `request-id-test-<uuid>`.
#[derive(Clone, Debug)]
pub struct RequestId(String);

impl RequestId {
    fn new(environment: Environment, random: &Random) -> Self {
        Self(environment.name("request-id", random.uuid()))
    }

    /// One that the store kept.
    pub fn stored(text: &str) -> Self {
        Self(text.to_owned())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The moment a request arrived and its name. Handlers read the time here and nowhere else.
#[derive(Clone, Debug)]
pub struct Arrival {
    pub at: Timestamp,
    pub request_id: RequestId,
}

/// Wraps the whole router, its 404 and 405 included.
pub async fn in_json(State(otp): State<Otp>, mut request: Request, next: Next) -> Response {
    let environment = environment_of(request.headers());
    let arrival = Arrival {
        at: otp.clock().now(),
        request_id: RequestId::new(environment, otp.random()),
    };
    let span = tracing::info_span!("otp", request.id = %arrival.request_id);
    request.extensions_mut().insert(arrival.clone());
    async move {
        let response = next.run(request).await;
        write(response, &arrival.request_id)
    }
    .instrument(span)
    .await
}

fn environment_of(headers: &HeaderMap) -> Environment {
    Credentials::of(headers).map_or(Environment::Test, |credentials| {
        Environment::of_project(&credentials.project_id)
    })
}

fn write(mut response: Response, request_id: &RequestId) -> Response {
    let status = response.status();
    let given = response.extensions_mut();
    let mut answer = if let Some(Success(fields)) = given.remove() {
        success(fields, request_id)
    } else if let Some(Document(value)) = given.remove() {
        Json(value).into_response()
    } else {
        let refusal = given.remove::<Refusal>();
        failure(
            &refusal.unwrap_or_else(|| Refusal::of_status(status)),
            request_id,
        )
    };
    for (name, value) in response.headers() {
        if name != header::CONTENT_TYPE && name != header::CONTENT_LENGTH {
            answer.headers_mut().insert(name.clone(), value.clone());
        }
    }
    answer
        .headers_mut()
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    answer
}

fn success(mut fields: Map<String, Value>, request_id: &RequestId) -> Response {
    fields.insert("status_code".to_owned(), json!(200));
    fields.insert("request_id".to_owned(), json!(request_id.as_str()));
    Json(fields).into_response()
}

fn failure(refusal: &Refusal, request_id: &RequestId) -> Response {
    let status = refusal.status();
    let error_type = refusal.error_type();
    match refusal.cause() {
        Some(cause) => tracing::error!(error = %cause, "a passcode request failed"),
        None => tracing::info!(
            status = status.as_u16(),
            error_type,
            "a passcode request was refused"
        ),
    }
    let body = json!({
        "status_code": status.as_u16(),
        "request_id": request_id.as_str(),
        "error_type": error_type,
        "error_message": refusal.message(),
        "error_url": format!("https://stytch.com/docs/api/errors/{}#{error_type}", status.as_u16()),
    });
    (status, Json(body)).into_response()
}
