use serde_json::json;

use crate::app::{ALICE, App, BRUNO};

#[tokio::test]
async fn a_user_is_shown_with_the_numbers() {
    let app = App::start().await;
    let (user_id, method_id) = app.verified(ALICE).await;
    let user = app.get(&format!("/v1/users/{user_id}")).await.ok();
    assert_eq!(user.text("user_id"), user_id);
    assert_eq!(user.body["phone_numbers"][0]["phone_id"], method_id);
    let unknown = "user-test-00000000-0000-4000-8000-000000000000";
    let answer = app.get(&format!("/v1/users/{unknown}")).await;
    assert_eq!(answer.refusal(), (404, "user_not_found"));
}

#[tokio::test]
async fn a_deleted_user_is_gone_with_numbers_and_codes() {
    let app = App::start().await;
    let (method_id, code) = app.sent(ALICE).await;
    let user_id = app
        .post("/v1/otps/sms/send", json!({ "phone_number": ALICE }))
        .await;
    assert_eq!(user_id.status, 429);
    let user_id = {
        let (_, other) = app.verified(BRUNO).await;
        assert_ne!(other, method_id);
        app.wait(30);
        app.login_or_create(ALICE).await.ok().text("user_id")
    };
    let path = format!("/v1/users/{user_id}");
    assert_eq!(app.delete(&path).await.ok().text("user_id"), user_id);
    assert_eq!(app.get(&path).await.refusal(), (404, "user_not_found"));
    assert_eq!(app.delete(&path).await.refusal(), (404, "user_not_found"));
    for code in [code, app.code().await] {
        let answer = app.authenticate(&method_id, &code).await;
        assert_eq!(answer.refusal(), (404, "otp_code_not_found"));
    }
}

#[tokio::test]
async fn a_number_can_be_deleted_unless_it_is_the_only_one() {
    let app = App::start().await;
    let (user_id, first) = app.verified(ALICE).await;
    let path = format!("/v1/users/phone_numbers/{first}");
    assert_eq!(
        app.delete(&path).await.refusal(),
        (400, "cannot_delete_last_primary_factor")
    );
    let body = json!({ "phone_number": BRUNO, "user_id": user_id });
    let second = app
        .post("/v1/otps/sms/send", body)
        .await
        .ok()
        .text("phone_id");
    assert_eq!(
        app.delete(&path).await.refusal(),
        (400, "cannot_delete_last_primary_factor"),
        "a number that is not verified is no replacement"
    );
    let code = app.code().await;
    app.authenticate(&second, &code).await.ok();
    let answer = app.delete(&path).await.ok();
    assert_eq!(answer.text("user_id"), user_id);
    assert_eq!(answer.body["user"]["phone_numbers"][0]["phone_id"], second);
    assert_eq!(
        app.delete(&path).await.refusal(),
        (404, "phone_number_not_found")
    );
}
