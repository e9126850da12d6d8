use std::sync::{Arc, Mutex};

use axum::{Router, routing::post};
use sallyport_base::{Secret, Store, testing::ScratchStore};
use sallyport_otp::{Gateway, Limits};
use tokio::net::TcpListener;

use crate::{
    app::{ALICE, App, another},
    log::Log,
};

/// Accepts every message and remembers the newest body.
async fn carrier() -> (Gateway, Arc<Mutex<String>>) {
    let newest = Arc::new(Mutex::new(String::new()));
    let inbox = newest.clone();
    let receive = post(async move |body: String| {
        *inbox.lock().unwrap() = body;
    });
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, Router::new().route("/", receive)).await });
    let secret = Secret::from("a secret of the operator's own");
    (Gateway::webhook(url.parse().unwrap(), secret), newest)
}

/// All that the store holds, as text.
async fn contents(scratch: &ScratchStore) -> String {
    match &scratch.store {
        Store::Sqlite { .. } => {
            let path = scratch.address.trim_start_matches("sqlite:");
            let files = [path.to_owned(), format!("{path}-wal")];
            files
                .iter()
                .filter_map(|file| std::fs::read(file).ok())
                .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
                .collect()
        }
        Store::Postgres(_) => {
            let mut reader = scratch.store.reader().await.unwrap();
            let sql =
                "SELECT CAST(schema_to_xml(current_schema(), TRUE, FALSE, '') AS TEXT) AS dump";
            reader
                .row(sql, &[])
                .await
                .unwrap()
                .unwrap()
                .get("dump")
                .unwrap()
        }
    }
}

#[tokio::test]
async fn no_table_log_or_answer_holds_a_code() {
    let log = Log::of_this_thread();
    let (gateway, inbox) = carrier().await;
    let app = App::with(Limits::default(), gateway).await;

    let mut answers = Vec::new();
    let sent = app.login_or_create(ALICE).await.ok();
    let method_id = sent.text("phone_id");
    let queued = contents(&app.scratch).await;
    assert!(queued.contains("queued"), "the message waits in the store");
    app.otp.send_due().await.unwrap();
    let body = inbox.lock().unwrap().clone();
    let message: serde_json::Value = serde_json::from_str(&body).unwrap();
    let code = message["body"].as_str().unwrap()[..6].to_owned();
    answers.push(sent);
    answers.push(app.authenticate(&method_id, &another(&code)).await);
    let as_number = format!(r#"{{"method_id": "{method_id}", "code": {code}}}"#);
    let path = "/v1/otps/authenticate";
    answers.push(
        app.call(app.request(http::Method::POST, path, as_number))
            .await,
    );
    answers.push(app.authenticate(&method_id, &code).await.ok());
    answers.push(app.authenticate(&method_id, &code).await);

    let marked = [
        format!("#{code}"),
        format!(r#""{code}""#),
        format!("{code} is your"),
    ];
    let held = contents(&app.scratch).await;
    let logged = log.text();
    assert!(
        held.contains("otp.verified"),
        "the store can be looked into"
    );
    assert!(
        logged.contains("otp.verified"),
        "the log can be looked into"
    );
    for text in marked {
        assert!(!queued.contains(&text), "the queue holds {text}");
        assert!(!held.contains(&text), "the store holds {text}");
        assert!(!logged.contains(&text), "the log holds {text}");
        for answer in &answers {
            assert!(
                !answer.body.to_string().contains(&text),
                "an answer holds {text}"
            );
        }
    }
    assert!(!logged.contains(ALICE), "the log holds a number");
    assert!(!logged.contains(&ALICE[1..]), "the log holds a number");
    assert!(
        !logged.contains(app.secret.expose()),
        "the log holds a project secret"
    );
    assert!(
        !held.contains(app.secret.expose()),
        "the store holds a project secret"
    );
}
