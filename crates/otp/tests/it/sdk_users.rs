//! Stytch's official Rust SDK over users, sessions, and codes by e-mail and WhatsApp.

use stytch::consumer::{
    client::Client,
    otp::{AuthenticateRequest, AuthenticateResponse},
    otp_email, otp_whatsapp,
    sessions::{self, RevokeRequest},
    users::{
        CreateRequest, DeleteEmailRequest, DeleteExternalIdRequest, ExchangePrimaryFactorRequest,
        GetRequest, Name, SearchRequest, SearchUsersQuery, SearchUsersQueryOperator, UpdateRequest,
    },
};

use crate::{
    app::{ALICE, App, BRUNO},
    sdk::{error, sdk},
};

const MAILBOX: &str = "alice@example.com";

#[tokio::test]
async fn the_rust_sdk_sends_codes_by_e_mail_and_whatsapp() {
    let app = App::start().await;
    let stytch = sdk(&app, &app.secret).await;
    let by_email = stytch
        .otps
        .email
        .login_or_create(otp_email::LoginOrCreateRequest {
            email: MAILBOX.to_owned(),
            ..otp_email::LoginOrCreateRequest::default()
        })
        .await
        .unwrap();
    let right = stytch
        .otps
        .authenticate(AuthenticateRequest {
            method_id: by_email.email_id.clone(),
            code: app.code().await,
            session_duration_minutes: Some(60),
            ..AuthenticateRequest::default()
        })
        .await
        .unwrap();
    assert!(right.user.emails[0].verified);
    let sent = stytch
        .otps
        .email
        .send(otp_email::SendRequest {
            email: MAILBOX.to_owned(),
            ..otp_email::SendRequest::default()
        })
        .await
        .unwrap();
    assert_eq!(sent.user_id, by_email.user_id);
    let bad = stytch
        .otps
        .email
        .send(otp_email::SendRequest {
            email: "nowhere".to_owned(),
            ..otp_email::SendRequest::default()
        })
        .await;
    assert_eq!(error(bad), (400, "invalid_email".to_owned()));

    let by_whatsapp = stytch
        .otps
        .whatsapp
        .login_or_create(otp_whatsapp::LoginOrCreateRequest {
            phone_number: ALICE.to_owned(),
            ..otp_whatsapp::LoginOrCreateRequest::default()
        })
        .await
        .unwrap();
    assert!(by_whatsapp.user_created);
    app.wait(31);
    let sent = stytch
        .otps
        .whatsapp
        .send(otp_whatsapp::SendRequest {
            phone_number: ALICE.to_owned(),
            ..otp_whatsapp::SendRequest::default()
        })
        .await
        .unwrap();
    assert_eq!(sent.phone_id, by_whatsapp.phone_id);
    let again = stytch
        .otps
        .whatsapp
        .send(otp_whatsapp::SendRequest {
            phone_number: ALICE.to_owned(),
            ..otp_whatsapp::SendRequest::default()
        })
        .await;
    assert_eq!(error(again), (429, "too_many_requests".to_owned()));
}

#[tokio::test]
async fn the_rust_sdk_creates_changes_and_finds_users() {
    let app = App::start().await;
    let stytch = sdk(&app, &app.secret).await;
    let created = stytch
        .users
        .create(CreateRequest {
            email: Some(MAILBOX.to_owned()),
            phone_number: Some(ALICE.to_owned()),
            name: Some(Name {
                first_name: Some("Alice".to_owned()),
                ..Name::default()
            }),
            external_id: Some("crm-7".to_owned()),
            ..CreateRequest::default()
        })
        .await
        .unwrap();
    let twice = stytch
        .users
        .create(CreateRequest {
            email: Some(MAILBOX.to_owned()),
            ..CreateRequest::default()
        })
        .await;
    assert_eq!(error(twice), (400, "duplicate_email".to_owned()));
    let updated = stytch
        .users
        .update(UpdateRequest {
            user_id: "crm-7".to_owned(),
            trusted_metadata: Some(serde_json::json!({ "plan": "free" })),
            ..UpdateRequest::default()
        })
        .await
        .unwrap();
    assert_eq!(updated.user_id, created.user_id);
    let found = stytch
        .users
        .search(SearchRequest {
            query: Some(SearchUsersQuery {
                operator: SearchUsersQueryOperator::AND,
                operands: vec![serde_json::json!({
                    "filter_name": "phone_number", "filter_value": [ALICE],
                })],
            }),
            ..SearchRequest::default()
        })
        .await
        .unwrap();
    assert_eq!(found.results[0].user_id, created.user_id);
    assert_eq!(
        (
            found.results_metadata.total,
            found.results_metadata.next_cursor
        ),
        (1, None)
    );
    let user_id = created.user_id.clone();
    let cleared = stytch
        .users
        .delete_external_id(DeleteExternalIdRequest { user_id })
        .await
        .unwrap();
    assert_eq!(cleared.user.external_id, None);
    let email_id = created.email_id;
    let left = stytch
        .users
        .delete_email(DeleteEmailRequest { email_id })
        .await
        .unwrap();
    assert!(left.user.emails.is_empty());
    let exchanged = stytch
        .users
        .exchange_primary_factor(ExchangePrimaryFactorRequest {
            user_id: created.user_id.clone(),
            phone_number: Some(BRUNO.to_owned()),
            ..ExchangePrimaryFactorRequest::default()
        })
        .await
        .unwrap();
    assert_eq!(exchanged.user.phone_numbers[0].phone_number, BRUNO);
    let user = stytch
        .users
        .get(GetRequest {
            user_id: created.user_id,
        })
        .await
        .unwrap();
    assert_eq!(user.name.unwrap().first_name.as_deref(), Some("Alice"));
}

/// Alice, with a session of an hour.
async fn signed_in(app: &App, stytch: &Client) -> AuthenticateResponse {
    let (method_id, code) = app.sent(ALICE).await;
    stytch
        .otps
        .authenticate(AuthenticateRequest {
            method_id,
            code,
            session_duration_minutes: Some(60),
            ..AuthenticateRequest::default()
        })
        .await
        .unwrap()
}

#[tokio::test]
async fn the_rust_sdk_lists_and_revokes_sessions() {
    let app = App::start().await;
    let stytch = sdk(&app, &app.secret).await;
    let right = signed_in(&app, &stytch).await;
    let user_id = right.user_id.clone();
    let listed = stytch
        .sessions
        .get(sessions::GetRequest { user_id })
        .await
        .unwrap();
    assert_eq!(
        listed.sessions[0].session_id,
        right.session.unwrap().session_id
    );
    let session_token = Some(right.session_token);
    stytch
        .sessions
        .revoke(RevokeRequest {
            session_token,
            ..RevokeRequest::default()
        })
        .await
        .unwrap();
    let user_id = right.user_id;
    let listed = stytch
        .sessions
        .get(sessions::GetRequest { user_id })
        .await
        .unwrap();
    assert!(listed.sessions.is_empty());
    let nothing = stytch.sessions.revoke(RevokeRequest::default()).await;
    assert_eq!(
        error(nothing),
        (400, "no_session_revoke_arguments".to_owned())
    );
}

#[tokio::test]
async fn the_rust_sdk_reads_a_refusal_of_rights() {
    let app = App::start().await;
    let stytch = sdk(&app, &app.secret).await;
    let right = signed_in(&app, &stytch).await;
    let check = |session_token| sessions::AuthenticateRequest {
        session_token: Some(session_token),
        authorization_check: Some(sessions::AuthorizationCheck {
            resource_id: "documents".to_owned(),
            action: "read".to_owned(),
        }),
        ..sessions::AuthenticateRequest::default()
    };
    let refused = stytch
        .sessions
        .authenticate(check(right.session_token))
        .await;
    let not_allowed = "consumer_session_authorization_error".to_owned();
    assert_eq!(error(refused), (403, not_allowed));
    let stranger = stytch.sessions.authenticate(check("x".repeat(43))).await;
    assert_eq!(error(stranger), (404, "session_not_found".to_owned()));
}
