//! `twilio_sms`, against a stand-in for Twilio's API.

use std::sync::{Arc, Mutex};

use axum::{Router, extract::State, http::HeaderMap, response::IntoResponse, routing::post};
use http::StatusCode;
use sallyport_script::Language;
use url::form_urlencoded;

use super::{first_step, is_back, party, server_with};
use crate::{Browser, Page, TestApp, app::listen, number_of, relying_party::claims};

const BASIC: &str = include_str!("../../../../../scripts/basic.py");
const TWILIO: &str = include_str!("../../../../../scripts/twilio_sms.py");
const PATH: &str = "/2010-04-01/Accounts/AC123/Messages.json";

/// What Twilio was sent, and what it says.
#[derive(Clone)]
struct Twilio(Arc<Mutex<Inner>>);

struct Inner {
    messages: Vec<Vec<(String, String)>>,
    status: StatusCode,
}

async fn message(
    State(twilio): State<Twilio>,
    headers: HeaderMap,
    body: String,
) -> impl IntoResponse {
    assert_eq!(headers["authorization"], "Basic QUMxMjM6dG9rZW4=");
    let mut inner = twilio.0.lock().unwrap();
    let fields = form_urlencoded::parse(body.as_bytes()).into_owned();
    inner.messages.push(fields.collect());
    (
        inner.status,
        r#"{"sid":"SM1","message":"The number +12025550101 is not reachable"}"#,
    )
}

impl Twilio {
    /// A server whose `sms` sends through this stand-in.
    async fn server(properties: &[(&str, &str)]) -> (TestApp, Self) {
        let twilio = Self(Arc::new(Mutex::new(Inner {
            messages: vec![],
            status: StatusCode::CREATED,
        })));
        let router = Router::new()
            .route(PATH, post(message))
            .with_state(twilio.clone());
        let endpoint = format!("{}{PATH}", listen(router).await);
        let mut all = vec![
            ("SMS_ENDPOINT", endpoint.as_str()),
            ("ACCOUNT_SID", "AC123"),
            ("AUTH_TOKEN", "token"),
            ("FROM", "+12025550100"),
        ];
        all.extend(properties);
        (server_with("sms", TWILIO, &all).await, twilio)
    }

    fn field(&self, message: usize, name: &str) -> Option<String> {
        let inner = self.0.lock().unwrap();
        let found = inner.messages[message]
            .iter()
            .find(|(field, _)| field == name);
        found.map(|(_, value)| value.clone())
    }

    fn sent(&self) -> usize {
        self.0.lock().unwrap().messages.len()
    }

    fn last_code(&self) -> String {
        self.field(self.sent() - 1, "Body").unwrap()[..6].to_owned()
    }
}

async fn submit(browser: &mut Browser, page: &Page, code: &str) -> Page {
    browser.submit(page, &[("passcode", code)]).await
}

fn other(code: &str) -> String {
    format!("{:06}", (code.parse::<u32>().unwrap() + 1) % 1_000_000)
}

#[tokio::test]
async fn a_login_is_one_message_with_a_code_that_opens() {
    let (app, twilio) = Twilio::server(&[]).await;
    let mut browser = app.browser();
    let page = first_step(&mut browser, "sms", "alice").await;
    assert_eq!(page.heading(), "Enter the code");
    assert!(
        !page.body.contains(&number_of("alice")),
        "the number is masked"
    );
    assert_eq!(twilio.sent(), 1);
    assert_eq!(twilio.field(0, "To").unwrap(), number_of("alice"));
    assert_eq!(twilio.field(0, "From").unwrap(), "+12025550100");
    let code = twilio.last_code();
    assert_eq!(
        twilio.field(0, "Body").unwrap(),
        format!(
            "{code} is your code for login.example.com. Never share it.\n\n@login.example.com #{code}"
        )
    );
    let back = submit(
        &mut browser,
        &page,
        &format!(" {} {} ", &code[..3], &code[3..]),
    )
    .await;
    let tokens = party("sms").redeem(&app, &back).await.json();
    let id_token = claims(&tokens["id_token"]);
    assert_eq!(id_token["acr"], "sms");
    assert_eq!(
        id_token["amr"],
        serde_json::json!(["0", "otp", "pwd", "sms"])
    );
    assert!(!app.script_log().contains(&code));
}

#[tokio::test]
async fn a_messaging_service_sends_under_its_own_name() {
    let (app, twilio) = Twilio::server(&[("FROM", "MG77")]).await;
    first_step(&mut app.browser(), "sms", "alice").await;
    assert_eq!(twilio.field(0, "MessagingServiceSid").unwrap(), "MG77");
    assert_eq!(twilio.field(0, "From"), None);
}

#[tokio::test]
async fn a_code_dies_of_time_of_guesses_and_of_the_next_one() {
    let (app, twilio) = Twilio::server(&[("CODE_TRIES", "3")]).await;
    let mut browser = app.browser();
    let page = first_step(&mut browser, "sms", "alice").await;
    let first = twilio.last_code();
    for _ in 0..2 {
        let wrong = submit(&mut browser, &page, &other(&first)).await;
        assert_eq!(
            wrong.text("#field-error"),
            "This code is not right. Please try again."
        );
        assert!(wrong.body.contains("The code works for"));
    }
    let last = submit(&mut browser, &page, &other(&first)).await;
    assert_eq!(
        last.text("#field-error"),
        "This code was tried too often and no longer works. Ask for a new one."
    );
    assert!(!last.body.contains("The code works for"), "{}", last.body);
    assert_eq!(last.text("button.primary"), "Send a new code");
    let guessed = submit(&mut browser, &page, &first).await;
    assert_eq!(
        guessed.text("#field-error"),
        "This code no longer works. Ask for a new one."
    );

    let early = browser.submit(&page, &[("resend", "resend")]).await;
    assert_eq!(
        early.text(".problem[role=alert]"),
        "Please wait 30 seconds before you ask for another code."
    );
    app.wait(31);
    let again = browser.submit(&page, &[("resend", "resend")]).await;
    assert!(again.text(".note").contains("a new code"), "{}", again.body);
    assert_eq!(twilio.sent(), 2);
    if twilio.last_code() != first {
        let old = submit(&mut browser, &page, &first).await;
        assert_eq!(
            old.text("#field-error"),
            "This code is not right. Please try again."
        );
    }
    app.wait(300);
    let late = submit(&mut browser, &page, &twilio.last_code()).await;
    assert!(
        late.text("#field-error").contains("no longer works"),
        "{}",
        late.body
    );
}

#[tokio::test]
async fn after_two_messages_another_method_is_offered() {
    let own = ("NOTICE", "Codes by text message end in May.");
    let (app, _twilio) = Twilio::server(&[("OTHER_METHOD", "basic"), own]).await;
    app.script("basic", BASIC, Language::Python3, &[]).await;
    let mut browser = app.browser();
    let page = first_step(&mut browser, "sms", "alice").await;
    assert_eq!(page.text("#notice"), own.1);
    let early = browser.submit(&page, &[("other_method", "basic")]).await;
    assert_eq!(early.heading(), "Enter the code", "it was not offered yet");
    app.wait(31);
    let page = browser.submit(&page, &[("resend", "resend")]).await;
    assert_eq!(
        page.attribute("button[name=other_method]", "value"),
        "basic"
    );
    let page = browser.submit(&page, &[("other_method", "basic")]).await;
    assert_eq!(page.heading(), "Sign in");
}

#[tokio::test]
async fn what_is_no_code_is_no_guess() {
    let (app, twilio) = Twilio::server(&[("CODE_TRIES", "1")]).await;
    let mut browser = app.browser();
    let page = first_step(&mut browser, "sms", "alice").await;
    for text in ["", "12345", "1234567", "abcdef", "१२३४५६"] {
        let answer = submit(&mut browser, &page, text).await;
        assert!(
            answer.text("#field-error").contains("6-digit code"),
            "{text}"
        );
    }
    let back = submit(&mut browser, &page, &twilio.last_code()).await;
    assert!(is_back(&back), "{}", back.body);
}

#[tokio::test]
async fn when_twilio_refuses_nothing_opens_and_the_person_may_try_again() {
    let (app, twilio) = Twilio::server(&[]).await;
    twilio.0.lock().unwrap().status = StatusCode::BAD_REQUEST;
    let mut browser = app.browser();
    let page = first_step(&mut browser, "sms", "alice").await;
    assert_eq!(page.heading(), "Sign in");
    assert!(
        page.text("[role=alert]").contains("could not be sent"),
        "{}",
        page.body
    );
    assert!(
        app.script_log().contains("status 400, The number"),
        "{}",
        app.script_log()
    );
    twilio.0.lock().unwrap().status = StatusCode::CREATED;
    let page = first_step(&mut browser, "sms", "alice").await;
    let back = submit(&mut browser, &page, &twilio.last_code()).await;
    assert!(is_back(&back), "{}", back.body);
}

#[tokio::test]
async fn a_person_gets_so_many_messages_and_no_more() {
    let (app, twilio) = Twilio::server(&[]).await;
    for _ in 0..8 {
        first_step(&mut app.browser(), "sms", "alice").await;
    }
    assert_eq!(twilio.sent(), 5, "the limit of the host");
}

#[tokio::test]
async fn a_person_without_a_number_reads_why() {
    let (app, twilio) = Twilio::server(&[("OTHER_METHOD", "basic")]).await;
    let alice = app.app.people.find_by_uid("alice").await.unwrap().unwrap();
    app.set(alice.id, "mobile", &[]).await;
    let page = first_step(&mut app.browser(), "sms", "alice").await;
    assert!(
        page.text("[role=alert]").contains("no usable phone number"),
        "{}",
        page.body
    );
    let offered = page.attribute("button[name=other_method]", "value");
    assert_eq!(offered, "basic");
    assert_eq!(twilio.sent(), 0);
}
