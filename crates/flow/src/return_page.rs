//! The way to another site in the middle of a login, and the way back (Gluu's `postlogin.htm`).
//!
//! What comes back was sent by somebody else's page: it carries no token of ours and proves nothing
//! by itself. It is taken for a step once for each time that the script sent the browser away, by
//! the browser that went, and never for a login whose page is waiting for a form.

use axum::{
    extract::{FromRequest, Request, State},
    response::{IntoResponse, Redirect, Response},
};
use http::{HeaderMap, Method, StatusCode};
use sallyport_base::{Id, Timestamp};
use sallyport_web::{FormBody, Params, parse_form};
use serde_json::json;

use crate::{
    Flow, FlowError, Login,
    login_page::{check_form, is_stale, login_id, page_request, see_other, with_parameters},
    place::Place,
    progress::{Came, take_step_to_its_end},
    scene::PageRequest,
};

/// Marks a form that came by [`again_from_here`].
const POSTED_AGAIN: &str = "posted_again";

/// Sends the browser to the place of a step that takes place elsewhere.
pub(crate) async fn leave(State(flow): State<Flow>, request: Request) -> Response {
    let now = flow.clock().now();
    let left = async {
        let request = read(request).await?;
        let id = login_id(&request)?;
        let _turn = flow.busy().wait(id).await;
        let mut login = Login::load(&flow, &request.headers, id, now).await?;
        let Place::Elsewhere(url) = login.place.clone() else {
            return Ok(see_other(&login));
        };
        login.away_at = Some(now);
        let mut tx = flow.store().begin().await?;
        if !login.save(&mut tx, flow.vault()).await? {
            drop(tx);
            return Ok(see_other(
                &Login::load(&flow, &request.headers, id, now).await?,
            ));
        }
        tx.commit().await?;
        Ok(Redirect::to(url.as_str()).into_response())
    };
    left.await
        .unwrap_or_else(|error: FlowError| error.page(flow.pages()))
}

/// Runs `authenticate` of the step that a browser comes back to.
pub(crate) async fn returned(State(flow): State<Flow>, request: Request) -> Response {
    let now = flow.clock().now();
    let returned = async {
        let request = read(request).await?;
        let Some(id) = which_login(&flow, &request, now).await? else {
            return again_or_never(&flow, &request);
        };
        let turn = flow.busy().wait(id).await;
        let mut login = Login::load(&flow, &request.headers, id, now).await?;
        if login.authentication.is_some() {
            return Ok(see_other(&login));
        }
        let Some(came) = may_pass(&flow, &mut login, &request).await? else {
            return Ok(see_other(&login));
        };
        take_step_to_its_end(flow.clone(), turn, login, request, came, now).await
    };
    returned
        .await
        .unwrap_or_else(|error: FlowError| error.page(flow.pages()))
}

async fn read(request: Request) -> Result<PageRequest, FlowError> {
    if request.method() == Method::POST {
        let blank = page_request(&request, "postlogin.htm", "POST");
        let form = FormBody::from_request(request, &()).await;
        return with_parameters(blank, form.map(|FormBody(params)| params));
    }
    let blank = page_request(&request, "postlogin.htm", "GET");
    let query = parse_form(request.uri().query().unwrap_or_default().as_bytes());
    with_parameters(blank, query)
}

/// The login that the address names, or the one that this browser left.
async fn which_login(
    flow: &Flow,
    request: &PageRequest,
    now: Timestamp,
) -> Result<Option<Id<Login>>, FlowError> {
    let named = request.parameters.first("login").and_then(Id::parse);
    match named {
        Some(id) => Ok(Some(id)),
        None => Login::find_away(flow, &request.headers, now).await,
    }
}

/// How the request may be taken for the step: the step has no page, or the browser comes back from
/// where the script sent it, or the form is one of ours. `None`: not at all.
async fn may_pass(
    flow: &Flow,
    login: &mut Login,
    request: &PageRequest,
) -> Result<Option<Came>, FlowError> {
    let mut tx = flow.store().begin().await?;
    let was_away = login.come_back(&mut tx).await?;
    tx.commit().await?;
    if was_away || login.place == Place::AtOnce {
        return Ok(Some(Came::ByItself));
    }
    if request.method == "POST" && request.parameters.contains("csrf") {
        check_form(flow, request)?;
        return Ok((!is_stale(login, &request.parameters)).then_some(Came::ToReturnPage));
    }
    Ok(None)
}

/// A form that another site posts comes without cookies (`SameSite=Lax`), and so without a login.
/// It is posted once more from a page of ours, by which the cookies come along.
fn again_or_never(flow: &Flow, request: &PageRequest) -> Result<Response, FlowError> {
    let is_first = !request.parameters.contains(POSTED_AGAIN);
    if request.method == "POST" && is_first && is_cross_site(&request.headers) {
        return Ok(again_from_here(flow, &request.parameters));
    }
    Err(FlowError::NoLogin)
}

fn is_cross_site(headers: &HeaderMap) -> bool {
    headers
        .get("sec-fetch-site")
        .is_some_and(|site| site == "cross-site" || site == "same-site")
}

fn again_from_here(flow: &Flow, parameters: &Params) -> Response {
    let fields: Vec<(&str, &str)> = parameters
        .iter()
        .flat_map(|(name, values)| values.iter().map(move |value| (name, value.as_str())))
        .collect();
    let context = json!({
        "form_action": Place::AtOnce.path(),
        "fields": fields,
        "marker": POSTED_AGAIN,
    });
    flow.pages().render("again.xhtml", StatusCode::OK, context)
}
