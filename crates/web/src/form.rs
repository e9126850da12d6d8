use std::{borrow::Cow, collections::BTreeMap};

use axum::{
    body::Body,
    extract::{FromRequest, FromRequestParts, Request},
    response::{IntoResponse, Response},
};
use http::{StatusCode, header, request::Parts};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use percent_encoding::percent_decode_str;
use serde::Serialize;

const MAX_BYTES: usize = 64 * 1024;
const MAX_PARAMETERS: usize = 512;

/// Parameters of a form or a query, in which a name may occur more than once.
#[derive(Clone, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Params(BTreeMap<String, Vec<String>>);

impl Params {
    /// The value of a parameter that may occur once only. One without a value counts as left out
    /// (RFC 6749 §3.1).
    pub fn single(&self, name: &str) -> Result<Option<&str>, Repeated> {
        match self.all(name) {
            [] => Ok(None),
            [value] => Ok(Some(value.as_str()).filter(|value| !value.is_empty())),
            _ => Err(Repeated(name.to_owned())),
        }
    }

    /// The first value, empty or not.
    pub fn first(&self, name: &str) -> Option<&str> {
        self.all(name).first().map(String::as_str)
    }

    /// Every value in the order sent.
    pub fn all(&self, name: &str) -> &[String] {
        self.0.get(name).map_or(&[], Vec::as_slice)
    }

    pub fn contains(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    pub fn iter(&self) -> impl Iterator<Item = (&str, &[String])> {
        self.0
            .iter()
            .map(|(name, all)| (name.as_str(), all.as_slice()))
    }

    pub fn into_map(self) -> BTreeMap<String, Vec<String>> {
        self.0
    }

    fn add(&mut self, name: String, value: String) {
        self.0.entry(name).or_default().push(value);
    }
}

/// Names only: values may be passwords.
impl std::fmt::Debug for Params {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl FromIterator<(String, String)> for Params {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(pairs: I) -> Self {
        let mut params = Self::default();
        for (name, value) in pairs {
            params.add(name, value);
        }
        params
    }
}

/// A parameter that the protocol allows once was sent more often (RFC 6749 §3.1).
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("The parameter “{0}” was sent more than once.")]
pub struct Repeated(pub String);

/// Why a form or a query could not be read. The texts may be shown to the sender.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadForm {
    #[error("The request is longer than {MAX_BYTES} bytes.")]
    TooLong,
    #[error("The request has more than {MAX_PARAMETERS} parameters.")]
    TooMany,
    #[error("The request is not valid UTF-8.")]
    NotUtf8,
    /// No name or value has one, and PostgreSQL cannot store it.
    #[error("The request holds a NUL character.")]
    Nul,
    #[error("The request must be sent as application/x-www-form-urlencoded.")]
    WrongType,
    #[error("The request ended before it was complete.")]
    Incomplete,
}

impl BadForm {
    pub fn status(&self) -> StatusCode {
        match self {
            Self::TooLong => StatusCode::PAYLOAD_TOO_LARGE,
            Self::WrongType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::TooMany | Self::NotUtf8 | Self::Nul | Self::Incomplete => StatusCode::BAD_REQUEST,
        }
    }
}

impl IntoResponse for BadForm {
    fn into_response(self) -> Response {
        (self.status(), self.to_string()).into_response()
    }
}

/// Reads `application/x-www-form-urlencoded`, the body of a form or a query string (WHATWG URL §5.1).
/// Other than a browser's own reader, it refuses bad UTF-8 instead of replacing it.
pub fn parse_form(bytes: &[u8]) -> Result<Params, BadForm> {
    if bytes.len() > MAX_BYTES {
        return Err(BadForm::TooLong);
    }
    let text = str::from_utf8(bytes).map_err(|_| BadForm::NotUtf8)?;
    let pairs: Vec<&str> = text.split('&').filter(|pair| !pair.is_empty()).collect();
    if pairs.len() > MAX_PARAMETERS {
        return Err(BadForm::TooMany);
    }
    pairs.into_iter().map(parse_pair).collect()
}

fn parse_pair(pair: &str) -> Result<(String, String), BadForm> {
    let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
    Ok((decoded(name)?, decoded(value)?))
}

fn decoded(text: &str) -> Result<String, BadForm> {
    let spaced: Cow<'_, str> = if text.contains('+') {
        text.replace('+', " ").into()
    } else {
        text.into()
    };
    let decoded = percent_decode_str(&spaced)
        .decode_utf8()
        .map_err(|_| BadForm::NotUtf8)?;
    if decoded.contains('\0') {
        return Err(BadForm::Nul);
    }
    Ok(decoded.into_owned())
}

/// The parameters of a posted form. A handler that answers errors its own way takes
/// `Result<FormBody, BadForm>`.
#[derive(Debug)]
pub struct FormBody(pub Params);

impl<S: Sync> FromRequest<S> for FormBody {
    type Rejection = BadForm;

    async fn from_request(request: Request, _: &S) -> Result<Self, BadForm> {
        if !is_form(&request) {
            return Err(BadForm::WrongType);
        }
        let bytes = Limited::new(request.into_body(), MAX_BYTES)
            .collect()
            .await
            .map_err(|error| unreadable(error.as_ref()))?
            .to_bytes();
        parse_form(&bytes).map(Self)
    }
}

/// A body that never came whole; a limit set further out counts as this one.
fn unreadable(error: &(dyn std::error::Error + 'static)) -> BadForm {
    let too_long = std::iter::successors(Some(error), |error| error.source())
        .any(|error| error.is::<LengthLimitError>());
    if too_long {
        BadForm::TooLong
    } else {
        BadForm::Incomplete
    }
}

fn is_form(request: &Request<Body>) -> bool {
    request
        .headers()
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .is_some_and(|kind| {
            kind.trim()
                .eq_ignore_ascii_case("application/x-www-form-urlencoded")
        })
}

/// The parameters of the query string; none when there is no query.
#[derive(Debug)]
pub struct QueryParams(pub Params);

impl<S: Sync> FromRequestParts<S> for QueryParams {
    type Rejection = BadForm;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, BadForm> {
        let query = parts.uri.query().unwrap_or_default();
        parse_form(query.as_bytes()).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(text: &str) -> Vec<(String, Vec<String>)> {
        parse_form(text.as_bytes())
            .unwrap()
            .into_map()
            .into_iter()
            .collect()
    }

    #[test]
    fn a_form_is_read_as_browsers_write_it() {
        for (text, expected) in [
            ("", vec![]),
            ("&&", vec![]),
            ("a=1&b=2", vec![("a", vec!["1"]), ("b", vec!["2"])]),
            ("a=1&a=2&a=", vec![("a", vec!["1", "2", ""])]),
            ("a", vec![("a", vec![""])]),
            ("=x", vec![("", vec!["x"])]),
            ("a=b=c", vec![("a", vec!["b=c"])]),
            ("a+b=c+d%2Be", vec![("a b", vec!["c d+e"])]),
            ("n=J%C3%BCrgen", vec![("n", vec!["Jürgen"])]),
            ("n=Jürgen", vec![("n", vec!["Jürgen"])]),
            (
                "a=100%&b=%zz",
                vec![("a", vec!["100%"]), ("b", vec!["%zz"])],
            ),
            ("p=%26%3D%3B;x", vec![("p", vec!["&=;;x"])]),
        ] {
            let expected: Vec<(String, Vec<String>)> = expected
                .into_iter()
                .map(|(name, all)| {
                    (
                        name.to_owned(),
                        all.into_iter().map(str::to_owned).collect(),
                    )
                })
                .collect();
            assert_eq!(pairs(text), expected, "{text:?}");
        }
    }

    #[test]
    fn a_form_that_cannot_be_read_is_refused() {
        let long = "a".repeat(MAX_BYTES + 1);
        let many = "a&".repeat(MAX_PARAMETERS + 1);
        for (bytes, error) in [
            (b"a=%ff".as_slice(), BadForm::NotUtf8),
            (b"%c3%28=x", BadForm::NotUtf8),
            (b"a=\xff", BadForm::NotUtf8),
            (b"a=%00", BadForm::Nul),
            (b"a\0=1", BadForm::Nul),
            (long.as_bytes(), BadForm::TooLong),
            (many.as_bytes(), BadForm::TooMany),
        ] {
            assert_eq!(parse_form(bytes), Err(error));
        }
    }

    #[test]
    fn a_parameter_of_oauth_is_single() {
        let params = parse_form(b"state=x&scope=&a=1&a=1").unwrap();
        assert_eq!(params.single("state"), Ok(Some("x")));
        assert_eq!(params.single("scope"), Ok(None));
        assert_eq!(params.single("nonce"), Ok(None));
        assert_eq!(params.single("a"), Err(Repeated("a".to_owned())));
        assert_eq!(params.first("scope"), Some(""));
    }

    #[test]
    fn values_are_not_in_debug() {
        let params = parse_form(b"password=hunter2").unwrap();
        assert_eq!(format!("{params:?}"), r#"{"password"}"#);
    }

    async fn body(kind: &str, body: impl Into<Body>) -> Result<FormBody, BadForm> {
        let request = Request::post("/")
            .header(header::CONTENT_TYPE, kind)
            .body(body.into())
            .unwrap();
        FormBody::from_request(request, &()).await
    }

    #[tokio::test]
    async fn a_posted_form_is_read_by_its_type_and_length() {
        let form = "application/x-www-form-urlencoded";
        let read = body("Application/X-WWW-Form-Urlencoded; charset=UTF-8", "a=1").await;
        assert_eq!(read.unwrap().0.first("a"), Some("1"));
        assert_eq!(
            body("application/json", "{}").await.unwrap_err(),
            BadForm::WrongType
        );
        let long = "a".repeat(MAX_BYTES + 1);
        assert_eq!(body(form, long).await.unwrap_err(), BadForm::TooLong);
        assert_eq!(body(form, "a=%ff").await.unwrap_err(), BadForm::NotUtf8);
    }
}
