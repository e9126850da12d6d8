//! The authorization endpoint: from a request in a browser to a code for a client.

mod attempt;
mod consent_page;
mod decide;
mod refusal;
mod reply_to;
mod request;

use axum::{extract::State, response::Response};
use http::{HeaderMap, StatusCode};
use sallyport_base::{Id, Timestamp, Tx};
use sallyport_flow::{BrowserSession, FlowError, Login};
use sallyport_people::Person;
use sallyport_web::{BadForm, ErrorPage, FormBody, Params, QueryParams};

pub(crate) use consent_page::submit as consent;
pub(crate) use request::Prompt;

use attempt::{Attempt, Parked, Visit};
use decide::{Decision, Stage};
use refusal::{Failure, Refusal};
use reply_to::ReplyTo;
use request::AuthorizeRequest;

use crate::{OidcError, Provider, authorization::Authorization, cross_site, id_token, routes};

pub(crate) async fn get(
    State(provider): State<Provider>,
    headers: HeaderMap,
    params: Result<QueryParams, BadForm>,
) -> Response {
    match params {
        Ok(QueryParams(params)) => authorize(&provider, &headers, &params).await,
        Err(bad) => provider.page(unreadable(&bad)),
    }
}

pub(crate) async fn post(
    State(provider): State<Provider>,
    headers: HeaderMap,
    params: Result<FormBody, BadForm>,
) -> Response {
    match params {
        Ok(FormBody(params)) if cross_site::is_cross_site(&headers) => {
            cross_site::as_get(routes::AUTHORIZE, &params)
        }
        Ok(FormBody(params)) => authorize(&provider, &headers, &params).await,
        Err(bad) => provider.page(unreadable(&bad)),
    }
}

/// Goes on after the login that [`Attempt`] started.
pub(crate) async fn resume(
    State(provider): State<Provider>,
    headers: HeaderMap,
    params: Result<QueryParams, BadForm>,
) -> Response {
    let params = match params {
        Ok(QueryParams(params)) => params,
        Err(bad) => return provider.page(unreadable(&bad)),
    };
    let now = provider.now();
    let visit = Visit {
        provider: &provider,
        headers: &headers,
        now,
    };
    let handle = params.first("login").unwrap_or_default();
    match after_login(visit, handle).await {
        Ok(response) => response,
        Err(error) => provider.fault(error),
    }
}

async fn authorize(provider: &Provider, headers: &HeaderMap, params: &Params) -> Response {
    let visit = Visit {
        provider,
        headers,
        now: provider.now(),
    };
    let reply = match proven_reply(provider, params).await {
        Ok(Ok(reply)) => reply,
        Ok(Err(no_reply)) => return provider.page(no_reply.page()),
        Err(error) => return provider.fault(error),
    };
    let issuer = provider.flow().issuer();
    match arrive(visit, params, reply.clone()).await {
        Ok(response) => response,
        Err(failure) => reply.failure(issuer, failure),
    }
}

async fn proven_reply(
    provider: &Provider,
    params: &Params,
) -> Result<Result<ReplyTo, reply_to::NoReply>, OidcError> {
    let mut reader = provider.flow().store().reader().await?;
    Ok(ReplyTo::check(&mut reader, params).await?)
}

async fn arrive(visit: Visit<'_>, params: &Params, reply: ReplyTo) -> Result<Response, Failure> {
    let mut request = AuthorizeRequest::check(params, &reply.client)?;
    request.hinted = hinted_person(visit, params, &reply).await?;
    let custom = visit.provider.flow().authorization_parameters();
    let attributes = request::attributes(params, custom);
    let attempt = Attempt::new(visit, reply, request, attributes).await?;
    start_over(visit, attempt).await
}

/// Answers a request for which the person has done nothing yet.
async fn start_over(visit: Visit<'_>, attempt: Attempt) -> Result<Response, Failure> {
    let session = visit.session().await?;
    let mut reader = visit.provider.flow().store().reader().await?;
    let decision = attempt
        .decide(&mut reader, visit, Stage::Arrived, session.as_ref())
        .await?;
    drop(reader);
    match (decision, session) {
        (Decision::Issue(proof), Some(session)) => {
            let tx = visit.provider.flow().store().begin().await?;
            attempt.issue(tx, visit, &session, &proof).await
        }
        (other, session) => attempt.ask(visit, other, session.as_ref()).await,
    }
}

async fn hinted_person(
    visit: Visit<'_>,
    params: &Params,
    reply: &ReplyTo,
) -> Result<Option<Id<Person>>, Failure> {
    let Ok(Some(hint)) = params.single("id_token_hint") else {
        return Ok(None);
    };
    let hint = id_token::verified_hint(visit.provider, hint, visit.now).await?;
    let hint = hint.filter(|hint| hint.is_for(&reply.client.id));
    match hint {
        Some(hint) => Ok(Some(hint.sub)),
        None => Err(Refusal::invalid_request(
            "id_token_hint is not an ID token that this server issued to this client.",
        )
        .into()),
    }
}

async fn after_login(visit: Visit<'_>, handle: &str) -> Result<Response, OidcError> {
    let flow = visit.provider.flow();
    let acrs = flow.acrs().await?;
    let earlier = BrowserSession::find(flow, visit.headers, visit.now).await?;
    let mut tx = flow.store().begin().await?;
    let Some(finished) = Login::take(&mut tx, flow, visit.headers, handle, visit.now).await? else {
        return Ok(FlowError::NoLogin.page(flow.pages()));
    };
    let parked = Parked::parse(&finished.parked)?;
    let attempt = match parked.unpark(&mut tx, acrs).await? {
        Ok(attempt) => attempt,
        Err(no_reply) => return Ok(visit.provider.page(no_reply.page())),
    };
    let (session, cookies) =
        BrowserSession::open(&mut tx, flow, visit.headers, &finished, visit.now).await?;
    follow(&mut tx, earlier, &session, visit.now).await?;
    let reply = attempt.reply.clone();
    match go_on(tx, visit, attempt, &session, Stage::SignedIn).await {
        Ok(mut response) => {
            for (name, value) in &cookies {
                response.headers_mut().append(name, value.clone());
            }
            Ok(response)
        }
        Err(not_committed) => Ok(reply.failure(flow.issuer(), not_committed)),
    }
}

/// Lets what was issued in the browser's earlier session live on under its new id, or end with it
/// when somebody else has signed in.
async fn follow(
    tx: &mut Tx,
    earlier: Option<BrowserSession>,
    session: &BrowserSession,
    now: Timestamp,
) -> Result<(), OidcError> {
    match earlier {
        Some(earlier) if earlier.person_id == session.person_id => {
            Authorization::move_to_session(tx, earlier.id, session.id).await?;
        }
        Some(earlier) => Authorization::revoke_of_session(tx, earlier.id, now).await?,
        None => {}
    }
    Ok(())
}

/// Answers a request for which the person has just done what `stage` says. `tx` holds the proof of
/// it, and is committed whatever the answer is; `Err` when it could not be, and then nothing that
/// it holds may be told.
async fn go_on(
    mut tx: Tx,
    visit: Visit<'_>,
    attempt: Attempt,
    session: &BrowserSession,
    stage: Stage,
) -> Result<Response, Failure> {
    match attempt.decide(&mut tx, visit, stage, Some(session)).await? {
        Decision::Issue(proof) => attempt.issue(tx, visit, session, &proof).await,
        other => {
            tx.commit().await?;
            let asked = attempt.ask(visit, other, Some(session)).await;
            let issuer = visit.provider.flow().issuer();
            Ok(asked.unwrap_or_else(|failure| attempt.reply.failure(issuer, failure)))
        }
    }
}

fn unreadable(bad: &BadForm) -> ErrorPage {
    ErrorPage {
        status: bad.status(),
        title: "This request cannot be read".to_owned(),
        happened: bad.to_string(),
        what_to_do: "Go back to the application and try again.".to_owned(),
        link: None,
        request_id: None,
    }
}

/// For a form whose page lived too long or belongs to somebody else.
fn foreign_form() -> ErrorPage {
    ErrorPage {
        status: StatusCode::FORBIDDEN,
        title: "This form cannot be accepted".to_owned(),
        happened: "It did not come from a page of this site, or your browser does not keep its \
                   cookies."
            .to_owned(),
        what_to_do: "Allow cookies for this site, go back to the application and try again."
            .to_owned(),
        link: None,
        request_id: None,
    }
}
