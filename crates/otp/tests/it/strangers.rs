use axum::body::Body;
use http::{Method, Request};

use crate::app::App;

#[tokio::test]
async fn every_route_refuses_strangers_but_the_public_keys() {
    let app = App::start().await;
    let mut public = Vec::new();
    for path in sallyport_otp::paths() {
        let address = path
            .replace("{project_id}", &app.project.id)
            .replace(
                "{user_id}",
                "user-test-00000000-0000-4000-8000-000000000000",
            )
            .replace(
                "{email_id}",
                "email-test-00000000-0000-4000-8000-000000000000",
            )
            .replace(
                "{phone_id}",
                "phone-number-test-00000000-0000-4000-8000-000000000000",
            );
        for method in [
            Method::GET,
            Method::POST,
            Method::PUT,
            Method::PATCH,
            Method::DELETE,
        ] {
            let request = Request::builder()
                .method(method.clone())
                .uri(&address)
                .body(Body::from("{}"))
                .unwrap();
            match app.call(request).await.refusal() {
                (401, "unauthorized_credentials") | (405, "method_not_allowed") => {}
                (200, _) => public.push((method, path)),
                other => panic!("{method} {path} answered {other:?}"),
            }
        }
    }
    assert_eq!(public, [(Method::GET, "/v1/sessions/jwks/{project_id}")]);
}
