//! A passcode service that speaks Stytch's consumer API: it sends six digits by SMS and says
//! whether they came back right, in time and once.
//!
//! Login scripts call it over HTTP as they would call Stytch, and so may any other application
//! through Stytch's SDKs. A request is checked into parameters, handed to [`dispatch`] when it asks
//! for a message, and answered through [`answer`], which makes JSON of whatever happened. What a
//! code, a number or an address may do is counted in the store.
#![cfg_attr(test, expect(clippy::unwrap_used, reason = "a test may stop"))]

mod allowance;
mod answer;
mod audit;
mod authenticate;
mod cooldown;
mod delivery;
mod dispatch;
mod environment;
mod factor;
mod fields;
mod gateway;
mod keys;
mod limits;
mod locale;
mod login_or_create;
mod message;
mod otp;
mod passcode;
mod phone;
mod phone_number;
mod project;
mod purge;
mod refusal;
mod send;
mod session;
mod session_wishes;
mod sessions;
mod signing_key;
mod telephone;
mod user;
mod users;
mod webhook;

use axum::{
    Router,
    middleware::from_fn_with_state,
    response::{IntoResponse, Response},
    routing::{MethodRouter, delete, get, post},
};
use sallyport_base::Schema;
use tower_http::catch_panic::CatchPanicLayer;

pub use environment::Environment;
pub use gateway::Gateway;
pub use limits::{Limits, Window};
pub use message::MessageTextError;
pub use otp::{Otp, OtpError, OtpParts};
pub use project::Project;
pub use telephone::{TelephoneMessage, telephone_messages};
pub use webhook::WebhookError;

use refusal::Refusal;

/// The tables of the service.
pub const SCHEMA: Schema = Schema {
    name: "otp",
    steps: &[
        project::TABLES,
        user::TABLE,
        phone::TABLE,
        passcode::TABLE,
        cooldown::TABLE,
        allowance::TABLE,
        session::TABLE,
        signing_key::TABLE,
        telephone::TABLE,
        audit::TABLE,
    ],
};

/// Every address with what it takes. Only the public keys are for strangers.
fn table() -> [(&'static str, MethodRouter<Otp>); 9] {
    [
        ("/v1/otps/sms/send", post(send::send)),
        (
            "/v1/otps/sms/login_or_create",
            post(login_or_create::login_or_create),
        ),
        ("/v1/otps/authenticate", post(authenticate::authenticate)),
        ("/v1/sessions/jwks/{project_id}", get(signing_key::jwks)),
        ("/v1/sessions/authenticate", post(sessions::authenticate)),
        ("/v1/sessions/revoke", post(sessions::revoke)),
        (
            "/v1/users/{user_id}",
            get(users::show).delete(users::delete),
        ),
        (
            "/v1/users/phone_numbers/{phone_id}",
            delete(users::delete_phone),
        ),
        ("/v1/debug/whoami", get(project::whoami)),
    ]
}

/// Every address of the service, for tests that knock at each of them.
pub fn paths() -> Vec<&'static str> {
    table().into_iter().map(|(path, _)| path).collect()
}

/// The service at the root of its own address: SDKs drop the path of a base URL.
pub fn routes(otp: Otp) -> Router {
    table()
        .into_iter()
        .fold(Router::new(), |router, (path, methods)| {
            router.route(path, methods)
        })
        .fallback(async || Refusal::RouteNotFound)
        .layer(CatchPanicLayer::custom(panicked))
        .layer(from_fn_with_state(otp.clone(), answer::in_json))
        .with_state(otp)
}

fn panicked(_: Box<dyn std::any::Any + Send>) -> Response {
    Refusal::Internal("a handler panicked").into_response()
}
