use http::{Request, StatusCode, header};
use sallyport_oidc::{Algorithm, AuthMethod};
use serde_json::{Value, json};

use crate::{
    CALLBACK, TestApp, VERIFIER,
    app::{claims, encoded},
};

const TOKEN: &str = "/oxauth/restv1/token";
const INTROSPECTION: &str = "/oxauth/restv1/introspection";
const REVOKE: &str = "/oxauth/restv1/revoke";

#[tokio::test]
async fn an_id_token_tells_who_signed_in_when_and_how() {
    let app = TestApp::start().await;
    let secret = app
        .client("rp", AuthMethod::ClientSecretBasic)
        .await
        .unwrap();
    let tokens = app.tokens("rp", &secret, &[("nonce", "n-1")]).await;
    let now = app.clock.now().as_seconds();
    let id_token = claims(&tokens["id_token"]);
    assert_eq!(tokens["token_type"], "Bearer");
    assert_eq!(tokens["expires_in"], 300);
    assert_eq!(tokens["scope"], "openid email");
    assert_eq!(id_token["iss"], "https://id.example");
    assert_eq!(id_token["aud"], "rp");
    assert_eq!(id_token["nonce"], "n-1");
    assert_eq!(id_token["iat"], now);
    assert_eq!(id_token["exp"], now + 3600);
    assert_eq!(id_token["auth_time"], now);
    assert_eq!(id_token["acr"], "simple_password_auth");
    assert_eq!(id_token["amr"][0], "-1");
    assert!(id_token["sid"].is_string());
    let access_token = tokens["access_token"].as_str().unwrap();
    assert_eq!(
        id_token["at_hash"],
        Algorithm::Rs256.half_hash(access_token)
    );
    let userinfo = app.userinfo(access_token).await.json();
    assert_eq!(
        userinfo,
        json!({ "sub": id_token["sub"], "email": "alice@example.com", "email_verified": false })
    );
}

#[tokio::test]
async fn another_library_verifies_the_id_token_of_each_algorithm() {
    let app = TestApp::start().await;
    for algorithm in Algorithm::ALL {
        let id = algorithm.name();
        let secret = app
            .registered(id, |registration| {
                registration.id_token_signed_response_alg = algorithm;
                registration.trusted = true;
            })
            .await
            .unwrap();
        let tokens = app.tokens(id, &secret, &[]).await;
        let text = tokens["id_token"].as_str().unwrap();
        let header = jsonwebtoken::decode_header(text).unwrap();
        let keys: jsonwebtoken::jwk::JwkSet =
            serde_json::from_value(app.get("/oxauth/restv1/jwks").await.json()).unwrap();
        let key = keys.find(header.kid.as_deref().unwrap()).unwrap();
        let mut validation = jsonwebtoken::Validation::new(header.alg);
        validation.set_audience(&[id]);
        validation.set_issuer(&["https://id.example"]);
        let key = jsonwebtoken::DecodingKey::from_jwk(key).unwrap();
        jsonwebtoken::decode::<Value>(text, &key, &validation).unwrap();
    }
}

#[tokio::test]
async fn tokens_are_refreshed_and_the_old_ones_end() {
    let app = TestApp::start().await;
    let secret = app
        .client("rp", AuthMethod::ClientSecretBasic)
        .await
        .unwrap();
    let first = app.tokens("rp", &secret, &[("nonce", "n-1")]).await;
    app.wait(1000);
    let refresh = |token: String| {
        let (app, secret) = (&app, &secret);
        async move {
            let form = [
                ("grant_type", "refresh_token"),
                ("refresh_token", token.as_str()),
            ];
            app.call(TOKEN, Some(("rp", secret)), &form).await
        }
    };
    let old = first["refresh_token"].as_str().unwrap().to_owned();
    let second = refresh(old.clone()).await.json();
    let (before, after) = (claims(&first["id_token"]), claims(&second["id_token"]));
    assert_eq!(before["auth_time"], after["auth_time"]);
    assert_eq!(before["sub"], after["sub"]);
    assert_eq!(after["nonce"], Value::Null);
    let access_token = second["access_token"].as_str().unwrap();
    assert_eq!(app.userinfo(access_token).await.status, StatusCode::OK);

    assert_eq!(refresh(old).await.json()["error"], "invalid_grant");
    let newest = second["refresh_token"].as_str().unwrap().to_owned();
    assert_eq!(refresh(newest).await.json()["error"], "invalid_grant");
    assert_eq!(
        app.userinfo(access_token).await.status,
        StatusCode::UNAUTHORIZED
    );
}

#[tokio::test]
async fn the_token_endpoint_answers_in_the_words_of_rfc_6749() {
    let app = TestApp::start().await;
    let secret = app
        .client("rp", AuthMethod::ClientSecretBasic)
        .await
        .unwrap();
    app.client("public", AuthMethod::None).await;
    let right = Some(("rp", secret.as_str()));
    let code = |more: &[(&'static str, &'static str)]| {
        let mut form = vec![("grant_type", "authorization_code"), ("code", "x")];
        form.extend(more);
        form
    };
    for (credentials, form, status, error) in [
        (right, vec![], 400, "invalid_request"),
        (
            right,
            vec![("grant_type", "password")],
            400,
            "unsupported_grant_type",
        ),
        (right, code(&[]), 400, "invalid_grant"),
        (right, code(&[("code", "y")]), 400, "invalid_request"),
        (
            right,
            code(&[("client_secret", "x")]),
            400,
            "invalid_request",
        ),
        (Some(("rp", "wrong")), code(&[]), 401, "invalid_client"),
        (Some(("nobody", "x")), code(&[]), 401, "invalid_client"),
        (Some(("public", "x")), code(&[]), 401, "invalid_client"),
        (None, code(&[]), 401, "invalid_client"),
        (None, code(&[("client_id", "rp")]), 401, "invalid_client"),
        (
            None,
            code(&[("client_id", "rp"), ("client_secret", "x")]),
            401,
            "invalid_client",
        ),
        (None, code(&[("client_id", "public")]), 400, "invalid_grant"),
    ] {
        let answer = app.call(TOKEN, credentials, &form).await;
        assert_eq!(answer.status.as_u16(), status, "{form:?}");
        assert_eq!(answer.json()["error"], error, "{form:?}");
        assert_eq!(answer.header("cache-control"), "no-store");
        assert_eq!(answer.header("pragma"), "no-cache");
        let asks_for_basic = answer.header("www-authenticate").starts_with("Basic ");
        assert_eq!(
            asks_for_basic,
            status == 401 && credentials.is_some(),
            "{form:?}"
        );
    }
}

#[tokio::test]
async fn what_is_not_a_form_is_refused_in_json() {
    let app = TestApp::start().await;
    for (kind, body, status) in [
        ("application/json", b"{}".to_vec(), 400),
        (
            "application/x-www-form-urlencoded",
            b"code=%ff".to_vec(),
            400,
        ),
        ("application/x-www-form-urlencoded", vec![b'a'; 70_000], 413),
    ] {
        for path in [TOKEN, INTROSPECTION, REVOKE] {
            let request = Request::post(path).header(header::CONTENT_TYPE, kind);
            let answer = app.send(request, body.clone().into()).await;
            assert_eq!(answer.status.as_u16(), status, "{path} {kind}");
            assert_eq!(answer.json()["error"], "invalid_request");
        }
    }
}

#[tokio::test]
async fn a_code_of_somebody_who_was_deactivated_is_worth_nothing() {
    let app = TestApp::start().await;
    let secret = app
        .client("rp", AuthMethod::ClientSecretBasic)
        .await
        .unwrap();
    let access = app.tokens("rp", &secret, &[]).await;
    let code = app.authorize("rp", &[]).await.query("code").unwrap();
    let people = app.provider.flow().people();
    let alice = people.find_by_uid("alice").await.unwrap().unwrap();
    let changes = [("gluuStatus".to_owned(), vec!["inactive".to_owned()])].into();
    people
        .change(alice.id, &changes, app.clock.now())
        .await
        .unwrap();
    assert_eq!(
        app.redeem("rp", &secret, &code).await.json()["error"],
        "invalid_grant"
    );
    let access = access["access_token"].as_str().unwrap();
    assert_eq!(app.userinfo(access).await.status, StatusCode::UNAUTHORIZED);
    let silent = app.authorize("rp", &[("prompt", "none")]).await;
    assert_eq!(silent.query("error").as_deref(), Some("login_required"));
}

#[tokio::test]
async fn userinfo_is_asked_in_three_ways() {
    let app = TestApp::start().await;
    let secret = app
        .client("rp", AuthMethod::ClientSecretBasic)
        .await
        .unwrap();
    let tokens = app.tokens("rp", &secret, &[]).await;
    let token = tokens["access_token"].as_str().unwrap();
    let in_header = app.userinfo(token).await;
    let posted = app
        .send(
            Request::post("/oxauth/restv1/userinfo")
                .header(header::AUTHORIZATION, format!("Bearer {token}")),
            axum::body::Body::empty(),
        )
        .await;
    let in_form = app
        .call("/oxauth/restv1/userinfo", None, &[("access_token", token)])
        .await;
    for answer in [&in_header, &posted, &in_form] {
        assert_eq!(answer.status, StatusCode::OK);
        assert_eq!(answer.json()["email"], "alice@example.com");
    }
    let in_query = app
        .get(&format!(
            "/oxauth/restv1/userinfo?{}",
            encoded(&[("access_token", token)])
        ))
        .await;
    assert_eq!(in_query.status, StatusCode::UNAUTHORIZED);
    assert_eq!(
        in_query.header("www-authenticate"),
        "Bearer realm=\"sallyport\""
    );
    app.wait(300);
    let expired = app.userinfo(token).await;
    assert_eq!(expired.status, StatusCode::UNAUTHORIZED);
    assert!(
        expired
            .header("www-authenticate")
            .contains("error=\"invalid_token\"")
    );
}

#[tokio::test]
async fn a_client_learns_of_its_own_tokens_only() {
    let app = TestApp::start().await;
    let secret = app
        .client("rp", AuthMethod::ClientSecretBasic)
        .await
        .unwrap();
    let other = app
        .client("other", AuthMethod::ClientSecretBasic)
        .await
        .unwrap();
    app.client("public", AuthMethod::None).await;
    let tokens = app.tokens("rp", &secret, &[]).await;
    for kind in ["access_token", "refresh_token"] {
        let form = [("token", tokens[kind].as_str().unwrap())];
        let own = app
            .call(INTROSPECTION, Some(("rp", &secret)), &form)
            .await
            .json();
        assert_eq!(own["active"], true, "{kind}");
        assert_eq!(own["username"], "alice");
        assert_eq!(own["client_id"], "rp");
        assert_eq!(own["scope"], "openid email");
        let foreign = app
            .call(INTROSPECTION, Some(("other", &other)), &form)
            .await
            .json();
        assert_eq!(foreign, json!({ "active": false }));
    }
    let unknown = [("token", "unknown")];
    let answer = app
        .call(INTROSPECTION, Some(("rp", &secret)), &unknown)
        .await
        .json();
    assert_eq!(answer, json!({ "active": false }));
    let form = [("token", "x"), ("client_id", "public")];
    let public = app.call(INTROSPECTION, None, &form).await;
    assert_eq!(public.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_revoked_refresh_token_ends_all_and_a_foreign_one_nothing() {
    let app = TestApp::start().await;
    let secret = app
        .client("rp", AuthMethod::ClientSecretBasic)
        .await
        .unwrap();
    let other = app
        .client("other", AuthMethod::ClientSecretBasic)
        .await
        .unwrap();
    let tokens = app.tokens("rp", &secret, &[]).await;
    let access = tokens["access_token"].as_str().unwrap();
    let form = [
        ("token", tokens["refresh_token"].as_str().unwrap()),
        ("token_type_hint", "access_token"),
    ];
    let foreign = app.call(REVOKE, Some(("other", &other)), &form).await;
    assert_eq!(foreign.status, StatusCode::OK);
    assert_eq!(app.userinfo(access).await.status, StatusCode::OK);
    let own = app.call(REVOKE, Some(("rp", &secret)), &form).await;
    assert_eq!((own.status, own.body.as_str()), (StatusCode::OK, ""));
    assert_eq!(app.userinfo(access).await.status, StatusCode::UNAUTHORIZED);
    let missing = app.call(REVOKE, Some(("rp", &secret)), &[]).await;
    assert_eq!(missing.json()["error"], "invalid_request");
}

#[tokio::test]
async fn a_public_client_and_one_with_the_secret_in_the_body_sign_people_in() {
    let app = TestApp::start().await;
    app.client("public", AuthMethod::None).await;
    let secret = app
        .client("post", AuthMethod::ClientSecretPost)
        .await
        .unwrap();
    for (id, credentials) in [("public", None), ("post", Some(secret.as_str()))] {
        let code = app.authorize(id, &[]).await.query("code").unwrap();
        let mut form = vec![
            ("grant_type", "authorization_code"),
            ("code", &code),
            ("redirect_uri", CALLBACK),
            ("code_verifier", VERIFIER),
            ("client_id", id),
        ];
        form.extend(credentials.map(|secret| ("client_secret", secret)));
        let answer = app.call(TOKEN, None, &form).await;
        assert_eq!(claims(&answer.json()["id_token"])["aud"], id);
    }
}
