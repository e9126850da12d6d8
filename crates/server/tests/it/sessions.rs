//! When a session is enough, and when the person is asked again.

use sallyport_script::Language;

use crate::{PASSWORD, RelyingParty, TestApp, app::STYTCH, relying_party::claims};

/// A password-only method of a high level, as Gluu ships it.
const BASIC: &str = include_str!("sources/basic.py");

async fn password_session(browser: &mut crate::Browser, acr: &str) {
    let party = RelyingParty::new("app").with("acr_values", acr);
    let back = party.first_step(browser, "alice").await;
    assert!(back.query("code").is_some(), "{}", back.url);
}

#[tokio::test]
async fn a_session_that_holds_the_method_is_not_asked_again() {
    let app = TestApp::start().await;
    app.person("alice").await;
    let (mut browser, party) = (app.browser(), RelyingParty::with_passcode());
    party.sign_in(&app, &mut browser, "alice").await;
    for spelled in ["stytch", "STYTCH", "unknown stytch"] {
        let party = RelyingParty::new("app").with("acr_values", spelled);
        let back = browser.get(&party.address()).await;
        assert!(
            back.query("code").is_some(),
            "{spelled} ended at {}",
            back.url
        );
        let tokens = party.redeem(&app, &back).await.json();
        assert_eq!(claims(&tokens["id_token"])["acr"], "stytch");
    }
}

#[tokio::test]
async fn a_password_session_never_satisfies_a_passcode_whatever_its_level() {
    let app = TestApp::start().await;
    app.script("basic", BASIC, Language::Python2, &[]).await;
    app.person("alice").await;
    for method in ["basic", "simple_password_auth"] {
        let mut browser = app.browser();
        password_session(&mut browser, method).await;
        let page = browser.get(&RelyingParty::with_passcode().address()).await;
        assert_eq!(page.heading(), "Sign in", "after {method}");
        let silent = RelyingParty::with_passcode().with("prompt", "none");
        let back = browser.get(&silent.address()).await;
        assert!(back.query("error").is_some() && back.query("code").is_none());
    }
}

#[tokio::test]
async fn a_stronger_login_keeps_what_the_session_had_and_changes_its_secret() {
    let app = TestApp::start().await;
    app.person("alice").await;
    let mut browser = app.browser();
    password_session(&mut browser, "simple_password_auth").await;
    let before = browser.cookies["session_id"].clone();
    RelyingParty::with_passcode()
        .sign_in(&app, &mut browser, "alice")
        .await;
    assert_ne!(browser.cookies["session_id"], before);

    let mut fixed = app.browser();
    fixed.cookies.insert("session_id".to_owned(), before);
    let silent = RelyingParty::new("app").with("prompt", "none");
    let back = fixed.get(&silent.address()).await;
    assert_eq!(
        back.query("error").as_deref(),
        Some("login_required"),
        "the old secret is dead"
    );
}

#[tokio::test]
async fn without_acr_values_the_default_applies_and_unknown_ones_are_an_error() {
    let app = TestApp::start().await;
    app.person("alice").await;
    let party = RelyingParty::new("app");
    let back = party.sign_in(&app, &mut app.browser(), "alice").await;
    let tokens = party.redeem(&app, &back).await.json();
    assert_eq!(
        claims(&tokens["id_token"])["acr"],
        "stytch",
        "the strongest is the default"
    );

    let unknown = RelyingParty::new("app").with("acr_values", "nonsense");
    let back = app.browser().get(&unknown.address()).await;
    assert!(
        back.query("error").is_some() && back.query("code").is_none(),
        "{}",
        back.url
    );
}

#[tokio::test]
async fn prompt_login_and_max_age_ask_again_and_renew_auth_time() {
    let app = TestApp::start().await;
    app.person("alice").await;
    let (mut browser, first) = (
        app.browser(),
        RelyingParty::new("app").with("acr_values", "simple_password_auth"),
    );
    first.first_step(&mut browser, "alice").await;
    let started = app.clock.now().as_seconds();
    app.wait(100);

    let fresh_enough = RelyingParty::new("app")
        .with("max_age", "1000")
        .with("acr_values", "simple_password_auth");
    let back = browser.get(&fresh_enough.address()).await;
    let tokens = fresh_enough.redeem(&app, &back).await.json();
    assert_eq!(claims(&tokens["id_token"])["auth_time"], started);

    for (name, value) in [("max_age", "10"), ("prompt", "login")] {
        let party = RelyingParty::new("app")
            .with(name, value)
            .with("acr_values", "simple_password_auth");
        let page = browser.get(&party.address()).await;
        assert_eq!(page.heading(), "Sign in", "{name}={value}");
        let back = browser
            .submit(&page, &[("username", "alice"), ("password", PASSWORD)])
            .await;
        let tokens = party.redeem(&app, &back).await.json();
        assert_eq!(
            claims(&tokens["id_token"])["auth_time"],
            app.clock.now().as_seconds()
        );
        app.wait(100);
    }
}

#[tokio::test]
async fn another_persons_login_brings_nothing_of_the_session_before() {
    let app = TestApp::start().await;
    app.person("alice").await;
    app.person("bruno").await;
    let mut browser = app.browser();
    RelyingParty::with_passcode()
        .sign_in(&app, &mut browser, "alice")
        .await;
    let again = RelyingParty::new("app")
        .with("acr_values", "simple_password_auth")
        .with("prompt", "login");
    let page = browser.get(&again.address()).await;
    browser
        .submit(&page, &[("username", "bruno"), ("password", PASSWORD)])
        .await;
    let page = browser.get(&RelyingParty::with_passcode().address()).await;
    assert_eq!(page.heading(), "Sign in", "bruno has no passcode proof");
}

#[tokio::test]
async fn a_session_ends_after_its_lifetime() {
    let app = TestApp::start().await;
    app.person("alice").await;
    let mut browser = app.browser();
    password_session(&mut browser, "simple_password_auth").await;
    app.wait(24 * 3600 + 1);
    let silent = RelyingParty::new("app").with("prompt", "none");
    let back = browser.get(&silent.address()).await;
    assert_eq!(back.query("error").as_deref(), Some("login_required"));
}

#[tokio::test]
async fn a_login_that_nobody_finishes_expires() {
    let app = TestApp::start().await;
    app.person("alice").await;
    let mut browser = app.browser();
    let page = browser.get(&RelyingParty::with_passcode().address()).await;
    app.wait(31 * 60);
    let answer = browser
        .submit(&page, &[("username", "alice"), ("password", PASSWORD)])
        .await;
    assert_eq!(answer.heading(), "This sign-in is over");
    app.app.purge(app.clock.now()).await.unwrap();
}

#[tokio::test]
async fn a_code_by_sms_never_earns_an_acr_that_promises_resistance_to_phishing() {
    let app = TestApp::start().await;
    app.person("alice").await;
    let properties = app.stytch_properties();
    app.script("phr", STYTCH, Language::Python3, &properties)
        .await;
    let party = RelyingParty::new("app").with("acr_values", "phr");
    let back = party.sign_in(&app, &mut app.browser(), "alice").await;
    assert_eq!(
        back.query("error").as_deref(),
        Some("unmet_authentication_requirements"),
        "{}",
        back.url
    );
    assert_eq!(back.query("code"), None);
}
