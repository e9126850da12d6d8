use http::StatusCode;
use sallyport_oidc::AuthMethod;

use crate::{
    Answer, TestApp,
    app::{GOODBYE, encoded},
};

const END_SESSION: &str = "/oxauth/restv1/end_session";

async fn signed_in() -> (TestApp, String, String) {
    let app = TestApp::start().await;
    let secret = app
        .client("rp", AuthMethod::ClientSecretBasic)
        .await
        .unwrap();
    let tokens = app.tokens("rp", &secret, &[]).await;
    let hint = tokens["id_token"].as_str().unwrap().to_owned();
    let access = tokens["access_token"].as_str().unwrap().to_owned();
    (app, hint, access)
}

async fn logout(app: &TestApp, parameters: &[(&str, &str)]) -> Answer {
    app.get(&format!("{END_SESSION}?{}", encoded(parameters)))
        .await
}

async fn is_signed_in(app: &TestApp) -> bool {
    let answer = app.authorize("rp", &[("prompt", "none")]).await;
    answer.query("code").is_some()
}

#[tokio::test]
async fn a_client_signs_its_person_out_and_gets_them_back() {
    let (app, hint, access) = signed_in().await;
    app.wait(10);
    let answer = logout(
        &app,
        &[
            ("id_token_hint", &hint),
            ("post_logout_redirect_uri", GOODBYE),
            ("state", "a b"),
        ],
    )
    .await;
    assert_eq!(answer.location().unwrap(), format!("{GOODBYE}?state=a+b"));
    assert!(!is_signed_in(&app).await);
    assert_eq!(app.userinfo(&access).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn an_expired_hint_signs_out_too_and_by_post() {
    let (app, hint, _) = signed_in().await;
    app.wait(20 * 3600);
    let form = [("id_token_hint", hint.as_str()), ("client_id", "rp")];
    let answer = app.post(END_SESSION, &form).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert!(answer.body.contains("You are signed out"));
    assert!(!is_signed_in(&app).await);
}

#[tokio::test]
async fn a_hint_is_believed_after_a_rotation_of_the_keys() {
    let (app, hint, _) = signed_in().await;
    let flow = app.provider.flow();
    sallyport_oidc::rotate_keys(flow.store(), flow.vault(), app.clock.now())
        .await
        .unwrap();
    app.wait(60);
    let answer = logout(
        &app,
        &[
            ("id_token_hint", &hint),
            ("post_logout_redirect_uri", GOODBYE),
        ],
    )
    .await;
    assert_eq!(answer.location().as_deref(), Some(GOODBYE));
}

#[tokio::test]
async fn without_a_good_hint_the_person_is_asked_and_stays_here() {
    let (app, hint, _) = signed_in().await;
    let altered = format!("{}A", &hint[..hint.len() - 1]);
    let altered = if altered == hint {
        format!("{}B", &hint[..hint.len() - 1])
    } else {
        altered
    };
    for parameters in [
        vec![],
        vec![("post_logout_redirect_uri", GOODBYE)],
        vec![
            ("id_token_hint", altered.as_str()),
            ("post_logout_redirect_uri", GOODBYE),
        ],
        vec![
            ("id_token_hint", "x"),
            ("post_logout_redirect_uri", "https://evil.example/"),
        ],
    ] {
        let page = logout(&app, &parameters).await;
        assert_eq!(page.status, StatusCode::OK, "{parameters:?}");
        assert!(page.body.contains("value=\"logout\""), "{parameters:?}");
        assert!(is_signed_in(&app).await);
    }
    let page = logout(&app, &[]).await;
    let stays = app.submit(&page, &[("decision", "stay")]).await;
    assert!(stays.body.contains("still signed in"));
    assert!(is_signed_in(&app).await);
    let leaves = app.submit(&page, &[("decision", "logout")]).await;
    assert_eq!(leaves.status, StatusCode::OK);
    assert!(leaves.body.contains("You are signed out"));
    assert!(!is_signed_in(&app).await);
}

#[tokio::test]
async fn nobody_is_sent_to_an_address_that_is_not_registered() {
    let (app, hint, _) = signed_in().await;
    let altered = format!("{GOODBYE}/");
    for (name, value) in [
        ("post_logout_redirect_uri", "https://evil.example/"),
        ("post_logout_redirect_uri", altered.as_str()),
        ("client_id", "other"),
    ] {
        let answer = logout(&app, &[("id_token_hint", &hint), (name, value)]).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{value}");
        assert_eq!(answer.location(), None);
        assert!(is_signed_in(&app).await);
    }
}

#[tokio::test]
async fn a_hint_about_somebody_else_asks_first() {
    let (app, hint, _) = signed_in().await;
    app.person("bruno").await;
    app.authorize_as("bruno", "rp", &[("prompt", "login")])
        .await;
    let page = logout(
        &app,
        &[
            ("id_token_hint", &hint),
            ("post_logout_redirect_uri", GOODBYE),
        ],
    )
    .await;
    assert!(page.body.contains("bruno"), "{page:?}");
    let answer = app.submit(&page, &[("decision", "logout")]).await;
    assert_eq!(answer.location().as_deref(), Some(GOODBYE));
    assert!(!is_signed_in(&app).await);
}

#[tokio::test]
async fn access_that_was_allowed_to_outlive_the_session_does() {
    let app = TestApp::start().await;
    let secret = app
        .client("rp", AuthMethod::ClientSecretBasic)
        .await
        .unwrap();
    let tokens = app
        .tokens("rp", &secret, &[("scope", "openid offline_access")])
        .await;
    let hint = tokens["id_token"].as_str().unwrap();
    logout(&app, &[("id_token_hint", hint)]).await;
    assert!(!is_signed_in(&app).await);
    let form = [
        ("grant_type", "refresh_token"),
        ("refresh_token", tokens["refresh_token"].as_str().unwrap()),
    ];
    let answer = app
        .call("/oxauth/restv1/token", Some(("rp", &secret)), &form)
        .await;
    assert_eq!(answer.status, StatusCode::OK);
}

#[tokio::test]
async fn signing_in_as_somebody_else_ends_what_the_first_was_given() {
    let (app, _, access) = signed_in().await;
    app.person("bruno").await;
    app.authorize_as("bruno", "rp", &[("prompt", "login")])
        .await;
    assert_eq!(app.userinfo(&access).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn signing_in_again_keeps_what_was_given_until_the_end() {
    let (app, hint, access) = signed_in().await;
    app.authorize("rp", &[("prompt", "login")]).await;
    assert_eq!(app.userinfo(&access).await.status, StatusCode::OK);
    logout(&app, &[("id_token_hint", &hint)]).await;
    assert_eq!(app.userinfo(&access).await.status, StatusCode::UNAUTHORIZED);
}
