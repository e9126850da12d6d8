use axum::{extract::State, response::Response};
use http::StatusCode;
use serde_json::{Value, json};

use super::{DemoState, PASSWORD, furnishing::CLIENT_ID, people};

/// What there is to try, and what an application of one's own needs to know.
pub(super) async fn show(State(demo): State<DemoState>) -> Response {
    let people: Vec<Value> = people::shown()
        .into_iter()
        .map(|person| json!({ "uid": person.uid, "name": person.name, "number": person.number }))
        .collect();
    let context = json!({
        "phone_link": "/demo/phone",
        "client_link": "/demo",
        "password": PASSWORD,
        "people": people,
        "facts": facts(&demo),
    });
    demo.pages()
        .render("demo/index.xhtml", StatusCode::OK, context)
}

fn facts(demo: &DemoState) -> Value {
    let discovery = demo.issuer().join("/.well-known/openid-configuration");
    json!([
        { "name": "Issuer", "value": demo.issuer().to_string(), "href": null },
        { "name": "Discovery", "value": discovery, "href": discovery },
        { "name": "Client", "value": CLIENT_ID, "href": null },
        { "name": "Passcode service", "value": demo.passcode_service(), "href": null },
    ])
}
