//! Rules that keep an SMS bill small and people unbothered.

use http::StatusCode;
use sallyport_base::{Random, Vault, params};
use sallyport_otp::{Conversion, Gateway, Limits, OptOutList, Window};
use serde_json::json;

use crate::{
    app::{ALICE, App, BRUNO},
    log::Log,
    webhook::{Carrier, Then},
};

const DAY: u64 = 24 * 3600;

fn number(n: usize) -> String {
    format!("+1202555{n:04}")
}

/// Limits of which only the share of codes that come back is left.
fn conversion_alone(messages: i64, percent: i64) -> Limits {
    Limits {
        per_prefix: vec![],
        per_project: vec![],
        conversion: Conversion {
            messages,
            minutes: 1440,
            percent,
        },
        ..Limits::default()
    }
}

async fn inbound(app: &App, from: &str, text: &str) -> String {
    let body = json!({ "from": from, "text": text });
    let answer = app.post("/sallyport/v1/inbound_messages", body).await.ok();
    assert_eq!(
        answer.text("reply").is_empty(),
        answer.text("action") == "none"
    );
    answer.text("action")
}

#[tokio::test]
async fn a_prefix_whose_codes_do_not_come_back_is_sent_no_more_for_a_day() {
    let app = App::with(conversion_alone(50, 20), Gateway::telephone()).await;
    for n in 0..9 {
        app.verified(&number(n)).await;
    }
    for n in 9..50 {
        app.login_or_create(&number(n)).await.ok();
    }
    app.login_or_create(&number(50)).await.ok();
    app.wait(1200);
    let refused = app.login_or_create(&number(51)).await;
    assert_eq!(refused.refusal(), (429, "too_few_tokens_authenticated"));
    app.login_or_create(BRUNO).await.ok();
    assert_eq!(refused.retry_after(), 600, "then the share is another one");
    app.wait(DAY);
    app.login_or_create(&number(51)).await.ok();
}

#[tokio::test]
async fn whoever_has_proven_to_have_a_number_is_sent_codes_when_strangers_pump_its_prefix() {
    let app = App::with(conversion_alone(50, 20), Gateway::telephone()).await;
    app.verified(&number(0)).await;
    for n in 1..51 {
        app.login_or_create(&number(n)).await.ok();
    }
    app.wait(1200);
    let refused = app.login_or_create(&number(51)).await;
    assert_eq!(refused.refusal(), (429, "too_few_tokens_authenticated"));
    app.verified(&number(0)).await;
}

#[tokio::test]
async fn a_prefix_whose_codes_come_back_is_sent_on() {
    let app = App::with(conversion_alone(50, 20), Gateway::telephone()).await;
    for n in 0..11 {
        app.verified(&number(n)).await;
    }
    for n in 11..51 {
        app.login_or_create(&number(n)).await.ok();
    }
    app.wait(1200);
    app.login_or_create(&number(51)).await.ok();
}

/// Spans of ten minutes begin with the clock of a test.
#[tokio::test]
async fn a_rush_is_not_held_against_a_prefix_before_its_codes_had_ten_minutes() {
    let app = App::with(conversion_alone(50, 20), Gateway::telephone()).await;
    app.wait(588);
    for n in 0..60 {
        app.login_or_create(&number(n)).await.ok();
    }
    for (seconds, n) in [(12, 61), (590, 62)] {
        app.wait(seconds);
        app.login_or_create(&number(n)).await.ok();
    }
    app.wait(10);
    let refused = app.login_or_create(&number(60)).await;
    assert_eq!(refused.refusal(), (429, "too_few_tokens_authenticated"));
}

/// Asks for codes to so many strangers.
async fn ask_for(app: &App, numbers: std::ops::Range<usize>) {
    for n in numbers {
        app.login_or_create(&number(n)).await.ok();
    }
}

#[tokio::test]
async fn an_outage_of_a_gateway_is_not_held_against_a_prefix() {
    let (carrier, gateway) = Carrier::start(StatusCode::SERVICE_UNAVAILABLE).await;
    let app = App::with(conversion_alone(50, 20), gateway).await;
    app.wait(550);
    ask_for(&app, 0..60).await;
    app.otp.send_due().await.unwrap();
    // The codes expire in the next span, and with them what waits for the gateway.
    app.wait(120);
    app.otp.send_due().await.unwrap();
    assert_eq!(app.message_states().await, ["failed"; 60]);

    carrier.will(Then::Answer(StatusCode::OK));
    app.wait(1200);
    ask_for(&app, 60..110).await;
    app.otp.send_due().await.unwrap();
    app.wait(1200);
    let refused = app.login_or_create(&number(110)).await;
    assert_eq!(
        refused.refusal(),
        (429, "too_few_tokens_authenticated"),
        "what was sent counts"
    );
}

#[tokio::test]
async fn the_prefix_of_a_message_is_kept_while_it_waits() {
    let (_carrier, gateway) = Carrier::start(StatusCode::OK).await;
    let app = App::with(Limits::default(), gateway).await;
    let prefix = async || {
        let mut reader = app.scratch.store.reader().await.unwrap();
        let sql = "SELECT prefix FROM otp_outbox";
        let row = reader.row(sql, params![]).await.unwrap().unwrap();
        row.get::<Option<String>>("prefix").unwrap()
    };
    app.login_or_create(ALICE).await.ok();
    assert_eq!(prefix().await.as_deref(), Some("+1202"));
    app.otp.send_due().await.unwrap();
    assert_eq!(prefix().await, None);
}

#[tokio::test]
async fn the_log_tells_once_that_a_prefix_is_refused() {
    let log = Log::of_this_thread();
    let app = App::with(conversion_alone(50, 20), Gateway::telephone()).await;
    ask_for(&app, 0..50).await;
    let told = || log.text().matches("event=\"otp.conversion\"").count();
    assert_eq!(told(), 0);
    app.wait(1200);
    for _ in 0..2 {
        let refused = app.login_or_create(&number(50)).await;
        assert_eq!(refused.refusal(), (429, "too_few_tokens_authenticated"));
        assert_eq!(told(), 1);
    }
    app.wait(DAY);
    ask_for(&app, 50..100).await;
    app.wait(1200);
    app.login_or_create(&number(100)).await;
    assert_eq!(told(), 2, "it ended in between");
}

#[tokio::test]
async fn the_share_of_codes_that_come_back_can_be_switched_off() {
    let app = App::with(conversion_alone(1, 0), Gateway::telephone()).await;
    app.login_or_create(&number(0)).await.ok();
    app.wait(1200);
    app.login_or_create(&number(1)).await.ok();
}

#[tokio::test]
async fn who_says_stop_gets_no_more_messages_until_start() {
    let app = App::start().await;
    app.verified(ALICE).await;
    assert_eq!(inbound(&app, ALICE, "Stop").await, "opted_out");
    for path in [
        "/v1/otps/sms/send",
        "/v1/otps/sms/login_or_create",
        "/v1/otps/whatsapp/send",
    ] {
        let answer = app.post(path, json!({ "phone_number": ALICE })).await;
        assert_eq!(
            answer.refusal(),
            (400, "unsubscribed_phone_number"),
            "{path}"
        );
    }
    assert_eq!(inbound(&app, ALICE, "HELP").await, "help");
    assert_eq!(inbound(&app, ALICE, "my code?").await, "none");
    assert_eq!(app.login_or_create(ALICE).await.status, 400);
    assert_eq!(inbound(&app, ALICE, "START").await, "opted_in");
    app.login_or_create(ALICE).await.ok();
}

#[tokio::test]
async fn the_list_of_who_said_stop_holds_no_number() {
    let app = App::start().await;
    inbound(&app, ALICE, "STOP").await;
    let row = app
        .scratch
        .store
        .reader()
        .await
        .unwrap()
        .row(
            "SELECT number_mac || number_ends AS kept FROM otp_opt_outs",
            params![],
        )
        .await
        .unwrap()
        .unwrap();
    let kept: String = row.get("kept").unwrap();
    assert!(
        kept.ends_with("62") && !kept.contains("2025550162"),
        "{kept}"
    );
}

#[tokio::test]
async fn an_operator_puts_numbers_on_the_list_and_takes_them_off() {
    let app = App::start().await;
    let list = OptOutList::new(&Vault::from_key([7; 32]), Random::system());
    let change = async |add: bool, number: &str| {
        let mut tx = app.scratch.store.begin().await.unwrap();
        let now = app.clock.now();
        let changed = match add {
            true => list.add(&mut tx, number, now).await,
            false => list.remove(&mut tx, number, now).await,
        };
        tx.commit().await.unwrap();
        changed
    };
    let then = app.clock.now();
    assert!(change(true, ALICE).await.unwrap());
    assert!(!change(true, ALICE).await.unwrap());
    let refused = app.login_or_create(ALICE).await;
    assert_eq!(refused.refusal(), (400, "unsubscribed_phone_number"));
    let mut reader = app.scratch.store.reader().await.unwrap();
    let [shown] = OptOutList::list(&mut reader)
        .await
        .unwrap()
        .try_into()
        .unwrap();
    assert_eq!((&*shown.ends, shown.since), ("62", then));
    drop(reader);
    assert!(change(false, ALICE).await.unwrap());
    assert!(!change(false, ALICE).await.unwrap());
    app.login_or_create(ALICE).await.ok();
    assert!(change(true, "2025550162").await.is_err());
    for event in ["otp.opted_out", "otp.opted_in"] {
        assert_eq!(app.events(event).await, 1, "{event}");
    }
}

#[tokio::test]
async fn a_number_that_nobody_proved_for_a_year_counts_as_not_verified() {
    let app = App::start().await;
    let (user_id, _) = app.verified(ALICE).await;
    let verified = async || {
        let user = app.get(&format!("/v1/users/{user_id}")).await.ok();
        user.body["phone_numbers"][0]["verified"].clone()
    };
    app.wait(364 * DAY);
    app.otp.purge(app.clock.now()).await.unwrap();
    assert_eq!(verified().await, true);
    app.wait(DAY);
    app.otp.purge(app.clock.now()).await.unwrap();
    assert_eq!(verified().await, false);
    app.verified(ALICE).await;
    assert_eq!(verified().await, true);
}

#[tokio::test]
async fn what_is_kept_goes_when_its_time_is_over() {
    for (sql, hours) in [
        ("SELECT COUNT(*) AS n FROM otp_passcodes", 25),
        ("SELECT COUNT(*) AS n FROM otp_cooldowns", 49),
        ("SELECT COUNT(*) AS n FROM otp_allowances", 73),
        ("SELECT COUNT(*) AS n FROM otp_conversions", 73),
        ("SELECT COUNT(*) AS n FROM otp_audit", 721),
    ] {
        let app = App::start().await;
        app.sent(ALICE).await;
        let rows = async || {
            let mut reader = app.scratch.store.reader().await.unwrap();
            let row = reader.row(sql, params![]).await.unwrap().unwrap();
            row.get::<i64>("n").unwrap()
        };
        app.wait((hours - 2) * 3600);
        app.otp.purge(app.clock.now()).await.unwrap();
        assert!(rows().await > 0, "{sql} two hours too early");
        app.wait(2 * 3600);
        app.otp.purge(app.clock.now()).await.unwrap();
        assert_eq!(rows().await, 0, "{sql}");
    }
}

#[tokio::test]
async fn a_project_says_how_long_a_code_is_valid_when_the_caller_does_not() {
    let limits = Limits {
        expiration_minutes: 5,
        ..Limits::default()
    };
    let app = App::with(limits, Gateway::telephone()).await;
    let (method_id, code) = app.sent(ALICE).await;
    app.wait(299);
    app.authenticate(&method_id, &code).await.ok();
}

#[tokio::test]
async fn a_new_signing_key_is_shown_before_it_signs_and_the_old_one_a_while_after() {
    let app = App::start().await;
    let jwks = format!("/v1/sessions/jwks/{}", app.project.id);
    let kids = async || -> Vec<String> {
        let keys = app.get(&jwks).await.ok().body["keys"].clone();
        let keys = keys.as_array().unwrap().clone();
        keys.iter()
            .map(|key| key["kid"].as_str().unwrap().to_owned())
            .collect()
    };
    let signer = async |token: &str| {
        let body = json!({ "session_token": token });
        let answer = app.post("/v1/sessions/authenticate", body).await.ok();
        let jwt = answer.text("session_jwt");
        let header = jsonwebtoken::decode_header(&jwt).unwrap();
        (header.kid.unwrap(), jwt)
    };
    let (method_id, code) = app.sent(ALICE).await;
    let body = json!({ "method_id": method_id, "code": code, "session_duration_minutes": 527_040 });
    let token = app
        .post("/v1/otps/authenticate", body)
        .await
        .ok()
        .text("session_token");
    let [old] = kids().await.try_into().unwrap();
    app.otp.purge(app.clock.now()).await.unwrap();
    assert_eq!(kids().await.len(), 1, "a young key stays alone");

    app.wait(180 * DAY);
    app.otp.purge(app.clock.now()).await.unwrap();
    let both = kids().await;
    assert_eq!(both.len(), 2);
    assert_eq!(
        signer(&token).await.0,
        old,
        "clients have not seen the new one yet"
    );
    app.wait(3600);
    let (new, jwt) = signer(&token).await;
    assert_ne!(new, old);

    app.wait(29 * DAY);
    app.otp.purge(app.clock.now()).await.unwrap();
    assert_eq!(kids().await.len(), 2);
    app.wait(DAY);
    app.otp.purge(app.clock.now()).await.unwrap();
    assert_eq!(kids().await, [new]);
    let body = json!({ "session_jwt": jwt });
    app.post("/v1/sessions/authenticate", body).await.ok();
}

#[tokio::test]
async fn a_project_spends_no_more_money_than_it_may() {
    let limits = Limits {
        prices: [("US".to_owned(), 8), ("CA".to_owned(), 14)].into(),
        cost_per_project: vec![Window::new(30, 1440)],
        ..Limits::default()
    };
    let app = App::with(limits, Gateway::telephone()).await;
    app.login_or_create(&number(0)).await.ok();
    app.login_or_create(BRUNO).await.ok();
    let too_dear = app.login_or_create("+14165550124").await;
    assert_eq!(too_dear.refusal(), (429, "too_many_requests"));
    app.login_or_create(&number(1)).await.ok();
    assert_eq!(app.login_or_create(&number(2)).await.status, 429);
    app.wait(DAY);
    app.login_or_create(&number(2)).await.ok();
}
