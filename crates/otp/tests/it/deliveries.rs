//! What a caller may know of the newest message to a method.

use http::{Method, StatusCode};
use sallyport_base::{Secret, Timestamp, params};
use sallyport_otp::{Environment, Limits, Project};
use serde_json::{Value, json};

use crate::{
    app::{ALICE, Answer, App, BRUNO, basic},
    webhook::{Carrier, Then},
};

const NOT_KNOWN: (u16, &str) = (404, "message_not_found");

async fn delivery(app: &App, method_id: &str) -> Answer {
    app.get(&format!("/sallyport/v1/deliveries/{method_id}"))
        .await
}

async fn state(app: &App, method_id: &str) -> String {
    delivery(app, method_id).await.ok().text("state")
}

/// What a gateway tells, or a courier notes, without either of them.
async fn becomes(app: &App, state: &str) {
    let mut tx = app.scratch.store.begin().await.unwrap();
    let sql = "UPDATE otp_outbox SET state = $1";
    tx.execute(sql, params![state]).await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn a_message_is_queued_then_sent_then_what_its_gateway_says() {
    let (_carrier, gateway) = Carrier::start(StatusCode::OK).await;
    let app = App::with(Limits::default(), gateway).await;
    let method_id = app.login_or_create(ALICE).await.ok().text("phone_id");
    assert_eq!(state(&app, &method_id).await, "queued");
    app.otp.send_due().await.unwrap();
    assert_eq!(state(&app, &method_id).await, "sent");
    for (kept, shown) in [
        ("handed", "queued"),
        ("delivered", "delivered"),
        ("failed", "failed"),
    ] {
        becomes(&app, kept).await;
        assert_eq!(state(&app, &method_id).await, shown);
    }
}

#[tokio::test]
async fn a_message_that_no_gateway_wants_has_failed_and_the_next_one_counts() {
    let (carrier, gateway) = Carrier::start(StatusCode::BAD_REQUEST).await;
    let app = App::with(Limits::default(), gateway).await;
    let method_id = app.login_or_create(ALICE).await.ok().text("phone_id");
    app.otp.send_due().await.unwrap();
    assert_eq!(state(&app, &method_id).await, "failed");
    carrier.will(Then::Answer(StatusCode::OK));
    app.wait(1);
    app.login_or_create(ALICE).await.ok();
    assert_eq!(state(&app, &method_id).await, "queued");
}

#[tokio::test]
async fn the_answer_has_the_state_and_the_moment_and_nothing_else() {
    let app = App::start().await;
    let before = app.clock.now();
    let (method_id, _) = app.sent(ALICE).await;
    let mut answer = delivery(&app, &method_id).await.ok().body;
    let fields = answer.as_object_mut().unwrap();
    let queued_at = fields.remove("queued_at").unwrap();
    let queued_at = Timestamp::parse_rfc3339(queued_at.as_str().unwrap()).unwrap();
    assert_eq!(queued_at.as_seconds(), before.as_seconds());
    fields.remove("request_id").unwrap();
    assert_eq!(answer, json!({ "state": "delivered", "status_code": 200 }));
}

#[tokio::test]
async fn whatever_is_not_known_is_one_and_the_same_answer() {
    let app = App::start().await;
    let (method_id, _) = app.sent(ALICE).await;
    let uuid = method_id.trim_start_matches("phone-number-test-");
    let without_message = app
        .post("/v1/users", json!({ "phone_number": BRUNO }))
        .await
        .ok()
        .text("phone_id");
    let sandbox = app.login_or_create("+10000000000").await.ok();
    let mut answers = Vec::new();
    for id in [
        "phone-number-test-018f3c1e-7c1a-7b6e-9a43-5f0f4f3a2b1c",
        &format!("phone-number-live-{uuid}"),
        &format!("email-test-{uuid}"),
        uuid,
        "%ff",
        &without_message,
        &sandbox.text("phone_id"),
    ] {
        let answer = delivery(&app, id).await;
        assert_eq!(answer.refusal(), NOT_KNOWN, "{id}");
        answers.push(said(&answer));
    }

    let (other, secret) = app.create_project(Environment::Test).await;
    let of_another_project = asked_by(&app, &other, &secret, &method_id).await;
    answers.push(said(&of_another_project));
    assert!(answers.iter().all(|answer| *answer == answers[0]));
}

async fn asked_by(app: &App, project: &Project, secret: &Secret, method_id: &str) -> Answer {
    let path = format!("/sallyport/v1/deliveries/{method_id}");
    let mut request = app.request(Method::GET, &path, "");
    let credentials = basic(project, secret).parse().unwrap();
    request.headers_mut().insert("authorization", credentials);
    app.call(request).await
}

/// All but what names the request.
fn said(answer: &Answer) -> Value {
    let mut body = answer.body.clone();
    body.as_object_mut().unwrap().remove("request_id");
    body
}

#[tokio::test]
async fn a_method_that_was_deleted_is_not_known_any_more() {
    let app = App::start().await;
    let sent = app.login_or_create(ALICE).await.ok();
    let user = format!("/v1/users/{}", sent.text("user_id"));
    app.delete(&user).await.ok();
    let answer = delivery(&app, &sent.text("phone_id")).await;
    assert_eq!(answer.refusal(), NOT_KNOWN);
}
