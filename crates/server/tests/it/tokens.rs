//! Codes, tokens and what they open.

use axum::body::Body;
use http::{Request, StatusCode, header};
use sallyport_oidc::AuthMethod;
use serde_json::Value;

use crate::{
    Page, RelyingParty, TestApp,
    relying_party::{basic, claims, send, with_token},
};

const ALL: &str = "openid profile email address phone";

fn party() -> RelyingParty {
    RelyingParty::new("app").with("acr_values", "simple_password_auth")
}

async fn signed_in(app: &TestApp, party: &RelyingParty) -> Page {
    if app.app.people.find_by_uid("alice").await.unwrap().is_none() {
        app.person("alice").await;
    }
    let back = party.first_step(&mut app.browser(), "alice").await;
    assert!(back.query("code").is_some(), "{} {}", back.url, back.body);
    back
}

fn text(json: &Value, name: &str) -> String {
    json[name]
        .as_str()
        .unwrap_or_else(|| panic!("no {name} in {json}"))
        .to_owned()
}

#[tokio::test]
async fn a_code_is_refused_the_second_time_and_what_it_gave_is_revoked() {
    let app = TestApp::start().await;
    let party = party();
    let back = signed_in(&app, &party).await;
    let tokens = party.redeem(&app, &back).await;
    assert_eq!(tokens.status, StatusCode::OK);
    assert_eq!(tokens.headers[header::CACHE_CONTROL], "no-store");
    let tokens = tokens.json();
    let access = text(&tokens, "access_token");
    assert_eq!(
        with_token(&app, "/oxauth/restv1/userinfo", &access)
            .await
            .status,
        StatusCode::OK
    );

    let again = party.redeem(&app, &back).await;
    assert_eq!(
        (again.status, text(&again.json(), "error").as_str()),
        (StatusCode::BAD_REQUEST, "invalid_grant")
    );
    assert_eq!(
        with_token(&app, "/oxauth/restv1/userinfo", &access)
            .await
            .status,
        StatusCode::UNAUTHORIZED
    );
    let refreshed = party.refresh(&app, &text(&tokens, "refresh_token")).await;
    assert_eq!(text(&refreshed.json(), "error"), "invalid_grant");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_code_redeemed_many_times_at_once_gives_tokens_once_at_most() {
    let app = std::sync::Arc::new(TestApp::start().await);
    let back = signed_in(&app, &party()).await;
    let code = back.query("code").unwrap();
    let mut tries = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let (app, code) = (app.clone(), code.clone());
        tries.spawn(async move { party().redeem_code(&app, &code).await.status });
    }
    let won = tries
        .join_all()
        .await
        .into_iter()
        .filter(|status| *status == StatusCode::OK)
        .count();
    assert_eq!(won, 1);
}

#[tokio::test]
async fn a_code_lives_sixty_seconds_and_only_for_its_request() {
    let app = TestApp::start().await;
    let party = party();
    let late = signed_in(&app, &party).await;
    app.wait(61);
    assert_eq!(
        party.redeem(&app, &late).await.status,
        StatusCode::BAD_REQUEST
    );

    for (name, value) in [
        (
            "code_verifier",
            "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        ),
        ("code_verifier", ""),
        ("redirect_uri", "https://app.example.com/other"),
    ] {
        let code = signed_in(&app, &party).await.query("code").unwrap();
        let form = [
            ("grant_type", "authorization_code"),
            ("code", &code),
            (
                "redirect_uri",
                if name == "redirect_uri" {
                    value
                } else {
                    crate::CALLBACK
                },
            ),
            (
                "code_verifier",
                if name == "code_verifier" {
                    value
                } else {
                    "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
                },
            ),
        ];
        let refused = party.token(&app, &form).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{name}={value}");
        let right = party.redeem_code(&app, &code).await;
        assert_eq!(
            right.status,
            StatusCode::BAD_REQUEST,
            "a wrong try burns the code"
        );
    }
}

#[tokio::test]
async fn a_code_of_one_client_is_worth_nothing_to_another() {
    let app = TestApp::start().await;
    app.public_client("other").await;
    let back = signed_in(&app, &party()).await;
    let stolen = RelyingParty::new("other").redeem(&app, &back).await;
    assert_eq!(text(&stolen.json(), "error"), "invalid_grant");
}

#[tokio::test]
async fn a_refresh_token_rotates_and_its_reuse_ends_the_family() {
    let app = TestApp::start().await;
    let party = party();
    let back = signed_in(&app, &party).await;
    let first = text(&party.redeem(&app, &back).await.json(), "refresh_token");
    let second = party.refresh(&app, &first).await.json();
    let (second_token, access) = (
        text(&second, "refresh_token"),
        text(&second, "access_token"),
    );
    assert_ne!(first, second_token);
    assert_eq!(
        party.refresh(&app, &first).await.status,
        StatusCode::BAD_REQUEST
    );
    assert_eq!(
        party.refresh(&app, &second_token).await.status,
        StatusCode::BAD_REQUEST,
        "the family is dead"
    );
    assert_eq!(
        with_token(&app, "/oxauth/restv1/userinfo", &access)
            .await
            .status,
        StatusCode::UNAUTHORIZED
    );
}

#[tokio::test]
async fn each_way_of_client_authentication_works_and_no_other() {
    let app = TestApp::start().await;
    for method in [AuthMethod::ClientSecretBasic, AuthMethod::ClientSecretPost] {
        let id = method.name();
        let (_, secret) = app.client(id, method).await;
        let secret = secret.unwrap();
        for wrong in [false, true] {
            let party = RelyingParty::new(id).with("acr_values", "simple_password_auth");
            let code = signed_in(&app, &party).await.query("code").unwrap();
            let secret = if wrong {
                "wrong".to_owned()
            } else {
                secret.clone()
            };
            let mut form = vec![
                ("grant_type", "authorization_code".to_owned()),
                ("code", code),
                ("redirect_uri", crate::CALLBACK.to_owned()),
                (
                    "code_verifier",
                    "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk".to_owned(),
                ),
            ];
            let mut request = Request::post("/oxauth/restv1/token")
                .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
            if method == AuthMethod::ClientSecretBasic {
                request = request.header(header::AUTHORIZATION, basic(id, &secret));
            } else {
                form.extend([("client_id", id.to_owned()), ("client_secret", secret)]);
            }
            let body = url::form_urlencoded::Serializer::new(String::new())
                .extend_pairs(form)
                .finish();
            let answer = send(&app, request.body(Body::from(body)).unwrap()).await;
            let expected = if wrong {
                StatusCode::UNAUTHORIZED
            } else {
                StatusCode::OK
            };
            assert_eq!(answer.status, expected, "{id}: {}", answer.body);
            if wrong {
                assert_eq!(text(&answer.json(), "error"), "invalid_client");
                let challenged = answer.headers.contains_key(header::WWW_AUTHENTICATE);
                assert_eq!(challenged, method == AuthMethod::ClientSecretBasic);
            }
        }
    }
}

#[tokio::test]
async fn userinfo_gives_every_standard_claim_of_the_scopes_and_no_other() {
    let app = TestApp::start().await;
    app.person_with(
        "alice",
        &[
            ("mail", "alice@example.com"),
            ("emailVerified", "true"),
            ("sn", "Adams"),
            ("cn", "Alice Adams"),
            ("displayName", "Alice Adams"),
            ("middleName", "B."),
            ("nickname", "Al"),
            ("profile", "https://example.com/alice"),
            ("picture", "https://example.com/alice.png"),
            ("website", "https://alice.example"),
            ("gender", "female"),
            ("birthdate", "1990-01-02"),
            ("zoneinfo", "Europe/Berlin"),
            ("locale", "en-US"),
            ("preferredUsername", "alice"),
            ("mobile", "+12025550101"),
            ("street", "1 Main Street"),
            ("l", "Springfield"),
            ("st", "IL"),
            ("postalCode", "62701"),
            ("c", "US"),
        ],
    )
    .await;
    let party = party().with("scope", ALL);
    let back = signed_in(&app, &party).await;
    let access = text(&party.redeem(&app, &back).await.json(), "access_token");
    let claims = with_token(&app, "/oxauth/restv1/userinfo", &access)
        .await
        .json();
    for name in [
        "sub",
        "name",
        "given_name",
        "family_name",
        "middle_name",
        "nickname",
        "preferred_username",
        "profile",
        "picture",
        "website",
        "gender",
        "birthdate",
        "zoneinfo",
        "locale",
        "updated_at",
        "email",
        "email_verified",
        "address",
        "phone_number",
        "phone_number_verified",
    ] {
        assert!(!claims[name].is_null(), "no {name} in {claims}");
    }
    assert!(claims["updated_at"].is_number() && claims["email_verified"].is_boolean());
    assert_eq!(claims["address"]["postal_code"], "62701");

    let narrow = self::party();
    let back = signed_in(&app, &narrow).await;
    let access = text(&narrow.redeem(&app, &back).await.json(), "access_token");
    let claims = with_token(&app, "/oxauth/restv1/userinfo", &access)
        .await
        .json();
    assert_eq!(claims.as_object().unwrap().len(), 1, "only sub: {claims}");
}

#[tokio::test]
async fn a_revoked_or_expired_token_opens_nothing() {
    let app = TestApp::start().await;
    let (_, secret) = app.client("web", AuthMethod::ClientSecretBasic).await;
    let party = RelyingParty::new("web")
        .with("acr_values", "simple_password_auth")
        .secret(secret);
    let back = signed_in(&app, &party).await;
    let tokens = party.redeem(&app, &back).await.json();
    let access = text(&tokens, "access_token");
    let active = async |token: &str| {
        party
            .post(&app, "/oxauth/restv1/introspection", &[("token", token)])
            .await
            .json()["active"]
            .clone()
    };
    assert_eq!(active(&access).await, true);
    assert_eq!(active("nonsense").await, false);
    let revoked = party
        .post(&app, "/oxauth/restv1/revoke", &[("token", &access)])
        .await;
    assert_eq!(revoked.status, StatusCode::OK);
    assert_eq!(active(&access).await, false);

    let tokens = party
        .refresh(&app, &text(&tokens, "refresh_token"))
        .await
        .json();
    let access = text(&tokens, "access_token");
    assert_eq!(active(&access).await, true);
    app.wait(301);
    assert_eq!(active(&access).await, false);
    let refused = with_token(&app, "/oxauth/restv1/userinfo", &access).await;
    assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
    assert!(
        refused.headers[header::WWW_AUTHENTICATE]
            .to_str()
            .unwrap()
            .contains("invalid_token")
    );
}

#[tokio::test]
async fn keys_are_for_rs256_by_default_and_per_client_for_others_and_old_ones_stay_after_a_rotation()
 {
    let app = TestApp::start().await;
    let keys = async || {
        app.browser().get("/oxauth/restv1/jwks").await.json()["keys"]
            .as_array()
            .unwrap()
            .clone()
    };
    let before = keys().await;
    let kid = |token: &Value| {
        use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
        let header = token
            .as_str()
            .unwrap()
            .split('.')
            .next()
            .unwrap()
            .to_owned();
        let header: Value =
            serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(header).unwrap()).unwrap();
        (header["alg"].clone(), header["kid"].clone())
    };
    let back = signed_in(&app, &party()).await;
    let old = party().redeem(&app, &back).await.json();
    assert_eq!(kid(&old["id_token"]).0, "RS256");
    sallyport_oidc::rotate_keys(&app.scratch.store, &app.vault, app.clock.now())
        .await
        .unwrap();
    app.wait(60);
    let back = signed_in(&app, &party()).await;
    let new = party().redeem(&app, &back).await.json();
    assert_ne!(kid(&old["id_token"]).1, kid(&new["id_token"]).1);
    let after = keys().await;
    assert!(after.len() > before.len());
    for token in [&old, &new] {
        assert!(
            after
                .iter()
                .any(|key| key["kid"] == kid(&token["id_token"]).1)
        );
    }
    for key in &after {
        for private in ["d", "p", "q", "dp", "dq", "qi", "k"] {
            assert!(key[private].is_null(), "a private part is public");
        }
    }
}

#[tokio::test]
async fn signing_out_ends_the_session_and_returns_to_the_application() {
    let app = TestApp::start().await;
    app.person("alice").await;
    let (mut browser, party) = (app.browser(), party());
    let back = party.first_step(&mut browser, "alice").await;
    let tokens = party.redeem(&app, &back).await.json();
    let query = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("id_token_hint", tokens["id_token"].as_str().unwrap())
        .append_pair("post_logout_redirect_uri", "https://app.example.com/bye")
        .append_pair("state", "s2")
        .finish();
    let bye = browser
        .get(&format!("/oxauth/restv1/end_session?{query}"))
        .await;
    assert_eq!(bye.url.as_str(), "https://app.example.com/bye?state=s2");
    let silent = browser.get(&party.with("prompt", "none").address()).await;
    assert_eq!(silent.query("error").as_deref(), Some("login_required"));
}

#[tokio::test]
async fn signing_out_without_proof_asks_and_never_redirects() {
    let app = TestApp::start().await;
    app.person("alice").await;
    let mut browser = app.browser();
    party().first_step(&mut browser, "alice").await;
    let asked = browser
        .get(
            "/oxauth/restv1/end_session?post_logout_redirect_uri=https%3A%2F%2Fevil.example.com%2F",
        )
        .await;
    assert_eq!(asked.url.host_str(), Some("login.example.com"));
    let back = browser.get(&party().with("prompt", "none").address()).await;
    assert!(back.query("code").is_some(), "asking ends nothing");
    let asked = browser.get("/oxauth/restv1/end_session").await;
    browser.submit(&asked, &[("decision", "logout")]).await;
    let back = browser.get(&party().with("prompt", "none").address()).await;
    assert_eq!(back.query("error").as_deref(), Some("login_required"));
}

#[tokio::test]
async fn the_id_token_binds_its_access_token() {
    use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};

    let app = TestApp::start().await;
    let back = signed_in(&app, &party()).await;
    let tokens = party().redeem(&app, &back).await.json();
    let digest = sallyport_base::Digest::of(text(&tokens, "access_token").as_bytes());
    let half: Vec<u8> = (0..16)
        .map(|n| u8::from_str_radix(&digest.as_str()[2 * n..2 * n + 2], 16).unwrap())
        .collect();
    assert_eq!(
        claims(&tokens["id_token"])["at_hash"],
        BASE64_URL_SAFE_NO_PAD.encode(half)
    );
}
