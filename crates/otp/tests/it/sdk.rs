//! Stytch's official Rust SDK against the service on a socket.

use axum::Router;
use sallyport_base::Secret;
use stytch::{
    client::{Client as HttpClient, Vertical},
    consumer::{
        client::Client,
        otp::AuthenticateRequest,
        otp_sms::{
            LoginOrCreateRequest, LoginOrCreateRequestLocale, SendRequest, SendRequestLocale,
        },
        sessions::{self, GetJWKSRequest},
        users::{DeletePhoneNumberRequest, DeleteRequest, GetRequest},
    },
};
use tokio::net::TcpListener;

use crate::app::{ALICE, App, BRUNO, another};

/// The SDK, made as its README says, with the address of the service.
pub async fn sdk(app: &App, secret: &Secret) -> Client {
    sdk_through(app.router.clone(), app, secret).await
}

/// The same with something between the SDK and the service.
pub async fn sdk_through(router: Router, app: &App, secret: &Secret) -> Client {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    let url = reqwest::Url::parse(&url).unwrap();
    let http =
        HttpClient::new_with_base_url(&app.project.id, secret.expose(), url, Vertical::Consumer)
            .unwrap();
    Client::new_with_http_client(http.clone(), http)
}

/// The `error_type` and status of an answer that the SDK takes for an error of Stytch.
pub fn error<T: std::fmt::Debug>(answer: stytch::Result<T>) -> (u16, String) {
    match answer.unwrap_err() {
        stytch::Error::Response(error) => {
            let (status, error_type) = (error.status_code.as_u16(), error.error_type);
            assert!(error.request_id.starts_with("request-id-test-"));
            assert_eq!(
                error.error_url,
                format!("https://stytch.com/docs/api/errors/{status}#{error_type}")
            );
            assert!(!error.error_message.is_empty());
            (status, error_type)
        }
        other => panic!("not an answer of the service: {other:?}"),
    }
}

fn guess(method_id: &str, code: &str) -> AuthenticateRequest {
    AuthenticateRequest {
        method_id: method_id.to_owned(),
        code: code.to_owned(),
        ..AuthenticateRequest::default()
    }
}

#[tokio::test]
async fn the_rust_sdk_signs_somebody_in() {
    let app = App::start().await;
    let stytch = sdk(&app, &app.secret).await;
    let created = stytch
        .otps
        .sms
        .login_or_create(LoginOrCreateRequest {
            phone_number: ALICE.to_owned(),
            locale: Some(LoginOrCreateRequestLocale::Ptbr),
            expiration_minutes: Some(5),
            ..LoginOrCreateRequest::default()
        })
        .await
        .unwrap();
    assert!(created.user_created);
    let code = app.code().await;
    let wrong = stytch
        .otps
        .authenticate(guess(&created.phone_id, &another(&code)))
        .await;
    assert_eq!(error(wrong), (404, "otp_code_not_found".to_owned()));
    let right = stytch
        .otps
        .authenticate(guess(&created.phone_id, &code))
        .await
        .unwrap();
    assert_eq!(right.user_id, created.user_id);
    assert!(right.user.phone_numbers[0].verified);
    assert!(right.session.is_none());
    let again = stytch
        .otps
        .authenticate(guess(&created.phone_id, &code))
        .await;
    assert_eq!(error(again), (401, "unable_to_auth_otp_code".to_owned()));

    app.wait(1);
    let sent = stytch
        .otps
        .sms
        .send(SendRequest {
            phone_number: ALICE.to_owned(),
            locale: Some(SendRequestLocale::ZhHans),
            ..SendRequest::default()
        })
        .await
        .unwrap();
    assert_eq!(sent.phone_id, created.phone_id);
    let code = app.code().await;
    stytch
        .otps
        .authenticate(guess(&sent.phone_id, &code))
        .await
        .unwrap();
}

#[tokio::test]
async fn the_rust_sdk_reads_every_error() {
    let app = App::start().await;
    let stytch = sdk(&app, &app.secret).await;
    let send = |number: &str| SendRequest {
        phone_number: number.to_owned(),
        ..SendRequest::default()
    };
    let answer = stytch.otps.sms.send(send("not a number")).await;
    assert_eq!(error(answer), (400, "invalid_phone_number".to_owned()));
    let answer = stytch.otps.sms.send(send("+447400123456")).await;
    assert_eq!(
        error(answer),
        (400, "invalid_phone_number_country_code".to_owned())
    );
    let answer = stytch.otps.sms.send(send(ALICE)).await;
    assert_eq!(error(answer), (404, "user_not_found".to_owned()));
    app.login_or_create(ALICE).await.ok();
    let answer = stytch.otps.sms.send(send(ALICE)).await;
    assert_eq!(error(answer), (429, "too_many_requests".to_owned()));

    let stranger = sdk(&app, &Secret::from("secret-test-guess")).await;
    let answer = stranger.otps.sms.send(send(ALICE)).await;
    assert_eq!(error(answer), (401, "unauthorized_credentials".to_owned()));
    let answer = stytch
        .fraud
        .rules
        .list(stytch::consumer::fraud_rules::ListRequest::default())
        .await;
    assert_eq!(error(answer), (404, "route_not_found".to_owned()));
}

#[tokio::test]
async fn the_rust_sdk_manages_users() {
    let app = App::start().await;
    let stytch = sdk(&app, &app.secret).await;
    let (user_id, method_id) = app.verified(ALICE).await;
    let user = stytch
        .users
        .get(GetRequest {
            user_id: user_id.clone(),
        })
        .await
        .unwrap();
    assert_eq!(user.phone_numbers[0].phone_number, ALICE);
    let last = stytch
        .users
        .delete_phone_number(DeletePhoneNumberRequest {
            phone_id: method_id,
        })
        .await;
    assert_eq!(
        error(last),
        (400, "cannot_delete_last_primary_factor".to_owned())
    );
    let added = stytch
        .otps
        .sms
        .send(SendRequest {
            phone_number: BRUNO.to_owned(),
            user_id: Some(user_id.clone()),
            ..SendRequest::default()
        })
        .await
        .unwrap();
    let code = app.code().await;
    let both = stytch
        .otps
        .authenticate(guess(&added.phone_id, &code))
        .await;
    assert_eq!(both.unwrap().user.phone_numbers.len(), 2);
    let phone_id = added.phone_id;
    let left = stytch
        .users
        .delete_phone_number(DeletePhoneNumberRequest { phone_id })
        .await
        .unwrap();
    assert_eq!(left.user.phone_numbers[0].phone_number, ALICE);
    let deleted = stytch
        .users
        .delete(DeleteRequest {
            user_id: user_id.clone(),
        })
        .await
        .unwrap();
    assert_eq!(deleted.user_id, user_id);
    let gone = stytch.users.get(GetRequest { user_id }).await;
    assert_eq!(error(gone), (404, "user_not_found".to_owned()));
}

#[tokio::test]
async fn the_rust_sdk_verifies_a_session_by_the_public_keys() {
    let app = App::with_the_real_time().await;
    let stytch = sdk(&app, &app.secret).await;
    let jwks = stytch
        .sessions
        .get_jwks(GetJWKSRequest {
            project_id: app.project.id.to_string(),
        })
        .await
        .unwrap();
    assert_eq!(jwks.keys.len(), 1);
    let (method_id, code) = app.sent(ALICE).await;
    let request = AuthenticateRequest {
        session_duration_minutes: Some(60),
        ..guess(&method_id, &code)
    };
    let answer = stytch.otps.authenticate(request).await.unwrap();
    assert_eq!(
        verified_session_id(&app, &jwks.keys[0], &answer.session_jwt),
        answer.session.unwrap().session_id
    );
    let request = sessions::AuthenticateRequest {
        session_token: Some(answer.session_token),
        ..sessions::AuthenticateRequest::default()
    };
    let again = stytch.sessions.authenticate(request).await.unwrap();
    assert_eq!(again.user.user_id, answer.user_id);
}

/// The session that a JWT names, checked as the SDK checks JWTs: key by its parts, audience, issuer.
fn verified_session_id(app: &App, key: &sessions::JWK, jwt: &str) -> String {
    let header = jsonwebtoken::decode_header(jwt).unwrap();
    assert_eq!(header.kid.as_ref(), Some(&key.kid));
    let decoding_key = jsonwebtoken::DecodingKey::from_rsa_components(&key.n, &key.e).unwrap();
    let mut validation = jsonwebtoken::Validation::new(jsonwebtoken::Algorithm::RS256);
    validation.set_audience(&[&*app.project.id]);
    validation.set_issuer(&[format!("stytch.com/{}", app.project.id)]);
    let claims = jsonwebtoken::decode::<serde_json::Value>(jwt, &decoding_key, &validation)
        .unwrap()
        .claims;
    claims["https://stytch.com/session"]["id"]
        .as_str()
        .unwrap()
        .to_owned()
}
