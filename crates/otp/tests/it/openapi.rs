use axum::body::Body;
use http::{Method, Request, StatusCode, header};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::app::{ALICE, App};

async fn document(app: &App) -> Value {
    let request = Request::get("/openapi.json").body(Body::empty()).unwrap();
    let answer = app.router.clone().oneshot(request).await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(answer.headers()[header::CONTENT_TYPE], "application/json");
    let bytes = answer.into_body().collect().await.unwrap().to_bytes();
    serde_json::from_slice(&bytes).unwrap()
}

#[tokio::test]
async fn the_document_names_every_address_with_its_methods() {
    let app = App::start().await;
    let document = document(&app).await;
    assert_eq!(document["openapi"], "3.1.0");
    let paths = document["paths"].as_object().unwrap();
    let mut named: Vec<&str> = paths.keys().map(String::as_str).collect();
    named.sort_unstable();
    assert_eq!(named, sallyport_otp::paths());
    for (path, calls) in paths {
        let path = path.replace(['{', '}'], "");
        for method in [Method::GET, Method::POST, Method::PUT, Method::DELETE] {
            let is_described = calls.get(method.as_str().to_lowercase()).is_some();
            let answer = app.call(app.request(method.clone(), &path, "{}")).await;
            assert_eq!(answer.status != 405, is_described, "{method} {path}");
        }
    }
}

#[tokio::test]
async fn the_document_says_what_may_have_become_of_a_message() {
    let app = App::start().await;
    let document = document(&app).await;
    let call = &document["paths"]["/sallyport/v1/deliveries/{method_id}"]["get"];
    let answer = &call["responses"]["200"]["content"]["application/json"]["schema"];
    let (method_id, _) = app.sent(ALICE).await;
    let path = format!("/sallyport/v1/deliveries/{method_id}");
    let answered = app.get(&path).await.ok().body;
    let fields = |object: &Value| -> Vec<String> {
        let object = object.as_object().unwrap();
        object.keys().cloned().collect()
    };
    assert_eq!(fields(&answer["properties"]), fields(&answered));
    let states = &answer["properties"]["state"]["enum"];
    assert_eq!(*states, json!(["queued", "sent", "delivered", "failed"]));
    assert!(states.as_array().unwrap().contains(&answered["state"]));
    assert!(call["responses"]["404"].is_object());
}
