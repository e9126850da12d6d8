//! Each class of error of every call, as Stytch's official Rust SDK returns it.

use axum::{Router, extract::Request};
use http::{HeaderValue, Method, header};
use sallyport_base::{Secret, params};
use serde_json::json;
use stytch::consumer::{
    client::Client, debug::WhoamiRequest, otp, otp_email, otp_sms, otp_whatsapp, sessions, users,
};
use tokio::time;
use tower::ServiceExt;

use crate::{
    abuse::endless_body,
    app::App,
    sdk::{error, sdk, sdk_through},
};

const SHORT: &str = "nobody";
const USER: &str = "user-test-00000000-0000-4000-8000-000000000000";
const PHONE: &str = "phone-number-test-00000000-0000-4000-8000-000000000000";
const EMAIL: &str = "email-test-00000000-0000-4000-8000-000000000000";

/// How each call with a body ended that sends a code. `text` is put where a text may stand.
async fn errors_of_sending(stytch: &Client, text: &str) -> Vec<(u16, String)> {
    let otps = &stytch.otps;
    let phone_number = text.to_owned();
    let sms_send = otp_sms::SendRequest {
        phone_number: phone_number.clone(),
        ..otp_sms::SendRequest::default()
    };
    let sms_login = otp_sms::LoginOrCreateRequest {
        phone_number: phone_number.clone(),
        ..otp_sms::LoginOrCreateRequest::default()
    };
    let whatsapp_send = otp_whatsapp::SendRequest {
        phone_number: phone_number.clone(),
        ..otp_whatsapp::SendRequest::default()
    };
    let whatsapp_login = otp_whatsapp::LoginOrCreateRequest {
        phone_number,
        ..otp_whatsapp::LoginOrCreateRequest::default()
    };
    let email_send = otp_email::SendRequest {
        email: text.to_owned(),
        ..otp_email::SendRequest::default()
    };
    let email_login = otp_email::LoginOrCreateRequest {
        email: text.to_owned(),
        ..otp_email::LoginOrCreateRequest::default()
    };
    vec![
        error(otps.sms.send(sms_send).await),
        error(otps.sms.login_or_create(sms_login).await),
        error(otps.whatsapp.send(whatsapp_send).await),
        error(otps.whatsapp.login_or_create(whatsapp_login).await),
        error(otps.email.send(email_send).await),
        error(otps.email.login_or_create(email_login).await),
    ]
}

/// The same of the other calls with a body.
async fn errors_of_the_others(stytch: &Client, text: &str) -> Vec<(u16, String)> {
    let (sessions, users) = (&stytch.sessions, &stytch.users);
    let guess = otp::AuthenticateRequest {
        method_id: PHONE.to_owned(),
        code: text.to_owned(),
        ..otp::AuthenticateRequest::default()
    };
    let session = sessions::AuthenticateRequest {
        session_token: Some(text.to_owned()),
        ..sessions::AuthenticateRequest::default()
    };
    let revoke = sessions::RevokeRequest {
        session_token: Some(text.to_owned()),
        ..sessions::RevokeRequest::default()
    };
    let create = users::CreateRequest {
        email: Some("a@example.com".to_owned()),
        trusted_metadata: Some(json!({ "text": text })),
        ..users::CreateRequest::default()
    };
    let update = users::UpdateRequest {
        user_id: USER.to_owned(),
        trusted_metadata: Some(json!({ "text": text })),
        ..users::UpdateRequest::default()
    };
    let search = users::SearchRequest {
        query: Some(users::SearchUsersQuery {
            operator: users::SearchUsersQueryOperator::AND,
            operands: vec![json!({ "filter_name": "full_name_fuzzy", "filter_value": text })],
        }),
        ..users::SearchRequest::default()
    };
    let exchange = users::ExchangePrimaryFactorRequest {
        user_id: USER.to_owned(),
        email_address: Some(text.to_owned()),
        ..users::ExchangePrimaryFactorRequest::default()
    };
    vec![
        error(stytch.otps.authenticate(guess).await),
        error(sessions.authenticate(session).await),
        error(sessions.revoke(revoke).await),
        error(users.create(create).await),
        error(users.update(update).await),
        error(users.search(search).await),
        error(users.exchange_primary_factor(exchange).await),
    ]
}

async fn errors_with_a_body(stytch: &Client, text: &str) -> Vec<(u16, String)> {
    let mut errors = errors_of_sending(stytch, text).await;
    errors.extend(errors_of_the_others(stytch, text).await);
    errors
}

async fn errors_without_a_body(stytch: &Client) -> Vec<(u16, String)> {
    let (sessions, users) = (&stytch.sessions, &stytch.users);
    let user_id = || USER.to_owned();
    let phone_id = PHONE.to_owned();
    let email_id = EMAIL.to_owned();
    let of_user = sessions::GetRequest { user_id: user_id() };
    let get = users::GetRequest { user_id: user_id() };
    let delete = users::DeleteRequest { user_id: user_id() };
    let external_id = users::DeleteExternalIdRequest { user_id: user_id() };
    let phone = users::DeletePhoneNumberRequest { phone_id };
    let email = users::DeleteEmailRequest { email_id };
    vec![
        error(sessions.get(of_user).await),
        error(users.get(get).await),
        error(users.delete(delete).await),
        error(users.delete_external_id(external_id).await),
        error(users.delete_phone_number(phone).await),
        error(users.delete_email(email).await),
        error(stytch.debug.whoami(WhoamiRequest {}).await),
    ]
}

async fn errors_of_every_call(stytch: &Client) -> Vec<(u16, String)> {
    let mut errors = errors_with_a_body(stytch, SHORT).await;
    errors.extend(errors_without_a_body(stytch).await);
    errors
}

/// The service behind something that spoils requests.
fn spoiled(app: &App, spoil: fn(Request) -> Request) -> Router {
    Router::new().fallback_service(app.router.clone().map_request(spoil))
}

fn all(calls: usize, status: u16, error_type: &str) -> Vec<(u16, String)> {
    vec![(status, error_type.to_owned()); calls]
}

#[tokio::test]
async fn no_call_works_with_a_wrong_secret() {
    let app = App::start().await;
    let stranger = sdk(&app, &Secret::from("secret-test-guess")).await;
    let errors = errors_of_every_call(&stranger).await;
    assert_eq!(errors, all(20, 401, "unauthorized_credentials"));
}

#[tokio::test]
async fn no_call_takes_a_body_that_is_too_large() {
    let app = App::start().await;
    let stytch = sdk(&app, &app.secret).await;
    let errors = errors_with_a_body(&stytch, &"x".repeat(64 * 1024)).await;
    assert_eq!(errors, all(13, 413, "request_too_large"));
}

#[tokio::test]
async fn no_call_takes_a_body_that_is_not_json() {
    let app = App::start().await;
    let router = spoiled(&app, |mut request| {
        let text = HeaderValue::from_static("text/plain");
        request.headers_mut().insert(header::CONTENT_TYPE, text);
        request
    });
    let stytch = sdk_through(router, &app, &app.secret).await;
    let errors = errors_with_a_body(&stytch, SHORT).await;
    assert_eq!(errors, all(13, 415, "unsupported_media_type"));
}

#[tokio::test]
async fn a_method_that_an_address_does_not_take_is_an_error_of_the_sdk() {
    let app = App::start().await;
    let router = spoiled(&app, |mut request| {
        *request.method_mut() = Method::PATCH;
        request
    });
    let stytch = sdk_through(router, &app, &app.secret).await;
    let errors = errors_of_every_call(&stytch).await;
    assert_eq!(errors, all(20, 405, "method_not_allowed"));
}

#[tokio::test]
async fn a_body_that_does_not_come_is_an_error_of_the_sdk() {
    let app = App::start().await;
    let router = spoiled(&app, |request| request.map(|_| endless_body()));
    let stytch = sdk_through(router, &app, &app.secret).await;
    let request = otp::AuthenticateRequest::default();
    let answer = stytch.otps.authenticate(request).await;
    assert_eq!(error(answer), (408, "request_timeout".to_owned()));
    time::resume();
}

#[tokio::test]
async fn a_failure_of_the_service_is_an_error_of_the_sdk() {
    let app = App::start().await;
    let stytch = sdk(&app, &app.secret).await;
    let who = stytch.debug.whoami(WhoamiRequest {}).await.unwrap();
    assert_eq!(who.project_id, &*app.project.id);
    let mut tx = app.scratch.store.begin().await.unwrap();
    let sql = "ALTER TABLE otp_projects RENAME TO lost";
    tx.execute(sql, params![]).await.unwrap();
    tx.commit().await.unwrap();
    let errors = errors_of_every_call(&stytch).await;
    assert_eq!(errors, all(20, 500, "internal_server_error"));
}
