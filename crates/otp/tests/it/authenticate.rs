use serde_json::json;

use crate::app::{ALICE, App, another};

#[tokio::test]
async fn a_code_is_refused_the_second_time() {
    let app = App::start().await;
    let (method_id, code) = app.sent(ALICE).await;
    app.authenticate(&method_id, &code).await.ok();
    assert_eq!(
        app.authenticate(&method_id, &code).await.refusal(),
        (401, "unable_to_auth_otp_code")
    );
}

#[tokio::test]
async fn a_code_stands_five_guesses() {
    let app = App::start().await;
    let (method_id, code) = app.sent(ALICE).await;
    for _ in 0..5 {
        assert_eq!(
            app.authenticate(&method_id, &another(&code))
                .await
                .refusal(),
            (404, "otp_code_not_found")
        );
    }
    assert_eq!(
        app.authenticate(&method_id, &code).await.refusal(),
        (401, "unable_to_auth_otp_code")
    );
}

#[tokio::test]
async fn the_fifth_guess_may_be_right() {
    let app = App::start().await;
    let (method_id, code) = app.sent(ALICE).await;
    for _ in 0..4 {
        app.authenticate(&method_id, &another(&code)).await;
    }
    app.authenticate(&method_id, &code).await.ok();
}

#[tokio::test]
async fn a_method_that_is_unknown_looks_like_a_wrong_code() {
    let app = App::start().await;
    let (method_id, _) = app.verified(ALICE).await;
    let unknown = "phone-number-test-00000000-0000-4000-8000-000000000000";
    assert_eq!(
        app.authenticate(unknown, "123456").await.refusal(),
        (404, "otp_code_not_found")
    );
    for malformed in [
        method_id.replace("user", "number"),
        "7".to_owned(),
        unknown.replace("test", "live"),
    ] {
        assert_eq!(
            app.authenticate(&malformed, "123456").await.refusal(),
            (400, "invalid_method_id")
        );
    }
}

#[tokio::test]
async fn ten_wrong_codes_in_a_row_lock_the_user_for_an_hour() {
    let app = App::start().await;
    let (user_id, method_id) = app.verified(ALICE).await;
    for _ in 0..2 {
        let code = app.sent(ALICE).await.1;
        for _ in 0..5 {
            app.authenticate(&method_id, &another(&code)).await;
        }
        app.wait(60);
    }
    let user = app.get(&format!("/v1/users/{user_id}")).await.ok();
    assert_eq!(user.body["is_locked"], true);
    assert_eq!(user.body["lock_expires_at"], "2026-11-24T10:31:00Z");

    let refused = app.login_or_create(ALICE).await;
    assert_eq!(refused.refusal(), (429, "user_lock_limit_reached"));
    assert_eq!(refused.retry_after(), 3600 - 60);
    let guess = app.authenticate(&method_id, "123456").await;
    assert_eq!(guess.refusal(), (429, "user_lock_limit_reached"));

    app.wait(3600 - 60);
    let (_, code) = app.sent(ALICE).await;
    app.authenticate(&method_id, &code).await.ok();
    let user = app.get(&format!("/v1/users/{user_id}")).await.ok();
    assert_eq!(user.body["is_locked"], false);
}

#[tokio::test]
async fn a_right_code_starts_the_count_of_failures_again() {
    let app = App::start().await;
    let (_, method_id) = app.verified(ALICE).await;
    for _ in 0..4 {
        let (_, code) = app.sent(ALICE).await;
        for _ in 0..4 {
            app.authenticate(&method_id, &another(&code)).await;
        }
        app.authenticate(&method_id, &code).await.ok();
        app.wait(700);
    }
}

#[tokio::test]
async fn guesses_at_a_dead_code_lock_nobody() {
    let app = App::start().await;
    let (method_id, code) = app.sent(ALICE).await;
    app.authenticate(&method_id, &code).await.ok();
    for _ in 0..20 {
        assert_eq!(
            app.authenticate(&method_id, "123456").await.refusal(),
            (401, "unable_to_auth_otp_code")
        );
    }
    let (_, code) = app.sent(ALICE).await;
    app.authenticate(&method_id, &code).await.ok();
}

#[tokio::test]
async fn a_guess_must_come_from_where_the_code_was_asked_for_when_told_so() {
    let app = App::start().await;
    let home = json!({ "ip_address": "192.0.2.7", "user_agent": "Lynx/2.9" });
    let body = json!({ "phone_number": ALICE, "attributes": home });
    let sent = app.post("/v1/otps/sms/login_or_create", body).await.ok();
    let code = app.code().await;
    let guess = |attributes, options| {
        json!({
            "method_id": sent.text("phone_id"),
            "code": code,
            "attributes": attributes,
            "options": options,
        })
    };
    let ip = json!({ "ip_match_required": true, "user_agent_match_required": false });
    let both = json!({ "ip_match_required": true, "user_agent_match_required": true });
    let elsewhere = json!({ "ip_address": "198.51.100.1", "user_agent": "Lynx/2.9" });
    let other_browser = json!({ "ip_address": "192.0.2.7", "user_agent": "w3m" });
    for body in [
        guess(elsewhere, ip.clone()),
        guess(json!(null), ip.clone()),
        guess(other_browser.clone(), both),
    ] {
        let answer = app.post("/v1/otps/authenticate", body).await;
        assert_eq!(answer.refusal(), (401, "attribute_mismatch"));
    }
    app.post("/v1/otps/authenticate", guess(other_browser, ip))
        .await
        .ok();
}
