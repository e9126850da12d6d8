//! The token endpoint (RFC 6749 §3.2).

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use http::HeaderMap;
use sallyport_base::{Random, StoreError, Timestamp, Token, Tx};
use sallyport_web::{BadForm, FormBody, Params};
use serde_json::{Value, json};

use crate::{
    Client, Provider,
    access_token::{self, AccessToken},
    authorization::Authorization,
    client_authentication::authenticate_client,
    error::{self, ClientRefusal},
    grant::{Grant, Granted},
    id_token,
    jose::{KeyError, SigningKey},
    refresh_token::RefreshToken,
    scope::Scope,
};

pub(crate) async fn token(
    State(provider): State<Provider>,
    headers: HeaderMap,
    form: Result<FormBody, BadForm>,
) -> Response {
    let answer = match form {
        Ok(FormBody(params)) => exchange(&provider, &headers, &params).await,
        Err(bad) => Err(ClientRefusal::BadForm(bad)),
    };
    match answer {
        Ok(tokens) => (error::never_stored(), Json(tokens)).into_response(),
        Err(refusal) => refusal.into_response(),
    }
}

async fn exchange(
    provider: &Provider,
    headers: &HeaderMap,
    params: &Params,
) -> Result<Value, ClientRefusal> {
    let now = provider.now();
    let client = authenticate_client(provider, headers, params).await?;
    let grant = Grant::parse(params, &client)?;
    let algorithm = client.registration.id_token_signed_response_alg;
    let key = provider.keys().active(algorithm, now).await?;

    let mut tx = provider.flow().store().begin().await?;
    let Some(granted) = grant.redeem(&mut tx, &client, now).await? else {
        tx.commit().await?;
        return Err(ClientRefusal::invalid_grant());
    };
    let tokens = TokenSet::issue(&mut tx, granted, now, provider.flow().random()).await?;
    tx.commit().await?;

    check_person(provider, &client, &tokens.granted.authorization, now).await?;
    Ok(tokens.answer(provider, &key, now)?)
}

/// Ends the authorization of somebody who may not sign in any more. What was just issued from it is
/// dead then, and nobody has it.
async fn check_person(
    provider: &Provider,
    client: &Client,
    authorization: &Authorization,
    now: Timestamp,
) -> Result<(), ClientRefusal> {
    let person = provider
        .flow()
        .people()
        .find(authorization.person_id)
        .await?;
    if person.is_some_and(|person| person.is_active()) {
        return Ok(());
    }
    let mut tx = provider.flow().store().begin().await?;
    Authorization::revoke(&mut tx, authorization.id, now).await?;
    tx.commit().await?;
    tracing::info!(event = "authorization.revoked", client.id = %client.id, person.id = %authorization.person_id, "the person of a grant is gone or not active");
    Err(ClientRefusal::invalid_grant())
}

/// What a client gets for a grant, all of it from one authorization.
struct TokenSet {
    granted: Granted,
    access_token: Token,
    refresh_token: Option<Token>,
}

impl TokenSet {
    async fn issue(
        tx: &mut Tx,
        granted: Granted,
        now: Timestamp,
        random: &Random,
    ) -> Result<Self, StoreError> {
        let authorization = &granted.authorization;
        let access_token =
            AccessToken::issue(tx, authorization.id, &granted.scopes, now, random).await?;
        let refresh_token = match granted.refresh_until {
            Some(until) => Some(RefreshToken::issue(tx, authorization, until, now, random).await?),
            None => None,
        };
        Ok(Self {
            granted,
            access_token,
            refresh_token,
        })
    }

    /// RFC 6749 §5.1, OpenID Connect Core §3.1.3.3. The ID token is signed here, when the store
    /// waits for nothing any more.
    fn answer(
        &self,
        provider: &Provider,
        key: &SigningKey,
        now: Timestamp,
    ) -> Result<Value, crate::signing_key::SigningKeyError> {
        let mut answer = json!({
            "access_token": self.access_token.expose(),
            "token_type": "Bearer",
            "expires_in": access_token::LIFETIME.as_secs(),
            "scope": self.granted.scopes.to_string(),
        });
        if let Some(token) = &self.refresh_token {
            answer["refresh_token"] = json!(token.expose());
        }
        if self.granted.scopes.contains(Scope::OpenId) {
            answer["id_token"] = json!(self.id_token(provider, key, now)?);
        }
        Ok(answer)
    }

    fn id_token(
        &self,
        provider: &Provider,
        key: &SigningKey,
        now: Timestamp,
    ) -> Result<String, KeyError> {
        id_token::signed(
            provider.flow().issuer(),
            &self.granted.authorization,
            self.granted.nonce.as_deref(),
            self.access_token.expose(),
            key,
            now,
        )
    }
}
