use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use aws_lc_rs::hmac::{HMAC_SHA256, Key, sign};
use axum::{Router, extract::State, response::IntoResponse, routing::post};
use http::{HeaderMap, StatusCode, header};
use sallyport_base::Secret;
use sallyport_otp::{Gateway, Limits};
use serde_json::Value;
use tokio::net::TcpListener;

use crate::app::{ALICE, App, another};

const SECRET: &str = "a secret of the operator's own";

/// What a carrier does after it read a message.
#[derive(Clone, Copy, Debug)]
enum Then {
    Answer(StatusCode),
    HangUp,
    Sleep,
}

/// A carrier of the operator's own, which answers as told and keeps what it is given.
#[derive(Clone)]
struct Carrier {
    then: Arc<Mutex<Then>>,
    received: Arc<Mutex<Vec<(HeaderMap, String)>>>,
}

impl Carrier {
    async fn start(answer: StatusCode) -> (Self, Gateway) {
        let carrier = Self {
            then: Arc::new(Mutex::new(Then::Answer(answer))),
            received: Arc::default(),
        };
        let router = Router::new()
            .route("/send", post(receive))
            .with_state(carrier.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/send", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        let gateway = Gateway::Webhook {
            url: url.parse().unwrap(),
            secret: Secret::from(SECRET),
        };
        (carrier, gateway)
    }

    fn will(&self, then: Then) {
        *self.then.lock().unwrap() = then;
    }

    fn received(&self) -> Vec<(HeaderMap, String)> {
        self.received.lock().unwrap().clone()
    }

    /// The code of the newest message.
    fn code(&self) -> String {
        let message: Value = serde_json::from_str(&self.received().last().unwrap().1).unwrap();
        message["body"].as_str().unwrap()[..6].to_owned()
    }
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
        // Closes the connection; unlike a panic it prints nothing.
        Then::HangUp => std::panic::resume_unwind(Box::new(())),
        Then::Sleep => std::future::pending().await,
    }
}

#[tokio::test]
async fn a_message_is_posted_once_and_signed() {
    let (carrier, gateway) = Carrier::start(StatusCode::ACCEPTED).await;
    let app = App::with(Limits::default(), gateway).await;
    let sent = app.login_or_create(ALICE).await.ok();
    let [(headers, body)] = carrier.received().try_into().unwrap();

    let message: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(message["to"], ALICE);
    assert_eq!(message["locale"], "en");
    assert_eq!(message["expires_at"], "2026-11-24T09:32:00Z");
    assert_eq!(headers["idempotency-key"], message["id"].as_str().unwrap());
    assert_eq!(headers[header::CONTENT_TYPE], "application/json");

    let signature = headers["sallyport-signature"].to_str().unwrap();
    let tag = sign(
        &Key::new(HMAC_SHA256, SECRET.as_bytes()),
        format!("1795512600.{body}").as_bytes(),
    );
    let hex: String = tag
        .as_ref()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    assert_eq!(signature, format!("t=1795512600,v1={hex}"));

    let code = &message["body"].as_str().unwrap()[..6];
    app.authenticate(&sent.text("phone_id"), code).await.ok();
}

#[tokio::test]
async fn a_message_that_is_refused_leaves_no_code_and_no_pause() {
    for status in [
        StatusCode::INTERNAL_SERVER_ERROR,
        StatusCode::BAD_REQUEST,
        StatusCode::FOUND,
    ] {
        let (carrier, gateway) = Carrier::start(status).await;
        let app = App::with(Limits::default(), gateway).await;
        let refused = app.login_or_create(ALICE).await;
        assert_eq!(refused.refusal(), (400, "downstream_carrier_error"));
        assert_eq!(
            carrier.received().len(),
            1,
            "a redirect is not followed, nothing is repeated"
        );
        let withdrawn = carrier.code();

        carrier.will(Then::Answer(StatusCode::OK));
        let sent = app.login_or_create(ALICE).await.ok();
        let code = carrier.code();
        if withdrawn != code {
            assert_eq!(
                app.authenticate(&sent.text("phone_id"), &withdrawn)
                    .await
                    .status,
                404
            );
        }
        app.authenticate(&sent.text("phone_id"), &code).await.ok();
    }
}

#[tokio::test]
async fn a_gateway_that_fails_is_not_asked_without_end() {
    let (carrier, gateway) = Carrier::start(StatusCode::SERVICE_UNAVAILABLE).await;
    let app = App::with(Limits::default(), gateway).await;
    for _ in 0..5 {
        assert_eq!(
            app.login_or_create(ALICE).await.refusal(),
            (400, "downstream_carrier_error")
        );
    }
    assert_eq!(
        app.login_or_create(ALICE).await.refusal(),
        (429, "too_many_requests")
    );
    assert_eq!(carrier.received().len(), 5);
}

#[tokio::test]
async fn a_gateway_that_is_not_there_is_a_carrier_error() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/send", listener.local_addr().unwrap());
    drop(listener);
    let gateway = Gateway::Webhook {
        url: url.parse().unwrap(),
        secret: Secret::from(SECRET),
    };
    let app = App::with(Limits::default(), gateway).await;
    for _ in 0..2 {
        assert_eq!(
            app.login_or_create(ALICE).await.refusal(),
            (400, "downstream_carrier_error"),
            "what was not sent is no reason to wait"
        );
    }
}

/// Somebody whose first message arrived, and whose second one the carrier will treat so.
async fn second_message(then: Then) -> (App, Carrier, String) {
    let (carrier, gateway) = Carrier::start(StatusCode::OK).await;
    let app = App::with(Limits::default(), gateway).await;
    let method_id = app.login_or_create(ALICE).await.ok().text("phone_id");
    carrier.will(then);
    app.wait(30);
    (app, carrier, method_id)
}

#[tokio::test]
async fn a_message_that_may_be_out_keeps_its_code_and_its_pause() {
    for then in [Then::HangUp, Then::Answer(StatusCode::GATEWAY_TIMEOUT)] {
        let (app, carrier, method_id) = second_message(then).await;
        assert_eq!(
            app.login_or_create(ALICE).await.refusal(),
            (400, "downstream_carrier_error"),
            "{then:?}"
        );
        let again = app.login_or_create(ALICE).await;
        assert_eq!(again.refusal(), (429, "too_many_requests"), "{then:?}");
        assert_eq!(again.retry_after(), 60);
        assert_eq!(carrier.received().len(), 2, "nothing is repeated");
        app.authenticate(&method_id, &carrier.code()).await.ok();
    }
}

/// Takes the seven seconds that it is about: the other side is a real socket.
#[tokio::test]
async fn a_caller_who_waits_ten_seconds_hears_of_a_time_out() {
    let (app, carrier, method_id) = second_message(Then::Sleep).await;
    let answer = tokio::time::timeout(Duration::from_secs(10), app.login_or_create(ALICE))
        .await
        .expect("the answer comes before the caller gives up");
    assert_eq!(answer.refusal(), (400, "downstream_carrier_error"));
    app.authenticate(&method_id, &carrier.code()).await.ok();
}

#[tokio::test]
async fn a_refused_message_leaves_the_code_before_it_as_it_was() {
    let refusal = Then::Answer(StatusCode::SERVICE_UNAVAILABLE);
    let refused = (400, "downstream_carrier_error");
    let dead = (401, "unable_to_auth_otp_code");

    let (app, carrier, method_id) = second_message(refusal).await;
    let code = carrier.code();
    assert_eq!(app.login_or_create(ALICE).await.refusal(), refused);
    app.authenticate(&method_id, &code).await.ok();

    let (app, carrier, method_id) = second_message(refusal).await;
    let code = carrier.code();
    for _ in 0..4 {
        app.authenticate(&method_id, &another(&code)).await;
    }
    assert_eq!(app.login_or_create(ALICE).await.refusal(), refused);
    app.authenticate(&method_id, &another(&code)).await;
    let sixth = app.authenticate(&method_id, &code).await;
    assert_eq!(sixth.refusal(), dead, "guesses stay counted");

    let (app, carrier, method_id) = second_message(refusal).await;
    let code = carrier.code();
    assert_eq!(app.login_or_create(ALICE).await.refusal(), refused);
    app.wait(90);
    let late = app.authenticate(&method_id, &code).await;
    assert_eq!(late.refusal(), dead, "it expires when it would have");
}

#[tokio::test]
async fn a_refused_message_does_not_bring_a_used_code_back() {
    let (app, carrier, method_id) =
        second_message(Then::Answer(StatusCode::SERVICE_UNAVAILABLE)).await;
    let code = carrier.code();
    app.authenticate(&method_id, &code).await.ok();
    app.login_or_create(ALICE).await;
    assert_eq!(
        app.authenticate(&method_id, &code).await.refusal(),
        (404, "otp_code_not_found")
    );
}
