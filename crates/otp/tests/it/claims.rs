//! An address belongs to whoever proved to have it; who only claims it keeps nobody out.

use futures_util::future::join;
use http::StatusCode;
use sallyport_otp::Limits;
use serde_json::{Value, json};

use crate::{
    app::{ALICE, Answer, App, BRUNO},
    webhook::Carrier,
};

const MAILBOX: &str = "bruno@example.com";

/// Somebody who signed in by mail a moment ago, with a session.
async fn signed_in_by_mail(app: &App) -> Answer {
    let body = json!({ "email": MAILBOX });
    let sent = app.post("/v1/otps/email/login_or_create", body).await.ok();
    let body = json!({
        "method_id": sent.text("email_id"),
        "code": app.code().await,
        "session_duration_minutes": 60,
    });
    app.post("/v1/otps/authenticate", body).await.ok()
}

async fn send(app: &App, user_id: &str, number: &str) -> Answer {
    let body = json!({ "phone_number": number, "user_id": user_id });
    app.post("/v1/otps/sms/send", body).await
}

async fn exchange(app: &App, user_id: &str, body: Value) -> Answer {
    let path = format!("/v1/users/{user_id}/exchange_primary_factor");
    app.put(&path, body).await
}

/// The user as shown.
async fn user(app: &App, user_id: &str) -> Value {
    app.get(&format!("/v1/users/{user_id}")).await.ok().body
}

#[tokio::test]
async fn a_number_that_a_stranger_asked_a_code_for_is_added_by_whoever_has_it() {
    for by_session in [false, true] {
        let app = App::start().await;
        let stranger = app.login_or_create(BRUNO).await.ok().text("user_id");
        app.wait(30);
        let session = signed_in_by_mail(&app).await;
        let mut body = json!({ "phone_number": BRUNO });
        if by_session {
            body["session_token"] = session.body["session_token"].clone();
        } else {
            body["user_id"] = session.body["user_id"].clone();
        }
        let added = app.post("/v1/otps/sms/send", body).await.ok();
        assert_eq!(added.text("user_id"), session.text("user_id"));
        let code = app.code().await;
        app.authenticate(&added.text("phone_id"), &code).await.ok();
        let owner = app.login_or_create(BRUNO).await.ok();
        assert_eq!(owner.text("user_id"), session.text("user_id"));
        let stranger = user(&app, &stranger).await;
        assert_eq!(stranger["phone_numbers"], json!([]));
    }
}

#[tokio::test]
async fn a_stranger_ends_no_enrolment_that_is_under_way() {
    let app = App::start().await;
    let bruno = signed_in_by_mail(&app).await.text("user_id");
    send(&app, &bruno, BRUNO).await.ok();
    app.wait(30);
    app.login_or_create(BRUNO).await.ok();
    app.wait(60);
    let added = send(&app, &bruno, BRUNO).await.ok();
    let code = app.code().await;
    let answer = app.authenticate(&added.text("phone_id"), &code).await.ok();
    assert_eq!(answer.text("user_id"), bruno);
}

#[tokio::test]
async fn a_mailbox_that_a_stranger_asked_a_code_for_is_added_by_whoever_has_it() {
    let app = App::start().await;
    let body = json!({ "email": MAILBOX });
    app.post("/v1/otps/email/login_or_create", body).await.ok();
    let (bruno, _) = app.verified(BRUNO).await;
    app.wait(30);
    let body = json!({ "email": MAILBOX, "user_id": bruno });
    let added = app.post("/v1/otps/email/send", body).await.ok();
    let code = app.code().await;
    let answer = app.authenticate(&added.text("email_id"), &code).await.ok();
    assert_eq!(answer.body["user"]["emails"][0]["email"], MAILBOX);
}

#[tokio::test]
async fn an_exchange_proves_nothing_and_takes_an_address_from_nobody() {
    let app = App::start().await;
    let (claimed, code) = app.sent(BRUNO).await;
    let (alice, _) = app.verified(ALICE).await;
    let exchanged = exchange(&app, &alice, json!({ "phone_number": BRUNO })).await;
    assert_eq!(exchanged.refusal(), (400, "duplicate_phone_number"));
    app.authenticate(&claimed, &code).await.ok();
}

#[tokio::test]
async fn who_loses_an_address_that_was_never_proven_keeps_all_else() {
    let app = App::start().await;
    let body = json!({
        "email": "carla@example.com",
        "phone_number": BRUNO,
        "name": { "first_name": "Carla" },
        "external_id": "7",
    });
    app.post("/v1/users", body).await.ok();
    let (alice, _) = app.verified(ALICE).await;
    let added = send(&app, &alice, BRUNO).await.ok();
    assert_eq!(
        user(&app, "7").await["phone_numbers"][0]["phone_number"],
        BRUNO,
        "nothing is taken before the code came back"
    );
    let code = app.code().await;
    app.authenticate(&added.text("phone_id"), &code).await.ok();
    for _ in 0..2 {
        let carla = user(&app, "7").await;
        assert_eq!(carla["phone_numbers"], json!([]));
        assert_eq!(carla["name"]["first_name"], "Carla");
        assert_eq!(carla["emails"][0]["email"], "carla@example.com");
        app.otp.purge(app.clock.now()).await.unwrap();
    }
    assert_eq!(app.events("otp.method_deleted").await, 1);
}

#[tokio::test]
async fn an_address_that_was_proven_long_ago_is_still_somebody_elses() {
    let app = App::start().await;
    app.verified(BRUNO).await;
    app.wait(366 * 86_400);
    app.otp.purge(app.clock.now()).await.unwrap();
    let (alice, _) = app.verified(ALICE).await;
    let duplicate = (400, "duplicate_phone_number");
    assert_eq!(send(&app, &alice, BRUNO).await.refusal(), duplicate);
    let body = json!({ "phone_number": BRUNO });
    assert_eq!(exchange(&app, &alice, body).await.refusal(), duplicate);
}

#[tokio::test]
async fn of_two_who_add_a_number_the_first_with_a_right_code_has_it() {
    let app = App::start().await;
    let (alice, _) = app.verified(ALICE).await;
    let bruno = signed_in_by_mail(&app).await.text("user_id");
    app.login_or_create(BRUNO).await.ok();
    app.wait(30);
    let of_bruno = send(&app, &bruno, BRUNO).await.ok();
    app.wait(60);
    let of_alice = send(&app, &alice, BRUNO).await.ok();
    let code = app.code().await;
    app.authenticate(&of_alice.text("phone_id"), &code)
        .await
        .ok();
    let late = send(&app, &bruno, BRUNO).await;
    assert_eq!(late.refusal(), (400, "duplicate_phone_number"));
    let answer = app.authenticate(&of_bruno.text("phone_id"), &code).await;
    assert_ne!(answer.status, 200, "{:?}", answer.body);
}

#[tokio::test]
async fn a_code_ends_the_codes_that_others_have_for_the_same_number() {
    let app = App::start().await;
    let (alice, _) = app.verified(ALICE).await;
    let bruno = signed_in_by_mail(&app).await.text("user_id");
    let mut sent = Vec::new();
    for (pause, user_id) in [(0, None), (30, Some(&alice)), (60, Some(&bruno))] {
        app.wait(pause);
        let phone_id = match user_id {
            None => app.login_or_create(BRUNO).await.ok().text("phone_id"),
            Some(user_id) => send(&app, user_id, BRUNO).await.ok().text("phone_id"),
        };
        sent.push((phone_id, app.code().await));
    }
    let (newest, newest_code) = sent.pop().unwrap();
    for (phone_id, code) in sent {
        let answer = app.authenticate(&phone_id, &code).await;
        assert_eq!(answer.refusal(), (404, "otp_code_not_found"));
    }
    app.authenticate(&newest, &newest_code).await.ok();
}

#[tokio::test]
async fn a_message_that_waits_is_not_sent_once_another_user_was_sent_a_code_for_its_number() {
    let (carrier, gateway) = Carrier::start(StatusCode::OK).await;
    let app = App::with(Limits::default(), gateway).await;
    let body = json!({ "email": MAILBOX });
    let bruno = app.post("/v1/users", body).await.ok().text("user_id");
    app.login_or_create(BRUNO).await.ok();
    app.wait(30);
    let added = send(&app, &bruno, BRUNO).await.ok();
    app.otp.send_due().await.unwrap();
    assert_eq!(carrier.received().len(), 1);
    assert_eq!(app.message_states().await, ["failed", "sent"]);
    let soon = send(&app, &bruno, BRUNO).await;
    assert_eq!(soon.refusal(), (429, "too_many_requests"));
    let phone_id = added.text("phone_id");
    app.authenticate(&phone_id, &carrier.code()).await.ok();
}

/// The pause keeps the stranger from a message, unless the code came back first. On PostgreSQL neither
/// may wait for the other while the other waits for it.
#[tokio::test]
async fn a_code_comes_back_while_a_stranger_asks_for_one() {
    let app = App::start().await;
    for n in 0..20 {
        let body = json!({ "email": format!("{n}@example.com") });
        let user_id = app.post("/v1/users", body).await.ok().text("user_id");
        let number = format!("+1202555{n:04}");
        let added = send(&app, &user_id, &number).await.ok();
        let (phone_id, code) = (added.text("phone_id"), app.code().await);
        let stranger = app.login_or_create(&number);
        let (answer, stranger) = join(app.authenticate(&phone_id, &code), stranger).await;
        answer.ok();
        assert!(
            [200, 429].contains(&stranger.status.as_u16()),
            "{stranger:?}"
        );
    }
}
