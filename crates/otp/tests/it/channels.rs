//! Codes by e-mail and WhatsApp.

use sallyport_otp::{Channel, Gateway, Limits};
use serde_json::json;

use crate::app::{ALICE, App, another};

const MAILBOX: &str = "alice@example.com";

#[tokio::test]
async fn a_code_by_e_mail_signs_its_user_in() {
    let app = App::start().await;
    let body = json!({ "email": "Alice@Example.com", "login_template_id": null });
    let sent = app.post("/v1/otps/email/login_or_create", body).await.ok();
    assert_eq!(sent.body["user_created"], true);
    let method_id = sent.text("email_id");
    assert!(method_id.starts_with("email-test-"), "{method_id}");
    let [message] = app.messages().await.try_into().unwrap();
    assert_eq!(message.to, MAILBOX);
    let code = app.code().await;
    assert_eq!(
        message.body,
        format!("{code} is your Sallyport code. Never share it.")
    );
    let wrong = app.authenticate(&method_id, &another(&code)).await;
    assert_eq!(wrong.refusal(), (404, "otp_code_not_found"));
    let body = json!({ "method_id": method_id, "code": code, "session_duration_minutes": 5 });
    let right = app.post("/v1/otps/authenticate", body).await.ok();
    assert_eq!(
        right.body["user"]["emails"],
        json!([{ "email_id": method_id, "email": MAILBOX, "verified": true }])
    );
    let factor = &right.body["session"]["authentication_factors"][0];
    assert_eq!(factor["delivery_method"], "email");
    assert_eq!(
        factor["email_factor"],
        json!({ "email_id": method_id, "email_address": MAILBOX })
    );
    let again = app
        .post("/v1/otps/email/send", json!({ "email": MAILBOX }))
        .await
        .ok();
    assert_eq!(again.text("user_id"), sent.text("user_id"));
}

#[tokio::test]
async fn a_code_by_whatsapp_belongs_to_the_same_number_as_one_by_sms() {
    let app = App::start().await;
    let (user_id, method_id) = app.verified(ALICE).await;
    let body = json!({ "phone_number": ALICE });
    let sent = app.post("/v1/otps/whatsapp/send", body.clone()).await.ok();
    assert_eq!(sent.text("phone_id"), method_id);
    let code = app.code().await;
    let body = json!({ "method_id": method_id, "code": code, "session_duration_minutes": 5 });
    let right = app.post("/v1/otps/authenticate", body).await.ok();
    assert_eq!(right.text("user_id"), user_id);
    let factor = &right.body["session"]["authentication_factors"][0];
    assert_eq!(factor["delivery_method"], "whatsapp");
}

#[tokio::test]
async fn every_way_spends_the_same_allowance_of_a_number() {
    let app = App::start().await;
    let body = json!({ "phone_number": ALICE });
    app.login_or_create(ALICE).await.ok();
    for path in [
        "/v1/otps/whatsapp/login_or_create",
        "/v1/otps/whatsapp/send",
    ] {
        let answer = app.post(path, body.clone()).await;
        assert_eq!(answer.refusal(), (429, "too_many_requests"), "{path}");
    }
    let email = json!({ "email": MAILBOX });
    let path = "/v1/otps/email/login_or_create";
    app.post(path, email.clone()).await.ok();
    let answer = app.post(path, email).await;
    assert_eq!(answer.refusal(), (429, "too_many_requests"));
}

#[tokio::test]
async fn the_sandbox_mailbox_takes_a_fixed_code_and_receives_nothing() {
    let app = App::start().await;
    let body = json!({ "email": "sandbox@stytch.com" });
    let sent = app.post("/v1/otps/email/login_or_create", body).await.ok();
    app.authenticate(&sent.text("email_id"), "000000")
        .await
        .ok();
    assert!(app.messages().await.is_empty());
}

#[tokio::test]
async fn a_way_that_is_not_switched_on_is_refused() {
    let app = App::sending_by(&[Channel::Sms]).await;
    app.login_or_create(ALICE).await.ok();
    for (path, body) in [
        ("/v1/otps/whatsapp/send", json!({ "phone_number": ALICE })),
        (
            "/v1/otps/email/login_or_create",
            json!({ "email": MAILBOX }),
        ),
    ] {
        let answer = app.post(path, body).await;
        assert_eq!(answer.refusal(), (400, "bad_request"), "{path}");
    }
}

#[tokio::test]
async fn a_message_is_in_the_language_that_was_asked_for() {
    let app = App::with(Limits::default(), Gateway::telephone()).await;
    let body = json!({ "phone_number": ALICE, "locale": "deDE" });
    app.post("/v1/otps/sms/login_or_create", body).await.ok();
    let body = app.messages().await[0].body.clone();
    assert!(body.contains("ist Ihr Code für Sallyport."), "{body}");
}

#[tokio::test]
async fn a_field_that_is_ignored_has_its_type_all_the_same() {
    let app = App::start().await;
    let body = json!({ "email": MAILBOX, "login_template_id": 7 });
    let answer = app.post("/v1/otps/email/login_or_create", body).await;
    assert_eq!(answer.refusal(), (400, "bad_request"));
}
