use http::{StatusCode, header};
use sallyport_oidc::AuthMethod;

use crate::{
    Answer, CALLBACK, TestApp,
    app::{PASSWORD, request},
};

fn opens_a_session(answer: &Answer) -> bool {
    let mut cookies = answer.headers.get_all(header::SET_COOKIE).iter();
    cookies.any(|cookie| cookie.to_str().unwrap().starts_with("session_id="))
}

/// How many logins wait in the store.
async fn logins(app: &TestApp) -> i64 {
    let mut reader = app.scratch.store.reader().await.unwrap();
    let sql = "SELECT CAST(COUNT(*) AS BIGINT) AS found FROM logins";
    let row = reader.row(sql, &[]).await.unwrap().unwrap();
    row.get("found").unwrap()
}

/// The answer to the right password: it leads to where the login is taken.
async fn after_the_password(app: &TestApp) -> String {
    app.client("rp", AuthMethod::ClientSecretBasic).await;
    let page = app.get(&request("rp", &[])).await.location().unwrap();
    let page = app.get(&page).await;
    let fields = [("username", "alice"), ("password", PASSWORD)];
    app.submit(&page, &fields).await.location().unwrap()
}

#[tokio::test]
async fn a_parameter_that_is_too_long_is_refused_and_nothing_is_kept() {
    let app = TestApp::start().await;
    app.client("rp", AuthMethod::ClientSecretBasic).await;
    let long = "x".repeat(4097);
    for name in ["nonce", "login_hint", "acr_values", "ui_locales", "scope"] {
        let answer = app.get(&request("rp", &[(name, &long)])).await;
        assert_eq!(
            answer.query("error").as_deref(),
            Some("invalid_request"),
            "{name}"
        );
        assert_eq!(answer.query("state").as_deref(), Some("s"), "{name}");
    }
    let answer = app.get(&request("rp", &[("state", &long)])).await;
    assert_eq!(answer.query("error").as_deref(), Some("invalid_request"));
    assert_eq!(answer.query("state"), None, "it is not given back");
    let elsewhere = format!("{CALLBACK}/elsewhere");
    let unproven = [("state", &long[..]), ("redirect_uri", &elsewhere)];
    let answer = app.get(&request("rp", &unproven)).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert_eq!(answer.location(), None);
    assert_eq!(logins(&app).await, 0);
}

#[tokio::test]
async fn a_login_that_is_taken_opens_a_session() {
    let app = TestApp::start().await;
    let resume = after_the_password(&app).await;
    let answer = app.get(&resume).await;
    assert!(answer.query("code").is_some());
    assert!(opens_a_session(&answer));
}

#[tokio::test]
async fn a_session_that_could_not_be_stored_is_told_to_nobody() {
    let app = TestApp::start().await;
    let resume = after_the_password(&app).await;
    let mut tx = app.scratch.store.begin().await.unwrap();
    tx.execute("DROP TABLE authorization_codes", &[])
        .await
        .unwrap();
    tx.commit().await.unwrap();

    let answer = app.get(&resume).await;
    assert_eq!(answer.query("error").as_deref(), Some("server_error"));
    assert!(!opens_a_session(&answer));
    assert_eq!(logins(&app).await, 1, "the login can still be taken");
}

#[tokio::test]
async fn a_session_is_told_of_when_the_client_is_refused_after_it() {
    let app = TestApp::start().await;
    let secret = app
        .client("rp", AuthMethod::ClientSecretBasic)
        .await
        .unwrap();
    let tokens = app.tokens("rp", &secret, &[]).await;
    let hint = tokens["id_token"].as_str().unwrap();
    app.person("bob").await;
    app.forget_cookies();
    let page = app.get(&request("rp", &[("id_token_hint", hint)])).await;
    let page = app.get(&page.location().unwrap()).await;
    let fields = [("username", "bob"), ("password", PASSWORD)];
    let resume = app.submit(&page, &fields).await.location().unwrap();
    let answer = app.get(&resume).await;
    assert!(answer.query("error").is_some(), "{answer:?}");
    assert!(opens_a_session(&answer));
}
