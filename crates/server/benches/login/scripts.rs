//! What a call of a script costs, without the rest of the server.

use std::{
    process,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{bail, ensure};
use sallyport_base::{Clock, testing::cpu::Spent};
use sallyport_script::{
    Answer, Call, Engine, HttpResponse, Language, Limits, LoadTurn, LogLine, Person, PersonKey,
    Question, Request, Scene, Script, ScriptLog, Source, Turn,
};

use tokio::task::JoinSet;

use crate::house::{self, SCRIPT};

const CALLS: u32 = 2_000;

const PHONE_ID: &str = "phone-number-test-0b4c7c2e-5b1c-4a35-9d3c-1f0d4b7a9e11";
const USER_ID: &str = "user-test-16d9ba61-97a1-4ba4-9720-b03761dc50c6";

/// Nothing is printed by a call that succeeds.
struct NoLog;

impl ScriptLog for NoLog {
    fn line(&self, _: LogLine<'_>) {}
}

pub async fn measure() -> anyhow::Result<()> {
    let engine = engine();
    let first = {
        let began = Instant::now();
        load(&engine).await?;
        began.elapsed()
    };
    let again = {
        let began = Instant::now();
        load(&engine).await?;
        began.elapsed()
    };
    let script = load(&engine).await?;
    println!("\nloading scripts/stytch.py: translated, compiled, its init has said yes");
    println!(
        "  with the process that prepares  {:.0} ms, once",
        micros(first) / 1e3
    );
    println!(
        "  on a worker that is there       {:.1} ms",
        micros(again) / 1e3
    );
    let passcode = per_call(&engine, &script, Call::Authenticate { step: 2 }).await?;
    let trivial = per_call(&engine, &script, Call::GetCountAuthenticationSteps).await?;
    println!("\na call of scripts/stytch.py, answered at once, mean of {CALLS}");
    passcode.print("the passcode is checked");
    trivial.print("getCountAuthenticationSteps");
    println!("\nstep 2 with so many at once, calls a second on all cores");
    for at_once in [1, 2, 4] {
        println!("  {at_once}  {:.0}", rate(&engine, &script, at_once).await?);
    }
    engine.stop();
    Ok(())
}

pub fn engine() -> Engine {
    Engine::start(Limits::default(), Arc::new(NoLog), house::template())
}

pub async fn load(engine: &Engine) -> anyhow::Result<Script> {
    load_text(engine, SCRIPT).await
}

pub async fn load_text(engine: &Engine, text: &str) -> anyhow::Result<Script> {
    let source = Source {
        name: "stytch".to_owned(),
        text: text.to_owned(),
        language: Language::Python3,
        properties: house::properties("https://api.example.com", "project-test-1", "secret-test-1"),
        revision: 1,
        libraries: Arc::default(),
    };
    let mut loading = engine.load(Arc::new(source), now_ms()).await?;
    match loading.start().await {
        LoadTurn::Done(script) => script.map_err(|cause| anyhow::anyhow!("{cause}")),
        LoadTurn::Ask(question) => bail!("the script asks {question:?} while it is loaded"),
    }
}

/// The mean of many calls.
struct PerCall {
    /// CPU time here and in the worker.
    cpu: Duration,
    /// Until the answer is there.
    wall: Duration,
}

impl PerCall {
    fn print(&self, what: &str) {
        println!(
            "  {what:31} {:.0} µs of CPU time, {:.0} µs until it is back",
            micros(self.cpu),
            micros(self.wall)
        );
    }
}

/// Calls a second that so many do one after the other each.
async fn rate(engine: &Engine, script: &Script, at_once: u32) -> anyhow::Result<f64> {
    let began = Instant::now();
    let mut lines = JoinSet::new();
    for _ in 0..at_once {
        let (engine, script) = (engine.clone(), script.clone());
        lines.spawn(async move {
            for _ in 0..CALLS {
                once(&engine, &script, Call::Authenticate { step: 2 }).await?;
            }
            anyhow::Ok(())
        });
    }
    while let Some(line) = lines.join_next().await {
        line??;
    }
    Ok(f64::from(CALLS * at_once) / began.elapsed().as_secs_f64())
}

/// CPU time of one call on a worker that has the script, with everything on the way to it and back.
async fn per_call(engine: &Engine, script: &Script, call: Call) -> anyhow::Result<PerCall> {
    for _ in 0..CALLS / 10 {
        once(engine, script, call).await?;
    }
    let (before, began) = (Spent::by(process::id())?, Instant::now());
    for _ in 0..CALLS {
        once(engine, script, call).await?;
    }
    let wall = began.elapsed() / CALLS;
    let used = Spent::by(process::id())? - before;
    Ok(PerCall {
        cpu: used.threads.values().sum::<Duration>() / CALLS,
        wall,
    })
}

async fn once(engine: &Engine, script: &Script, call: Call) -> anyhow::Result<()> {
    let mut run = engine.begin(script, second_step()).await?;
    let mut turn = run.call(call).await;
    loop {
        match turn {
            Turn::Ask(question) => turn = run.answer(answer(question)?).await,
            Turn::Done(outcome) => {
                let returned = outcome.map_err(|cause| anyhow::anyhow!("{cause}"))?;
                ensure!(
                    returned.truthy(),
                    "the script refused: {:?}",
                    run.scene().messages
                );
                return Ok(());
            }
        }
    }
}

/// The form with the passcode, of a person who logged in before.
fn second_step() -> Scene {
    let text = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    Scene {
        session: [
            text("auth_step", "2"),
            text("auth_user", "alice"),
            text("mobile_number", "+12025550101"),
            text("phone_id", PHONE_ID),
            text("stytch_user_id", USER_ID),
            text("passcode_sends", "1"),
            text("remote_ip", "192.0.2.1"),
        ]
        .into(),
        request: Request {
            parameters: [("passcode".to_owned(), vec!["123456".to_owned()])].into(),
            headers: [
                text("user-agent", "Mozilla/5.0"),
                text("accept", "text/html"),
            ]
            .into(),
            remote_ip: "192.0.2.1".to_owned(),
            method: "POST".to_owned(),
            path: "/oxauth/auth/otp_sms/otp_sms.htm".to_owned(),
            locale: "en".to_owned(),
            ..Request::default()
        },
        now_ms: now_ms(),
        issuer: "https://login.example.com".to_owned(),
        authenticated: Some(alice()),
        ..Scene::default()
    }
}

fn alice() -> Person {
    let devices = format!(
        r#"{{"phones": [{{"nickName": "Mobile phone", "number": "+12025550101", "addedOn": 1, "stytch_phone_id": "{PHONE_ID}", "stytch_user_id": "{USER_ID}"}}]}}"#
    );
    let attribute = |name: &str, value: &str| (name.to_owned(), vec![value.to_owned()]);
    Person {
        inum: "0193a1f2-7c00-7000-8000-000000000001".to_owned(),
        uid: "alice".to_owned(),
        attributes: [
            attribute("uid", "alice"),
            attribute("gluuStatus", "active"),
            attribute("mobile", "+12025550101"),
            attribute("oxMobileDevices", &devices),
        ]
        .into(),
    }
}

fn answer(question: Question) -> anyhow::Result<Answer> {
    match question {
        Question::FindPerson {
            by: PersonKey::Uid(_) | PersonKey::Inum(_),
        } => Ok(Answer::Person(Some(alice()))),
        Question::Http { .. } => Ok(Answer::Http(HttpResponse {
            status: 200,
            reason: "OK".to_owned(),
            headers: vec![("content-type".to_owned(), "application/json".to_owned())],
            body: passcode_is_right().into_bytes(),
        })),
        other => bail!("an unexpected question: {other:?}"),
    }
}

fn passcode_is_right() -> String {
    serde_json::json!({
        "status_code": 200,
        "request_id": "request-id-test-1",
        "user_id": USER_ID,
        "method_id": PHONE_ID,
        "user": {
            "user_id": USER_ID,
            "phone_numbers": [{"phone_id": PHONE_ID, "phone_number": "+12025550101", "verified": true}],
        },
    })
    .to_string()
}

fn now_ms() -> i64 {
    Clock::System.now().as_micros() / 1000
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}
