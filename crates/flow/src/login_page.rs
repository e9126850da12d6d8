use std::net::SocketAddr;

use axum::{
    extract::{ConnectInfo, FromRequest, Path, Request, State},
    response::{IntoResponse, Redirect, Response},
};
use http::{HeaderMap, StatusCode, header};
use sallyport_base::{Id, Timestamp};
use sallyport_web::{BadForm, Csrf, FormBody, Params, Repeated, masked_number, parse_form};
use serde_json::json;

use crate::{
    Flow, FlowError, Login,
    progress::{Came, prepare_page_to_its_end, take_step_to_its_end},
    scene::PageRequest,
    sent_forms::FormProof,
    step::{self, PageParts},
};

/// How long a person waits between two messages: after the first, the second, and any later one.
const RESEND_AFTER: [i64; 3] = [30, 60, 120];

/// The page of the step that a login is at.
pub(crate) async fn show(
    State(flow): State<Flow>,
    Path(page): Path<String>,
    request: Request,
) -> Response {
    let now = flow.clock().now();
    let query = parse_form(request.uri().query().unwrap_or_default().as_bytes());
    let blank = page_request(&request, &page, "GET");
    let shown = async {
        let request = with_parameters(blank, query)?;
        let turn = flow.busy().wait(login_id(&request)?).await;
        let login = find_login(&flow, &request, now).await?;
        if login.authentication.is_some() || login.path() != request.path {
            return Ok(see_other(&login));
        }
        prepare_page_to_its_end(flow.clone(), turn, login, request, now).await
    };
    shown
        .await
        .unwrap_or_else(|error: FlowError| error.page(flow.pages()))
}

/// A form of the step that a login is at.
pub(crate) async fn submit(
    State(flow): State<Flow>,
    Path(page): Path<String>,
    request: Request,
) -> Response {
    let now = flow.clock().now();
    let blank = page_request(&request, &page, "POST");
    let form = FormBody::from_request(request, &()).await;
    let submitted = async {
        let request = with_parameters(blank, form.map(|FormBody(params)| params))?;
        check_form(&flow, &request)?;
        let turn = flow.busy().wait(login_id(&request)?).await;
        let login = find_login(&flow, &request, now).await?;
        if login.authentication.is_some() || is_stale(&login, &request.parameters) {
            return Ok(see_other(&login));
        }
        take_step_to_its_end(flow.clone(), turn, login, request, Came::ByForm, now).await
    };
    submitted
        .await
        .unwrap_or_else(|error: FlowError| error.page(flow.pages()))
}

pub(crate) fn page_request(request: &Request, page: &str, method: &'static str) -> PageRequest {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
    PageRequest {
        headers: request.headers().clone(),
        parameters: Params::default(),
        remote_ip: peer.map(|ConnectInfo(address)| address.ip()),
        method,
        path: format!("/oxauth/{page}"),
    }
}

pub(crate) fn with_parameters(
    blank: PageRequest,
    parameters: Result<Params, BadForm>,
) -> Result<PageRequest, FlowError> {
    match parameters {
        Ok(parameters) => Ok(PageRequest {
            parameters,
            ..blank
        }),
        Err(cause) => Err(FlowError::BadForm(cause.to_string())),
    }
}

pub(crate) fn login_id(request: &PageRequest) -> Result<Id<Login>, FlowError> {
    let handle = single(&request.parameters, "login")?.ok_or(FlowError::NoLogin)?;
    Id::parse(handle).ok_or(FlowError::NoLogin)
}

pub(crate) async fn find_login(
    flow: &Flow,
    request: &PageRequest,
    now: Timestamp,
) -> Result<Login, FlowError> {
    Login::load(flow, &request.headers, login_id(request)?, now).await
}

pub(crate) fn check_form(flow: &Flow, request: &PageRequest) -> Result<(), FlowError> {
    let value = single(&request.parameters, "csrf")?.unwrap_or_default();
    let csrf = Csrf::of(&request.headers, flow.random());
    csrf.check(value)
        .then_some(())
        .ok_or(FlowError::ForeignForm)
}

pub(crate) fn single<'p>(params: &'p Params, name: &'p str) -> Result<Option<&'p str>, FlowError> {
    params
        .single(name)
        .map_err(|Repeated(name)| FlowError::BadForm(format!("{name} is given more than once")))
}

/// Whether the form is of a page that the login has left: a double click, the back button.
pub(crate) fn is_stale(login: &Login, parameters: &Params) -> bool {
    parameters
        .first("step")
        .is_some_and(|step| step != login.step().to_string())
}

pub(crate) fn see_other(login: &Login) -> Response {
    Redirect::to(&login.url()).into_response()
}

pub(crate) fn render(
    flow: &Flow,
    login: &Login,
    request: &PageRequest,
    parts: PageParts,
    proof: Option<FormProof>,
    now: Timestamp,
) -> Response {
    let csrf = Csrf::of(&request.headers, flow.random());
    let seconds = now.as_seconds();
    let number = ["mobile_number", "mobile"]
        .iter()
        .find_map(|name| login.session.get(*name));
    let username = request
        .parameters
        .first("username")
        .or(login.login_hint.as_deref());
    let context = json!({
        "form_action": login.path(),
        "csrf": csrf.field(),
        "proof": proof,
        "login": login.id,
        "step": login.step(),
        "steps": step::count_of(flow, login),
        "messages": parts.messages,
        "working": parts.working,
        "username": username,
        "client_name": login.client_name,
        "cancel_link": login.cancel_url,
        "host": flow.issuer().host(),
        "masked_number": number.map(|number| masked_number(number)),
        "seconds_left": number_in(login, "passcode_expires_at").map(|at| (at - seconds).max(0)),
        "resend_in": resend_at(login).map(|at| (at - seconds).max(0)),
    });
    let page = login.place.to_string();
    let mut response = flow.pages().render(&page, StatusCode::OK, context);
    set_cookie(response.headers_mut(), &csrf, flow);
    response
}

fn set_cookie(headers: &mut HeaderMap, csrf: &Csrf, flow: &Flow) {
    if let Some(cookie) = csrf.set_cookie(flow.issuer().is_https()) {
        headers.append(header::SET_COOKIE, cookie);
    }
}

/// When another message may be sent, in Unix seconds; `None` when the script cannot send another. One
/// that was not delivered is no reason to wait.
fn resend_at(login: &Login) -> Option<i64> {
    let sends = usize::try_from(number_in(login, "passcode_sends")?).ok()?;
    let sent_at = number_in(login, "passcode_sent_at")?;
    let delivery = login.session.get("passcode_delivery");
    if delivery.is_some_and(|state| state == "failed") {
        return Some(sent_at);
    }
    Some(sent_at + RESEND_AFTER[sends.clamp(1, RESEND_AFTER.len()) - 1])
}

fn number_in(login: &Login, name: &str) -> Option<i64> {
    login.session.get(name)?.parse().ok()
}
