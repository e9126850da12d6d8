//! Pages as an operator and a browser meet them: overrides, faults, escaping, headers.
#![expect(clippy::unwrap_used, reason = "a test may stop")]

use std::{
    io,
    path::Path,
    sync::{Arc, LazyLock, Mutex},
};

use axum::response::Response;
use http::{StatusCode, header};
use http_body_util::BodyExt;
use sallyport_base::Random;
use sallyport_web::{ErrorPage, Pages};
use serde_json::{Value, json};
use tempfile::TempDir;

mod samples;

const OTP: &str = "auth/otp_sms/otp_sms.xhtml";

struct Site {
    home: TempDir,
    pages: Pages,
}

impl Site {
    fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        let pages = Pages::new(Some(home.path()), Random::system(), true);
        Self { home, pages }
    }

    fn write(&self, file: &str, text: impl AsRef<[u8]>) {
        let file = self.home.path().join("oxauth/custom").join(file);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, text).unwrap();
    }

    fn remove(&self, file: &str) {
        std::fs::remove_file(self.home.path().join("oxauth/custom").join(file)).unwrap();
    }

    async fn show(&self, page: &str, context: Value) -> String {
        text(self.pages.render(page, StatusCode::OK, context)).await
    }

    async fn passcode_page(&self) -> String {
        self.show(OTP, passcode_context()).await
    }
}

fn passcode_context() -> Value {
    let samples = samples::all();
    let sample = samples.into_iter().find(|sample| sample.name == "otp");
    sample.unwrap().context
}

async fn text(response: Response) -> String {
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// What all tests of this program log. A subscriber of one thread would miss what other threads
/// asked for first: they decide for all whether it is of interest.
static LOG: LazyLock<Log> = LazyLock::new(Log::start);

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Log {
    fn start() -> Self {
        let log = Self::default();
        let writer = log.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_ansi(false)
            .with_writer(move || writer.clone())
            .finish();
        tracing::subscriber::set_global_default(subscriber).expect("nobody else listens");
        log
    }

    /// The lines that name a file of this site.
    fn about(&self, site: &Site) -> Vec<String> {
        let home = site.home.path().display().to_string();
        let text = String::from_utf8(self.0.lock().unwrap().clone()).unwrap();
        text.lines()
            .filter(|line| line.contains(&home))
            .map(str::to_owned)
            .collect()
    }
}

#[tokio::test]
async fn what_people_type_is_escaped_on_every_page() {
    let pages = Pages::new(None, Random::system(), false);
    for sample in samples::all() {
        let context = poisoned(&sample.context);
        let html = text(pages.render(sample.page, StatusCode::OK, context)).await;
        assert!(!html.contains("<b>x"), "{}", sample.name);
        assert!(!html.contains("\"><b>"), "{}", sample.name);
    }
}

/// The same context with markup in every text.
fn poisoned(value: &Value) -> Value {
    match value {
        Value::String(text) => format!("{text}\"><b>x").into(),
        Value::Array(all) => all.iter().map(poisoned).collect(),
        Value::Object(map) => map
            .iter()
            .map(|(name, value)| (name.clone(), poisoned(value)))
            .collect::<serde_json::Map<_, _>>()
            .into(),
        other => other.clone(),
    }
}

#[tokio::test]
async fn what_is_not_there_prints_nothing() {
    let pages = Pages::new(None, Random::system(), false);
    for sample in samples::all() {
        let html = text(pages.render(sample.page, StatusCode::OK, &sample.context)).await;
        assert!(!html.contains("None<"), "{}", sample.name);
        assert!(!html.contains("value=\"None\""), "{}", sample.name);
    }
}

#[tokio::test]
async fn a_form_says_which_step_it_answers() {
    let html = Site::new().passcode_page().await;
    assert!(html.contains(r#"<input type="hidden" name="step" value="2">"#));
}

#[tokio::test]
async fn send_again_is_offered_only_where_it_is_possible() {
    let site = Site::new();
    let mut context = passcode_context();
    for (resend_in, offered) in [(json!(30), true), (json!(0), true), (json!(null), false)] {
        context["resend_in"] = resend_in;
        let html = site.show(OTP, context.clone()).await;
        assert_eq!(html.contains(r#"name="resend""#), offered);
    }
}

#[tokio::test]
async fn a_message_that_was_not_delivered_is_said_where_a_screen_reader_hears_it() {
    let site = Site::new();
    let mut context = passcode_context();
    let html = site.show(OTP, context.clone()).await;
    assert!(!html.contains("data-news=\"delivery\""), "nobody knows");

    context["working"]["delivery_known_in"] = json!(25);
    let html = site.show(OTP, context.clone()).await;
    let empty = r#"<div role="status" data-news="delivery" data-look-in="25"></div>"#;
    assert!(html.contains(empty), "{html}");

    context["working"] = json!({ "not_delivered": true });
    let html = site.show(OTP, context.clone()).await;
    let said = r#"<div role="status" data-news="delivery"><p class="note" id="not-delivered">The message could not be delivered to your phone. "#;
    assert!(html.contains(said), "{html}");
    assert!(html.contains("have a new code sent.</p>"), "{html}");
    assert!(html.contains("<title>Enter the code"), "it is no error");

    context["working"]["other_method"] = json!("totp");
    let html = site.show(OTP, context).await;
    assert!(html.contains("new code sent, or sign in another way.</p>"));
}

#[tokio::test]
async fn only_what_is_about_a_field_stands_at_it() {
    let site = Site::new();
    let samples = samples::all().into_iter();
    let forms = samples.filter(|sample| {
        ["login", "otp", "totp", "totp-enroll", "new-password"].contains(&sample.name)
    });
    for mut sample in forms {
        for (about, at_field) in [
            (json!(null), true),
            (json!("field"), true),
            (json!("page"), false),
        ] {
            sample.context["messages"] =
                json!([{ "severity": "error", "text": "Said once.", "about": about }]);
            let html = site.show(sample.page, sample.context.clone()).await;
            let name = sample.name;
            assert_eq!(html.matches("Said once.").count(), 1, "{name}");
            assert_eq!(html.matches("role=\"alert\"").count(), 1, "{name}");
            for mark in ["aria-invalid", "id=\"field-error\"", "<title>Try again"] {
                assert_eq!(html.contains(mark), at_field, "{name}: {mark}");
            }
            let above = html.find("Said once.") < html.find("<form");
            assert_eq!(above, !at_field, "{name}");
        }
    }
}

#[tokio::test]
async fn a_dead_code_by_mail_was_not_sent_either() {
    let site = Site::new();
    let sample = samples::all()
        .into_iter()
        .find(|sample| sample.name == "otp-mail");
    let mut context = sample.unwrap().context;
    let page = "auth/otp_email/otp_email.xhtml";
    let html = site.show(page, context.clone()).await;
    assert!(html.contains("We sent it by e-mail to"), "{html}");
    context["seconds_left"] = json!(0);
    let html = site.show(page, context).await;
    assert!(html.contains("We send it by e-mail to"), "{html}");
}

#[tokio::test]
async fn the_way_out_of_a_page_comes_last() {
    let html = Site::new().passcode_page().await;
    let at = |text: &str| {
        html.find(text)
            .unwrap_or_else(|| panic!("no {text}: {html}"))
    };
    assert!(at("Enter the code only here") < at("id=\"notice\""));
    assert!(at("id=\"notice\"") < at(">Cancel and go back"));
}

#[tokio::test]
async fn a_dead_code_is_given_no_time_and_its_page_offers_another() {
    const GO_ON: &str = r#"<button class="primary" type="submit" data-continue>"#;
    const ANOTHER: &str = r#"<button class="primary" type="submit" name="resend""#;
    let site = Site::new();
    let alive = passcode_context();
    let html = site.show(OTP, alive.clone()).await;
    assert!(html.contains("data-expires=\"300\""), "{html}");
    assert!(html.contains("We sent it in a text message"));
    assert!(html.contains(GO_ON) && !html.contains(ANOTHER));

    let mut expired = alive.clone();
    expired["seconds_left"] = json!(0);
    let mut undelivered = alive.clone();
    undelivered["working"]["not_delivered"] = json!(true);
    for (dead, hint) in [(expired, true), (undelivered, false)] {
        let html = site.show(OTP, dead.clone()).await;
        assert!(!html.contains("data-expires"), "{html}");
        assert_eq!(html.contains("This code no longer works."), hint, "{html}");
        assert!(!html.contains("We sent it"), "{html}");
        assert!(html.contains("<strong class=\"number\">+1 ••• ••• ••62"));
        assert!(!html.contains(GO_ON) && html.contains(ANOTHER), "{html}");
        assert!(html.contains(">Send a new code<") && !html.contains("No message?"));

        let mut once = dead;
        once["resend_in"] = json!(null);
        let html = site.show(OTP, once).await;
        assert!(html.contains(GO_ON), "there is nothing else to press");
    }
}

#[tokio::test]
async fn a_page_runs_only_what_carries_its_nonce() {
    let site = Site::new();
    let nonce = |response: &Response| {
        let policy = response.headers()[header::CONTENT_SECURITY_POLICY].to_str();
        let policy = policy.unwrap().to_owned();
        assert!(policy.starts_with("default-src 'none'; style-src 'self' 'nonce-"));
        assert!(policy.ends_with("base-uri 'none'; frame-ancestors 'none'"));
        assert!(policy.contains("; worker-src 'self'; "));
        assert!(!policy.contains("unsafe"));
        let (_, after) = policy.split_once("script-src 'nonce-").unwrap();
        after.split_once('\'').unwrap().0.to_owned()
    };
    let first = site.pages.render(OTP, StatusCode::OK, passcode_context());
    let second = site.pages.render(OTP, StatusCode::OK, passcode_context());
    let first_nonce = nonce(&first);
    assert_ne!(first_nonce, nonce(&second));
    assert_eq!(first.headers()[header::CACHE_CONTROL], "no-store");
    assert_eq!(
        first.headers()[header::CONTENT_TYPE],
        "text/html; charset=utf-8"
    );
    let html = text(first).await.replace("&#x2f;", "/");
    let scripts = html.matches("<script ").count();
    assert_eq!(
        html.matches(&format!("nonce=\"{first_nonce}\"")).count(),
        scripts
    );
    for inline in [" style=", " onclick=", "<script>", "<style"] {
        assert!(!html.contains(inline), "{inline}");
    }
}

#[tokio::test]
async fn the_passcode_field_is_made_for_passcodes() {
    let html = Site::new().passcode_page().await;
    let (_, field) = html.split_once("<input class=\"passcode\"").unwrap();
    let (field, _) = field.split_once('>').unwrap();
    for attribute in [
        r#"name="passcode""#,
        r#"type="text""#,
        r#"inputmode="numeric""#,
        r#"autocomplete="one-time-code""#,
        r#"pattern="[0-9\s\-\u2010-\u2015]*""#,
    ] {
        assert!(field.contains(attribute), "{attribute}");
    }
    assert!(html.contains("+1 ••• ••• ••62"));
}

/// Each form of a login may cost a message.
#[tokio::test]
async fn every_form_of_a_login_carries_the_proof_of_work() {
    let pages = Pages::new(None, Random::system(), false);
    let of_a_login = |sample: &samples::Sample| {
        sample.context["login"].is_string() && sample.page != "authorize.xhtml"
    };
    for mut sample in samples::all().into_iter().filter(of_a_login) {
        for (wait, says_so) in [(json!(null), false), (json!(20), true)] {
            sample.context["proof"] =
                json!({ "challenge": "1795512600.bWFyaw", "bits": 16, "wait_seconds": wait });
            let response = pages.render(sample.page, StatusCode::OK, &sample.context);
            let html = text(response).await;
            let form = &html[html.find("<form").unwrap()..html.find("</form>").unwrap()];
            let field = r#"name="form_proof" value="1795512600.bWFyaw" data-bits="16""#;
            assert!(form.contains(field), "{}: {form}", sample.name);
            assert!(form.contains("proof.js?v="), "{}", sample.name);
            assert_eq!(form.contains("<noscript>"), says_so, "{}", sample.name);
        }
    }
}

#[tokio::test]
async fn an_operators_form_without_the_proof_is_replaced() {
    let site = Site::new();
    LazyLock::force(&LOG);
    site.write(
        "pages/login.xhtml",
        r#"<form method="post"><input name="csrf" value="{{ csrf }}"><input name="login" value="{{ login }}"></form>"#,
    );
    let mut context = json!({ "csrf": "c5rf", "login": "h4ndle" });
    let html = site.show("login.xhtml", context.clone()).await;
    assert!(!html.contains("<h1>Sign in</h1>"), "{html}");
    context["proof"] = json!({ "challenge": "1795512600.bWFyaw", "bits": 16 });
    let html = site.show("login.xhtml", context).await;
    assert!(html.contains("<h1>Sign in</h1>"), "{html}");
    assert!(LOG.about(&site)[0].contains("form_proof"));
}

#[tokio::test]
async fn an_operators_page_wins_at_the_next_request_and_goes_when_the_file_goes() {
    let site = Site::new();
    let own = "pages/auth/otp_sms/otp_sms.xhtml";
    assert!(site.passcode_page().await.contains("Enter the code"));

    let form = r#"<form method="post">{% include "parts/hidden_fields.xhtml" %}</form>"#;
    site.write(own, format!("<h1>Ours, {{{{ masked_number }}}}</h1>{form}"));
    let html = site.passcode_page().await;
    assert!(html.starts_with("<h1>Ours, +1 ••• ••• ••62</h1>"), "{html}");
    assert!(html.contains(r#"name="csrf" value="c5rf""#));

    site.write(own, format!("<h1>Ours, second edition</h1>{form}"));
    assert!(site.passcode_page().await.contains("second edition"));

    site.remove(own);
    assert!(site.passcode_page().await.contains("Enter the code"));
}

#[tokio::test]
async fn an_operators_page_changes_one_block_of_the_embedded_layout() {
    let site = Site::new();
    site.write(
        "pages/layout.xhtml",
        "<title>{% block title %}{% endblock %}</title>{% block main %}{% endblock %}<i>Acme</i>",
    );
    let html = site.passcode_page().await;
    assert!(html.starts_with("<title>Enter the code</title>"), "{html}");
    assert!(html.ends_with("<i>Acme</i>"));
}

#[tokio::test]
async fn an_operators_logo_and_style_sheet_are_used_when_they_exist() {
    let site = Site::new();
    assert!(!site.passcode_page().await.contains("/oxauth/ext/resources"));
    site.write("static/img/logo.png", "a picture");
    site.write("static/stylesheet/custom.css", ":root{}");
    let html = site.passcode_page().await.replace("&#x2f;", "/");
    assert!(html.contains(r#"src="/oxauth/ext/resources/img/logo.png""#));
    assert!(html.contains(r#"href="/oxauth/ext/resources/stylesheet/custom.css""#));
}

#[tokio::test]
async fn a_broken_page_is_logged_once_with_file_and_line_and_replaced() {
    let site = Site::new();
    LazyLock::force(&LOG);
    site.write(
        "pages/auth/otp_sms/otp_sms.xhtml",
        "<h1>Ours</h1>\n<p>\n{% if %}\n",
    );
    for _ in 0..3 {
        assert!(site.passcode_page().await.contains("Enter the code"));
    }
    let lines = LOG.about(&site);
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(lines[0].contains("ERROR"));
    assert!(lines[0].contains("oxauth/custom/pages/auth/otp_sms/otp_sms.xhtml"));
    assert!(lines[0].contains("page.line=3"), "{}", lines[0]);
}

#[tokio::test]
async fn every_way_to_break_a_page_ends_in_the_embedded_one() {
    let own = "pages/auth/otp_sms/otp_sms.xhtml";
    for (broken, said) in [
        ("<p>{{ masked_number|no_such_filter }}</p>".as_bytes(), "no_such_filter"),
        (b"{% extends 'nowhere.xhtml' %}", "nowhere.xhtml"),
        (b"{% include '../../../secret.xhtml' %}", "secret.xhtml"),
        (b"{% for a in range(9000) %}{% for b in range(9000) %}x{% endfor %}{% endfor %}", "fuel"),
        (b"{% macro a() %}{{ a() }}{% endmacro %}{{ a() }}", "recursion"),
        (b"\xff\xfe", "cannot be read"),
        (b"<form method='post'><input name='passcode'></form>", "parts/hidden_fields.xhtml"),
        (
            br#"<ui:composition xmlns:h="http://java.sun.com/jsf/html"><h:form id="x"/></ui:composition>"#,
            "JSF page of Gluu Server",
        ),
    ] {
        let site = Site::new();
        LazyLock::force(&LOG);
        site.write(own, broken);
        let html = site.passcode_page().await;
        assert!(html.contains("Enter the code"), "{said}: {html}");
        let lines = LOG.about(&site);
        assert_eq!(lines.len(), 1, "{lines:?}");
        assert!(lines[0].contains(said), "{said}: {}", lines[0]);
    }
}

#[tokio::test]
async fn a_page_repaired_and_broken_again_is_logged_again() {
    let site = Site::new();
    LazyLock::force(&LOG);
    for text in ["{% if %}", "fine", "{% if %}  "] {
        site.write("pages/error.xhtml", text);
        site.show("error.xhtml", json!({})).await;
    }
    assert_eq!(LOG.about(&site).len(), 2);
}

#[tokio::test]
async fn a_broken_error_page_still_tells_what_happened() {
    let site = Site::new();
    site.write("pages/error.xhtml", "{{ nothing() }}");
    let response = site.pages.error(failure(None));
    assert_eq!(response.status(), StatusCode::BAD_GATEWAY);
    assert!(
        text(response)
            .await
            .contains("The message could not be sent.")
    );
}

#[tokio::test]
async fn an_error_page_links_to_web_pages_only() {
    let pages = Pages::new(None, Random::system(), false);
    for (href, shown) in [
        ("https://books.example/", true),
        ("/demo", true),
        ("javascript:alert(1)", false),
        ("data:text/html,x", false),
    ] {
        let link = Some(("Go on".to_owned(), href.to_owned()));
        let html = text(pages.error(failure(link))).await;
        assert_eq!(html.contains("Go on"), shown, "{href}");
    }
}

fn failure(link: Option<(String, String)>) -> ErrorPage {
    ErrorPage {
        status: StatusCode::BAD_GATEWAY,
        title: "No message".to_owned(),
        happened: "The message could not be sent.".to_owned(),
        what_to_do: "Try again in a minute.".to_owned(),
        link,
        request_id: Some("r3quest".to_owned()),
    }
}

#[tokio::test]
async fn a_page_that_does_not_exist_is_an_error_page() {
    let site = Site::new();
    for name in ["auth/none/none.xhtml", "../secret.xhtml", "", "/", "auth"] {
        assert!(!site.pages.has(name), "{name:?}");
        let response = site.pages.render(name, StatusCode::OK, json!({}));
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert!(text(response).await.contains("This page is missing"));
    }
}

#[tokio::test]
async fn a_script_may_name_a_page_that_only_the_operator_has() {
    let site = Site::new();
    assert!(site.pages.has("/login.xhtml"));
    assert!(!site.pages.has("auth/own/first.xhtml"));
    site.write("pages/auth/own/first.xhtml", "<h1>{{ page }}</h1>");
    assert!(site.pages.has("auth/own/first.xhtml"));
    let html = site.show("/auth/own/first.xhtml", json!({})).await;
    assert_eq!(html, "<h1>auth&#x2f;own&#x2f;first.xhtml</h1>");
}

/// The example of `docs/customisation.md` is tried as it stands there.
#[tokio::test]
async fn the_example_of_the_manual_works() {
    let manual = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/customisation.md");
    let manual = std::fs::read_to_string(manual).unwrap();
    let mut examples = manual.split("```html\n").skip(1);
    let example = examples.next().unwrap().split_once("```").unwrap().0;
    let site = Site::new();
    site.write("pages/auth/otp_sms/otp_sms.xhtml", example);
    let html = site.passcode_page().await;
    for kept in [
        "<h1>One more door</h1>",
        r#"name="csrf" value="c5rf""#,
        r#"data-expires="300""#,
        r#"name="resend""#,
        "<strong>login.example.com</strong>",
        r#"id="notice">Text messages can be intercepted."#,
        ">Cancel</a>",
    ] {
        assert!(html.contains(kept), "{kept}: {html}");
    }

    let mut context = passcode_context();
    context["seconds_left"] = json!(0);
    context["working"]["not_delivered"] = json!(true);
    context["working"]["other_method"] = json!("totp");
    context["messages"] = json!([
        { "severity": "error", "text": "Wrong.", "about": "field" },
        { "severity": "error", "text": "Wait.", "about": "page" },
    ]);
    let html = site.show(OTP, context).await;
    for told in [
        "<h1>One more door</h1>",
        "The message could not be delivered",
        "Sign in another way",
        "Send a new code",
        "Wrong.",
        "Wait.",
    ] {
        assert!(html.contains(told), "{told}: {html}");
    }
    assert!(!html.contains("data-expires"), "{html}");
}
