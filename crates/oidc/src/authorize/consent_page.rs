use std::time::Duration;

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, StatusCode, header};
use sallyport_base::{Id, Timestamp};
use sallyport_flow::BrowserSession;
use sallyport_web::{BadForm, Csrf, FormBody, Params};
use serde::{Deserialize, Serialize};
use serde_json::json;
use url::Url;

use super::{
    attempt::{Attempt, Parked, Visit},
    decide::Stage,
    foreign_form, go_on,
    refusal::{Failure, Refusal},
    start_over, unreadable,
};
use crate::{OidcError, Provider, consent::Consent, routes};

/// How long the page may stay open before the request starts over.
const LIFETIME: Duration = Duration::from_secs(600);

const PURPOSE: &str = "consent page";

/// What the page carries, sealed, so that no node must remember it.
#[derive(Serialize, Deserialize)]
struct Asked {
    parked: Parked,
    session: Id<BrowserSession>,
    at: Timestamp,
}

impl Asked {
    /// Whether the person who was asked is the one who answers, in time.
    fn is_of(&self, session: Option<&BrowserSession>, now: Timestamp) -> bool {
        session.is_some_and(|session| session.id == self.session) && now.since(self.at) <= LIFETIME
    }
}

/// Asks the person whether they allow what the client asks for.
pub(super) async fn show(
    visit: Visit<'_>,
    attempt: &Attempt,
    session: &BrowserSession,
) -> Result<Response, OidcError> {
    let flow = visit.provider.flow();
    let csrf = Csrf::of(visit.headers, flow.random());
    let asked = Asked {
        parked: attempt.park(),
        session: session.id,
        at: visit.now,
    };
    let person = flow.people().find(session.person_id).await?;
    let scopes: Vec<_> = attempt
        .request
        .scopes
        .iter()
        .map(|scope| json!({ "name": scope.name(), "description": scope.description() }))
        .collect();
    let context = json!({
        "client_name": attempt.reply.client.registration.client_name,
        "client_host": host_of(&attempt.reply.redirect_uri),
        "person": person.map(|person| person.uid),
        "scopes": scopes,
        "form_action": routes::CONSENT,
        "csrf": csrf.field(),
        "login": visit.provider.seal(PURPOSE, &asked),
    });
    let mut response = flow
        .pages()
        .render("authorize.xhtml", StatusCode::OK, context);
    if let Some(cookie) = csrf.set_cookie(flow.issuer().is_https()) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    Ok(response.into_response())
}

/// The host that the browser will be sent on to; none for an application on the person's device.
fn host_of(redirect_uri: &str) -> Option<String> {
    let url = Url::parse(redirect_uri).ok()?;
    url.host_str().map(str::to_owned)
}

pub(crate) async fn submit(
    State(provider): State<Provider>,
    headers: HeaderMap,
    params: Result<FormBody, BadForm>,
) -> Response {
    let visit = Visit {
        provider: &provider,
        headers: &headers,
        now: provider.now(),
    };
    match params {
        Ok(FormBody(params)) => match answered(visit, &params).await {
            Ok(response) => response,
            Err(error) => provider.fault(error),
        },
        Err(bad) => provider.page(unreadable(&bad)),
    }
}

async fn answered(visit: Visit<'_>, params: &Params) -> Result<Response, OidcError> {
    let flow = visit.provider.flow();
    let csrf = Csrf::of(visit.headers, flow.random());
    let form = params.first("login").unwrap_or_default();
    let asked: Option<Asked> = visit.provider.open_sealed(PURPOSE, form);
    let Some(asked) = asked.filter(|_| csrf.check(params.first("csrf").unwrap_or_default())) else {
        return Ok(visit.provider.page(foreign_form()));
    };
    let session = visit.session().await?;
    let in_time = asked.is_of(session.as_ref(), visit.now);
    let acrs = flow.acrs().await?;
    let unparked = asked
        .parked
        .unpark(&mut *flow.store().reader().await?, acrs)
        .await?;
    let attempt = match unparked {
        Ok(attempt) => attempt,
        Err(no_reply) => return Ok(visit.provider.page(no_reply.page())),
    };
    let reply = attempt.reply.clone();
    let outcome = match (params.first("decision"), session) {
        (Some("allow"), Some(session)) if in_time => allow(visit, attempt, &session).await,
        (Some("deny"), _) => Err(Refusal::access_denied().into()),
        _ => start_over(visit, attempt).await,
    };
    Ok(outcome.unwrap_or_else(|failure| reply.failure(flow.issuer(), failure)))
}

async fn allow(
    visit: Visit<'_>,
    attempt: Attempt,
    session: &BrowserSession,
) -> Result<Response, Failure> {
    let mut tx = visit.provider.flow().store().begin().await?;
    Consent::give(
        &mut tx,
        session.person_id,
        &attempt.reply.client.id,
        &attempt.request.scopes,
        visit.now,
    )
    .await?;
    go_on(tx, visit, attempt, session, Stage::Allowed).await
}
