//! Calls that meet each other on PostgreSQL. On SQLite one waits for the other anyway.

use std::time::Duration;

use futures_util::future::join_all;
use sallyport_base::{Tx, params};
use sallyport_otp::{Gateway, Limits};
use serde_json::json;

use crate::app::{ALICE, Answer, App};

async fn create_user(app: &App, number: &str) -> String {
    let body = json!({ "phone_number": number });
    app.post("/v1/users", body).await.ok().text("user_id")
}

async fn exchange(app: &App, user_id: &str, number: &str) -> Answer {
    let path = format!("/v1/users/{user_id}/exchange_primary_factor");
    app.put(&path, json!({ "phone_number": number })).await
}

/// Returns once a call waits for what `tx` did.
async fn somebody_waits_for(app: &App, tx: &mut Tx) {
    if app.scratch.address.starts_with("sqlite:") {
        return;
    }
    let sql = "SELECT CAST(pg_backend_pid() AS BIGINT) AS pid";
    let row = tx.row(sql, params![]).await.unwrap().unwrap();
    let pid: i64 = row.get("pid").unwrap();
    let mut reader = app.scratch.store.reader().await.unwrap();
    let sql = "SELECT 1 AS one FROM pg_stat_activity
        WHERE CAST($1 AS INTEGER) = ANY(pg_blocking_pids(pid))";
    let waits = async {
        while reader.row(sql, params![pid]).await.unwrap().is_none() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), waits)
        .await
        .expect("nobody waits");
}

#[tokio::test]
async fn a_code_is_sent_once_although_its_user_is_deleted_meanwhile() {
    let app = App::start().await;
    create_user(&app, ALICE).await;
    let mut tx = app.scratch.store.begin().await.unwrap();
    let sql = "DELETE FROM otp_users";
    assert_eq!(tx.execute(sql, params![]).await.unwrap(), 1);
    let deletion = async {
        somebody_waits_for(&app, &mut tx).await;
        tx.commit().await.unwrap();
    };
    let call = app.login_or_create(ALICE);
    let ((), answer) = futures_util::future::join(deletion, call).await;
    assert_eq!(answer.ok().body["user_created"], true);
    assert_eq!(app.messages().await.len(), 1);
    let mut reader = app.scratch.store.reader().await.unwrap();
    let sql = "SELECT MAX(spent) AS spent FROM otp_allowances";
    let row = reader.row(sql, params![]).await.unwrap().unwrap();
    assert_eq!(row.get::<i64>("spent").unwrap(), 1);
}

#[tokio::test]
async fn two_users_who_want_the_number_of_each_other_are_both_answered() {
    let app = App::start().await;
    for n in 0..8 {
        let numbers = [0, 1].map(|half| format!("+1202555{half}{n:03}"));
        let users = [
            create_user(&app, &numbers[0]).await,
            create_user(&app, &numbers[1]).await,
        ];
        let exchanges = [
            exchange(&app, &users[0], &numbers[1]),
            exchange(&app, &users[1], &numbers[0]),
        ];
        let answers = join_all(exchanges).await;
        for answer in answers {
            assert_eq!(answer.refusal(), (400, "duplicate_phone_number"));
        }
    }
}

#[tokio::test]
async fn calls_for_few_numbers_at_once_are_all_answered() {
    let limits = Limits {
        resend_seconds: [0; 3],
        per_number: vec![],
        per_user: vec![],
        per_prefix: vec![],
        per_project: vec![],
        ..Limits::default()
    };
    let app = App::with(limits, Gateway::telephone()).await;
    let numbers = ["+12025550171", "+12025550172", "+12025550173"];
    for round in 0..12 {
        let mut users = Vec::new();
        for number in numbers {
            let sent = app.login_or_create(number).await.ok();
            users.push(sent.text("user_id"));
            if round % 2 == 0 {
                let code = app.code().await;
                app.authenticate(&sent.text("phone_id"), &code).await.ok();
            }
        }
        let calls = (0..12).map(|n| call(&app, n % 4, &users[n % 3], numbers[(n + n / 3) % 3]));
        for answer in join_all(calls).await {
            assert_ne!(answer.status, 500, "{:?}", answer.body);
        }
    }
}

async fn call(app: &App, kind: usize, user_id: &str, number: &str) -> Answer {
    match kind {
        0 => app.login_or_create(number).await,
        1 => {
            let body = json!({ "phone_number": number, "user_id": user_id });
            app.post("/v1/otps/sms/send", body).await
        }
        2 => exchange(app, user_id, number).await,
        _ => app.delete(&format!("/v1/users/{user_id}")).await,
    }
}
