use std::sync::Arc;

use futures_util::future::join_all;

use crate::app::{ALICE, App, another};

/// Answers to many guesses at once, as status codes.
async fn guess_at_once(app: &Arc<App>, method_id: &str, codes: Vec<String>) -> Vec<u16> {
    let guesses = codes.into_iter().map(|code| {
        let (app, method_id) = (app.clone(), method_id.to_owned());
        tokio::spawn(async move { app.authenticate(&method_id, &code).await.status.as_u16() })
    });
    join_all(guesses)
        .await
        .into_iter()
        .map(Result::unwrap)
        .collect()
}

fn count(answers: &[u16], status: u16) -> usize {
    answers.iter().filter(|answer| **answer == status).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_two_hundred_guesses_at_once_five_are_looked_at() {
    let app = Arc::new(App::start().await);
    let (method_id, code) = app.sent(ALICE).await;
    let answers = guess_at_once(&app, &method_id, vec![another(&code); 200]).await;
    assert_eq!(count(&answers, 404), 5);
    assert_eq!(count(&answers, 401), 195);
    assert_eq!(app.authenticate(&method_id, &code).await.status, 401);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_right_code_submitted_many_times_at_once_is_accepted_once() {
    let app = Arc::new(App::start().await);
    let (method_id, code) = app.sent(ALICE).await;
    let answers = guess_at_once(&app, &method_id, vec![code; 200]).await;
    assert_eq!(count(&answers, 200), 1);
    assert_eq!(count(&answers, 401), 199);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_right_code_among_many_wrong_ones_is_accepted_at_most_once() {
    let app = Arc::new(App::start().await);
    let (method_id, code) = app.sent(ALICE).await;
    let codes = (0..200)
        .map(|n| {
            if n % 2 == 0 {
                code.clone()
            } else {
                another(&code)
            }
        })
        .collect();
    let answers = guess_at_once(&app, &method_id, codes).await;
    assert!(count(&answers, 200) <= 1);
    assert!(count(&answers, 404) <= 5);
    assert_eq!(
        count(&answers, 200) + count(&answers, 404) + count(&answers, 401),
        200
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_new_number_asked_for_many_times_at_once_gets_one_user_and_one_message() {
    let app = Arc::new(App::start().await);
    let requests = (0..20).map(|_| {
        let app = app.clone();
        tokio::spawn(async move { app.login_or_create(ALICE).await.status.as_u16() })
    });
    let answers: Vec<u16> = join_all(requests)
        .await
        .into_iter()
        .map(Result::unwrap)
        .collect();
    assert_eq!(count(&answers, 200), 1);
    assert_eq!(count(&answers, 429), 19);
    assert_eq!(app.messages().await.len(), 1);
}

#[tokio::test]
async fn what_a_guess_at_nothing_writes_to_take_its_time_is_gone_after_the_next_purge() {
    let app = App::start().await;
    let nobody = "phone-number-test-00000000-0000-4000-8000-000000000000";
    app.authenticate(nobody, "123456").await;
    assert_eq!(app.events("otp.code_refused").await, 1);
    let decoys = async || {
        let mut reader = app.scratch.store.reader().await.unwrap();
        let sql = "SELECT COUNT(*) AS count FROM otp_decoys";
        let row = reader.row(sql, &[]).await.unwrap().unwrap();
        row.get::<i64>("count").unwrap()
    };
    assert_eq!(decoys().await, 1);
    app.otp.purge(app.clock.now()).await.unwrap();
    assert_eq!(decoys().await, 0);
}
