use sallyport_otp::{Gateway, Limits, Window};
use serde_json::{Value, json};

use crate::app::{ALICE, Answer, App, BRUNO, another};

/// Limits without the pause between messages, for tests of what comes after it.
fn without_pauses() -> Limits {
    Limits {
        resend_seconds: [0, 0, 0],
        ..Limits::default()
    }
}

async fn send_from(app: &App, number: &str, ip: &str) -> Answer {
    app.post(
        "/v1/otps/sms/login_or_create",
        json!({ "phone_number": number, "attributes": { "ip_address": ip } }),
    )
    .await
}

fn number(n: usize) -> String {
    format!("+1202555{n:04}")
}

#[tokio::test]
async fn the_pause_between_messages_grows() {
    let app = App::start().await;
    app.login_or_create(ALICE).await.ok();
    for pause in [30, 60, 120, 120] {
        app.wait(pause - 1);
        let refused = app.login_or_create(ALICE).await;
        assert_eq!(refused.refusal(), (429, "too_many_requests"));
        assert_eq!(refused.retry_after(), 1);
        app.wait(1);
        app.login_or_create(ALICE).await.ok();
    }
}

#[tokio::test]
async fn a_message_refused_for_the_pause_leaves_the_old_code_alone() {
    let app = App::start().await;
    let (method_id, code) = app.sent(ALICE).await;
    assert_eq!(app.login_or_create(ALICE).await.status, 429);
    app.authenticate(&method_id, &code).await.ok();
    assert_eq!(app.messages().await.len(), 1);
}

#[tokio::test]
async fn after_a_right_code_or_ten_quiet_minutes_there_is_no_pause() {
    let app = App::start().await;
    app.verified(ALICE).await;
    app.login_or_create(ALICE).await.ok();
    app.wait(30);
    app.login_or_create(ALICE).await.ok();
    app.wait(600);
    app.login_or_create(ALICE).await.ok();
    app.wait(30);
    app.login_or_create(ALICE).await.ok();
}

#[tokio::test]
async fn a_number_gets_five_messages_in_ten_minutes_and_ten_a_day() {
    let app = App::with(without_pauses(), Gateway::telephone()).await;
    for _ in 0..5 {
        app.login_or_create(ALICE).await.ok();
    }
    app.wait(60);
    let refused = app.login_or_create(ALICE).await;
    assert_eq!(
        (refused.refusal(), refused.retry_after()),
        ((429, "too_many_requests"), 540)
    );
    app.login_or_create(BRUNO).await.ok();
    app.wait(540);
    for _ in 0..5 {
        app.login_or_create(ALICE).await.ok();
    }
    app.wait(600);
    let refused = app.login_or_create(ALICE).await;
    assert_eq!(
        (refused.status.as_u16(), refused.retry_after()),
        (429, 86_400 - 1200)
    );
    app.wait(86_400 - 1200);
    app.login_or_create(ALICE).await.ok();
}

#[tokio::test]
async fn a_user_who_deletes_and_starts_again_meets_the_same_limits() {
    let app = App::start().await;
    let sent = app.login_or_create(ALICE).await.ok();
    app.delete(&format!("/v1/users/{}", sent.text("user_id")))
        .await
        .ok();
    assert_eq!(app.login_or_create(ALICE).await.status, 429);
}

#[tokio::test]
async fn an_address_gets_ten_messages_an_hour_to_strangers() {
    let app = App::start().await;
    for n in 0..10 {
        send_from(&app, &number(n), "192.0.2.7").await.ok();
    }
    assert_eq!(send_from(&app, &number(10), "192.0.2.7").await.status, 429);
    assert_eq!(
        send_from(&app, &number(10), "::ffff:192.0.2.7")
            .await
            .status,
        429
    );
    send_from(&app, &number(10), "192.0.2.8").await.ok();
}

#[tokio::test]
async fn people_who_are_known_share_an_address_more_freely() {
    let limits = Limits {
        per_ip_to_strangers: vec![Window::new(1, 60)],
        per_ip: vec![Window::new(3, 5)],
        ..Limits::default()
    };
    let app = App::with(limits, Gateway::telephone()).await;
    for n in 0..4 {
        app.verified(&number(n)).await;
    }
    for n in 0..3 {
        send_from(&app, &number(n), "192.0.2.7").await.ok();
    }
    let refused = send_from(&app, &number(3), "192.0.2.7").await;
    assert_eq!((refused.status.as_u16(), refused.retry_after()), (429, 300));
}

#[tokio::test]
async fn the_addresses_of_one_ipv6_network_count_as_one() {
    let limits = Limits {
        per_ip: vec![Window::new(1, 5)],
        ..Limits::default()
    };
    let app = App::with(limits, Gateway::telephone()).await;
    send_from(&app, &number(0), "2001:db8:1:2::1").await.ok();
    assert_eq!(
        send_from(&app, &number(1), "2001:db8:1:2:ffff::9")
            .await
            .status,
        429
    );
    send_from(&app, &number(1), "2001:db8:1:3::1").await.ok();
}

#[tokio::test]
async fn a_prefix_that_is_pumped_runs_dry() {
    let limits = Limits {
        per_prefix: vec![Window::new(20, 60)],
        ..Limits::default()
    };
    let app = App::with(limits, Gateway::telephone()).await;
    for n in 0..20 {
        app.login_or_create(&number(n)).await.ok();
    }
    assert_eq!(
        app.login_or_create(&number(20)).await.refusal(),
        (429, "too_many_requests")
    );
    app.login_or_create(BRUNO).await.ok();
    assert_eq!(app.messages().await.len(), 21);
}

#[tokio::test]
async fn a_project_has_a_daily_budget_of_its_own() {
    let limits = Limits {
        per_project: vec![Window::new(2, 1440)],
        ..Limits::default()
    };
    let app = App::with(limits, Gateway::telephone()).await;
    app.login_or_create(&number(0)).await.ok();
    app.login_or_create(&number(1)).await.ok();
    let refused = app.login_or_create(&number(2)).await;
    assert_eq!(
        (refused.status.as_u16(), refused.retry_after()),
        (429, 86_400)
    );

    let (project, secret) = app.create_project(sallyport_otp::Environment::Test).await;
    let other = App {
        project,
        secret,
        ..app
    };
    other.login_or_create(&number(2)).await.ok();
}

#[tokio::test]
async fn a_refused_message_leaves_no_user_behind() {
    let limits = Limits {
        per_project: vec![Window::new(0, 1440)],
        ..Limits::default()
    };
    let app = App::with(limits, Gateway::telephone()).await;
    assert_eq!(app.login_or_create(ALICE).await.status, 429);
    let answer = app
        .post("/v1/otps/sms/send", json!({ "phone_number": ALICE }))
        .await;
    assert_eq!(answer.refusal(), (404, "user_not_found"));
    assert_eq!(app.events("otp.user_created").await, 0);
}

#[tokio::test]
async fn a_user_made_by_a_first_message_is_on_record_once() {
    let app = App::start().await;
    app.verified(ALICE).await;
    app.login_or_create(ALICE).await.ok();
    assert_eq!(app.events("otp.user_created").await, 1);
}

#[tokio::test]
async fn purging_forgets_what_served_its_time_and_nothing_else() {
    let app = App::start().await;
    let (method_id, code) = app.sent(ALICE).await;
    app.authenticate(&method_id, &another(&code)).await;
    app.otp.purge(app.clock.now()).await.unwrap();
    app.authenticate(&method_id, &code).await.ok();
    app.wait(2 * 86_400);
    app.otp.purge(app.clock.now()).await.unwrap();
    assert!(app.messages().await.is_empty());
    assert_eq!(
        app.authenticate(&method_id, &code).await.refusal(),
        (404, "otp_code_not_found")
    );
    let again = app.login_or_create(ALICE).await.ok();
    assert_eq!(again.body["user_created"], Value::Bool(false));
}
