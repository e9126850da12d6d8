use std::sync::{Arc, Mutex};

use aws_lc_rs::hmac::{HMAC_SHA256, Key, sign};
use axum::{Router, extract::State, response::IntoResponse, routing::post};
use http::{HeaderMap, StatusCode, header};
use sallyport_base::Secret;
use sallyport_otp::{Gateway, Limits};
use serde_json::Value;
use tokio::net::TcpListener;

use crate::app::{ALICE, App};

const SECRET: &str = "a secret of the operator's own";

/// A carrier of the operator's own, which answers as told and keeps what it is given.
#[derive(Clone)]
struct Carrier {
    answer: Arc<Mutex<StatusCode>>,
    received: Arc<Mutex<Vec<(HeaderMap, String)>>>,
}

impl Carrier {
    async fn start(answer: StatusCode) -> (Self, Gateway) {
        let carrier = Self {
            answer: Arc::new(Mutex::new(answer)),
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

    fn will_answer(&self, status: StatusCode) {
        *self.answer.lock().unwrap() = status;
    }

    fn received(&self) -> Vec<(HeaderMap, String)> {
        self.received.lock().unwrap().clone()
    }

    fn newest(&self) -> Value {
        serde_json::from_str(&self.received().last().unwrap().1).unwrap()
    }
}

async fn receive(
    State(carrier): State<Carrier>,
    headers: HeaderMap,
    body: String,
) -> impl IntoResponse {
    carrier.received.lock().unwrap().push((headers, body));
    let status = *carrier.answer.lock().unwrap();
    (status, [(header::LOCATION, "/send")])
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
        let withdrawn = carrier.newest()["body"].as_str().unwrap()[..6].to_owned();

        carrier.will_answer(StatusCode::OK);
        let sent = app.login_or_create(ALICE).await.ok();
        let code = carrier.newest()["body"].as_str().unwrap()[..6].to_owned();
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
    assert_eq!(
        app.login_or_create(ALICE).await.refusal(),
        (400, "downstream_carrier_error")
    );
}
