use std::time::Duration;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use futures_util::future::join_all;
use sallyport_base::params;
use serde_json::{Value, json};

use crate::app::{ALICE, Answer, App, BRUNO, another};

const AUTHENTICATE: &str = "/v1/sessions/authenticate";

async fn signed_in(app: &App, number: &str) -> Answer {
    let (method_id, code) = app.sent(number).await;
    let body = json!({
        "method_id": method_id,
        "code": code,
        "session_duration_minutes": 60,
        "session_custom_claims": { "plan": "free", "sub": "somebody-else" },
        "attributes": { "ip_address": "192.0.2.7", "user_agent": "Lynx" },
    });
    app.post("/v1/otps/authenticate", body).await.ok()
}

#[tokio::test]
async fn a_session_is_opened_when_a_duration_is_asked_for() {
    let app = App::start().await;
    let answer = signed_in(&app, ALICE).await;
    let session = &answer.body["session"];
    assert_eq!(session["user_id"], answer.body["user_id"]);
    assert_eq!(session["expires_at"], "2026-11-24T10:30:00Z");
    assert_eq!(
        session["attributes"],
        json!({ "ip_address": "192.0.2.7", "user_agent": "Lynx" })
    );
    assert_eq!(session["custom_claims"], json!({ "plan": "free" }));
    let factor = &session["authentication_factors"][0];
    assert_eq!(
        (&factor["type"], &factor["delivery_method"]),
        (&json!("otp"), &json!("sms"))
    );
    assert_eq!(
        factor["phone_number_factor"]["phone_id"],
        answer.body["method_id"]
    );
    assert_eq!(answer.text("session_token").len(), 43);
}

#[tokio::test]
async fn a_session_jwt_is_verified_with_the_public_keys() {
    let app = App::start().await;
    let answer = signed_in(&app, ALICE).await;
    let keys = app
        .get(&format!("/v1/sessions/jwks/{}", app.project.id))
        .await
        .ok();
    let claims = claims(&app, &keys.body, &answer.text("session_jwt"));
    assert_eq!(claims["iss"], format!("stytch.com/{}", app.project.id));
    assert_eq!(claims["sub"], answer.body["user_id"]);
    assert_eq!(
        claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(),
        300
    );
    assert_eq!(claims["plan"], "free");
    let session = &claims["https://stytch.com/session"];
    assert_eq!(session["id"], answer.body["session"]["session_id"]);
    assert_eq!(session["roles"], json!([]));
}

fn claims(app: &App, keys: &Value, jwt: &str) -> Value {
    let set: jsonwebtoken::jwk::JwkSet = serde_json::from_value(keys.clone()).unwrap();
    let header = jsonwebtoken::decode_header(jwt).unwrap();
    let key = set.find(&header.kid.unwrap()).unwrap();
    let key = jsonwebtoken::DecodingKey::from_jwk(key).unwrap();
    let mut validation = jsonwebtoken::Validation::new(jsonwebtoken::Algorithm::RS256);
    validation.validate_exp = false;
    validation.set_audience(&[&*app.project.id]);
    jsonwebtoken::decode::<Value>(jwt, &key, &validation)
        .unwrap()
        .claims
}

#[tokio::test]
async fn the_public_keys_stay_the_same_and_hold_no_secret() {
    let app = App::start().await;
    let path = format!("/v1/sessions/jwks/{}", app.project.id);
    let first = app.get(&path).await.ok();
    assert_eq!(first.headers["cache-control"], "public, max-age=300");
    let [key] = first.body["keys"].as_array().unwrap().as_slice() else {
        panic!("one key was expected: {}", first.body);
    };
    let mut names: Vec<&str> = key
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    names.sort_unstable();
    assert_eq!(
        names,
        [
            "alg", "e", "key_ops", "kid", "kty", "n", "use", "x5c", "x5t#S256", "x5tS256"
        ]
    );
    assert_eq!(app.get(&path).await.ok().body["keys"], first.body["keys"]);
}

#[tokio::test]
async fn a_session_answers_to_its_token_and_to_an_expired_jwt() {
    let app = App::start().await;
    let opened = signed_in(&app, ALICE).await;
    app.wait(600);
    for proof in ["session_token", "session_jwt"] {
        let answer = app
            .post(AUTHENTICATE, json!({ proof: opened.text(proof) }))
            .await
            .ok();
        assert_eq!(answer.text("session_token"), opened.text("session_token"));
        assert_ne!(answer.text("session_jwt"), opened.text("session_jwt"));
        assert_eq!(
            answer.body["session"]["last_accessed_at"],
            "2026-11-24T09:40:00Z"
        );
        assert_eq!(answer.body["session"]["expires_at"], "2026-11-24T10:30:00Z");
        assert_eq!(answer.body["user"]["user_id"], opened.body["user_id"]);
    }
    let body = json!({
        "session_token": opened.text("session_token"),
        "session_duration_minutes": 60,
        "session_custom_claims": { "plan": null, "tier": 2 },
    });
    let extended = app.post(AUTHENTICATE, body).await.ok();
    assert_eq!(
        extended.body["session"]["expires_at"],
        "2026-11-24T10:40:00Z"
    );
    assert_eq!(
        extended.body["session"]["custom_claims"],
        json!({ "tier": 2 })
    );
    app.wait(3600);
    let body = json!({ "session_token": opened.text("session_token") });
    assert_eq!(
        app.post(AUTHENTICATE, body).await.refusal(),
        (404, "session_not_found")
    );
}

#[tokio::test]
async fn a_revoked_session_is_gone() {
    for by in ["session_token", "session_jwt", "session_id"] {
        let app = App::start().await;
        let opened = signed_in(&app, ALICE).await;
        let value = match by {
            "session_id" => opened.body["session"]["session_id"].clone(),
            _ => opened.body[by].clone(),
        };
        app.post("/v1/sessions/revoke", json!({ by: value }))
            .await
            .ok();
        let body = json!({ "session_jwt": opened.text("session_jwt") });
        assert_eq!(
            app.post(AUTHENTICATE, body).await.refusal(),
            (404, "session_not_found")
        );
    }
}

/// A request that comes while the session is being revoked waits for that, and then finds no session.
async fn is_refused_while_revoked(app: &App, path: &str, body: Value) {
    let mut revoking = app.scratch.store.begin().await.unwrap();
    let sql = "DELETE FROM otp_sessions";
    assert_eq!(revoking.execute(sql, params![]).await.unwrap(), 1);
    let request = app.post(path, body);
    tokio::pin!(request);
    let early = tokio::time::timeout(Duration::from_millis(300), &mut request).await;
    assert!(early.is_err(), "it waits: {early:?}");
    let (answer, revoked) = tokio::join!(request, revoking.commit());
    revoked.unwrap();
    assert_eq!(answer.refusal(), (404, "session_not_found"));
    let mut reader = app.scratch.store.reader().await.unwrap();
    let left = reader.rows("SELECT * FROM otp_sessions", params![]).await;
    assert_eq!(left.unwrap().len(), 0);
}

#[tokio::test]
async fn a_session_that_is_revoked_while_it_is_used_stays_revoked() {
    let app = App::start().await;
    let opened = signed_in(&app, ALICE).await;
    let body = json!({ "session_token": opened.text("session_token") });
    is_refused_while_revoked(&app, AUTHENTICATE, body).await;
}

#[tokio::test]
async fn a_session_that_is_revoked_while_it_is_strengthened_stays_revoked() {
    let app = App::start().await;
    let opened = signed_in(&app, ALICE).await;
    let (method_id, code) = app.sent(ALICE).await;
    let body = json!({
        "method_id": method_id,
        "code": code,
        "session_token": opened.text("session_token"),
    });
    is_refused_while_revoked(&app, "/v1/otps/authenticate", body).await;
    app.authenticate(&method_id, &code).await.ok();
}

#[tokio::test]
async fn a_session_is_named_in_exactly_one_way() {
    let app = App::start().await;
    let both = json!({ "session_token": "a", "session_jwt": "b" });
    for (path, what) in [
        (AUTHENTICATE, "session_arguments"),
        ("/v1/sessions/revoke", "session_revoke_arguments"),
    ] {
        let none = app.post(path, json!({})).await;
        assert_eq!(none.refusal(), (400, format!("no_{what}").as_str()));
        let answer = app.post(path, both.clone()).await;
        assert_eq!(answer.refusal(), (400, format!("too_many_{what}").as_str()));
    }
}

#[tokio::test]
async fn a_second_phone_strengthens_the_session_it_is_shown_with() {
    let app = App::start().await;
    let opened = signed_in(&app, ALICE).await;
    let token = opened.text("session_token");
    let body = json!({ "phone_number": BRUNO, "session_token": token });
    let added = app.post("/v1/otps/sms/send", body).await.ok();
    let body = json!({
        "method_id": added.text("phone_id"),
        "code": app.code().await,
        "session_token": token,
    });
    let answer = app.post("/v1/otps/authenticate", body).await.ok();
    assert_eq!(answer.text("session_token"), token);
    let factors = answer.body["session"]["authentication_factors"]
        .as_array()
        .unwrap();
    assert_eq!(factors.len(), 2);
}

#[tokio::test]
async fn a_session_of_somebody_else_is_not_strengthened_and_costs_no_code() {
    let app = App::start().await;
    let alice = signed_in(&app, ALICE).await;
    let (method_id, code) = app.sent(BRUNO).await;
    let body = json!({
        "method_id": method_id,
        "code": code,
        "session_token": alice.text("session_token"),
    });
    let answer = app.post("/v1/otps/authenticate", body).await;
    assert_eq!(answer.refusal(), (404, "session_not_found"));
    app.authenticate(&method_id, &code).await.ok();
}

#[tokio::test]
async fn a_deleted_user_has_no_sessions() {
    let app = App::start().await;
    let opened = signed_in(&app, ALICE).await;
    app.delete(&format!("/v1/users/{}", opened.text("user_id")))
        .await
        .ok();
    let body = json!({ "session_token": opened.text("session_token") });
    assert_eq!(
        app.post(AUTHENTICATE, body).await.refusal(),
        (404, "session_not_found")
    );
}

#[tokio::test]
async fn custom_claims_have_a_size() {
    let app = App::start().await;
    let (method_id, code) = app.sent(ALICE).await;
    let body = json!({
        "method_id": method_id,
        "code": code,
        "session_duration_minutes": 60,
        "session_custom_claims": { "story": "x".repeat(5000) },
    });
    let mut wrong = body.clone();
    wrong["code"] = json!(another(&code));
    for _ in 0..5 {
        let answer = app.post("/v1/otps/authenticate", wrong.clone()).await;
        assert_eq!(answer.refusal(), (400, "custom_claims_too_large"));
    }
    let answer = app.post("/v1/otps/authenticate", body).await;
    assert_eq!(answer.refusal(), (400, "custom_claims_too_large"));
    app.authenticate(&method_id, &code).await.ok();
}

#[tokio::test]
async fn the_roles_of_a_user_are_those_of_the_session() {
    let app = App::start().await;
    let body = json!({ "phone_number": ALICE, "roles": ["buyer", "seller"] });
    app.post("/v1/users", body).await.ok();
    let opened = signed_in(&app, ALICE).await;
    let roles = json!(["buyer", "seller"]);
    assert_eq!(opened.body["session"]["roles"], roles);
    let keys = app
        .get(&format!("/v1/sessions/jwks/{}", app.project.id))
        .await
        .ok();
    let claims = claims(&app, &keys.body, &opened.text("session_jwt"));
    assert_eq!(claims["https://stytch.com/session"]["roles"], roles);
}

#[tokio::test]
async fn to_revoke_what_is_not_there_succeeds_and_what_is_no_id_is_named() {
    let app = App::start().await;
    let nobody = "session-test-00000000-0000-4000-8000-000000000000";
    for body in [
        json!({ "session_token": "unknown" }),
        json!({ "session_jwt": "a.b.c" }),
        json!({ "session_id": nobody }),
    ] {
        app.post("/v1/sessions/revoke", body).await.ok();
    }
    let answer = app
        .post("/v1/sessions/revoke", json!({ "session_id": "bad" }))
        .await;
    assert_eq!(answer.refusal(), (400, "invalid_session_id"));
}

#[tokio::test]
async fn a_forged_jwt_names_no_session() {
    let app = App::start().await;
    let opened = signed_in(&app, ALICE).await;
    let jwt = opened.text("session_jwt");
    let parts: Vec<&str> = jwt.split('.').collect();
    let header = |json: Value| BASE64_URL_SAFE_NO_PAD.encode(json.to_string());
    let unsigned = header(json!({ "alg": "none", "typ": "JWT" }));
    let symmetric = header(json!({ "alg": "HS256", "kid": "jwk-test-\u{0}" }));
    for forged in [
        format!("{}.{}.", parts[0], parts[1]),
        format!("{unsigned}.{}.", parts[1]),
        format!("{symmetric}.{}.{}", parts[1], parts[2]),
        format!(
            "{}.{}.{}",
            parts[0],
            parts[1],
            parts[2].replace(&parts[2][..4], "AAAA")
        ),
    ] {
        let answer = app
            .post(AUTHENTICATE, json!({ "session_jwt": forged }))
            .await;
        assert_eq!(answer.refusal(), (404, "session_not_found"));
    }
}

#[tokio::test]
async fn a_test_project_has_a_session_by_the_token_that_stytch_documents() {
    let app = App::start().await;
    let token = "WJtR5BCy38Szd5AfoDpf0iqFKEt4EE5JhjlWUY7l3FtY";
    let body = json!({ "session_token": token });
    let answer = app.post(AUTHENTICATE, body.clone()).await.ok();
    assert_eq!(answer.text("session_token"), token);
    assert_eq!(
        answer.body["user"]["phone_numbers"][0]["phone_number"],
        "+10000000000"
    );
    let factor = &answer.body["session"]["authentication_factors"][0];
    assert_eq!(factor["delivery_method"], "sms");
    let keys = app
        .get(&format!("/v1/sessions/jwks/{}", app.project.id))
        .await
        .ok();
    let claims = claims(&app, &keys.body, &answer.text("session_jwt"));
    assert_eq!(claims["sub"], answer.body["user"]["user_id"]);
    let refused = json!({ "session_token": "59cnLELtq5cFVS6uYK9f-pAWzBkhqZl8AvLhbhOvKNWw" });
    let answer = app.post(AUTHENTICATE, refused).await;
    assert_eq!(answer.refusal(), (404, "session_not_found"));

    let (project, secret) = app.create_project(sallyport_otp::Environment::Live).await;
    let live = App {
        project,
        secret,
        ..app
    };
    let answer = live.post(AUTHENTICATE, body).await;
    assert_eq!(answer.refusal(), (404, "session_not_found"));
}

#[tokio::test]
async fn a_signing_key_is_opened_once_until_the_service_tidies_up() {
    let app = App::start().await;
    let token = signed_in(&app, ALICE).await.text("session_token");
    let show_it = async || {
        app.post(AUTHENTICATE, json!({ "session_token": token }))
            .await
    };
    let mut tx = app.scratch.store.begin().await.unwrap();
    let sql = "UPDATE otp_signing_keys SET sealed_pem = 'nothing that opens'";
    assert_eq!(tx.execute(sql, &[]).await.unwrap(), 1);
    tx.commit().await.unwrap();
    show_it().await.ok();
    app.otp.purge(app.clock.now()).await.unwrap();
    assert_eq!(show_it().await.status, 500);
}

/// On SQLite one change waits for the other anyway.
#[tokio::test]
async fn of_changes_to_a_session_at_once_none_is_lost() {
    let app = App::start().await;
    let token = signed_in(&app, ALICE).await.text("session_token");
    let mut calls = Vec::new();
    for n in 0..3 {
        let body = json!({ "phone_number": format!("+1202555017{n}"), "session_token": token });
        let added = app.post("/v1/otps/sms/send", body).await.ok();
        let body = json!({
            "method_id": added.text("phone_id"),
            "code": app.code().await,
            "session_token": token,
        });
        calls.push(("/v1/otps/authenticate", body));
    }
    for n in 0..10 {
        let claims = json!({ format!("claim {n}"): n, "plan": null });
        let body = json!({ "session_token": token, "session_custom_claims": claims });
        calls.push((AUTHENTICATE, body));
    }
    let calls = calls.into_iter().map(|(path, body)| app.post(path, body));
    for answer in join_all(calls).await {
        answer.ok();
    }
    let answer = app.post(AUTHENTICATE, json!({ "session_token": token }));
    let session = &answer.await.ok().body["session"];
    assert_eq!(
        session["authentication_factors"].as_array().unwrap().len(),
        4
    );
    let claims = session["custom_claims"].as_object().unwrap();
    assert_eq!(claims.len(), 10, "{claims:?}");
    assert!(!claims.contains_key("plan"));
}
