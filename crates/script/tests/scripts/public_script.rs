//! Gluu's own public Stytch script, which is not part of this project. Run with the path of a copy:
//! `SALLYPORT_GLUU_STYTCH=stytch.py cargo test -p sallyport-script -- --ignored gluus_own`

use sallyport_script::{
    Answer, Call, HttpResponse, Person, PersonKey, Question, Request, Returned, Scene, Script,
    Source,
};

use crate::desk::{Desk, nobody, person, property, source};

/// Plays Stytch and the directory.
struct Host {
    alice: Person,
    posts: Vec<(String, String)>,
    /// Status of the next answers of Stytch.
    status: u16,
    reachable: bool,
}

impl Host {
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
                url, headers, body, ..
            } => self.http(&url, &headers, body),
            other => nobody(other),
        }
    }

    fn http(&mut self, url: &str, headers: &[(String, String)], body: Vec<u8>) -> Answer {
        assert!(headers.contains(&(
            "Authorization".into(),
            "Basic cHJvamVjdC0xOnNlY3JldA==".into()
        )));
        self.posts.push((
            url.rsplit('/').next().unwrap().to_owned(),
            String::from_utf8(body).unwrap(),
        ));
        if !self.reachable {
            return Answer::Unreachable("connection refused".into());
        }
        let body =
            br#"{"phone_id": "phone-number-test-1", "user_id": "user-test-1", "status_code": 200}"#
                .to_vec();
        Answer::Http(HttpResponse {
            status: self.status,
            reason: String::new(),
            headers: vec![],
            body,
        })
    }
}

fn scene(parameters: &[(&str, &str)]) -> Scene {
    Scene {
        username: Some("alice".into()),
        password: Some("sesame".into()),
        request: Request {
            parameters: parameters
                .iter()
                .map(|(name, value)| ((*name).into(), vec![(*value).into()]))
                .collect(),
            ..Request::default()
        },
        ..Scene::default()
    }
}

async fn step(
    desk: &Desk,
    script: &Script,
    scene: Scene,
    number: u32,
    host: &mut Host,
) -> (bool, Scene) {
    let call = Call::Authenticate { step: number };
    let (result, scene) = desk
        .call(script, scene, call, |question| host.answer(question))
        .await;
    (result.unwrap().truthy(), scene)
}

#[tokio::test]
#[ignore = "needs Gluu's script"]
async fn gluus_own_stytch_script_logs_in() {
    let text = std::fs::read_to_string(std::env::var("SALLYPORT_GLUU_STYTCH").unwrap()).unwrap();
    let desk = Desk::new();
    let properties = ["SMS_ENDPOINT", "AUTH_ENDPOINT", "ENROLL_ENDPOINT"]
        .map(|name| {
            property(
                name,
                &format!("https://stytch.example/{}", name.to_lowercase()),
            )
        })
        .into_iter()
        .chain([
            property("PROJECT_ID", "project-1"),
            property("SECRET", "secret"),
        ])
        .collect();
    let script = desk
        .try_load(
            Source {
                properties,
                ..source(&text)
            },
            nobody,
        )
        .await
        .unwrap();
    assert_eq!(script.api_version(), 11);
    assert_eq!(desk.printed()[1], "Stytch Initialized successfully");
    let mut host = Host {
        alice: person("alice", &[("mobile", "+15550100")]),
        posts: vec![],
        status: 200,
        reachable: true,
    };

    let (passed, after) = step(&desk, &script, scene(&[]), 1, &mut host).await;
    assert!(passed);
    assert_eq!(after.session["mobile_number"], "+15550100");
    assert_eq!(after.working["phone_id"], "phone-number-test-1");
    assert_eq!(
        host.posts,
        [(
            "enroll_endpoint".into(),
            "{\"phone_number\": \"+15550100\"}".into()
        )]
    );
    assert!(
        host.alice.attributes["oxMobileDevices"][0].contains("\"stytch_user_id\": \"user-test-1\"")
    );
    let (extra, _) = desk
        .call(
            &script,
            scene(&[]),
            Call::GetExtraParametersForStep { step: 2 },
            nobody,
        )
        .await;
    assert_eq!(extra, Ok(Returned::Texts(vec!["phone_id".into()])));
    let (page, _) = desk
        .call(
            &script,
            scene(&[]),
            Call::GetPageForStep { step: 2 },
            nobody,
        )
        .await;
    assert_eq!(
        page,
        Ok(Returned::Text("/auth/otp_sms/otp_sms.xhtml".into()))
    );

    let second = |code: &str| Scene {
        session: [("phone_id".into(), "phone-number-test-1".into())].into(),
        ..scene(&[("passcode", code)])
    };
    assert!(!step(&desk, &script, second("12"), 2, &mut host).await.0);
    host.status = 404;
    let (passed, after) = step(&desk, &script, second("111111"), 2, &mut host).await;
    assert!(!passed);
    assert_eq!(
        after.messages[0].text,
        "Incorrect SMS code, please try again."
    );
    host.status = 200;
    assert!(step(&desk, &script, second("123456"), 2, &mut host).await.0);

    host.posts.clear();
    assert!(step(&desk, &script, scene(&[]), 1, &mut host).await.0);
    // It does send twice: the host makes one of them.
    assert_eq!(host.posts.len(), 2);
    assert_eq!(host.posts[0], host.posts[1]);

    host.reachable = false;
    assert!(!step(&desk, &script, second("123456"), 2, &mut host).await.0);
}

/// Loads every script of a folder and prints what becomes of it.
#[tokio::test]
#[ignore = "needs Gluu's scripts"]
async fn gluus_own_scripts_load() {
    let desk = Desk::new();
    for entry in std::fs::read_dir(std::env::var("SALLYPORT_GLUU_SCRIPTS").unwrap()).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        let result = desk.try_load(source(&text), nobody).await;
        println!(
            "{}: {:?}",
            path.display(),
            result.map(|script| script.api_version())
        );
    }
}
