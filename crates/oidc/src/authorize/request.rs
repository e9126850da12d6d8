use std::{collections::BTreeMap, time::Duration};

use sallyport_base::Id;
use sallyport_people::Person;
use sallyport_web::Params;
use serde::{Deserialize, Serialize};

use super::refusal::{Refusal, RefusalCode};
use crate::{
    Client,
    client::GrantType,
    pkce::Challenge,
    scope::{Scope, Scopes},
};

/// An authorization request that a client may make and this server understands.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct AuthorizeRequest {
    /// What was asked for and may be asked for by this client.
    pub(crate) scopes: Scopes,
    pub(crate) nonce: Option<String>,
    pub(crate) challenge: Option<Challenge>,
    pub(crate) prompt: Prompt,
    /// How long ago the person may have signed in at most.
    pub(crate) max_age: Option<Duration>,
    /// The login methods asked for, the preferred one first.
    pub(crate) acr_values: Vec<String>,
    pub(crate) login_hint: Option<String>,
    /// Whom the `id_token_hint` names.
    pub(crate) hinted: Option<Id<Person>>,
}

/// What the person must be shown (OpenID Connect Core §3.1.2.1).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Prompt {
    /// Nothing at all.
    pub(crate) none: bool,
    /// The login page, even if they are signed in. `select_account` is the same here: on the login
    /// page one may sign in as somebody else.
    pub(crate) login: bool,
    /// The consent page, even if they allowed it before.
    pub(crate) consent: bool,
}

impl Prompt {
    pub(crate) const NAMES: [&'static str; 4] = ["none", "login", "consent", "select_account"];

    fn check(text: &str) -> Result<Self, Refusal> {
        let mut prompt = Self::default();
        for name in text.split(' ').filter(|name| !name.is_empty()) {
            match name {
                "none" => prompt.none = true,
                "login" | "select_account" => prompt.login = true,
                "consent" => prompt.consent = true,
                _ => {
                    return Err(Refusal::invalid_request(
                        "This value of prompt is not known.",
                    ));
                }
            }
        }
        if prompt.none && (prompt.login || prompt.consent) {
            return Err(Refusal::invalid_request(
                "prompt=none excludes every other value.",
            ));
        }
        Ok(prompt)
    }
}

/// Parameters that are read, here or elsewhere; each may occur once.
const KNOWN: [&str; 19] = [
    "response_type",
    "response_mode",
    "client_id",
    "redirect_uri",
    "scope",
    "state",
    "nonce",
    "display",
    "prompt",
    "max_age",
    "ui_locales",
    "claims_locales",
    "id_token_hint",
    "login_hint",
    "acr_values",
    "code_challenge",
    "code_challenge_method",
    "request",
    "request_uri",
];

/// How many bytes a parameter may have. Most are kept until the login is over, and anybody may send
/// them.
const LONGEST: usize = 4 * 1024;
/// The same of the `id_token_hint`, which is not kept.
const LONGEST_HINT: usize = 8 * 1024;

/// Whether a parameter of [`KNOWN`] is not longer than it may be.
pub(super) fn is_short_enough(name: &str, value: &str) -> bool {
    let longest = match name {
        "id_token_hint" => LONGEST_HINT,
        _ => LONGEST,
    };
    value.len() <= longest
}

/// Parameters whose support discovery denies, and the error that each has of its own.
const NOT_SUPPORTED: [(&str, RefusalCode); 3] = [
    ("request", RefusalCode::RequestNotSupported),
    ("request_uri", RefusalCode::RequestUriNotSupported),
    ("registration", RefusalCode::RegistrationNotSupported),
];

impl AuthorizeRequest {
    /// Everything but the `id_token_hint`, which needs the keys.
    pub(crate) fn check(params: &Params, client: &Client) -> Result<Self, Refusal> {
        check_repeated(params)?;
        check_lengths(params)?;
        check_supported(params)?;
        check_response(params, client)?;
        let prompt = Prompt::check(text(params, "prompt")?.unwrap_or_default())?;
        Ok(Self {
            scopes: check_scopes(params, client, prompt)?,
            nonce: text(params, "nonce")?.map(str::to_owned),
            challenge: check_challenge(params, client)?,
            prompt,
            max_age: check_max_age(params)?,
            acr_values: acr_values(text(params, "acr_values")?.unwrap_or_default()),
            login_hint: text(params, "login_hint")?.map(str::to_owned),
            hinted: None,
        })
    }
}

/// What scripts find of a request in the session, under the names that Gluu keeps, and the
/// parameters in `custom`, which the administrator chose.
pub(crate) fn attributes(params: &Params, custom: &[String]) -> BTreeMap<String, String> {
    let custom = custom.iter().map(String::as_str);
    KNOWN
        .into_iter()
        .chain(custom)
        .filter_map(|name| Some((name, params.first(name)?)))
        .filter(|(name, value)| !value.is_empty() && is_short_enough(name, value))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

fn text<'a>(params: &'a Params, name: &'static str) -> Result<Option<&'a str>, Refusal> {
    params
        .single(name)
        .map_err(|repeated| Refusal::invalid_request(repeated.to_string()))
}

/// RFC 6749 §3.1: no parameter more than once. Those that are not known are ignored altogether.
fn check_repeated(params: &Params) -> Result<(), Refusal> {
    for name in KNOWN {
        text(params, name)?;
    }
    Ok(())
}

fn check_lengths(params: &Params) -> Result<(), Refusal> {
    for name in KNOWN {
        if text(params, name)?.is_some_and(|value| !is_short_enough(name, value)) {
            return Err(Refusal::invalid_request(format!(
                "The parameter {name} is too long."
            )));
        }
    }
    Ok(())
}

fn check_supported(params: &Params) -> Result<(), Refusal> {
    match NOT_SUPPORTED.iter().find(|(name, _)| params.contains(name)) {
        Some((name, code)) => Err(Refusal::new(
            *code,
            format!("The parameter {name} is not supported."),
        )),
        None => Ok(()),
    }
}

fn check_response(params: &Params, client: &Client) -> Result<(), Refusal> {
    match text(params, "response_type")? {
        Some("code") => {}
        None => return Err(Refusal::invalid_request("response_type is missing.")),
        Some(_) => {
            return Err(Refusal::new(
                RefusalCode::UnsupportedResponseType,
                "Only response_type=code is supported.",
            ));
        }
    }
    if !matches!(text(params, "response_mode")?, None | Some("query")) {
        return Err(Refusal::invalid_request(
            "Only response_mode=query is supported.",
        ));
    }
    if !client.may_use(GrantType::AuthorizationCode) {
        return Err(Refusal::new(
            RefusalCode::UnauthorizedClient,
            "The client may not use authorization codes.",
        ));
    }
    Ok(())
}

fn check_scopes(params: &Params, client: &Client, prompt: Prompt) -> Result<Scopes, Refusal> {
    let asked = Scopes::known_in(text(params, "scope")?.unwrap_or_default());
    let allowed = asked.common_with(&client.registration.scope);
    let scopes = if may_outlive_session(client, prompt) {
        allowed
    } else {
        allowed.without(Scope::OfflineAccess)
    };
    if scopes.is_empty() {
        return Err(Refusal::new(
            RefusalCode::InvalidScope,
            "No scope was asked for that the client may have.",
        ));
    }
    Ok(scopes)
}

/// OpenID Connect Core §11: `offline_access` counts only when the person is asked, or the client is
/// one that nobody is asked about.
fn may_outlive_session(client: &Client, prompt: Prompt) -> bool {
    client.may_use(GrantType::RefreshToken) && (prompt.consent || client.registration.trusted)
}

fn check_challenge(params: &Params, client: &Client) -> Result<Option<Challenge>, Refusal> {
    let challenge = text(params, "code_challenge")?;
    let method = text(params, "code_challenge_method")?;
    match (challenge, method) {
        (None, None) if client.is_public() => Err(Refusal::invalid_request(
            "A public client must send code_challenge.",
        )),
        (None, None) => Ok(None),
        (Some(challenge), Some("S256")) => Challenge::check(challenge).map(Some).ok_or_else(|| {
            Refusal::invalid_request("code_challenge is not a SHA-256 in base64url.")
        }),
        // RFC 7636 §4.3: without a method it would be `plain`.
        (Some(_), _) => Err(Refusal::invalid_request(
            "code_challenge_method must be S256.",
        )),
        (None, Some(_)) => Err(Refusal::invalid_request("code_challenge is missing.")),
    }
}

fn check_max_age(params: &Params) -> Result<Option<Duration>, Refusal> {
    let Some(text) = text(params, "max_age")? else {
        return Ok(None);
    };
    let seconds = text
        .bytes()
        .all(|byte| byte.is_ascii_digit())
        .then(|| text.parse::<u32>())
        .and_then(Result::ok);
    match seconds {
        Some(seconds) => Ok(Some(Duration::from_secs(seconds.into()))),
        None => Err(Refusal::invalid_request(
            "max_age is not a number of seconds.",
        )),
    }
}

/// Names with spaces between, or, as Gluu also takes them, a JSON array.
fn acr_values(text: &str) -> Vec<String> {
    serde_json::from_str(text).unwrap_or_else(|_| {
        text.split(' ')
            .filter(|name| !name.is_empty())
            .map(str::to_owned)
            .collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::tests::{client, public_client};

    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    fn checked(query: &str, client: &Client) -> Result<AuthorizeRequest, Refusal> {
        let params = sallyport_web::parse_form(query.as_bytes()).unwrap();
        AuthorizeRequest::check(&params, client)
    }

    #[test]
    fn scripts_find_known_parameters_and_those_that_were_chosen() {
        let long = "x".repeat(5000);
        let query = format!("client_id=app&state=s&nonce=&other=1&chosen=2&long={long}");
        let params = sallyport_web::parse_form(query.as_bytes()).unwrap();
        let found = attributes(&params, &["chosen".to_owned(), "long".to_owned()]);
        let found: Vec<_> = found
            .iter()
            .map(|(n, v)| (n.as_str(), v.as_str()))
            .collect();
        assert_eq!(
            found,
            [("chosen", "2"), ("client_id", "app"), ("state", "s")]
        );
    }

    fn confidential(query: &str) -> Result<AuthorizeRequest, Refusal> {
        checked(
            &format!("response_type=code&scope=openid&{query}"),
            &client(),
        )
    }

    #[test]
    fn a_request_is_read_whole() {
        let request = checked(
            &format!(
                "response_type=code&scope=email+openid+weather+phone&nonce=n&prompt=login+consent\
                 &max_age=10&acr_values=stytch+basic&login_hint=alice&display=popup\
                 &code_challenge={CHALLENGE}&code_challenge_method=S256&unknown=1&unknown=2"
            ),
            &client(),
        )
        .unwrap();
        assert_eq!(
            request,
            AuthorizeRequest {
                scopes: Scopes::known_in("openid email"),
                nonce: Some("n".to_owned()),
                challenge: Challenge::check(CHALLENGE),
                prompt: Prompt {
                    none: false,
                    login: true,
                    consent: true
                },
                max_age: Some(Duration::from_secs(10)),
                acr_values: vec!["stytch".to_owned(), "basic".to_owned()],
                login_hint: Some("alice".to_owned()),
                hinted: None,
            }
        );
        let parked = serde_json::to_string(&request).unwrap();
        assert_eq!(
            serde_json::from_str::<AuthorizeRequest>(&parked).unwrap(),
            request
        );
    }

    #[test]
    fn a_request_that_is_not_understood_is_refused() {
        use RefusalCode::{
            InvalidRequest, InvalidScope, RegistrationNotSupported, RequestNotSupported,
            RequestUriNotSupported, UnsupportedResponseType,
        };
        for (query, code) in [
            ("scope=openid", InvalidRequest),
            ("response_type=&scope=openid", InvalidRequest),
            ("response_type=token&scope=openid", UnsupportedResponseType),
            (
                "response_type=code+id_token&scope=openid",
                UnsupportedResponseType,
            ),
            (
                "response_type=code&response_type=code&scope=openid",
                InvalidRequest,
            ),
            ("response_type=code", InvalidScope),
            ("response_type=code&scope=weather", InvalidScope),
            ("response_type=code&scope=phone", InvalidScope),
            ("response_type=code&scope=offline_access", InvalidScope),
            (
                "response_type=code&scope=openid&response_mode=fragment",
                InvalidRequest,
            ),
            (
                "response_type=code&scope=openid&state=1&state=2",
                InvalidRequest,
            ),
            (
                "response_type=code&scope=openid&prompt=create",
                InvalidRequest,
            ),
            (
                "response_type=code&scope=openid&prompt=none+login",
                InvalidRequest,
            ),
            (
                "response_type=code&scope=openid&prompt=none+select_account",
                InvalidRequest,
            ),
            ("response_type=code&scope=openid&max_age=-1", InvalidRequest),
            (
                "response_type=code&scope=openid&max_age=%2B1",
                InvalidRequest,
            ),
            (
                "response_type=code&scope=openid&max_age=1.5",
                InvalidRequest,
            ),
            (
                "response_type=code&scope=openid&max_age=99999999999",
                InvalidRequest,
            ),
            (
                "response_type=code&scope=openid&request=",
                RequestNotSupported,
            ),
            (
                "response_type=code&scope=openid&request=e30.e30.",
                RequestNotSupported,
            ),
            (
                "response_type=code&scope=openid&request_uri=https://a",
                RequestUriNotSupported,
            ),
            (
                "response_type=code&scope=openid&registration={}",
                RegistrationNotSupported,
            ),
        ] {
            assert_eq!(checked(query, &client()).unwrap_err().code, code, "{query}");
        }
    }

    #[test]
    fn every_parameter_has_a_length_that_it_may_not_exceed() {
        for name in [
            "scope",
            "state",
            "nonce",
            "login_hint",
            "acr_values",
            "ui_locales",
            "claims_locales",
            "display",
            "id_token_hint",
        ] {
            let query = |length: usize| {
                let value = "a".repeat(length);
                match name {
                    "scope" => format!("response_type=code&scope=openid+{}", &value[7..]),
                    _ => format!("response_type=code&scope=openid&{name}={value}"),
                }
            };
            let longest = if name == "id_token_hint" { 8192 } else { 4096 };
            assert!(checked(&query(longest), &client()).is_ok(), "{name}");
            let refused = checked(&query(longest + 1), &client()).unwrap_err();
            assert_eq!(refused.code, RefusalCode::InvalidRequest, "{name}");
        }
    }

    #[test]
    fn pkce_is_s256_and_public_clients_need_it() {
        let s256 = format!("code_challenge={CHALLENGE}&code_challenge_method=S256");
        let public = |query: &str| {
            checked(
                &format!("response_type=code&scope=openid&{query}"),
                &public_client(),
            )
        };
        assert!(public(&s256).is_ok());
        assert!(public("").is_err());
        assert_eq!(confidential("").unwrap().challenge, None);
        for query in [
            format!("code_challenge={CHALLENGE}"),
            format!("code_challenge={CHALLENGE}&code_challenge_method=plain"),
            format!("code_challenge={CHALLENGE}&code_challenge_method=s256"),
            "code_challenge_method=S256".to_owned(),
            "code_challenge=short&code_challenge_method=S256".to_owned(),
            format!("{s256}&code_challenge={CHALLENGE}"),
        ] {
            for refused in [public(&query), confidential(&query)] {
                assert_eq!(
                    refused.unwrap_err().code,
                    RefusalCode::InvalidRequest,
                    "{query}"
                );
            }
        }
    }

    #[test]
    fn offline_access_counts_when_the_person_is_asked_or_the_client_trusted() {
        let mut client = client();
        client.registration.scope = Scopes::known_in("openid offline_access");
        client
            .registration
            .grant_types
            .insert(GrantType::RefreshToken);
        let offline = |client: &Client, prompt: &str| {
            let query = format!("response_type=code&scope=openid+offline_access&prompt={prompt}");
            checked(&query, client)
                .unwrap()
                .scopes
                .contains(Scope::OfflineAccess)
        };
        assert!(offline(&client, "consent"));
        assert!(!offline(&client, ""));
        client.registration.trusted = true;
        assert!(offline(&client, ""));
        client
            .registration
            .grant_types
            .remove(&GrantType::RefreshToken);
        assert!(!offline(&client, "consent"));
    }

    #[test]
    fn acr_values_are_a_list_or_a_json_array() {
        for (text, names) in [
            ("", vec![]),
            ("stytch", vec!["stytch"]),
            (" a  b ", vec!["a", "b"]),
            (r#"["a","b"]"#, vec!["a", "b"]),
            ("[1]", vec!["[1]"]),
        ] {
            assert_eq!(acr_values(text), names, "{text}");
        }
    }
}
