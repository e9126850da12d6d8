//! The application's side of OpenID Connect, spoken with its own server over real HTTP.

use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use sallyport_base::{Random, Timestamp, Token};
use sallyport_flow::Issuer;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};
use url::Url;

use super::{
    furnishing::CLIENT_ID,
    id_token::{self, Expected, KeySet},
};

const SCOPE: &str = "openid profile email address phone";
/// What the application insists on: a password and a passcode.
const ACR: &str = "stytch";

/// Why a sign-in at the demo application did not work. The words are for whoever tries the demo.
#[derive(Debug, thiserror::Error)]
pub(super) enum SignInError {
    #[error("the provider did not answer: {0}")]
    Unreachable(reqwest::Error),
    #[error("the provider answered {status} at {path}: {words}")]
    Refused {
        path: String,
        status: u16,
        words: String,
    },
    #[error("the provider calls itself {0}")]
    OtherIssuer(String),
    #[error("the ID token is not to be believed: {0}")]
    IdToken(&'static str),
    #[error("userinfo is about somebody else")]
    OtherSubject,
    #[error("an address of the provider is malformed: {0}")]
    Address(url::ParseError),
}

/// The page shows one text, which holds the cause.
impl From<reqwest::Error> for SignInError {
    fn from(cause: reqwest::Error) -> Self {
        Self::Unreachable(cause)
    }
}

impl From<url::ParseError> for SignInError {
    fn from(cause: url::ParseError) -> Self {
        Self::Address(cause)
    }
}

/// One application at one provider.
#[derive(Clone)]
pub(super) struct RelyingParty {
    http: reqwest::Client,
    issuer: Issuer,
    random: Random,
}

/// What the provider says of itself (OpenID Connect Discovery §3).
#[derive(Deserialize)]
struct Metadata {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    userinfo_endpoint: String,
    jwks_uri: String,
    end_session_endpoint: String,
}

#[derive(Deserialize)]
struct TokenResponse {
    access_token: String,
    id_token: String,
}

/// What must come back from the provider; the browser keeps it, sealed.
#[derive(Serialize, Deserialize)]
pub(super) struct Attempt {
    pub state: String,
    nonce: String,
    verifier: String,
}

/// Somebody who signed in.
#[derive(Clone)]
pub(super) struct SignedIn {
    pub id_token: String,
    pub claims: Map<String, Value>,
    pub userinfo: Map<String, Value>,
}

impl RelyingParty {
    pub(super) fn new(issuer: Issuer, random: Random) -> Result<Self, reqwest::Error> {
        let http = reqwest::Client::builder()
            .timeout(Duration::from_secs(10))
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()?;
        Ok(Self {
            http,
            issuer,
            random,
        })
    }

    /// The address that the browser is sent to, and what must come back (RFC 7636 §4.3).
    pub(super) async fn begin(&self) -> Result<(Url, Attempt), SignInError> {
        let metadata = self.discover().await?;
        let issue = || Token::issue(&self.random).expose().to_owned();
        let attempt = Attempt {
            state: issue(),
            nonce: issue(),
            verifier: issue(),
        };
        let mut url = Url::parse(&metadata.authorization_endpoint)?;
        url.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", CLIENT_ID)
            .append_pair("redirect_uri", &self.redirect_uri())
            .append_pair("scope", SCOPE)
            .append_pair("acr_values", ACR)
            .append_pair("state", &attempt.state)
            .append_pair("nonce", &attempt.nonce)
            .append_pair("code_challenge", &challenge(&attempt.verifier))
            .append_pair("code_challenge_method", "S256");
        Ok((url, attempt))
    }

    /// Exchanges the code, checks the ID token and asks for userinfo.
    pub(super) async fn finish(
        &self,
        code: &str,
        attempt: &Attempt,
        now: Timestamp,
    ) -> Result<SignedIn, SignInError> {
        let metadata = self.discover().await?;
        let tokens = self.redeem(&metadata, code, attempt).await?;
        let keys: KeySet = self.json(self.http.get(&metadata.jwks_uri)).await?;
        let expected = Expected {
            issuer: &metadata.issuer,
            client_id: CLIENT_ID,
            nonce: &attempt.nonce,
            now,
        };
        let claims =
            id_token::check(&tokens.id_token, &keys, &expected).map_err(SignInError::IdToken)?;
        let userinfo = self.userinfo(&metadata, &tokens.access_token).await?;
        if userinfo.get("sub") != claims.get("sub") {
            return Err(SignInError::OtherSubject);
        }
        Ok(SignedIn {
            id_token: tokens.id_token,
            claims,
            userinfo,
        })
    }

    /// Where the browser goes to sign out of the provider too (RP-Initiated Logout §2).
    pub(super) async fn sign_out_address(&self, id_token: &str) -> Result<Url, SignInError> {
        let metadata = self.discover().await?;
        let mut url = Url::parse(&metadata.end_session_endpoint)?;
        url.query_pairs_mut()
            .append_pair("id_token_hint", id_token)
            .append_pair("client_id", CLIENT_ID)
            .append_pair("post_logout_redirect_uri", &self.issuer.join("/demo"));
        Ok(url)
    }

    /// Whether an authorization response is from this provider (RFC 9207 §2.4).
    pub(super) fn is_from(&self, iss: Option<&str>) -> bool {
        iss == Some(self.issuer.to_string().as_str())
    }

    async fn discover(&self) -> Result<Metadata, SignInError> {
        let url = self.issuer.join("/.well-known/openid-configuration");
        let metadata: Metadata = self.json(self.http.get(url)).await?;
        if metadata.issuer == self.issuer.to_string() {
            Ok(metadata)
        } else {
            Err(SignInError::OtherIssuer(metadata.issuer))
        }
    }

    async fn redeem(
        &self,
        metadata: &Metadata,
        code: &str,
        attempt: &Attempt,
    ) -> Result<TokenResponse, SignInError> {
        let redirect_uri = self.redirect_uri();
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", redirect_uri.as_str()),
            ("client_id", CLIENT_ID),
            ("code_verifier", attempt.verifier.as_str()),
        ];
        self.json(self.http.post(&metadata.token_endpoint).form(&form))
            .await
    }

    async fn userinfo(
        &self,
        metadata: &Metadata,
        access_token: &str,
    ) -> Result<Map<String, Value>, SignInError> {
        let request = self
            .http
            .get(&metadata.userinfo_endpoint)
            .bearer_auth(access_token);
        self.json(request).await
    }

    async fn json<T: DeserializeOwned>(
        &self,
        request: reqwest::RequestBuilder,
    ) -> Result<T, SignInError> {
        let response = request.send().await?;
        if response.status().is_success() {
            return Ok(response.json().await?);
        }
        Err(SignInError::Refused {
            path: response.url().path().to_owned(),
            status: response.status().as_u16(),
            words: response.text().await?.chars().take(200).collect(),
        })
    }

    fn redirect_uri(&self) -> String {
        self.issuer.join("/demo/callback")
    }
}

/// S256 (RFC 7636 §4.2).
fn challenge(verifier: &str) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(digest(&SHA256, verifier.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_challenge_is_that_of_the_rfc() {
        let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        assert_eq!(
            challenge(verifier),
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
        );
    }
}
