//! A method that cannot be used now, and the one that takes its place.

use sallyport_script::Language;

use super::{FAILED_METHOD, PUPPET, party, printed, puppet};
use crate::{PASSWORD, RelyingParty, TestApp, relying_party::claims};

/// A method that always leads to `second`, and `second`.
async fn router_and_second(second: &[(&str, &str)]) -> TestApp {
    let app = puppet(&[("isValid", "false"), ("alternative", "text Second")]).await;
    app.script("second", PUPPET, Language::Python2, second)
        .await;
    app
}

#[tokio::test]
async fn the_other_method_takes_its_place_and_stands_in_the_token() {
    for raising in ["false", "none", "raise"] {
        let app = puppet(&[("isValid", raising), ("alternative", "text Second")]).await;
        let second = [
            ("prepare.1", "showattributes acr,auth_level,auth_step; true"),
            ("authenticate.1", "password"),
        ];
        app.script("second", PUPPET, Language::Python2, &second)
            .await;
        let back = party().first_step(&mut app.browser(), "alice").await;
        let tokens = party().redeem(&app, &back).await.json();
        assert_eq!(claims(&tokens["id_token"])["acr"], "second");
        let attributes = printed(&app, "Attribute");
        assert_eq!(attributes, ["acr second", "auth_level 0", "auth_step 1"]);
    }
}

#[tokio::test]
async fn the_built_in_method_can_take_its_place() {
    let app = puppet(&[
        ("isValid", "false"),
        ("alternative", "text simple_password_auth"),
    ])
    .await;
    let back = party().first_step(&mut app.browser(), "alice").await;
    let tokens = party().redeem(&app, &back).await.json();
    assert_eq!(claims(&tokens["id_token"])["acr"], "simple_password_auth");
}

#[tokio::test]
async fn a_proof_of_the_other_method_is_none_for_whoever_did_not_give_way() {
    let app = router_and_second(&[("authenticate.1", "password")]).await;
    let mut browser = app.browser();
    party().first_step(&mut browser, "alice").await;
    app.script("third", PUPPET, Language::Python2, &[]).await;
    let third = RelyingParty::new("app")
        .with("acr_values", "third")
        .with("prompt", "none");
    let back = browser.get(&third.address()).await;
    assert_eq!(back.query("error").as_deref(), Some("login_required"));
}

#[tokio::test]
async fn a_method_that_took_the_place_of_another_did_so_for_one_request() {
    let app = router_and_second(&[("authenticate.1", "password")]).await;
    app.public_client("intranet").await;
    let of = |client| RelyingParty::new(client).with("acr_values", "puppet");
    let mut browser = app.browser();
    let back = of("intranet").first_step(&mut browser, "alice").await;
    assert!(back.query("code").is_some(), "{}", back.body);
    for client in ["app", "intranet"] {
        let silent = of(client).with("prompt", "none");
        let back = browser.get(&silent.address()).await;
        assert_eq!(
            back.query("error").as_deref(),
            Some("login_required"),
            "{client}: the first method must be asked again"
        );
        let page = browser.get(&of(client).address()).await;
        assert_eq!(page.heading(), "Sign in", "{client}");
    }
    let second = of("app").with("acr_values", "second");
    let back = browser.get(&second.address()).await;
    assert!(back.query("code").is_some(), "{}", back.body);
}

#[tokio::test]
async fn nothing_passed_before_counts_for_the_other_method() {
    // Valid at the first page, not at the second.
    let text = PUPPET.replace(
        "return self.obey(configurationAttributes, \"isValid\", None, True)",
        "return self.identity.getSessionId().getSessionAttributes().get(\"auth_step\") == \"1\"",
    );
    let app = TestApp::bare().await;
    let first = [
        ("count", "number 2"),
        ("authenticate.1", "password; work kept=1; true"),
        ("extra", "list kept"),
        ("alternative", "text second"),
        ("page.2", "text /auth/otp_sms/otp_sms.xhtml"),
    ];
    let second = [
        ("count", "number 2"),
        (
            "prepare.1",
            "showattributes auth_step_passed_1,auth_user; showwork kept; true",
        ),
        ("authenticate.1", "true"),
        ("authenticate.2", "true"),
        ("page.2", "text /auth/otp_sms/otp_sms.xhtml"),
    ];
    app.script("puppet", &text, Language::Python2, &first).await;
    app.script("second", PUPPET, Language::Python2, &second)
        .await;
    app.public_client("app").await;
    app.person("alice").await;
    let mut browser = app.browser();
    let page = party().first_step(&mut browser, "alice").await;
    assert_eq!(page.heading(), "Sign in");
    assert_eq!(
        printed(&app, "Attribute"),
        ["auth_step_passed_1 None", "auth_user None"]
    );
    assert_eq!(printed(&app, "Work"), ["kept None"]);
    let page = browser.submit(&page, &[]).await;
    let page = browser.submit(&page, &[]).await;
    assert_eq!(
        page.heading(),
        FAILED_METHOD,
        "alice's password was for the other method"
    );
}

#[tokio::test]
async fn methods_that_name_each_other_or_nobody_end_in_words() {
    for (second, heading) in [
        (
            vec![("isValid", "false"), ("alternative", "text puppet")],
            FAILED_METHOD,
        ),
        (
            vec![("isValid", "false"), ("alternative", "text second")],
            FAILED_METHOD,
        ),
        (
            vec![("isValid", "false"), ("alternative", "text nothing")],
            FAILED_METHOD,
        ),
        (
            vec![("isValid", "false"), ("alternative", "text")],
            FAILED_METHOD,
        ),
        (
            vec![("isValid", "false"), ("alternative", "raise")],
            FAILED_METHOD,
        ),
        (vec![], "Sign in"),
    ] {
        let app = router_and_second(&second).await;
        let page = app.browser().get(&party().address()).await;
        assert_eq!(page.heading(), heading, "{second:?}");
    }
}

#[tokio::test]
async fn an_alternative_must_be_enabled() {
    let app = router_and_second(&[("authenticate.1", "password")]).await;
    let mut tx = app.scratch.store.begin().await.unwrap();
    sallyport_flow::ScriptEntry::disable(&mut tx, "second", None, app.clock.now())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let page = app.browser().get(&party().address()).await;
    assert_eq!(page.heading(), FAILED_METHOD);
    assert!(!page.body.contains(PASSWORD));
}
