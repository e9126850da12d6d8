//! The order of calls, the API versions, and what `False`, `None` and an exception do.

use http::StatusCode;

use super::{FAILED_METHOD, PUPPET, calls_of, error_of, party, password_of, puppet, puppet_of};
use crate::relying_party::claims;

const OTP_PAGE: &str = "text /auth/otp_sms/otp_sms.xhtml";
const TWO_STEPS: [(&str, &str); 4] = [
    ("count", "number 2"),
    ("authenticate.1", "password"),
    ("authenticate.2", "code 4711"),
    ("page.2", OTP_PAGE),
];

fn with<'a>(more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    [more, &TWO_STEPS[..]].concat()
}

#[tokio::test]
async fn the_methods_are_called_in_gluus_order() {
    let app = puppet(&TWO_STEPS).await;
    app.app.flow.acrs().await.unwrap();
    let mut browser = app.browser();
    let (calls, page) = calls_of(&app, browser.get(&party().address())).await;
    assert_eq!(
        calls,
        [
            "getPageForStep 1",
            "isValidAuthenticationMethod interactive",
            "prepareForStep 1",
            "getExtraParametersForStep 1",
        ]
    );
    let (calls, page) = calls_of(&app, browser.submit(&page, &password_of("alice"))).await;
    assert_eq!(
        calls,
        [
            "authenticate 1",
            "getNextStep 1",
            "getExtraParametersForStep 2",
            "getCountAuthenticationSteps",
            "getPageForStep 2",
            "getExtraParametersForStep 2",
            "isValidAuthenticationMethod interactive",
            "prepareForStep 2",
            "getExtraParametersForStep 2",
        ]
    );
    let (calls, page) = calls_of(&app, browser.submit(&page, &[("passcode", "0")])).await;
    assert_eq!(
        calls,
        [
            "authenticate 2",
            "getNextStep 2",
            "isValidAuthenticationMethod interactive",
            "prepareForStep 2",
            "getExtraParametersForStep 2",
        ]
    );
    let (calls, back) = calls_of(&app, browser.submit(&page, &[("passcode", "4711")])).await;
    assert_eq!(
        calls,
        [
            "authenticate 2",
            "getNextStep 2",
            "getExtraParametersForStep 3",
            "getCountAuthenticationSteps",
            "getExtraParametersForStep 3",
            "getAuthenticationMethodClaims",
        ]
    );
    assert!(back.query("code").is_some());
}

#[tokio::test]
async fn the_api_version_decides_what_is_called() {
    for (version, next_step, claims) in [
        ("1", false, false),
        ("2", true, false),
        ("3", true, false),
        ("4", true, true),
        ("10", true, true),
        ("11", true, true),
    ] {
        let text = PUPPET
            .replace("return 11", &format!("return {version}"))
            .replace("customScript, configurationAttributes):", "*arguments):")
            .replace("= configurationAttributes", "= arguments[-1]");
        let app = puppet_of(&text, &TWO_STEPS).await;
        let mut browser = app.browser();
        let walk = async {
            let page = party().first_step(&mut browser, "alice").await;
            browser.submit(&page, &[("passcode", "4711")]).await
        };
        let (calls, back) = calls_of(&app, walk).await;
        assert!(back.query("code").is_some(), "{version}: {}", back.body);
        let called = |name: &str| calls.iter().any(|call| call.starts_with(name));
        assert_eq!(called("getNextStep"), next_step, "{version}");
        assert_eq!(called("getAuthenticationMethodClaims"), claims, "{version}");
    }
}

/// Where a login with the right answers ends, in a word.
async fn end_of(properties: &[(&str, &str)]) -> String {
    let app = puppet(properties).await;
    let mut browser = app.browser();
    let mut page = browser.get(&party().address()).await;
    if page.status == StatusCode::OK {
        page = browser.submit(&page, &password_of("alice")).await;
    }
    if page.status == StatusCode::OK && page.url.path().ends_with("otp_sms.htm") {
        page = browser.submit(&page, &[("passcode", "4711")]).await;
    }
    match (page.query("code"), page.query("error")) {
        (Some(_), _) => "in".to_owned(),
        (None, Some(error)) => error,
        (None, None) => page.heading(),
    }
}

#[tokio::test]
async fn false_none_and_an_exception_have_gluus_effect() {
    for (method, answers, end) in [
        ("isValid", &["false", "none", "raise"][..], FAILED_METHOD),
        ("prepare.1", &["false", "none", "raise"], FAILED_METHOD),
        ("prepare.2", &["false", "none", "raise"], FAILED_METHOD),
        ("authenticate.1", &["false", "none", "raise"], "Sign in"),
        (
            "authenticate.2",
            &["false", "none", "raise"],
            "Enter the code",
        ),
        ("next", &["none", "raise", "number -1", "number -7"], "in"),
        (
            "next.1",
            &["number 0", "number 3", "number 99999999"],
            FAILED_METHOD,
        ),
        ("extra", &["none", "raise", "list nothing"], "in"),
        ("count", &["none", "raise", "number 0"], FAILED_METHOD),
        (
            "page.1",
            &["none", "raise", "text", "text login.xhtml"],
            "in",
        ),
        (
            "page.1",
            &["text /no/such.xhtml", "text https://elsewhere.example/"],
            "server_error",
        ),
        (
            "page.2",
            &["none", "raise", "text /no/such.xhtml"],
            FAILED_METHOD,
        ),
        ("page.2", &["text"], "Sign in"),
        ("claims", &["none", "raise"], "in"),
    ] {
        for answer in answers {
            let mut properties = with(&[]);
            properties.retain(|(name, _)| *name != method);
            // A count that fails while it is loaded keeps the script from being offered.
            if method == "count" {
                properties.push(("count", "workcount steps"));
                properties.push(("authenticate.1", "password; work steps=0"));
                properties.retain(|(name, order)| *name != "authenticate.1" || order.contains(';'));
            } else {
                properties.push((method, answer));
            }
            assert_eq!(end_of(&properties).await, end, "{method}: {answer}");
        }
    }
}

#[tokio::test]
async fn a_page_that_does_not_exist_is_named_for_the_administrator() {
    let app = puppet(&with(&[("page.1", "text /no/such.xhtml")])).await;
    let page = app.browser().get(&party().address()).await;
    assert_eq!(page.query("error").as_deref(), Some("server_error"));
    let error = error_of(&app).await;
    assert!(error.contains("/no/such.xhtml"), "{error}");
}

#[tokio::test]
async fn claims_of_the_method_stand_in_amr_behind_the_level() {
    let app = puppet(&with(&[("claims", "map device=phone,sms=")])).await;
    let mut browser = app.browser();
    let page = party().first_step(&mut browser, "alice").await;
    let back = browser.submit(&page, &[("passcode", "4711")]).await;
    let tokens = party().redeem(&app, &back).await.json();
    let amr = &claims(&tokens["id_token"])["amr"];
    assert_eq!(*amr, serde_json::json!(["0", "device:phone", "sms"]));
}

#[tokio::test]
async fn the_number_of_steps_may_depend_on_what_was_found_out() {
    let app = puppet(&[
        ("count", "workcount steps"),
        ("authenticate.1", "password; worknumber steps=2"),
        ("authenticate.2", "code 4711"),
        ("extra", "list steps"),
        ("page.2", OTP_PAGE),
    ])
    .await;
    let mut browser = app.browser();
    let page = party().first_step(&mut browser, "alice").await;
    assert_eq!(page.heading(), "Enter the code");
    let back = browser.submit(&page, &[("passcode", "4711")]).await;
    assert!(back.query("code").is_some(), "{}", back.body);
}

#[tokio::test]
async fn a_jump_back_opens_the_steps_again_and_a_jump_ahead_proves_nothing() {
    let app = puppet(&[
        ("count", "number 3"),
        ("authenticate.1", "password"),
        ("authenticate.2", "code 2"),
        ("authenticate.3", "code 3"),
        ("page.2", OTP_PAGE),
        ("page.3", OTP_PAGE),
    ])
    .await;
    let mut browser = app.browser();
    let mut page = party().first_step(&mut browser, "alice").await;
    page = browser.submit(&page, &[("passcode", "2")]).await;
    // Back to the second step, even with a wrong answer; then the third is closed until it is passed.
    page = browser
        .submit(&page, &[("passcode", "x"), ("go", "2")])
        .await;
    assert_eq!(page.text(".steps"), "Step 2 of 3");
    page = browser.submit(&page, &[("passcode", "3")]).await;
    assert_eq!(page.text(".steps"), "Step 2 of 3");
    page = browser.submit(&page, &[("passcode", "2")]).await;
    // To the first: whoever passed it before is forgotten.
    page = browser
        .submit(&page, &[("passcode", "x"), ("go", "1")])
        .await;
    assert_eq!(page.heading(), "Sign in");
    page = browser
        .submit(&page, &[&password_of("alice")[..], &[("go", "3")]].concat())
        .await;
    assert_eq!(page.text(".steps"), "Step 3 of 3");
    let back = browser.submit(&page, &[("passcode", "3")]).await;
    assert!(back.query("code").is_some(), "{}", back.body);
    assert_eq!(super::vouching::last_proof(&app).await["steps"], 2);
}

/// Where a word of a script stands at the first step must not tell whether the password was right.
#[tokio::test]
async fn a_word_of_the_script_stands_above_the_form_with_the_password_right_or_wrong() {
    let app = puppet(&[("authenticate.1", "password; say Not today.; false")]).await;
    for password in [crate::PASSWORD, "wrong"] {
        let mut browser = app.browser();
        let page = browser.get(&party().address()).await;
        let fields = [("username", "alice"), ("password", password)];
        let page = browser.submit(&page, &fields).await;
        assert_eq!(page.text(".problem[role=alert]"), "Not today.");
        assert!(!page.body.contains("aria-invalid"), "{}", page.body);
    }
}

#[tokio::test]
async fn a_word_about_a_code_stands_at_its_field_and_one_about_a_message_above_the_form() {
    let mut say = with(&[]);
    say[2] = ("authenticate.2", "say No.; false");
    for (properties, word) in [
        (say, "No."),
        (with(&[]), "That was not accepted. Please try again."),
    ] {
        let app = puppet(&properties).await;
        let mut browser = app.browser();
        let page = party().first_step(&mut browser, "alice").await;
        let wrong = browser.submit(&page, &[("passcode", "0")]).await;
        assert_eq!(wrong.text("#field-error"), word);
        assert!(!wrong.body.contains("problem"), "{}", wrong.body);
        let resent = browser.submit(&page, &[("resend", "resend")]).await;
        assert_eq!(resent.text(".problem[role=alert]"), word);
        assert!(!resent.body.contains("aria-invalid"), "{}", resent.body);
    }
}
