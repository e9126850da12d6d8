use sallyport_base::{Timestamp, Token, Tx};
use sallyport_web::Params;

use crate::{
    Client,
    authorization::Authorization,
    authorization_code::{AuthorizationCode, Redemption},
    client::GrantType,
    client_authentication::single,
    error::{ClientRefusal, RefusalCode},
    refresh_token::{self, RefreshToken, Rotation},
    scope::Scopes,
};

/// What a client offers in exchange for tokens (RFC 6749 §4.1.3, §6), not yet believed.
#[derive(Debug)]
pub(crate) enum Grant {
    AuthorizationCode {
        code: Token,
        redirect_uri: Option<String>,
        verifier: Option<Token>,
    },
    RefreshToken {
        token: Token,
        /// Less than was allowed; everything when nothing is said.
        scopes: Option<Scopes>,
    },
}

/// What a good grant is worth.
#[derive(Debug)]
pub(crate) struct Granted {
    pub(crate) authorization: Authorization,
    /// Of the access token.
    pub(crate) scopes: Scopes,
    /// For the ID token.
    pub(crate) nonce: Option<String>,
    /// Until when the refresh token is good that goes with it; `None`: there is none.
    pub(crate) refresh_until: Option<Timestamp>,
}

impl Grant {
    pub(crate) fn parse(params: &Params, client: &Client) -> Result<Self, ClientRefusal> {
        match single(params, "grant_type")? {
            Some("authorization_code") => {
                check_may_use(client, GrantType::AuthorizationCode)?;
                Ok(Self::AuthorizationCode {
                    code: required(params, "code")?,
                    redirect_uri: single(params, "redirect_uri")?.map(str::to_owned),
                    verifier: single(params, "code_verifier")?.map(Token::unverified),
                })
            }
            Some("refresh_token") => {
                check_may_use(client, GrantType::RefreshToken)?;
                Ok(Self::RefreshToken {
                    token: required(params, "refresh_token")?,
                    scopes: single(params, "scope")?.map(check_scopes).transpose()?,
                })
            }
            Some(_) => Err(ClientRefusal::Refused(
                RefusalCode::UnsupportedGrantType,
                "The grant type must be authorization_code or refresh_token.",
            )),
            None => Err(ClientRefusal::invalid_request("grant_type is missing.")),
        }
    }

    /// Uses the grant up. `None` when it is worth nothing, which is to be committed too: a code
    /// that was offered wrongly is burnt, and one that is offered again ends what came of it.
    pub(crate) async fn redeem(
        &self,
        tx: &mut Tx,
        client: &Client,
        now: Timestamp,
    ) -> Result<Option<Granted>, ClientRefusal> {
        match self {
            Self::AuthorizationCode {
                code,
                redirect_uri,
                verifier,
            } => match AuthorizationCode::redeem(tx, code, now).await? {
                Redemption::First(code) => {
                    let verifier = verifier.as_ref().map(Token::expose);
                    let bound = code.is_bound_to(client, redirect_uri.as_deref(), verifier, now);
                    Ok(bound.then(|| granted_by_code(*code, client, now)))
                }
                Redemption::Again => {
                    tracing::warn!(event = "code.replayed", client.id = %client.id, "a code was offered again; what came of it is revoked");
                    Ok(None)
                }
                Redemption::Unknown => Ok(None),
            },
            Self::RefreshToken { token, scopes } => {
                match RefreshToken::rotate(tx, token, &client.id, now).await? {
                    Rotation::First(token) => {
                        granted_by_refresh(token, client, scopes.as_ref()).map(Some)
                    }
                    Rotation::Again => {
                        tracing::warn!(event = "refresh_token.reused", client.id = %client.id, "a refresh token was used again; its family is revoked");
                        Ok(None)
                    }
                    Rotation::Unknown => Ok(None),
                }
            }
        }
    }
}

impl AuthorizationCode {
    /// Whether the code was issued for this client, this address and the holder of this secret
    /// (RFC 6749 §4.1.3, RFC 7636 §4.6), and is in time. A verifier for a request that had no
    /// challenge is a downgrade (RFC 9700 §4.8.2).
    fn is_bound_to(
        &self,
        client: &Client,
        redirect_uri: Option<&str>,
        verifier: Option<&str>,
        now: Timestamp,
    ) -> bool {
        let proven = match (&self.challenge, verifier) {
            (Some(challenge), Some(verifier)) => challenge.is_met_by(verifier),
            (None, None) => !client.is_public(),
            (Some(_), None) | (None, Some(_)) => false,
        };
        proven
            && self.authorization.client_id == client.id
            && redirect_uri == Some(&self.redirect_uri)
            && self.expires_at > now
    }
}

fn granted_by_code(code: AuthorizationCode, client: &Client, now: Timestamp) -> Granted {
    Granted {
        scopes: code.authorization.scopes.clone(),
        authorization: code.authorization,
        nonce: code.nonce,
        refresh_until: client
            .may_use(GrantType::RefreshToken)
            .then(|| now.plus(refresh_token::LIFETIME)),
    }
}

/// `Err` when more is asked for than was allowed; the token is not used up then.
fn granted_by_refresh(
    token: RefreshToken,
    client: &Client,
    asked: Option<&Scopes>,
) -> Result<Granted, ClientRefusal> {
    let allowed = token
        .authorization
        .scopes
        .common_with(&client.registration.scope);
    let scopes = asked.unwrap_or(&allowed);
    if scopes.is_empty() || !scopes.is_within(&allowed) {
        return Err(beyond_what_was_allowed());
    }
    Ok(Granted {
        scopes: scopes.clone(),
        authorization: token.authorization,
        nonce: None,
        refresh_until: Some(token.expires_at),
    })
}

fn check_may_use(client: &Client, grant_type: GrantType) -> Result<(), ClientRefusal> {
    if client.may_use(grant_type) {
        return Ok(());
    }
    Err(ClientRefusal::Refused(
        RefusalCode::UnauthorizedClient,
        "The client is not registered for this grant type.",
    ))
}

fn check_scopes(text: &str) -> Result<Scopes, ClientRefusal> {
    Scopes::check(text).ok_or_else(beyond_what_was_allowed)
}

fn beyond_what_was_allowed() -> ClientRefusal {
    ClientRefusal::Refused(
        RefusalCode::InvalidScope,
        "The scope goes beyond what was allowed.",
    )
}

fn required(params: &Params, name: &'static str) -> Result<Token, ClientRefusal> {
    single(params, name)?
        .map(Token::unverified)
        .ok_or(ClientRefusal::invalid_request(
            "The parameter that carries the grant is missing.",
        ))
}

#[cfg(test)]
mod tests;
