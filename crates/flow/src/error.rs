use std::time::Duration;

use axum::response::Response;
use http::StatusCode;
use sallyport_base::{StoreError, VaultError};
use sallyport_people::PeopleError;
use sallyport_script::{EngineError, ScriptError};
use sallyport_web::{ErrorPage, Pages};

/// Why a login cannot go on. The person reads what to do; the operator finds the cause in the log.
#[derive(Debug, thiserror::Error)]
pub enum FlowError {
    /// Unknown, finished, expired, or begun in another browser: one answer for all, because the
    /// difference is nobody's business.
    #[error("no such login for this browser")]
    NoLogin,
    #[error("the form was not shown by this server to this browser")]
    ForeignForm,
    #[error("the form cannot be read: {0}")]
    BadForm(String),
    #[error("too many wrong tries in one login")]
    TooManyTries {
        /// How long the person has to wait; `None` when another login may begin at once.
        wait: Option<Duration>,
        /// The way back to the application.
        back: Option<(String, String)>,
    },
    #[error("the script {script} failed: {cause}")]
    Script { script: String, cause: ScriptError },
    #[error("the script {script} broke the contract: {why}")]
    Contract { script: String, why: String },
    /// The person was known and may not sign in any more.
    #[error("the person of a login is not active")]
    Inactive,
    #[error("the server has more logins than it can check")]
    Busy,
    #[error("the login method {0} is not loaded")]
    NoMethod(String),
    #[error(transparent)]
    People(#[from] PeopleError),
    #[error(transparent)]
    Engine(#[from] EngineError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("a stored login cannot be read: {0}")]
    Stored(serde_json::Error),
    #[error(transparent)]
    Sealed(#[from] VaultError),
}

/// The text holds the cause, which is therefore no source of its own.
impl From<serde_json::Error> for FlowError {
    fn from(cause: serde_json::Error) -> Self {
        Self::Stored(cause)
    }
}

impl FlowError {
    /// The page for the person at the browser. The cause is logged here, once.
    pub fn page(&self, pages: &Pages) -> Response {
        self.log();
        let (status, title, happened, what_to_do) = self.words();
        pages.error(ErrorPage {
            status,
            title: title.to_owned(),
            happened: happened.to_owned(),
            what_to_do: self.when_again().unwrap_or_else(|| what_to_do.to_owned()),
            link: self.way_on(),
            request_id: None,
        })
    }

    /// When to try again, where that is known.
    fn when_again(&self) -> Option<String> {
        let Self::TooManyTries {
            wait: Some(wait), ..
        } = self
        else {
            return None;
        };
        Some(match wait.as_secs().div_ceil(60) {
            0 | 1 => "You can sign in again in a minute.".to_owned(),
            minutes => format!("You can sign in again in {minutes} minutes."),
        })
    }

    fn way_on(&self) -> Option<(String, String)> {
        match self {
            Self::TooManyTries { back, .. } => back.clone(),
            _ => None,
        }
    }

    fn log(&self) {
        match self {
            Self::NoLogin | Self::ForeignForm | Self::BadForm(_) => {
                tracing::info!(cause = %self, "a login page was refused");
            }
            Self::TooManyTries { .. } => {
                tracing::warn!(
                    event = "login.too_many_tries",
                    "a login was ended after too many wrong tries"
                );
            }
            Self::Inactive => {
                tracing::warn!(
                    event = "login.inactive",
                    "a person who is not active passed every step"
                );
            }
            Self::Script { script, cause } => {
                tracing::error!(script.name = %script, kind = ?cause.kind, cause = %cause.message, traceback = %cause.traceback, "a login script failed");
            }
            _ => tracing::error!(cause = %self, "a login could not go on"),
        }
    }

    fn words(&self) -> (StatusCode, &'static str, &'static str, &'static str) {
        match self {
            Self::NoLogin => (
                StatusCode::BAD_REQUEST,
                "This sign-in is over",
                "It expired, was finished already, or was begun in another browser.",
                "Go back to the application and sign in again.",
            ),
            Self::ForeignForm => (
                StatusCode::FORBIDDEN,
                "This form cannot be accepted",
                "It did not come from a page of this site, or your browser does not keep its cookies.",
                "Allow cookies for this site, go back to the application and sign in again.",
            ),
            Self::BadForm(_) => (
                StatusCode::BAD_REQUEST,
                "This form cannot be read",
                "What your browser sent is not a form of this site.",
                "Go back to the application and sign in again.",
            ),
            Self::TooManyTries { .. } => (
                StatusCode::TOO_MANY_REQUESTS,
                "Too many wrong codes",
                "This sign-in was ended to protect your account.",
                "Go back to the application and sign in again.",
            ),
            Self::Inactive => (
                StatusCode::FORBIDDEN,
                "You cannot sign in",
                "The account is not active.",
                "Ask the people who run this site.",
            ),
            Self::Busy | Self::People(PeopleError::Busy) | Self::Engine(EngineError::Busy) => (
                StatusCode::SERVICE_UNAVAILABLE,
                "Too many people are signing in",
                "The server cannot check your sign-in at this moment.",
                "Wait a few seconds and try again.",
            ),
            Self::Script { .. } | Self::Contract { .. } | Self::NoMethod(_) => (
                StatusCode::INTERNAL_SERVER_ERROR,
                "This way of signing in does not work now",
                "The method that the application asked for failed.",
                "Try again. If it fails again, tell the people who run this site.",
            ),
            Self::People(_)
            | Self::Engine(_)
            | Self::Store(_)
            | Self::Stored(_)
            | Self::Sealed(_) => (
                StatusCode::SERVICE_UNAVAILABLE,
                "Signing in is not possible now",
                "The server could not read or keep what it needs.",
                "Try again in a minute. If it fails again, tell the people who run this site.",
            ),
        }
    }
}
