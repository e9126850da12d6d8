//! A script sends the browser to another site, and the browser comes back.

use axum::body::Body;
use http::{Request, StatusCode, header};

use super::{FAILED_METHOD, acr_of, calls_of, error_of, party, password_of, printed, puppet};
use crate::{Browser, PASSWORD, Page, TestApp, relying_party::send};

const IDP: &str = "https://idp.example/login?service=x";
const NAMED: (&str, &str) = ("idp_url", "https://idp.example/");
/// Named, but everybody on the way could read what goes there.
const IN_CLEAR: (&str, &str) = ("plain_url", "http://plain.example/");
const ALLOWED: (&str, &str) = ("login_without_password", "true");
const BACK: &str = "/oxauth/postlogin.htm?ticket=t1";

/// A method that leads to another site before its page is shown, and takes the ticket `t1`.
fn through_idp() -> Vec<(&'static str, &'static str)> {
    vec![
        NAMED,
        ALLOWED,
        ("prepare.1", "redirect https://idp.example/login?service=x"),
        ("authenticate.1", "ticket t1=alice"),
    ]
}

async fn at_idp(app: &TestApp) -> Browser {
    let mut browser = app.browser();
    let page = browser.get(&party().address()).await;
    assert_eq!(page.url.as_str(), IDP, "{}", page.body);
    browser
}

#[tokio::test]
async fn a_login_through_another_site_ends_at_the_application() {
    let app = puppet(&through_idp()).await;
    let mut browser = at_idp(&app).await;
    let back = browser.get(BACK).await;
    assert_eq!(acr_of(&app, &back).await.as_deref(), Some("puppet"));
    let session = browser.cookies.get("session_id").cloned();
    let again = browser.get(BACK).await;
    assert_eq!(again.heading(), "This sign-in is over");
    assert_eq!(browser.cookies.get("session_id").cloned(), session);
}

#[tokio::test]
async fn the_address_that_gluus_scripts_for_cas_write_leads_back_too() {
    let app = puppet(&through_idp()).await;
    let back = at_idp(&app).await.get("/oxauth/postlogin?ticket=t1").await;
    assert!(back.query("code").is_some());
}

#[tokio::test]
async fn one_journey_allows_one_return() {
    let app = puppet(&through_idp()).await;
    let mut browser = at_idp(&app).await;
    let (calls, page) = calls_of(&app, browser.get("/oxauth/postlogin.htm?ticket=wrong")).await;
    assert!(calls.contains(&"authenticate 1".to_owned()), "{calls:?}");
    assert_eq!(page.status, StatusCode::FORBIDDEN);
    assert_eq!(page.heading(), "You are not signed in");
    let (calls, page) = calls_of(&app, browser.get(BACK)).await;
    assert!(calls.is_empty(), "{calls:?}");
    assert_eq!(page.heading(), "This sign-in is over");
}

#[tokio::test]
async fn a_person_whom_the_other_site_refused_may_try_again() {
    let mut properties = through_idp();
    properties[3].1 = "say The other site does not know you.; ticket t1=alice";
    let app = puppet(&properties).await;
    let mut browser = at_idp(&app).await;
    let page = browser.get("/oxauth/postlogin.htm?error=denied").await;
    assert!(page.body.contains("The other site does not know you."));
    let again = page.attribute("main a", "href");
    assert_eq!(browser.get(&again).await.url.as_str(), IDP);
    assert!(browser.get(BACK).await.query("code").is_some());
}

#[tokio::test]
async fn nobody_brings_a_login_forward_that_waits_for_a_form() {
    let app = puppet(&[("authenticate.1", "password")]).await;
    let mut browser = app.browser();
    let page = browser.get(&party().address()).await;
    let login = page.query("login").unwrap();
    let planted = format!("username=alice&password={}", PASSWORD.replace(' ', "+"));
    for query in [planted.clone(), format!("{planted}&login={login}")] {
        let (calls, page) =
            calls_of(&app, browser.get(&format!("/oxauth/postlogin.htm?{query}"))).await;
        assert!(
            !calls.iter().any(|call| call.starts_with("authenticate")),
            "{calls:?}"
        );
        assert_eq!(page.query("code"), None);
    }
    let form = [
        ("login".to_owned(), login),
        ("username".to_owned(), "alice".to_owned()),
        ("password".to_owned(), PASSWORD.to_owned()),
        ("csrf".to_owned(), "forged".to_owned()),
    ];
    let page = browser.post("/oxauth/postlogin.htm", &form).await;
    assert_eq!(page.heading(), "This form cannot be accepted");
    assert!(!printed(&app, "Call").contains(&"authenticate 1".to_owned()));
}

#[tokio::test]
async fn another_browser_cannot_return_in_place_of_the_one_that_left() {
    let app = puppet(&through_idp()).await;
    let _left = at_idp(&app).await;
    let page = app.browser().get(BACK).await;
    assert_eq!(page.heading(), "This sign-in is over");
    let mut own = at_idp(&app).await;
    assert!(
        own.get(BACK).await.query("code").is_some(),
        "its own way is open"
    );
}

#[tokio::test]
async fn of_two_tabs_the_last_that_left_returns_first() {
    let app = puppet(&through_idp()).await;
    let mut browser = at_idp(&app).await;
    app.wait(1);
    browser
        .get(&party().with("state", "second").address())
        .await;
    let second = browser.get(BACK).await;
    assert_eq!(second.query("state").as_deref(), Some("second"));
    let first = browser.get(BACK).await;
    assert_eq!(first.query("state").as_deref(), Some("state-1"));
}

/// The form that another site makes the browser post here: without cookies.
async fn posted_from_elsewhere(app: &TestApp, body: &str) -> Page {
    let request = Request::post("/oxauth/postlogin.htm")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header("sec-fetch-site", "cross-site")
        .body(Body::from(body.to_owned()))
        .unwrap();
    send(app, request).await
}

#[tokio::test]
async fn a_form_that_another_site_posts_is_posted_again_from_here() {
    let app = puppet(&through_idp()).await;
    let mut browser = at_idp(&app).await;
    let page = posted_from_elsewhere(&app, "ticket=t1&RelayState=%3Cb%3E").await;
    assert_eq!(page.heading(), "One moment");
    let (action, fields) = page.form();
    assert_eq!(action, "/oxauth/postlogin.htm");
    assert!(fields.contains(&("RelayState".to_owned(), "<b>".to_owned())));
    let back = browser.submit(&page, &[("posted_again", "yes")]).await;
    assert!(back.query("code").is_some(), "{}", back.body);
    let lost = posted_from_elsewhere(&app, "ticket=t1&posted_again=yes").await;
    assert_eq!(
        lost.heading(),
        "This sign-in is over",
        "it is not posted for ever"
    );
}

#[tokio::test]
async fn a_script_sends_nobody_where_no_administrator_pointed() {
    for address in [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example/",
        "http://idp.example/",
        "http://plain.example/",
        "https://idp.example:8443/",
        "https://idp.example.evil.example/",
        "https://idp.example@evil.example/",
        "https://alice:secret@idp.example/",
        "javascript:alert(1)",
        "data:text/html,x",
        "https://",
        "/no/such.xhtml",
    ] {
        for (place, order) in [("prepare.1", "redirect"), ("page.1", "text")] {
            let order = format!("{order} {address}");
            let app = puppet(&[NAMED, IN_CLEAR, (place, &order)]).await;
            let page = app.browser().get(&party().address()).await;
            // At the first step there is no page yet: the application hears of it.
            let told = match page.query("error") {
                Some(error) => error,
                None => page.heading(),
            };
            let expected = ["server_error", FAILED_METHOD];
            assert!(
                expected.contains(&told.as_str()),
                "{place} {address} {}",
                page.url
            );
            assert_ne!(error_of(&app).await, "", "{address}");
        }
    }
}

#[tokio::test]
async fn the_administrator_names_hosts_in_properties_and_this_server_is_always_allowed() {
    for (property, address, end) in [
        (
            "https://idp.example:8443/x",
            "https://idp.example:8443/y",
            "https://idp.example:8443/y",
        ),
        (
            "http://127.0.0.1:9/",
            "http://127.0.0.1:9/a",
            "http://127.0.0.1:9/a",
        ),
        ("none", "/healthz", "https://login.example.com/healthz"),
        (
            "none",
            "https://login.example.com/healthz",
            "https://login.example.com/healthz",
        ),
    ] {
        let order = format!("redirect {address}");
        let app = puppet(&[("where", property), ("prepare.1", &order)]).await;
        let page = app.browser().get(&party().address()).await;
        assert_eq!(page.url.as_str(), end, "{}", page.body);
    }
}

#[tokio::test]
async fn a_step_may_take_place_elsewhere_altogether() {
    let app = puppet(&[
        NAMED,
        ("count", "number 2"),
        ("authenticate.1", "password"),
        ("authenticate.2", "parameter ticket=t1"),
        ("page.2", "text https://idp.example/second"),
    ])
    .await;
    let mut browser = app.browser();
    let page = browser.get(&party().address()).await;
    let (calls, page) = calls_of(&app, browser.submit(&page, &password_of("alice"))).await;
    assert_eq!(page.url.as_str(), "https://idp.example/second");
    assert!(
        !calls.contains(&"prepareForStep 2".to_owned()),
        "no page, nothing to prepare"
    );
    let back = browser.get(BACK).await;
    assert!(back.query("code").is_some(), "{}", back.body);
    assert_eq!(super::vouching::last_proof(&app).await["steps"], 2);
}

#[tokio::test]
async fn a_page_for_the_return_runs_authenticate_at_once() {
    for page in ["/postlogin.xhtml", "/auth/other/otherpostlogin.xhtml"] {
        let page = format!("text {page}");
        let app = puppet(&[ALLOWED, ("page.1", &page), ("authenticate.1", "name alice")]).await;
        let (calls, back) =
            calls_of(&app, async { app.browser().get(&party().address()).await }).await;
        assert!(back.query("code").is_some(), "{}", back.body);
        assert!(
            !calls.iter().any(|call| call.starts_with("prepare")),
            "{calls:?}"
        );
        let refusing = puppet(&[("page.1", &page), ("authenticate.1", "false")]).await;
        let page = refusing.browser().get(&party().address()).await;
        assert_eq!(page.heading(), "You are not signed in");
    }
}

#[tokio::test]
async fn a_redirect_to_a_page_of_ours_shows_that_page_for_the_step() {
    let app = puppet(&[
        ("prepare.1", "redirect /oxauth/auth/otp_sms/otp_sms.htm"),
        ("authenticate.1", "password"),
    ])
    .await;
    let page = app.browser().get(&party().address()).await;
    assert_eq!(page.url.path(), "/oxauth/auth/otp_sms/otp_sms.htm");
    assert_eq!(
        (page.status, page.heading().as_str()),
        (StatusCode::OK, "Enter the code")
    );
}

#[tokio::test]
async fn what_a_step_achieved_is_kept_when_its_script_sends_the_browser_away() {
    let app = puppet(&[
        NAMED,
        (
            "authenticate.1",
            "password; redirect https://idp.example/news",
        ),
    ])
    .await;
    let mut browser = app.browser();
    let page = browser.get(&party().address()).await;
    let page = browser.submit(&page, &password_of("alice")).await;
    assert_eq!(page.url.as_str(), "https://idp.example/news");
    let (calls, back) = calls_of(&app, browser.get("/oxauth/postlogin.htm")).await;
    assert!(back.query("code").is_some(), "{}", back.body);
    assert!(calls.is_empty(), "it is finished: {calls:?}");
}

#[tokio::test]
async fn a_login_that_expired_elsewhere_is_over() {
    let app = puppet(&through_idp()).await;
    let mut browser = at_idp(&app).await;
    app.wait(31 * 60);
    let page = browser.get(BACK).await;
    assert_eq!(page.heading(), "This sign-in is over");
}
