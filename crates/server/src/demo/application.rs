//! A small application that knows nobody by itself and asks Sallyport who it is.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::{
    extract::State,
    response::{AppendHeaders, IntoResponse, Redirect, Response},
};
use http::{HeaderMap, StatusCode, header};
use sallyport_base::{Digest, Store, Timestamp, Token};
use sallyport_flow::{Flow, Issuer};
use sallyport_web::{
    Csrf, FormBody, Pages, Params, QueryParams,
    cookie::{self, SetCookie},
};
use serde_json::{Map, Value, json};

use super::{
    Furnishing,
    relying_party::{Attempt, RelyingParty, SignInError, SignedIn},
};
use crate::App;

const SESSION: &str = "demo_session";
const ATTEMPT: &str = "demo_attempt";
const PURPOSE: &str = "demo sign-in attempt";
const PATH: &str = "/demo";

/// Sign-ins that the application remembers; the oldest is forgotten first.
const REMEMBERED: usize = 200;

/// What the pages of the demo share.
#[derive(Clone)]
pub struct DemoState(Arc<Inner>);

struct Inner {
    flow: Flow,
    relying_party: RelyingParty,
    passcode_service: String,
    /// By the digest of the cookie. A restart forgets them, as an application may.
    sessions: Mutex<VecDeque<(Digest, SignedIn)>>,
}

impl DemoState {
    pub fn new(app: &App, furnishing: &Furnishing) -> anyhow::Result<Self> {
        let issuer = app.flow.issuer().clone();
        Ok(Self(Arc::new(Inner {
            flow: app.flow.clone(),
            relying_party: RelyingParty::new(issuer, app.flow.random().clone())?,
            passcode_service: furnishing.passcode_service.clone(),
            sessions: Mutex::default(),
        })))
    }

    pub(super) fn pages(&self) -> &Pages {
        self.0.flow.pages()
    }

    pub(super) fn store(&self) -> &Store {
        self.0.flow.store()
    }

    pub(super) fn issuer(&self) -> &Issuer {
        self.0.flow.issuer()
    }

    pub(super) fn passcode_service(&self) -> &str {
        &self.0.passcode_service
    }

    fn remember(&self, signed_in: SignedIn) -> SetCookie {
        let token = Token::issue(self.0.flow.random());
        let mut sessions = self.sessions();
        sessions.push_back((token.digest(), signed_in));
        while sessions.len() > REMEMBERED {
            sessions.pop_front();
        }
        SetCookie::new(SESSION, token.expose()).path(PATH)
    }

    fn signed_in(&self, headers: &HeaderMap) -> Option<SignedIn> {
        let digest = session_digest(headers)?;
        let sessions = self.sessions();
        let found = sessions.iter().find(|(known, _)| *known == digest);
        found.map(|(_, signed_in)| signed_in.clone())
    }

    fn forget(&self, headers: &HeaderMap) -> Option<SignedIn> {
        let digest = session_digest(headers)?;
        let mut sessions = self.sessions();
        let at = sessions.iter().position(|(known, _)| *known == digest)?;
        sessions.remove(at).map(|(_, signed_in)| signed_in)
    }

    fn sessions(&self) -> std::sync::MutexGuard<'_, VecDeque<(Digest, SignedIn)>> {
        self.0
            .sessions
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn seal(&self, attempt: &Attempt) -> String {
        let json = json!(attempt).to_string();
        self.0.flow.vault().seal(PURPOSE, json.as_bytes())
    }

    fn attempt(&self, headers: &HeaderMap) -> Option<Attempt> {
        let sealed = cookie::find(headers, ATTEMPT)?;
        let json = self.0.flow.vault().open(PURPOSE, &sealed).ok()?;
        serde_json::from_slice(&json).ok()
    }
}

fn session_digest(headers: &HeaderMap) -> Option<Digest> {
    let value = cookie::find(headers, SESSION)?;
    Some(Token::unverified(&value).digest())
}

/// Who is signed in, or the button to do so.
pub(super) async fn show(State(demo): State<DemoState>, headers: HeaderMap) -> Response {
    match demo.signed_in(&headers) {
        Some(signed_in) => show_claims(&demo, &headers, &signed_in),
        None => show_start(&demo, StatusCode::OK, None),
    }
}

/// Sends the browser to the provider.
pub(super) async fn start(State(demo): State<DemoState>) -> Response {
    match demo.0.relying_party.begin().await {
        Ok((url, attempt)) => {
            let cookie = SetCookie::new(ATTEMPT, &demo.seal(&attempt))
                .path(PATH)
                .max_age(Duration::from_secs(1800));
            with_cookies(vec![cookie], Redirect::to(url.as_str()))
        }
        Err(error) => show_fault(&demo, &error),
    }
}

/// What the provider sends the browser back with (RFC 6749 §4.1.2).
pub(super) async fn callback(
    State(demo): State<DemoState>,
    headers: HeaderMap,
    QueryParams(params): QueryParams,
) -> Response {
    let Some(attempt) = demo.attempt(&headers) else {
        return show_start(
            &demo,
            StatusCode::BAD_REQUEST,
            Some("This browser did not begin a sign-in here. Begin again."),
        );
    };
    let code = match code_of(&params, &attempt, &demo.0.relying_party) {
        Ok(code) => code,
        Err(words) => return show_start(&demo, StatusCode::BAD_REQUEST, Some(&words)),
    };
    let now = demo.0.flow.clock().now();
    match demo.0.relying_party.finish(code, &attempt, now).await {
        Ok(signed_in) => {
            let cookies = vec![
                demo.remember(signed_in),
                SetCookie::removed(ATTEMPT).path(PATH),
            ];
            with_cookies(cookies, Redirect::to(PATH))
        }
        Err(error) => show_fault(&demo, &error),
    }
}

/// Forgets who is signed in, and has the provider do the same.
pub(super) async fn sign_out(
    State(demo): State<DemoState>,
    headers: HeaderMap,
    FormBody(form): FormBody,
) -> Response {
    let csrf = Csrf::of(&headers, demo.0.flow.random());
    if !csrf.check(form.first("csrf").unwrap_or_default()) {
        return show_start(
            &demo,
            StatusCode::FORBIDDEN,
            Some("The sign-out did not come from a page of this application."),
        );
    }
    let Some(signed_in) = demo.forget(&headers) else {
        return Redirect::to(PATH).into_response();
    };
    let forget_cookie = vec![SetCookie::removed(SESSION).path(PATH)];
    match demo
        .0
        .relying_party
        .sign_out_address(&signed_in.id_token)
        .await
    {
        Ok(url) => with_cookies(forget_cookie, Redirect::to(url.as_str())),
        Err(error) => show_fault(&demo, &error),
    }
}

/// The code of an answer that is from the right provider and belongs to this attempt.
fn code_of<'p>(
    params: &'p Params,
    attempt: &Attempt,
    relying_party: &RelyingParty,
) -> Result<&'p str, String> {
    let state = params.first("state").unwrap_or_default();
    if !sallyport_base::constant_time_eq(state.as_bytes(), attempt.state.as_bytes()) {
        return Err("The answer belongs to another sign-in. Begin again.".to_owned());
    }
    if !relying_party.is_from(params.first("iss")) {
        return Err("The answer is from another provider. Begin again.".to_owned());
    }
    match (params.first("error"), params.first("code")) {
        (Some("access_denied"), _) => Err("The sign-in was cancelled.".to_owned()),
        (Some(error), _) => Err(format!(
            "The provider refused: {error}. {}",
            params.first("error_description").unwrap_or_default()
        )),
        (None, Some(code)) => Ok(code),
        (None, None) => Err("The provider sent no code. Begin again.".to_owned()),
    }
}

fn show_start(demo: &DemoState, status: StatusCode, words: Option<&str>) -> Response {
    let messages: Vec<Value> = words
        .map(|text| json!({ "severity": "error", "text": text, "about": "page" }))
        .into_iter()
        .collect();
    let context = json!({
        "start_link": "/demo/start",
        "phone_link": "/demo/phone",
        "messages": messages,
    });
    demo.pages().render("demo/client.xhtml", status, context)
}

fn show_fault(demo: &DemoState, error: &SignInError) -> Response {
    tracing::warn!(error = %error, "the demo application could not sign somebody in");
    let words = format!("The sign-in did not work: {error}");
    show_start(demo, StatusCode::BAD_GATEWAY, Some(&words))
}

fn show_claims(demo: &DemoState, headers: &HeaderMap, signed_in: &SignedIn) -> Response {
    let csrf = Csrf::of(headers, demo.0.flow.random());
    let name = signed_in
        .userinfo
        .get("name")
        .or_else(|| signed_in.claims.get("sub"));
    let context = json!({
        "name": name,
        "id_token_claims": shown(&signed_in.claims),
        "userinfo_claims": shown(&signed_in.userinfo),
        "sign_out_action": "/demo/sign-out",
        "sign_out_fields": [{ "name": "csrf", "value": csrf.field() }],
    });
    let mut page = demo
        .pages()
        .render("demo/client.xhtml", StatusCode::OK, context);
    if let Some(cookie) = csrf.set_cookie(demo.pages().https()) {
        page.headers_mut().append(header::SET_COOKIE, cookie);
    }
    page
}

fn shown(claims: &Map<String, Value>) -> Vec<Value> {
    claims
        .iter()
        .map(|(name, value)| json!({ "name": name, "value": text(value), "note": note(name, value) }))
        .collect()
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// What helps a reader who does not know the claim by heart.
fn note(name: &str, value: &Value) -> Option<String> {
    match name {
        "exp" | "iat" | "auth_time" | "updated_at" => value
            .as_i64()
            .map(|seconds| Timestamp::from_seconds(seconds).rfc3339()),
        "acr" => Some("the sign-in method".to_owned()),
        "sid" => Some("the browser session".to_owned()),
        _ => None,
    }
}

fn with_cookies(cookies: Vec<SetCookie>, answer: impl IntoResponse) -> Response {
    let headers: Vec<_> = cookies
        .iter()
        .map(|cookie| (header::SET_COOKIE, cookie.header()))
        .collect();
    (AppendHeaders(headers), answer).into_response()
}
