use axum::body::Body;
use http::{Method, Request, StatusCode, header};
use http_body_util::BodyExt;
use serde_json::Value;
use tower::ServiceExt;

use crate::app::App;

#[tokio::test]
async fn the_document_names_every_address_with_its_methods() {
    let app = App::start().await;
    let request = Request::get("/openapi.json").body(Body::empty()).unwrap();
    let answer = app.router.clone().oneshot(request).await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(answer.headers()[header::CONTENT_TYPE], "application/json");
    let bytes = answer.into_body().collect().await.unwrap().to_bytes();
    let document: Value = serde_json::from_slice(&bytes).unwrap();
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
