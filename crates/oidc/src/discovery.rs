//! What clients and administrators read to know what this server can do.

use std::collections::BTreeMap;

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use sallyport_flow::Acr;
use serde_json::{Value, json};

use crate::{
    Provider,
    authorize::Prompt,
    claims,
    client::{AuthMethod, GrantType},
    error,
    jose::Algorithm,
    routes,
    scope::Scope,
};

/// OpenID Connect Discovery 1.0 §3 and RFC 8414 §2, as it is at this moment: a login method that an
/// administrator enables is there at once, so nobody may cache it.
pub(crate) async fn discovery(State(provider): State<Provider>) -> Response {
    match provider.flow().acrs().await {
        Ok(acrs) => (error::never_stored(), Json(document(&provider, &acrs))).into_response(),
        Err(error) => error::ClientRefusal::from(error).into_response(),
    }
}

/// RFC 7517 §5. A client that meets a new key in a token asks again, and must not be answered by a
/// cache in between.
pub(crate) async fn jwks(State(provider): State<Provider>) -> Response {
    match provider.keys().jwk_set().await {
        Ok(keys) => (error::never_stored(), Json(keys)).into_response(),
        Err(error) => error::ClientRefusal::from(error).into_response(),
    }
}

fn document(provider: &Provider, acrs: &[Acr]) -> Value {
    let issuer = provider.flow().issuer();
    let client_authentication = AuthMethod::ALL.map(AuthMethod::name);
    json!({
        "issuer": issuer.to_string(),
        "authorization_endpoint": issuer.join(routes::AUTHORIZE),
        "token_endpoint": issuer.join(routes::TOKEN),
        "userinfo_endpoint": issuer.join(routes::USERINFO),
        "jwks_uri": issuer.join(routes::JWKS),
        "revocation_endpoint": issuer.join(routes::REVOKE),
        "introspection_endpoint": issuer.join(routes::INTROSPECTION),
        "end_session_endpoint": issuer.join(routes::END_SESSION),
        "scopes_supported": Scope::ALL.map(Scope::name),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": GrantType::ALL.map(GrantType::name),
        "acr_values_supported": names(acrs),
        "auth_level_mapping": levels(acrs),
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": Algorithm::ALL.map(Algorithm::name),
        "token_endpoint_auth_methods_supported": client_authentication,
        "revocation_endpoint_auth_methods_supported": client_authentication,
        "introspection_endpoint_auth_methods_supported":
            [AuthMethod::ClientSecretBasic.name(), AuthMethod::ClientSecretPost.name()],
        "code_challenge_methods_supported": ["S256"],
        "prompt_values_supported": Prompt::NAMES,
        "display_values_supported": ["page"],
        "claim_types_supported": ["normal"],
        "claims_supported": claims::names(),
        "claims_parameter_supported": false,
        "request_parameter_supported": false,
        "request_uri_parameter_supported": false,
        "require_request_uri_registration": false,
        "authorization_response_iss_parameter_supported": true,
        "ui_locales_supported": ["en"],
    })
}

/// Every name that a method can be asked for by.
fn names(acrs: &[Acr]) -> Vec<&String> {
    acrs.iter()
        .flat_map(|acr| [&acr.name].into_iter().chain(&acr.aliases))
        .collect()
}

/// Gluu's member: for each level the methods that reach it.
fn levels(acrs: &[Acr]) -> BTreeMap<String, Vec<&str>> {
    let mut levels: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for acr in acrs {
        levels
            .entry(acr.level.to_string())
            .or_default()
            .push(&acr.name);
    }
    levels
}
