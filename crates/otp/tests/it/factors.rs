//! Adding an address to a user who has one.

use std::collections::HashMap;

use http::StatusCode;
use sallyport_base::params;
use sallyport_otp::{Gateway, GatewayKind, Limits, Twilio, Window};
use serde_json::json;

use crate::{
    app::{ALICE, Answer, App, BRUNO},
    webhook::Carrier,
};

async fn signed_in(app: &App) -> Answer {
    let (method_id, code) = app.sent(ALICE).await;
    let body = json!({ "method_id": method_id, "code": code, "session_duration_minutes": 60 });
    app.post("/v1/otps/authenticate", body).await.ok()
}

/// Asks for a code to a further number, by the session.
async fn add(app: &App, session: &Answer) -> Answer {
    let body = json!({ "phone_number": BRUNO, "session_token": session.text("session_token") });
    app.post("/v1/otps/sms/send", body).await
}

#[tokio::test]
async fn a_right_code_is_answered_although_no_notice_could_be_stored() {
    let app = App::start().await;
    let (user_id, _) = app.verified(ALICE).await;
    let body = json!({ "phone_number": BRUNO, "user_id": user_id });
    let added = app.post("/v1/otps/sms/send", body).await.ok();
    let code = app.code().await;
    let mut tx = app.scratch.store.begin().await.unwrap();
    let sql = "DROP TABLE otp_allowances";
    tx.execute(sql, params![]).await.unwrap();
    tx.commit().await.unwrap();
    app.authenticate(&added.text("phone_id"), &code).await.ok();
}

#[tokio::test]
async fn a_session_adds_a_number_only_for_five_minutes_after_a_factor_was_proven() {
    let app = App::start().await;
    let session = signed_in(&app).await;
    app.wait(301);
    assert_eq!(add(&app, &session).await.refusal(), (401, "stale_factors"));
    let code = app.sent(ALICE).await.1;
    let body = json!({
        "method_id": session.text("method_id"),
        "code": code,
        "session_token": session.text("session_token"),
    });
    app.post("/v1/otps/authenticate", body).await.ok();
    add(&app, &session).await.ok();
}

#[tokio::test]
async fn an_old_session_still_has_codes_sent_to_the_numbers_of_its_user() {
    let app = App::start().await;
    let session = signed_in(&app).await;
    app.wait(1800);
    let body = json!({ "phone_number": ALICE, "session_token": session.text("session_token") });
    app.post("/v1/otps/sms/send", body).await.ok();
}

#[tokio::test]
async fn how_fresh_a_factor_must_be_can_be_decided() {
    let limits = Limits {
        fresh_factor_minutes: 0,
        ..Limits::default()
    };
    let app = App::with(limits, Gateway::telephone()).await;
    let session = signed_in(&app).await;
    app.wait(1800);
    add(&app, &session).await.ok();
}

#[tokio::test]
async fn the_number_that_was_there_before_is_told_of_one_that_was_added() {
    let app = App::start().await;
    let session = signed_in(&app).await;
    let added = add(&app, &session).await.ok();
    let code = app.code().await;
    assert_eq!(
        app.messages().await.len(),
        2,
        "nobody is told before the code came back"
    );
    app.authenticate(&added.text("phone_id"), &code).await.ok();
    let messages = app.messages().await;
    assert_eq!(messages.len(), 3);
    assert_eq!(messages[0].to, ALICE);
    assert_eq!(
        messages[0].body,
        "A phone number ending in 23 was added to your Sallyport account. Not you? Tell Sallyport at once."
    );
}

#[tokio::test]
async fn nobody_is_told_when_that_is_switched_off() {
    let limits = Limits {
        notify_of_new_factor: false,
        ..Limits::default()
    };
    let app = App::with(limits, Gateway::telephone()).await;
    let session = signed_in(&app).await;
    let added = add(&app, &session).await.ok();
    let code = app.code().await;
    app.authenticate(&added.text("phone_id"), &code).await.ok();
    assert_eq!(app.messages().await.len(), 2);
}

/// A user with two numbers, of which Bruno's is the newer.
async fn with_two_numbers(app: &App) -> Answer {
    let session = signed_in(app).await;
    let added = add(app, &session).await.ok();
    let code = app.code().await;
    app.authenticate(&added.text("phone_id"), &code).await.ok();
    added
}

#[tokio::test]
async fn an_address_that_is_proven_anew_after_a_year_is_told_of_as_what_it_is() {
    let app = App::start().await;
    let added = with_two_numbers(&app).await;
    app.wait(200 * 86_400);
    app.verified(ALICE).await;
    app.wait(166 * 86_400);
    app.otp.purge(app.clock.now()).await.unwrap();
    let user = app
        .get(&format!("/v1/users/{}", added.text("user_id")))
        .await;
    assert_eq!(user.body["phone_numbers"][0]["verified"], true);
    assert_eq!(user.body["phone_numbers"][1]["verified"], false);
    app.verified(BRUNO).await;
    let notice = app.messages().await.remove(0);
    assert_eq!(notice.to, ALICE);
    assert!(
        notice
            .body
            .starts_with("A phone number ending in 23 was confirmed again for your"),
        "{}",
        notice.body
    );
    app.verified(BRUNO).await;
    assert_eq!(app.messages().await[0].to, BRUNO, "a login is no news");
}

#[tokio::test]
async fn whoever_spends_the_messages_of_a_user_silences_no_notice() {
    let app = App::start().await;
    let session = signed_in(&app).await;
    let mut method_id = String::new();
    for pause in [0, 30, 60, 120] {
        app.wait(pause);
        method_id = add(&app, &session).await.ok().text("phone_id");
    }
    let spent = app.login_or_create(ALICE).await;
    assert_eq!(spent.refusal(), (429, "too_many_requests"));
    let code = app.code().await;
    app.authenticate(&method_id, &code).await.ok();
    assert_eq!(app.messages().await[0].to, ALICE);
    assert_eq!(app.events("otp.noticed").await, 1);
}

#[tokio::test]
async fn a_notice_is_a_message_of_its_address_its_prefix_and_its_project() {
    let usual = Limits::default;
    for limits in [
        Limits {
            per_number: vec![Window::new(1, 1440)],
            ..usual()
        },
        Limits {
            per_prefix: vec![Window::new(1, 1440)],
            ..usual()
        },
        Limits {
            per_project: vec![Window::new(2, 1440)],
            ..usual()
        },
        Limits {
            prices: [("US".to_owned(), 10), ("CA".to_owned(), 10)].into(),
            cost_per_project: vec![Window::new(29, 1440)],
            ..usual()
        },
    ] {
        let app = App::with(limits, Gateway::telephone()).await;
        with_two_numbers(&app).await;
        assert_eq!(app.messages().await.len(), 2, "no notice beyond a budget");
        assert_eq!(app.events("otp.notice_kept_back").await, 1);
    }
}

/// Twilio at the address of a webhook.
fn twilio_at(gateway: &Gateway) -> Gateway {
    let GatewayKind::Webhook(webhook) = &gateway.kind else {
        panic!("it is a webhook");
    };
    let twilio = Twilio {
        account_sid: "AC1".to_owned(),
        auth_token: "secret".into(),
        from: Some("+12025550100".to_owned()),
        messaging_service_sid: None,
        base_url: webhook.url.clone(),
    };
    Gateway::new("twilio", GatewayKind::Twilio(twilio))
}

/// Hands over what waits, and returns the form of the newest message.
async fn sent_form(app: &App, carrier: &Carrier) -> HashMap<String, String> {
    app.otp.send_due().await.unwrap();
    let (_, form) = carrier.received().pop().unwrap();
    url::form_urlencoded::parse(form.as_bytes())
        .into_owned()
        .collect()
}

#[tokio::test]
async fn twilio_is_asked_to_keep_a_notice_for_no_longer_than_it_keeps_any_message() {
    let (carrier, gateway) = Carrier::start(StatusCode::CREATED).await;
    let app = App::with(Limits::default(), twilio_at(&gateway)).await;
    let first = app.login_or_create(ALICE).await.ok();
    let code = sent_form(&app, &carrier).await["Body"][..6].to_owned();
    app.authenticate(&first.text("phone_id"), &code).await.ok();
    let body = json!({ "phone_number": BRUNO, "user_id": first.text("user_id") });
    let second = app.post("/v1/otps/sms/send", body).await.ok();
    let form = sent_form(&app, &carrier).await;
    assert_eq!(
        form["ValidityPeriod"], "120",
        "a code is kept while it lives"
    );
    app.authenticate(&second.text("phone_id"), &form["Body"][..6])
        .await
        .ok();
    let notice = sent_form(&app, &carrier).await;
    assert_eq!(notice["To"], ALICE);
    assert_eq!(notice["ValidityPeriod"], "36000");
}
