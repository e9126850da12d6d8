//! Every address of the service.

use axum::{
    Extension, Router,
    extract::{Request, State},
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse, Response},
    routing::{MethodRouter, delete, get, post, put},
};
use tower_http::catch_panic::CatchPanicLayer;
use tracing::Instrument;

use crate::{
    Otp, answer, authenticate, channel::Channel, deliveries, inbound, metrics, openapi,
    operation::Operation, operations as op, project, receipt, refusal::Refusal, send, sessions,
    signing_key, user_methods, user_search, users,
};

/// Every call with what answers it. Only the public keys are for strangers.
fn table() -> Vec<(&'static Operation, MethodRouter<Otp>)> {
    vec![
        (&op::SMS_SEND, send::send(Channel::Sms)),
        (
            &op::SMS_LOGIN_OR_CREATE,
            send::login_or_create(Channel::Sms),
        ),
        (&op::WHATSAPP_SEND, send::send(Channel::Whatsapp)),
        (
            &op::WHATSAPP_LOGIN_OR_CREATE,
            send::login_or_create(Channel::Whatsapp),
        ),
        (&op::EMAIL_SEND, send::send(Channel::Email)),
        (
            &op::EMAIL_LOGIN_OR_CREATE,
            send::login_or_create(Channel::Email),
        ),
        (&op::AUTHENTICATE, post(authenticate::authenticate)),
        (&op::SESSIONS_LIST, get(sessions::list)),
        (&op::SESSIONS_JWKS, get(signing_key::jwks)),
        (&op::SESSIONS_AUTHENTICATE, post(sessions::authenticate)),
        (&op::SESSIONS_REVOKE, post(sessions::revoke)),
        (&op::USERS_CREATE, post(users::create)),
        (&op::USERS_SEARCH, post(user_search::search)),
        (&op::USERS_SHOW, get(users::show)),
        (&op::USERS_UPDATE, put(users::update)),
        (&op::USERS_DELETE, delete(users::delete)),
        (&op::USERS_EXCHANGE, put(user_methods::exchange)),
        (
            &op::USERS_DELETE_EXTERNAL_ID,
            delete(users::delete_external_id),
        ),
        (&op::USERS_DELETE_PHONE, delete(user_methods::delete_phone)),
        (&op::USERS_DELETE_EMAIL, delete(user_methods::delete_email)),
        (&op::WHOAMI, get(project::whoami)),
        (&op::DELIVERIES_SHOW, get(deliveries::show)),
        (&op::INBOUND_MESSAGES, post(inbound::receive)),
    ]
}

/// Every call, for the document that describes them.
pub fn operations() -> Vec<&'static Operation> {
    table()
        .into_iter()
        .map(|(operation, _)| operation)
        .collect()
}

/// Every address of the API, for tests that knock at each of them.
pub fn paths() -> Vec<&'static str> {
    let mut paths: Vec<_> = operations().iter().map(|call| call.path).collect();
    paths.sort_unstable();
    paths.dedup();
    paths
}

/// The service at the root of its own address: SDKs drop the path of a base URL. The metrics are
/// text; all else is JSON, whatever happens.
pub fn routes(otp: Otp) -> Router {
    let api = table()
        .into_iter()
        .fold(Router::new(), |router, (operation, handler)| {
            router.route(operation.path, handler.layer(Extension(operation)))
        })
        .route("/openapi.json", get(openapi::show))
        .route(receipt::PATH, get(receipt::receive).post(receipt::receive))
        .fallback(async || Refusal::RouteNotFound)
        .layer(CatchPanicLayer::custom(panicked))
        .layer(from_fn_with_state(otp.clone(), to_its_end))
        .layer(from_fn_with_state(otp.clone(), answer::in_json));
    let router = match otp.metrics_token() {
        Some(_) => api.route("/metrics", get(metrics::show)),
        None => api,
    };
    router.with_state(otp)
}

/// A call that began comes to its end, whatever becomes of its caller: who was added is told of, who
/// ran into an alarm is reported.
async fn to_its_end(State(otp): State<Otp>, request: Request, next: Next) -> Response {
    let running = otp.calls().begin().await;
    let call = tokio::spawn(
        async move {
            let response = next.run(request).await;
            drop(running);
            response
        }
        .in_current_span(),
    );
    match call.await {
        Ok(response) => response,
        Err(cause) => {
            tracing::error!(%cause, "a call did not come to its end");
            Refusal::Internal("a call did not come to its end").into_response()
        }
    }
}

fn panicked(_: Box<dyn std::any::Any + Send>) -> Response {
    Refusal::Internal("a handler panicked").into_response()
}
