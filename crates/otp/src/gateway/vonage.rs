use sallyport_base::{Secret, Timestamp};
use serde::Deserialize;
use url::Url;

use super::{
    Accepted, GatewayError, GatewaySetupError,
    outbound::{self, ask, endpoint},
    required,
};
use crate::{
    message::Message,
    receipt::{Callback, GatewayCallbacks, News, Outcome},
    refusal::Refusal,
};

/// Vonage's SMS API (`POST /sms/json`).
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Vonage {
    pub api_key: String,
    pub api_secret: Secret,
    /// A number or a name.
    pub from: String,
    /// `https://rest.nexmo.com` when absent.
    #[serde(default = "public_address")]
    pub base_url: Url,
}

fn public_address() -> Url {
    Url::parse("https://rest.nexmo.com").expect("it is an address")
}

pub struct Sender {
    client: reqwest::Client,
    vonage: Vonage,
    url: Url,
    callbacks: Option<GatewayCallbacks>,
}

/// An answer is always 200; what became of the message is inside.
#[derive(Deserialize)]
struct Answered {
    messages: Vec<Part>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Part {
    status: String,
    message_id: Option<String>,
}

impl Sender {
    pub fn new(
        vonage: &Vonage,
        callbacks: Option<GatewayCallbacks>,
    ) -> Result<Self, GatewaySetupError> {
        required(&vonage.api_key, "api_key")?;
        required(vonage.api_secret.expose(), "api_secret")?;
        required(&vonage.from, "from")?;
        let url = endpoint(&vonage.base_url, "/sms/json")?;
        Ok(Self {
            client: outbound::client()?,
            vonage: vonage.clone(),
            url,
            callbacks,
        })
    }

    pub async fn deliver(
        &self,
        message: &Message,
        now: Timestamp,
    ) -> Result<Accepted, GatewayError> {
        let request = self.client.post(self.url.clone());
        let answer = ask(request.form(&self.form(message, now))).await?;
        if !answer.status.is_success() {
            return Err(answer.failure(None));
        }
        let answered: Answered = serde_json::from_str(&answer.body)
            .map_err(|_| GatewayError::Unanswered("an answer that is not understood".to_owned()))?;
        let Some(part) = answered.messages.into_iter().next() else {
            return Err(GatewayError::Unanswered("an empty answer".to_owned()));
        };
        match part.status.as_str() {
            "0" => Ok(Accepted {
                reference: part.message_id,
            }),
            // Throttled; an internal error; too many connections.
            "1" | "5" | "10" => Err(GatewayError::Busy(format!("Vonage status {}", part.status))),
            status => Err(GatewayError::Refused(format!("Vonage status {status}"))),
        }
    }

    fn form(&self, message: &Message, now: Timestamp) -> Vec<(&'static str, String)> {
        let kind = match sallyport_smpp::septets(&message.body) {
            Some(_) => "text",
            None => "unicode",
        };
        // Vonage keeps a message for at least twenty seconds.
        let life = message.expires_at.since(now).as_millis().max(20_000);
        let mut form = vec![
            ("api_key", self.vonage.api_key.clone()),
            ("api_secret", self.vonage.api_secret.expose().to_owned()),
            ("from", self.vonage.from.clone()),
            ("to", message.to.trim_start_matches('+').to_owned()),
            ("text", message.body.clone()),
            ("type", kind.to_owned()),
            ("ttl", life.to_string()),
            ("client-ref", message.id.to_string()),
        ];
        if let Some(callbacks) = &self.callbacks {
            form.push(("callback", callbacks.url(message.id)));
        }
        form
    }

    /// Parameters of the address, of a form or of a JSON object, whichever the account chose.
    pub fn read_receipt(&self, callback: &Callback<'_>) -> Result<News, Refusal> {
        callback.check_token(self.callbacks.as_ref())?;
        let outcome = match callback.parameter("status").as_deref() {
            Some("delivered") => Outcome::Delivered,
            Some("failed" | "expired" | "rejected") => Outcome::Undelivered,
            _ => Outcome::OnItsWay,
        };
        Ok(News {
            outcome,
            detail: callback.parameter("err-code").filter(|code| code != "0"),
        })
    }
}
