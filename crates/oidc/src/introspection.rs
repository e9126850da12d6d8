//! The introspection endpoint (RFC 7662). A client learns about its own tokens only.

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use http::HeaderMap;
use sallyport_base::{StoreError, Timestamp, Token};
use sallyport_flow::Issuer;
use sallyport_web::{BadForm, FormBody, Params};
use serde_json::{Value, json};

use crate::{
    Provider,
    access_token::AccessToken,
    authorization::Authorization,
    client_authentication::{authenticate_confidential_client, single},
    error::{self, ClientRefusal},
    refresh_token::RefreshToken,
};

pub(crate) async fn introspect(
    State(provider): State<Provider>,
    headers: HeaderMap,
    form: Result<FormBody, BadForm>,
) -> Response {
    let answer = match form {
        Ok(FormBody(params)) => look_up(&provider, &headers, &params).await,
        Err(bad) => Err(ClientRefusal::BadForm(bad)),
    };
    match answer {
        Ok(description) => (error::never_stored(), Json(description)).into_response(),
        Err(refusal) => refusal.into_response(),
    }
}

async fn look_up(
    provider: &Provider,
    headers: &HeaderMap,
    params: &Params,
) -> Result<Value, ClientRefusal> {
    let now = provider.now();
    let client = authenticate_confidential_client(provider, headers, params).await?;
    let token = single(params, "token")?
        .map(Token::unverified)
        .ok_or(ClientRefusal::invalid_request("token is missing."))?;
    let Some((authorization, description)) = found(provider, &token, now).await? else {
        return Ok(inactive());
    };
    let person = provider
        .flow()
        .people()
        .find(authorization.person_id)
        .await?;
    match person.filter(sallyport_people::Person::is_active) {
        Some(person) if authorization.client_id == client.id => {
            let mut description = description;
            description["username"] = json!(person.uid);
            Ok(description)
        }
        _ => Ok(inactive()),
    }
}

fn inactive() -> Value {
    json!({ "active": false })
}

async fn found(
    provider: &Provider,
    token: &Token,
    now: Timestamp,
) -> Result<Option<(Authorization, Value)>, StoreError> {
    let issuer = provider.flow().issuer();
    let mut reader = provider.flow().store().reader().await?;
    if let Some(token) = AccessToken::find(&mut reader, token, now).await? {
        let mut description = description(issuer, &token.authorization);
        description["token_type"] = json!("Bearer");
        description["scope"] = json!(token.scopes);
        description["iat"] = json!(token.issued_at.as_seconds());
        description["exp"] = json!(token.expires_at.as_seconds());
        return Ok(Some((token.authorization, description)));
    }
    let token = RefreshToken::find(&mut reader, token, now).await?;
    Ok(token.map(|token| {
        let mut description = description(issuer, &token.authorization);
        description["scope"] = json!(token.authorization.scopes);
        description["iat"] = json!(token.issued_at.as_seconds());
        description["exp"] = json!(token.expires_at.as_seconds());
        (token.authorization, description)
    }))
}

/// What both kinds of token tell; `acr` and `auth_time` as in RFC 9470 §6.2.
fn description(issuer: &Issuer, authorization: &Authorization) -> Value {
    json!({
        "active": true,
        "iss": issuer.to_string(),
        "client_id": authorization.client_id,
        "aud": authorization.client_id,
        "sub": authorization.person_id,
        "acr": authorization.acr,
        "auth_time": authorization.auth_time.as_seconds(),
    })
}
