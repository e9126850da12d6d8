//! `logout` and `getLogoutExternalUrl`.

use url::form_urlencoded::Serializer;

use super::{PUPPET, calls_of, party, puppet, puppet_of};
use crate::{Browser, Page, TestApp};

const BYE: &str = "https://app.example.com/bye";
const SLO: &str = "https://idp.example/slo?x=1";
const NAMED: (&str, &str) = ("idp_url", "https://idp.example/");
const DOORS: [&str; 2] = ["/oxauth/logout.htm", "/oxauth/restv1/end_session"];

async fn signed_in(app: &TestApp) -> (Browser, String) {
    let mut browser = app.browser();
    let back = party().first_step(&mut browser, "alice").await;
    let tokens = party().redeem(app, &back).await.json();
    (browser, tokens["id_token"].as_str().unwrap().to_owned())
}

fn address(door: &str, hint: &str) -> String {
    let query = Serializer::new(String::new())
        .append_pair("id_token_hint", hint)
        .append_pair("post_logout_redirect_uri", BYE)
        .append_pair("state", "s1")
        .finish();
    format!("{door}?{query}")
}

async fn is_signed_in(browser: &mut Browser) -> bool {
    let silent = party().with("prompt", "none");
    browser.get(&silent.address()).await.query("code").is_some()
}

fn is_bye(page: &Page) -> bool {
    page.url.as_str() == format!("{BYE}?state=s1")
}

#[tokio::test]
async fn the_script_is_asked_by_both_doors_and_the_browser_goes_back() {
    for door in DOORS {
        let app = puppet(&[("authenticate.1", "password")]).await;
        let (mut browser, hint) = signed_in(&app).await;
        let (calls, page) = calls_of(&app, browser.get(&address(door, &hint))).await;
        assert_eq!(calls, ["logout None", "getLogoutExternalUrl None"]);
        assert!(is_bye(&page), "{}", page.url);
        assert!(!is_signed_in(&mut browser).await);
    }
}

#[tokio::test]
async fn the_external_address_is_asked_from_api_version_3() {
    for (version, asked) in [("2", false), ("3", true)] {
        let text = PUPPET
            .replace("return 11", &format!("return {version}"))
            .replace("customScript, configurationAttributes):", "*arguments):")
            .replace("= configurationAttributes", "= arguments[-1]");
        let app = puppet_of(&text, &[("authenticate.1", "password")]).await;
        let (mut browser, hint) = signed_in(&app).await;
        let (calls, _) = calls_of(&app, browser.get(&address(DOORS[0], &hint))).await;
        assert_eq!(
            calls.len(),
            if asked { 2 } else { 1 },
            "{version}: {calls:?}"
        );
    }
}

#[tokio::test]
async fn a_script_that_refuses_stops_gluus_page_and_not_the_protocol() {
    for answer in ["false", "none", "raise"] {
        for (door, goes) in [(DOORS[0], false), (DOORS[1], true)] {
            let app = puppet(&[("authenticate.1", "password"), ("logout", answer)]).await;
            let (mut browser, hint) = signed_in(&app).await;
            let page = browser.get(&address(door, &hint)).await;
            assert_eq!(is_bye(&page), goes, "{door} {answer}");
            if !goes {
                assert_eq!(page.heading(), "You are not signed out yet");
            }
            assert_eq!(is_signed_in(&mut browser).await, !goes, "{door} {answer}");
        }
    }
}

#[tokio::test]
async fn the_browser_signs_out_elsewhere_and_comes_back_to_go_on() {
    for door in DOORS {
        for logout in ["true", "false"] {
            let app = puppet(&[
                NAMED,
                ("authenticate.1", "password"),
                ("logout", logout),
                ("logoutUrl", "text https://idp.example/slo?x=1"),
            ])
            .await;
            let (mut browser, hint) = signed_in(&app).await;
            let page = browser.get(&address(door, &hint)).await;
            assert_eq!(page.url.as_str(), SLO);
            assert!(
                !is_signed_in(&mut browser).await,
                "whether they come back or not"
            );
            let page = browser.get("/oxauth/logout.htm?SAMLResponse=x").await;
            assert!(is_bye(&page), "{}", page.url);
            let page = browser.get("/oxauth/logout.htm").await;
            assert_eq!(page.heading(), "You are signed out", "once");
        }
    }
}

#[tokio::test]
async fn whoever_signed_in_again_on_the_way_is_not_told_that_they_are_signed_out() {
    let app = puppet(&[
        NAMED,
        ("authenticate.1", "password"),
        ("logoutUrl", "text https://idp.example/slo?x=1"),
    ])
    .await;
    let (mut browser, hint) = signed_in(&app).await;
    browser.get(&address(DOORS[0], &hint)).await;
    let mut late = browser.clone();
    let back = party().first_step(&mut browser, "alice").await;
    assert!(back.query("code").is_some(), "{}", back.body);
    let page = browser.get("/oxauth/logout.htm").await;
    assert_eq!(page.heading(), "Sign out?");
    assert!(is_signed_in(&mut browser).await);
    app.wait(10 * 60);
    let page = late.get("/oxauth/logout.htm").await;
    assert!(!is_bye(&page), "{}", page.url);
}

#[tokio::test]
async fn nobody_is_sent_where_no_administrator_pointed() {
    for (address_of, end) in [
        ("https://evil.example/", true),
        ("raise", true),
        ("none", true),
    ] {
        let order = match address_of {
            "raise" | "none" => address_of.to_owned(),
            address => format!("text {address}"),
        };
        let app = puppet(&[("authenticate.1", "password"), ("logoutUrl", &order)]).await;
        let (mut browser, hint) = signed_in(&app).await;
        let page = browser.get(&address(DOORS[1], &hint)).await;
        assert_eq!(is_bye(&page), end, "{address_of}: {}", page.url);
    }
}

#[tokio::test]
async fn a_logout_that_nobody_proved_is_confirmed_before_the_script_hears_of_it() {
    let app = puppet(&[("authenticate.1", "password")]).await;
    let (mut browser, _) = signed_in(&app).await;
    let (calls, page) = calls_of(&app, browser.get("/oxauth/logout.htm")).await;
    assert_eq!(page.heading(), "Sign out?");
    assert!(calls.is_empty(), "{calls:?}");
    let (calls, page) = calls_of(&app, browser.submit(&page, &[("decision", "logout")])).await;
    assert_eq!(calls, ["logout None", "getLogoutExternalUrl None"]);
    assert_eq!(page.heading(), "You are signed out");
}

#[tokio::test]
async fn the_script_finds_what_the_login_left_in_the_session() {
    let app = puppet(&[
        ("authenticate.1", "attribute name_id=n-1; password"),
        ("logout", "showattributes name_id,auth_user,acr; true"),
    ])
    .await;
    let (mut browser, hint) = signed_in(&app).await;
    browser.get(&address(DOORS[0], &hint)).await;
    let seen = super::printed(&app, "Attribute");
    assert_eq!(seen, ["name_id n-1", "auth_user alice", "acr puppet"]);
}
