use std::{convert::Infallible, future::pending, time::Duration};

use axum::body::Body;
use base64::{Engine, prelude::BASE64_STANDARD};
use http::{Method, header};
use serde_json::json;
use tokio::time::{self, Instant};

use crate::app::{ALICE, App};

const PATH: &str = "/v1/otps/authenticate";

/// A body that never comes. The clock is stopped once it is waited for, and so nobody has to wait:
/// a clock that stands still jumps to the next moment that something waits for.
pub fn endless_body() -> Body {
    let nothing = async {
        time::pause();
        pending::<Result<&[u8], Infallible>>().await
    };
    Body::from_stream(futures_util::stream::once(nothing))
}

#[tokio::test]
async fn a_body_that_is_not_a_json_object_is_refused() {
    let app = App::start().await;
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let nested = format!(r#"{{"options": {}}}"#, &deep[..20_000]);
    for body in [
        "",
        "{",
        "nonsense",
        "[]",
        "\"text\"",
        "null",
        "{} trailing",
        r#"{"code": "1", "code": "2"}"#,
        &nested,
    ] {
        let answer = app
            .call(app.request(Method::POST, PATH, body.to_owned()))
            .await;
        assert_eq!(answer.refusal(), (400, "bad_request"), "{:.40}", body);
    }
    for body in [&b"\xff\xfe{}"[..], b"{\"code\": \"\xc3\x28\"}", b"\0"] {
        let answer = app
            .call(app.request(Method::POST, PATH, body.to_vec()))
            .await;
        assert_eq!(answer.refusal(), (400, "bad_request"));
    }
}

#[tokio::test]
async fn a_body_that_does_not_come_is_refused_after_ten_seconds() {
    let app = App::start().await;
    let nobody = "00000000-0000-4000-8000-000000000000";
    let receipts = format!("/sallyport/v1/gateways/telephone/receipts/{nobody}");
    for (method, path) in [
        (Method::POST, PATH),
        (Method::POST, "/v1/otps/email/login_or_create"),
        (Method::POST, "/v1/sessions/authenticate"),
        (Method::POST, "/v1/users"),
        (Method::PUT, &format!("/v1/users/user-test-{nobody}")),
        (Method::POST, "/sallyport/v1/inbound_messages"),
        (Method::POST, &receipts),
        (Method::GET, &receipts),
    ] {
        let began = Instant::now();
        let answer = app.call(app.request(method, path, endless_body())).await;
        assert_eq!(answer.refusal(), (408, "request_timeout"), "{path}");
        let waited = began.elapsed();
        assert!(waited >= Duration::from_secs(10), "{path}: {waited:?}");
        time::resume();
    }
}

#[tokio::test]
async fn a_large_body_is_refused() {
    let app = App::start().await;
    let body = format!(r#"{{"code": "{}"}}"#, "1".repeat(64 * 1024));
    let answer = app.call(app.request(Method::POST, PATH, body)).await;
    assert_eq!(answer.refusal(), (413, "request_too_large"));
}

#[tokio::test]
async fn a_large_receipt_is_refused() {
    let app = App::start().await;
    let nobody = "00000000-0000-4000-8000-000000000000";
    let path = format!("/sallyport/v1/gateways/telephone/receipts/{nobody}");
    let body = "x".repeat(64 * 1024 + 1);
    let answer = app.call(app.request(Method::POST, &path, body)).await;
    assert_eq!(answer.refusal(), (413, "request_too_large"));
    let answer = app.call(app.request(Method::POST, &path, "x")).await;
    assert_eq!(answer.refusal(), (401, "unauthorized_credentials"));
}

#[tokio::test]
async fn a_body_that_breaks_off_is_refused() {
    let app = App::start().await;
    let broken = async { Err::<&[u8], _>(std::io::Error::other("the connection is gone")) };
    let body = Body::from_stream(futures_util::stream::once(broken));
    let answer = app.call(app.request(Method::POST, PATH, body)).await;
    assert_eq!(answer.refusal(), (400, "bad_request"));
}

#[tokio::test]
async fn a_body_of_another_type_is_refused_and_one_without_a_type_is_read() {
    let app = App::start().await;
    let body = json!({ "phone_number": ALICE }).to_string();
    for content_type in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "application/jsonp",
        "",
    ] {
        let mut request = app.request(Method::POST, "/v1/otps/sms/send", body.clone());
        request
            .headers_mut()
            .insert(header::CONTENT_TYPE, content_type.parse().unwrap());
        let answer = app.call(request).await;
        assert_eq!(
            answer.refusal(),
            (415, "unsupported_media_type"),
            "{content_type}"
        );
    }
    let mut request = app.request(Method::POST, "/v1/otps/sms/send", body.clone());
    request.headers_mut().remove(header::CONTENT_TYPE);
    assert_eq!(app.call(request).await.refusal(), (404, "user_not_found"));
    let mut request = app.request(Method::POST, "/v1/otps/sms/send", body);
    let with_charset = "Application/JSON; charset=utf-8".parse().unwrap();
    request
        .headers_mut()
        .insert(header::CONTENT_TYPE, with_charset);
    assert_eq!(app.call(request).await.refusal(), (404, "user_not_found"));
}

#[tokio::test]
async fn path_segments_are_decoded_and_nonsense_in_them_is_refused() {
    let app = App::start().await;
    let (user_id, method_id) = app.verified(ALICE).await;
    let encoded = |id: &str| id.replace('-', "%2D");
    let path = format!("/v1/users/{}?user_id={user_id}", encoded(&user_id));
    app.get(&path).await.ok();
    for segment in [
        "%FF%FE",
        "..%2f..%2fetc",
        "user-test-%00",
        "user%20test",
        "user-test-1'%20OR%201=1",
    ] {
        let answer = app.get(&format!("/v1/users/{segment}")).await;
        assert_eq!(answer.refusal(), (400, "invalid_user_id"), "{segment}");
        let answer = app
            .delete(&format!("/v1/users/phone_numbers/{segment}"))
            .await;
        assert_eq!(
            answer.refusal(),
            (404, "phone_number_not_found"),
            "{segment}"
        );
        let answer = app.get(&format!("/v1/sessions/jwks/{segment}")).await;
        assert_eq!(answer.refusal(), (404, "project_not_found"), "{segment}");
    }
    let path = format!("/v1/users/phone_numbers/{}", encoded(&method_id));
    assert_eq!(
        app.delete(&path).await.refusal(),
        (400, "cannot_delete_last_primary_factor")
    );
}

#[tokio::test]
async fn the_body_of_a_get_is_ignored() {
    let app = App::start().await;
    let (user_id, _) = app.verified(ALICE).await;
    for body in ["{}", "null", "not json"] {
        let path = format!("/v1/users/{user_id}");
        app.call(app.request(Method::GET, &path, Body::from(body)))
            .await
            .ok();
    }
}

#[tokio::test]
async fn credentials_that_are_not_basic_are_refused() {
    let app = App::start().await;
    let with_null = BASE64_STANDARD.encode("project-test-\0:secret-test-\0");
    for value in [
        "Basic",
        "Basic ",
        "Basic !!!",
        "Basic bm8tY29sb24=",
        "Bearer token",
        "Basic //8=",
        &format!("Basic {with_null}"),
        "Basic Og==",
        "\u{80}",
    ] {
        let mut request = app.request(Method::POST, PATH, "{}");
        let value = http::HeaderValue::from_bytes(value.as_bytes()).unwrap();
        request.headers_mut().insert(header::AUTHORIZATION, value);
        assert_eq!(
            app.call(request).await.refusal(),
            (401, "unauthorized_credentials")
        );
    }
}

#[tokio::test]
async fn strange_text_in_fields_is_only_text() {
    let app = App::start().await;
    let body = json!({
        "phone_number": ALICE,
        "attributes": { "ip_address": " 192.0.2.7 ", "user_agent": "'; DROP TABLE otp_users; -- \u{202e}" },
    });
    let answer = app.post("/v1/otps/sms/login_or_create", body).await.ok();
    let code = app.code().await;
    app.authenticate(&answer.text("phone_id"), &code).await.ok();
}
