use std::collections::BTreeMap;

use axum::body::Body;
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use http::{Request, header};
use serde_json::Value;
use tower::ServiceExt;
use url::{Url, form_urlencoded};

use crate::{Browser, CALLBACK, PASSWORD, Page, TestApp};

// The pair of RFC 7636 appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// An application as OpenID Connect sees it.
pub struct RelyingParty {
    client_id: String,
    secret: Option<String>,
    parameters: BTreeMap<String, String>,
}

impl RelyingParty {
    /// A public client that asks for `openid` with PKCE.
    pub fn new(client_id: &str) -> Self {
        let parameters = [
            ("response_type", "code"),
            ("client_id", client_id),
            ("redirect_uri", CALLBACK),
            ("scope", "openid"),
            ("state", "state-1"),
            ("nonce", "nonce-1"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ];
        Self {
            client_id: client_id.to_owned(),
            secret: None,
            parameters: parameters.map(|(n, v)| (n.to_owned(), v.to_owned())).into(),
        }
    }

    /// A public client that asks for our second door.
    pub fn with_passcode() -> Self {
        Self::new("app").with("acr_values", "stytch")
    }

    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.parameters.insert(name.to_owned(), value.to_owned());
        self
    }

    pub fn without(mut self, name: &str) -> Self {
        self.parameters.remove(name);
        self
    }

    pub fn secret(mut self, secret: Option<String>) -> Self {
        self.secret = secret;
        self
    }

    /// The address that an application sends the browser to.
    pub fn address(&self) -> String {
        let query = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(&self.parameters)
            .finish();
        format!("/oxauth/restv1/authorize?{query}")
    }

    /// Walks both steps; ends back at the application.
    pub async fn sign_in(&self, app: &TestApp, browser: &mut Browser, uid: &str) -> Page {
        let page = self.first_step(browser, uid).await;
        let code = app.code(uid).await;
        browser.submit(&page, &[("passcode", &code)]).await
    }

    /// Walks the first step; ends at the page of the second.
    pub async fn first_step(&self, browser: &mut Browser, uid: &str) -> Page {
        let page = browser.get(&self.address()).await;
        browser
            .submit(&page, &[("username", uid), ("password", PASSWORD)])
            .await
    }

    /// Exchanges the code that came back for tokens.
    pub async fn redeem(&self, app: &TestApp, back: &Page) -> Page {
        let code = back
            .query("code")
            .unwrap_or_else(|| panic!("no code in {}", back.url));
        self.redeem_code(app, &code).await
    }

    pub async fn redeem_code(&self, app: &TestApp, code: &str) -> Page {
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", CALLBACK),
            ("code_verifier", VERIFIER),
        ];
        self.token(app, &form).await
    }

    pub async fn refresh(&self, app: &TestApp, token: &str) -> Page {
        let form = [("grant_type", "refresh_token"), ("refresh_token", token)];
        self.token(app, &form).await
    }

    pub async fn token(&self, app: &TestApp, form: &[(&str, &str)]) -> Page {
        self.post(app, "/oxauth/restv1/token", form).await
    }

    /// Sends a form with the client's own authentication.
    pub async fn post(&self, app: &TestApp, path: &str, form: &[(&str, &str)]) -> Page {
        let mut form = form.to_vec();
        let mut request =
            Request::post(path).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        match &self.secret {
            Some(secret) => {
                request = request.header(header::AUTHORIZATION, basic(&self.client_id, secret));
            }
            None => form.push(("client_id", &self.client_id)),
        }
        let body = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(form)
            .finish();
        send(app, request.body(Body::from(body)).unwrap()).await
    }
}

pub fn basic(name: &str, secret: &str) -> String {
    let pair = base64::prelude::BASE64_STANDARD.encode(format!("{name}:{secret}"));
    format!("Basic {pair}")
}

pub async fn send(app: &TestApp, request: Request<Body>) -> Page {
    let url = Url::parse(crate::app::ISSUER)
        .unwrap()
        .join(&request.uri().to_string())
        .unwrap();
    let response = app.router.clone().oneshot(request).await.unwrap();
    Page::read(url, response).await
}

/// Asks with an access token.
pub async fn with_token(app: &TestApp, path: &str, token: &str) -> Page {
    let request = Request::get(path).header(header::AUTHORIZATION, format!("Bearer {token}"));
    send(app, request.body(Body::empty()).unwrap()).await
}

/// The claims of a JWT, unverified: real clients verify them in the tests with real peers.
pub fn claims(jwt: &Value) -> Value {
    let payload = jwt.as_str().unwrap().split('.').nth(1).unwrap();
    serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
}
