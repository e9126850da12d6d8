//! The contract of person authentication scripts: what is called when, with what, and what each
//! answer does. The script `puppet` does what its properties say and prints every call.

mod alternative;
mod calls;
mod logout;
mod model;
mod names;
mod redirects;
mod session;
pub mod vouching;

use sallyport_script::Language;

use crate::{PASSWORD, Page, RelyingParty, TestApp, relying_party::claims};

const PUPPET: &str = include_str!("sources/puppet.py");
const FAILED_METHOD: &str = "This way of signing in does not work now";

/// A server on which `acr_values=puppet` runs a script that obeys these properties.
async fn puppet(properties: &[(&str, &str)]) -> TestApp {
    puppet_of(PUPPET, properties).await
}

async fn puppet_of(text: &str, properties: &[(&str, &str)]) -> TestApp {
    let app = TestApp::bare().await;
    app.script("puppet", text, Language::Python2, properties)
        .await;
    app.public_client("app").await;
    app.person("alice").await;
    app
}

fn party() -> RelyingParty {
    RelyingParty::new("app").with("acr_values", "puppet")
}

fn password_of(uid: &str) -> [(&str, &str); 2] {
    [("username", uid), ("password", PASSWORD)]
}

/// What the script printed of one kind, such as the method and the arguments of each `Call`.
fn printed(app: &TestApp, kind: &str) -> Vec<String> {
    let mark = format!(" - {kind} ");
    app.script_log()
        .lines()
        .filter_map(|line| line.split_once(&mark))
        .map(|(_, rest)| rest.to_owned())
        .collect()
}

/// The calls that `act` brings about.
async fn calls_of<T>(app: &TestApp, act: impl Future<Output = T>) -> (Vec<String>, T) {
    let before = printed(app, "Call").len();
    let outcome = act.await;
    (printed(app, "Call").split_off(before), outcome)
}

/// The error that the administrator finds with the script.
async fn error_of(app: &TestApp) -> String {
    app.entry("puppet").await.error.unwrap_or_default()
}

/// The `acr` that the client was given; none when it was given no code.
async fn acr_of(app: &TestApp, back: &Page) -> Option<String> {
    back.query("code")?;
    let tokens = party().redeem(app, back).await.json();
    let acr = &claims(&tokens["id_token"])["acr"];
    Some(acr.as_str().unwrap().to_owned())
}
