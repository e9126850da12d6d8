//! `basic`, `basic_lock` and `password_expiry`.

use sallyport_flow::forget_tries;

use super::{attribute, enter, first_step, is_back, party, server_with};
use crate::{PASSWORD, TestApp, contract::vouching::last_proof, relying_party::claims};

const BASIC: &str = include_str!("../../../../../scripts/basic.py");
const LOCK: &str = include_str!("../../../../../scripts/basic_lock.py");
const EXPIRY: &str = include_str!("../../../../../scripts/password_expiry.py");

const LOCKED: &str = "Too many wrong passwords. Try again in 30 minutes.";
const NEW: &str = "a lantern in the reeds";

#[tokio::test]
async fn basic_lets_in_with_the_right_password_under_its_own_acr() {
    let app = server_with("basic", BASIC, &[]).await;
    let mut browser = app.browser();
    let wrong = enter(&mut browser, "basic", "alice", "wrong").await;
    assert_eq!(wrong.heading(), "Sign in");
    let back = first_step(&mut browser, "basic", "alice").await;
    let tokens = party("basic").redeem(&app, &back).await.json();
    assert_eq!(claims(&tokens["id_token"])["acr"], "basic");
}

/// What a person reads after so many wrong passwords.
async fn after_wrong(app: &TestApp, uid: &str, times: usize) -> String {
    let mut last = String::new();
    for _ in 0..times {
        let page = enter(&mut app.browser(), "basic_lock", uid, "wrong").await;
        last = page.text("[role=alert]");
    }
    last
}

#[tokio::test]
async fn a_name_is_locked_after_its_tries_and_opens_with_time() {
    let app = server_with("basic_lock", LOCK, &[]).await;
    assert_ne!(after_wrong(&app, "alice", 4).await, LOCKED);
    assert_eq!(after_wrong(&app, "alice", 1).await, LOCKED);
    app.wait(29 * 60);
    let right = first_step(&mut app.browser(), "basic_lock", "alice").await;
    assert_eq!(right.text("[role=alert]"), LOCKED, "the right one too");
    app.wait(60);
    let right = first_step(&mut app.browser(), "basic_lock", "Alice").await;
    assert!(is_back(&right), "{}", right.body);
}

#[tokio::test]
async fn a_right_password_forgets_the_wrong_ones() {
    let app = server_with("basic_lock", LOCK, &[("MAX_WRONG", "3")]).await;
    for _ in 0..3 {
        after_wrong(&app, "alice", 2).await;
        let right = first_step(&mut app.browser(), "basic_lock", "alice").await;
        assert!(is_back(&right), "{}", right.body);
    }
}

#[tokio::test]
async fn a_stranger_cannot_tell_a_locked_name_from_one_that_nobody_has() {
    let app = server_with("basic_lock", LOCK, &[]).await;
    for tries in 0..7 {
        let known = enter(&mut app.browser(), "basic_lock", "alice", "wrong").await;
        let nobody = enter(&mut app.browser(), "basic_lock", "nobody", "wrong").await;
        let read = |page: &crate::Page| (page.status, page.text("[role=alert]"));
        assert_eq!(read(&known), read(&nobody), "after {tries} tries");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_tries_at_once_no_more_than_the_allowed_are_compared() {
    let app = server_with("basic_lock", LOCK, &[("MAX_WRONG", "3")]).await;
    let mut tries = tokio::task::JoinSet::new();
    for number in 0..12 {
        let mut browser = app.browser();
        tries.spawn(async move {
            let guess = format!("guess {number}");
            enter(&mut browser, "basic_lock", "alice", &guess).await;
        });
    }
    tries.join_all().await;
    let mut reader = app.scratch.store.reader().await.unwrap();
    // The host counts each password that it compares.
    let row = reader
        .row(
            "SELECT MAX(count) AS compared FROM tries WHERE key LIKE 'wrong passwords:%'",
            &[],
        )
        .await
        .unwrap();
    let compared: i64 = row.unwrap().get("compared").unwrap();
    assert_eq!(compared, 3);
}

#[tokio::test]
async fn an_administrator_unlocks_a_name() {
    let app = server_with("basic_lock", LOCK, &[]).await;
    after_wrong(&app, "alice", 5).await;
    after_wrong(&app, "bruno", 5).await;
    let mut tx = app.scratch.store.begin().await.unwrap();
    assert!(!forget_tries(&mut tx, "ALICE").await.unwrap().is_empty());
    tx.commit().await.unwrap();
    let right = first_step(&mut app.browser(), "basic_lock", "alice").await;
    assert!(is_back(&right), "{}", right.body);
    assert_eq!(after_wrong(&app, "bruno", 1).await, LOCKED);
}

#[tokio::test]
async fn a_young_password_is_all_that_is_asked_for() {
    let app = server_with("password_expiry", EXPIRY, &[]).await;
    app.wait(90 * 86_400 - 60);
    let back = first_step(&mut app.browser(), "password_expiry", "alice").await;
    assert!(is_back(&back), "{}", back.body);
}

#[tokio::test]
async fn an_old_password_is_changed_before_the_login_goes_on() {
    let app = server_with("password_expiry", EXPIRY, &[]).await;
    app.wait(90 * 86_400 + 1);
    let mut browser = app.browser();
    let page = first_step(&mut browser, "password_expiry", "alice").await;
    assert_eq!(page.heading(), "Choose a new password");
    let back = browser
        .submit(&page, &[("new_password", NEW), ("repeated_password", NEW)])
        .await;
    let tokens = party("password_expiry").redeem(&app, &back).await.json();
    assert_eq!(claims(&tokens["id_token"])["acr"], "password_expiry");
    let proof = last_proof(&app).await;
    assert_eq!(proof["steps"], 1, "to choose a password proves nothing");

    let old = first_step(&mut app.browser(), "password_expiry", "alice").await;
    assert_eq!(old.heading(), "Sign in", "the old one is no longer right");
    let new = enter(&mut app.browser(), "password_expiry", "alice", NEW).await;
    assert!(is_back(&new), "and the new one is young");
    assert!(!app.script_log().contains(NEW));
}

#[tokio::test]
async fn an_old_password_is_not_taken_for_new_when_it_cannot_be_compared() {
    let app = server_with("password_expiry", EXPIRY, &[]).await;
    app.wait(90 * 86_400 + 1);
    let before = attribute(&app, "alice", "pwdChangedTime").await;
    let mut browser = app.browser();
    let page = first_step(&mut browser, "password_expiry", "alice").await;
    for _ in 0..10 {
        enter(&mut app.browser(), "password_expiry", "alice", "wrong").await;
    }
    let fields = [("new_password", PASSWORD), ("repeated_password", PASSWORD)];
    let page = browser.submit(&page, &fields).await;
    assert_eq!(page.heading(), "Choose a new password");
    assert_eq!(attribute(&app, "alice", "pwdChangedTime").await, before);
}

#[tokio::test]
async fn a_new_password_keeps_the_rules_and_a_refused_one_changes_nothing() {
    let app = server_with("password_expiry", EXPIRY, &[("MIN_LENGTH", "10")]).await;
    app.wait(91 * 86_400);
    let before = attribute(&app, "alice", "pwdChangedTime").await;
    let mut browser = app.browser();
    let mut page = first_step(&mut browser, "password_expiry", "alice").await;
    for (new, repeated, expected) in [
        (NEW, "another lantern", "The two are not the same."),
        ("nine char", "nine char", "at least 10 characters"),
        ("", "", "at least 10 characters"),
        (
            "I am ALICE myself",
            "I am ALICE myself",
            "without your user name",
        ),
        ("abababababab", "abababababab", "repeats itself"),
        (PASSWORD, PASSWORD, "That is your old password."),
    ] {
        page = browser
            .submit(
                &page,
                &[("new_password", new), ("repeated_password", repeated)],
            )
            .await;
        assert_eq!(page.heading(), "Choose a new password", "{new}");
        let read = page.text("#field-error");
        assert!(read.contains(expected), "{new}: {read}");
    }
    assert_eq!(attribute(&app, "alice", "pwdChangedTime").await, before);
    let back = browser
        .submit(&page, &[("new_password", NEW), ("repeated_password", NEW)])
        .await;
    assert!(is_back(&back), "{}", back.body);
}

#[tokio::test]
async fn a_script_cannot_set_the_password_of_somebody_else() {
    let prying = EXPIRY.replace(
        "        set_password(who, password)\n",
        "        set_password(CdiUtil.bean(UserService).getUser(\"bruno\"), password)\n",
    );
    assert_ne!(prying, EXPIRY);
    let app = server_with("password_expiry", &prying, &[]).await;
    app.person("bruno").await;
    app.wait(91 * 86_400);
    let mut browser = app.browser();
    let page = first_step(&mut browser, "password_expiry", "alice").await;
    let page = browser
        .submit(&page, &[("new_password", NEW), ("repeated_password", NEW)])
        .await;
    assert!(!is_back(&page));
    let bruno = enter(&mut app.browser(), "password_expiry", "bruno", NEW).await;
    assert_eq!(bruno.heading(), "Sign in");
}
