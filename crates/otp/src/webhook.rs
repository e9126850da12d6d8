use std::{fmt::Write, sync::Arc, time::Duration};

use aws_lc_rs::hmac::{self, HMAC_SHA256};
use http::{StatusCode, header};
use reqwest::redirect::Policy;
use rustls_platform_verifier::BuilderVerifierExt;
use sallyport_base::{Secret, Timestamp};
use serde_json::json;
use url::{Host, Url};

use crate::{gateway::GatewayError, message::Message};

/// How long the other side may take to accept a message. Callers wait ten seconds, a login script
/// among them: they are to hear what became of it.
const PATIENCE: Duration = Duration::from_secs(7);

/// How much of that may pass before there is a connection. Until then nothing was sent for sure.
const CONNECT_PATIENCE: Duration = Duration::from_secs(4);

/// `t=<unix seconds>,v1=<hex of HMAC-SHA-256 over "<unix seconds>.<body>">`
const SIGNATURE: &str = "sallyport-signature";

/// The same at every try for one message.
const IDEMPOTENCY_KEY: &str = "idempotency-key";

/// A server of the operator's own that sends what it is given. It is told once for each message and
/// accepts with any 2xx answer; a redirect is not followed, since the body holds a code.
#[derive(Clone)]
pub struct Webhook {
    client: reqwest::Client,
    url: Url,
    key: hmac::Key,
}

/// Why a webhook cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum WebhookError {
    #[error("the webhook address must be https, or http on this machine")]
    Address,
    #[error("the webhook secret must have at least 16 characters")]
    ShortSecret,
    #[error("TLS could not be set up: {0}")]
    Tls(#[from] rustls::Error),
    #[error("the HTTP client could not be set up: {0}")]
    Client(#[from] reqwest::Error),
}

impl Webhook {
    pub fn new(url: &Url, secret: &Secret) -> Result<Self, WebhookError> {
        if !is_private_transport(url) {
            return Err(WebhookError::Address);
        }
        if secret.expose().len() < 16 {
            return Err(WebhookError::ShortSecret);
        }
        Ok(Self {
            client: client()?,
            url: url.clone(),
            key: hmac::Key::new(HMAC_SHA256, secret.expose().as_bytes()),
        })
    }

    pub async fn deliver(&self, message: &Message, now: Timestamp) -> Result<(), GatewayError> {
        let body = json!({
            "id": message.id,
            "channel": message.channel.as_str(),
            "to": message.to,
            "body": message.body,
            "locale": message.locale.tag(),
            "expires_at": message.expires_at.rfc3339(),
        })
        .to_string();
        let response = self
            .client
            .post(self.url.clone())
            .header(header::CONTENT_TYPE, "application/json")
            .header(SIGNATURE, self.signature(&body, now))
            .header(IDEMPOTENCY_KEY, message.id.to_string())
            .body(body)
            .send()
            .await
            .map_err(without_answer)?;
        match response.status() {
            status if status.is_success() => Ok(()),
            // A proxy gave up waiting for whoever was given the message.
            status @ StatusCode::GATEWAY_TIMEOUT => {
                Err(GatewayError::Unanswered(status.to_string()))
            }
            status => Err(GatewayError::Refused(status)),
        }
    }

    fn signature(&self, body: &str, now: Timestamp) -> String {
        let seconds = now.as_seconds();
        let tag = hmac::sign(&self.key, format!("{seconds}.{body}").as_bytes());
        let mut signature = format!("t={seconds},v1=");
        for byte in tag.as_ref() {
            write!(signature, "{byte:02x}").expect("writing to a string does not fail");
        }
        signature
    }
}

/// Without a connection nothing was sent. After that nobody here knows how far the request came.
fn without_answer(cause: reqwest::Error) -> GatewayError {
    let was_connected = !cause.is_connect();
    let cause = cause.without_url().to_string();
    if was_connected {
        GatewayError::Unanswered(cause)
    } else {
        GatewayError::Unreachable(cause)
    }
}

fn client() -> Result<reqwest::Client, WebhookError> {
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

fn is_private_transport(url: &Url) -> bool {
    match (url.scheme(), url.host()) {
        ("https", Some(_)) => true,
        ("http", Some(Host::Ipv4(ip))) => ip.is_loopback(),
        ("http", Some(Host::Ipv6(ip))) => ip.is_loopback(),
        ("http", Some(Host::Domain(domain))) => domain == "localhost",
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_travel_encrypted_or_not_at_all() {
        let secret = Secret::from("0123456789abcdef");
        for (url, usable) in [
            ("https://sms.example.com/send", true),
            ("http://127.0.0.1:9000/", true),
            ("http://localhost:9000/", true),
            ("http://[::1]:9000/", true),
            ("http://sms.example.com/send", false),
            ("http://10.0.0.1/", false),
            ("ftp://sms.example.com/", false),
        ] {
            let webhook = Webhook::new(&url.parse().unwrap(), &secret);
            assert_eq!(webhook.is_ok(), usable, "{url}");
        }
        let short = Webhook::new(
            &"https://a.example".parse().unwrap(),
            &Secret::from("short"),
        );
        assert!(matches!(short, Err(WebhookError::ShortSecret)));
    }
}
