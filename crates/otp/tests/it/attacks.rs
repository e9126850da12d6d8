//! What attackers try, with the figures that docs/security.md gives. Run with `--nocapture` to see
//! those of this machine.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use futures_util::future::join_all;
use sallyport_otp::{Conversion, Environment, Gateway, Limits};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::app::{ALICE, App, BRUNO, another, basic};

/// The service on a socket.
async fn address(app: &App) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let router = app.router.clone();
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

fn connection() -> reqwest::Client {
    reqwest::Client::builder()
        .pool_max_idle_per_host(1)
        .build()
        .unwrap()
}

/// Guesses over one connection, one after the other: how often each status was answered.
async fn guess(
    url: String,
    authorization: String,
    method_id: String,
    codes: Vec<String>,
) -> Vec<u16> {
    let connection = connection();
    let mut statuses = Vec::with_capacity(codes.len());
    for code in codes {
        let body = json!({ "method_id": method_id, "code": code }).to_string();
        let answer = connection
            .post(&url)
            .header("authorization", &authorization)
            .header("content-type", "application/json")
            .body(body)
            .send()
            .await
            .unwrap();
        statuses.push(answer.status().as_u16());
    }
    statuses
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn ten_thousand_guesses_over_200_connections_get_five_tries() {
    let app = App::start().await;
    let (method_id, code) = app.sent(ALICE).await;
    let url = format!("{}/v1/otps/authenticate", address(&app).await);
    let authorization = basic(&app.project, &app.secret);
    let wrong: Vec<String> = (0..1_000_000)
        .step_by(97)
        .map(|n| format!("{n:06}"))
        .filter(|guess| *guess != code)
        .take(10_000)
        .collect();
    let began = Instant::now();
    let connections = wrong.chunks(50).map(|codes| {
        tokio::spawn(guess(
            url.clone(),
            authorization.clone(),
            method_id.clone(),
            codes.to_vec(),
        ))
    });
    let mut statuses = Vec::new();
    for connection in join_all(connections).await {
        statuses.extend(connection.unwrap());
    }
    let count = |wanted| statuses.iter().filter(|status| **status == wanted).count();
    println!(
        "guesses: {} in {:.1?}, compared {}, refused unseen {}",
        statuses.len(),
        began.elapsed(),
        count(404),
        count(401)
    );
    assert_eq!(statuses.len(), 10_000);
    assert_eq!((count(404), count(401)), (5, 9_995));
    let answer = app.authenticate(&method_id, &code).await;
    assert_eq!(answer.refusal(), (401, "unable_to_auth_otp_code"));
}

/// How many of 5,000 numbers of one prefix are sent a code. Each request comes from an address of
/// its own, and ten minutes pass between the first and the last.
async fn pump(limits: Limits) -> usize {
    let app = App::with(limits, Gateway::telephone()).await;
    let mut sent = 0;
    for n in 0..5_000 {
        app.clock.advance(Duration::from_millis(120));
        let ip = format!("10.0.{}.{}", n / 250, n % 250);
        let body = json!({
            "phone_number": format!("+1202555{n:04}"),
            "attributes": { "ip_address": ip },
        });
        let answer = app.post("/v1/otps/sms/login_or_create", body).await;
        sent += usize::from(answer.status.is_success());
    }
    sent
}

#[tokio::test]
async fn pumping_5000_numbers_of_one_prefix_is_stopped_at_200_messages() {
    let sent = pump(Limits::default()).await;
    println!("pumping: 5000 numbers asked for, {sent} messages sent");
    assert_eq!(sent, 200);
}

/// The same over a day, by somebody who stays below the limit of the hour.
#[tokio::test]
async fn slow_pumping_is_stopped_by_the_share_of_codes_that_come_back() {
    let limits = Limits {
        per_prefix: vec![],
        per_project: vec![],
        conversion: Conversion {
            messages: 50,
            minutes: 1440,
            percent: 20,
        },
        ..Limits::default()
    };
    let app = App::with(limits, Gateway::telephone()).await;
    let mut sent = 0;
    for n in 0..1_000 {
        app.wait(60);
        let answer = app.login_or_create(&format!("+1202555{n:04}")).await;
        sent += usize::from(answer.status.is_success());
    }
    println!("slow pumping: 1000 numbers in 17 hours, {sent} messages sent");
    assert!((50..=70).contains(&sent), "{sent}");
}

#[tokio::test]
async fn a_code_is_of_no_use_after_it_was_used_or_replaced() {
    let app = App::start().await;
    let (method_id, first) = app.sent(ALICE).await;
    app.wait(30);
    let mut second = app.sent(ALICE).await.1;
    if second == first {
        app.wait(60);
        second = app.sent(ALICE).await.1;
    }
    let old = app.authenticate(&method_id, &first).await;
    assert_eq!(old.refusal(), (404, "otp_code_not_found"));
    app.authenticate(&method_id, &second).await.ok();
    for code in [&first, &second] {
        let replayed = app.authenticate(&method_id, code).await;
        assert_eq!(replayed.refusal(), (401, "unable_to_auth_otp_code"));
    }
}

/// A mean and its variance.
struct Sample(Vec<f64>);

impl Sample {
    fn mean(&self) -> f64 {
        self.0.iter().sum::<f64>() / self.0.len() as f64
    }

    fn variance(&self) -> f64 {
        let mean = self.mean();
        let squares = self.0.iter().map(|value| (value - mean).powi(2));
        squares.sum::<f64>() / (self.0.len() - 1) as f64
    }

    /// Without the slowest tenth, in which the machine did something else.
    fn trimmed(mut self) -> Self {
        self.0.sort_by(f64::total_cmp);
        self.0.truncate(self.0.len() * 9 / 10);
        self
    }
}

/// Welch's t: how many standard errors lie between two means.
fn welch(a: &Sample, b: &Sample) -> f64 {
    let error = a.variance() / a.0.len() as f64 + b.variance() / b.0.len() as f64;
    (a.mean() - b.mean()) / error.sqrt()
}

/// Both cost the same statements. How alike the times are depends on what else the machine does, so that
/// they are shown and not judged.
#[tokio::test]
async fn a_wrong_guess_at_a_live_code_is_answered_word_for_word_as_an_unknown_method() {
    let limits = Limits {
        attempts_per_code: 100,
        failures_before_lock: 100,
        ..Limits::default()
    };
    let app = App::with(limits, Gateway::telephone()).await;
    let (live, code) = app.sent(ALICE).await;
    let wrong = another(&code);
    let unknown = "phone-number-test-00000000-0000-4000-8000-000000000000";
    let (mut of_live, mut of_unknown) = (Vec::new(), Vec::new());
    for _ in 0..90 {
        let mut bodies = Vec::new();
        for (method_id, times) in [(live.as_str(), &mut of_live), (unknown, &mut of_unknown)] {
            let began = Instant::now();
            let mut answer = app.authenticate(method_id, &wrong).await;
            times.push(began.elapsed().as_secs_f64() * 1e6);
            assert_eq!(answer.refusal(), (404, "otp_code_not_found"));
            answer.body["request_id"] = Value::Null;
            bodies.push(answer.body);
        }
        assert_eq!(bodies[0], bodies[1]);
    }
    app.authenticate(&live, &code).await.ok();
    let (of_live, of_unknown) = (Sample(of_live).trimmed(), Sample(of_unknown).trimmed());
    println!(
        "timing: live {:.0} µs, unknown {:.0} µs, ratio {:.3}, Welch's t {:.2}, n = 81 each",
        of_live.mean(),
        of_unknown.mean(),
        of_live.mean() / of_unknown.mean(),
        welch(&of_live, &of_unknown)
    );
}

/// Whatever belongs to another project is answered as what does not exist, in every word.
#[tokio::test]
async fn no_address_tells_what_exists_elsewhere() {
    let app = App::start().await;
    let (user_id, phone_id) = app.verified(ALICE).await;
    let body = json!({ "email": "bruno@example.com" });
    let created = app.post("/v1/users", body).await.ok();
    let (method_id, code) = app.sent(BRUNO).await;
    let body = json!({ "method_id": method_id, "code": code, "session_duration_minutes": 60 });
    let session = app.post("/v1/otps/authenticate", body).await.ok();
    let (project, secret) = app.create_project(Environment::Test).await;
    let other = App {
        project,
        secret,
        ..app
    };
    let nobody = "00000000-0000-4000-8000-000000000000";
    for (method, path, existing, absent) in [
        (
            "GET",
            "/v1/users/{id}",
            user_id.clone(),
            format!("user-test-{nobody}"),
        ),
        (
            "PUT",
            "/v1/users/{id}",
            user_id.clone(),
            format!("user-test-{nobody}"),
        ),
        (
            "DELETE",
            "/v1/users/{id}",
            user_id.clone(),
            format!("user-test-{nobody}"),
        ),
        (
            "GET",
            "/v1/sessions?user_id={id}",
            user_id.clone(),
            format!("user-test-{nobody}"),
        ),
        (
            "DELETE",
            "/v1/users/{id}/external_id",
            user_id.clone(),
            format!("user-test-{nobody}"),
        ),
        (
            "DELETE",
            "/v1/users/phone_numbers/{id}",
            phone_id.clone(),
            format!("phone-number-test-{nobody}"),
        ),
        (
            "DELETE",
            "/v1/users/emails/{id}",
            created.text("email_id"),
            format!("email-test-{nobody}"),
        ),
    ] {
        let ask = async |id: &str| {
            let path = path.replace("{id}", id);
            let request = other.request(method.parse().unwrap(), &path, "{}");
            without_request_id(other.call(request).await.body)
        };
        let answer = ask(&existing).await;
        assert_eq!(answer["status_code"], 404, "{method} {path}");
        assert_eq!(answer, ask(&absent).await, "{method} {path}");
    }
    for (path, existing, absent) in [
        (
            "/v1/otps/authenticate",
            json!({ "method_id": phone_id, "code": "123456" }),
            json!({ "method_id": format!("phone-number-test-{nobody}"), "code": "123456" }),
        ),
        (
            "/v1/sessions/authenticate",
            json!({ "session_token": session.text("session_token") }),
            json!({ "session_token": "x".repeat(43) }),
        ),
        (
            "/v1/sessions/authenticate",
            json!({ "session_jwt": session.text("session_jwt") }),
            json!({ "session_jwt": "a.b.c" }),
        ),
        (
            "/v1/otps/sms/send",
            json!({ "phone_number": ALICE }),
            json!({ "phone_number": "+12025550199" }),
        ),
        (
            "/v1/otps/sms/send",
            json!({ "phone_number": ALICE, "user_id": user_id }),
            json!({ "phone_number": ALICE, "user_id": format!("user-test-{nobody}") }),
        ),
    ] {
        let answer = without_request_id(other.post(path, existing).await.body);
        assert_eq!(answer["status_code"], 404, "{path}");
        assert_eq!(
            answer,
            without_request_id(other.post(path, absent).await.body),
            "{path}"
        );
    }
}

fn without_request_id(mut body: Value) -> Value {
    body["request_id"] = json!("");
    body
}

/// A clock that is set back must not give anybody a second try.
#[tokio::test]
async fn a_clock_set_back_revives_no_code_and_lifts_no_limit() {
    let app = App::start().await;
    app.wait(7200);
    let (used, code) = app.sent(ALICE).await;
    app.authenticate(&used, &code).await.ok();
    let (exhausted, other_code) = app.sent(BRUNO).await;
    for _ in 0..5 {
        app.authenticate(&exhausted, &another(&other_code)).await;
    }
    app.set_clock_back(3600);
    for (method_id, code) in [(&used, &code), (&exhausted, &other_code)] {
        let answer = app.authenticate(method_id, code).await;
        assert_eq!(answer.refusal(), (401, "unable_to_auth_otp_code"));
    }
    let pause = app.login_or_create(BRUNO).await;
    assert_eq!(pause.refusal(), (429, "too_many_requests"));
    assert!(pause.retry_after() <= 3630, "{}", pause.retry_after());
    app.wait(3630);
    let (method_id, code) = app.sent(BRUNO).await;
    app.authenticate(&method_id, &code).await.ok();
}

#[tokio::test]
async fn a_hundred_requests_at_once_for_one_number_send_one_message() {
    let app = Arc::new(App::start().await);
    let requests = (0..100).map(|n| {
        let app = app.clone();
        tokio::spawn(async move {
            let path = ["sms", "whatsapp"][n % 2];
            let path = format!("/v1/otps/{path}/login_or_create");
            app.post(&path, json!({ "phone_number": ALICE }))
                .await
                .status
                .as_u16()
        })
    });
    let statuses = join_all(requests).await;
    let sent = statuses
        .iter()
        .filter(|status| matches!(status, Ok(200)))
        .count();
    assert_eq!((sent, app.messages().await.len()), (1, 1));
}
