//! The authorization endpoint: who may ask for what, and where errors go.

use http::StatusCode;

use crate::{CALLBACK, PASSWORD, RelyingParty, TestApp};

#[tokio::test]
async fn nothing_goes_to_an_address_that_is_not_registered() {
    let app = TestApp::start().await;
    for party in [
        RelyingParty::new("nobody"),
        RelyingParty::new("app").without("client_id"),
        RelyingParty::new("app").without("redirect_uri"),
        RelyingParty::new("app").with("redirect_uri", "https://evil.example.com/callback"),
        RelyingParty::new("app").with("redirect_uri", &format!("{CALLBACK}/")),
        RelyingParty::new("app").with("redirect_uri", &format!("{CALLBACK}?x=1")),
        RelyingParty::new("app").with(
            "redirect_uri",
            "https://app.example.com@evil.example.com/callback",
        ),
        RelyingParty::new("app").with("redirect_uri", "javascript:alert(1)"),
    ] {
        let page = app.browser().get(&party.address()).await;
        assert_eq!(page.status, StatusCode::BAD_REQUEST, "{}", party.address());
        assert_eq!(page.url.host_str(), Some("login.example.com"));
        assert!(!page.heading().is_empty());
    }
}

#[tokio::test]
async fn other_errors_go_to_the_application_with_state_and_issuer() {
    let app = TestApp::start().await;
    for (party, error) in [
        (
            RelyingParty::new("app").with("response_type", "token"),
            "unsupported_response_type",
        ),
        (
            RelyingParty::new("app").without("response_type"),
            "invalid_request",
        ),
        (RelyingParty::new("app").without("scope"), "invalid_scope"),
        (
            RelyingParty::new("app").without("code_challenge"),
            "invalid_request",
        ),
        (
            RelyingParty::new("app").with("code_challenge_method", "plain"),
            "invalid_request",
        ),
        (
            RelyingParty::new("app").with("code_challenge", "short"),
            "invalid_request",
        ),
        (
            RelyingParty::new("app").with("prompt", "none login"),
            "invalid_request",
        ),
        (
            RelyingParty::new("app").with("prompt", "none"),
            "login_required",
        ),
        (
            RelyingParty::new("app").with("max_age", "soon"),
            "invalid_request",
        ),
        (
            RelyingParty::new("app").with("request", "eyJ"),
            "request_not_supported",
        ),
        (
            RelyingParty::new("app").with("request_uri", "https://x.example"),
            "request_uri_not_supported",
        ),
    ] {
        let back = app.browser().get(&party.address()).await;
        assert!(
            back.url.as_str().starts_with(CALLBACK),
            "{error}: {} {}",
            back.url,
            back.body
        );
        let got = back.query("error").unwrap_or_default();
        if error == "invalid_scope" {
            assert!(
                ["invalid_scope", "invalid_request"].contains(&got.as_str()),
                "{got}"
            );
        } else {
            assert_eq!(got, error);
        }
        assert_eq!(back.query("state").as_deref(), Some("state-1"));
        assert_eq!(
            back.query("iss").as_deref(),
            Some("https://login.example.com")
        );
    }
}

#[tokio::test]
async fn a_parameter_given_twice_is_refused() {
    let app = TestApp::start().await;
    let address = RelyingParty::new("app").address();
    let twice = |name: &str| format!("{address}&{name}=again");
    for name in ["client_id", "redirect_uri"] {
        let page = app.browser().get(&twice(name)).await;
        assert_eq!(page.status, StatusCode::BAD_REQUEST);
        assert_eq!(page.url.host_str(), Some("login.example.com"));
    }
    for name in ["scope", "nonce", "response_type"] {
        let back = app.browser().get(&twice(name)).await;
        assert_eq!(
            back.query("error").as_deref(),
            Some("invalid_request"),
            "{name}"
        );
    }
    let unknown = app
        .browser()
        .get(&format!("{address}&colour=red&colour=blue"))
        .await;
    assert_eq!(
        unknown.heading(),
        "Sign in",
        "unknown parameters are ignored"
    );
}

#[tokio::test]
async fn a_request_may_be_posted() {
    let app = TestApp::start().await;
    let query = RelyingParty::new("app").address();
    let query = query.split_once('?').unwrap().1;
    let form: Vec<(String, String)> = url::form_urlencoded::parse(query.as_bytes())
        .into_owned()
        .collect();
    let page = app.browser().post("/oxauth/restv1/authorize", &form).await;
    assert_eq!(page.heading(), "Sign in");
}

#[tokio::test]
async fn consent_is_asked_once_for_each_client_and_scope() {
    let app = TestApp::start().await;
    app.person("alice").await;
    let registration = sallyport_oidc::Registration {
        client_name: "Foreign".to_owned(),
        redirect_uris: vec![CALLBACK.parse().unwrap()],
        token_endpoint_auth_method: sallyport_oidc::AuthMethod::None,
        scope: "openid profile email".parse().unwrap(),
        trusted: false,
        ..Default::default()
    };
    app.registered("foreign", registration).await;
    let mut browser = app.browser();
    let party = RelyingParty::new("foreign")
        .with("acr_values", "simple_password_auth")
        .with("scope", "openid profile");

    let asked = party.first_step(&mut browser, "alice").await;
    assert!(asked.body.contains("Foreign") && asked.query("code").is_none());
    let refused = browser.submit(&asked, &[("decision", "deny")]).await;
    assert_eq!(refused.query("error").as_deref(), Some("access_denied"));

    let asked = browser.get(&party.address()).await;
    let back = browser.submit(&asked, &[("decision", "allow")]).await;
    assert!(back.query("code").is_some(), "{}", back.url);
    let back = browser.get(&party.address()).await;
    assert!(back.query("code").is_some(), "it is remembered");

    for more in [
        party.with("prompt", "consent"),
        RelyingParty::new("foreign")
            .with("acr_values", "simple_password_auth")
            .with("scope", "openid email"),
    ] {
        let asked = browser.get(&more.address()).await;
        assert!(asked.query("code").is_none(), "{}", more.address());
        assert!(asked.body.contains("Foreign"));
    }
}

#[tokio::test]
async fn the_login_hint_fills_the_name_in() {
    let app = TestApp::start().await;
    let party = RelyingParty::new("app").with("login_hint", "alice\"><script>");
    let page = app.browser().get(&party.address()).await;
    assert!(!page.body.contains("<script>"), "it is escaped");
    assert!(page.body.contains("alice&quot;&gt;"));
}

#[tokio::test]
async fn an_id_token_hint_of_another_person_is_no_session() {
    let app = TestApp::start().await;
    app.person("alice").await;
    app.person("bruno").await;
    let party = RelyingParty::new("app").with("acr_values", "simple_password_auth");
    let mut alice = app.browser();
    let back = party.first_step(&mut alice, "alice").await;
    let tokens = party.redeem(&app, &back).await.json();
    let hint = tokens["id_token"].as_str().unwrap().to_owned();
    let silent = RelyingParty::new("app")
        .with("acr_values", "simple_password_auth")
        .with("prompt", "none")
        .with("id_token_hint", &hint);
    let back = alice.get(&silent.address()).await;
    assert!(back.query("code").is_some(), "{}", back.url);
    let mut bruno = app.browser();
    party.first_step(&mut bruno, "bruno").await;
    let back = bruno.get(&silent.address()).await;
    assert!(
        back.query("error").is_some() && back.query("code").is_none(),
        "{}",
        back.url
    );
    let forged = format!("{}A", &hint[..hint.len() - 1]);
    let back = alice
        .get(&silent.with("id_token_hint", &forged).address())
        .await;
    assert!(
        back.query("code").is_none() || hint.ends_with('A'),
        "{}",
        back.url
    );
}

#[tokio::test]
async fn cancelling_tells_the_application() {
    let app = TestApp::start().await;
    let mut browser = app.browser();
    let page = browser.get(&RelyingParty::with_passcode().address()).await;
    let html = scraper::Html::parse_document(&page.body);
    let link = scraper::Selector::parse("p.below a").unwrap();
    let href = html
        .select(&link)
        .next()
        .unwrap()
        .value()
        .attr("href")
        .unwrap()
        .to_owned();
    drop(html);
    let target = if href.starts_with("https://app.example.com") {
        href
    } else {
        browser.get(&href).await.url.to_string()
    };
    assert!(
        target.starts_with(CALLBACK) && target.contains("error=access_denied"),
        "{target}"
    );
    assert!(target.contains("state=state-1") && target.contains("iss="));
}

#[tokio::test]
async fn a_session_of_one_person_signs_in_nobody_else() {
    let app = TestApp::start().await;
    app.person("alice").await;
    let party = RelyingParty::new("app").with("acr_values", "simple_password_auth");
    let mut browser = app.browser();
    let page = browser.get(&party.address()).await;
    let page = browser
        .submit(&page, &[("username", "ALICE"), ("password", PASSWORD)])
        .await;
    assert!(
        page.query("code").is_some(),
        "names are matched without regard to case"
    );
}
