//! Whole logins at one server, as a browser and an application see them.

use std::net::SocketAddr;

use anyhow::ensure;
use reqwest::Client;
use serde_json::Value;
use url::Url;

use crate::{
    browser::{self, Browser},
    gateway::Gateway,
    house::{self, CALLBACK, CLIENT, PASSWORD},
};

// The pair of RFC 7636 appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// Where people log in.
#[derive(Clone)]
pub struct Site {
    issuer: Url,
    address: SocketAddr,
    gateway: Gateway,
    /// Of the application, which keeps its connection.
    application: Client,
}

impl Site {
    pub fn new(issuer: &str, address: SocketAddr, gateway: Gateway) -> anyhow::Result<Self> {
        Ok(Self {
            issuer: Url::parse(issuer)?,
            address,
            gateway,
            application: browser::client(address)?,
        })
    }

    /// One person's login: the password, the passcode, and the tokens for the code.
    pub async fn log_in(&self, number: usize) -> anyhow::Result<()> {
        let browser = Browser::open(self.address)?;
        let first = browser.get(self.request()?).await?;
        let uid = house::uid(number);
        let second = browser
            .submit(&first, &[("username", &uid), ("password", PASSWORD)])
            .await?;
        // Without a step to go on with, nobody waits for a message.
        second.parameter("login")?;
        let passcode = self.gateway.passcode(&house::phone(number)).await?;
        let back = browser.submit(&second, &[("passcode", &passcode)]).await?;
        self.redeem(&back.parameter("code")?).await
    }

    fn request(&self) -> anyhow::Result<Url> {
        let mut url = self.issuer.join("/oxauth/restv1/authorize")?;
        url.query_pairs_mut().extend_pairs([
            ("response_type", "code"),
            ("client_id", CLIENT),
            ("redirect_uri", CALLBACK),
            ("scope", "openid profile email"),
            ("acr_values", "stytch"),
            ("state", "state-1"),
            ("nonce", "nonce-1"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ]);
        Ok(url)
    }

    async fn redeem(&self, code: &str) -> anyhow::Result<()> {
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", CALLBACK),
            ("code_verifier", VERIFIER),
            ("client_id", CLIENT),
        ];
        let endpoint = self.issuer.join("/oxauth/restv1/token")?;
        let answer = self.application.post(endpoint).form(&form).send().await?;
        let tokens: Value = answer.json().await?;
        ensure!(tokens["id_token"].is_string(), "no tokens: {tokens}");
        Ok(())
    }
}
