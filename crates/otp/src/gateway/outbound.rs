//! The HTTP client that gateways are asked with.

use std::{error::Error, sync::Arc, time::Duration};

use http::StatusCode;
use reqwest::{RequestBuilder, Response, redirect::Policy};
use rustls_platform_verifier::BuilderVerifierExt;
use url::{Host, Url};

use super::{GatewayError, PATIENCE};

/// How much of the patience may pass before there is a connection. Until then nothing was sent for
/// sure.
const CONNECT_PATIENCE: Duration = Duration::from_secs(4);

/// The most of an answer that is read.
const LONGEST_ANSWER: usize = 64 * 1024;

/// Why a gateway cannot be used as it is configured.
#[derive(Debug, thiserror::Error)]
pub enum GatewaySetupError {
    #[error("the name {0:?} is not usable; expected small letters, digits and dashes")]
    Name(String),
    #[error("two gateways have the name {0:?}")]
    Twice(String),
    #[error("there is no gateway")]
    None,
    #[error("{0} is missing")]
    Missing(&'static str),
    #[error("{key}: the address must be https, or http on this machine")]
    Address { key: &'static str },
    #[error("secret must have at least 16 characters")]
    ShortSecret,
    #[error("the sender is missing: from or messaging_service_sid")]
    NoTwilioSender,
    #[error("from and messaging_service_sid are both given; leave one of them out")]
    TwoTwilioSenders,
    #[error("sender")]
    SmppSender(#[from] sallyport_smpp::AddressError),
    #[error("{key} must have at most {most} characters, as SMPP says")]
    SmppLength { key: &'static str, most: usize },
    #[error("window must be 1 to 1000 messages")]
    SmppWindow,
    #[error("enquire_seconds must be 1 to 3600")]
    SmppEnquiry,
    #[error("without tls = true the host must be this machine: codes would travel in the clear")]
    SmppInClear,
    #[error("TLS could not be set up")]
    Tls(#[from] rustls::Error),
    #[error("the HTTP client could not be set up")]
    Client(#[from] reqwest::Error),
}

/// A redirect is not followed, since a body holds a code.
pub fn client() -> Result<reqwest::Client, GatewaySetupError> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_platform_verifier()?
        .with_no_client_auth();
    Ok(reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .redirect(Policy::none())
        .timeout(PATIENCE)
        .connect_timeout(CONNECT_PATIENCE)
        .no_proxy()
        .build()?)
}

/// Where a provider with this base takes messages.
pub fn endpoint(base_url: &Url, path: &str) -> Result<Url, GatewaySetupError> {
    let key = "base_url";
    let url = base_url
        .join(path)
        .map_err(|_| GatewaySetupError::Address { key })?;
    check_address(&url, key)?;
    Ok(url)
}

/// Codes travel encrypted, or within this machine.
pub fn check_address(url: &Url, key: &'static str) -> Result<(), GatewaySetupError> {
    let is_private = match (url.scheme(), url.host()) {
        ("https", Some(_)) => true,
        ("http", Some(Host::Ipv4(ip))) => ip.is_loopback(),
        ("http", Some(Host::Ipv6(ip))) => ip.is_loopback(),
        ("http", Some(Host::Domain(domain))) => domain == "localhost",
        _ => false,
    };
    if is_private {
        Ok(())
    } else {
        Err(GatewaySetupError::Address { key })
    }
}

/// An answer as far as it matters here.
pub struct Answer {
    pub status: StatusCode,
    pub body: String,
}

/// Asks, and sorts the failures of HTTP itself: without a connection nothing was sent; after that
/// nobody here knows how far the request came.
pub async fn ask(request: RequestBuilder) -> Result<Answer, GatewayError> {
    let response = request.send().await.map_err(|cause| {
        let was_connected = !cause.is_connect();
        let cause = innermost(&cause.without_url());
        if was_connected {
            GatewayError::Unanswered(cause)
        } else {
            GatewayError::Unreachable(cause)
        }
    })?;
    let status = response.status();
    // Whether the message was taken says the status; the rest would only name it.
    let body = read(response).await.unwrap_or_default();
    Ok(Answer { status, body })
}

/// What went wrong in the end: a name that does not resolve, a closed port, a certificate. What
/// stands around it says only that a request was sent.
fn innermost(cause: &dyn Error) -> String {
    let mut cause = cause;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}

impl Answer {
    /// What a status says that is not a success; `what` is the gateway's own word for it.
    pub fn failure(&self, what: Option<&str>) -> GatewayError {
        let status = self.status;
        let text = match what {
            Some(what) => format!("{status}, {what}"),
            None => status.to_string(),
        };
        match status {
            // A proxy gave up waiting for whoever was given the message.
            StatusCode::GATEWAY_TIMEOUT | StatusCode::REQUEST_TIMEOUT => {
                GatewayError::Unanswered(text)
            }
            StatusCode::TOO_MANY_REQUESTS => GatewayError::Busy(text),
            status if status.is_server_error() => GatewayError::Busy(text),
            _ => GatewayError::Refused(text),
        }
    }
}

async fn read(mut response: Response) -> Result<String, reqwest::Error> {
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        bytes.extend_from_slice(&chunk);
        if bytes.len() > LONGEST_ANSWER {
            break;
        }
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_travel_encrypted_or_not_at_all() {
        for (url, usable) in [
            ("https://sms.example.com/send", true),
            ("http://127.0.0.1:9000/", true),
            ("http://localhost:9000/", true),
            ("http://[::1]:9000/", true),
            ("http://sms.example.com/send", false),
            ("http://10.0.0.1/", false),
            ("ftp://sms.example.com/", false),
        ] {
            let checked = check_address(&url.parse().unwrap(), "url");
            assert_eq!(checked.is_ok(), usable, "{url}");
        }
    }

    #[tokio::test]
    async fn a_gateway_that_cannot_be_reached_is_known_by_the_cause() {
        let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = closed.local_addr().unwrap().port();
        drop(closed);
        let url = format!("http://127.0.0.1:{port}/secret");
        let failed = ask(client().unwrap().get(url)).await.err().unwrap();
        let said = failed.to_string();
        assert!(matches!(failed, GatewayError::Unreachable(_)), "{said}");
        assert!(
            said.contains("refused") && !said.contains("secret"),
            "{said}"
        );
    }

    #[test]
    fn a_status_says_whether_asking_again_makes_sense() {
        type Expect = fn(String) -> GatewayError;
        let rows: [(u16, Expect); 7] = [
            (400, GatewayError::Refused),
            (401, GatewayError::Refused),
            (302, GatewayError::Refused),
            (429, GatewayError::Busy),
            (503, GatewayError::Busy),
            (504, GatewayError::Unanswered),
            (408, GatewayError::Unanswered),
        ];
        for (status, expected) in rows {
            let status = StatusCode::from_u16(status).unwrap();
            let answer = Answer {
                status,
                body: String::new(),
            };
            assert_eq!(
                answer.failure(Some("why")),
                expected(format!("{status}, why"))
            );
        }
    }
}
