//! Scripts that ship with the product, and the examples of the manual, with a host that answers by hand. The server's
//! own tests walk the others as a browser would.

use std::collections::BTreeMap;

use sallyport_script::{
    Answer, Call, Language, Person, Property, Question, Request, Returned, Scene, Script, Severity,
    Source,
};

use crate::desk::{Desk, nobody, person, property, source};

const EMAIL: &str = include_str!("../../../../scripts/email_code.py");
const ROUTER: &str = include_str!("../../../../scripts/acr_router.py");
const MANUAL: &str = include_str!("../../../../docs/scripts.md");

async fn load(desk: &Desk, text: &str, properties: Vec<Property>) -> Script {
    let source = Source {
        properties,
        ..source(text)
    };
    desk.try_load(source, nobody).await.unwrap()
}

#[tokio::test]
async fn the_methods_in_the_manual_load_as_they_stand() {
    let desk = Desk::new();
    let examples: Vec<&str> = MANUAL
        .split("```python\n")
        .skip(1)
        .filter_map(|rest| rest.split_once("```"))
        .map(|(example, _)| example)
        .filter(|example| example.contains("class PersonAuthentication"))
        .collect();
    assert!(examples.len() >= 2);
    for example in examples {
        assert_eq!(Language::declared_in(example), Some(Language::Python3));
        let properties = vec![
            property("GROUP", "cn=staff"),
            property("SMS_ENDPOINT", "https://sms.example/send"),
        ];
        load(&desk, example, properties).await;
    }
}

/// A login that gets its code by e-mail.
struct MailLogin {
    desk: Desk,
    script: Script,
    alice: Person,
    session: BTreeMap<String, String>,
    sent: Vec<String>,
}

impl MailLogin {
    async fn of(attributes: &[(&str, &str)]) -> Self {
        let desk = Desk::new();
        let script = load(&desk, EMAIL, vec![]).await;
        Self {
            desk,
            script,
            alice: person("alice", attributes),
            session: BTreeMap::new(),
            sent: vec![],
        }
    }

    async fn call(&mut self, call: Call, parameters: &[(&str, &str)]) -> (Returned, Scene) {
        let first = call.step() == Some(1);
        let scene = Scene {
            session: self.session.clone(),
            username: first.then(|| "alice".into()),
            password: first.then(|| "sesame".into()),
            authenticated: (!first).then(|| self.alice.clone()),
            issuer: "https://login.example.com".into(),
            now_ms: 1_795_512_600_000,
            request: Request {
                parameters: parameters
                    .iter()
                    .map(|(name, value)| ((*name).into(), vec![(*value).into()]))
                    .collect(),
                ..Request::default()
            },
            ..Scene::default()
        };
        let (alice, sent) = (&self.alice, &mut self.sent);
        let host = |question| match question {
            Question::CheckPassword { .. } | Question::FindPerson { .. } => {
                Answer::Person(Some(alice.clone()))
            }
            Question::SendMail { body, .. } => {
                sent.push(body);
                Answer::Done
            }
            other => nobody(other),
        };
        let (result, scene) = self.desk.call(&self.script, scene, call, host).await;
        self.session = scene.session.clone();
        (result.unwrap(), scene)
    }

    async fn step(&mut self, step: u32, parameters: &[(&str, &str)]) -> (Returned, Scene) {
        self.call(Call::Authenticate { step }, parameters).await
    }
}

#[tokio::test]
async fn a_code_by_mail_opens_once_and_is_kept_nowhere() {
    let mut login = MailLogin::of(&[("mail", "alice@example.com")]).await;
    assert_eq!(login.step(1, &[]).await.0, Returned::Bool(true));
    let code = login.sent[0][..6].to_owned();
    assert!(login.sent[0].ends_with(&format!("@login.example.com #{code}")));
    assert!(!format!("{:?}", login.session).contains(&code));

    let (_, scene) = login.call(Call::PrepareForStep { step: 2 }, &[]).await;
    assert_eq!(scene.working["sent_to"], "a••••@example.com");
    let passcode = [("passcode", code.as_str())];
    assert_eq!(login.step(2, &passcode).await.0, Returned::Bool(true));
    let (again, scene) = login.step(2, &passcode).await;
    assert_eq!(again, Returned::Bool(false));
    assert!(scene.messages[0].text.contains("no longer works"));
    for line in login.desk.printed() {
        assert!(!line.contains(&code));
    }
}

#[tokio::test]
async fn the_same_form_twice_sends_one_mail() {
    let mut login = MailLogin::of(&[("mail", "alice@example.com")]).await;
    for _ in 0..2 {
        assert_eq!(login.step(1, &[]).await.0, Returned::Bool(true));
    }
    assert_eq!(login.sent.len(), 1);
}

#[tokio::test]
async fn without_an_address_nothing_is_sent_and_the_person_reads_why() {
    let mut login = MailLogin::of(&[]).await;
    let (passed, scene) = login.step(1, &[]).await;
    assert_eq!(passed, Returned::Bool(false));
    assert_eq!(scene.messages[0].severity, Severity::Error);
    assert!(scene.messages[0].text.contains("no e-mail address"));
    assert!(login.sent.is_empty());
}

const RULES: &str = r#"[
    {"client": ["bank"], "use": "totp"},
    {"client": ["shop"], "network": ["10.0.0.0/8", "2001:db8::/32"], "use": "basic"},
    {"group": ["admins"], "use": "totp"},
    {"enrolled": "phone", "use": "sms"}
]"#;

#[tokio::test]
async fn the_first_rule_that_holds_names_the_method() {
    let desk = Desk::new();
    let properties = vec![property("RULES", RULES), property("DEFAULT", "email_code")];
    let script = load(&desk, ROUTER, properties).await;
    let people = [
        person("root", &[("memberOf", "cn=admins,ou=groups,o=gluu")]),
        person("alice", &[("mobile", "+12025550101")]),
        person("bruno", &[]),
    ];
    let table = [
        (("bank", "192.0.2.1", ""), "totp"),
        (("shop", "10.1.2.3", ""), "basic"),
        (("shop", "2001:db8::7", ""), "basic"),
        (("shop", "192.0.2.1", ""), "email_code"),
        (("other", "10.1.2.3", ""), "email_code"),
        (("other", "192.0.2.1", "root"), "totp"),
        (("other", "192.0.2.1", "alice"), "sms"),
        (("other", "192.0.2.1", "bruno"), "email_code"),
        (("other", "192.0.2.1", "nobody"), "email_code"),
        (("shop", "", "alice"), "sms"),
    ];
    for ((client, address, hint), expected) in table {
        let mut session = BTreeMap::from([("client_id".to_owned(), client.to_owned())]);
        if !hint.is_empty() {
            session.insert("login_hint".to_owned(), hint.to_owned());
        }
        let scene = Scene {
            session,
            request: Request {
                remote_ip: address.into(),
                ..Request::default()
            },
            ..Scene::default()
        };
        let host = |question| match question {
            Question::FindPerson { .. } => {
                Answer::Person(people.iter().find(|person| person.uid == hint).cloned())
            }
            other => nobody(other),
        };
        let call = Call::GetAlternativeAuthenticationMethod;
        let (chosen, _) = desk.call(&script, scene, call, host).await;
        assert_eq!(
            chosen,
            Ok(Returned::Text(expected.into())),
            "{client} {address} {hint}"
        );
    }
    let valid = Call::IsValidAuthenticationMethod;
    let (valid, _) = desk.call(&script, Scene::default(), valid, nobody).await;
    assert_eq!(valid, Ok(Returned::Bool(false)));
}

#[tokio::test]
async fn a_mistake_in_the_rules_is_named_when_the_script_loads() {
    for (rules, expected) in [
        ("[", "property RULES"),
        ("{}", "must be a list"),
        (
            r#"[{"use": "a"}, {"cleint": ["x"], "use": "b"}]"#,
            "rule 2: expected",
        ),
        (r#"[{"client": ["x"]}]"#, "rule 1: expected"),
        (
            r#"[{"network": ["10.0.0.0/99"], "use": "a"}]"#,
            "10.0.0.0/99",
        ),
        (
            r#"[{"enrolled": "fax", "use": "a"}]"#,
            "must be totp, phone or mail",
        ),
    ] {
        let source = Source {
            properties: vec![property("RULES", rules), property("DEFAULT", "basic")],
            ..source(ROUTER)
        };
        let error = Desk::new().try_load(source, nobody).await.err().unwrap();
        assert!(
            error.message.contains(expected),
            "{rules}: {}",
            error.message
        );
    }
}
