//! What forms must prove once a login or a network has sent many: here from the third on.

use http::StatusCode;
use sallyport_base::Digest;
use sallyport_script::Language;

use crate::{Browser, PASSWORD, Page, RelyingParty, TestApp, number_of};

const RULE: &str = "[proof_of_work]\nafter = 2\nminutes = 60\nbits = 8\nwait_seconds = 20\n";
const BITS: u32 = 8;
const WORD: &str = include_str!("sources/word.py");
const REFUSED: &str = "There were several attempts to sign in from your network. Please stay on this page for 20 seconds, then try again.";
const USED: &str = "This page was used already. Please try again.";
const WRONG: &str = "That name and password do not match. Check both, and try again.";

async fn app() -> TestApp {
    let app = TestApp::start_exactly(RULE).await;
    app.person("alice").await;
    app.person("bruno").await;
    app
}

fn error_of(page: &Page) -> String {
    page.text("[role=alert]")
}

/// The first page of a login in a browser of its own at this address.
async fn begin(app: &TestApp, ip: &str) -> (Browser, Page) {
    begin_in(app.browser().in_network(ip)).await
}

async fn begin_in(mut browser: Browser) -> (Browser, Page) {
    let page = browser.get(&RelyingParty::with_passcode().address()).await;
    (browser, page)
}

/// Sends so many wrong passwords from this address, each in a login of its own.
async fn wrong_passwords(app: &TestApp, ip: &str, number: usize) {
    wrong_passwords_in(&app.browser().in_network(ip), number).await;
}

/// The same in a new browser that is where this one is.
async fn wrong_passwords_in(place: &Browser, number: usize) {
    for n in 0..number {
        let (mut browser, page) = begin_in(place.clone()).await;
        let name = format!("nobody-{n}");
        let answer = browser
            .submit(&page, &[("username", &name), ("password", "wrong")])
            .await;
        assert_eq!(error_of(&answer), WRONG);
    }
}

/// What the page's script makes of its field: the challenge and a number that does.
fn worked(page: &Page) -> String {
    let challenge = page.attribute("input[name=form_proof]", "value");
    let bits = page.attribute("input[name=form_proof]", "data-bits");
    assert_eq!(bits, BITS.to_string());
    let mut fields = (0..).map(|number| format!("{challenge}:{number}"));
    // Two hexadecimal digits are the eight bits.
    let does = |field: &String| Digest::of(field.as_bytes()).as_str().starts_with("00");
    fields.find(does).unwrap()
}

/// Sends the page's form with this proof in place of its own.
async fn submit_with(
    browser: &mut Browser,
    page: &Page,
    proof: &str,
    fields: &[(&str, &str)],
) -> Page {
    let (action, mut form) = page.form();
    form.retain(|(name, _)| name != "form_proof");
    form.push(("form_proof".to_owned(), proof.to_owned()));
    form.extend(
        fields
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned())),
    );
    browser.post(&action, &form).await
}

const ALICE: [(&str, &str); 2] = [("username", "alice"), ("password", PASSWORD)];
const BRUNO: [(&str, &str); 2] = [("username", "bruno"), ("password", PASSWORD)];

/// How many messages alice's phone has received.
async fn messages(app: &TestApp) -> usize {
    app.messages(&number_of("alice")).await.len()
}

#[tokio::test]
async fn the_third_form_of_a_network_needs_a_proof_and_sends_nothing_without() {
    let app = app().await;
    wrong_passwords(&app, "192.0.2.1", 2).await;

    let (mut browser, page) = begin(&app, "192.0.2.1").await;
    assert!(page.body.contains("<noscript>"), "{}", page.body);
    let refused = browser.submit(&page, &ALICE).await;
    assert_eq!(refused.status, StatusCode::OK);
    assert_eq!(refused.url.path(), "/oxauth/login.htm");
    assert_eq!(error_of(&refused), REFUSED);
    assert!(!refused.body.contains("<noscript>"), "it is said once");
    assert_eq!(refused.attribute("#username", "value"), "alice");
    assert!(!refused.body.contains(PASSWORD));
    assert_eq!(messages(&app).await, 0);

    let second = submit_with(&mut browser, &refused, &worked(&refused), &ALICE).await;
    assert_eq!(second.heading(), "Enter the code");
    assert_eq!(messages(&app).await, 1);
}

#[tokio::test]
async fn the_third_form_of_a_login_needs_a_proof_wherever_it_comes_from() {
    let app = app().await;
    let (mut browser, page) = begin(&app, "192.0.2.1").await;
    assert!(!page.body.contains("<noscript>"));
    let mut page = browser.submit(&page, &ALICE).await;
    assert!(!page.body.contains("<noscript>"));
    let path = page.url[url::Position::BeforePath..].to_owned();
    app.wait(31);
    page = browser.submit(&page, &[("resend", "resend")]).await;
    assert_eq!(messages(&app).await, 2);
    assert!(page.body.contains("<noscript>"));

    app.wait(61);
    let mut elsewhere = browser.in_network("198.51.100.1");
    // A page of this moment: the one above was open for long enough.
    page = elsewhere.get(&path).await;
    let refused = elsewhere.submit(&page, &[("resend", "resend")]).await;
    assert_eq!(error_of(&refused), REFUSED);
    assert_eq!(messages(&app).await, 2);
    let proof = worked(&refused);
    submit_with(&mut elsewhere, &refused, &proof, &[("resend", "resend")]).await;
    assert_eq!(messages(&app).await, 3);
}

#[tokio::test]
async fn a_form_without_its_proof_is_no_try() {
    let app = app().await;
    let (mut browser, page) = begin(&app, "192.0.2.1").await;
    let page = browser.submit(&page, &ALICE).await;
    let page = browser.submit(&page, &[("passcode", "")]).await;
    // Ten wrong codes would end the login, and five kill the code.
    for _ in 0..12 {
        let refused = browser.submit(&page, &[("passcode", "000000")]).await;
        assert_eq!(error_of(&refused), REFUSED);
    }
    let code = app.code("alice").await;
    let back = submit_with(&mut browser, &page, &worked(&page), &[("passcode", &code)]).await;
    assert!(back.query("code").is_some(), "{}", back.url);
}

#[tokio::test]
async fn a_proof_is_good_for_one_form() {
    let app = app().await;
    wrong_passwords(&app, "192.0.2.1", 2).await;
    let (mut browser, page) = begin(&app, "192.0.2.1").await;
    let proof = worked(&page);
    let wrong = [("username", "alice"), ("password", "wrong")];
    let answer = submit_with(&mut browser, &page, &proof, &wrong).await;
    assert_eq!(error_of(&answer), WRONG);

    let refused = submit_with(&mut browser, &answer, &proof, &ALICE).await;
    assert_eq!(error_of(&refused), USED);
    assert_eq!(messages(&app).await, 0);
    submit_with(&mut browser, &answer, &worked(&answer), &ALICE).await;
    assert_eq!(messages(&app).await, 1);
}

#[tokio::test]
async fn a_proof_of_another_login_or_of_less_work_is_none() {
    let app = app().await;
    wrong_passwords(&app, "192.0.2.1", 2).await;
    let (mut browser, page) = begin(&app, "192.0.2.1").await;
    let (_, others) = begin(&app, "192.0.2.1").await;
    let right = worked(&page);
    let (challenge, _) = right.split_once(':').unwrap();
    for proof in [
        worked(&others),
        format!("{challenge}:no-work"),
        challenge.replace('.', ".x"),
        right[1..].to_owned(),
        String::new(),
    ] {
        let refused = submit_with(&mut browser, &page, &proof, &ALICE).await;
        let said = error_of(&refused);
        assert!([REFUSED, USED].contains(&&*said), "{proof}: {said}");
    }
    assert_eq!(messages(&app).await, 0);
    submit_with(&mut browser, &page, &right, &ALICE).await;
    assert_eq!(messages(&app).await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_forms_at_once_no_more_than_the_free_ones_are_taken() {
    let app = app().await;
    let mut posts = tokio::task::JoinSet::new();
    for n in 0..20 {
        let (mut browser, page) = begin(&app, "192.0.2.1").await;
        posts.spawn(async move {
            let name = format!("nobody-{n}");
            let fields = [("username", name.as_str()), ("password", "wrong")];
            error_of(&browser.submit(&page, &fields).await)
        });
    }
    let answers = posts.join_all().await;
    assert_eq!(answers.iter().filter(|text| *text == WRONG).count(), 2);
    assert_eq!(answers.iter().filter(|text| *text == REFUSED).count(), 18);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_proof_sent_to_two_nodes_at_once_is_taken_once() {
    let app = app().await;
    let node = app.node_with(toml::from_str(RULE).unwrap()).await;
    wrong_passwords(&app, "192.0.2.1", 2).await;
    let (browser, page) = begin(&app, "192.0.2.1").await;
    let proof = worked(&page);
    let mut posts = tokio::task::JoinSet::new();
    for n in 0..10 {
        let router = if n % 2 == 0 {
            &app.router
        } else {
            &node.router
        };
        let (mut browser, proof) = (browser.at(router.clone()), proof.clone());
        let (action, mut form) = page.form();
        form.retain(|(name, _)| name != "form_proof");
        form.push(("form_proof".to_owned(), proof));
        form.push(("username".to_owned(), format!("nobody-{n}")));
        form.push(("password".to_owned(), "wrong".to_owned()));
        posts.spawn(async move { error_of(&browser.post(&action, &form).await) });
    }
    let answers = posts.join_all().await;
    assert_eq!(answers.iter().filter(|text| *text == WRONG).count(), 1);
    assert_eq!(answers.iter().filter(|text| *text == USED).count(), 9);
}

#[tokio::test]
async fn without_javascript_one_form_of_a_network_passes_after_the_wait() {
    let app = app().await;
    wrong_passwords(&app, "192.0.2.1", 2).await;
    let (mut alice, alices) = begin(&app, "192.0.2.1").await;
    let (mut bruno, brunos) = begin(&app, "192.0.2.1").await;

    app.wait(19);
    let refused = alice.submit(&alices, &ALICE).await;
    assert_eq!(error_of(&refused), REFUSED, "too early");
    app.wait(1);
    let passed = alice.submit(&alices, &ALICE).await;
    assert_eq!(passed.heading(), "Enter the code");
    let refused = bruno.submit(&brunos, &BRUNO).await;
    assert_eq!(error_of(&refused), REFUSED, "the second at the same time");
    assert!(app.messages(&number_of("bruno")).await.is_empty());

    app.wait(20);
    let passed = bruno.submit(&refused, &BRUNO).await;
    assert_eq!(passed.heading(), "Enter the code");
}

#[tokio::test]
async fn a_page_that_was_open_for_long_is_good_for_one_form() {
    let app = app().await;
    wrong_passwords(&app, "192.0.2.1", 2).await;
    let (mut browser, page) = begin(&app, "192.0.2.1").await;
    let wrong = [("username", "alice"), ("password", "wrong")];
    app.wait(20);
    assert_eq!(error_of(&browser.submit(&page, &wrong).await), WRONG);
    app.wait(20);
    assert_eq!(error_of(&browser.submit(&page, &wrong).await), USED);
}

#[tokio::test]
async fn only_the_network_that_sent_many_forms_needs_proofs() {
    let app = app().await;
    wrong_passwords(&app, "192.0.2.1", 2).await;
    wrong_passwords(&app, "2001:db8:1:2::1", 2).await;
    for (ip, needs_proof) in [
        ("192.0.2.1", true),
        ("192.0.2.2", false),
        ("::ffff:192.0.2.1", true),
        ("2001:db8:1:2:ffff::9", true),
        ("2001:db8:1:3::1", false),
    ] {
        let (mut browser, page) = begin(&app, ip).await;
        assert_eq!(page.body.contains("<noscript>"), needs_proof, "{ip}");
        let fields = [("username", "nobody"), ("password", "wrong")];
        let answer = error_of(&browser.submit(&page, &fields).await);
        assert_eq!(answer == REFUSED, needs_proof, "{ip}");
    }
    app.wait(3600);
    wrong_passwords(&app, "192.0.2.1", 2).await;
}

#[tokio::test]
async fn forms_of_a_login_that_succeeds_are_given_back() {
    let app = app().await;
    let party = RelyingParty::with_passcode();
    for n in 0..4 {
        let uid = format!("person-{n}");
        app.person(&uid).await;
        let mut browser = app.browser().in_network("192.0.2.1");
        let back = party.sign_in(&app, &mut browser, &uid).await;
        assert!(back.query("code").is_some(), "{uid}: {}", back.url);
    }
    wrong_passwords(&app, "192.0.2.1", 1).await;
    let mut browser = app.browser().in_network("192.0.2.1");
    let page = party.first_step(&mut browser, "alice").await;
    assert_eq!(page.heading(), "Enter the code");
    let code = app.code("alice").await;
    let back = submit_with(&mut browser, &page, &worked(&page), &[("passcode", &code)]).await;
    assert!(back.query("code").is_some());

    // Those of the others stay: one wrong password before, one now.
    wrong_passwords(&app, "192.0.2.1", 1).await;
    let (mut browser, page) = begin(&app, "192.0.2.1").await;
    assert_eq!(error_of(&browser.submit(&page, &ALICE).await), REFUSED);
}

#[tokio::test]
async fn the_page_for_returns_is_no_way_around() {
    let app = app().await;
    wrong_passwords(&app, "192.0.2.1", 2).await;
    let (mut browser, page) = begin(&app, "192.0.2.1").await;
    let (_, mut form) = page.form();
    form.extend(ALICE.map(|(name, value)| (name.to_owned(), value.to_owned())));
    for path in ["/oxauth/postlogin.htm", "/oxauth/postlogin"] {
        let refused = browser.post(path, &form).await;
        assert_eq!(error_of(&refused), REFUSED, "{path}");
    }
    assert_eq!(messages(&app).await, 0);
}

/// The script with prints of what reaches it.
fn talkative() -> String {
    let print = |when: &str| {
        let field = |name: &str| format!("ServerUtil.getFirstValue(parameters, \"{name}\")");
        let (passcode, proof) = (field("passcode"), field("form_proof"));
        format!("        print(\"{when}\", {passcode}, {proof})\n")
    };
    let mut text = WORD.to_owned();
    for (head, when) in [
        (
            "authenticate(self, configuration, parameters, step):\n",
            "authenticate",
        ),
        (
            "prepareForStep(self, configuration, parameters, step):\n",
            "prepare",
        ),
    ] {
        text = text.replace(head, &format!("{head}{}", print(when)));
    }
    text
}

#[tokio::test]
async fn a_form_without_its_proof_reaches_no_script_and_no_script_sees_a_proof() {
    let app = app().await;
    app.script("word", &talkative(), Language::Python3, &[])
        .await;
    let party = RelyingParty::new("app").with("acr_values", "word");
    let mut browser = app.browser().in_network("192.0.2.1");
    let mut page = party.first_step(&mut browser, "alice").await;
    page = browser.submit(&page, &[("passcode", "two")]).await;
    page = browser.submit(&page, &[("passcode", "one")]).await;
    assert_eq!(error_of(&page), REFUSED);
    let said = |what: &str| app.script_log().matches(what).count();
    assert_eq!(said("authenticate None None"), 1, "the password");
    assert_eq!(said("authenticate two None"), 1);
    assert_eq!(said("authenticate"), 2);
    assert_eq!(said("prepare two None"), 1);
    assert_eq!(said("prepare one"), 0);
    let back = submit_with(&mut browser, &page, &worked(&page), &[("passcode", "one")]).await;
    assert!(back.query("code").is_some(), "{}", back.url);
    assert_eq!(said("authenticate one None"), 1);
}

#[tokio::test]
async fn with_the_rule_switched_off_no_form_has_a_proof() {
    let app = TestApp::start_exactly("[proof_of_work]\nafter = 0\n").await;
    let (_, page) = begin(&app, "192.0.2.1").await;
    assert!(!page.body.contains("form_proof"));
    wrong_passwords(&app, "192.0.2.1", 5).await;
}

#[tokio::test]
async fn a_custom_page_carries_the_proof_by_the_part_with_the_hidden_fields() {
    let app = app().await;
    let pages = app.home.path().join("oxauth/custom/pages");
    std::fs::create_dir_all(&pages).unwrap();
    let own = r#"<h1>Our own</h1><form method="post" action="{{ form_action }}">
        {% include "parts/hidden_fields.xhtml" %}{% include "parts/field_messages.xhtml" %}
        <input name="username"><input name="password"></form>"#;
    std::fs::write(pages.join("login.xhtml"), own).unwrap();
    wrong_passwords(&app, "192.0.2.1", 2).await;
    let (mut browser, page) = begin(&app, "192.0.2.1").await;
    assert_eq!(page.heading(), "Our own");
    assert!(page.attribute("script", "src").contains("/proof.js?v="));
    let passed = submit_with(&mut browser, &page, &worked(&page), &ALICE).await;
    assert_eq!(passed.heading(), "Enter the code");
}

#[tokio::test]
async fn behind_a_trusted_proxy_each_person_is_in_a_network_of_their_own() {
    let config = format!("[server]\ntrusted_proxies = [\"10.0.0.0/24\"]\n{RULE}");
    let app = TestApp::start_exactly(&config).await;
    app.person("alice").await;
    let behind = |ip: &str, hops: &str| app.browser().in_network(ip).forwarded_for(hops);

    wrong_passwords_in(&behind("10.0.0.5", "203.0.113.1"), 2).await;
    for (peer, hops, needs_proof) in [
        ("10.0.0.5", "203.0.113.1", true),
        ("10.0.0.6", "198.51.100.9, 203.0.113.1", true),
        ("203.0.113.1", "198.51.100.9", true),
        ("10.0.0.5", "203.0.113.2", false),
        ("10.0.1.5", "203.0.113.1", false),
    ] {
        let (mut browser, page) = begin_in(behind(peer, hops)).await;
        let answer = browser.submit(&page, &ALICE).await;
        let refused = answer.heading() != "Enter the code";
        assert_eq!(refused, needs_proof, "{hops} by way of {peer}");
        // Until she may have another message.
        app.wait(61);
    }
}
