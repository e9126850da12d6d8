use futures_util::future::join_all;
use serde_json::json;

use crate::app::{ALICE, App, BRUNO, another};

#[tokio::test]
async fn a_code_that_was_sent_signs_its_user_in() {
    let app = App::start().await;
    let sent = app.login_or_create(ALICE).await.ok();
    assert_eq!(sent.body["user_created"], true);
    let method_id = sent.text("phone_id");
    assert!(method_id.starts_with("phone-number-test-"));
    assert!(sent.text("user_id").starts_with("user-test-"));

    let [message] = app.messages().await.try_into().unwrap();
    assert_eq!(message.to, ALICE);
    let code = &message.body[..6];
    assert_eq!(
        message.body,
        format!("{code} is your Sallyport code. Never share it.\n\n@login.example.com #{code}")
    );

    let answer = app.authenticate(&method_id, code).await.ok();
    assert_eq!(answer.text("user_id"), sent.text("user_id"));
    assert_eq!(
        answer.body["user"]["phone_numbers"],
        json!([{ "phone_id": method_id, "phone_number": ALICE, "verified": true }])
    );
}

#[tokio::test]
async fn the_answer_of_authenticate_has_every_field_that_sdks_require() {
    let app = App::start().await;
    let (method_id, code) = app.sent(ALICE).await;
    let mut answer = app.authenticate(&method_id, &code).await.ok();
    let user_id = answer.text("user_id");
    answer.body["request_id"] = json!("…");
    let user = json!({
        "user_id": user_id,
        "status": "active",
        "name": { "first_name": "", "middle_name": "", "last_name": "" },
        "emails": [],
        "phone_numbers": [{ "phone_id": method_id, "phone_number": ALICE, "verified": true }],
        "providers": [],
        "webauthn_registrations": [],
        "biometric_registrations": [],
        "totps": [],
        "crypto_wallets": [],
        "password": null,
        "roles": [],
        "is_locked": false,
        "lock_created_at": null,
        "lock_expires_at": null,
        "created_at": "2026-11-24T09:30:00Z",
        "external_id": null,
        "trusted_metadata": {},
        "untrusted_metadata": {},
    });
    assert_eq!(
        answer.body,
        json!({
            "status_code": 200,
            "request_id": "…",
            "user_id": user_id,
            "method_id": method_id,
            "user": user,
            "reset_sessions": false,
            "session_token": "",
            "session_jwt": "",
            "session": null,
            "user_device": null,
        })
    );
}

#[tokio::test]
async fn a_known_number_belongs_to_the_same_user() {
    let app = App::start().await;
    let (user_id, method_id) = app.verified(ALICE).await;
    let again = app.login_or_create(ALICE).await.ok();
    assert_eq!(again.body["user_created"], false);
    assert_eq!(
        (again.text("user_id"), again.text("phone_id")),
        (user_id.clone(), method_id)
    );
    app.wait(30);
    let sent = app
        .post("/v1/otps/sms/send", json!({ "phone_number": ALICE }))
        .await
        .ok();
    assert_eq!(sent.text("user_id"), user_id);
    assert_eq!(sent.body.get("user_created"), None);
    assert_eq!(app.messages().await.len(), 3);
}

#[tokio::test]
async fn a_pending_user_becomes_active_with_the_first_code() {
    let app = App::start().await;
    let sent = app
        .post(
            "/v1/otps/sms/login_or_create",
            json!({ "phone_number": ALICE, "create_user_as_pending": true }),
        )
        .await
        .ok();
    let path = format!("/v1/users/{}", sent.text("user_id"));
    let before = app.get(&path).await.ok();
    assert_eq!(before.body["status"], "pending");
    assert_eq!(before.body["phone_numbers"][0]["verified"], false);
    let code = app.code().await;
    app.authenticate(&sent.text("phone_id"), &code).await.ok();
    let after = app.get(&path).await.ok();
    assert_eq!(after.body["status"], "active");
    assert_eq!(after.body["phone_numbers"][0]["verified"], true);
}

#[tokio::test]
async fn a_send_to_a_number_that_nobody_has_is_refused() {
    let app = App::start().await;
    let answer = app
        .post("/v1/otps/sms/send", json!({ "phone_number": ALICE }))
        .await;
    assert_eq!(answer.refusal(), (404, "user_not_found"));
    assert!(app.messages().await.is_empty());
}

#[tokio::test]
async fn a_new_code_replaces_the_old_one() {
    let app = App::start().await;
    let (method_id, old) = app.sent(ALICE).await;
    app.wait(30);
    let mut code = app.sent(ALICE).await.1;
    let mut pause = 60;
    while code == old {
        app.wait(pause);
        pause = 120;
        code = app.sent(ALICE).await.1;
    }
    assert_eq!(
        app.authenticate(&method_id, &old).await.refusal(),
        (404, "otp_code_not_found")
    );
    app.authenticate(&method_id, &code).await.ok();
}

#[tokio::test]
async fn a_code_of_one_phone_is_wrong_for_another() {
    let app = App::start().await;
    let (alice, code) = app.sent(ALICE).await;
    let (bruno, other) = app.sent(BRUNO).await;
    if code != other {
        assert_eq!(
            app.authenticate(&bruno, &code).await.refusal(),
            (404, "otp_code_not_found")
        );
    }
    app.authenticate(&alice, &code).await.ok();
}

#[tokio::test]
async fn the_sandbox_number_has_a_fixed_code_and_receives_nothing() {
    let app = App::start().await;
    for _ in 0..8 {
        let sent = app.login_or_create("+10000000000").await.ok();
        app.authenticate(&sent.text("phone_id"), "000000")
            .await
            .ok();
    }
    let method_id = app
        .login_or_create("+10000000000")
        .await
        .ok()
        .text("phone_id");
    assert_eq!(
        app.authenticate(&method_id, &another("000000"))
            .await
            .refusal(),
        (404, "otp_code_not_found")
    );
    assert!(app.messages().await.is_empty());
}

#[tokio::test]
async fn the_sandbox_code_is_right_for_many_tests_at_once_and_nobody_is_locked() {
    let app = App::start().await;
    let sent = app.login_or_create("+10000000000").await.ok();
    let method_id = sent.text("phone_id");
    for _ in 0..12 {
        let wrong = app.authenticate(&method_id, "111111").await;
        assert_eq!(wrong.refusal(), (404, "otp_code_not_found"));
    }
    let right = (0..12).map(|_| app.authenticate(&method_id, "000000"));
    for answer in join_all(right).await {
        answer.ok();
    }
}

#[tokio::test]
async fn every_form_of_a_locale_is_taken_and_null_is_absent() {
    let app = App::start().await;
    for locale in ["pt-br", "ptbr", "deDE", "zh-Hans", "caES"] {
        let body = json!({
            "phone_number": "+10000000000",
            "locale": locale,
            "attributes": null,
            "expiration_minutes": null,
            "create_user_as_pending": null,
            "user_id": null,
            "session_token": null,
            "session_jwt": "",
        });
        app.post("/v1/otps/sms/login_or_create", body.clone())
            .await
            .ok();
        app.post("/v1/otps/sms/send", body).await.ok();
    }
}

#[tokio::test]
async fn a_code_lives_two_minutes_or_as_long_as_asked() {
    for (asked, minutes) in [(None, 2), (Some(1), 1), (Some(10), 10)] {
        let app = App::start().await;
        let body = json!({ "phone_number": ALICE, "expiration_minutes": asked });
        let sent = app
            .post("/v1/otps/sms/login_or_create", body.clone())
            .await
            .ok();
        let code = app.code().await;
        app.wait(minutes * 60);
        assert_eq!(
            app.authenticate(&sent.text("phone_id"), &code)
                .await
                .refusal(),
            (401, "unable_to_auth_otp_code")
        );
        app.post("/v1/otps/sms/login_or_create", body).await.ok();
        let code = app.code().await;
        app.wait(minutes * 60 - 1);
        app.authenticate(&sent.text("phone_id"), &code).await.ok();
    }
}
