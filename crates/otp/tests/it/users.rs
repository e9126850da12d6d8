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

#[tokio::test]
async fn a_user_is_created_with_a_profile_and_both_addresses() {
    let app = App::start().await;
    let body = json!({
        "email": "alice@example.com",
        "phone_number": ALICE,
        "name": { "first_name": "Alice", "last_name": "Abel" },
        "create_user_as_pending": true,
        "external_id": "crm|7",
        "trusted_metadata": { "plan": "free" },
        "roles": ["buyer"],
    });
    let created = app.post("/v1/users", body).await.ok();
    let user = &created.body["user"];
    assert_eq!(user["status"], "pending");
    assert_eq!(user["name"]["first_name"], "Alice");
    assert_eq!(user["name"]["middle_name"], "");
    assert_eq!(user["emails"][0]["email_id"], created.body["email_id"]);
    assert_eq!(
        user["phone_numbers"][0]["phone_id"],
        created.body["phone_id"]
    );
    assert_eq!(user["phone_numbers"][0]["verified"], false);
    assert_eq!(user["trusted_metadata"], json!({ "plan": "free" }));
    assert_eq!(user["roles"], json!(["buyer"]));
    for name in [created.text("user_id"), "crm|7".to_owned()] {
        let path = format!("/v1/users/{}", name.replace('|', "%7C"));
        let shown = app.get(&path).await.ok();
        assert_eq!(shown.text("user_id"), created.text("user_id"));
    }
    let sent = app
        .post("/v1/otps/sms/send", json!({ "phone_number": ALICE }))
        .await
        .ok();
    assert_eq!(sent.text("user_id"), created.text("user_id"));
}

#[tokio::test]
async fn a_user_is_not_created_twice_and_nothing_is_left_of_a_refusal() {
    let app = App::start().await;
    let first = json!({ "phone_number": ALICE, "external_id": "7" });
    app.post("/v1/users", first).await.ok();
    for (body, error_type) in [
        (json!({}), "invalid_create_user_request"),
        (json!({ "email": "nowhere" }), "invalid_email"),
        (
            json!({ "email": "a@example.com", "phone_number": ALICE }),
            "duplicate_phone_number",
        ),
        (
            json!({ "email": "a@example.com", "external_id": "7" }),
            "duplicate_user_external_id",
        ),
        (
            json!({ "email": "a@example.com", "external_id": "user-test-1" }),
            "bad_request",
        ),
        (
            json!({ "email": "a@example.com", "trusted_metadata": { "story": "x".repeat(5000) } }),
            "metadata_too_large",
        ),
    ] {
        let answer = app.post("/v1/users", body.clone()).await;
        assert_eq!(answer.refusal(), (400, error_type), "{body}");
    }
    let many: serde_json::Map<_, _> = (0..21).map(|n| (n.to_string(), json!(n))).collect();
    let body = json!({ "email": "a@example.com", "untrusted_metadata": many });
    let answer = app.post("/v1/users", body).await;
    assert_eq!(answer.refusal(), (400, "metadata_too_many_keys"));
    app.post("/v1/users", json!({ "email": "a@example.com" }))
        .await
        .ok();
}

#[tokio::test]
async fn an_update_changes_what_it_names() {
    let app = App::start().await;
    let body = json!({
        "phone_number": ALICE,
        "name": { "first_name": "Alice", "last_name": "Abel" },
        "untrusted_metadata": { "theme": "dark", "size": 2 },
    });
    let created = app.post("/v1/users", body).await.ok();
    let path = format!("/v1/users/{}", created.text("user_id"));
    let body = json!({
        "name": { "last_name": "Adams", "first_name": null },
        "external_id": "7",
        "untrusted_metadata": { "theme": null, "lang": "en" },
    });
    let updated = app.put(&path, body).await.ok();
    let user = &updated.body["user"];
    assert_eq!(user["name"]["first_name"], "Alice");
    assert_eq!(user["name"]["last_name"], "Adams");
    assert_eq!(
        user["untrusted_metadata"],
        json!({ "size": 2, "lang": "en" })
    );
    assert_eq!(updated.body["phone_numbers"], user["phone_numbers"]);
    let cleared = app.delete("/v1/users/7/external_id").await.ok();
    assert_eq!(cleared.body["user"]["external_id"], json!(null));
    assert_eq!(
        app.get("/v1/users/7").await.refusal(),
        (404, "user_not_found")
    );
}

#[tokio::test]
async fn the_only_address_of_a_user_is_exchanged_and_the_old_one_told() {
    let app = App::start().await;
    let (user_id, old) = app.verified(ALICE).await;
    let path = format!("/v1/users/{user_id}/exchange_primary_factor");
    for body in [
        json!({}),
        json!({ "email_address": "a@example.com", "phone_number": BRUNO }),
    ] {
        assert_eq!(
            app.put(&path, body).await.refusal(),
            (400, "invalid_exchange_primary_factor_fields")
        );
    }
    let exchanged = app.put(&path, json!({ "phone_number": BRUNO })).await.ok();
    let [phone] = exchanged.body["user"]["phone_numbers"]
        .as_array()
        .unwrap()
        .as_slice()
    else {
        panic!("one number was expected: {}", exchanged.body);
    };
    assert_eq!(phone["phone_number"], BRUNO);
    assert_eq!(phone["verified"], false);
    assert_ne!(phone["phone_id"], old);
    let notice = &app.messages().await[0];
    assert_eq!(notice.to, ALICE);
    assert!(
        notice
            .body
            .starts_with("A phone number ending in 23 was added"),
        "{}",
        notice.body
    );
    assert_eq!(
        app.authenticate(&old, "123456").await.refusal(),
        (404, "otp_code_not_found")
    );
    app.verified(ALICE).await;
    let taken = app.put(&path, json!({ "phone_number": ALICE })).await;
    assert_eq!(taken.refusal(), (400, "duplicate_phone_number"));
}

#[tokio::test]
async fn a_user_with_two_addresses_has_no_primary_one_to_exchange() {
    let app = App::start().await;
    let body = json!({ "phone_number": ALICE, "email": "alice@example.com" });
    let created = app.post("/v1/users", body).await.ok();
    let path = format!(
        "/v1/users/{}/exchange_primary_factor",
        created.text("user_id")
    );
    let answer = app.put(&path, json!({ "phone_number": BRUNO })).await;
    assert_eq!(
        answer.refusal(),
        (400, "invalid_exchange_primary_factor_user")
    );
    let path = format!("/v1/users/emails/{}", created.text("email_id"));
    let left = app.delete(&path).await.ok();
    assert_eq!(left.body["user"]["emails"], json!([]));
    assert_eq!(app.delete(&path).await.refusal(), (404, "email_not_found"));
}
