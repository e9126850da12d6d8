//! What somebody without a password, a token or a cookie gets at each address.

use std::collections::BTreeSet;

use axum::body::Body;
use http::{Method, Request, StatusCode, header};

use crate::{TestApp, relying_party::send};

/// What everybody may read; at every other address a stranger is refused.
const PUBLIC: [&str; 7] = [
    "/.well-known/openid-configuration",
    "/oxauth/restv1/jwks",
    "/oxauth/assets/sallyport.css",
    "/healthz",
    "/readyz",
    // Says that nobody is signed in, or asks before it ends anything.
    "/oxauth/restv1/end_session",
    "/oxauth/logout.htm",
];

/// Every address that the router knows, as it prints itself.
fn addresses(app: &TestApp) -> BTreeSet<String> {
    let printed = format!("{:?}", app.router);
    printed
        .split('"')
        .filter(|text| text.starts_with('/') && !text.contains("axum"))
        .map(str::to_owned)
        .collect()
}

#[tokio::test]
async fn every_address_refuses_strangers_in_words_and_none_breaks() {
    let app = TestApp::start().await;
    let addresses = addresses(&app);
    for known in [
        "/oxauth/restv1/token",
        "/oxauth/restv1/authorize/consent",
        "/oxauth/{*page}",
    ] {
        assert!(
            addresses.contains(known),
            "{known} is not among {addresses:?}"
        );
    }
    for address in addresses {
        let path = address
            .replace("{*page}", "login.htm")
            .replace("{*path}", "x")
            .replace("{name}", "x");
        for method in [Method::GET, Method::POST, Method::PUT, Method::DELETE] {
            let request = Request::builder()
                .method(method.clone())
                .uri(&path)
                .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
                .body(Body::from("x=y"))
                .unwrap();
            let page = send(&app, request).await;
            let public = PUBLIC.contains(&path.as_str()) || path.starts_with("/oxauth/assets/");
            assert!(
                page.status.as_u16() < 500,
                "{method} {path}: {}",
                page.status
            );
            assert!(
                public || !page.status.is_success(),
                "{method} {path}: {} {}",
                page.status,
                page.body
            );
            assert!(!page.headers.contains_key("x-powered-by"));
            assert_eq!(
                page.headers[header::X_CONTENT_TYPE_OPTIONS],
                "nosniff",
                "{path}"
            );
        }
    }
}

#[tokio::test]
async fn every_address_of_the_passcode_service_refuses_strangers_in_json() {
    let app = TestApp::start().await;
    let client = reqwest::Client::builder().build().unwrap();
    for address in sallyport_otp::paths() {
        let path = address.replace(['{', '}'], "");
        for method in [Method::GET, Method::POST, Method::DELETE] {
            let request = client
                .request(method.clone(), format!("{}{path}", app.otp_url))
                .header("content-type", "application/json")
                .body("{}");
            let answer = request.send().await.unwrap();
            let status = answer.status();
            let body: serde_json::Value = answer.json().await.unwrap();
            assert!(status.is_client_error(), "{method} {path}: {status}");
            assert_eq!(
                body["status_code"],
                status.as_u16(),
                "{method} {path}: {body}"
            );
            if status == StatusCode::NOT_FOUND {
                assert!(path.contains("jwks"), "{path} {body}");
            }
        }
    }
}

#[tokio::test]
async fn an_unknown_address_gets_a_page() {
    let app = TestApp::start().await;
    let page = app.browser().get("/nothing/here").await;
    assert_eq!(
        (page.status, page.heading().as_str()),
        (StatusCode::NOT_FOUND, "There is no such page")
    );
}
