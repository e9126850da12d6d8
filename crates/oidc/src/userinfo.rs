//! The userinfo endpoint (OpenID Connect Core §5.3), opened by an access token (RFC 6750).

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use sallyport_base::Token;
use sallyport_web::{BadForm, FormBody, Params};
use serde_json::{Value, json};

use crate::{OidcError, Provider, access_token::AccessToken, claims, error, scope::Scope};

/// Why userinfo stays closed (RFC 6750 §3.1).
#[derive(Debug)]
enum Closed {
    /// No token at all: no error code either.
    NoToken,
    InvalidRequest(&'static str),
    InvalidToken,
    InsufficientScope,
    Failed(OidcError),
}

impl<E: Into<OidcError>> From<E> for Closed {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

pub(crate) async fn get(State(provider): State<Provider>, headers: HeaderMap) -> Response {
    answer(tell(&provider, &headers, &Params::default()).await)
}

/// A body is read only when it is a form; clients also post nothing at all.
pub(crate) async fn post(
    State(provider): State<Provider>,
    headers: HeaderMap,
    form: Result<FormBody, BadForm>,
) -> Response {
    match form {
        Ok(FormBody(params)) => answer(tell(&provider, &headers, &params).await),
        Err(BadForm::WrongType) => answer(tell(&provider, &headers, &Params::default()).await),
        Err(_) => answer(Err(Closed::InvalidRequest("The form cannot be read."))),
    }
}

async fn tell(provider: &Provider, headers: &HeaderMap, params: &Params) -> Result<Value, Closed> {
    let now = provider.now();
    let unverified = presented(headers, params)?;
    let mut reader = provider.flow().store().reader().await?;
    let token = AccessToken::find(&mut reader, &unverified, now).await?;
    drop(reader);
    let token = token.ok_or(Closed::InvalidToken)?;
    if !token.scopes.contains(Scope::OpenId) {
        return Err(Closed::InsufficientScope);
    }
    let person = provider
        .flow()
        .people()
        .find(token.authorization.person_id)
        .await?
        .filter(sallyport_people::Person::is_active)
        .ok_or(Closed::InvalidToken)?;
    Ok(claims::about(&person, &token.scopes))
}

/// The token, sent in one of the two ways of RFC 6750 §2.1 and §2.2. The third, in the query, ends
/// up in logs and is not read.
fn presented(headers: &HeaderMap, params: &Params) -> Result<Token, Closed> {
    let in_form = params
        .single("access_token")
        .map_err(|_| Closed::InvalidRequest("The access token was sent more than once."))?;
    let mut in_header = headers.get_all(header::AUTHORIZATION).iter();
    match (in_header.next(), in_header.next(), in_form) {
        (Some(value), None, None) => bearer(value),
        (None, _, Some(token)) => Ok(Token::unverified(token)),
        (None, _, None) => Err(Closed::NoToken),
        (Some(_), _, _) => Err(Closed::InvalidRequest(
            "The access token was sent in more than one way.",
        )),
    }
}

fn bearer(value: &HeaderValue) -> Result<Token, Closed> {
    let malformed = Closed::InvalidRequest("The Authorization header cannot be read.");
    let Ok(text) = value.to_str() else {
        return Err(malformed);
    };
    match text.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => {
            Ok(Token::unverified(token.trim()))
        }
        Some(_) => Err(Closed::NoToken),
        None => Err(malformed),
    }
}

fn answer(told: Result<Value, Closed>) -> Response {
    match told {
        Ok(claims) => (error::never_stored(), Json(claims)).into_response(),
        Err(closed) => closed.into_response(),
    }
}

impl Closed {
    fn parts(&self) -> (StatusCode, Option<&'static str>, &'static str) {
        match self {
            Self::NoToken => (StatusCode::UNAUTHORIZED, None, "An access token is needed."),
            Self::InvalidRequest(why) => (StatusCode::BAD_REQUEST, Some("invalid_request"), why),
            Self::InvalidToken => (
                StatusCode::UNAUTHORIZED,
                Some("invalid_token"),
                "The access token is unknown, expired or revoked.",
            ),
            Self::InsufficientScope => (
                StatusCode::FORBIDDEN,
                Some("insufficient_scope"),
                "The access token was not issued for the scope openid.",
            ),
            Self::Failed(error) => (
                error.status(),
                Some(error.code()),
                "The server could not answer.",
            ),
        }
    }
}

impl IntoResponse for Closed {
    fn into_response(self) -> Response {
        let (status, code, description) = self.parts();
        if let Self::Failed(error) = &self {
            error.log();
            let body = json!({ "error": code, "error_description": description });
            return (status, error::never_stored(), Json(body)).into_response();
        }
        let challenge = match code {
            None => "Bearer realm=\"sallyport\"".to_owned(),
            Some("insufficient_scope") => format!(
                "Bearer realm=\"sallyport\", error=\"insufficient_scope\", error_description=\"{description}\", scope=\"openid\""
            ),
            Some(code) => format!(
                "Bearer realm=\"sallyport\", error=\"{code}\", error_description=\"{description}\""
            ),
        };
        let challenge = HeaderValue::try_from(challenge).expect("the texts above are ASCII");
        let mut headers = HeaderMap::from_iter([(header::WWW_AUTHENTICATE, challenge)]);
        headers.extend(error::never_stored());
        match code {
            None => (status, headers).into_response(),
            Some(code) => {
                let body = json!({ "error": code, "error_description": description });
                (status, headers, Json(body)).into_response()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(authorizations: &[&str], body: &str) -> Result<String, &'static str> {
        let mut headers = HeaderMap::new();
        for value in authorizations {
            headers.append(header::AUTHORIZATION, HeaderValue::from_str(value).unwrap());
        }
        let params = sallyport_web::parse_form(body.as_bytes()).unwrap();
        presented(&headers, &params)
            .map(|token| token.expose().to_owned())
            .map_err(|closed| closed.parts().1.unwrap_or("no token"))
    }

    #[test]
    fn a_token_comes_in_the_header_or_in_the_form() {
        for (authorizations, body, expected) in [
            (vec!["Bearer abc"], "", Ok("abc")),
            (vec!["bearer abc"], "", Ok("abc")),
            (vec![], "access_token=abc", Ok("abc")),
            (vec![], "", Err("no token")),
            (vec!["Basic abc"], "", Err("no token")),
            (vec!["Bearer"], "", Err("invalid_request")),
            (
                vec!["Bearer abc"],
                "access_token=abc",
                Err("invalid_request"),
            ),
            (vec!["Bearer abc", "Bearer abc"], "", Err("invalid_request")),
            (
                vec![],
                "access_token=a&access_token=b",
                Err("invalid_request"),
            ),
        ] {
            let expected = expected.map(str::to_owned);
            assert_eq!(
                shown(&authorizations, body),
                expected,
                "{authorizations:?} {body}"
            );
        }
    }

    #[test]
    fn a_refusal_says_how_to_come_in() {
        for (closed, status, challenge) in [
            (Closed::NoToken, 401, "Bearer realm=\"sallyport\""),
            (
                Closed::InvalidToken,
                401,
                "Bearer realm=\"sallyport\", error=\"invalid_token\", error_description=\"The access token is unknown, expired or revoked.\"",
            ),
            (
                Closed::InsufficientScope,
                403,
                "Bearer realm=\"sallyport\", error=\"insufficient_scope\", error_description=\"The access token was not issued for the scope openid.\", scope=\"openid\"",
            ),
        ] {
            let response = closed.into_response();
            assert_eq!(response.status().as_u16(), status);
            assert_eq!(response.headers()[header::WWW_AUTHENTICATE], challenge);
            assert_eq!(response.headers()[header::CACHE_CONTROL], "no-store");
        }
    }
}
