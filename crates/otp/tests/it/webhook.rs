use std::sync::{Arc, Mutex};

use aws_lc_rs::hmac::{HMAC_SHA256, Key, sign};
use axum::{Router, extract::State, response::IntoResponse};
use http::{HeaderMap, Method, Request, StatusCode, header};
use sallyport_base::Secret;
use sallyport_otp::{Gateway, Limits};
use serde_json::{Value, json};
use tokio::{net::TcpListener, sync::Notify};

use crate::app::{ALICE, Answer, App, BRUNO};

const SECRET: &str = "a secret of the operator's own";

/// When the clock of a test starts.
const NOW: i64 = 1_795_512_600;

/// What a carrier does after it read a message.
#[derive(Clone, Copy, Debug)]
pub enum Then {
    Answer(StatusCode),
    /// The same once it is told to go on.
    Hold(StatusCode),
    HangUp,
}

/// A carrier of the operator's own, which answers as told and keeps what it is given.
#[derive(Clone)]
pub struct Carrier {
    then: Arc<Mutex<Then>>,
    received: Arc<Mutex<Vec<(HeaderMap, String)>>>,
    go_on: Arc<Notify>,
}

impl Carrier {
    pub async fn start(answer: StatusCode) -> (Self, Gateway) {
        let carrier = Self {
            then: Arc::new(Mutex::new(Then::Answer(answer))),
            received: Arc::default(),
            go_on: Arc::default(),
        };
        let router = Router::new().fallback(receive).with_state(carrier.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/send", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        (carrier, gateway_at(&url))
    }

    pub fn will(&self, then: Then) {
        *self.then.lock().unwrap() = then;
    }

    pub fn go_on(&self) {
        self.go_on.notify_one();
    }

    pub fn received(&self) -> Vec<(HeaderMap, String)> {
        self.received.lock().unwrap().clone()
    }

    /// The newest message.
    pub fn message(&self) -> Value {
        serde_json::from_str(&self.received().last().unwrap().1).unwrap()
    }

    /// The code of the newest message.
    pub fn code(&self) -> String {
        self.message()["body"].as_str().unwrap()[..6].to_owned()
    }
}

fn gateway_at(url: &str) -> Gateway {
    Gateway::webhook(url.parse().unwrap(), Secret::from(SECRET))
}

/// A gateway that nobody answers at.
pub async fn nobody() -> Gateway {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/send", listener.local_addr().unwrap());
    drop(listener);
    gateway_at(&url)
}

async fn receive(
    State(carrier): State<Carrier>,
    headers: HeaderMap,
    body: String,
) -> impl IntoResponse {
    carrier.received.lock().unwrap().push((headers, body));
    let then = *carrier.then.lock().unwrap();
    match then {
        Then::Answer(status) => (status, [(header::LOCATION, "/send")]),
        Then::Hold(status) => {
            carrier.go_on.notified().await;
            (status, [(header::LOCATION, "/send")])
        }
        // Closes the connection; unlike a panic it prints nothing.
        Then::HangUp => std::panic::resume_unwind(Box::new(())),
    }
}

fn signature(seconds: i64, body: &str) -> String {
    let key = Key::new(HMAC_SHA256, SECRET.as_bytes());
    signature_under(&key, seconds, body)
}

fn signature_under(key: &Key, seconds: i64, body: &str) -> String {
    let tag = sign(key, format!("{seconds}.{body}").as_bytes());
    let hex: String = tag.as_ref().iter().map(|b| format!("{b:02x}")).collect();
    format!("t={seconds},v1={hex}")
}

#[tokio::test]
async fn a_message_is_posted_once_and_signed() {
    let (carrier, gateway) = Carrier::start(StatusCode::ACCEPTED).await;
    let app = App::with(Limits::default(), gateway).await;
    let sent = app.login_or_create(ALICE).await.ok();
    assert!(carrier.received().is_empty(), "the answer waits for nobody");
    app.otp.send_due().await.unwrap();
    app.otp.send_due().await.unwrap();
    let [(headers, body)] = carrier.received().try_into().unwrap();

    let message: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(message["to"], ALICE);
    assert_eq!(message["locale"], "en");
    assert_eq!(message["expires_at"], "2026-11-24T09:32:00Z");
    assert_eq!(headers["idempotency-key"], message["id"].as_str().unwrap());
    assert_eq!(headers[header::CONTENT_TYPE], "application/json");
    assert_eq!(headers["sallyport-signature"], signature(NOW, &body));

    let code = &message["body"].as_str().unwrap()[..6];
    app.authenticate(&sent.text("phone_id"), code).await.ok();
}

/// Tells what became of the newest message, signed so.
async fn tell(app: &App, carrier: &Carrier, body: &str, signature: &str) -> Answer {
    tell_of(app, &carrier.message(), body, signature).await
}

async fn tell_of(app: &App, message: &Value, body: &str, signature: &str) -> Answer {
    let id = message["id"].as_str().unwrap();
    let path = format!("/sallyport/v1/gateways/webhook/receipts/{id}");
    let request = Request::builder()
        .method(Method::POST)
        .uri(path)
        .header("sallyport-signature", signature)
        .body(body.to_owned().into())
        .unwrap();
    app.call(request).await
}

/// A receipt of this message, and its signature.
fn receipt(message: &Value, state: &str) -> (String, String) {
    let body =
        json!({ "id": message["id"], "state": state, "reason": "as a test wants" }).to_string();
    let signature = signature(NOW, &body);
    (body, signature)
}

#[tokio::test]
async fn a_signed_receipt_is_kept_and_any_other_is_not() {
    let (carrier, gateway) = Carrier::start(StatusCode::ACCEPTED).await;
    let app = App::with(Limits::default(), gateway).await;
    app.login_or_create(ALICE).await.ok();
    app.otp.send_due().await.unwrap();
    let (body, signed) = receipt(&carrier.message(), "delivered");
    for (body, signature) in [
        (&body, signature(NOW - 301, &body)),
        (&body, signature(NOW, "{}")),
        (&body, String::new()),
        (&receipt(&carrier.message(), "lost").0, signed.clone()),
    ] {
        let refused = tell(&app, &carrier, body, &signature).await;
        assert_eq!(refused.refusal(), (401, "unauthorized_credentials"));
        assert_eq!(app.message_states().await, ["sent"]);
    }
    tell(&app, &carrier, &body, &signed).await.ok();
    assert_eq!(app.message_states().await, ["delivered"]);
    let (late, signed) = receipt(&carrier.message(), "failed");
    tell(&app, &carrier, &late, &signed).await.ok();
    assert_eq!(
        app.message_states().await,
        ["delivered"],
        "the first receipt counts"
    );
}

#[tokio::test]
async fn a_receipt_is_good_for_the_message_that_it_names_and_for_no_other() {
    let (carrier, gateway) = Carrier::start(StatusCode::ACCEPTED).await;
    let app = App::with(Limits::default(), gateway).await;
    let mut messages = Vec::new();
    for number in [ALICE, BRUNO] {
        app.login_or_create(number).await.ok();
        app.otp.send_due().await.unwrap();
        messages.push(carrier.message());
    }
    let (body, signed) = receipt(&messages[0], "failed");
    for (body, signature) in [
        (body.as_str(), signed.clone()),
        (
            r#"{"state":"failed"}"#,
            signature(NOW, r#"{"state":"failed"}"#),
        ),
        (
            r#"{"id":"1","state":"failed"}"#,
            signature(NOW, r#"{"id":"1","state":"failed"}"#),
        ),
    ] {
        let refused = tell_of(&app, &messages[1], body, &signature).await;
        assert_eq!(refused.refusal(), (400, "bad_request"), "{body}");
        assert_eq!(app.message_states().await, ["sent", "sent"]);
    }
    tell_of(&app, &messages[0], &body, &signed).await.ok();
    assert_eq!(app.message_states().await, ["failed", "sent"]);
}

#[tokio::test]
async fn a_receipt_of_a_state_that_there_is_not_is_refused() {
    let (carrier, gateway) = Carrier::start(StatusCode::ACCEPTED).await;
    let app = App::with(Limits::default(), gateway).await;
    app.login_or_create(ALICE).await.ok();
    app.otp.send_due().await.unwrap();
    let (body, signed) = receipt(&carrier.message(), "lost");
    let refused = tell(&app, &carrier, &body, &signed).await;
    assert_eq!(refused.refusal(), (400, "bad_request"));
    assert_eq!(app.message_states().await, ["sent"]);
}

/// Each header of the manual is of the body that follows it.
#[test]
fn the_examples_of_the_manual_are_signed_right() {
    let manual = include_str!("../../../../docs/gateways.md");
    let key = Key::new(HMAC_SHA256, b"a long random text");
    let examples: Vec<_> = manual.split("Sallyport-Signature: ").skip(1).collect();
    assert_eq!(examples.len(), 2, "a message and a receipt");
    for example in examples {
        let (header, rest) = example.split_once('\n').unwrap();
        let body = rest.lines().find(|line| line.starts_with('{')).unwrap();
        assert_eq!(header, signature_under(&key, NOW, body));
    }
}

#[tokio::test]
async fn a_message_that_did_not_arrive_is_no_reason_to_wait() {
    let (carrier, gateway) = Carrier::start(StatusCode::ACCEPTED).await;
    let app = App::with(Limits::default(), gateway).await;
    app.login_or_create(ALICE).await.ok();
    app.otp.send_due().await.unwrap();
    let pause = (429, "too_many_requests");
    assert_eq!(app.login_or_create(ALICE).await.refusal(), pause);
    let (body, signed) = receipt(&carrier.message(), "failed");
    tell(&app, &carrier, &body, &signed).await.ok();
    assert_eq!(app.message_states().await, ["failed"]);
    app.login_or_create(ALICE).await.ok();
}

#[tokio::test]
async fn a_late_receipt_of_an_older_message_lifts_no_pause() {
    let (carrier, gateway) = Carrier::start(StatusCode::ACCEPTED).await;
    let app = App::with(Limits::default(), gateway).await;
    let mut messages = Vec::new();
    for _ in 0..2 {
        app.login_or_create(ALICE).await.ok();
        app.otp.send_due().await.unwrap();
        messages.push(carrier.message());
        app.wait(30);
    }
    let tell_failed = async |message: &Value| {
        let (body, signed) = receipt(message, "failed");
        tell_of(&app, message, &body, &signed).await.ok();
    };
    tell_failed(&messages[0]).await;
    let pause = (429, "too_many_requests");
    assert_eq!(app.login_or_create(ALICE).await.refusal(), pause);
    tell_failed(&messages[1]).await;
    app.login_or_create(ALICE).await.ok();
}
