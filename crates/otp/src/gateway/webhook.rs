use http::header;
use sallyport_base::{Id, Secret, Timestamp};
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
    signature::{self, Signer},
};

/// The same at every try for one message.
const IDEMPOTENCY_KEY: &str = "idempotency-key";

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
    signer: Signer,
}

/// What a webhook's server tells of a message later. It names the message, so that its signature is
/// worth nothing for another.
#[derive(Deserialize)]
struct Receipt {
    id: Id<Message>,
    state: String,
    #[serde(default)]
    reason: Option<String>,
}

impl Sender {
    pub fn new(webhook: &Webhook) -> Result<Self, GatewaySetupError> {
        check_address(&webhook.url, "url")?;
        Ok(Self {
            client: outbound::client()?,
            url: webhook.url.clone(),
            signer: Signer::new(&webhook.secret).ok_or(GatewaySetupError::ShortSecret)?,
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
            .header(signature::HEADER, self.signer.sign(body.as_bytes(), now))
            .header(IDEMPOTENCY_KEY, message.id.to_string())
            .body(body);
        let answer = ask(request).await?;
        if answer.status.is_success() {
            Ok(Accepted::default())
        } else {
            Err(answer.failure(None))
        }
    }

    /// A JSON object, signed as messages are. The address is not signed, so that the id in it proves
    /// nothing by itself.
    pub fn read_receipt(&self, callback: &Callback<'_>) -> Result<News, Refusal> {
        let is_signed = callback
            .header(signature::HEADER)
            .is_some_and(|text| self.signer.verify(text, callback.body, callback.now));
        if !is_signed {
            return Err(Refusal::UnauthorizedCredentials);
        }
        let receipt: Receipt = serde_json::from_slice(callback.body)
            .map_err(|_| Refusal::BadRequest("The receipt needs an id and a state.".into()))?;
        if receipt.id != callback.message_id {
            return Err(Refusal::BadRequest(
                "The id of the receipt is not the one in its address.".into(),
            ));
        }
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
}
