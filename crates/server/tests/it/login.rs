//! Password, then a passcode by SMS.

use http::StatusCode;

use crate::{Browser, PASSWORD, Page, RelyingParty, TestApp, number_of, relying_party::claims};

const WRONG_PASSWORD: &str = "That name and password do not match. Check both, and try again.";
const TOO_MANY: &str = "Too many wrong passwords";
const WRONG: &str = "Incorrect SMS code, please try again.";

/// A code that is not the right one.
fn other(code: &str) -> String {
    let last = if code.ends_with('0') { '1' } else { '0' };
    format!("{}{last}", &code[..5])
}

/// One number out of the store.
async fn number_in_store(app: &TestApp, sql: &'static str) -> i64 {
    let mut reader = app.scratch.store.reader().await.unwrap();
    let row = reader.row(sql, &[]).await.unwrap().unwrap();
    row.get("number").unwrap()
}

/// How often the passcode service compared a code with one that it had sent.
pub async fn compares(app: &TestApp) -> i64 {
    number_in_store(
        app,
        "SELECT CAST(SUM(attempts) AS BIGINT) AS number FROM otp_passcodes",
    )
    .await
}

/// How many sessions and authorization codes there are.
async fn let_in(app: &TestApp) -> i64 {
    number_in_store(
        app,
        "SELECT (SELECT COUNT(*) FROM browser_sessions)
              + (SELECT COUNT(*) FROM authorization_codes) AS number",
    )
    .await
}

async fn at_second_step(app: &TestApp, uid: &str) -> (Browser, Page) {
    app.person(uid).await;
    let mut browser = app.browser();
    let page = RelyingParty::with_passcode()
        .first_step(&mut browser, uid)
        .await;
    assert_eq!(page.heading(), "Enter the code");
    (browser, page)
}

fn error_of(page: &Page) -> String {
    page.text("[role=alert]")
}

#[tokio::test]
async fn a_login_is_two_steps_with_one_message_and_ends_at_the_application() {
    let app = TestApp::start().await;
    let person = app.person("alice").await;
    let (mut browser, party) = (app.browser(), RelyingParty::with_passcode());

    let first = browser.get(&party.address()).await;
    assert_eq!(first.url.path(), "/oxauth/login.htm");
    assert_eq!(first.status, StatusCode::OK);

    let second = browser
        .submit(&first, &[("username", "alice"), ("password", PASSWORD)])
        .await;
    assert_eq!(second.url.path(), "/oxauth/auth/otp_sms/otp_sms.htm");
    let number = number_of("alice");
    assert!(
        second
            .text("#sent-to")
            .ends_with(&number[number.len() - 2..])
    );
    assert!(!second.body.contains(&number[4..]), "the number is masked");

    let messages = app.messages(&number).await;
    assert_eq!(messages.len(), 1);
    let code = &messages[0].body[..6];
    assert!(
        messages[0]
            .body
            .ends_with(&format!("\n@login.example.com #{code}")),
        "{messages:?}"
    );

    let back = browser.submit(&second, &[("passcode", code)]).await;
    assert!(
        back.url.as_str().starts_with(crate::CALLBACK),
        "{}",
        back.url
    );
    assert_eq!(back.query("state").as_deref(), Some("state-1"));
    assert_eq!(
        back.query("iss").as_deref(),
        Some("https://login.example.com")
    );

    let tokens = party.redeem(&app, &back).await.json();
    let id_token = claims(&tokens["id_token"]);
    assert_eq!(id_token["acr"], "stytch");
    assert_eq!(
        id_token["amr"],
        serde_json::json!(["0", "otp", "pwd", "sms"])
    );
    assert_eq!(id_token["sub"], person.id.to_string());
    assert_eq!(id_token["nonce"], "nonce-1");
    assert_eq!(id_token["auth_time"], app.clock.now().as_seconds());
    assert!(id_token["sid"].is_string());
}

#[tokio::test]
async fn every_later_login_sends_exactly_one_message() {
    let app = TestApp::start().await;
    app.person("alice").await;
    for logins in 1..=3 {
        let (mut browser, party) = (app.browser(), RelyingParty::with_passcode());
        let back = party.sign_in(&app, &mut browser, "alice").await;
        assert!(
            back.query("code").is_some(),
            "login {logins} ended at {}",
            back.url
        );
        assert_eq!(app.messages(&number_of("alice")).await.len(), logins);
        app.wait(700);
    }
}

#[tokio::test]
async fn the_password_alone_gives_nothing() {
    let app = TestApp::start().await;
    let (mut browser, _) = at_second_step(&app, "alice").await;
    assert!(!browser.cookies.contains_key("session_id"));
    let silent = RelyingParty::with_passcode().with("prompt", "none");
    let back = browser.get(&silent.address()).await;
    assert_eq!(back.query("error").as_deref(), Some("login_required"));
    assert_eq!(back.query("code"), None);
}

#[tokio::test]
async fn a_wrong_password_sends_no_message_and_reads_like_an_unknown_name() {
    let app = TestApp::start().await;
    app.person("alice").await;
    let mut answers = Vec::new();
    for (uid, password) in [("alice", "wrong"), ("nobody", "wrong"), ("alice", "")] {
        let mut browser = app.browser();
        let page = browser.get(&RelyingParty::with_passcode().address()).await;
        let page = browser
            .submit(&page, &[("username", uid), ("password", password)])
            .await;
        assert_eq!(page.url.path(), "/oxauth/login.htm");
        answers.push(error_of(&page));
    }
    assert_eq!(answers, vec![WRONG_PASSWORD; 3]);
    assert!(app.messages(&number_of("alice")).await.is_empty());
}

/// What the first step answers to a name and a password, in a browser of its own.
async fn password_answer(app: &TestApp, uid: &str, password: &str) -> Page {
    let mut browser = app.browser();
    let page = browser.get(&RelyingParty::with_passcode().address()).await;
    browser
        .submit(&page, &[("username", uid), ("password", password)])
        .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn wrong_passwords_are_limited_for_each_name_however_fast_and_however_spelled() {
    let app = std::sync::Arc::new(TestApp::start().await);
    app.person("alice").await;
    app.person("bob").await;
    for uid in ["alice", "nobody"] {
        let mut guesses = tokio::task::JoinSet::new();
        for n in 0..60 {
            let app = app.clone();
            let spelled = match n % 3 {
                0 => uid.to_owned(),
                1 => uid.to_uppercase(),
                _ => format!(" {uid} "),
            };
            guesses.spawn(async move {
                let page = password_answer(&app, &spelled, &format!("wrong {n}")).await;
                error_of(&page)
            });
        }
        let answers = guesses.join_all().await;
        let (compared, refused): (Vec<_>, Vec<_>) =
            answers.iter().partition(|text| *text == WRONG_PASSWORD);
        assert_eq!(compared.len(), 10, "{uid}");
        assert!(refused.iter().all(|text| text.starts_with(TOO_MANY)));

        for spelled in [uid.to_owned(), format!(" {uid} "), uid.to_uppercase()] {
            let page = password_answer(&app, &spelled, PASSWORD).await;
            assert!(error_of(&page).starts_with(TOO_MANY), "{spelled:?}");
        }
    }
    assert!(app.messages(&number_of("alice")).await.is_empty());
    let other = password_answer(&app, "bob", PASSWORD).await;
    assert_eq!(other.heading(), "Enter the code", "the limit is one name's");

    app.wait(16 * 60);
    let page = password_answer(&app, "alice", PASSWORD).await;
    assert_eq!(page.heading(), "Enter the code");
    let page = password_answer(&app, "nobody", PASSWORD).await;
    assert_eq!(error_of(&page), WRONG_PASSWORD);
}

#[tokio::test]
async fn a_right_password_forgets_the_wrong_ones_before_it() {
    let app = TestApp::start().await;
    app.person("alice").await;
    for _ in 0..3 {
        for _ in 0..5 {
            let page = password_answer(&app, "alice", "wrong").await;
            assert_eq!(error_of(&page), WRONG_PASSWORD);
        }
        let page = password_answer(&app, "alice", PASSWORD).await;
        assert_eq!(page.heading(), "Enter the code");
        app.wait(200);
    }
}

#[tokio::test]
async fn a_person_who_is_not_active_is_refused_like_a_wrong_password() {
    let app = TestApp::start().await;
    let person = app.person("alice").await;
    app.set(person.id, "gluuStatus", &["inactive"]).await;
    let mut browser = app.browser();
    let page = RelyingParty::with_passcode()
        .first_step(&mut browser, "alice")
        .await;
    assert_eq!(error_of(&page), WRONG_PASSWORD);
    assert!(app.messages(&number_of("alice")).await.is_empty());
}

#[tokio::test]
async fn wrong_empty_and_short_codes_are_refused_and_the_page_stays_usable() {
    let app = TestApp::start().await;
    let (mut browser, page) = at_second_step(&app, "alice").await;
    let code = app.code("alice").await;
    for bad in [
        other(&code),
        String::new(),
        code[..5].to_owned(),
        "abcdef".to_owned(),
    ] {
        let answer = browser.submit(&page, &[("passcode", &bad)]).await;
        assert_eq!(answer.status, StatusCode::OK);
        assert_eq!(answer.heading(), "Enter the code");
        assert_ne!(error_of(&answer), "", "{bad:?}");
    }
    let back = browser.submit(&page, &[("passcode", &code)]).await;
    assert!(back.query("code").is_some());
}

#[tokio::test]
async fn a_code_is_accepted_as_people_type_it() {
    for (uid, spell) in [
        (
            "space",
            (|code| format!(" {} {} ", &code[..3], &code[3..])) as fn(&str) -> String,
        ),
        ("dash", |code| format!("{}-{}", &code[..3], &code[3..])),
    ] {
        let app = TestApp::start().await;
        let (mut browser, page) = at_second_step(&app, uid).await;
        let typed = spell(&app.code(uid).await);
        let back = browser.submit(&page, &[("passcode", &typed)]).await;
        assert!(
            back.query("code").is_some(),
            "{typed:?} ended at {}",
            back.url
        );
    }
}

#[tokio::test]
async fn an_expired_code_is_refused_and_another_can_be_had() {
    let app = TestApp::start().await;
    let (mut browser, page) = at_second_step(&app, "alice").await;
    let old = app.code("alice").await;
    app.wait(301);
    let answer = browser.submit(&page, &[("passcode", &old)]).await;
    assert!(
        error_of(&answer).contains("no longer works"),
        "{}",
        error_of(&answer)
    );
    let answer = browser.submit(&page, &[("resend", "resend")]).await;
    assert_eq!(answer.heading(), "Enter the code");
    let new = app.code("alice").await;
    let back = browser.submit(&answer, &[("passcode", &new)]).await;
    assert!(back.query("code").is_some());
}

#[tokio::test]
async fn another_message_waits_for_the_cool_down_and_kills_the_first_code() {
    let app = TestApp::start().await;
    let (mut browser, page) = at_second_step(&app, "alice").await;
    let number = number_of("alice");
    let early = browser.submit(&page, &[("resend", "resend")]).await;
    assert_ne!(error_of(&early), "");
    assert_eq!(app.messages(&number).await.len(), 1, "too early");

    let old = app.code("alice").await;
    app.wait(31);
    let page = browser.submit(&page, &[("resend", "resend")]).await;
    assert_eq!(app.messages(&number).await.len(), 2);
    let new = app.code("alice").await;
    if old != new {
        let refused = browser.submit(&page, &[("passcode", &old)]).await;
        assert_eq!(error_of(&refused), WRONG);
    }
    let back = browser.submit(&page, &[("passcode", &new)]).await;
    assert!(back.query("code").is_some());
}

#[tokio::test]
async fn a_request_for_another_message_is_no_free_guess() {
    let app = TestApp::start().await;
    let (mut browser, page) = at_second_step(&app, "alice").await;
    let code = app.code("alice").await;
    let answer = browser
        .submit(&page, &[("resend", "resend"), ("passcode", &code)])
        .await;
    assert_eq!(answer.heading(), "Enter the code");
}

#[tokio::test]
async fn a_used_code_is_refused_in_another_login() {
    let app = TestApp::start().await;
    let (mut browser, page) = at_second_step(&app, "alice").await;
    let used = app.code("alice").await;
    browser.submit(&page, &[("passcode", &used)]).await;
    app.wait(31);
    let mut other_browser = app.browser();
    let page = RelyingParty::with_passcode()
        .first_step(&mut other_browser, "alice")
        .await;
    if app.code("alice").await != used {
        let refused = other_browser.submit(&page, &[("passcode", &used)]).await;
        assert_eq!(error_of(&refused), WRONG);
    }
}

#[tokio::test]
async fn five_guesses_kill_the_code_and_ten_end_the_login() {
    let app = TestApp::start().await;
    let (mut browser, page) = at_second_step(&app, "alice").await;
    let code = app.code("alice").await;
    for _ in 0..5 {
        browser.submit(&page, &[("passcode", &other(&code))]).await;
    }
    let dead = browser.submit(&page, &[("passcode", &code)]).await;
    assert_eq!(
        dead.heading(),
        "Enter the code",
        "the right code comes too late"
    );
    for _ in 0..4 {
        browser.submit(&page, &[("passcode", &other(&code))]).await;
    }
    let over = browser.submit(&page, &[("passcode", &code)]).await;
    assert_eq!(over.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(
        over.body.contains("You can sign in again in 60 minutes."),
        "{}",
        over.body
    );
    let back = over.attribute("a.button", "href");
    assert!(back.contains("error=access_denied"), "{back}");
    let gone = browser
        .get(
            page.url
                .as_str()
                .strip_prefix("https://login.example.com")
                .unwrap(),
        )
        .await;
    assert_eq!(gone.heading(), "This sign-in is over");
}

/// Sends every guess at once, each as one browser would, and gives the answers.
async fn at_once(browser: &Browser, page: &Page, guesses: Vec<String>) -> Vec<Page> {
    let mut tries = tokio::task::JoinSet::new();
    for guess in guesses {
        let mut browser = browser.clone();
        let (action, mut form) = page.form();
        form.push(("passcode".to_owned(), guess));
        tries.spawn(async move { browser.post(&action, &form).await });
    }
    tries.join_all().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_hundred_guesses_at_once_get_no_more_than_the_allowed_and_no_winner() {
    let app = TestApp::start().await;
    let (browser, page) = at_second_step(&app, "alice").await;
    let code = app.code("alice").await;
    let guess = |n: usize| format!("{:06}", (n * 4999 + 1) % 1_000_000);
    let wrong = |n| Some(guess(n)).filter(|guess| *guess != code);
    let first: Vec<String> = (0..100).map(|n| wrong(n).unwrap_or(other(&code))).collect();
    // Whichever of these comes first, the code is dead by then.
    let second = (0..100).map(|n| match n % 2 {
        0 => code.clone(),
        _ => wrong(100 + n).unwrap_or(other(&code)),
    });
    let mut answers = at_once(&browser, &page, first).await;
    answers.extend(at_once(&browser, &page, second.collect()).await);

    let heard = answers.iter().filter(|page| page.status == StatusCode::OK);
    assert_eq!(heard.count(), 10, "the tries of one login");
    assert_eq!(compares(&app).await, 5, "the tries of one code");
    assert!(answers.iter().all(|page| page.query("code").is_none()));
    assert_eq!(let_in(&app).await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_right_code_after_five_wrong_ones_at_once_comes_too_late_every_time() {
    let app = TestApp::start().await;
    let (browser, page) = at_second_step(&app, "alice").await;
    let code = app.code("alice").await;
    at_once(&browser, &page, vec![other(&code); 5]).await;
    assert_eq!(compares(&app).await, 5);
    let answers = at_once(&browser, &page, vec![code; 5]).await;
    for answer in &answers {
        assert_eq!(answer.status, StatusCode::OK);
        assert_eq!(answer.heading(), "Enter the code");
    }
    assert_eq!(compares(&app).await, 5);
    assert_eq!(let_in(&app).await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_right_code_sent_many_times_at_once_opens_one_session() {
    let app = TestApp::start().await;
    let (browser, page) = at_second_step(&app, "alice").await;
    let code = app.code("alice").await;
    let mut tries = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let mut browser = browser.clone();
        let (action, mut form) = page.form();
        form.push(("passcode".to_owned(), code.clone()));
        tries.spawn(async move { browser.post(&action, &form).await.query("code") });
    }
    let codes: Vec<_> = tries.join_all().await.into_iter().flatten().collect();
    assert_eq!(codes.len(), 1, "one of them comes back with a code");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_password_form_sent_twice_at_once_sends_one_message() {
    let app = TestApp::start().await;
    app.person("alice").await;
    let mut browser = app.browser();
    let page = browser.get(&RelyingParty::with_passcode().address()).await;
    let mut posts = tokio::task::JoinSet::new();
    for _ in 0..2 {
        let (mut browser, page) = (browser.clone(), page.form());
        posts.spawn(async move {
            let mut form = page.1;
            form.push(("username".to_owned(), "alice".to_owned()));
            form.push(("password".to_owned(), PASSWORD.to_owned()));
            browser.post(&page.0, &form).await.heading()
        });
    }
    assert_eq!(posts.join_all().await, ["Enter the code", "Enter the code"]);
    assert_eq!(app.messages(&number_of("alice")).await.len(), 1);
}

#[tokio::test]
async fn a_login_goes_on_in_the_browser_where_it_began_and_nowhere_else() {
    let app = TestApp::start().await;
    let (_, page) = at_second_step(&app, "alice").await;
    let code = app.code("alice").await;
    let mut thief = app.browser();
    let own = thief.get(&RelyingParty::with_passcode().address()).await;
    let (_, mut form) = own.form();
    form.retain(|(name, _)| name == "csrf");
    let login = page.query("login").unwrap();
    form.extend([("login".to_owned(), login), ("passcode".to_owned(), code)]);
    let answer = thief.post("/oxauth/auth/otp_sms/otp_sms.htm", &form).await;
    assert_eq!(answer.heading(), "This sign-in is over");
}

#[tokio::test]
async fn a_form_without_its_proof_is_refused() {
    let app = TestApp::start().await;
    let (mut browser, page) = at_second_step(&app, "alice").await;
    let code = app.code("alice").await;
    let (action, mut form) = page.form();
    form.retain(|(name, _)| name != "csrf");
    form.push(("passcode".to_owned(), code));
    let answer = browser.post(&action, &form).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn going_back_to_the_password_form_leads_to_the_step_that_the_login_is_at() {
    let app = TestApp::start().await;
    app.person("alice").await;
    let (mut browser, party) = (app.browser(), RelyingParty::with_passcode());
    let first = browser.get(&party.address()).await;
    let fields = [("username", "alice"), ("password", PASSWORD)];
    browser.submit(&first, &fields).await;
    let again = browser.submit(&first, &fields).await;
    assert_eq!(again.heading(), "Enter the code");
    assert_eq!(app.messages(&number_of("alice")).await.len(), 1);
}

#[tokio::test]
async fn a_refresh_of_the_page_sends_nothing() {
    let app = TestApp::start().await;
    let (mut browser, page) = at_second_step(&app, "alice").await;
    let path = page
        .url
        .as_str()
        .strip_prefix("https://login.example.com")
        .unwrap();
    for _ in 0..3 {
        assert_eq!(browser.get(path).await.heading(), "Enter the code");
    }
    assert_eq!(app.messages(&number_of("alice")).await.len(), 1);
}

#[tokio::test]
async fn a_person_without_a_number_reads_why_and_no_message_is_sent() {
    let app = TestApp::start().await;
    let person = app.person("alice").await;
    app.set(person.id, "mobile", &[]).await;
    let mut browser = app.browser();
    let page = RelyingParty::with_passcode()
        .first_step(&mut browser, "alice")
        .await;
    assert_eq!(error_of(&page), "Failed to determine mobile phone number");
}

#[tokio::test]
async fn the_number_is_found_where_it_is_kept() {
    for (uid, attributes, expected) in [
        (
            "a",
            &[("phoneNumberVerified", "+12025550171")][..],
            "+12025550171",
        ),
        (
            "b",
            &[
                ("phoneNumberVerified", "true"),
                ("employeeNumber", "+12025550172"),
                ("mobile", "+12025550179"),
            ],
            "+12025550172",
        ),
        (
            "c",
            &[
                ("phoneNumberVerified", "false"),
                ("employeeNumber", "+12025550178"),
                ("mobile", "+12025550173"),
            ],
            "+12025550173",
        ),
        ("d", &[("mobile", "1 (202) 555-0174")], "+12025550174"),
        ("e", &[("telephoneNumber", "+12025550175")], "+12025550175"),
    ] {
        let app = TestApp::start().await;
        app.person_with(uid, attributes).await;
        let mut browser = app.browser();
        let page = RelyingParty::with_passcode()
            .first_step(&mut browser, uid)
            .await;
        assert_eq!(page.heading(), "Enter the code", "{attributes:?}");
        assert_eq!(app.messages(expected).await.len(), 1, "{attributes:?}");
    }
}

#[tokio::test]
async fn a_new_number_is_enrolled_at_the_next_login_and_other_phones_stay() {
    let app = TestApp::start().await;
    let person = app.person("alice").await;
    let casa = r#"{"phones":[{"nickName":"old","number":"12025550160","addedOn":1}]}"#;
    app.set(person.id, "oxMobileDevices", &[casa]).await;
    let party = RelyingParty::with_passcode();
    party.sign_in(&app, &mut app.browser(), "alice").await;
    app.wait(700);

    app.set(person.id, "mobile", &["+12025550161"]).await;
    let mut browser = app.browser();
    let page = party.first_step(&mut browser, "alice").await;
    let code = app.messages("+12025550161").await[0].body[..6].to_owned();
    let back = browser.submit(&page, &[("passcode", &code)]).await;
    assert!(back.query("code").is_some());

    let devices = app.app.people.find(person.id).await.unwrap().unwrap();
    let devices = devices
        .attributes
        .first("oxMobileDevices")
        .unwrap()
        .to_owned();
    assert!(devices.contains("12025550160"), "{devices}");
    assert!(devices.contains("12025550161"), "{devices}");
}

#[tokio::test]
async fn a_device_is_kept_only_after_its_code_was_right() {
    let app = TestApp::start().await;
    let (mut browser, page) = at_second_step(&app, "alice").await;
    let devices = async || {
        let person = app.app.people.find_by_uid("alice").await.unwrap().unwrap();
        person
            .attributes
            .first("oxMobileDevices")
            .map(str::to_owned)
    };
    assert_eq!(devices().await, None);
    let code = app.code("alice").await;
    browser.submit(&page, &[("passcode", &code)]).await;
    assert!(devices().await.unwrap().contains("stytch_phone_id"));
}

#[tokio::test]
async fn an_empty_list_of_devices_is_no_dead_end() {
    let app = TestApp::start().await;
    let person = app.person("alice").await;
    app.set(person.id, "oxMobileDevices", &[r#"{"phones":[]}"#])
        .await;
    let back = RelyingParty::with_passcode()
        .sign_in(&app, &mut app.browser(), "alice")
        .await;
    assert!(back.query("code").is_some());
}
