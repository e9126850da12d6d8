//! What an operator lifts for one number or mailbox.

use sallyport_base::{Random, Vault, params};
use sallyport_otp::{Lifted, Limits, Unlock, UnlockError};
use serde_json::json;

use crate::app::{ALICE, App, BRUNO, another};

fn unlock(address: &str) -> Result<Unlock, UnlockError> {
    let vault = Vault::from_key([7; 32]);
    Unlock::of(address, &vault, Random::system(), Limits::default())
}

async fn lift(app: &App, address: &str) -> Lifted {
    let unlock = unlock(address).unwrap();
    let mut tx = app.scratch.store.begin().await.unwrap();
    let now = app.clock.now();
    let lifted = unlock.lift(&mut tx, &app.project, now).await.unwrap();
    tx.commit().await.unwrap();
    lifted
}

/// Ten wrong codes in a row.
async fn lock(app: &App, number: &str) -> String {
    let mut method_id = String::new();
    for _ in 0..2 {
        let (id, code) = app.sent(number).await;
        for _ in 0..5 {
            app.authenticate(&id, &another(&code)).await;
        }
        method_id = id;
        app.wait(60);
    }
    method_id
}

/// What is spent of a budget.
async fn spent(app: &App, subject: &str) -> i64 {
    let mut reader = app.scratch.store.reader().await.unwrap();
    let sql = "SELECT spent FROM otp_allowances WHERE subject = $1";
    let row = reader.row(sql, params![subject]).await.unwrap();
    row.map_or(0, |row| row.get("spent").unwrap())
}

#[tokio::test]
async fn a_locked_user_is_let_in_again_at_once() {
    let app = App::start().await;
    lock(&app, ALICE).await;
    lock(&app, BRUNO).await;
    let refused = app.login_or_create(ALICE).await;
    assert_eq!(refused.refusal(), (429, "user_lock_limit_reached"));

    let lifted = lift(&app, ALICE).await;
    assert_eq!((lifted.locks.len(), lifted.failures), (1, 10));
    let (method_id, code) = app.sent(ALICE).await;
    app.authenticate(&method_id, &code).await.ok();
    let refused = app.login_or_create(BRUNO).await;
    assert_eq!(refused.refusal(), (429, "user_lock_limit_reached"));
}

#[tokio::test]
async fn the_pause_and_the_windows_of_one_address_begin_anew_and_those_of_many_people_stay() {
    let app = App::start().await;
    for _ in 0..5 {
        app.wait(120);
        app.login_or_create(ALICE).await.ok();
    }
    app.wait(119);
    let refused = app.login_or_create(ALICE).await;
    assert_eq!(refused.refusal(), (429, "too_many_requests"));

    let lifted = lift(&app, ALICE).await;
    let expected = Lifted {
        pause: true,
        windows: 4,
        ..Lifted::default()
    };
    assert_eq!(lifted, expected);
    app.login_or_create(ALICE).await.ok();
    let refused = app.login_or_create(ALICE).await;
    assert_eq!(refused.refusal(), (429, "too_many_requests"));
    assert!(lift(&app, ALICE).await.pause);
    app.login_or_create(ALICE).await.ok();
    assert_eq!(spent(&app, "project").await, 7);
    assert_eq!(spent(&app, "prefix +1202").await, 7);
}

#[tokio::test]
async fn what_was_lifted_is_on_record_once_and_without_the_number() {
    let app = App::start().await;
    assert!(lift(&app, ALICE).await.is_nothing());
    assert_eq!(app.events("otp.unlocked").await, 0);
    lock(&app, ALICE).await;
    lift(&app, ALICE).await;
    assert!(lift(&app, ALICE).await.is_nothing());
    assert_eq!(app.events("otp.unlocked").await, 1);

    let mut reader = app.scratch.store.reader().await.unwrap();
    let sql = "SELECT project_id, user_id, number_mac, number_ends FROM otp_audit
               WHERE event = 'otp.unlocked'";
    let row = reader.row(sql, &[]).await.unwrap().unwrap();
    assert_eq!(row.get::<String>("project_id").unwrap(), *app.project.id);
    assert!(row.get::<Option<String>>("user_id").unwrap().is_some());
    assert!(!row.get::<String>("number_mac").unwrap().contains(ALICE));
    assert_eq!(row.get::<String>("number_ends").unwrap(), "62");
}

#[tokio::test]
async fn a_lock_that_is_over_is_nothing_to_lift() {
    let app = App::start().await;
    lock(&app, ALICE).await;
    app.wait(2 * 24 * 3600);
    assert!(lift(&app, ALICE).await.is_nothing());
}

#[tokio::test]
async fn a_mailbox_is_unlocked_as_it_is_typed() {
    let app = App::start().await;
    let send = |email| json!({ "email": email });
    let path = "/v1/otps/email/login_or_create";
    app.post(path, send("alice@example.com")).await.ok();
    assert!(lift(&app, "Alice@Example.com").await.pause);
    app.post(path, send("alice@example.com")).await.ok();
    for text in ["alice", "(202) 555-0162", "@", ""] {
        assert!(unlock(text).is_err(), "{text}");
    }
}
