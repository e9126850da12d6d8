use axum::body::Body;
use http::{Method, Request, header};
use serde_json::{Value, json};

use crate::app::{ALICE, App};

/// The refusal of a body by an address.
async fn refusal(app: &App, path: &str, body: Value) -> (u16, String) {
    let answer = app.post(path, body).await;
    let (status, error_type) = answer.refusal();
    (status, error_type.to_owned())
}

#[tokio::test]
async fn an_error_has_all_five_fields() {
    let app = App::start().await;
    let (method_id, code) = app.sent(ALICE).await;
    let mut answer = app
        .authenticate(&method_id, &crate::app::another(&code))
        .await;
    answer.body["request_id"] = json!("…");
    insta::assert_json_snapshot!(answer.body, @r#"
    {
      "error_message": "The code is not right, or no code was sent.",
      "error_type": "otp_code_not_found",
      "error_url": "https://stytch.com/docs/api/errors/404#otp_code_not_found",
      "request_id": "…",
      "status_code": 404
    }
    "#);
}

#[tokio::test]
async fn each_wrong_field_of_a_send_has_its_own_error() {
    let app = App::start().await;
    let with = |field: &str, value: Value| {
        let mut body = json!({ "phone_number": ALICE });
        body[field] = value;
        body
    };
    for path in ["/v1/otps/sms/send", "/v1/otps/sms/login_or_create"] {
        for (body, error_type) in [
            (json!({}), "missing_sms_parameter"),
            (with("phone_number", json!("")), "missing_sms_parameter"),
            (with("phone_number", json!(null)), "missing_sms_parameter"),
            (
                with("phone_number", json!(12_025_550_162_i64)),
                "bad_request",
            ),
            (
                with("phone_number", json!("2025550162")),
                "invalid_phone_number",
            ),
            (
                with("phone_number", json!("+999123456789")),
                "invalid_phone_number",
            ),
            (
                with("phone_number", json!("+447400123456")),
                "invalid_phone_number_country_code",
            ),
            (
                with("expiration_minutes", json!(0)),
                "invalid_expiration_otp",
            ),
            (
                with("expiration_minutes", json!(11)),
                "invalid_expiration_otp",
            ),
            (
                with("expiration_minutes", json!(-1)),
                "invalid_expiration_otp",
            ),
            (with("expiration_minutes", json!("5")), "bad_request"),
            (with("expiration_minutes", json!(2.5)), "bad_request"),
            (with("locale", json!("xx")), "invalid_locale"),
            (with("attributes", json!("x")), "bad_request"),
            (
                with("attributes", json!({ "ip_address": "nowhere" })),
                "invalid_ip_address",
            ),
        ] {
            assert_eq!(
                refusal(&app, path, body.clone()).await,
                (400, error_type.to_owned()),
                "{body}"
            );
        }
    }
    let path = "/v1/otps/sms/send";
    let unknown = "user-test-00000000-0000-4000-8000-000000000000";
    for (body, expected) in [
        (
            with("user_id", json!("user-test-7")),
            (400, "invalid_user_id"),
        ),
        (with("user_id", json!(unknown)), (404, "user_not_found")),
        (
            with("session_token", json!("unknown")),
            (404, "session_not_found"),
        ),
        (
            with("session_jwt", json!("a.b.c")),
            (404, "session_not_found"),
        ),
        (
            json!({ "phone_number": ALICE, "user_id": unknown, "session_token": "x" }),
            (400, "too_many_user_selection_arguments"),
        ),
    ] {
        let (status, error_type) = expected;
        assert_eq!(
            refusal(&app, path, body).await,
            (status, error_type.to_owned())
        );
    }
    assert!(app.messages().await.is_empty());
}

#[tokio::test]
async fn each_wrong_field_of_an_authentication_has_its_own_error() {
    let app = App::start().await;
    let (method_id, code) = app.sent(ALICE).await;
    let with = |field: &str, value: Value| {
        let mut body = json!({ "method_id": method_id, "code": code });
        body[field] = value;
        body
    };
    for (body, error_type) in [
        (json!({}), "bad_request"),
        (json!({ "method_id": method_id }), "bad_request"),
        (with("method_id", json!("nonsense")), "invalid_method_id"),
        (with("code", json!("")), "invalid_code"),
        (with("code", json!("12345")), "invalid_code"),
        (with("code", json!("1234567")), "invalid_code"),
        (with("code", json!("12345x")), "invalid_code"),
        (with("code", json!(123_456)), "bad_request"),
        (
            with("session_duration_minutes", json!(4)),
            "invalid_session_duration_minutes",
        ),
        (
            with("session_duration_minutes", json!(527_041)),
            "invalid_session_duration_minutes",
        ),
        (with("options", json!([])), "bad_request"),
        (
            with("options", json!({ "ip_match_required": "yes" })),
            "bad_request",
        ),
        (
            json!({ "method_id": method_id, "code": code, "session_token": "a", "session_jwt": "b" }),
            "too_many_session_arguments",
        ),
    ] {
        assert_eq!(
            refusal(&app, "/v1/otps/authenticate", body.clone()).await,
            (400, error_type.to_owned()),
            "{body}"
        );
    }
    app.authenticate(&method_id, &code).await.ok();
}

#[tokio::test]
async fn an_address_or_method_that_does_not_exist_is_refused_in_json() {
    let app = App::start().await;
    for path in [
        "/",
        "/v1",
        "/v2/otps/sms/send",
        "/v1/otps/sms/send/",
        "/v1/b2b/otps/sms/send",
    ] {
        assert_eq!(
            app.get(path).await.refusal(),
            (404, "route_not_found"),
            "{path}"
        );
    }
    let answer = app.get("/v1/otps/sms/send").await;
    assert_eq!(answer.refusal(), (405, "method_not_allowed"));
    assert_eq!(answer.headers[header::ALLOW], "POST");
    let answer = app.post("/v1/users/user-test-1", json!({})).await;
    assert_eq!(answer.refusal(), (405, "method_not_allowed"));
}

#[tokio::test]
async fn a_refusal_of_credentials_says_how_to_send_them() {
    let app = App::start().await;
    let request = Request::builder()
        .method(Method::POST)
        .uri("/v1/otps/sms/send")
        .body(Body::empty())
        .unwrap();
    let answer = app.call(request).await;
    assert_eq!(answer.refusal(), (401, "unauthorized_credentials"));
    assert!(answer.headers.contains_key(header::WWW_AUTHENTICATE));
}
