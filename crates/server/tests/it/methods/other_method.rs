//! `OTHER_METHOD` and `NOTICE` of the methods that send a code.

use axum::{Router, response::IntoResponse, routing::any};
use http::StatusCode;
use sallyport_script::Language;

use super::{is_back, party};
use crate::{
    PASSWORD, Page, RelyingParty, TestApp,
    app::{STYTCH, listen},
    relying_party::claims,
};

const BASIC: &str = include_str!("../../../../../scripts/basic.py");
const OFFER: &str = "Sign in another way";

/// A server whose `stytch` has this property too, with `basic` beside it.
async fn server_with(property: (&str, &str), url: Option<&str>) -> TestApp {
    let app = TestApp::bare().await;
    let own = app.otp_url.clone();
    let mut properties = app.stytch_properties_at(url.unwrap_or(&own)).to_vec();
    properties.push(property);
    app.script("stytch", STYTCH, Language::Python3, &properties)
        .await;
    app.script("basic", BASIC, Language::Python3, &[]).await;
    app.public_client("app").await;
    app.person("alice").await;
    app
}

fn offers(page: &Page) -> bool {
    page.body.contains(OFFER)
}

#[tokio::test]
async fn after_two_messages_another_method_is_offered_and_takes_the_place_of_the_first() {
    let app = server_with(("OTHER_METHOD", "basic"), None).await;
    let (mut browser, party) = (app.browser(), party("stytch"));
    let page = party.first_step(&mut browser, "alice").await;
    assert!(!offers(&page));
    let early = browser.submit(&page, &[("other_method", "basic")]).await;
    assert_eq!(
        early.heading(),
        "Enter the code",
        "it was not offered, and so is no way around the code"
    );

    app.wait(31);
    let page = browser.submit(&page, &[("resend", "resend")]).await;
    assert!(offers(&page), "{}", page.body);
    let first = browser.submit(&page, &[("other_method", "basic")]).await;
    assert_eq!(first.heading(), "Sign in");
    let credentials = [("username", "alice"), ("password", PASSWORD)];
    let back = browser.submit(&first, &credentials).await;
    let tokens = party.redeem(&app, &back).await.json();
    assert_eq!(claims(&tokens["id_token"])["acr"], "basic");
}

#[tokio::test]
async fn a_service_that_fails_twice_is_reason_enough() {
    let failing = Router::new().fallback(any(async || {
        (StatusCode::INTERNAL_SERVER_ERROR, "{}").into_response()
    }));
    let url = listen(failing).await;
    let app = server_with(("OTHER_METHOD", "basic"), Some(&url)).await;
    let mut browser = app.browser();
    let credentials = [("username", "alice"), ("password", PASSWORD)];
    let page = party("stytch").first_step(&mut browser, "alice").await;
    assert_eq!(page.heading(), "Sign in");
    assert!(!offers(&page));
    let page = browser.submit(&page, &credentials).await;
    assert!(offers(&page), "{}", page.body);
    let page = browser.submit(&page, &[("other_method", "basic")]).await;
    let back = browser.submit(&page, &credentials).await;
    assert!(is_back(&back), "{}", back.body);
}

#[tokio::test]
async fn a_number_that_no_code_is_sent_to_is_reason_enough_at_once() {
    let refusing = Router::new().fallback(any(async || {
        let body = r#"{"error_type":"downstream_carrier_error"}"#;
        (StatusCode::BAD_REQUEST, body).into_response()
    }));
    let url = listen(refusing).await;
    let app = server_with(("OTHER_METHOD", "basic"), Some(&url)).await;
    let page = party("stytch")
        .first_step(&mut app.browser(), "alice")
        .await;
    assert!(offers(&page), "{}", page.body);
}

#[tokio::test]
async fn without_another_method_none_is_offered() {
    let app = TestApp::start().await;
    app.person("alice").await;
    let mut browser = app.browser();
    let party = RelyingParty::with_passcode();
    let page = party.first_step(&mut browser, "alice").await;
    app.wait(31);
    let page = browser.submit(&page, &[("resend", "resend")]).await;
    assert!(!offers(&page));
    let page = browser.submit(&page, &[("other_method", "")]).await;
    assert_eq!(page.heading(), "Enter the code");
}

#[tokio::test]
async fn the_page_says_what_text_messages_are_worth() {
    let app = TestApp::start().await;
    app.person("alice").await;
    let party = RelyingParty::with_passcode();
    let page = party.first_step(&mut app.browser(), "alice").await;
    assert!(
        page.text("#notice")
            .starts_with("Text messages can be intercepted.")
    );

    let own = "Ask the help desk for an authenticator app.";
    let app = server_with(("NOTICE", own), None).await;
    let page = party.first_step(&mut app.browser(), "alice").await;
    assert_eq!(page.text("#notice"), own);
}
