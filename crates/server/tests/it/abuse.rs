//! Malformed requests get a clear answer, and nothing is lost or broken.

use axum::body::Body;
use http::{Request, StatusCode, header};

use crate::{PASSWORD, Page, RelyingParty, TestApp, relying_party::send};

#[tokio::test]
async fn malformed_forms_are_refused_and_the_login_goes_on() {
    let app = TestApp::start().await;
    app.person("alice").await;
    let (mut browser, party) = (app.browser(), RelyingParty::with_passcode());
    let page = browser.get(&party.address()).await;
    let cookies: Vec<_> = browser
        .cookies
        .iter()
        .map(|(n, v)| format!("{n}={v}"))
        .collect();
    for (kind, body) in [
        (
            "application/x-www-form-urlencoded",
            "a".repeat(1_000_000).into_bytes(),
        ),
        (
            "application/x-www-form-urlencoded",
            b"username=%ff%fe&password=x".to_vec(),
        ),
        (
            "application/x-www-form-urlencoded",
            b"username=a%00b".to_vec(),
        ),
        (
            "application/x-www-form-urlencoded",
            b"login=a&login=b&csrf=x".to_vec(),
        ),
        ("application/x-www-form-urlencoded", Vec::new()),
        ("application/json", b"{}".to_vec()),
        ("text/plain", b"username=alice".to_vec()),
        ("multipart/form-data; boundary=x", b"--x--".to_vec()),
    ] {
        let request = Request::post("/oxauth/login.htm")
            .header(header::CONTENT_TYPE, kind)
            .header(header::COOKIE, cookies.join("; "))
            .body(Body::from(body))
            .unwrap();
        let answer = send(&app, request).await;
        assert!(answer.status.is_client_error(), "{kind}: {}", answer.status);
        assert_ne!(answer.heading(), "");
    }
    let page = browser
        .submit(&page, &[("username", "alice"), ("password", PASSWORD)])
        .await;
    assert_eq!(page.heading(), "Enter the code");
}

#[tokio::test]
async fn malformed_queries_never_break_the_server() {
    let app = TestApp::start().await;
    for query in [
        "%ff=%fe",
        "client_id=%00",
        "login=../../etc/passwd",
        "login=%F0%9F",
        &"x=y&".repeat(5000),
        "=&=&=",
    ] {
        for path in [
            "/oxauth/restv1/authorize",
            "/oxauth/login.htm",
            "/oxauth/restv1/end_session",
            "/oxauth/restv1/authorize/resume",
        ] {
            let Ok(request) = Request::get(format!("{path}?{query}")).body(Body::empty()) else {
                continue;
            };
            let page = send(&app, request).await;
            assert!(
                page.status.as_u16() < 500,
                "{path}?{query}: {}",
                page.status
            );
            assert!(
                !page.status.is_redirection() || stays_here(&page),
                "{path}?{query}: {:?}",
                page.headers
            );
        }
    }
}

/// Whether the redirect is to a path: browsers take two slashes for another host.
fn stays_here(page: &Page) -> bool {
    let location = page.headers[header::LOCATION].to_str().unwrap();
    location.starts_with('/') && !location.starts_with("//") && !location.starts_with("/\\")
}

#[tokio::test]
async fn malformed_token_requests_get_oauth_errors() {
    let app = TestApp::start().await;
    for (kind, body) in [
        (
            "application/x-www-form-urlencoded",
            "grant_type=password&client_id=app&username=alice&password=x",
        ),
        (
            "application/x-www-form-urlencoded",
            "grant_type=authorization_code&client_id=app",
        ),
        (
            "application/x-www-form-urlencoded",
            "grant_type=authorization_code&grant_type=refresh_token&client_id=app",
        ),
        ("application/x-www-form-urlencoded", "client_id=app"),
        (
            "application/x-www-form-urlencoded",
            "grant_type=authorization_code&code=%ff&client_id=app",
        ),
        (
            "application/json",
            "{\"grant_type\":\"authorization_code\"}",
        ),
        (
            "application/x-www-form-urlencoded",
            "grant_type=refresh_token&refresh_token=x&client_id=nobody",
        ),
    ] {
        let request = Request::post("/oxauth/restv1/token").header(header::CONTENT_TYPE, kind);
        let answer = send(&app, request.body(Body::from(body)).unwrap()).await;
        assert!(answer.status.is_client_error(), "{body}: {}", answer.status);
        let error = answer.json()["error"].as_str().unwrap().to_owned();
        let known = [
            "invalid_request",
            "invalid_client",
            "invalid_grant",
            "unauthorized_client",
            "unsupported_grant_type",
            "invalid_scope",
        ];
        assert!(known.contains(&error.as_str()), "{body}: {error}");
    }
}

#[tokio::test]
async fn headers_that_are_no_text_or_far_too_long_are_refused() {
    let app = TestApp::start().await;
    for value in [
        &b"Bearer \xff\xfe"[..],
        b"Bearer",
        b"Basic !!!",
        b"Bearer a b c",
    ] {
        let request = Request::get("/oxauth/restv1/userinfo").header(header::AUTHORIZATION, value);
        let answer = send(&app, request.body(Body::empty()).unwrap()).await;
        assert!(answer.status.is_client_error());
    }
    let mut browser = app.browser();
    for (name, value) in [
        ("sallyport_browser", "x".repeat(4000)),
        ("__Host-sallyport_browser", "x".repeat(4000)),
        ("session_id", "%%%".to_owned()),
    ] {
        browser.cookies.insert(name.to_owned(), value);
    }
    let page = browser.get(&RelyingParty::with_passcode().address()).await;
    assert_eq!(page.status, StatusCode::OK);
}
