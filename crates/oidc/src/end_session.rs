//! The logout endpoint (OpenID Connect RP-Initiated Logout 1.0), and Gluu's page `logout.htm`.
//!
//! Both end the session, and both ask the script of the login method for its `logout` and for
//! another site to sign out of. Only on Gluu's page can the script refuse; the endpoint of the
//! protocol ends the session whatever a script says.

use std::time::Duration;

use axum::{
    extract::State,
    response::{IntoResponse, Redirect, Response},
};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use sallyport_base::{Id, Timestamp};
use sallyport_flow::{BrowserSession, MethodLogout, SigningOut};
use sallyport_people::Person;
use sallyport_web::{
    BadForm, Csrf, ErrorPage, FormBody, Params, QueryParams,
    cookie::{SetCookie, find_host_only},
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use url::{Url, form_urlencoded::Serializer};

use crate::{
    Client, OidcError, Provider, authorization::Authorization, cross_site, error, id_token, routes,
};

const PURPOSE: &str = "logout page";
/// Holds, sealed, what is left to do when the browser comes back from another site.
const LEFT: &str = "sallyport_logout";
const LEFT_FOR: Duration = Duration::from_secs(10 * 60);

/// By which address a person signs out.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Door {
    /// The endpoint of the protocol.
    EndSession,
    /// Gluu's page, where the script may refuse.
    LogoutPage,
}

impl Door {
    const fn path(self) -> &'static str {
        match self {
            Self::EndSession => routes::END_SESSION,
            Self::LogoutPage => routes::LOGOUT,
        }
    }
}

/// A request to sign out that was understood.
struct Logout {
    /// The client that asks, if it showed an ID token that was issued to it.
    client: Option<Client>,
    /// Whom that ID token names.
    hinted: Option<Id<Person>>,
    /// A registered address of that client, with the state it sent.
    return_to: Option<String>,
}

/// What the confirmation page carries, sealed.
#[derive(Serialize, Deserialize)]
struct Asked {
    session: Id<BrowserSession>,
    return_to: Option<String>,
    door: Door,
}

/// What is left to do when the browser is back.
#[derive(Serialize, Deserialize)]
struct Left {
    /// The browser may keep the cookie for longer than it was told.
    until: Timestamp,
    return_to: Option<String>,
}

/// Why somebody stays signed in.
enum Refused {
    Page(Box<ErrorPage>),
    Failed(OidcError),
}

impl<E: Into<OidcError>> From<E> for Refused {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

pub(crate) async fn get(
    State(provider): State<Provider>,
    headers: HeaderMap,
    params: Result<QueryParams, BadForm>,
) -> Response {
    let params = params.map(|QueryParams(params)| params);
    let asked = requested(&provider, &headers, params, Door::EndSession).await;
    answer(&provider, asked)
}

pub(crate) async fn post(
    State(provider): State<Provider>,
    headers: HeaderMap,
    params: Result<FormBody, BadForm>,
) -> Response {
    posted(&provider, &headers, params, Door::EndSession).await
}

/// Gluu's page; also where the browser comes back to from the site that a script named.
pub(crate) async fn logout_page(
    State(provider): State<Provider>,
    headers: HeaderMap,
    params: Result<QueryParams, BadForm>,
) -> Response {
    let params = params.map(|QueryParams(params)| params);
    match left_to_do(&provider, &headers, params.as_ref().ok()).await {
        Ok(Some(left)) => {
            let cookies = vec![not_left(&provider)];
            return signed_out(&provider, left.return_to.as_deref(), cookies);
        }
        Ok(None) => {}
        Err(error) => return provider.fault(error),
    }
    let asked = requested(&provider, &headers, params, Door::LogoutPage).await;
    answer(&provider, asked)
}

pub(crate) async fn post_to_logout_page(
    State(provider): State<Provider>,
    headers: HeaderMap,
    params: Result<FormBody, BadForm>,
) -> Response {
    posted(&provider, &headers, params, Door::LogoutPage).await
}

async fn posted(
    provider: &Provider,
    headers: &HeaderMap,
    params: Result<FormBody, BadForm>,
    door: Door,
) -> Response {
    match params.map(|FormBody(params)| params) {
        Ok(params) if cross_site::is_cross_site(headers) => {
            cross_site::as_get(door.path(), &params)
        }
        params => answer(provider, requested(provider, headers, params, door).await),
    }
}

/// What a person who comes back from another site has still to do, unless the request is one of its
/// own, or somebody signed in since.
async fn left_to_do(
    provider: &Provider,
    headers: &HeaderMap,
    params: Option<&Params>,
) -> Result<Option<Left>, OidcError> {
    let now = provider.now();
    let Some(left) = params.and_then(|params| left_by(provider, headers, params, now)) else {
        return Ok(None);
    };
    let session = BrowserSession::find(provider.flow(), headers, now).await?;
    Ok(Some(left).filter(|_| session.is_none()))
}

fn left_by(
    provider: &Provider,
    headers: &HeaderMap,
    params: &Params,
    now: Timestamp,
) -> Option<Left> {
    let is_new = ["id_token_hint", "post_logout_redirect_uri"]
        .iter()
        .any(|name| params.contains(name));
    let cookie = find_host_only(headers, LEFT, provider.flow().issuer().is_https())?;
    let left: Left = provider.open_sealed(LEFT, &cookie)?;
    (!is_new && now < left.until).then_some(left)
}

/// The answer to the confirmation page.
pub(crate) async fn confirm(
    State(provider): State<Provider>,
    headers: HeaderMap,
    params: Result<FormBody, BadForm>,
) -> Response {
    let params = params.map(|FormBody(params)| params);
    answer(&provider, confirmed(&provider, &headers, params).await)
}

fn answer(provider: &Provider, answer: Result<Response, Refused>) -> Response {
    match answer {
        Ok(response) => response,
        Err(Refused::Page(page)) => provider.page(*page),
        Err(Refused::Failed(error)) => provider.fault(error),
    }
}

async fn requested(
    provider: &Provider,
    headers: &HeaderMap,
    params: Result<Params, BadForm>,
    door: Door,
) -> Result<Response, Refused> {
    let now = provider.now();
    let params = params.map_err(|bad| page(bad.status(), &bad.to_string()))?;
    let logout = Logout::check(provider, &params, now).await?;
    let session = BrowserSession::find(provider.flow(), headers, now).await?;
    match session {
        Some(session) if logout.hinted != Some(session.person_id) => {
            Ok(ask(provider, headers, &logout, &session, door).await?)
        }
        session => {
            let return_to = logout.return_to;
            sign_out(provider, headers, session, return_to, door, now).await
        }
    }
}

impl Logout {
    async fn check(provider: &Provider, params: &Params, now: Timestamp) -> Result<Self, Refused> {
        let hint = match single(params, "id_token_hint")? {
            Some(text) => id_token::verified_hint(provider, text, now).await?,
            None => None,
        };
        let Some(hint) = hint else {
            // Anybody could have sent the browser here. The person is asked, and stays here.
            return Ok(Self {
                client: None,
                hinted: None,
                return_to: None,
            });
        };
        if single(params, "client_id")?.is_some_and(|client_id| !hint.is_for(client_id)) {
            return Err(page(
                StatusCode::BAD_REQUEST,
                "The application named itself and showed a proof of another one.",
            ));
        }
        let mut reader = provider.flow().store().reader().await?;
        let client = Client::find(&mut reader, &hint.aud).await?;
        let return_to = return_address(params, client.as_ref())?;
        Ok(Self {
            client,
            hinted: Some(hint.sub),
            return_to,
        })
    }
}

/// Where the browser goes afterwards: nowhere, or to an address that the client registered, matched
/// character by character (§3).
fn return_address(params: &Params, client: Option<&Client>) -> Result<Option<String>, Refused> {
    let Some(address) = single(params, "post_logout_redirect_uri")? else {
        return Ok(None);
    };
    if !client.is_some_and(|client| client.may_redirect_after_logout_to(address)) {
        return Err(page(
            StatusCode::BAD_REQUEST,
            "The application asks to send you on to an address that is not registered for it.",
        ));
    }
    let Some(state) = single(params, "state")? else {
        return Ok(Some(address.to_owned()));
    };
    let state = Serializer::new(String::new())
        .append_pair("state", state)
        .finish();
    let separator = if address.contains('?') { '&' } else { '?' };
    Ok(Some(format!("{address}{separator}{state}")))
}

fn single<'a>(params: &'a Params, name: &'static str) -> Result<Option<&'a str>, Refused> {
    params
        .single(name)
        .map_err(|repeated| page(StatusCode::BAD_REQUEST, &repeated.to_string()))
}

async fn ask(
    provider: &Provider,
    headers: &HeaderMap,
    logout: &Logout,
    session: &BrowserSession,
    door: Door,
) -> Result<Response, OidcError> {
    let flow = provider.flow();
    let csrf = Csrf::of(headers, flow.random());
    let asked = Asked {
        session: session.id,
        return_to: logout.return_to.clone(),
        door,
    };
    let person = flow.people().find(session.person_id).await?;
    let context = json!({
        "done": false,
        "client_name": logout.client.as_ref().map(|client| &client.registration.client_name),
        "person": person.map(|person| person.uid),
        "form_action": routes::END_SESSION_CONFIRM,
        "csrf": csrf.field(),
        "login": provider.seal(PURPOSE, &asked),
    });
    let mut response = flow.pages().render("logout.xhtml", StatusCode::OK, context);
    if let Some(cookie) = csrf.set_cookie(flow.issuer().is_https()) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    Ok(response)
}

async fn confirmed(
    provider: &Provider,
    headers: &HeaderMap,
    params: Result<Params, BadForm>,
) -> Result<Response, Refused> {
    let now = provider.now();
    let params = params.map_err(|bad| page(bad.status(), &bad.to_string()))?;
    let csrf = Csrf::of(headers, provider.flow().random());
    let form = params.first("login").unwrap_or_default();
    let asked: Option<Asked> = provider.open_sealed(PURPOSE, form);
    let ours = csrf.check(params.first("csrf").unwrap_or_default());
    let Some(asked) = asked.filter(|_| ours) else {
        return Err(page(
            StatusCode::FORBIDDEN,
            "The form did not come from a page of this site, or your browser does not keep its cookies.",
        ));
    };
    if params.first("decision") != Some("logout") {
        return Ok(provider.page(still_signed_in()));
    }
    let session = BrowserSession::find(provider.flow(), headers, now).await?;
    // Whoever signed in since the page was shown did not ask for anything.
    match session {
        Some(session) if session.id != asked.session => Ok(provider.page(still_signed_in())),
        session => sign_out(provider, headers, session, asked.return_to, asked.door, now).await,
    }
}

/// Ends the session of the browser and what clients were given for its time. Before that the script
/// of the login method is heard.
async fn sign_out(
    provider: &Provider,
    headers: &HeaderMap,
    session: Option<BrowserSession>,
    return_to: Option<String>,
    door: Door,
    now: Timestamp,
) -> Result<Response, Refused> {
    let elsewhere = match &session {
        Some(session) => hear_the_method(provider, headers, session, door, now).await?,
        None => None,
    };
    let flow = provider.flow();
    let mut tx = flow.store().begin().await?;
    let (ended, cleared) = BrowserSession::end(&mut tx, flow, headers, now).await?;
    if let Some(session) = ended {
        Authorization::revoke_of_session(&mut tx, session.id, now).await?;
    }
    tx.commit().await?;
    let mut cookies: Vec<HeaderValue> = cleared.into_iter().map(|(_, value)| value).collect();
    let Some(elsewhere) = elsewhere else {
        return Ok(signed_out(provider, return_to.as_deref(), cookies));
    };
    let until = now.plus(LEFT_FOR);
    let left = provider.seal(LEFT, &Left { until, return_to });
    cookies.push(
        SetCookie::new(LEFT, &left)
            .max_age(LEFT_FOR)
            .secure(flow.issuer().is_https())
            .host_only()
            .header(),
    );
    let response = (error::never_stored(), Redirect::to(elsewhere.as_str())).into_response();
    Ok(with_cookies(response, cookies))
}

/// Where the login method wants the browser to go first. A script that fails keeps nobody signed in
/// who signs out by the protocol.
async fn hear_the_method(
    provider: &Provider,
    headers: &HeaderMap,
    session: &BrowserSession,
    door: Door,
    now: Timestamp,
) -> Result<Option<Url>, Refused> {
    let signing_out = SigningOut {
        session,
        headers,
        path: door.path(),
    };
    match (signing_out.ask_the_method(provider.flow(), now).await, door) {
        (Ok(MethodLogout::Done { elsewhere }), _) => Ok(elsewhere),
        (Ok(MethodLogout::Refused), Door::LogoutPage) => Err(page(
            StatusCode::CONFLICT,
            "The way in which you signed in did not let you sign out.",
        )),
        (Ok(MethodLogout::Refused), Door::EndSession) => {
            tracing::warn!(event = "logout.refused_by_script", person.id = %session.person_id, "a script refused to sign a person out; the session ended");
            Ok(None)
        }
        (Err(cause), Door::LogoutPage) => Err(cause.into()),
        (Err(cause), Door::EndSession) => {
            tracing::error!(%cause, "a script could not be asked when a person signed out; the session ended");
            Ok(None)
        }
    }
}

/// The end: back at the application, or a page that says so.
fn signed_out(provider: &Provider, return_to: Option<&str>, cookies: Vec<HeaderValue>) -> Response {
    let response = match return_to {
        Some(address) => (error::never_stored(), Redirect::to(address)).into_response(),
        None => {
            provider
                .flow()
                .pages()
                .render("logout.xhtml", StatusCode::OK, json!({ "done": true }))
        }
    };
    with_cookies(response, cookies)
}

fn with_cookies(mut response: Response, cookies: Vec<HeaderValue>) -> Response {
    for cookie in cookies {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

fn not_left(provider: &Provider) -> HeaderValue {
    SetCookie::removed(LEFT)
        .secure(provider.flow().issuer().is_https())
        .host_only()
        .header()
}

fn page(status: StatusCode, happened: &str) -> Refused {
    Refused::Page(Box::new(ErrorPage {
        status,
        title: "You are not signed out yet".to_owned(),
        happened: happened.to_owned(),
        what_to_do: "You can sign out here, without going back to the application.".to_owned(),
        link: Some(("Sign out".to_owned(), routes::END_SESSION.to_owned())),
        request_id: None,
    }))
}

fn still_signed_in() -> ErrorPage {
    ErrorPage {
        status: StatusCode::OK,
        title: "You are still signed in".to_owned(),
        happened: "Nothing was changed.".to_owned(),
        what_to_do: "You can close this page, or go back to your application.".to_owned(),
        link: None,
        request_id: None,
    }
}
