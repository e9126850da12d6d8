use std::{
    future::{Future, poll_fn},
    pin::pin,
    task::Poll,
    time::Duration,
};

use sallyport_base::params;
use sallyport_otp::{Gateway, Limits};
use serde_json::json;

use crate::app::{ALICE, App, BRUNO};

/// A caller who goes away while the request waits for the `waits`th time. `true` when the answer
/// came before that.
async fn give_up_at(waits: usize, request: impl Future) -> bool {
    let mut request = pin!(request);
    let mut left = waits;
    poll_fn(|context| {
        left -= 1;
        match request.as_mut().poll(context) {
            Poll::Ready(_) => Poll::Ready(true),
            Poll::Pending if left == 0 => Poll::Ready(false),
            Poll::Pending => Poll::Pending,
        }
    })
    .await
}

async fn codes_and_messages(app: &App) -> (i64, i64) {
    let row = app
        .scratch
        .store
        .reader()
        .await
        .unwrap()
        .row(
            "SELECT (SELECT COUNT(*) FROM otp_passcodes) AS codes,
                    (SELECT COUNT(*) FROM otp_telephone) AS messages",
            params![],
        )
        .await
        .unwrap()
        .unwrap();
    (row.get("codes").unwrap(), row.get("messages").unwrap())
}

/// Whatever was on its way to the store is there afterwards.
async fn settle(app: &App) {
    let tx = app.scratch.store.begin().await.unwrap();
    tx.commit().await.unwrap();
}

async fn every_code_is_sent(app: &App) {
    loop {
        let (codes, messages) = codes_and_messages(app).await;
        if codes == messages {
            return;
        }
        tokio::task::yield_now().await;
    }
}

/// However late: the code was looked at, so that whoever had the account before is told of the number.
#[tokio::test]
async fn a_new_number_is_told_of_whenever_the_caller_goes_away() {
    for waits in 1.. {
        let app = App::start().await;
        let (user_id, _) = app.verified(ALICE).await;
        let body = json!({ "phone_number": BRUNO, "user_id": user_id });
        let added = app.post("/v1/otps/sms/send", body).await.ok();
        let (method_id, code) = (added.text("phone_id"), app.code().await);
        let answered = give_up_at(waits, app.authenticate(&method_id, &code)).await;
        let told = async {
            while app.events("otp.noticed").await == 0 {
                tokio::task::yield_now().await;
            }
        };
        let in_time = tokio::time::timeout(Duration::from_secs(10), told).await;
        assert!(in_time.is_ok(), "given up at wait {waits}");
        if answered {
            return;
        }
    }
}

/// How often a request waits differs from one to the next, so that each wait is tried many times, and
/// until somebody went away between the code that was stored and its answer.
#[tokio::test]
async fn a_code_that_was_stored_is_sent_whenever_the_caller_goes_away() {
    let limits = Limits {
        per_prefix: vec![],
        per_project: vec![],
        ..Limits::default()
    };
    let app = App::with(limits, Gateway::telephone()).await;
    let mut answered = 0;
    let mut waits = 1;
    let mut went_away_late = false;
    for request in 1..=1000 {
        if request > 120 && went_away_late {
            break;
        }
        let number = format!("+1202555{request:04}");
        if give_up_at(waits, app.login_or_create(&number)).await {
            answered += 1;
            waits = 1;
        } else {
            waits += 1;
        }
        settle(&app).await;
        tokio::time::timeout(Duration::from_secs(5), every_code_is_sent(&app))
            .await
            .expect("a code was stored and is never sent");
        went_away_late = codes_and_messages(&app).await.0 > answered;
    }
    assert!(went_away_late, "some callers went away too late");
}
