//! `STATUS_ENDPOINT` of `stytch`: a message that its gateway could not deliver.

use sallyport_base::params;
use sallyport_script::Language;

use super::party;
use crate::{Page, TestApp, app::STYTCH};

/// Of the button for another message while it waits.
const HELD: &str = "data-wait=";

/// A server whose `stytch` asks the passcode service what became of messages.
async fn server() -> TestApp {
    let app = TestApp::bare().await;
    let status = format!("{}/sallyport/v1/deliveries", app.otp_url);
    let mut properties = app.stytch_properties().to_vec();
    properties.push(("STATUS_ENDPOINT", &status));
    properties.push(("OTHER_METHOD", "simple_password_auth"));
    app.script("stytch", STYTCH, Language::Python3, &properties)
        .await;
    app.public_client("app").await;
    app.person("alice").await;
    app
}

/// What the service notes when a gateway says that it could not deliver the messages so far.
async fn nothing_is_delivered(app: &TestApp) {
    let mut tx = app.scratch.store.begin().await.unwrap();
    for sql in [
        "UPDATE otp_outbox SET state = 'failed'",
        "UPDATE otp_cooldowns SET streak = streak - 1, last_at = 0",
    ] {
        tx.execute(sql, params![]).await.unwrap();
    }
    tx.commit().await.unwrap();
}

/// Where the page finds itself again, after a form too.
fn own_address(page: &Page) -> String {
    let (action, fields) = page.form();
    let login = fields.iter().find(|(name, _)| name == "login").unwrap();
    format!("{action}?login={}", login.1)
}

fn says_so(page: &Page) -> bool {
    page.body.contains("The message could not be delivered")
}

#[tokio::test]
async fn the_page_says_that_a_message_did_not_arrive_and_sends_another_at_once() {
    let app = server().await;
    let (mut browser, party) = (app.browser(), party("stytch"));
    let page = party.first_step(&mut browser, "alice").await;
    let login = own_address(&page);
    app.wait(30);
    let page = browser.submit(&page, &[("resend", "resend")]).await;
    nothing_is_delivered(&app).await;
    assert!(!says_so(&browser.get(&login).await), "it may still arrive");
    app.wait(30);
    let reloaded = browser.get(&login).await;
    assert!(says_so(&reloaded), "{}", reloaded.body);
    assert!(reloaded.body.contains("Sign in another way"));
    assert!(!reloaded.body.contains("The code works for"));
    assert!(!reloaded.body.contains("We sent it"));
    assert_eq!(reloaded.text("button.primary"), "Send a new code");
    assert!(
        !reloaded.body.contains(HELD),
        "without the other 30 seconds"
    );

    let page = browser.submit(&page, &[("resend", "resend")]).await;
    assert!(page.body.contains("We have sent you a new code."));
    assert!(!says_so(&page) && page.body.contains(HELD));
    let code = app.code("alice").await;
    let back = browser.submit(&page, &[("passcode", &code)]).await;
    assert!(super::is_back(&back), "{}", back.body);
}

#[tokio::test]
async fn a_message_that_arrived_is_not_mentioned() {
    let app = server().await;
    let mut browser = app.browser();
    let page = party("stytch").first_step(&mut browser, "alice").await;
    assert!(page.body.contains(r#"data-look-in="30""#));
    app.wait(31);
    let page = browser.get(&own_address(&page)).await;
    assert_eq!(page.heading(), "Enter the code");
    assert!(!says_so(&page) && !page.body.contains("data-look-in"));
}
