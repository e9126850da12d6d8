//! What a script finds in the session and in the request, and what of its own comes back.

use super::{PUPPET, party, password_of, printed, puppet, puppet_of};
use crate::{PASSWORD, TestApp};

const OTP_PAGE: &str = "text /auth/otp_sms/otp_sms.xhtml";

fn has(app: &TestApp, kind: &str, line: &str) -> bool {
    printed(app, kind).iter().any(|printed| printed == line)
}

#[tokio::test]
async fn the_session_shows_the_request_of_the_application() {
    let names = "client_id,redirect_uri,scope,state,nonce,response_type,acr_values,login_hint,\
                 ui_locales,prompt,acr,auth_step,unknown";
    let order = format!("showattributes {names}; true");
    let app = puppet(&[("prepare.1", &order), ("authenticate.1", "password")]).await;
    let party = party()
        .with("login_hint", "alice")
        .with("ui_locales", "fr")
        .with("prompt", "login")
        .with("unknown", "x");
    app.browser().get(&party.address()).await;
    for line in [
        "client_id app",
        "redirect_uri https://app.example.com/callback",
        "scope openid",
        "state state-1",
        "nonce nonce-1",
        "response_type code",
        "acr_values puppet",
        "login_hint alice",
        "ui_locales fr",
        "prompt login",
        "acr puppet",
        "auth_step 1",
        "unknown None",
    ] {
        assert!(has(&app, "Attribute", line), "{line}: {}", app.script_log());
    }
}

#[tokio::test]
async fn a_request_cannot_plant_what_the_host_writes() {
    let app = puppet(&[
        ("count", "number 2"),
        ("prepare.1", "showattributes auth_step_passed_1; true"),
        (
            "authenticate.1",
            "attribute auth_step=2; attribute auth_step_passed_1=true; attribute acr=simple_password_auth; attribute own=1; false",
        ),
        ("authenticate.2", "true"),
        ("page.2", OTP_PAGE),
    ])
    .await;
    let party = party().with("auth_step_passed_1", "true");
    let mut browser = app.browser();
    let mut page = browser.get(&party.address()).await;
    for _ in 0..3 {
        page = browser.submit(&page, &password_of("alice")).await;
        assert_eq!(page.heading(), "Sign in");
    }
    assert!(has(&app, "Attribute", "auth_step_passed_1 None"));
    assert!(!printed(&app, "Call").contains(&"authenticate 2".to_owned()));
}

#[tokio::test]
async fn working_parameters_live_for_a_request_or_as_long_as_they_are_named() {
    let app = puppet(&[
        ("count", "number 2"),
        (
            "authenticate.1",
            "work text=a; worknumber number=5; worklist many; work unnamed=x; password",
        ),
        ("extra", "list text,number,many"),
        (
            "prepare.2",
            "showwork text,number,many,unnamed; showattributes text; true",
        ),
        ("authenticate.2", "worknothing text; false"),
        ("page.2", OTP_PAGE),
    ])
    .await;
    let mut browser = app.browser();
    let page = party().first_step(&mut browser, "alice").await;
    assert_eq!(page.heading(), "Enter the code");
    for line in ["text 'a'", "number 5", "many None", "unnamed None"] {
        assert!(
            has(&app, "Work", line),
            "{line}: {:?}",
            printed(&app, "Work")
        );
    }
    assert!(has(&app, "Attribute", "text a"), "kept ones are attributes");
    // What is set to nothing is gone for the next request, although it was kept before.
    let page = browser.submit(&page, &[("passcode", "1")]).await;
    let login = page.query("login");
    assert_eq!(login, None, "the page is the answer to the form");
    browser.submit(&page, &[("passcode", "1")]).await;
    assert_eq!(printed(&app, "Work").last().unwrap(), "unnamed None");
    let texts: Vec<_> = printed(&app, "Work")
        .into_iter()
        .filter(|w| w.starts_with("text"))
        .collect();
    assert_eq!(texts.first().unwrap(), "text 'a'");
    assert_eq!(texts.last().unwrap(), "text None");
}

#[tokio::test]
async fn attributes_that_a_script_sets_live_on_even_when_the_step_is_not_passed() {
    let app = puppet(&[(
        "authenticate.1",
        "showattributes own; attribute own=kept; false",
    )])
    .await;
    let mut browser = app.browser();
    let page = browser.get(&party().address()).await;
    let page = browser.submit(&page, &password_of("alice")).await;
    browser.submit(&page, &password_of("alice")).await;
    assert_eq!(printed(&app, "Attribute"), ["own None", "own kept"]);
}

#[tokio::test]
async fn a_script_sees_its_own_cookies_and_no_session_of_ours() {
    let app = puppet(&[
        (
            "prepare.1",
            "showrequest; cookie device=d 1; cookie session_id=stolen; true",
        ),
        (
            "authenticate.1",
            "cookie seen=yes; header Content-Language=fr; header Refresh=0; password",
        ),
    ])
    .await;
    let mut browser = app.browser();
    let page = browser.get(&party().address()).await;
    let set: Vec<_> = page.headers.get_all("set-cookie").iter().collect();
    assert!(
        set.contains(
            &&"device=d%201; Path=/; HttpOnly; Secure; SameSite=Lax"
                .parse()
                .unwrap()
        ),
        "{set:?}"
    );
    assert!(!browser.cookies.contains_key("session_id"));
    let back = browser.submit(&page, &password_of("alice")).await;
    assert!(back.query("code").is_some());
    assert_eq!(browser.cookies.get("seen").map(String::as_str), Some("yes"));
    let session = browser.cookies["session_id"].clone();
    browser
        .get(&party().with("prompt", "login").address())
        .await;
    assert_eq!(printed(&app, "Cookies"), ["", "device,seen"]);
    assert!(!app.script_log().contains(&session));
}

#[tokio::test]
async fn headers_of_a_script_go_out_with_the_page_and_only_harmless_ones() {
    let app = puppet(&[(
        "prepare.1",
        "header Content-Language=fr; header Refresh=0; header Set-Cookie=session_id=x; true",
    )])
    .await;
    let page = app.browser().get(&party().address()).await;
    assert_eq!(page.headers["content-language"], "fr");
    assert!(!page.headers.contains_key("refresh"));
    assert!(
        !page
            .headers
            .get_all("set-cookie")
            .iter()
            .any(|c| c == "session_id=x")
    );
}

#[tokio::test]
async fn the_locale_is_what_the_application_asks_for() {
    let app = puppet(&[("prepare.1", "showrequest; true")]).await;
    app.browser()
        .get(&party().with("ui_locales", "fr-CA de").address())
        .await;
    app.browser().get(&party().address()).await;
    assert_eq!(printed(&app, "Locale"), ["fr_CA", "en"]);
}

#[tokio::test]
async fn a_page_of_the_operator_shows_what_the_script_prepared() {
    let app = puppet(&[
        ("page.1", "text /auth/own/own.xhtml"),
        ("prepare.1", "work greeting=<Hello>; true"),
        ("authenticate.1", "password"),
    ])
    .await;
    let folder = app.home.path().join("oxauth/custom/pages/auth/own");
    std::fs::create_dir_all(&folder).unwrap();
    let text = "{% extends 'layout.xhtml' %}{% block main %}<h1>{{ working.greeting }}</h1>\
                <form method='post' action='{{ form_action }}'>\
                {% include 'parts/hidden_fields.xhtml' %}</form>{% endblock %}";
    std::fs::write(folder.join("own.xhtml"), text).unwrap();
    let mut browser = app.browser();
    let page = browser.get(&party().address()).await;
    assert_eq!(page.heading(), "<Hello>");
    let back = browser.submit(&page, &password_of("alice")).await;
    assert!(back.query("code").is_some());
}

#[tokio::test]
async fn parameters_that_the_administrator_chose_reach_the_script() {
    let app =
        TestApp::configured("[scripts]\nauthorization_parameters = [\"provider\", \"auth_step\"]")
            .await;
    let properties = [("prepare.1", "showattributes provider,auth_step,other; true")];
    app.script(
        "puppet",
        PUPPET,
        sallyport_script::Language::Python2,
        &properties,
    )
    .await;
    app.public_client("app").await;
    let party = party()
        .with("provider", "p1")
        .with("other", "o1")
        .with("auth_step", "7");
    app.browser().get(&party.address()).await;
    assert_eq!(
        printed(&app, "Attribute"),
        ["provider p1", "auth_step 1", "other None"]
    );
}

#[tokio::test]
async fn a_password_in_the_log_is_masked_in_every_step() {
    let text = PUPPET.replace(
        "print \"Call authenticate\", step",
        "print requestParameters, step",
    );
    let app = puppet_of(&text, &[("authenticate.1", "password")]).await;
    party().first_step(&mut app.browser(), "alice").await;
    assert!(!app.script_log().contains(PASSWORD));
}
