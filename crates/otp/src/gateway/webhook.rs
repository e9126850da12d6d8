use std::{fmt::Write, time::Duration};

use aws_lc_rs::hmac::{self, HMAC_SHA256};
use http::header;
use sallyport_base::{Secret, Timestamp, constant_time_eq};
use serde::Deserialize;
use serde_json::json;
use url::Url;

use super::{
    Accepted, GatewayError, GatewaySetupError,
    outbound::{self, ask, check_address},
};
use crate::{
    message::Message,
    receipt::{Callback, News, Outcome},
    refusal::Refusal,
};

/// `t=<unix seconds>,v1=<hex of HMAC-SHA-256 over "<unix seconds>.<body>">`
const SIGNATURE: &str = "sallyport-signature";

/// The same at every try for one message.
const IDEMPOTENCY_KEY: &str = "idempotency-key";

/// How old a signature may be, and how far ahead the other clock.
const SIGNATURE_LIFE: Duration = Duration::from_secs(300);

/// A server of the operator's own that sends what it is given. It accepts with any 2xx answer and
/// drops a message whose id it has seen.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Webhook {
    pub url: Url,
    /// What messages, and receipts, are signed with; at least 16 characters.
    pub secret: Secret,
}

pub struct Sender {
    client: reqwest::Client,
    url: Url,
    key: hmac::Key,
}

/// What a webhook's server tells of a message later.
#[derive(Deserialize)]
struct Receipt {
    state: String,
    #[serde(default)]
    reason: Option<String>,
}

impl Sender {
    pub fn new(webhook: &Webhook) -> Result<Self, GatewaySetupError> {
        check_address(&webhook.url, "url")?;
        if webhook.secret.expose().len() < 16 {
            return Err(GatewaySetupError::ShortSecret);
        }
        Ok(Self {
            client: outbound::client()?,
            url: webhook.url.clone(),
            key: hmac::Key::new(HMAC_SHA256, webhook.secret.expose().as_bytes()),
        })
    }

    pub async fn deliver(
        &self,
        message: &Message,
        now: Timestamp,
    ) -> Result<Accepted, GatewayError> {
        let body = json!({
            "id": message.id,
            "channel": message.channel.as_str(),
            "to": message.to,
            "body": message.body,
            "locale": message.locale.tag(),
            "expires_at": message.expires_at.rfc3339(),
        })
        .to_string();
        let request = self
            .client
            .post(self.url.clone())
            .header(header::CONTENT_TYPE, "application/json")
            .header(SIGNATURE, self.signature(body.as_bytes(), now.as_seconds()))
            .header(IDEMPOTENCY_KEY, message.id.to_string())
            .body(body);
        let answer = ask(request).await?;
        if answer.status.is_success() {
            Ok(Accepted::default())
        } else {
            Err(answer.failure(None))
        }
    }

    /// A JSON object, signed as messages are.
    pub fn read_receipt(&self, callback: &Callback<'_>) -> Result<News, Refusal> {
        let is_signed = callback
            .header(SIGNATURE)
            .is_some_and(|signature| self.is_signed(signature, callback.body, callback.now));
        if !is_signed {
            return Err(Refusal::UnauthorizedCredentials);
        }
        let receipt: Receipt = serde_json::from_slice(callback.body)
            .map_err(|_| Refusal::BadRequest("The receipt needs a state.".into()))?;
        let outcome = match receipt.state.as_str() {
            "delivered" => Outcome::Delivered,
            "failed" => Outcome::Undelivered,
            "sent" => Outcome::OnItsWay,
            _ => {
                return Err(Refusal::BadRequest(
                    "state is delivered, failed or sent.".into(),
                ));
            }
        };
        Ok(News {
            outcome,
            detail: receipt.reason,
        })
    }

    fn is_signed(&self, signature: &str, body: &[u8], now: Timestamp) -> bool {
        let Some(seconds) = signature
            .strip_prefix("t=")
            .and_then(|rest| rest.split_once(','))
            .and_then(|(seconds, _)| seconds.parse::<i64>().ok())
        else {
            return false;
        };
        let is_fresh = now.as_seconds().abs_diff(seconds) <= SIGNATURE_LIFE.as_secs();
        let expected = self.signature(body, seconds);
        is_fresh && constant_time_eq(expected.as_bytes(), signature.as_bytes())
    }

    fn signature(&self, body: &[u8], seconds: i64) -> String {
        let mut context = hmac::Context::with_key(&self.key);
        context.update(format!("{seconds}.").as_bytes());
        context.update(body);
        let mut signature = format!("t={seconds},v1=");
        for byte in context.sign().as_ref() {
            write!(signature, "{byte:02x}").expect("writing to a string does not fail");
        }
        signature
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_long_and_a_signature_young() {
        let webhook = |secret: &str| Webhook {
            url: "https://sms.example.com/".parse().unwrap(),
            secret: Secret::from(secret),
        };
        assert!(matches!(
            Sender::new(&webhook("short")),
            Err(GatewaySetupError::ShortSecret)
        ));
        let sender = Sender::new(&webhook("0123456789abcdef")).unwrap();
        let then = Timestamp::from_seconds(1000);
        let signature = sender.signature(b"{}", 1000);
        assert!(sender.is_signed(&signature, b"{}", then));
        assert!(sender.is_signed(&signature, b"{}", then.plus(SIGNATURE_LIFE)));
        assert!(!sender.is_signed(&signature, b"{ }", then));
        let late = then.plus(SIGNATURE_LIFE + Duration::from_secs(1));
        assert!(!sender.is_signed(&signature, b"{}", late));
        assert!(!sender.is_signed(&signature.replace("1000", "1001"), b"{}", then));
        assert!(!sender.is_signed("t=,v1=", b"{}", then));
    }
}
