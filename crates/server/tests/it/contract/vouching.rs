//! Methods without a password: the script says who signs in.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use axum::{Router, routing::any};
use http::StatusCode;
use serde_json::Value;
use tokio::sync::Notify;

use super::{FAILED_METHOD, acr_of, error_of, party, password_of, puppet};
use crate::{Page, RelyingParty, TestApp, app::listen};

const ALLOWED: (&str, &str) = ("login_without_password", "true");
const OTP_PAGE: &str = "text /auth/otp_sms/otp_sms.xhtml";

/// What the last session says of how its person signed in.
pub async fn last_proof(app: &TestApp) -> Value {
    let mut reader = app.scratch.store.reader().await.unwrap();
    let sql =
        "SELECT authentications FROM browser_sessions ORDER BY created_at DESC, id DESC LIMIT 1";
    let row = reader.row(sql, &[]).await.unwrap().unwrap();
    let proofs: Value =
        serde_json::from_str(&row.get::<String>("authentications").unwrap()).unwrap();
    proofs.as_array().unwrap().last().unwrap().clone()
}

/// Posts a name and no password to the first step.
async fn named(app: &TestApp, name: &str) -> Page {
    let mut browser = app.browser();
    let page = browser.get(&party().address()).await;
    browser.submit(&page, &[("username", name)]).await
}

#[tokio::test]
async fn a_script_names_nobody_without_leave() {
    for property in [None, Some("false"), Some("yes"), Some("")] {
        let mut properties = vec![("authenticate.1", "name")];
        properties.extend(property.map(|value| ("login_without_password", value)));
        let app = puppet(&properties).await;
        let page = named(&app, "alice").await;
        assert_eq!(page.heading(), "Sign in", "{property:?}");
        let error = error_of(&app).await;
        assert!(error.contains("login_without_password = true"), "{error}");
    }
}

#[tokio::test]
async fn with_leave_the_named_person_signs_in_and_the_record_says_how() {
    let app = puppet(&[ALLOWED, ("authenticate.1", "name")]).await;
    let back = named(&app, "alice").await;
    assert_eq!(acr_of(&app, &back).await.as_deref(), Some("puppet"));
    let proof = last_proof(&app).await;
    assert_eq!(proof["without_password"], true);
    assert_eq!(proof["steps"], 1);
}

#[tokio::test]
async fn nobody_unknown_or_inactive_signs_in() {
    let app = puppet(&[ALLOWED, ("authenticate.1", "name")]).await;
    let bob = app.person("bob").await;
    app.set(bob.id, "gluuStatus", &["inactive"]).await;
    for name in ["nobody", "bob", ""] {
        let page = named(&app, name).await;
        assert_eq!(page.heading(), "Sign in", "{name}");
    }
    assert_eq!(error_of(&app).await, "", "Gluu answers false, and so do we");
}

#[tokio::test]
async fn a_person_who_became_inactive_on_the_way_is_refused() {
    let app = puppet(&[
        ALLOWED,
        ("count", "number 2"),
        ("authenticate.1", "name"),
        ("authenticate.2", "true"),
        ("page.2", OTP_PAGE),
    ])
    .await;
    let person = app.app.people.find_by_uid("alice").await.unwrap().unwrap();
    let mut browser = app.browser();
    let page = browser.get(&party().address()).await;
    let page = browser.submit(&page, &[("username", "alice")]).await;
    app.set(person.id, "gluuStatus", &["inactive"]).await;
    let page = browser.submit(&page, &[("passcode", "1")]).await;
    assert_eq!(page.status, StatusCode::FORBIDDEN);
    assert_eq!(page.heading(), "You cannot sign in");
}

#[tokio::test]
async fn a_later_step_is_about_the_same_person() {
    for (first, second) in [
        ("name", "name bob"),
        ("password", "name bob"),
        ("name", "password"),
    ] {
        let app = puppet(&[
            ALLOWED,
            ("count", "number 2"),
            ("authenticate.1", first),
            ("authenticate.2", second),
            ("page.2", OTP_PAGE),
        ])
        .await;
        app.person("bob").await;
        let mut browser = app.browser();
        let page = party().first_step(&mut browser, "alice").await;
        let page = browser.submit(&page, &password_of("bob")).await;
        assert_eq!(page.heading(), FAILED_METHOD, "{first}, {second}");
    }
}

#[tokio::test]
async fn naming_the_person_who_gave_the_password_needs_no_leave_and_changes_nothing() {
    let app = puppet(&[
        ("count", "number 2"),
        ("authenticate.1", "password"),
        ("authenticate.2", "name alice"),
        ("page.2", OTP_PAGE),
    ])
    .await;
    let mut browser = app.browser();
    let page = party().first_step(&mut browser, "alice").await;
    let back = browser.submit(&page, &[("passcode", "1")]).await;
    assert!(back.query("code").is_some(), "{}", back.body);
    let proof = last_proof(&app).await;
    assert_eq!(proof["without_password"], false);
    assert_eq!(proof["steps"], 2);
}

#[tokio::test]
async fn the_step_that_only_names_a_person_does_not_count_against_other_methods() {
    let app = puppet(&[
        ALLOWED,
        ("count", "number 2"),
        ("authenticate.1", "name"),
        ("authenticate.2", "code 4711"),
        ("page.2", OTP_PAGE),
    ])
    .await;
    let mut browser = app.browser();
    let page = browser.get(&party().address()).await;
    let page = browser.submit(&page, &[("username", "alice")]).await;
    let back = browser.submit(&page, &[("passcode", "4711")]).await;
    assert_eq!(acr_of(&app, &back).await.as_deref(), Some("puppet"));
    assert_eq!(last_proof(&app).await["steps"], 1);
}

#[tokio::test]
async fn a_password_after_a_name_is_one_step() {
    let app = puppet(&[
        ALLOWED,
        ("count", "number 2"),
        ("authenticate.1", "name"),
        ("authenticate.2", "password"),
        ("page.2", OTP_PAGE),
    ])
    .await;
    let mut browser = app.browser();
    let page = browser.get(&party().address()).await;
    let page = browser.submit(&page, &[("username", "alice")]).await;
    let back = browser.submit(&page, &password_of("alice")).await;
    assert!(back.query("code").is_some(), "{}", back.body);
    let proof = last_proof(&app).await;
    assert_eq!(proof["steps"], 1);
    assert_eq!(proof["without_password"], false);
}

#[tokio::test]
async fn tries_for_one_name_are_limited_where_no_password_is_asked() {
    let app = puppet(&[ALLOWED, ("authenticate.1", "false")]).await;
    app.person("bob").await;
    for name in ["alice", "nobody"] {
        for _ in 0..10 {
            assert_eq!(named(&app, name).await.heading(), "Sign in");
        }
        let page = named(&app, &name.to_uppercase()).await;
        assert_eq!(page.status, StatusCode::TOO_MANY_REQUESTS, "{name}");
    }
    assert_eq!(named(&app, "bob").await.heading(), "Sign in");
    app.wait(16 * 60);
    assert_eq!(named(&app, "alice").await.heading(), "Sign in");
}

#[tokio::test]
async fn forms_without_a_name_are_limited_by_their_address_until_one_is_right() {
    let app = puppet(&[ALLOWED, ("authenticate.1", "ticket t=alice")]).await;
    let guess = async |ticket: &str| {
        let mut browser = app.browser();
        let page = browser.get(&party().address()).await;
        browser.submit(&page, &[("ticket", ticket)]).await
    };
    for _ in 0..9 {
        assert_eq!(guess("x").await.heading(), "Sign in");
    }
    let back = guess("t").await;
    assert!(back.query("code").is_some(), "{}", back.body);
    for _ in 0..10 {
        assert_eq!(guess("x").await.heading(), "Sign in");
    }
    assert_eq!(guess("t").await.status, StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn a_name_in_the_form_of_somebody_else_forgives_nothing() {
    let app = puppet(&[ALLOWED, ("authenticate.1", "ticket t=alice")]).await;
    app.person("bob").await;
    let wrong_password = async || {
        let party = RelyingParty::new("app").with("acr_values", "simple_password_auth");
        let mut browser = app.browser();
        let page = browser.get(&party.address()).await;
        let fields = [("username", "bob"), ("password", "wrong")];
        browser.submit(&page, &fields).await.text("[role=alert]")
    };
    for _ in 0..10 {
        assert!(!wrong_password().await.contains("Too many"));
    }
    for _ in 0..9 {
        assert_eq!(named(&app, "bob").await.heading(), "Sign in");
    }
    let mut browser = app.browser();
    let page = browser.get(&party().address()).await;
    let fields = [("username", "bob"), ("ticket", "t")];
    let back = browser.submit(&page, &fields).await;
    assert!(back.query("code").is_some(), "{}", back.body);
    assert!(wrong_password().await.contains("Too many"));
    let page = named(&app, "bob").await;
    assert_eq!(page.status, StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn a_script_sets_no_password_of_a_person_whom_it_only_named() {
    let order = "name; newpassword another good password; true";
    let app = puppet(&[ALLOWED, ("authenticate.1", order)]).await;
    assert_eq!(named(&app, "alice").await.heading(), "Sign in");
    let error = error_of(&app).await;
    assert!(error.contains("a password can be set"), "{error}");
    let party = RelyingParty::new("app").with("acr_values", "simple_password_auth");
    let back = party.first_step(&mut app.browser(), "alice").await;
    assert!(back.query("code").is_some(), "the old one is right");
}

#[tokio::test]
async fn a_right_answer_forgets_the_tries_before_it() {
    let app = puppet(&[ALLOWED, ("authenticate.1", "ticket t=alice")]).await;
    for _ in 0..3 {
        for _ in 0..5 {
            assert_eq!(named(&app, "alice").await.heading(), "Sign in");
        }
        let mut browser = app.browser();
        let page = browser.get(&party().address()).await;
        let fields = [("username", "alice"), ("ticket", "t")];
        let back = browser.submit(&page, &fields).await;
        assert!(back.query("code").is_some(), "{}", back.body);
    }
}

#[tokio::test]
async fn messages_are_limited_for_whoever_was_named_and_for_names_of_nobody() {
    let sent = Arc::new(AtomicUsize::new(0));
    let counted = sent.clone();
    let provider = listen(Router::new().fallback(any(async move || {
        counted.fetch_add(1, Ordering::SeqCst);
    })))
    .await;
    for (property, order, name, most) in [
        ("true", "name; send x; false", "alice", 5),
        ("true", "name; send x; false", "nobody", 5),
        ("false", "send x; false", "nobody", 0),
        ("true", "send x; false", "", 0),
    ] {
        sent.store(0, Ordering::SeqCst);
        let app = puppet(&[
            ("login_without_password", property),
            ("SMS_ENDPOINT", &provider),
            ("authenticate.1", order),
        ])
        .await;
        for _ in 0..8 {
            named(&app, name).await;
        }
        assert_eq!(
            sent.load(Ordering::SeqCst),
            most,
            "{property} {order} {name}"
        );
    }
}

#[tokio::test]
async fn a_page_is_prepared_to_its_end_when_its_browser_is_gone() {
    let (asked, gate) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (is_asked, is_open) = (asked.clone(), gate.clone());
    let provider = listen(Router::new().fallback(any(async move || {
        is_asked.notify_one();
        is_open.notified().await;
    })))
    .await;
    let app = puppet(&[
        ("SMS_ENDPOINT", &provider),
        ("count", "number 2"),
        ("authenticate.1", "password"),
        ("prepare.2", "send x; showattributes auth_user; true"),
        ("page.2", OTP_PAGE),
    ])
    .await;
    let mut browser = app.browser();
    let walk = tokio::spawn(async move { party().first_step(&mut browser, "alice").await });
    asked.notified().await;
    walk.abort();
    assert!(walk.await.unwrap_err().is_cancelled());
    gate.notify_one();
    let end = Instant::now() + Duration::from_secs(20);
    while super::printed(&app, "Attribute").is_empty() {
        assert!(Instant::now() < end, "the script did not go on");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn a_script_sends_nothing_while_nobody_is_known() {
    let sent = Arc::new(AtomicUsize::new(0));
    let counted = sent.clone();
    let provider = listen(Router::new().fallback(any(async move || {
        counted.fetch_add(1, Ordering::SeqCst);
    })))
    .await;
    for property in ["true", "false"] {
        let app = puppet(&[
            ("login_without_password", property),
            ("SMS_ENDPOINT", &provider),
            ("page.1", "send x; none"),
            ("prepare.1", "send y; true"),
            ("authenticate.1", "password"),
            ("logout", "send z; true"),
        ])
        .await;
        let mut browser = app.browser();
        party().first_step(&mut browser, "alice").await;
        let page = browser.get("/oxauth/logout.htm").await;
        let page = browser.submit(&page, &[("decision", "logout")]).await;
        assert_eq!(page.heading(), "You are signed out");
        assert_eq!(super::printed(&app, "Sent"), ["429"; 3]);
    }
    assert_eq!(sent.load(Ordering::SeqCst), 0);
}
