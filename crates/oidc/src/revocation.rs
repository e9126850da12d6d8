//! The revocation endpoint (RFC 7009).

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, StatusCode};
use sallyport_base::Token;
use sallyport_web::{BadForm, FormBody, Params};

use crate::{
    Provider,
    access_token::AccessToken,
    client_authentication::{authenticate_client, single},
    error::{self, ClientRefusal},
    refresh_token::RefreshToken,
};

/// Answers 200 for a token that is unknown or another client's too: it is not good for this client
/// (§2.2).
pub(crate) async fn revoke(
    State(provider): State<Provider>,
    headers: HeaderMap,
    form: Result<FormBody, BadForm>,
) -> Response {
    let answer = match form {
        Ok(FormBody(params)) => revoke_token(&provider, &headers, &params).await,
        Err(bad) => Err(ClientRefusal::BadForm(bad)),
    };
    match answer {
        Ok(()) => (StatusCode::OK, error::never_stored()).into_response(),
        Err(refusal) => refusal.into_response(),
    }
}

/// `token_type_hint` is not needed: either kind is found by one look.
async fn revoke_token(
    provider: &Provider,
    headers: &HeaderMap,
    params: &Params,
) -> Result<(), ClientRefusal> {
    let client = authenticate_client(provider, headers, params).await?;
    let token = single(params, "token")?
        .map(Token::unverified)
        .ok_or(ClientRefusal::invalid_request("token is missing."))?;
    let mut tx = provider.flow().store().begin().await?;
    let revoked = AccessToken::revoke(&mut tx, &token, &client.id).await?
        || RefreshToken::revoke(&mut tx, &token, &client.id, provider.now()).await?;
    tx.commit().await?;
    if revoked {
        tracing::info!(event = "token.revoked", client.id = %client.id, "a client revoked a token");
    }
    Ok(())
}
