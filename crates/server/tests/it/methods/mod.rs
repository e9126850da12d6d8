//! The login methods that ship with the product, each walked as a browser would.

mod acr_router;
mod email_code;
mod other_method;
mod password;
mod smpp_sms;
mod totp;
mod twilio_sms;
mod undelivered;

use sallyport_script::Language;

use crate::{Browser, PASSWORD, Page, RelyingParty, TestApp};

/// A server with one shipped script, a public client `app` and a person `alice`.
async fn server_with(name: &str, text: &str, properties: &[(&str, &str)]) -> TestApp {
    let app = TestApp::bare().await;
    app.script(name, text, Language::Python3, properties).await;
    app.public_client("app").await;
    app.person("alice").await;
    app
}

fn party(acr: &str) -> RelyingParty {
    RelyingParty::new("app").with("acr_values", acr)
}

/// Sends name and password to the first page of the method.
async fn enter(browser: &mut Browser, acr: &str, uid: &str, password: &str) -> Page {
    let page = browser.get(&party(acr).address()).await;
    browser
        .submit(&page, &[("username", uid), ("password", password)])
        .await
}

/// Walks the first step with the right password.
async fn first_step(browser: &mut Browser, acr: &str, uid: &str) -> Page {
    enter(browser, acr, uid, PASSWORD).await
}

fn is_back(page: &Page) -> bool {
    page.query("code").is_some()
}

async fn attribute(app: &TestApp, uid: &str, name: &str) -> Option<String> {
    let person = app.app.people.find_by_uid(uid).await.unwrap().unwrap();
    person.attributes.first(name).map(str::to_owned)
}
