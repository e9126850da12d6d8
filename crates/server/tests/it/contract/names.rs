//! By which names a method is asked for, and which scripts are methods at all.

use sallyport_flow::{NewScript, ScriptEntry, ScriptName};
use sallyport_script::{Language, Property, Usage};

use super::{FAILED_METHOD, PUPPET, acr_of, party, puppet};
use crate::TestApp;

async fn add(app: &TestApp, name: &str, usage: Usage, aliases: &[&str]) {
    let checked = |name: &str| ScriptName::check(name).unwrap();
    let new = NewScript {
        usage,
        aliases: aliases.iter().map(|alias| checked(alias)).collect(),
        enabled: true,
        properties: vec![Property {
            value1: "authenticate.1".to_owned(),
            value2: "password".to_owned(),
            hide: false,
            description: None,
        }],
        ..NewScript::new(checked(name), PUPPET.to_owned(), Language::Python2)
    };
    let mut tx = app.scratch.store.begin().await.unwrap();
    ScriptEntry::save(&mut tx, &app.vault, &new, app.clock.now())
        .await
        .unwrap();
    tx.commit().await.unwrap();
}

async fn advertised(app: &TestApp) -> Vec<String> {
    let address = "/.well-known/openid-configuration";
    let document = app.browser().get(address).await.json();
    serde_json::from_value(document["acr_values_supported"].clone()).unwrap()
}

#[tokio::test]
async fn an_alias_is_advertised_and_asked_for_and_the_token_names_the_script() {
    let app = puppet(&[]).await;
    add(&app, "puppet", Usage::Interactive, &["urn:example:Strong"]).await;
    let names = advertised(&app).await;
    assert!(
        names
            .iter()
            .any(|name| name.eq_ignore_ascii_case("urn:example:strong")),
        "{names:?}"
    );
    for asked in ["urn:example:Strong", "URN:EXAMPLE:STRONG"] {
        let party = party().with("acr_values", asked);
        let mut browser = app.browser();
        let back = party.first_step(&mut browser, "alice").await;
        assert_eq!(
            acr_of(&app, &back).await.as_deref(),
            Some("puppet"),
            "{asked}"
        );
        let again = browser.get(&party.address()).await;
        assert!(
            again.query("code").is_some(),
            "the session answers for the alias"
        );
    }
}

#[tokio::test]
async fn a_script_for_services_is_no_method_for_a_browser() {
    let app = puppet(&[("isValid", "false"), ("alternative", "text machine")]).await;
    add(&app, "machine", Usage::Service, &[]).await;
    let names = advertised(&app).await;
    assert!(!names.contains(&"machine".to_owned()), "{names:?}");
    let asked = party().with("acr_values", "machine");
    let back = app.browser().get(&asked.address()).await;
    assert_eq!(
        back.query("error").as_deref(),
        Some("unmet_authentication_requirements")
    );
    let page = app.browser().get(&party().address()).await;
    assert_eq!(page.heading(), FAILED_METHOD, "nor an alternative");
}
