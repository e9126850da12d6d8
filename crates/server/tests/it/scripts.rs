//! Scripts in the server: which are offered, how they fail, what they may not do.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use axum::{Router, response::IntoResponse, routing::any};
use http::StatusCode;
use sallyport_flow::ScriptEntry;
use sallyport_script::Language;

use crate::{
    PASSWORD, RelyingParty, TestApp,
    app::{STYTCH, listen},
    login::compares,
    number_of,
    relying_party::claims,
};

const REFUSING: &str = r#"{"error_type":"internal_server_error"}"#;

/// Written as many wrote for Gluu; sends twice and prints everything.
const GLUU_STYLE: &str = include_str!("sources/sms_python2.py");

pub async fn acrs(app: &TestApp) -> Vec<String> {
    let discovery = app
        .browser()
        .get("/.well-known/openid-configuration")
        .await
        .json();
    let mut acrs: Vec<String> =
        serde_json::from_value(discovery["acr_values_supported"].clone()).unwrap();
    acrs.sort();
    acrs
}

async fn gluu_app() -> TestApp {
    let app = TestApp::bare().await;
    app.script(
        "stytch",
        GLUU_STYLE,
        Language::Python2,
        &app.stytch_properties(),
    )
    .await;
    app.public_client("app").await;
    app
}

#[tokio::test]
async fn a_script_written_for_gluu_drives_first_and_later_logins_with_one_message_each() {
    let app = gluu_app().await;
    app.person("alice").await;
    for logins in 1..=2 {
        let party = RelyingParty::with_passcode();
        let back = party.sign_in(&app, &mut app.browser(), "alice").await;
        let tokens = party.redeem(&app, &back).await.json();
        assert_eq!(claims(&tokens["id_token"])["acr"], "stytch");
        assert_eq!(app.messages(&number_of("alice")).await.len(), logins);
        app.wait(700);
    }
}

#[tokio::test]
async fn what_a_script_prints_is_in_the_log_without_codes_secrets_and_numbers() {
    let app = gluu_app().await;
    app.person("alice").await;
    RelyingParty::with_passcode()
        .sign_in(&app, &mut app.browser(), "alice")
        .await;
    let log = app.script_log();
    assert!(log.contains("] [org.gluu.service.PythonService$PythonLoggerOutputStream] (PythonService.java:243) - Passcode. Initialized with secret"), "{log}");
    assert!(log.contains("Passcode. The number of alice is"));
    for secret in [
        &app.code("alice").await,
        &app.project.1,
        &number_of("alice")[..],
        PASSWORD,
    ] {
        assert!(!log.contains(secret), "{secret} is in the log: {log}");
    }
}

#[tokio::test]
async fn a_method_is_offered_while_it_is_enabled_and_loads() {
    let app = TestApp::start().await;
    assert_eq!(acrs(&app).await, ["simple_password_auth", "stytch"]);
    let enable = async |enabled| {
        let mut tx = app.scratch.store.begin().await.unwrap();
        let now = app.clock.now();
        if enabled {
            ScriptEntry::enable(&mut tx, "Stytch", now).await.unwrap();
        } else {
            ScriptEntry::disable(&mut tx, "Stytch", None, now)
                .await
                .unwrap();
        }
        tx.commit().await.unwrap();
    };
    enable(false).await;
    assert_eq!(acrs(&app).await, ["simple_password_auth"]);
    enable(true).await;
    assert_eq!(acrs(&app).await, ["simple_password_auth", "stytch"]);
}

#[tokio::test]
async fn a_script_that_misses_a_property_is_not_offered_and_says_which() {
    let app = TestApp::bare().await;
    for missing in 0..5 {
        let mut properties = app.stytch_properties().to_vec();
        let (name, _) = properties.remove(missing);
        app.script("stytch", STYTCH, Language::Python3, &properties)
            .await;
        assert_eq!(acrs(&app).await, ["simple_password_auth"], "without {name}");
        assert!(
            app.script_log().lines().last().unwrap().contains(name),
            "{}",
            app.script_log()
        );
        assert!(app.entry("stytch").await.error.is_some());
    }
}

#[tokio::test]
async fn a_syntax_error_names_the_authors_line_and_leaves_the_running_version() {
    let app = gluu_app().await;
    app.person("alice").await;
    assert_eq!(acrs(&app).await, ["simple_password_auth", "stytch"]);
    let broken = GLUU_STYLE.replace("        if step == 1:\n", "        if step == 1\n");
    let line = 1 + broken
        .lines()
        .position(|line| line == "        if step == 1")
        .unwrap();
    app.script(
        "stytch",
        &broken,
        Language::Python2,
        &app.stytch_properties(),
    )
    .await;
    assert_eq!(
        acrs(&app).await,
        ["simple_password_auth", "stytch"],
        "the running version goes on"
    );
    let error = app.entry("stytch").await.error.unwrap();
    assert!(error.contains(&format!("line {line}")), "{error}");
    let back = RelyingParty::with_passcode()
        .sign_in(&app, &mut app.browser(), "alice")
        .await;
    assert!(back.query("code").is_some());
}

#[tokio::test]
async fn names_are_advertised_in_lower_case_and_matched_in_any() {
    let app = TestApp::bare().await;
    app.script(
        "Stytch",
        GLUU_STYLE,
        Language::Python2,
        &app.stytch_properties(),
    )
    .await;
    app.public_client("app").await;
    app.person("alice").await;
    assert_eq!(acrs(&app).await, ["simple_password_auth", "stytch"]);
    let (mut browser, party) = (app.browser(), RelyingParty::with_passcode());
    let back = party.sign_in(&app, &mut browser, "alice").await;
    let tokens = party.redeem(&app, &back).await.json();
    assert_eq!(claims(&tokens["id_token"])["acr"], "stytch");
    let again = browser.get(&party.address()).await;
    assert!(again.query("code").is_some(), "the repeat needs no login");
}

#[tokio::test]
async fn a_provider_that_fails_is_called_once_and_the_person_reads_what_to_do() {
    for (status, body) in [
        (
            StatusCode::INTERNAL_SERVER_ERROR,
            r#"{"error_type":"internal_server_error"}"#,
        ),
        (StatusCode::OK, "<html>maintenance</html>"),
        (StatusCode::BAD_GATEWAY, "<html>bad gateway</html>"),
        (
            StatusCode::TOO_MANY_REQUESTS,
            r#"{"error_type":"too_many_requests"}"#,
        ),
        (
            StatusCode::UNAUTHORIZED,
            r#"{"error_type":"unauthorized_credentials"}"#,
        ),
    ] {
        let calls = Arc::new(AtomicUsize::new(0));
        let counted = calls.clone();
        let provider = Router::new().fallback(any(async move || {
            counted.fetch_add(1, Ordering::SeqCst);
            (status, body).into_response()
        }));
        let app = TestApp::on_provider(&listen(provider).await).await;
        let page = RelyingParty::with_passcode()
            .first_step(&mut app.browser(), "alice")
            .await;
        assert_eq!(page.status, StatusCode::OK);
        assert_eq!(page.heading(), "Sign in");
        assert_ne!(
            page.text("[role=alert]"),
            "That name and password do not match. Check both, and try again.",
            "{status} {body}"
        );
        assert_eq!(calls.load(Ordering::SeqCst), 1, "{status} {body}");
    }
}

#[tokio::test]
async fn a_provider_that_is_not_there_is_said_so() {
    let app = TestApp::on_provider("http://127.0.0.1:1").await;
    let page = RelyingParty::with_passcode()
        .first_step(&mut app.browser(), "alice")
        .await;
    assert_eq!(page.heading(), "Sign in");
    assert!(
        page.text("[role=alert]").contains("not available"),
        "{}",
        page.body
    );
    let log = app.script_log();
    let cause = log.lines().find(|line| line.contains("no answer: "));
    let cause = cause.unwrap_or_else(|| panic!("no cause: {log}"));
    assert!(
        cause.contains("HTTP POST to") && cause.contains("refused"),
        "{cause}"
    );
}

#[tokio::test]
async fn a_script_reaches_no_host_that_nobody_named() {
    let app = TestApp::bare().await;
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = calls.clone();
    let elsewhere = listen(Router::new().fallback(any(async move || {
        counted.fetch_add(1, Ordering::SeqCst);
        "secret".into_response()
    })))
    .await;
    let prying = GLUU_STYLE.replace(
        "        if step == 1:\n",
        &format!(
            "        try:\n            service = CdiUtil.bean(HttpService)\n            service.executeGet(service.getHttpsClient(), \"{elsewhere}/metadata\")\n            print \"Prying. Answered\"\n        except Exception as refused:\n            print \"Prying. Refused: %s\" % refused\n        if step == 1:\n"
        ),
    );
    assert_ne!(prying, GLUU_STYLE);
    app.script(
        "stytch",
        &prying,
        Language::Python2,
        &app.stytch_properties(),
    )
    .await;
    app.public_client("app").await;
    app.person("alice").await;
    assert_eq!(acrs(&app).await, ["simple_password_auth", "stytch"]);
    let page = RelyingParty::with_passcode()
        .first_step(&mut app.browser(), "alice")
        .await;
    assert_eq!(page.heading(), "Enter the code", "its own host is open");
    let log = app.script_log();
    let refusal = "is neither in the properties of this script nor allowed by the administrator";
    assert!(
        log.lines()
            .any(|line| line.contains("Prying. Refused: ") && line.contains(refusal)),
        "{log}"
    );
    assert_eq!(calls.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_request_for_another_message_is_no_free_guess_in_a_field_of_any_name() {
    let app = TestApp::bare().await;
    let with_jsf_name = GLUU_STYLE.replace(
        "getFirstValue(requestParameters, \"passcode\")",
        "getFirstValue(requestParameters, \"OtpSmsloginForm:passcode\")",
    );
    assert_ne!(with_jsf_name, GLUU_STYLE);
    app.script(
        "stytch",
        &with_jsf_name,
        Language::Python2,
        &app.stytch_properties(),
    )
    .await;
    app.public_client("app").await;
    app.person("alice").await;
    let mut browser = app.browser();
    let page = RelyingParty::with_passcode()
        .first_step(&mut browser, "alice")
        .await;
    let code = app.code("alice").await;
    let fields = [
        ("resend", "x"),
        ("OtpSmsloginForm:passcode", &code),
        ("passcode", &code),
    ];
    for _ in 0..20 {
        let answer = browser.submit(&page, &fields).await;
        assert_eq!(answer.heading(), "Enter the code");
        assert_eq!(answer.query("code"), None);
    }
    assert_eq!(compares(&app).await, 0);
    let typed = [("OtpSmsloginForm:passcode", &code[..])];
    let back = browser.submit(&page, &typed).await;
    assert!(back.query("code").is_some(), "the field is read: {back:?}");
}

#[tokio::test]
async fn a_script_cannot_pass_a_login_in_which_nobodys_password_was_checked() {
    let app = TestApp::bare().await;
    let generous = include_str!("sources/basic.py").replace(
        "        if step != 1:\n            return False\n",
        "        return True\n",
    );
    app.script("generous", &generous, Language::Python2, &[])
        .await;
    app.public_client("app").await;
    app.person("alice").await;
    let party = RelyingParty::new("app").with("acr_values", "generous");
    let page = party.first_step(&mut app.browser(), "alice").await;
    assert_eq!(page.heading(), "This way of signing in does not work now");
    assert_eq!(page.query("code"), None);
}

#[tokio::test]
async fn a_person_gets_no_more_messages_than_the_limit_whatever_the_number() {
    let app = TestApp::start().await;
    let person = app.person("alice").await;
    let numbers = [
        "+12025550141",
        "+12025550142",
        "+12025550143",
        "+12025550144",
        "+12025550145",
        "+12025550146",
        "+12025550147",
    ];
    let mut sent = 0;
    for number in numbers {
        app.set(person.id, "mobile", &[number]).await;
        RelyingParty::with_passcode()
            .first_step(&mut app.browser(), "alice")
            .await;
        sent += app.messages(number).await.len();
        app.wait(10);
    }
    assert_eq!(sent, 5);
}

#[tokio::test]
async fn a_script_that_hides_a_failed_message_does_not_hide_it_from_the_person() {
    let app = TestApp::bare().await;
    let refusing = Router::new().fallback(any(async || (StatusCode::BAD_GATEWAY, REFUSING)));
    let url = listen(refusing).await;
    let hiding = GLUU_STYLE.replace(
        "                if answer is None:\n                    messages.add(FacesMessage.SEVERITY_ERROR, \"Failed to send message to mobile phone\")\n                    return False\n",
        "                if answer is None:\n                    return True\n",
    );
    assert_ne!(hiding, GLUU_STYLE);
    app.script(
        "stytch",
        &hiding,
        Language::Python2,
        &app.stytch_properties_at(&url),
    )
    .await;
    app.public_client("app").await;
    app.person("alice").await;
    let page = RelyingParty::with_passcode()
        .first_step(&mut app.browser(), "alice")
        .await;
    assert_eq!(page.heading(), "Enter the code");
    assert!(
        page.body.contains("Failed to send message to mobile phone"),
        "{}",
        page.body
    );
}

#[tokio::test]
async fn a_number_only_in_phone_number_verified_is_found_by_a_script_that_looks_elsewhere() {
    let app = gluu_app().await;
    let number = number_of("alice");
    app.person_with("alice", &[("phoneNumberVerified", &number)])
        .await;
    let back = RelyingParty::with_passcode()
        .sign_in(&app, &mut app.browser(), "alice")
        .await;
    assert!(back.query("code").is_some());
    let person = app.app.people.find_by_uid("alice").await.unwrap().unwrap();
    assert_eq!(
        person.attributes.first("mobile"),
        None,
        "nothing is written"
    );
}

#[tokio::test]
async fn a_provider_that_says_nothing_is_given_up_after_ten_seconds_and_called_once() {
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = calls.clone();
    let silent = Router::new().fallback(any(async move || {
        counted.fetch_add(1, Ordering::SeqCst);
        std::future::pending::<()>().await;
    }));
    let app = TestApp::on_provider(&listen(silent).await).await;
    let page = RelyingParty::with_passcode()
        .first_step(&mut app.browser(), "alice")
        .await;
    assert_eq!(page.heading(), "Sign in");
    assert!(
        page.text("[role=alert]").contains("not available"),
        "{}",
        page.body
    );
    assert_eq!(calls.load(Ordering::SeqCst), 1);
}
