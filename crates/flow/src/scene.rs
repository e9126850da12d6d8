//! What a script sees of a browser's request, and what of it a login keeps for the next one.

use std::{collections::BTreeMap, net::IpAddr};

use http::{HeaderMap, header};
use sallyport_base::{Id, Timestamp};
use sallyport_script::{Request, Scene, Usage};
use sallyport_web::Params;
use serde_json::Value;

use crate::{
    Acr, Flow, FlowError, Login, questions::shown, script_reply::readable_cookies,
    sent_forms::FIELD,
};

/// The session attribute that names the working parameters which were kept, with their types.
const KEPT: &str = "auth_external_attributes";
/// The session attribute that names the person, as scripts read it.
const AUTH_USER: &str = "auth_user";
/// Session attributes that the host alone writes, with those that begin with [`STEPS`].
const OF_THE_HOST: [&str; 6] = [
    "acr",
    "auth_level",
    "auth_step",
    "remote_ip",
    KEPT,
    INSTEAD_OF,
];
/// The session attribute that names the methods which gave way to the present one.
const INSTEAD_OF: &str = "auth_instead_of";
const STEPS: [&str; 2] = ["auth_step_passed_", "auth_step_skipped_"];

/// What a browser sent to a page of a login.
pub(crate) struct PageRequest {
    pub headers: HeaderMap,
    pub parameters: Params,
    pub remote_ip: Option<IpAddr>,
    pub method: &'static str,
    pub path: String,
}

impl PageRequest {
    /// The user name that was typed, if one was.
    pub(crate) fn typed_name(&self) -> Option<&str> {
        let name = self.parameters.first("username")?.trim();
        Some(name).filter(|name| !name.is_empty())
    }

    /// The request of a browser that opens the page of this form anew, with the name that was typed:
    /// nothing else of the form reaches a script.
    pub(crate) fn as_reload(&self) -> Self {
        let kept = |name: &str| {
            let value = self.parameters.first(name)?;
            Some((name.to_owned(), value.to_owned()))
        };
        Self {
            headers: self.headers.clone(),
            parameters: ["login", "username"].into_iter().filter_map(kept).collect(),
            remote_ip: self.remote_ip,
            method: "GET",
            path: self.path.clone(),
        }
    }
}

/// What the script sees of the request.
pub(crate) async fn scene(
    flow: &Flow,
    login: &Login,
    request: &PageRequest,
    now: Timestamp,
) -> Result<Scene, FlowError> {
    let authenticated = match login.person {
        Some(known) => flow.people().find(known.id).await?,
        None => None,
    };
    let remote_ip = request
        .remote_ip
        .map(|ip| ip.to_string())
        .unwrap_or_default();
    let mut session = login.session.clone();
    session.insert("remote_ip".to_owned(), remote_ip.clone());
    let locale = locale(&session, &request.headers);
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
            cookies: readable_cookies(&request.headers).collect(),
            remote_ip,
            method: request.method.to_owned(),
            path: request.path.clone(),
            locale,
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
        .filter(|(name, values)| !is_of_the_host(name, values))
        .filter(|(name, _)| !resend || *name == "resend")
        .map(|(name, values)| (name.to_owned(), values.to_vec()))
        .collect()
}

/// Fields that the host puts into its own forms. Another site may have a parameter `login` too.
fn is_of_the_host(name: &str, values: &[String]) -> bool {
    match name {
        "csrf" | "step" | "posted_again" | FIELD => true,
        "login" => values
            .iter()
            .any(|value| Id::<Login>::parse(value).is_some()),
        _ => false,
    }
}

/// The language of the person as a BCP 47 tag: what the client asked for, else what the browser
/// prefers, else English.
pub(crate) fn locale(session: &BTreeMap<String, String>, headers: &HeaderMap) -> String {
    let asked = session.get("ui_locales").map(String::as_str);
    let asked = asked.and_then(|tags| tags.split(' ').find(|tag| is_tag(tag)));
    let accepted = headers.get(header::ACCEPT_LANGUAGE);
    let accepted = accepted.and_then(|value| value.to_str().ok());
    let tag = asked.or_else(|| accepted.and_then(preferred));
    tag.unwrap_or("en").to_owned()
}

/// The first of the languages with the greatest weight (RFC 9110 §12.5.4).
fn preferred(accepted: &str) -> Option<&str> {
    let mut best: Option<(&str, f32)> = None;
    for item in accepted.split(',') {
        let (tag, weight) = item.split_once(';').unwrap_or((item, "q=1"));
        let weight = weight.trim().strip_prefix("q=");
        let weight = weight.and_then(|q| q.trim().parse().ok()).unwrap_or(0.0);
        let tag = tag.trim();
        if is_tag(tag) && weight > best.map_or(0.0, |(_, best)| best) {
            best = Some((tag, weight));
        }
    }
    best.map(|(tag, _)| tag)
}

fn is_tag(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
    (2..=35).contains(&text.len()) && text.chars().all(plain)
}

/// Whether the person asks for another message instead of giving an answer.
pub(crate) fn is_resend(parameters: &Params) -> bool {
    parameters.contains("resend")
}

/// Headers that a script may read: cookies and credentials are none of its business.
pub(crate) fn readable_headers(headers: &HeaderMap) -> BTreeMap<String, String> {
    headers
        .iter()
        .filter(|(name, _)| !matches!(name.as_str(), "cookie" | "authorization"))
        .filter_map(|(name, value)| Some((name.to_string(), value.to_str().ok()?.to_owned())))
        .collect()
}

/// The working parameters that an earlier step kept, with the types they had.
fn kept_parameters(session: &BTreeMap<String, String>) -> BTreeMap<String, Value> {
    kept_types(session)
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

/// Keeps the named working parameters for later requests: only texts, whole numbers and booleans
/// survive, as in Gluu.
pub(crate) fn keep_parameters(
    session: &mut BTreeMap<String, String>,
    working: &BTreeMap<String, Value>,
    names: &[String],
) {
    let mut types = kept_types(session);
    for name in names.iter().filter(|name| !is_protected(name)) {
        let (kind, text) = match working.get(name) {
            Some(Value::String(text)) => ("java.lang.String", text.clone()),
            Some(Value::Bool(flag)) => ("java.lang.Boolean", flag.to_string()),
            Some(Value::Number(number)) if number.is_i64() => {
                ("java.lang.Integer", number.to_string())
            }
            // Gluu keeps null in its place, so that the next request finds nothing.
            Some(_) => {
                types.remove(name);
                session.remove(name);
                continue;
            }
            None => continue,
        };
        types.insert(name.clone(), kind.to_owned());
        session.insert(name.clone(), text);
    }
    if types.is_empty() {
        session.remove(KEPT);
    } else {
        let json = serde_json::to_string(&types).expect("a map of texts is JSON");
        session.insert(KEPT.to_owned(), json);
    }
}

/// Forgets the working parameters that were kept, as for a method that begins.
fn forget_parameters(session: &mut BTreeMap<String, String>) {
    for name in kept_types(session).keys() {
        session.remove(name);
    }
    session.remove(KEPT);
}

/// Forgets whom the login is about, as scripts read it.
pub(crate) fn forget_person(session: &mut BTreeMap<String, String>) {
    session.remove(AUTH_USER);
}

/// The methods that gave way to the present one, the first that was asked for first.
pub(crate) fn instead_of(session: &BTreeMap<String, String>) -> Vec<String> {
    let names = session.get(INSTEAD_OF).map_or("", String::as_str);
    names.split_whitespace().map(str::to_owned).collect()
}

/// Begins another method in place of the one under way: nothing of it counts any more.
pub(crate) fn begin_instead(session: &mut BTreeMap<String, String>, acr: &Acr) {
    let mut before = instead_of(session);
    before.extend(session.get("acr").cloned());
    forget_parameters(session);
    forget_person(session);
    session.retain(|name, _| !STEPS.iter().any(|steps| name.starts_with(steps)));
    let level = acr.level.to_string();
    for (name, value) in [
        ("acr", acr.name.as_str()),
        ("auth_level", &level),
        ("auth_step", "1"),
        (INSTEAD_OF, &before.join(" ")),
    ] {
        session.insert(name.to_owned(), value.to_owned());
    }
}

fn kept_types(session: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    session
        .get(KEPT)
        .and_then(|json| serde_json::from_str(json).ok())
        .unwrap_or_default()
}

/// The session attributes that a login keeps of what a script left behind. What the host has
/// written comes from `before`: no script, and no form that a script copies, moves a step.
pub(crate) fn kept_session(
    after: BTreeMap<String, String>,
    before: &BTreeMap<String, String>,
) -> BTreeMap<String, String> {
    let of_script = after.into_iter().filter(|(name, _)| !is_protected(name));
    let of_host = before.iter().filter(|(name, _)| is_protected(name));
    let of_host = of_host.map(|(name, value)| (name.clone(), value.clone()));
    of_script.chain(of_host).collect()
}

fn is_protected(name: &str) -> bool {
    OF_THE_HOST.contains(&name) || STEPS.iter().any(|steps| name.starts_with(steps))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        let owned = |&(name, value): &(&str, &str)| (name.to_owned(), value.to_owned());
        pairs.iter().map(owned).collect()
    }

    #[test]
    fn texts_numbers_and_booleans_survive_with_their_types() {
        let mut session = map(&[("auth_step", "1")]);
        let working: BTreeMap<String, Value> = [
            ("text", Value::from("5")),
            ("number", Value::from(5)),
            ("flag", Value::from(true)),
            ("fraction", Value::from(0.5)),
            ("auth_step", Value::from("2")),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into();
        let names: Vec<String> = working.keys().cloned().chain(["absent".into()]).collect();
        keep_parameters(&mut session, &working, &names);
        let kept = kept_parameters(&session);
        let expected = [
            ("flag", Value::from(true)),
            ("number", Value::from(5)),
            ("text", Value::from("5")),
        ];
        assert_eq!(
            kept,
            expected
                .map(|(name, value)| (name.to_owned(), value))
                .into()
        );
        assert_eq!(session["auth_step"], "1", "a step is the host's");

        let emptied = BTreeMap::from([("text".to_owned(), Value::Null)]);
        keep_parameters(
            &mut session,
            &emptied,
            &["text".to_owned(), "flag".to_owned()],
        );
        let left: Vec<_> = kept_parameters(&session).into_keys().collect();
        assert_eq!(left, ["flag", "number"]);

        forget_parameters(&mut session);
        assert_eq!(session, map(&[("auth_step", "1")]));
    }

    #[test]
    fn no_script_writes_what_is_the_hosts() {
        let before = map(&[("auth_step", "1"), ("acr", "a"), ("mine", "old")]);
        let after = map(&[
            ("auth_step", "3"),
            ("auth_step_passed_1", "true"),
            ("auth_step_skipped_2", "true"),
            ("remote_ip", "10.0.0.1"),
            ("mine", "new"),
        ]);
        assert_eq!(
            kept_session(after, &before),
            map(&[("acr", "a"), ("auth_step", "1"), ("mine", "new")])
        );
    }

    #[test]
    fn the_language_is_the_clients_or_the_browsers() {
        for (asked, accepted, tag) in [
            (Some("fr-CA fr"), Some("de"), "fr-CA"),
            (Some("not/a/tag"), Some("de"), "de"),
            (None, Some("de;q=0.5, pt-BR, en;q=0.9"), "pt-BR"),
            (None, Some("*, es;q=0.1"), "es"),
            (None, Some("de;q=0"), "en"),
            (None, None, "en"),
        ] {
            let session = asked.map_or_else(BTreeMap::new, |tags| map(&[("ui_locales", tags)]));
            let mut headers = HeaderMap::new();
            if let Some(accepted) = accepted {
                headers.insert(header::ACCEPT_LANGUAGE, accepted.parse().unwrap());
            }
            assert_eq!(locale(&session, &headers), tag, "{asked:?} {accepted:?}");
        }
    }
}
