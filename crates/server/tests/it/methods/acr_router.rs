//! `acr_router`.

use sallyport_script::Language;

use super::{is_back, server_with};
use crate::{PASSWORD, RelyingParty, TestApp, relying_party::claims};

const ROUTER: &str = include_str!("../../../../../scripts/acr_router.py");
const BASIC: &str = include_str!("../../../../../scripts/basic.py");
const TOTP: &str = include_str!("../../../../../scripts/totp.py");

async fn server(rules: &str) -> TestApp {
    let properties = [("RULES", rules), ("DEFAULT", "totp")];
    let app = server_with("front_door", ROUTER, &properties).await;
    app.script("basic", BASIC, Language::Python3, &[]).await;
    app.script("totp", TOTP, Language::Python3, &[]).await;
    app.public_client("intranet").await;
    app
}

fn front_door(client: &str) -> RelyingParty {
    RelyingParty::new(client).with("acr_values", "front_door")
}

#[tokio::test]
async fn an_application_is_sent_to_its_method_and_reads_which_one_it_was() {
    let app = server(r#"[{"client": ["intranet"], "use": "basic"}]"#).await;
    let fields = [("username", "alice"), ("password", PASSWORD)];

    let (mut browser, party) = (app.browser(), front_door("intranet"));
    let page = browser.get(&party.address()).await;
    let back = browser.submit(&page, &fields).await;
    let tokens = party.redeem(&app, &back).await.json();
    assert_eq!(claims(&tokens["id_token"])["acr"], "basic");

    let mut browser = app.browser();
    let page = browser.get(&front_door("app").address()).await;
    let page = browser.submit(&page, &fields).await;
    assert!(!is_back(&page));
    assert_eq!(page.heading(), "Set up your authenticator app");
}

#[tokio::test]
async fn a_person_whom_the_application_names_is_sent_by_what_they_have() {
    let app = server(r#"[{"enrolled": "phone", "use": "basic"}]"#).await;
    app.person_with("bruno", &[]).await;
    let fields = |uid| [("username", uid), ("password", PASSWORD)];
    for (hint, phone) in [("alice", true), ("bruno", false)] {
        let mut browser = app.browser();
        let party = front_door("app").with("login_hint", hint);
        let page = browser.get(&party.address()).await;
        let page = browser.submit(&page, &fields(hint)).await;
        assert_eq!(is_back(&page), phone, "{hint}");
    }
}
