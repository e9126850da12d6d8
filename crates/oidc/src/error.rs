use axum::{
    Json,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, StatusCode, header};
use sallyport_base::StoreError;
use sallyport_flow::FlowError;
use sallyport_people::PeopleError;
use sallyport_web::BadForm;
use serde_json::json;

use crate::signing_key::SigningKeyError;

/// A fault of this server. Who asked learns that there was one; the cause goes to the log.
#[derive(Debug, thiserror::Error)]
pub enum OidcError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    People(#[from] PeopleError),
    #[error(transparent)]
    Flow(#[from] FlowError),
    #[error(transparent)]
    SigningKey(#[from] SigningKeyError),
}

impl OidcError {
    /// Whether the same request may succeed in a moment.
    pub(crate) const fn is_busy(&self) -> bool {
        matches!(
            self,
            Self::People(PeopleError::Busy)
                | Self::Flow(FlowError::Busy | FlowError::People(PeopleError::Busy))
        )
    }

    pub(crate) const fn status(&self) -> StatusCode {
        if self.is_busy() {
            StatusCode::SERVICE_UNAVAILABLE
        } else {
            StatusCode::INTERNAL_SERVER_ERROR
        }
    }

    /// The error code of RFC 6749 §4.1.2.1 that says it.
    pub(crate) const fn code(&self) -> &'static str {
        if self.is_busy() {
            "temporarily_unavailable"
        } else {
            "server_error"
        }
    }

    pub(crate) fn log(&self) {
        tracing::error!(error = %self, "a request of an application failed");
    }
}

/// Why an endpoint that clients call with their credentials refused (RFC 6749 §5.2, RFC 7009 §2.2.1).
#[derive(Debug)]
pub(crate) enum ClientRefusal {
    Refused(RefusalCode, &'static str),
    /// The body was not a form that can be read.
    BadForm(BadForm),
    /// The client is unknown or did not prove itself. `basic`: it tried with the `Authorization`
    /// header, so the answer must name the scheme.
    Unauthenticated {
        basic: bool,
        description: &'static str,
    },
    Failed(OidcError),
}

/// The error codes of RFC 6749 §5.2, without `invalid_client`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum RefusalCode {
    InvalidRequest,
    InvalidGrant,
    UnauthorizedClient,
    UnsupportedGrantType,
    InvalidScope,
}

impl RefusalCode {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::InvalidRequest => "invalid_request",
            Self::InvalidGrant => "invalid_grant",
            Self::UnauthorizedClient => "unauthorized_client",
            Self::UnsupportedGrantType => "unsupported_grant_type",
            Self::InvalidScope => "invalid_scope",
        }
    }
}

impl ClientRefusal {
    pub(crate) const fn invalid_request(description: &'static str) -> Self {
        Self::Refused(RefusalCode::InvalidRequest, description)
    }

    /// One text for all: what is wrong with a code or token is nobody's business who does not hold
    /// it rightly.
    pub(crate) const fn invalid_grant() -> Self {
        Self::Refused(
            RefusalCode::InvalidGrant,
            "The code or token is unknown, expired, used, revoked, or was issued for another client or request.",
        )
    }
}

impl<E: Into<OidcError>> From<E> for ClientRefusal {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

impl IntoResponse for ClientRefusal {
    fn into_response(self) -> Response {
        match self {
            Self::Refused(code, description) => {
                answer(StatusCode::BAD_REQUEST, code.name(), description)
            }
            Self::BadForm(BadForm::TooLong) => answer(
                StatusCode::PAYLOAD_TOO_LARGE,
                "invalid_request",
                &BadForm::TooLong.to_string(),
            ),
            Self::BadForm(form) => answer(
                StatusCode::BAD_REQUEST,
                "invalid_request",
                &form.to_string(),
            ),
            Self::Unauthenticated { basic, description } => {
                let mut response = answer(StatusCode::UNAUTHORIZED, "invalid_client", description);
                if basic {
                    response.headers_mut().insert(
                        header::WWW_AUTHENTICATE,
                        HeaderValue::from_static("Basic realm=\"sallyport\", charset=\"UTF-8\""),
                    );
                }
                response
            }
            Self::Failed(error) => {
                error.log();
                answer(error.status(), error.code(), "The server could not answer.")
            }
        }
    }
}

fn answer(status: StatusCode, code: &'static str, description: &str) -> Response {
    let body = json!({ "error": code, "error_description": allowed(description) });
    (status, never_stored(), Json(body)).into_response()
}

/// Keeps an answer out of every cache (RFC 6749 §5.1).
pub(crate) fn never_stored() -> [(header::HeaderName, HeaderValue); 2] {
    [
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (header::PRAGMA, HeaderValue::from_static("no-cache")),
    ]
}

/// The text with every character replaced that RFC 6749 does not allow in `error_description`.
pub(crate) fn allowed(description: &str) -> String {
    description
        .chars()
        .map(|c| match c {
            '"' | '\\' | '“' | '”' => '\'',
            ' '..='~' => c,
            _ => '?',
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_description_has_the_characters_of_rfc_6749() {
        for (text, said) in [
            ("All is well.", "All is well."),
            ("The parameter “state”", "The parameter 'state'"),
            ("a \"b\" \\ c", "a 'b' ' c"),
            ("Jürgen\r\n", "J?rgen??"),
        ] {
            assert_eq!(allowed(text), said);
        }
    }
}
