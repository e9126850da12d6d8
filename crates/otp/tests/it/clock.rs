//! A clock that was wrong for a while.

use http::StatusCode;
use sallyport_base::params;
use sallyport_otp::{Gateway, Limits, Window};
use serde_json::json;

use crate::{
    app::{ALICE, App, BRUNO, another},
    webhook::{Carrier, Then},
};

const YEAR: u64 = 365 * 86_400;

/// Goes back to the right time, and tidies up as every five minutes.
async fn back_by(app: &App, seconds: u64) {
    app.set_clock_back(i64::try_from(seconds).unwrap());
    app.otp.purge(app.clock.now()).await.unwrap();
}

/// How long a number is refused.
async fn refused_for(app: &App, number: &str) -> u64 {
    let answer = app.login_or_create(number).await;
    assert_eq!(answer.refusal(), (429, "too_many_requests"));
    answer.retry_after()
}

#[tokio::test]
async fn the_pause_of_a_clock_that_was_ahead_takes_no_longer_than_any() {
    let app = App::start().await;
    app.wait(YEAR);
    app.login_or_create(ALICE).await.ok();
    back_by(&app, YEAR).await;
    assert_eq!(refused_for(&app, ALICE).await, 30);
    app.wait(30);
    app.login_or_create(ALICE).await.ok();
}

#[tokio::test]
async fn the_window_of_a_clock_that_was_ahead_takes_no_longer_than_any() {
    let limits = Limits {
        per_project: vec![Window::new(1, 60)],
        ..Limits::default()
    };
    let app = App::with(limits, Gateway::telephone()).await;
    app.wait(YEAR);
    app.login_or_create(ALICE).await.ok();
    back_by(&app, YEAR).await;
    assert_eq!(refused_for(&app, BRUNO).await, 3600);
    app.wait(3600);
    app.login_or_create(BRUNO).await.ok();
}

#[tokio::test]
async fn the_lock_of_a_clock_that_was_ahead_takes_no_longer_than_any() {
    let limits = Limits {
        failures_before_lock: 1,
        ..Limits::default()
    };
    let app = App::with(limits, Gateway::telephone()).await;
    app.wait(YEAR);
    let (method_id, code) = app.sent(ALICE).await;
    app.authenticate(&method_id, &another(&code)).await;
    back_by(&app, YEAR).await;
    let locked = app.authenticate(&method_id, &code).await;
    assert_eq!(locked.refusal(), (429, "user_lock_limit_reached"));
    assert_eq!(locked.retry_after(), 3600);
    app.wait(3600);
    let dead = app.authenticate(&method_id, &code).await;
    assert_eq!(dead.refusal(), (401, "unable_to_auth_otp_code"));
    app.login_or_create(ALICE).await.ok();
}

#[tokio::test]
async fn an_address_is_on_probation_no_longer_for_a_clock_that_was_ahead() {
    let app = App::start().await;
    app.wait(YEAR);
    let (user_id, _) = app.verified(ALICE).await;
    let body = json!({ "phone_number": BRUNO, "user_id": user_id });
    app.post("/v1/otps/sms/send", body).await.ok();
    back_by(&app, YEAR).await;
    app.wait(300);
    let user = app.get(&format!("/v1/users/{user_id}")).await.ok();
    assert_eq!(user.body["phone_numbers"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_message_waits_no_longer_for_a_clock_that_was_ahead() {
    let (carrier, gateway) = Carrier::start(StatusCode::SERVICE_UNAVAILABLE).await;
    let app = App::with(Limits::default(), gateway).await;
    app.wait(3600);
    app.login_or_create(ALICE).await.ok();
    app.otp.send_due().await.unwrap();
    carrier.will(Then::Answer(StatusCode::OK));
    back_by(&app, 3600).await;
    app.wait(15);
    app.otp.send_due().await.unwrap();
    assert_eq!(app.message_states().await, ["sent"]);
}

#[tokio::test]
async fn a_node_that_was_lost_has_a_message_no_longer_for_a_clock_that_was_ahead() {
    let (_carrier, gateway) = Carrier::start(StatusCode::OK).await;
    let app = App::with(Limits::default(), gateway).await;
    app.wait(3600);
    app.login_or_create(ALICE).await.ok();
    lose_the_node(&app).await;
    back_by(&app, 3600).await;
    for seconds in [60, 15] {
        app.wait(seconds);
        app.otp.send_due().await.unwrap();
    }
    assert_eq!(app.message_states().await, ["sent"]);
}

/// As if it had been lost after it gave its messages away.
async fn lose_the_node(app: &App) {
    let mut tx = app.scratch.store.begin().await.unwrap();
    let sql = "UPDATE otp_outbox SET state = 'handed', tries = 1, due_at = due_at + 30000000";
    tx.execute(sql, params![]).await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn whoever_tidies_up_lifts_nothing_that_is_right() {
    let limits = Limits {
        failures_before_lock: 1,
        per_number: vec![Window::new(1, 60)],
        resend_seconds: [300; 3],
        ..Limits::default()
    };
    let app = App::with(limits, Gateway::telephone()).await;
    let (method_id, code) = app.sent(ALICE).await;
    app.authenticate(&method_id, &another(&code)).await;
    app.login_or_create(BRUNO).await.ok();
    lose_the_node(&app).await;
    let before = rows(&app).await;
    // The clock of another node is not the same to the second.
    back_by(&app, 30).await;
    app.wait(60);
    app.otp.purge(app.clock.now()).await.unwrap();
    assert_eq!(rows(&app).await, before);
}

/// All times that block somebody or something.
async fn rows(app: &App) -> Vec<i64> {
    let mut reader = app.scratch.store.reader().await.unwrap();
    let sql = "
        SELECT last_at AS at FROM otp_cooldowns
        UNION ALL SELECT ends_at FROM otp_allowances
        UNION ALL SELECT locked_until FROM otp_users WHERE locked_until IS NOT NULL
        UNION ALL SELECT expires_at FROM otp_passcodes
        UNION ALL SELECT due_at FROM otp_outbox
        ORDER BY at";
    let rows = reader.rows(sql, params![]).await.unwrap();
    assert!(rows.len() > 10, "{}", rows.len());
    rows.iter().map(|row| row.get("at").unwrap()).collect()
}
