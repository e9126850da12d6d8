use http::StatusCode;

use crate::{Answer, CALLBACK, TestApp};

fn asks(answer: &Answer) -> bool {
    answer.status == StatusCode::OK && answer.body.contains("value=\"allow\"")
}

#[tokio::test]
async fn a_person_is_asked_once_for_each_scope() {
    let app = TestApp::start().await;
    app.registered("rp", |_| {}).await;
    let page = app.authorize("rp", &[]).await;
    assert!(asks(&page), "{page:?}");
    assert!(page.body.contains("See your e-mail address"));
    assert!(page.body.contains("rp.example"));
    let back = app.submit(&page, &[("decision", "allow")]).await;
    assert!(
        back.location()
            .unwrap()
            .starts_with(&format!("{CALLBACK}?code="))
    );
    assert_eq!(back.query("state").as_deref(), Some("s"));
    assert_eq!(back.query("iss").as_deref(), Some("https://id.example"));

    assert!(app.authorize("rp", &[]).await.query("code").is_some());
    assert!(
        app.authorize("rp", &[("scope", "openid")])
            .await
            .query("code")
            .is_some()
    );
    assert!(asks(
        &app.authorize("rp", &[("scope", "openid email profile")])
            .await
    ));
    assert!(asks(&app.authorize("rp", &[("prompt", "consent")]).await));
}

#[tokio::test]
async fn what_is_not_allowed_is_denied_to_the_client_and_asked_again() {
    let app = TestApp::start().await;
    app.registered("rp", |_| {}).await;
    let page = app.authorize("rp", &[]).await;
    let back = app.submit(&page, &[("decision", "deny")]).await;
    assert_eq!(back.query("error").as_deref(), Some("access_denied"));
    assert_eq!(back.query("state").as_deref(), Some("s"));
    assert_eq!(back.query("iss").as_deref(), Some("https://id.example"));
    let silent = app.authorize("rp", &[("prompt", "none")]).await;
    assert_eq!(silent.query("error").as_deref(), Some("consent_required"));
}

#[tokio::test]
async fn a_consent_form_of_another_browser_or_time_allows_nothing() {
    let app = TestApp::start().await;
    app.registered("rp", |_| {}).await;
    let page = app.authorize("rp", &[]).await;

    let foreign = app
        .post(
            "/oxauth/restv1/authorize/consent",
            &[("decision", "allow"), ("login", "x"), ("csrf", "x")],
        )
        .await;
    assert_eq!(foreign.status, StatusCode::FORBIDDEN);

    app.wait(601);
    let late = app.submit(&page, &[("decision", "allow")]).await;
    assert!(asks(&late), "the request starts over: {late:?}");

    app.forget_cookies();
    let other_browser = app.submit(&page, &[("decision", "allow")]).await;
    assert_eq!(other_browser.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_form_that_one_person_was_shown_allows_nothing_for_the_next() {
    let app = TestApp::start().await;
    app.person("bruno").await;
    app.registered("rp", |_| {}).await;
    let page = app.authorize("rp", &[]).await;
    let for_bruno = app
        .authorize_as("bruno", "rp", &[("prompt", "login")])
        .await;
    assert!(asks(&for_bruno));
    let answer = app.submit(&page, &[("decision", "allow")]).await;
    assert!(asks(&answer), "bruno is asked himself: {answer:?}");
    assert!(answer.body.contains("bruno"));
}
