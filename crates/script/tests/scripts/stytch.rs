//! The script that is shipped: `scripts/stytch.py`.

use std::collections::BTreeMap;

use sallyport_script::{
    Answer, Call, HttpResponse, Person, PersonKey, Property, Question, Request, Returned, Scene,
    Script, Severity, Source,
};
use serde_json::{Value, json};

use crate::desk::{Desk, nobody, person, property, source};

const TEXT: &str = include_str!("../../../../scripts/stytch.py");
const NUMBER: &str = "+15550100";

/// Plays the passcode service and the directory.
struct Host {
    alice: Person,
    posts: Vec<(String, Value)>,
    /// The next answers; when there are none left, everything succeeds.
    answers: Vec<Answer>,
    /// Where it was asked what became of a message, and what it says.
    gets: Vec<String>,
    delivery: Answer,
    /// What another login stores in `oxMobileDevices` while the service checks the passcode.
    meanwhile: Option<&'static str>,
}

impl Host {
    fn with(attributes: &[(&str, &str)]) -> Self {
        Self {
            alice: person("alice", attributes),
            posts: vec![],
            answers: vec![],
            gets: vec![],
            delivery: delivery("sent"),
            meanwhile: None,
        }
    }

    fn devices(&self) -> Value {
        serde_json::from_str(&self.alice.attributes["oxMobileDevices"][0]).unwrap()
    }

    fn endpoints(&self) -> Vec<&str> {
        self.posts
            .iter()
            .map(|(endpoint, _)| endpoint.as_str())
            .collect()
    }

    fn answer(&mut self, question: Question) -> Answer {
        match question {
            Question::CheckPassword { password, .. } => {
                Answer::Person((password.expose() == "sesame").then(|| self.alice.clone()))
            }
            Question::FindPerson {
                by: PersonKey::Uid(uid),
            } if uid == "alice" => Answer::Person(Some(self.alice.clone())),
            Question::ChangePerson { inum, set } if inum == self.alice.inum => {
                self.alice.attributes.extend(set);
                Answer::Person(Some(self.alice.clone()))
            }
            Question::Http {
                method,
                url,
                headers,
                body,
            } => {
                assert!(headers.contains(&(
                    "Authorization".into(),
                    "Basic cHJvamVjdC0xOnMzY3JldA==".into()
                )));
                if method == "GET" {
                    self.gets.push(url);
                    return self.delivery.clone();
                }
                assert_eq!(method, "POST");
                assert!(headers.contains(&("Content-Type".into(), "application/json".into())));
                let endpoint = url.rsplit('/').next().unwrap().to_owned();
                let body: Value = serde_json::from_slice(&body).unwrap();
                self.posts.push((endpoint.clone(), body));
                if endpoint == "authenticate"
                    && let Some(devices) = self.meanwhile.take()
                {
                    self.alice
                        .attributes
                        .insert("oxMobileDevices".into(), vec![devices.into()]);
                }
                if self.answers.is_empty() {
                    success(&endpoint)
                } else {
                    self.answers.remove(0)
                }
            }
            other => nobody(other),
        }
    }
}

fn success(endpoint: &str) -> Answer {
    let mut body = json!({"status_code": 200, "request_id": "r-1", "user_id": "user-1"});
    if endpoint == "authenticate" {
        body["user"] = json!({"phone_numbers": [{"phone_id": "phone-1", "phone_number": NUMBER}]});
    } else {
        body["phone_id"] = json!("phone-1");
    }
    reply(200, &body.to_string())
}

fn reply(status: u16, body: &str) -> Answer {
    Answer::Http(HttpResponse {
        status,
        reason: String::new(),
        headers: vec![],
        body: body.into(),
    })
}

fn delivery(state: &str) -> Answer {
    reply(
        200,
        &json!({"status_code": 200, "state": state}).to_string(),
    )
}

fn refusal(status: u16, error_type: &str) -> Answer {
    reply(
        status,
        &json!({"status_code": status, "error_type": error_type, "error_message": "x"}).to_string(),
    )
}

fn properties() -> Vec<Property> {
    vec![
        property("SMS_ENDPOINT", "https://api.example/v1/otps/sms/send"),
        property(
            "ENROLL_ENDPOINT",
            "https://api.example/v1/otps/sms/login_or_create",
        ),
        property("AUTH_ENDPOINT", "https://api.example/v1/otps/authenticate"),
        property("PROJECT_ID", "project-1"),
        Property {
            hide: true,
            ..property("SECRET", "s3cret")
        },
    ]
}

fn script_with(properties: Vec<Property>) -> Source {
    Source {
        properties,
        ..source(TEXT)
    }
}

struct Login {
    desk: Desk,
    script: Script,
    host: Host,
    session: BTreeMap<String, String>,
}

impl Login {
    async fn of(attributes: &[(&str, &str)]) -> Self {
        Self::with(properties(), attributes).await
    }

    async fn with(properties: Vec<Property>, attributes: &[(&str, &str)]) -> Self {
        let desk = Desk::new();
        let script = desk
            .try_load(script_with(properties), nobody)
            .await
            .unwrap();
        Self {
            desk,
            script,
            host: Host::with(attributes),
            session: BTreeMap::new(),
        }
    }

    async fn step(&mut self, step: u32, parameters: &[(&str, &str)]) -> (bool, Vec<String>) {
        let scene = Scene {
            session: self.session.clone(),
            username: (step == 1).then(|| "alice".into()),
            password: (step == 1).then(|| "sesame".into()),
            authenticated: (step == 2).then(|| self.host.alice.clone()),
            request: Request {
                parameters: parameters
                    .iter()
                    .map(|(name, value)| ((*name).into(), vec![(*value).into()]))
                    .collect(),
                remote_ip: "192.0.2.7".into(),
                ..Request::default()
            },
            ..Scene::default()
        };
        let host = &mut self.host;
        let call = Call::Authenticate { step };
        let (result, scene) = self
            .desk
            .call(&self.script, scene, call, |question| host.answer(question))
            .await;
        self.session = scene.session;
        for text in self.desk.printed() {
            assert!(
                !text.contains("5550100") && !text.contains("123456"),
                "{text}"
            );
        }
        let texts = scene
            .messages
            .into_iter()
            .map(|message| message.text)
            .collect();
        (result.unwrap() == Returned::Bool(true), texts)
    }

    async fn password(&mut self) -> (bool, Vec<String>) {
        self.step(1, &[]).await
    }

    async fn passcode(&mut self, code: &str) -> (bool, Vec<String>) {
        self.step(2, &[("passcode", code)]).await
    }

    /// What the script tells the page of step 2.
    async fn page(&mut self) -> BTreeMap<String, Value> {
        let scene = Scene {
            session: self.session.clone(),
            authenticated: Some(self.host.alice.clone()),
            ..Scene::default()
        };
        let host = &mut self.host;
        let call = Call::PrepareForStep { step: 2 };
        let (result, scene) = self
            .desk
            .call(&self.script, scene, call, |question| host.answer(question))
            .await;
        assert_eq!(result, Ok(Returned::Bool(true)));
        assert!(scene.messages.is_empty());
        self.session = scene.session;
        scene.working
    }

    /// As if the last passcode had been sent some seconds earlier.
    fn pass(&mut self, seconds: i64) {
        let sent_at: i64 = self.session["passcode_sent_at"].parse().unwrap();
        let earlier = (sent_at - seconds).to_string();
        self.session.insert("passcode_sent_at".into(), earlier);
    }

    /// As if the last passcode had been sent long ago.
    fn wait(&mut self) {
        self.session
            .insert("passcode_sent_at".into(), "1000".into());
    }
}

fn passed() -> (bool, Vec<String>) {
    (true, vec![])
}

fn refused(text: &str) -> (bool, Vec<String>) {
    (false, vec![text.to_owned()])
}

#[tokio::test]
async fn it_says_what_the_documentation_says_when_it_starts() {
    let desk = Desk::new();
    let script = desk
        .try_load(script_with(properties()), nobody)
        .await
        .unwrap();
    assert_eq!(
        desk.printed(),
        ["Stytch Initialization", "Stytch Initialized successfully"]
    );
    assert_eq!(script.api_version(), 11);
    let table = [
        (Call::GetCountAuthenticationSteps, Returned::Int(2)),
        (
            Call::GetPageForStep { step: 1 },
            Returned::Text(String::new()),
        ),
        (
            Call::GetPageForStep { step: 2 },
            Returned::Text("/auth/otp_sms/otp_sms.xhtml".into()),
        ),
        (Call::GetNextStep { step: 1 }, Returned::Int(-1)),
        (Call::PrepareForStep { step: 1 }, Returned::Bool(true)),
        (Call::PrepareForStep { step: 2 }, Returned::Bool(false)),
        (Call::IsValidAuthenticationMethod, Returned::Bool(true)),
        (Call::Logout, Returned::Bool(true)),
    ];
    for (call, expected) in table {
        assert_eq!(
            desk.call(&script, Scene::default(), call, nobody).await.0,
            Ok(expected),
            "{call:?}"
        );
    }
}

#[tokio::test]
async fn a_property_that_is_missing_or_empty_keeps_it_from_loading() {
    for at in 0..properties().len() {
        let mut without = properties();
        let name = without.remove(at).value1;
        let mut empty = properties();
        empty[at].value2 = " ".into();
        for properties in [without, empty] {
            let desk = Desk::new();
            assert!(
                desk.try_load(script_with(properties), nobody)
                    .await
                    .is_err()
            );
            assert!(desk.printed().contains(&format!(
                "Stytch Initialization. Property {name} is mandatory"
            )));
        }
    }
}

#[tokio::test]
async fn a_code_lives_as_long_as_its_property_says() {
    let minutes = |text| [properties(), vec![property("CODE_MINUTES", text)]].concat();
    let mut login = Login::with(minutes("2"), &[("mobile", NUMBER)]).await;
    login.password().await;
    assert_eq!(login.host.posts[0].1["expiration_minutes"], 2);
    let at = |name: &str| login.session[name].parse::<i64>().unwrap();
    assert_eq!(at("passcode_expires_at") - at("passcode_sent_at"), 120);

    for (text, range) in [("0", "from 1"), ("2.5", "from 1"), ("11", "from 1 to 10")] {
        let desk = Desk::new();
        let loaded = desk.try_load(script_with(minutes(text)), nobody).await;
        assert!(loaded.is_err(), "{text}");
        let why =
            format!("Stytch Initialization. property CODE_MINUTES must be a whole number {range}");
        assert!(desk.printed().contains(&why), "{:?}", desk.printed());
    }
}

#[tokio::test]
async fn the_first_login_enrols_with_one_message_and_stores_the_phone_after_the_code() {
    let mut login = Login::of(&[("mobile", "+1 555-0100")]).await;
    assert_eq!(login.password().await, passed());
    assert_eq!(
        login.host.posts,
        [(
            "login_or_create".to_owned(),
            json!({"phone_number": NUMBER, "expiration_minutes": 5, "attributes": {"ip_address": "192.0.2.7"}})
        )]
    );
    assert!(!login.host.alice.attributes.contains_key("oxMobileDevices"));
    assert_eq!(login.session["phone_id"], "phone-1");
    assert_eq!(login.session["mobile_number"], NUMBER);
    assert_eq!(login.session["passcode_sends"], "1");
    let sent_at: i64 = login.session["passcode_sent_at"].parse().unwrap();
    assert_eq!(
        login.session["passcode_expires_at"],
        (sent_at + 300).to_string()
    );

    assert_eq!(login.passcode(" 123-456 ").await, passed());
    assert_eq!(
        login.host.posts[1],
        (
            "authenticate".to_owned(),
            json!({"method_id": "phone-1", "code": "123456"})
        )
    );
    let phone = &login.host.devices()["phones"][0];
    assert_eq!(
        (&phone["number"], &phone["stytch_phone_id"]),
        (&json!(NUMBER), &json!("phone-1"))
    );
    assert_eq!(phone["stytch_user_id"], "user-1");
    assert!(phone["addedOn"].is_i64() && phone["nickName"].is_string());
}

#[tokio::test]
async fn a_later_login_sends_one_message_and_writes_nothing() {
    let devices = r#"{"phones": [{"number": "15550100", "stytch_phone_id": "phone-1", "stytch_user_id": "user-1"}]}"#;
    let mut login = Login::of(&[("mobile", "15550100"), ("oxMobileDevices", devices)]).await;
    assert_eq!(login.password().await, passed());
    assert_eq!(login.passcode("123456").await, passed());
    assert_eq!(login.host.endpoints(), ["send", "authenticate"]);
    assert_eq!(login.host.alice.attributes["oxMobileDevices"], [devices]);
}

#[tokio::test]
async fn the_password_posted_twice_sends_one_message() {
    let mut login = Login::of(&[("mobile", NUMBER)]).await;
    assert_eq!(login.password().await, passed());
    assert_eq!(login.password().await, passed());
    assert_eq!(login.host.endpoints(), ["login_or_create"]);
    login.wait();
    assert_eq!(login.password().await, passed());
    assert_eq!(login.host.posts.len(), 2);
}

#[tokio::test]
async fn a_wrong_password_sends_nothing_and_says_nothing() {
    let mut login = Login::of(&[("mobile", NUMBER)]).await;
    let scene = Scene {
        username: Some("alice".into()),
        password: Some("guess".into()),
        ..Scene::default()
    };
    let host = &mut login.host;
    let (result, scene) = login
        .desk
        .call(
            &login.script,
            scene,
            Call::Authenticate { step: 1 },
            |question| host.answer(question),
        )
        .await;
    assert_eq!(result, Ok(Returned::Bool(false)));
    assert!(scene.messages.is_empty() && login.host.posts.is_empty());
}

#[tokio::test]
async fn the_number_comes_from_where_the_documentation_says() {
    type Attributes<'a> = &'a [(&'a str, &'a str)];
    let table: &[(Attributes<'_>, Option<&str>)] = &[
        (
            &[("phoneNumberVerified", "+15550101"), ("mobile", NUMBER)],
            Some("+15550101"),
        ),
        (
            &[
                ("phoneNumberVerified", "true"),
                ("employeeNumber", "+15550102"),
                ("mobile", NUMBER),
            ],
            Some("+15550102"),
        ),
        (
            &[
                ("phoneNumberVerified", "false"),
                ("employeeNumber", "+15550102"),
                ("mobile", NUMBER),
            ],
            Some(NUMBER),
        ),
        (
            &[("phoneNumberVerified", "TRUE"), ("mobile", NUMBER)],
            Some(NUMBER),
        ),
        (&[("employeeNumber", "12345678")], None),
        (
            &[("mobile", "ask reception"), ("mobile", "001 (555) 0103")],
            Some("+15550103"),
        ),
        (&[("telephoneNumber", "1.555.01.04")], Some("+15550104")),
        (&[("mobile", "12")], None),
        (&[], None),
    ];
    for (attributes, expected) in table {
        let mut login = Login::of(attributes).await;
        let result = login.password().await;
        match expected {
            Some(number) => assert_eq!(login.session["mobile_number"], *number),
            None => assert_eq!(result, refused("Failed to determine mobile phone number")),
        }
    }
}

#[tokio::test]
async fn a_national_number_gets_the_country_code_of_the_property() {
    let with_country = [properties(), vec![property("COUNTRY_CODE", "44")]].concat();
    let mut login = Login::with(with_country, &[("mobile", "07700 900123")]).await;
    assert_eq!(login.password().await, passed());
    assert_eq!(login.session["mobile_number"], "+447700900123");
}

#[tokio::test]
async fn what_others_wrote_into_the_devices_stays() {
    let table = [
        (r#"{"phones": []}"#, 1),
        (
            r#"{"phones": [{"nickName": "Casa", "number": "15550100", "addedOn": 1}], "x": 1}"#,
            1,
        ),
        (
            r#"{"phones": [{"number": "+15559999", "stytch_phone_id": "old", "stytch_user_id": "old"}]}"#,
            2,
        ),
        ("", 1),
    ];
    for (devices, count) in table {
        let mut login = Login::of(&[("mobile", NUMBER), ("oxMobileDevices", devices)]).await;
        assert_eq!(login.password().await, passed());
        assert_eq!(login.passcode("123456").await, passed());
        assert_eq!(
            login.host.endpoints(),
            ["login_or_create", "authenticate"],
            "{devices}"
        );
        let after = login.host.devices();
        let phones = after["phones"].as_array().unwrap();
        assert_eq!(phones.len(), count, "{after}");
        assert_eq!(phones.last().unwrap()["stytch_phone_id"], "phone-1");
        if devices.contains("Casa") {
            assert_eq!(
                (&phones[0]["nickName"], &phones[0]["addedOn"], &after["x"]),
                (&json!("Casa"), &json!(1), &json!(1))
            );
        }
    }
}

#[tokio::test]
async fn devices_that_cannot_be_read_are_left_alone() {
    let mut login = Login::of(&[("mobile", NUMBER), ("oxMobileDevices", "not json")]).await;
    assert_eq!(login.password().await, passed());
    assert_eq!(login.passcode("123456").await, passed());
    assert_eq!(login.host.alice.attributes["oxMobileDevices"], ["not json"]);
}

#[tokio::test]
async fn a_number_that_the_service_has_forgotten_is_enrolled_again() {
    for error in ["user_not_found", "phone_number_not_found"] {
        let devices = r#"{"phones": [{"number": "15550100", "stytch_phone_id": "gone"}]}"#;
        let mut login = Login::of(&[("mobile", NUMBER), ("oxMobileDevices", devices)]).await;
        login.host.answers = vec![refusal(404, error)];
        assert_eq!(login.password().await, passed());
        assert_eq!(login.host.endpoints(), ["send", "login_or_create"]);
        assert_eq!(login.passcode("123456").await, passed());
        assert_eq!(
            login.host.devices()["phones"][0]["stytch_phone_id"],
            "phone-1"
        );
    }
}

#[tokio::test]
async fn a_message_that_is_not_sent_is_said_and_not_repeated() {
    let later = "Too many codes were requested. Please try again later.";
    let unavailable =
        "The text message service is not available right now. Please try again later.";
    let failed = "Failed to send message to mobile phone";
    let table = [
        (refusal(400, "invalid_phone_number"), failed),
        (refusal(401, "unauthorized_credentials"), failed),
        (refusal(429, "too_many_requests"), later),
        (refusal(400, "too_few_tokens_authenticated"), later),
        (
            refusal(400, "downstream_carrier_error"),
            "No code can be sent to your phone at present. Please ask for help.",
        ),
        (
            refusal(400, "unsubscribed_phone_number"),
            "Your phone asked for no more messages. Text START to the sender of the codes to get them again.",
        ),
        (reply(429, "slow down"), later),
        (reply(500, "<html>"), unavailable),
        (reply(200, "<html>"), unavailable),
        (Answer::Unreachable("timed out".into()), unavailable),
    ];
    for (answer, text) in table {
        let mut login = Login::of(&[("mobile", NUMBER)]).await;
        login.host.answers = vec![answer];
        assert_eq!(login.password().await, refused(text));
        assert_eq!(login.host.posts.len(), 1);
        assert!(!login.session.contains_key("phone_id"));
    }
}

#[tokio::test]
async fn a_code_that_is_not_accepted_is_said_in_words() {
    let malformed = "Please enter the 6-digit code from the text message.";
    let mut login = Login::of(&[("mobile", NUMBER)]).await;
    login.password().await;
    for code in ["", "12345", "1234567", "abcdef", "１２３４５６"] {
        assert_eq!(login.passcode(code).await, refused(malformed));
    }
    assert_eq!(login.host.posts.len(), 1);
    let unavailable =
        "The text message service is not available right now. Please try again later.";
    let table = [
        (
            refusal(404, "otp_code_not_found"),
            "Incorrect SMS code, please try again.",
        ),
        (
            refusal(401, "unable_to_auth_otp_code"),
            "This code no longer works. Ask for a new one.",
        ),
        (
            refusal(404, "unable_to_auth_otp_code"),
            "This code no longer works. Ask for a new one.",
        ),
        (
            refusal(429, "user_lock_limit_reached"),
            "Too many wrong codes. Please try again later.",
        ),
        (
            refusal(401, "unauthorized_credentials"),
            "The code could not be checked. Please try again later.",
        ),
        (
            reply(404, "<html>"),
            "The code could not be checked. Please try again later.",
        ),
        (refusal(503, "server_unavailable"), unavailable),
        (Answer::Unreachable("refused".into()), unavailable),
    ];
    for (answer, text) in table {
        login.host.answers = vec![answer];
        assert_eq!(login.passcode("123456").await, refused(text));
    }
    assert!(!login.host.alice.attributes.contains_key("oxMobileDevices"));
    assert_eq!(login.passcode("123456").await, passed());
}

#[tokio::test]
async fn a_dead_code_has_no_time_left() {
    let mut login = Login::of(&[("mobile", NUMBER)]).await;
    login.password().await;
    login.host.answers = vec![refusal(404, "otp_code_not_found")];
    login.passcode("123456").await;
    assert_ne!(login.session["passcode_expires_at"], "0");
    login.host.answers = vec![refusal(401, "unable_to_auth_otp_code")];
    login.passcode("123456").await;
    assert_eq!(login.session["passcode_expires_at"], "0");
    login.wait();
    login.step(2, &[("resend", "")]).await;
    assert_ne!(login.session["passcode_expires_at"], "0", "the next one");
}

#[tokio::test]
async fn an_answer_for_another_person_or_phone_is_no_login() {
    let others = [
        json!({"user_id": "user-2"}),
        json!({"user_id": "user-1", "user": {"phone_numbers": [{"phone_id": "phone-1", "phone_number": "+15559999"}]}}),
        json!({"user_id": "user-1", "user": {"phone_numbers": [{"phone_id": "phone-2", "phone_number": NUMBER}]}}),
        json!({"user_id": "user-1", "user": {"phone_numbers": ["phone-1"]}}),
    ];
    for other in others {
        let mut login = Login::of(&[("mobile", NUMBER)]).await;
        login.password().await;
        login.host.answers = vec![reply(200, &other.to_string())];
        assert_eq!(
            login.passcode("123456").await,
            refused("The code could not be checked. Please try again later.")
        );
    }
}

#[tokio::test]
async fn an_answer_that_lists_no_phones_is_enough() {
    for answer in [
        json!({"user_id": "user-1"}),
        json!({"user_id": "user-1", "user": {"phone_numbers": []}}),
    ] {
        let mut login = Login::of(&[("mobile", NUMBER)]).await;
        login.password().await;
        login.host.answers = vec![reply(200, &answer.to_string())];
        assert_eq!(login.passcode("123456").await, passed());
    }
}

#[tokio::test]
async fn a_phone_that_was_added_while_the_code_was_checked_stays() {
    let mut login = Login::of(&[("mobile", NUMBER)]).await;
    login.password().await;
    login.host.meanwhile = Some(r#"{"phones": [{"nickName": "Casa", "number": "15559999"}]}"#);
    assert_eq!(login.passcode("123456").await, passed());
    let phones = &login.host.devices()["phones"];
    assert_eq!(phones[0]["nickName"], "Casa");
    assert_eq!(phones[1]["stytch_phone_id"], "phone-1");
}

#[tokio::test]
async fn an_account_that_was_closed_meanwhile_does_not_get_in() {
    let mut login = Login::of(&[("mobile", NUMBER), ("gluuStatus", "active")]).await;
    login.password().await;
    login
        .host
        .alice
        .attributes
        .insert("gluuStatus".into(), vec!["inactive".into()]);
    assert_eq!(
        login.passcode("123456").await,
        refused("Your login has expired. Please start again.")
    );
    assert_eq!(login.host.endpoints(), ["login_or_create"]);
}

#[tokio::test]
async fn a_new_code_is_sent_after_a_pause_that_grows() {
    let mut login = Login::of(&[("mobile", NUMBER)]).await;
    login.password().await;
    for sends in 2..=5 {
        let (passed, texts) = login.step(2, &[("resend", "")]).await;
        assert!(!passed && texts[0].starts_with("Please wait "), "{texts:?}");
        let waits: u64 = texts[0].split(' ').nth(2).unwrap().parse().unwrap();
        let longest = [30, 60, 120, 120][sends - 2];
        assert!(waits <= longest && waits > longest - 5, "{waits}");
        login.wait();
        assert_eq!(
            login.step(2, &[("resend", "")]).await,
            refused("We have sent you a new code.")
        );
        assert_eq!(login.session["passcode_sends"], sends.to_string());
    }
    assert_eq!(
        login.host.endpoints(),
        ["login_or_create", "send", "send", "send", "send"]
    );
    assert_eq!(login.passcode("123456").await, passed());
}

#[tokio::test]
async fn a_new_code_that_is_not_sent_leaves_the_old_one_and_is_counted() {
    let mut login = Login::of(&[("mobile", NUMBER)]).await;
    login.password().await;
    login.wait();
    let mut expected = login.session.clone();
    expected.insert("passcode_failed_sends".into(), "1".into());
    login.host.answers = vec![refusal(429, "too_many_requests")];
    let result = login.step(2, &[("resend", "")]).await;
    assert_eq!(
        result,
        refused("Too many codes were requested. Please try again later.")
    );
    assert_eq!(login.session, expected);
}

#[tokio::test]
async fn a_second_step_without_a_first_leads_nowhere() {
    let mut login = Login::of(&[("mobile", NUMBER)]).await;
    assert_eq!(
        login.passcode("123456").await,
        refused("Your login has expired. Please start again.")
    );
    assert_eq!(
        login.step(2, &[("resend", "1")]).await,
        refused("Your login has expired. Please start again.")
    );
    assert!(login.host.posts.is_empty());
}

#[tokio::test]
async fn the_message_of_a_new_code_is_no_error() {
    let mut login = Login::of(&[("mobile", NUMBER)]).await;
    login.password().await;
    login.wait();
    let scene = Scene {
        session: login.session.clone(),
        request: Request {
            parameters: [("resend".into(), vec!["1".into()])].into(),
            ..Request::default()
        },
        ..Scene::default()
    };
    let host = &mut login.host;
    let call = Call::Authenticate { step: 2 };
    let (_, scene) = login
        .desk
        .call(&login.script, scene, call, |question| host.answer(question))
        .await;
    assert_eq!(scene.messages[0].severity, Severity::Info);
}

/// The script where the service says what became of messages.
async fn followed(more: &[Property]) -> Login {
    let url = "https://api.example/sallyport/v1/deliveries/";
    let all = [
        properties(),
        vec![property("STATUS_ENDPOINT", url)],
        more.to_vec(),
    ];
    let mut login = Login::with(all.concat(), &[("mobile", NUMBER)]).await;
    assert_eq!(login.password().await, passed());
    login
}

#[tokio::test]
async fn a_message_that_was_not_delivered_is_told_and_lifts_the_pause() {
    let mut login = followed(&[]).await;
    login.wait();
    login.step(2, &[("resend", "")]).await;
    login.host.delivery = delivery("failed");
    login.pass(30);
    let (_, texts) = login.step(2, &[("passcode", "1")]).await;
    assert_eq!(texts.len(), 1, "the sentence is the page's");
    let page = login.page().await;
    assert_eq!(page["not_delivered"], true);
    assert_eq!(login.session["passcode_expires_at"], "0");
    assert_eq!(
        login.host.gets,
        ["https://api.example/sallyport/v1/deliveries/phone-1"]
    );
    // The second pause takes 60 seconds.
    assert_eq!(
        login.step(2, &[("resend", "")]).await,
        refused("We have sent you a new code.")
    );
    let page = login.page().await;
    assert!(!page.contains_key("not_delivered"), "of the new message");
    assert!(page["delivery_known_in"].as_i64().unwrap() > 25);
    let (_, texts) = login.step(2, &[("resend", "")]).await;
    assert!(texts[0].starts_with("Please wait "), "{texts:?}");
}

#[tokio::test]
async fn whoever_asks_for_a_new_code_first_need_not_wait_either() {
    let mut login = followed(&[]).await;
    login.wait();
    login.step(2, &[("resend", "")]).await;
    login.host.delivery = delivery("failed");
    login.pass(30);
    assert_eq!(
        login.step(2, &[("resend", "")]).await,
        refused("We have sent you a new code.")
    );
    assert_eq!(login.host.gets.len(), 1);
}

#[tokio::test]
async fn a_message_that_was_not_delivered_is_a_reason_for_another_method() {
    let mut login = followed(&[property("OTHER_METHOD", "totp")]).await;
    login.host.delivery = delivery("failed");
    assert!(!login.page().await.contains_key("other_method"));
    login.pass(30);
    assert_eq!(login.page().await["other_method"], "totp");
    let counted = login.session["passcode_failed_sends"].clone();
    login.page().await;
    assert_eq!(login.session["passcode_failed_sends"], counted, "once");
    login.step(2, &[("other_method", "totp")]).await;
    assert_eq!(
        login.session["passcode_delivery"], "",
        "its own codes have a pause"
    );
}

#[tokio::test]
async fn the_service_is_asked_once_about_a_message_and_not_before_it_may_know() {
    let mut login = followed(&[]).await;
    login.pass(20);
    let seconds = login.page().await["delivery_known_in"].as_i64().unwrap();
    assert!((5..=10).contains(&seconds), "{seconds}");
    assert!(login.host.gets.is_empty());
    login.pass(10);
    for _ in 0..3 {
        let page = login.page().await;
        assert!(!page.contains_key("not_delivered") && !page.contains_key("delivery_known_in"));
        login.passcode("").await;
        login.pass(100);
    }
    assert_eq!(login.host.gets.len(), 1);
    login.step(2, &[("resend", "")]).await;
    login.pass(30);
    login.page().await;
    assert_eq!(login.host.gets.len(), 2, "about the next message");
}

#[tokio::test]
async fn a_service_that_does_not_say_what_became_of_a_message_is_not_mentioned() {
    let table = [
        Answer::Unreachable("timed out".into()),
        Answer::Refused("not https".into()),
        refusal(404, "message_not_found"),
        refusal(401, "unauthorized_credentials"),
        reply(500, "<html>"),
        reply(204, ""),
        reply(200, "<html>"),
        reply(200, r#"{"state": {"failed": true}}"#),
        reply(500, r#"{"state": "failed"}"#),
        delivery("queued"),
        delivery("delivered"),
        delivery("lost"),
    ];
    let mut login = followed(&[]).await;
    for answer in table {
        login.host.delivery = answer;
        login.wait();
        login.step(2, &[("resend", "")]).await;
        login.pass(30);
        let asked = login.host.gets.len();
        let page = login.page().await;
        assert_eq!(page.keys().collect::<Vec<_>>(), ["notice"]);
        assert_eq!(login.host.gets.len(), asked + 1);
        let (_, texts) = login.step(2, &[("resend", "")]).await;
        assert!(texts[0].starts_with("Please wait "), "{texts:?}");
    }
    assert_eq!(login.passcode("123456").await, passed());
}

#[tokio::test]
async fn without_the_property_nobody_is_asked() {
    let mut login = Login::of(&[("mobile", NUMBER)]).await;
    login.password().await;
    let before = login.session.clone();
    login.host.delivery = delivery("failed");
    login.pass(40);
    let page = login.page().await;
    assert_eq!(page.keys().collect::<Vec<_>>(), ["notice"]);
    assert!(login.host.gets.is_empty());
    assert!(before.keys().eq(login.session.keys()));
    assert!(!before.contains_key("passcode_delivery"));
}
