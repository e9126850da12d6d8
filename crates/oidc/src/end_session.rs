//! The logout endpoint (OpenID Connect RP-Initiated Logout 1.0).

use axum::{
    extract::State,
    response::{IntoResponse, Redirect, Response},
};
use http::{HeaderMap, StatusCode, header};
use sallyport_base::{Id, Timestamp};
use sallyport_flow::BrowserSession;
use sallyport_people::Person;
use sallyport_web::{BadForm, Csrf, ErrorPage, FormBody, Params, QueryParams};
use serde::{Deserialize, Serialize};
use serde_json::json;
use url::form_urlencoded::Serializer;

use crate::{
    Client, OidcError, Provider, authorization::Authorization, cross_site, error, id_token, routes,
};

const PURPOSE: &str = "logout page";

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
    answer(&provider, requested(&provider, &headers, params).await)
}

pub(crate) async fn post(
    State(provider): State<Provider>,
    headers: HeaderMap,
    params: Result<FormBody, BadForm>,
) -> Response {
    let params = params.map(|FormBody(params)| params);
    match params {
        Ok(params) if cross_site::is_cross_site(&headers) => {
            cross_site::as_get(routes::END_SESSION, &params)
        }
        params => answer(&provider, requested(&provider, &headers, params).await),
    }
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
) -> Result<Response, Refused> {
    let now = provider.now();
    let params = params.map_err(|bad| page(bad.status(), &bad.to_string()))?;
    let logout = Logout::check(provider, &params, now).await?;
    let session = BrowserSession::find(provider.flow(), headers, now).await?;
    match session {
        Some(session) if logout.hinted != Some(session.person_id) => {
            Ok(ask(provider, headers, &logout, &session).await?)
        }
        _ => Ok(sign_out(provider, headers, logout.return_to.as_deref(), now).await?),
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
) -> Result<Response, OidcError> {
    let flow = provider.flow();
    let csrf = Csrf::of(headers, flow.random());
    let asked = Asked {
        session: session.id,
        return_to: logout.return_to.clone(),
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
    let return_to = asked.return_to.as_deref();
    match session {
        Some(session) if session.id != asked.session => Ok(provider.page(still_signed_in())),
        _ => Ok(sign_out(provider, headers, return_to, now).await?),
    }
}

/// Ends the session of the browser and what clients were given for its time.
async fn sign_out(
    provider: &Provider,
    headers: &HeaderMap,
    return_to: Option<&str>,
    now: Timestamp,
) -> Result<Response, OidcError> {
    let flow = provider.flow();
    let mut tx = flow.store().begin().await?;
    let (ended, cleared) = BrowserSession::end(&mut tx, flow, headers, now).await?;
    if let Some(session) = ended {
        Authorization::revoke_of_session(&mut tx, session.id, now).await?;
    }
    tx.commit().await?;
    let mut response = match return_to {
        Some(address) => (error::never_stored(), Redirect::to(address)).into_response(),
        None => flow
            .pages()
            .render("logout.xhtml", StatusCode::OK, json!({ "done": true })),
    };
    for (name, value) in &cleared {
        response.headers_mut().append(name, value.clone());
    }
    Ok(response)
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
