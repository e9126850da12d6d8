//! Numbers added to an existing user.

use serde_json::json;

use crate::app::{ALICE, Answer, App, BRUNO};

async fn add(app: &App, user_id: &str, number: &str) -> Answer {
    app.post(
        "/v1/otps/sms/send",
        json!({ "phone_number": number, "user_id": user_id, "expiration_minutes": 10 }),
    )
    .await
}

async fn numbers(app: &App, user_id: &str) -> Vec<(String, bool)> {
    let user = app.get(&format!("/v1/users/{user_id}")).await.ok();
    user.body["phone_numbers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|phone| {
            let number = phone["phone_number"].as_str().unwrap().to_owned();
            (number, phone["verified"].as_bool().unwrap())
        })
        .collect()
}

#[tokio::test]
async fn an_added_number_stays_once_it_is_verified() {
    let app = App::start().await;
    let (user_id, _) = app.verified(ALICE).await;
    let added = add(&app, &user_id, BRUNO).await.ok();
    assert_eq!(added.text("user_id"), user_id);
    assert_eq!(numbers(&app, &user_id).await[1], (BRUNO.to_owned(), false));
    let code = app.code().await;
    app.authenticate(&added.text("phone_id"), &code).await.ok();
    app.wait(3600);
    app.otp.purge(app.clock.now()).await.unwrap();
    assert_eq!(numbers(&app, &user_id).await[1], (BRUNO.to_owned(), true));
    let owner = app.login_or_create(BRUNO).await.ok();
    assert_eq!(owner.text("user_id"), user_id);
}

#[tokio::test]
async fn an_added_number_is_dropped_after_five_minutes() {
    let app = App::start().await;
    let (user_id, _) = app.verified(ALICE).await;
    let added = add(&app, &user_id, BRUNO).await.ok();
    let code = app.code().await;
    app.wait(300);
    assert_eq!(numbers(&app, &user_id).await.len(), 1);
    assert_eq!(
        app.authenticate(&added.text("phone_id"), &code)
            .await
            .refusal(),
        (404, "otp_code_not_found")
    );
    app.otp.purge(app.clock.now()).await.unwrap();
    add(&app, &user_id, BRUNO).await.ok();
}

#[tokio::test]
async fn a_new_message_gives_an_added_number_its_full_time_again() {
    let app = App::start().await;
    let (user_id, _) = app.verified(ALICE).await;
    let first = add(&app, &user_id, BRUNO).await.ok();
    app.wait(200);
    let second = add(&app, &user_id, BRUNO).await.ok();
    assert_eq!(first.text("phone_id"), second.text("phone_id"));
    app.wait(200);
    let code = app.code().await;
    app.authenticate(&second.text("phone_id"), &code).await.ok();
}

#[tokio::test]
async fn a_number_of_somebody_else_cannot_be_added() {
    let app = App::start().await;
    let (user_id, _) = app.verified(ALICE).await;
    app.verified(BRUNO).await;
    assert_eq!(
        add(&app, &user_id, BRUNO).await.refusal(),
        (400, "duplicate_phone_number")
    );
}

#[tokio::test]
async fn adding_a_number_does_not_keep_its_owner_out() {
    let app = App::start().await;
    let (mallory, _) = app.verified(ALICE).await;
    let added = add(&app, &mallory, BRUNO).await.ok();
    let stolen = app.code().await;
    app.wait(30);
    let bruno = app.login_or_create(BRUNO).await.ok();
    assert_eq!(bruno.body["user_created"], true);
    let code = app.code().await;
    app.authenticate(&bruno.text("phone_id"), &code).await.ok();
    let answer = app.authenticate(&added.text("phone_id"), &stolen).await;
    assert_eq!(answer.refusal(), (404, "otp_code_not_found"));
    assert_eq!(
        numbers(&app, &bruno.text("user_id")).await,
        [(BRUNO.to_owned(), true)]
    );
}

#[tokio::test]
async fn a_user_may_have_three_numbers_waiting() {
    let app = App::start().await;
    let (user_id, _) = app.verified(ALICE).await;
    for n in 0..3 {
        add(&app, &user_id, &format!("+1416555010{n}")).await.ok();
    }
    assert_eq!(
        add(&app, &user_id, "+14165550104").await.refusal(),
        (400, "too_many_unverified_factors")
    );
    app.wait(600);
    add(&app, &user_id, "+14165550104").await.ok();
}
