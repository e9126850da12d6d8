use std::time::Duration;

use sallyport_base::{Id, Timestamp};
use sallyport_flow::{BrowserSession, Issuer};
use sallyport_people::Person;
use serde::{Deserialize, Serialize};

use crate::{
    Provider,
    authorization::Authorization,
    jose::{self, KeyError, SigningKey},
    signing_key::SigningKeyError,
};

/// Gluu's default.
const LIFETIME: Duration = Duration::from_secs(3600);

/// Who signed in, when and how (OpenID Connect Core §2).
#[derive(Debug, Serialize)]
struct IdToken<'a> {
    iss: String,
    sub: Id<Person>,
    aud: &'a str,
    exp: i64,
    iat: i64,
    auth_time: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    nonce: Option<&'a str>,
    acr: &'a str,
    amr: &'a [String],
    at_hash: String,
    sid: Id<BrowserSession>,
}

/// Makes the ID token that goes with an access token. `nonce` is that of the authorization request;
/// refreshed ones have none (OpenID Connect Core §12.2).
pub(crate) fn signed(
    issuer: &Issuer,
    authorization: &Authorization,
    nonce: Option<&str>,
    access_token: &str,
    key: &SigningKey,
    now: Timestamp,
) -> Result<String, KeyError> {
    let claims = IdToken {
        iss: issuer.to_string(),
        sub: authorization.person_id,
        aud: &authorization.client_id,
        exp: now.plus(LIFETIME).as_seconds(),
        iat: now.as_seconds(),
        auth_time: authorization.auth_time.as_seconds(),
        nonce,
        acr: &authorization.acr,
        amr: &authorization.amr,
        at_hash: key.algorithm().half_hash(access_token),
        sid: authorization.session_id,
    };
    jose::sign(key, &claims)
}

/// An ID token that a client gives back to say whom it means. It may be long expired.
#[derive(Debug, Deserialize)]
pub(crate) struct Hint {
    iss: String,
    pub(crate) sub: Id<Person>,
    pub(crate) aud: String,
}

impl Hint {
    pub(crate) fn is_for(&self, client_id: &str) -> bool {
        self.aud == client_id
    }
}

/// `None` when the text is not an ID token that this server signed.
pub(crate) async fn verified_hint(
    provider: &Provider,
    text: &str,
    now: Timestamp,
) -> Result<Option<Hint>, SigningKeyError> {
    let hint: Option<Hint> = provider.keys().verified(text, now).await?;
    let issuer = provider.flow().issuer().to_string();
    Ok(hint.filter(|hint| hint.iss == issuer))
}
