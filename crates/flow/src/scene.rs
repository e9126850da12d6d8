//! What a script sees of a browser's request, and what of it a login keeps for the next one.

use std::{collections::BTreeMap, net::IpAddr};

use http::HeaderMap;
use sallyport_base::Timestamp;
use sallyport_script::{Request, Scene, Usage};
use sallyport_web::Params;
use serde_json::Value;

use crate::{Flow, FlowError, Login, questions::shown};

/// The session attribute that names the working parameters which were kept, with their types.
const KEPT: &str = "auth_external_attributes";

/// What a browser sent to a page of a login.
pub(crate) struct PageRequest {
    pub headers: HeaderMap,
    pub parameters: Params,
    pub remote_ip: Option<IpAddr>,
    pub method: &'static str,
    pub path: String,
}

/// What the script sees of the request.
pub(crate) async fn scene(
    flow: &Flow,
    login: &Login,
    request: &PageRequest,
    now: Timestamp,
) -> Result<Scene, FlowError> {
    let authenticated = match login.person_id {
        Some(id) => flow.people().find(id).await?,
        None => None,
    };
    let remote_ip = request
        .remote_ip
        .map(|ip| ip.to_string())
        .unwrap_or_default();
    let mut session = login.session.clone();
    session.insert("remote_ip".to_owned(), remote_ip.clone());
    let nothing = Params::default();
    let resend = login.step() > 1 && is_resend(&request.parameters);
    let credentials = if resend {
        &nothing
    } else {
        &request.parameters
    };
    Ok(Scene {
        working: kept_parameters(&session),
        session,
        session_id: login.id.to_string(),
        username: credentials
            .first("username")
            .map(|name| name.trim().to_owned()),
        password: credentials.first("password").map(str::to_owned),
        request: Request {
            parameters: form_of(&request.parameters),
            headers: readable_headers(&request.headers),
            cookies: BTreeMap::new(),
            remote_ip,
            method: request.method.to_owned(),
            path: request.path.clone(),
            locale: "en".to_owned(),
        },
        now_ms: now.as_micros() / 1000,
        usage: Usage::Interactive,
        issuer: flow.issuer().to_string(),
        authenticated: authenticated.map(shown),
        ..Scene::default()
    })
}

/// The form as the script sees it. A form that asks for another message is no try, so nothing of it
/// but the request reaches the script: whatever else it carries could be a guess that is not counted.
fn form_of(parameters: &Params) -> BTreeMap<String, Vec<String>> {
    let resend = is_resend(parameters);
    parameters
        .iter()
        .filter(|(name, _)| !matches!(*name, "csrf" | "login" | "step"))
        .filter(|(name, _)| !resend || *name == "resend")
        .map(|(name, values)| (name.to_owned(), values.to_vec()))
        .collect()
}

/// Whether the person asks for another message instead of giving an answer.
pub(crate) fn is_resend(parameters: &Params) -> bool {
    parameters.contains("resend")
}

/// Headers that a script may read: cookies and credentials are none of its business.
fn readable_headers(headers: &HeaderMap) -> BTreeMap<String, String> {
    headers
        .iter()
        .filter(|(name, _)| !matches!(name.as_str(), "cookie" | "authorization"))
        .filter_map(|(name, value)| Some((name.to_string(), value.to_str().ok()?.to_owned())))
        .collect()
}

/// The working parameters that an earlier step kept, with the types they had.
fn kept_parameters(session: &BTreeMap<String, String>) -> BTreeMap<String, Value> {
    let types: BTreeMap<String, String> = session
        .get(KEPT)
        .and_then(|json| serde_json::from_str(json).ok())
        .unwrap_or_default();
    types
        .into_iter()
        .filter_map(|(name, kind)| {
            let text = session.get(&name)?;
            let value = match kind.as_str() {
                "java.lang.Integer" => text.parse::<i64>().ok().map(Value::from),
                "java.lang.Boolean" => text.parse::<bool>().ok().map(Value::from),
                _ => Some(Value::from(text.as_str())),
            };
            Some((name, value?))
        })
        .collect()
}

/// Keeps the named working parameters for later steps: only texts, whole numbers and booleans
/// survive, as in Gluu.
pub(crate) fn keep_parameters(
    set: &mut BTreeMap<String, String>,
    session: &BTreeMap<String, String>,
    working: &BTreeMap<String, Value>,
    names: &[String],
) {
    let mut types: BTreeMap<String, String> = set
        .get(KEPT)
        .or_else(|| session.get(KEPT))
        .and_then(|json| serde_json::from_str(json).ok())
        .unwrap_or_default();
    for name in names {
        let (kind, text) = match working.get(name) {
            Some(Value::String(text)) => ("java.lang.String", text.clone()),
            Some(Value::Bool(flag)) => ("java.lang.Boolean", flag.to_string()),
            Some(Value::Number(number)) if number.is_i64() => {
                ("java.lang.Integer", number.to_string())
            }
            _ => continue,
        };
        types.insert(name.clone(), kind.to_owned());
        set.insert(name.clone(), text);
    }
    let json = serde_json::to_string(&types).expect("a map of texts is JSON");
    set.insert(KEPT.to_owned(), json);
}

/// The session attributes that a login keeps. Where the browser is belongs to each request.
pub(crate) fn kept_session(mut session: BTreeMap<String, String>) -> BTreeMap<String, String> {
    session.remove("remote_ip");
    session
}
