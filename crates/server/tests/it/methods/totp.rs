//! `totp`.

use aws_lc_rs::hmac;
use http::StatusCode;
use sallyport_flow::ScriptEntry;

use super::{attribute, first_step, is_back, party, server_with};
use crate::{Browser, Page, TestApp, relying_party::claims};

const TOTP: &str = include_str!("../../../../../scripts/totp.py");

/// An authenticator app, written from RFC 4226 and RFC 6238 and from nothing of ours.
struct App(Vec<u8>);

impl App {
    /// Reads the secret as a person does who cannot scan the QR code.
    fn set_up_from(page: &Page) -> Self {
        Self(base32(&page.text("code.key")))
    }

    fn code(&self, unix_seconds: i64) -> String {
        let step = (unix_seconds / 30).to_be_bytes();
        let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &self.0);
        let digest = hmac::sign(&key, &step);
        let digest = digest.as_ref();
        let at = usize::from(digest[19] & 15);
        let number = u32::from_be_bytes(digest[at..at + 4].try_into().unwrap()) & 0x7fff_ffff;
        format!("{:06}", number % 1_000_000)
    }
}

fn base32(text: &str) -> Vec<u8> {
    let (mut bits, mut held, mut bytes) = (0_u32, 0, Vec::new());
    for letter in text.bytes().filter(u8::is_ascii_alphanumeric) {
        let value = match letter {
            b'A'..=b'Z' => letter - b'A',
            _ => letter - b'2' + 26,
        };
        bits = bits << 5 | u32::from(value);
        held += 5;
        if held >= 8 {
            held -= 8;
            bytes.push((bits >> held & 0xff) as u8);
        }
    }
    bytes
}

fn now(app: &TestApp) -> i64 {
    app.clock.now().as_seconds()
}

async fn submit(browser: &mut Browser, page: &Page, code: &str) -> Page {
    browser.submit(page, &[("passcode", code)]).await
}

/// Alice sets her app up; the app, and where she ends.
async fn enrol(app: &TestApp) -> (App, Page) {
    let mut browser = app.browser();
    let page = first_step(&mut browser, "totp", "alice").await;
    assert_eq!(page.heading(), "Set up your authenticator app");
    let phone = App::set_up_from(&page);
    let back = submit(&mut browser, &page, &phone.code(now(app))).await;
    (phone, back)
}

#[test]
fn the_app_of_these_tests_is_that_of_rfc_6238() {
    let app = App(b"12345678901234567890".to_vec());
    // The table of appendix B has eight digits; an app shows the last six.
    for (seconds, code) in [
        (59, "287082"),
        (1_111_111_109, "081804"),
        (2_000_000_000, "279037"),
    ] {
        assert_eq!(app.code(seconds), code);
    }
    assert_eq!(base32("GEZD GNBV GY3T QOJQ"), b"1234567890");
}

#[tokio::test]
async fn the_first_login_sets_the_app_up_and_later_ones_ask_for_its_code() {
    let app = server_with("totp", TOTP, &[("ISSUER", "Riverbank Books")]).await;
    let (phone, back) = enrol(&app).await;
    let tokens = party("totp").redeem(&app, &back).await.json();
    assert_eq!(claims(&tokens["id_token"])["acr"], "totp");
    app.wait(60);
    let mut browser = app.browser();
    let page = first_step(&mut browser, "totp", "alice").await;
    assert_eq!(page.heading(), "Enter the code");
    let back = submit(&mut browser, &page, &phone.code(now(&app))).await;
    assert!(is_back(&back), "{}", back.body);
}

#[tokio::test]
async fn the_page_draws_the_uri_that_apps_read() {
    let app = server_with("totp", TOTP, &[("ISSUER", "Riverbank Books")]).await;
    let mut browser = app.browser();
    let page = first_step(&mut browser, "totp", "alice").await;
    let secret = page.text("code.key").replace(' ', "");
    assert_eq!(secret.len(), 32, "160 bits");
    let uri = page.attribute("details a", "href");
    assert_eq!(
        uri,
        format!(
            "otpauth://totp/Riverbank%20Books%3Aalice?secret={secret}&issuer=Riverbank%20Books&algorithm=SHA1&digits=6&period=30"
        )
    );
    assert!(page.body.contains("<svg class=\"qr-code\""));
    let again = submit(&mut browser, &page, "12").await;
    assert_eq!(
        again.text("code.key").replace(' ', ""),
        secret,
        "a wrong code keeps the secret"
    );
}

#[tokio::test]
async fn a_code_works_once_even_in_another_login() {
    let app = server_with("totp", TOTP, &[]).await;
    let (phone, _) = enrol(&app).await;
    let enrolled_with = phone.code(now(&app));
    let mut browser = app.browser();
    let page = first_step(&mut browser, "totp", "alice").await;
    let replay = submit(&mut browser, &page, &enrolled_with).await;
    assert!(
        replay.text("#field-error").contains("was used already"),
        "{}",
        replay.body
    );

    app.wait(30);
    let code = phone.code(now(&app));
    let (mut one, mut other) = (app.browser(), app.browser());
    let first = first_step(&mut one, "totp", "alice").await;
    let second = first_step(&mut other, "totp", "alice").await;
    let (first, second) = tokio::join!(
        submit(&mut one, &first, &code),
        submit(&mut other, &second, &code)
    );
    assert_eq!(
        [&first, &second]
            .into_iter()
            .filter(|page| is_back(page))
            .count(),
        1
    );
}

#[tokio::test]
async fn of_two_who_set_an_app_up_at_once_the_second_is_refused() {
    let app = server_with("totp", TOTP, &[]).await;
    let mut late = app.browser();
    let page = first_step(&mut late, "totp", "alice").await;
    let second = App::set_up_from(&page);
    let (_, back) = enrol(&app).await;
    assert!(is_back(&back), "{}", back.body);
    let kept = attribute(&app, "alice", "oxOTPDevices").await;
    let page = submit(&mut late, &page, &second.code(now(&app))).await;
    assert!(page.body.contains("was set up for you meanwhile"));
    assert_eq!(attribute(&app, "alice", "oxOTPDevices").await, kept);
}

#[tokio::test]
async fn a_login_with_the_password_alone_forgives_no_wrong_code() {
    let app = server_with("totp", TOTP, &[]).await;
    let (phone, _) = enrol(&app).await;
    app.wait(60);
    let mut browser = app.browser();
    let mut page = first_step(&mut browser, "totp", "alice").await;
    for _ in 0..10 {
        assert_eq!(page.heading(), "Enter the code");
        page = submit(&mut browser, &page, &phone.code(now(&app) + 900)).await;
    }
    let back = first_step(&mut app.browser(), "simple_password_auth", "alice").await;
    assert!(is_back(&back), "{}", back.body);
    let mut browser = app.browser();
    let page = first_step(&mut browser, "totp", "alice").await;
    let page = submit(&mut browser, &page, &phone.code(now(&app))).await;
    assert_eq!(page.status, StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn a_clock_that_is_half_a_minute_wrong_still_works_and_a_minute_does_not() {
    for (away, works) in [
        (-60, false),
        (-30, true),
        (0, true),
        (30, true),
        (60, false),
    ] {
        let app = server_with("totp", TOTP, &[]).await;
        let (phone, _) = enrol(&app).await;
        app.wait(300);
        let mut browser = app.browser();
        let page = first_step(&mut browser, "totp", "alice").await;
        let answer = submit(&mut browser, &page, &phone.code(now(&app) + away)).await;
        assert_eq!(is_back(&answer), works, "{away} s");
    }
}

#[tokio::test]
async fn the_secret_is_kept_sealed_beside_what_others_keep_and_only_after_its_code_was_right() {
    let app = server_with("totp", TOTP, &[]).await;
    let casa = r#"{"devices":[{"id":7,"nickName":"casa","soft":false}]}"#;
    let alice = app.app.people.find_by_uid("alice").await.unwrap().unwrap();
    app.set(alice.id, "oxOTPDevices", &[casa]).await;
    let mut browser = app.browser();
    let page = first_step(&mut browser, "totp", "alice").await;
    let secret = page.text("code.key").replace(' ', "");
    assert_eq!(
        attribute(&app, "alice", "oxOTPDevices").await.unwrap(),
        casa
    );
    let phone = App::set_up_from(&page);
    submit(&mut browser, &page, &phone.code(now(&app))).await;
    let kept = attribute(&app, "alice", "oxOTPDevices").await.unwrap();
    assert!(
        kept.contains("\"casa\"") && kept.contains("sealedSecret"),
        "{kept}"
    );
    assert!(!kept.contains(&secret));
}

#[tokio::test]
async fn where_enrolment_is_closed_nobody_sets_an_app_up_with_a_password_alone() {
    let app = server_with("totp", TOTP, &[("ENROLMENT", "closed")]).await;
    let page = first_step(&mut app.browser(), "totp", "alice").await;
    assert_eq!(page.heading(), "Sign in");
    assert!(
        page.text("[role=alert]").contains("no authenticator app"),
        "{}",
        page.body
    );
}

#[tokio::test]
async fn a_property_that_makes_no_sense_keeps_it_from_loading_and_is_named() {
    let app = server_with("totp", TOTP, &[("ENROLMENT", "sometimes")]).await;
    app.browser().get(&party("totp").address()).await;
    let entry: ScriptEntry = app.entry("totp").await;
    let error = entry.error.unwrap();
    assert!(
        error.contains("property ENROLMENT must be open or closed"),
        "{error}"
    );
}
