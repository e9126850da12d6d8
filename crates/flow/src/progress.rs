//! What a request does to a login: its step is taken, its page prepared, and the browser sent on.

use std::time::Duration;

use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use sallyport_base::Timestamp;
use sallyport_script::{About, Message, Severity};
use sallyport_web::ErrorPage;
use tokio::sync::OwnedMutexGuard;

use crate::{
    Flow, FlowError, Login,
    counted_tries::{self, Counted},
    login_page::{render, see_other},
    place::Place,
    scene::PageRequest,
    script_reply::ScriptReply,
    sent_forms::{self, Refused},
    step::{self, Outcome, PageParts, Prepared},
};

/// How a browser came to the step that it takes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Came {
    /// By a form of the step's page, which is shown again when the step is not passed.
    ByForm,
    /// By a form of ours that goes to the page for returns, which shows none of its own.
    ToReturnPage,
    /// From another site, or on its way through a step that has no page.
    ByItself,
}

impl Came {
    pub(crate) fn by_form(self) -> bool {
        matches!(self, Self::ByForm | Self::ToReturnPage)
    }
}

/// What is to be told already when a page is prepared.
struct Told {
    parts: PageParts,
    reply: ScriptReply,
    /// Whether a message says how long the page must be open.
    says_wait: bool,
}

impl Told {
    fn of(login: &Login) -> Self {
        let parts = PageParts {
            messages: login.messages.clone(),
            ..PageParts::default()
        };
        Self {
            parts,
            reply: ScriptReply::default(),
            says_wait: false,
        }
    }
}

/// A person who closes the page does not stop a step half way: a code that was accepted, or a
/// message that was sent, must be on record.
pub(crate) async fn take_step_to_its_end(
    flow: Flow,
    turn: OwnedMutexGuard<()>,
    login: Login,
    request: PageRequest,
    came: Came,
    now: Timestamp,
) -> Result<Response, FlowError> {
    let step = tokio::spawn(async move {
        let _turn = turn;
        take_step(&flow, login, &request, came, now).await
    });
    step.await.unwrap_or(Err(FlowError::Busy))
}

/// The page of the step, for which the same holds: a script may send a message before it is shown.
pub(crate) async fn prepare_page_to_its_end(
    flow: Flow,
    turn: OwnedMutexGuard<()>,
    mut login: Login,
    request: PageRequest,
    now: Timestamp,
) -> Result<Response, FlowError> {
    let page = tokio::spawn(async move {
        let _turn = turn;
        let before = login.clone();
        let told = Told::of(&before);
        prepared_page(&flow, &mut login, &before, &request, told, now).await
    });
    page.await.unwrap_or(Err(FlowError::Busy))
}

async fn take_step(
    flow: &Flow,
    mut login: Login,
    request: &PageRequest,
    came: Came,
    now: Timestamp,
) -> Result<Response, FlowError> {
    match counted_tries::count(flow, &mut login, request, came, now).await? {
        Counted::Allowed => {}
        Counted::TooMany { until } => {
            return Err(FlowError::TooManyTries {
                wait: until.map(|until| until.since(now)),
                back: login.way_back(),
            });
        }
        Counted::WithoutProof(refused) => {
            return ask_for_proof(flow, &login, request, refused, now).await;
        }
    }
    login.away_at = None;
    let before = login.clone();
    let (outcome, reply) = step::advance(flow, &mut login, request, now).await?;
    match outcome {
        Outcome::Stay(parts) if reply.way.is_none() && came == Came::ByForm => {
            let told = Told {
                parts,
                reply,
                says_wait: false,
            };
            prepared_page(flow, &mut login, &before, request, told, now).await
        }
        Outcome::Stay(parts) if reply.way.is_none() => {
            let mut response = not_passed(flow, &login, parts.messages);
            if login != before && !save(flow, &login).await? {
                return Ok(see_other(&load_again(flow, &login, request, now).await?));
            }
            reply.write(response.headers_mut());
            Ok(response)
        }
        Outcome::Stay(_) | Outcome::Moved | Outcome::Passed => {
            send_on(flow, login, &before, request, &reply, now).await
        }
    }
}

/// The page that the form came from, as if it was opened anew: the form reaches no script, and the
/// new page can prove what this one did not.
async fn ask_for_proof(
    flow: &Flow,
    login: &Login,
    request: &PageRequest,
    refused: Refused,
    now: Timestamp,
) -> Result<Response, FlowError> {
    tracing::info!(event = "login.proof_missing", login.id = %login.id, "a form was not taken: after so many of its network or its login it needs a proof of work");
    let mut login = load_again(flow, login, request, now).await?;
    if login.authentication.is_some() || !matches!(login.place, Place::Page(_)) {
        return Ok(see_other(&login));
    }
    let before = login.clone();
    let mut told = Told::of(&before);
    told.says_wait = refused == Refused::Unproven;
    told.parts.messages.push(Message {
        severity: Severity::Error,
        about: Some(About::Page),
        text: match refused {
            Refused::Unproven => without_proof(flow.limits().proof_of_work.wait),
            Refused::Used => USED_PAGE.to_owned(),
        },
    });
    prepared_page(flow, &mut login, &before, &request.as_reload(), told, now).await
}

const USED_PAGE: &str = "This page was used already. Please try again.";

fn without_proof(wait: Duration) -> String {
    let seconds = wait.as_secs();
    format!(
        "There were several attempts to sign in from your network. Please stay on this page for \
         {seconds} seconds, then try again."
    )
}

/// The page of the step, after its script has prepared it; or the way that the script sends the
/// browser instead.
async fn prepared_page(
    flow: &Flow,
    login: &mut Login,
    before: &Login,
    request: &PageRequest,
    told: Told,
    now: Timestamp,
) -> Result<Response, FlowError> {
    let (prepared, own_reply) =
        step::prepare(flow, login, request, told.parts.working, now).await?;
    let is_here = own_reply.way.as_ref() == Some(&login.place);
    let reply = told.reply.and(own_reply);
    match prepared {
        Prepared::Page(mut parts) if reply.way.is_none() || is_here => {
            if login != before && !save(flow, login).await? {
                return Ok(see_other(&load_again(flow, login, request, now).await?));
            }
            parts.messages.splice(0..0, told.parts.messages);
            let mut proof = sent_forms::proof_for(flow, login, request, now).await?;
            if let Some(proof) = proof.as_mut().filter(|_| told.says_wait) {
                proof.wait_seconds = None;
            }
            let mut response = render(flow, login, request, parts, proof, now);
            reply.write(response.headers_mut());
            Ok(response)
        }
        Prepared::Page(_) | Prepared::Moved => {
            send_on(flow, login.clone(), before, request, &reply, now).await
        }
    }
}

/// Keeps what changed and sends the browser where the login is now, or where the script wants it.
async fn send_on(
    flow: &Flow,
    mut login: Login,
    before: &Login,
    request: &PageRequest,
    reply: &ScriptReply,
    now: Timestamp,
) -> Result<Response, FlowError> {
    let mut target = None;
    match &reply.way {
        Some(Place::Elsewhere(url)) => {
            login.away_at = Some(now);
            target = Some(url.to_string());
        }
        Some(place) => login.place = place.clone(),
        None => {}
    }
    let made_up_for = counted_tries::made_up_for(flow, before, &login, request).await?;
    let mut tx = flow.store().begin().await?;
    if !login.save(&mut tx, flow.vault()).await? {
        drop(tx);
        return Ok(see_other(&load_again(flow, &login, request, now).await?));
    }
    sent_forms::give_back(&mut tx, &login, request).await?;
    counted_tries::forget(&mut tx, &made_up_for).await?;
    tx.commit().await?;
    let target = target.unwrap_or_else(|| login.url());
    let mut response = Redirect::to(&target).into_response();
    reply.write(response.headers_mut());
    Ok(response)
}

/// For a step that has no page of its own to say so.
fn not_passed(flow: &Flow, login: &Login, messages: Vec<Message>) -> Response {
    let said: Vec<String> = messages.into_iter().map(|message| message.text).collect();
    let again = match login.place {
        Place::Page(_) => Some(("Try again".to_owned(), login.url())),
        Place::AtOnce | Place::Elsewhere(_) => login.way_back(),
    };
    flow.pages().error(ErrorPage {
        status: StatusCode::FORBIDDEN,
        title: "You are not signed in".to_owned(),
        happened: said.join(" "),
        what_to_do: "Try again, or go back to the application.".to_owned(),
        link: again,
        request_id: None,
    })
}

async fn save(flow: &Flow, login: &Login) -> Result<bool, FlowError> {
    let mut tx = flow.store().begin().await?;
    let won = login.save(&mut tx, flow.vault()).await?;
    tx.commit().await?;
    Ok(won)
}

async fn load_again(
    flow: &Flow,
    login: &Login,
    request: &PageRequest,
    now: Timestamp,
) -> Result<Login, FlowError> {
    Login::load(flow, &request.headers, login.id, now).await
}
