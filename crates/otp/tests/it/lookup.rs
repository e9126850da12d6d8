//! What a server of the operator's own knows of a number.

use std::sync::{Arc, Mutex};

use aws_lc_rs::hmac::{HMAC_SHA256, Key, sign};
use axum::{Router, extract::State, routing::post};
use http::{HeaderMap, StatusCode};
use sallyport_base::Secret;
use sallyport_otp::{Environment, Limits, Lookup, Voip, Window, WithoutAnswer};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::app::{ALICE, App, BRUNO};

const SECRET: &str = "a secret of the operator's own";

/// Knows what it was told of every number, and keeps the questions.
#[derive(Clone)]
struct Directory {
    answer: Arc<Mutex<(StatusCode, String)>>,
    questions: Arc<Mutex<Vec<(HeaderMap, String)>>>,
}

impl Directory {
    async fn start() -> (Self, Lookup) {
        let directory = Self {
            answer: Arc::new(Mutex::new((StatusCode::OK, "{}".to_owned()))),
            questions: Arc::default(),
        };
        let router = Router::new()
            .route("/", post(answer))
            .with_state(directory.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        let lookup = Lookup {
            url: url.parse().unwrap(),
            secret: Secret::from(SECRET),
            remember_minutes: 10,
            without_answer: WithoutAnswer::Send,
        };
        (directory, lookup)
    }

    fn says(&self, answer: &Value) {
        *self.answer.lock().unwrap() = (StatusCode::OK, answer.to_string());
    }

    fn fails(&self) {
        *self.answer.lock().unwrap() = (StatusCode::INTERNAL_SERVER_ERROR, String::new());
    }

    fn asked(&self) -> usize {
        self.questions.lock().unwrap().len()
    }
}

async fn answer(
    State(directory): State<Directory>,
    headers: HeaderMap,
    body: String,
) -> (StatusCode, String) {
    directory.questions.lock().unwrap().push((headers, body));
    directory.answer.lock().unwrap().clone()
}

#[tokio::test]
async fn the_question_is_signed_and_names_the_number() {
    let (directory, lookup) = Directory::start().await;
    let app = App::asking(Limits::default(), lookup).await;
    app.verified(ALICE).await;
    let questions = directory.questions.lock().unwrap().clone();
    let [(headers, body)] = questions.try_into().unwrap();
    let body_read: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(body_read, json!({ "phone_number": ALICE, "country": "US" }));
    let key = Key::new(HMAC_SHA256, SECRET.as_bytes());
    let signature = headers["sallyport-signature"].to_str().unwrap();
    let (seconds, shown) = signature[2..].split_once(",v1=").unwrap();
    let tag = sign(&key, format!("{seconds}.{body}").as_bytes());
    let hex: String = tag.as_ref().iter().map(|b| format!("{b:02x}")).collect();
    assert_eq!(hex, shown);
}

#[tokio::test]
async fn a_number_whose_sim_was_changed_within_a_week_is_sent_no_code() {
    let (directory, lookup) = Directory::start().await;
    let app = App::asking(Limits::default(), lookup).await;
    app.verified(ALICE).await;
    app.wait(600);
    directory.says(&json!({ "sim_changed_at": "2026-11-20T00:00:00Z" }));
    let refused = app.login_or_create(ALICE).await;
    assert_eq!(refused.refusal(), (400, "downstream_carrier_error"));
    assert_eq!(app.reasons().await, ["sim_changed"]);
    assert_eq!(app.messages().await.len(), 1);
    app.wait(4 * 86_400);
    app.verified(ALICE).await;
}

#[tokio::test]
async fn how_recent_a_change_of_sim_matters_can_be_decided() {
    for (sim_change_days, status) in [(0, 200), (4, 200), (5, 400)] {
        let (directory, lookup) = Directory::start().await;
        let limits = Limits {
            sim_change_days,
            ..Limits::default()
        };
        let app = App::asking(limits, lookup).await;
        directory.says(&json!({ "sim_changed_at": "2026-11-20T00:00:00Z" }));
        assert_eq!(app.login_or_create(ALICE).await.status, status);
    }
}

#[tokio::test]
async fn internet_telephony_is_allowed_warned_of_or_refused() {
    for (voip, expected, warned) in [
        (Voip::Allow, 200, 0),
        (Voip::Warn, 200, 1),
        (Voip::Refuse, 400, 0),
    ] {
        let (directory, lookup) = Directory::start().await;
        let limits = Limits {
            voip,
            ..Limits::default()
        };
        let app = App::asking(limits, lookup).await;
        directory.says(&json!({ "line_type": "voip" }));
        let answer = app.login_or_create(ALICE).await;
        assert_eq!(answer.status, expected, "{voip:?}");
        assert_eq!(app.events("otp.voip").await, warned, "{voip:?}");
        if voip == Voip::Refuse {
            assert_eq!(answer.refusal(), (400, "invalid_phone_number"));
            assert_eq!(app.reasons().await, ["voip"]);
        }
    }
}

#[tokio::test]
async fn an_answer_is_remembered_for_its_time_and_a_refused_number_is_asked_about_once() {
    let (directory, lookup) = Directory::start().await;
    let lookup = Lookup {
        remember_minutes: 20,
        ..lookup
    };
    let app = App::asking(Limits::default(), lookup).await;
    directory.says(&json!({ "refuse": true }));
    for _ in 0..3 {
        let refused = app.login_or_create(ALICE).await;
        assert_eq!(refused.refusal(), (400, "downstream_carrier_error"));
    }
    assert_eq!(directory.asked(), 1);
    directory.says(&json!({}));
    app.wait(1199);
    assert_eq!(app.login_or_create(ALICE).await.status, 400);
    app.wait(1);
    app.login_or_create(ALICE).await.ok();
    assert_eq!(directory.asked(), 2);
    app.wait(7 * 86_400);
    app.otp.purge(app.clock.now()).await.unwrap();
    let mut reader = app.scratch.store.reader().await.unwrap();
    let sql = "SELECT 1 AS one FROM otp_number_facts";
    assert!(reader.row(sql, &[]).await.unwrap().is_none());
}

#[tokio::test]
async fn nothing_is_asked_that_no_message_would_follow() {
    let (directory, lookup) = Directory::start().await;
    let limits = Limits {
        per_prefix: vec![Window::new(2, 60)],
        ..Limits::default()
    };
    let app = App::asking(limits, lookup).await;
    app.login_or_create("+10000000000").await.ok();
    let email = json!({ "email": "alice@example.com" });
    app.post("/v1/otps/email/login_or_create", email).await.ok();
    let nobody = json!({ "phone_number": ALICE });
    app.post("/v1/otps/sms/send", nobody).await;
    assert_eq!(directory.asked(), 0);
    directory.says(&json!({ "refuse": true }));
    for n in 0..4 {
        let answer = app.login_or_create(&format!("+1202555010{n}")).await;
        assert_ne!(answer.status, 200);
    }
    assert_eq!(directory.asked(), 2, "as many questions as messages");
    app.login_or_create(BRUNO).await;
    assert_eq!(directory.asked(), 3);
}

#[tokio::test]
async fn without_an_answer_the_operator_decides() {
    for (without_answer, expected) in [(WithoutAnswer::Send, 200), (WithoutAnswer::Refuse, 400)] {
        let (directory, lookup) = Directory::start().await;
        let lookup = Lookup {
            without_answer,
            ..lookup
        };
        let app = App::asking(Limits::default(), lookup).await;
        directory.fails();
        assert_eq!(app.login_or_create(ALICE).await.status, expected);
        assert_eq!(app.messages().await.len(), usize::from(expected == 200));
        directory.says(&json!("nonsense"));
        assert_eq!(app.login_or_create(BRUNO).await.status, expected);
    }
}

#[tokio::test]
async fn questions_end_where_messages_would_also_when_nobody_answers_or_all_come_at_once() {
    let (directory, lookup) = Directory::start().await;
    let lookup = Lookup {
        without_answer: WithoutAnswer::Refuse,
        ..lookup
    };
    let limits = Limits {
        per_prefix: vec![Window::new(3, 60)],
        ..Limits::default()
    };
    let app = App::asking(limits, lookup).await;
    directory.fails();
    for _ in 0..6 {
        assert_ne!(app.login_or_create(ALICE).await.status, 200);
    }
    assert_eq!(directory.asked(), 3);
    app.wait(3600);
    directory.says(&json!({}));
    let asks = (0..20).map(|n| {
        let app = &app;
        async move { app.login_or_create(&format!("+120255501{n:02}")).await }
    });
    let answers = futures_util::future::join_all(asks).await;
    let sent = answers.iter().filter(|answer| answer.status == 200).count();
    assert_eq!((sent, directory.asked()), (3, 6));
}

#[tokio::test]
async fn what_one_project_learnt_is_not_shown_to_another() {
    let (directory, lookup) = Directory::start().await;
    let app = App::asking(Limits::default(), lookup).await;
    app.login_or_create(ALICE).await.ok();
    let (project, secret) = app.create_project(Environment::Test).await;
    let other = App {
        project,
        secret,
        ..app
    };
    other.login_or_create(ALICE).await.ok();
    assert_eq!(directory.asked(), 2);
}
