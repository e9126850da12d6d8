//! What an operator sees.

use std::time::Duration;

use axum::body::Body;
use http::{Request, StatusCode, header};
use http_body_util::BodyExt;
use sallyport_otp::{Gateway, Limits, Share, Status, Window};
use tower::ServiceExt;

use crate::{
    app::{ALICE, App, BRUNO, METRICS_TOKEN},
    webhook::{Carrier, Then},
};

async fn metrics(app: &App, token: &str) -> (StatusCode, String) {
    let request = Request::get("/metrics")
        .header(header::AUTHORIZATION, format!("Bearer {token}"))
        .body(Body::empty())
        .unwrap();
    let answer = app.router.clone().oneshot(request).await.unwrap();
    let status = answer.status();
    let bytes = answer.into_body().collect().await.unwrap().to_bytes();
    (status, String::from_utf8(bytes.to_vec()).unwrap())
}

/// Alice types her code after 20 seconds, Bruno's message is not taken, and another waits.
async fn an_hour() -> App {
    let (carrier, gateway) = Carrier::start(StatusCode::OK).await;
    let app = App::with(Limits::default(), gateway).await;
    let method_id = app.login_or_create(ALICE).await.ok().text("phone_id");
    app.otp.send_due().await.unwrap();
    app.wait(20);
    app.authenticate(&method_id, &carrier.code()).await.ok();
    carrier.will(Then::Answer(StatusCode::BAD_REQUEST));
    app.login_or_create(BRUNO).await.ok();
    app.otp.send_due().await.unwrap();
    app.login_or_create(ALICE).await.ok();
    app.wait(5);
    app
}

#[tokio::test]
async fn metrics_are_for_whoever_has_the_token() {
    let app = an_hour().await;
    for token in ["", "guess", &METRICS_TOKEN[1..]] {
        let (status, text) = metrics(&app, token).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED);
        assert!(!text.contains("sallyport_otp"));
    }
    let (status, text) = metrics(&app, METRICS_TOKEN).await;
    assert_eq!(status, StatusCode::OK);
    for line in [
        r#"sallyport_otp_queued_total{country="US"} 2"#,
        r#"sallyport_otp_queued_total{country="CA"} 1"#,
        r#"sallyport_otp_sent_total{gateway="webhook",country="US"} 1"#,
        r#"sallyport_otp_failed_total{gateway="webhook",country="CA",reason="refused"} 1"#,
        r#"sallyport_otp_gateway_failures_total{gateway="webhook",reason="refused"} 1"#,
        r#"sallyport_otp_verified_total{gateway="webhook",country="US"} 1"#,
        r#"sallyport_otp_send_to_verify_seconds_bucket{gateway="webhook",le="10"} 0"#,
        r#"sallyport_otp_send_to_verify_seconds_bucket{gateway="webhook",le="30"} 1"#,
        "sallyport_otp_waiting 1",
    ] {
        assert!(text.lines().any(|l| l == line), "{line}\n{text}");
    }
}

#[tokio::test]
async fn the_status_is_of_all_nodes_and_of_the_time_that_is_asked_for() {
    let app = an_hour().await;
    let now = app.clock.now();
    let status = Status::since(
        &app.scratch.store,
        now.minus(Duration::from_secs(3600)),
        now,
    )
    .await
    .unwrap();
    let share = |country: &str, asked, sent, failed, verified| Share {
        gateway: "webhook".to_owned(),
        country: country.to_owned(),
        asked,
        sent,
        delivered: 0,
        failed,
        verified,
    };
    assert_eq!(
        status.shares,
        [share("CA", 1, 0, 1, 0), share("US", 2, 1, 0, 1)]
    );
    assert_eq!(status.reasons, [("refused".to_owned(), 1)]);
    assert_eq!((status.waiting, status.longest_wait.as_secs()), (1, 5));
    assert_eq!(status.median.map(|time| time.as_secs()), Some(20));
    let later = Status::since(&app.scratch.store, now, now).await.unwrap();
    assert!(later.shares.is_empty() && later.median.is_none());
    assert_eq!(
        later.waiting, 1,
        "what waits is shown whenever it was queued"
    );
}

/// Whoever looks for pumping sees what was asked for in vain, and an operator which key to change.
#[tokio::test]
async fn the_record_says_why_a_code_was_refused_and_which_limit_it_met() {
    let limits = Limits {
        per_project: vec![Window::new(1, 1440)],
        ..Limits::default()
    };
    let app = App::with(limits, Gateway::telephone()).await;
    app.login_or_create(ALICE).await.ok();
    for number in [ALICE, BRUNO, "+4915123456789", "+18005550199"] {
        let refused = app.login_or_create(number).await;
        assert!(matches!(refused.refusal().0, 400 | 429), "{number}");
        app.wait(1);
    }
    assert_eq!(
        app.reasons().await,
        [
            "resend_seconds",
            "per_project",
            "invalid_phone_number_country_code",
            "invalid_phone_number"
        ]
    );
}
