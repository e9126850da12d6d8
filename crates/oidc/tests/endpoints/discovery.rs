use http::{Request, StatusCode};
use serde_json::json;

use crate::TestApp;

#[tokio::test]
async fn discovery_says_what_is_there_now() {
    let app = TestApp::start().await;
    let answer = app.get("/.well-known/openid-configuration").await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.header("content-type"), "application/json");
    assert_eq!(answer.header("cache-control"), "no-store");
    let document = answer.json();
    assert_eq!(document["issuer"], "https://id.example");
    assert_eq!(
        document["authorization_endpoint"],
        "https://id.example/oxauth/restv1/authorize"
    );
    assert_eq!(
        document["acr_values_supported"],
        json!(["simple_password_auth"])
    );
    assert_eq!(
        document["auth_level_mapping"],
        json!({ "-1": ["simple_password_auth"] })
    );
    assert_eq!(
        document["id_token_signing_alg_values_supported"],
        json!(["RS256", "ES256", "EdDSA"])
    );
    assert_eq!(
        document["code_challenge_methods_supported"],
        json!(["S256"])
    );
    assert_eq!(
        document["authorization_response_iss_parameter_supported"],
        true
    );
}

#[tokio::test]
async fn keys_are_published_with_their_algorithms_and_survive_a_rotation() {
    let app = TestApp::start().await;
    let before = app.get("/oxauth/restv1/jwks").await.json();
    assert_eq!(before["keys"].as_array().unwrap().len(), 3);
    let flow = app.provider.flow();
    let made = sallyport_oidc::rotate_keys(flow.store(), flow.vault(), app.clock.now())
        .await
        .unwrap();
    let after = app.get("/oxauth/restv1/jwks").await.json();
    let after = after["keys"].as_array().unwrap();
    assert_eq!(after.len(), 6);
    for key in before["keys"].as_array().unwrap() {
        assert!(after.contains(key), "an old key is gone");
    }
    for kid in made {
        assert!(after.iter().any(|key| key["kid"] == json!(kid)));
    }
}

#[tokio::test]
async fn pages_of_other_origins_may_read_what_needs_no_cookie() {
    let app = TestApp::start().await;
    for (path, allowed) in [
        ("/.well-known/openid-configuration", true),
        ("/oxauth/restv1/jwks", true),
        ("/oxauth/restv1/token", true),
        ("/oxauth/restv1/userinfo", true),
        ("/oxauth/restv1/revoke", true),
        ("/oxauth/restv1/introspection", false),
        ("/oxauth/restv1/authorize", false),
        ("/oxauth/restv1/end_session", false),
    ] {
        let answer = app
            .send(Request::options(path), axum::body::Body::empty())
            .await;
        let origin = answer.header("access-control-allow-origin");
        assert_eq!(origin, if allowed { "*" } else { "" }, "{path}");
        assert_eq!(answer.status == StatusCode::NO_CONTENT, allowed, "{path}");
        assert_eq!(answer.header("access-control-allow-credentials"), "");
    }
}
