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

const TOTP: &str = include_str!("../../../../../scripts/totp.py");
const OFFER: &str = "Sign in another way";
const CREDENTIALS: [(&str, &str); 2] = [("username", "alice"), ("password", PASSWORD)];

/// A server whose `stytch` has this property too. Beside it are `second`, which sends codes too and
/// where nothing fails, and `totp`.
async fn server_with(property: (&str, &str), url: Option<&str>) -> TestApp {
    let app = TestApp::bare().await;
    let own = app.otp_url.clone();
    let mut properties = app.stytch_properties_at(url.unwrap_or(&own)).to_vec();
    properties.push(property);
    app.script("stytch", STYTCH, Language::Python3, &properties)
        .await;
    let properties = app.stytch_properties_at(&own);
    app.script("second", STYTCH, Language::Python3, &properties)
        .await;
    app.script("totp", TOTP, Language::Python3, &[]).await;
    app.public_client("app").await;
    app.person("alice").await;
    app
}

fn offers(page: &Page) -> bool {
    page.body.contains(OFFER)
}

#[tokio::test]
async fn after_two_messages_another_method_is_offered_and_takes_the_place_of_the_first() {
    let app = server_with(("OTHER_METHOD", "second"), None).await;
    let (mut browser, party) = (app.browser(), party("stytch"));
    let page = party.first_step(&mut browser, "alice").await;
    assert!(!offers(&page));
    let early = browser.submit(&page, &[("other_method", "second")]).await;
    assert_eq!(
        early.heading(),
        "Enter the code",
        "it was not offered, and so is no way around the code"
    );

    app.wait(31);
    let page = browser.submit(&page, &[("resend", "resend")]).await;
    assert!(offers(&page), "{}", page.body);
    let first = browser.submit(&page, &[("other_method", "second")]).await;
    assert_eq!(first.heading(), "Sign in");
    assert_eq!(first.attribute("#username", "value"), "alice");
    assert_eq!(
        first.text(".note[role=status]"),
        "You are signing in another way now. Please enter your password once more."
    );
    assert!(
        !offers(&first),
        "the other method begins with nothing of this one"
    );
    app.wait(61);
    let page = browser.submit(&first, &CREDENTIALS).await;
    assert_eq!(page.heading(), "Enter the code", "{}", page.body);
    assert!(!offers(&page));
    let code = app.code("alice").await;
    let back = browser.submit(&page, &[("passcode", &code)]).await;
    let tokens = party.redeem(&app, &back).await.json();
    assert_eq!(claims(&tokens["id_token"])["acr"], "second");
}

#[tokio::test]
async fn a_service_that_fails_twice_is_reason_enough() {
    let failing = Router::new().fallback(any(async || {
        (StatusCode::INTERNAL_SERVER_ERROR, "{}").into_response()
    }));
    let url = listen(failing).await;
    let app = server_with(("OTHER_METHOD", "second"), Some(&url)).await;
    let mut browser = app.browser();
    let page = party("stytch").first_step(&mut browser, "alice").await;
    assert_eq!(page.heading(), "Sign in");
    assert!(!offers(&page));
    let page = browser.submit(&page, &CREDENTIALS).await;
    assert!(offers(&page), "{}", page.body);
    let page = browser.submit(&page, &[("other_method", "second")]).await;
    let page = browser.submit(&page, &CREDENTIALS).await;
    let code = app.code("alice").await;
    let back = browser.submit(&page, &[("passcode", &code)]).await;
    assert!(is_back(&back), "{}", back.body);
}

/// Whoever has the password and not the phone must not set up a factor of their own instead.
#[tokio::test]
async fn nobody_sets_an_app_up_in_place_of_a_code_that_did_not_come_back() {
    let app = server_with(("OTHER_METHOD", "totp"), None).await;
    let mut browser = app.browser();
    let page = party("stytch").first_step(&mut browser, "alice").await;
    app.wait(31);
    let page = browser.submit(&page, &[("resend", "resend")]).await;
    let page = browser.submit(&page, &[("other_method", "totp")]).await;
    let page = browser.submit(&page, &CREDENTIALS).await;
    assert_eq!(page.heading(), "Sign in");
    assert!(
        page.body.contains("You have no authenticator app set up"),
        "{}",
        page.body
    );
    let page = party("totp").first_step(&mut app.browser(), "alice").await;
    assert!(page.body.contains("otpauth") || page.body.contains("qr-code"));
}

#[tokio::test]
async fn a_number_that_no_code_is_sent_to_is_reason_enough_at_once() {
    let refusing = Router::new().fallback(any(async || {
        let body = r#"{"error_type":"downstream_carrier_error"}"#;
        (StatusCode::BAD_REQUEST, body).into_response()
    }));
    let url = listen(refusing).await;
    let app = server_with(("OTHER_METHOD", "second"), Some(&url)).await;
    let page = party("stytch")
        .first_step(&mut app.browser(), "alice")
        .await;
    assert!(offers(&page), "{}", page.body);
}

#[tokio::test]
async fn whoever_gets_no_message_at_all_is_offered_another_method_at_once() {
    let app = server_with(("OTHER_METHOD", "second"), None).await;
    let person = app.app.people.find_by_uid("alice").await.unwrap().unwrap();
    let table: [(&[&str], &str); 2] = [
        (&[], "Failed to determine mobile phone number"),
        (&["+493012345678"], "Failed to send message to mobile phone"),
    ];
    for (numbers, said) in table {
        app.set(person.id, "mobile", numbers).await;
        let mut browser = app.browser();
        let page = party("stytch").first_step(&mut browser, "alice").await;
        assert_eq!(page.text("[role=alert]"), said);
        assert!(offers(&page), "{}", page.body);
        let press = [("username", "alice"), ("other_method", "second")];
        let page = browser.submit(&page, &press).await;
        assert_eq!(page.attribute("#username", "value"), "alice");
        assert!(page.body.contains("You are signing in another way now."));
    }
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
