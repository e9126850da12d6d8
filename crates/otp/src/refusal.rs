use std::{borrow::Cow, time::Duration};

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use sallyport_base::{StoreError, VaultError};

use crate::{address::Kind, allowance::Exhausted, conversion, number_facts::Doubt};

/// Every answer that is not a success, in Stytch's words. [`crate::answer`] turns it into JSON.
///
/// Where Stytch publishes no name for a case (a method or a content type that a route does not
/// take), the name says what HTTP says.
#[derive(Clone, Debug)]
pub enum Refusal {
    UnauthorizedCredentials,
    /// What claims to be a receipt did not prove that it comes from the gateway.
    UnprovenReceipt,
    RouteNotFound,
    MethodNotAllowed,
    BodyTooLarge,
    BodyTooSlow,
    NotJson,
    /// What is wrong with the request, without the value that was sent.
    BadRequest(Cow<'static, str>),
    MissingSmsParameter,
    InvalidPhoneNumber,
    UnservedCountry,
    SandboxNumberInLiveProject,
    InvalidExpiration,
    InvalidLocale,
    InvalidMethodId,
    InvalidCode,
    InvalidUserId,
    InvalidSessionDuration,
    ClaimsTooLarge,
    InvalidIpAddress,
    InvalidSessionId,
    TooManyUserSelectors,
    TooManySessionArguments,
    NoSessionArguments,
    TooManyRevokeArguments,
    NoRevokeArguments,
    SessionNotFound,
    /// Adding an address needs a factor that was proven a moment ago.
    StaleSession,
    /// There are no roles here that could allow an action.
    ActionNotAllowed,
    UserNotFound,
    PhoneNumberNotFound,
    EmailNotFound,
    ProjectNotFound,
    /// No message with a code went to a method, or the project has no such method.
    MessageNotFound,
    InvalidEmail,
    SandboxEmailInLiveProject,
    DuplicatePhoneNumber,
    DuplicateEmail,
    DuplicateExternalId,
    MetadataTooLarge,
    MetadataTooManyKeys,
    NoFactorToCreate,
    ExchangeFields,
    ExchangeUser,
    /// What is wrong with a search: `error_type` and what was expected.
    Search(&'static str, &'static str),
    UnsubscribedPhoneNumber,
    /// What is known of the number speaks against a code.
    Doubted(Doubt),
    TooFewTokensAuthenticated,
    TooManyUnverifiedFactors,
    LastPrimaryFactor,
    WrongCode,
    DeadCode,
    AttributeMismatch,
    TooManyRequests {
        /// Which limit, for the audit table. The caller is not told.
        limit: &'static str,
        retry_after: Duration,
    },
    UserLocked {
        retry_after: Duration,
    },
    Store(StoreError),
    Vault(VaultError),
    Internal(&'static str),
}

impl Refusal {
    /// The refusal for an answer that the router gave on its own.
    pub fn of_status(status: StatusCode) -> Self {
        match status {
            StatusCode::NOT_FOUND => Self::RouteNotFound,
            StatusCode::METHOD_NOT_ALLOWED => Self::MethodNotAllowed,
            StatusCode::PAYLOAD_TOO_LARGE => Self::BodyTooLarge,
            StatusCode::UNSUPPORTED_MEDIA_TYPE => Self::NotJson,
            status if status.is_client_error() => {
                Self::BadRequest("The request is malformed.".into())
            }
            _ => Self::Internal("a handler answered without a body"),
        }
    }

    /// Another user has such an address.
    pub const fn duplicate(kind: Kind) -> Self {
        match kind {
            Kind::Phone => Self::DuplicatePhoneNumber,
            Kind::Email => Self::DuplicateEmail,
        }
    }

    pub fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.facts().0).expect("the table holds HTTP statuses only")
    }

    pub fn error_type(&self) -> &'static str {
        self.facts().1
    }

    pub fn message(&self) -> Cow<'static, str> {
        self.facts().2
    }

    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            // The share of codes that come back is another one by then.
            Self::TooFewTokensAuthenticated => Some(conversion::SPAN),
            Self::TooManyRequests { retry_after, .. } | Self::UserLocked { retry_after } => {
                Some(*retry_after)
            }
            _ => None,
        }
    }

    /// Why, for the audit table.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Doubted(doubt) => doubt.as_str(),
            Self::TooManyRequests { limit, .. } => limit,
            _ => self.error_type(),
        }
    }

    /// What an operator should look at; `None` when the request was at fault.
    pub fn cause(&self) -> Option<String> {
        match self {
            Self::Store(cause) => Some(cause.to_string()),
            Self::Vault(cause) => Some(cause.to_string()),
            Self::Internal(cause) => Some((*cause).to_owned()),
            _ => None,
        }
    }

    /// Status, `error_type` and `error_message`.
    fn facts(&self) -> (u16, &'static str, Cow<'static, str>) {
        let (status, error_type, message) = match self {
            Self::BadRequest(what) => return (400, "bad_request", what.clone()),
            Self::UnauthorizedCredentials => (
                401,
                "unauthorized_credentials",
                "The project id or the secret is not right. Send them as HTTP Basic authentication.",
            ),
            Self::UnprovenReceipt => (
                401,
                "unauthorized_credentials",
                "This does not prove that it is a receipt of this gateway for this message. Check the name of the gateway and the id in the address, the token or the secret, and the time of the signature.",
            ),
            Self::RouteNotFound => (404, "route_not_found", "There is nothing at this address."),
            Self::MethodNotAllowed => (
                405,
                "method_not_allowed",
                "This address does not take this method.",
            ),
            Self::BodyTooLarge => (413, "request_too_large", "The body is larger than 64 KiB."),
            Self::BodyTooSlow => (408, "request_timeout", "The body did not arrive in time."),
            Self::NotJson => (
                415,
                "unsupported_media_type",
                "Send the body as JSON, not compressed, with the header Content-Type: application/json.",
            ),
            Self::MissingSmsParameter => {
                (400, "missing_sms_parameter", "phone_number is required.")
            }
            Self::InvalidPhoneNumber | Self::Doubted(Doubt::Voip) => (
                400,
                "invalid_phone_number",
                "The phone number is not one that can receive a message. Send it in E.164 form, such as +12025550162.",
            ),
            Self::UnservedCountry => (
                400,
                "invalid_phone_number_country_code",
                "The phone number's country code is invalid, unsupported, or disabled.",
            ),
            Self::SandboxNumberInLiveProject => (
                400,
                "invalid_phone_number_sandbox",
                "The sandbox number works in test projects only.",
            ),
            Self::InvalidExpiration => (
                400,
                "invalid_expiration_otp",
                "expiration_minutes must be between 1 and 10.",
            ),
            Self::InvalidLocale => (
                400,
                "invalid_locale",
                "The locale is not one of the supported ones.",
            ),
            Self::InvalidMethodId => (
                400,
                "invalid_method_id",
                "The method_id is not the phone_id or email_id of a send.",
            ),
            Self::InvalidCode => (
                400,
                "invalid_code",
                "Code format is invalid. A passcode has six digits.",
            ),
            Self::InvalidUserId => (400, "invalid_user_id", "The user_id format is invalid."),
            Self::InvalidSessionDuration => (
                400,
                "invalid_session_duration_minutes",
                "session_duration_minutes must be between 5 and 527040.",
            ),
            Self::ClaimsTooLarge => (
                400,
                "custom_claims_too_large",
                "session_custom_claims may take 4 KB at most.",
            ),
            Self::InvalidIpAddress => (
                400,
                "invalid_ip_address",
                "attributes.ip_address is not an IP address.",
            ),
            Self::InvalidSessionId => (
                400,
                "invalid_session_id",
                "The session_id format is invalid.",
            ),
            Self::TooManyUserSelectors => (
                400,
                "too_many_user_selection_arguments",
                "Send at most one of user_id, session_token and session_jwt.",
            ),
            Self::TooManySessionArguments => (
                400,
                "too_many_session_arguments",
                "Send only one of session_token and session_jwt.",
            ),
            Self::TooManyRevokeArguments => (
                400,
                "too_many_session_revoke_arguments",
                "Send only one of session_id, session_token and session_jwt.",
            ),
            Self::NoRevokeArguments => (
                400,
                "no_session_revoke_arguments",
                "Send a session_id, a session_token or a session_jwt.",
            ),
            Self::StaleSession => (
                401,
                "stale_factors",
                "The user must have proven a factor within the last minutes to add another. Authenticate a factor of the session again.",
            ),
            Self::ActionNotAllowed => (
                403,
                "consumer_session_authorization_error",
                "No role of this project allows the action.",
            ),
            Self::InvalidEmail => (400, "invalid_email", "The email address is invalid."),
            Self::SandboxEmailInLiveProject => (
                400,
                "invalid_email_sandbox",
                "The sandbox email address works in test projects only.",
            ),
            Self::EmailNotFound => (404, "email_not_found", "Email could not be found."),
            Self::DuplicateEmail => (
                400,
                "duplicate_email",
                "Another user has this email address.",
            ),
            Self::DuplicateExternalId => (
                400,
                "duplicate_user_external_id",
                "Another user has this external_id.",
            ),
            Self::MetadataTooLarge => (
                400,
                "metadata_too_large",
                "The metadata may take 4 KB at most.",
            ),
            Self::MetadataTooManyKeys => (
                400,
                "metadata_too_many_keys",
                "The metadata may have 20 keys at most.",
            ),
            Self::NoFactorToCreate => (
                400,
                "invalid_create_user_request",
                "Send an email or a phone_number.",
            ),
            Self::ExchangeFields => (
                400,
                "invalid_exchange_primary_factor_fields",
                "Send either an email_address or a phone_number.",
            ),
            Self::ExchangeUser => (
                400,
                "invalid_exchange_primary_factor_user",
                "Only a user with one email address or one phone number can exchange it.",
            ),
            Self::Search(error_type, message) => (400, *error_type, *message),
            Self::UnsubscribedPhoneNumber => (
                400,
                "unsubscribed_phone_number",
                "The phone number has opted out of messages. Its owner must text START to the sender to receive them again.",
            ),
            Self::Doubted(Doubt::SimChanged | Doubt::Refused | Doubt::Unknown) => (
                400,
                "downstream_carrier_error",
                "No message can be sent to this phone number at present. Offer another factor.",
            ),
            Self::TooFewTokensAuthenticated => (
                429,
                "too_few_tokens_authenticated",
                "Too few of the codes sent to numbers like this one have come back. Try again later.",
            ),
            Self::NoSessionArguments => (
                400,
                "no_session_arguments",
                "Send a session_token or a session_jwt.",
            ),
            Self::SessionNotFound => (404, "session_not_found", "Session could not be found."),
            Self::UserNotFound => (404, "user_not_found", "User could not be found."),
            Self::PhoneNumberNotFound => (
                404,
                "phone_number_not_found",
                "Phone Number could not be found.",
            ),
            Self::ProjectNotFound => (404, "project_not_found", "Project could not be found."),
            Self::MessageNotFound => (
                404,
                "message_not_found",
                "No message with a code to this method is known.",
            ),
            Self::DuplicatePhoneNumber => (
                400,
                "duplicate_phone_number",
                "Another user has this phone number.",
            ),
            Self::TooManyUnverifiedFactors => (
                400,
                "too_many_unverified_factors",
                "The user has too many numbers and email addresses that are not verified yet. They are dropped after five minutes.",
            ),
            Self::LastPrimaryFactor => (
                400,
                "cannot_delete_last_primary_factor",
                "The only phone number or email address of a user cannot be deleted. Delete the user instead.",
            ),
            Self::WrongCode => (
                404,
                "otp_code_not_found",
                "The code is not right, or no code was sent.",
            ),
            Self::DeadCode => (
                401,
                "unable_to_auth_otp_code",
                "The code was used, has expired, or was tried too often. Request a new one.",
            ),
            Self::AttributeMismatch => (
                401,
                "attribute_mismatch",
                "The request comes from another address or user agent than the one that the code was sent for.",
            ),
            Self::TooManyRequests { .. } => (
                429,
                "too_many_requests",
                "Too many requests have been made. The header Retry-After says when to try again.",
            ),
            Self::UserLocked { .. } => (
                429,
                "user_lock_limit_reached",
                "The user is locked after too many wrong codes. The header Retry-After says for how long.",
            ),
            Self::Store(_) | Self::Vault(_) | Self::Internal(_) => (
                500,
                "internal_server_error",
                "Something went wrong here. The request_id helps the operator to find it.",
            ),
        };
        (status, error_type, Cow::Borrowed(message))
    }
}

impl From<StoreError> for Refusal {
    fn from(cause: StoreError) -> Self {
        Self::Store(cause)
    }
}

impl From<Exhausted> for Refusal {
    fn from(Exhausted { limit, wait }: Exhausted) -> Self {
        Self::TooManyRequests {
            limit,
            retry_after: wait,
        }
    }
}

impl From<VaultError> for Refusal {
    fn from(cause: VaultError) -> Self {
        Self::Vault(cause)
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        if let Some(wait) = self.retry_after() {
            let seconds = wait.as_millis().div_ceil(1000).max(1);
            let seconds = u64::try_from(seconds).unwrap_or(u64::MAX);
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, seconds.into());
        }
        // RFC 9110 §15.5.2 wants a challenge with every 401, also where another proof is looked for.
        if matches!(self, Self::UnauthorizedCredentials | Self::UnprovenReceipt) {
            let challenge = HeaderValue::from_static(r#"Basic realm="project", charset="UTF-8""#);
            response
                .headers_mut()
                .insert(header::WWW_AUTHENTICATE, challenge);
        }
        response.extensions_mut().insert(self);
        response
    }
}
