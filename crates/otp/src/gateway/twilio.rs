use aws_lc_rs::hmac::{self, HMAC_SHA1_FOR_LEGACY_USE_ONLY};
use base64::{Engine, prelude::BASE64_STANDARD};
use sallyport_base::{Secret, Timestamp, constant_time_eq};
use serde::Deserialize;
use url::Url;

use super::{
    Accepted, GatewayError, GatewaySetupError,
    outbound::{self, Answer, ask, endpoint},
    required,
};
use crate::{
    message::Message,
    receipt::{Callback, GatewayCallbacks, News, Outcome},
    refusal::Refusal,
};

/// For how many seconds Twilio keeps a message that it cannot deliver yet; it refuses other values
/// (error 21624). A notice lives longer, and Twilio gives up on it earlier.
const SHORTEST_VALIDITY: u64 = 1;
const LONGEST_VALIDITY: u64 = 36_000;

/// Twilio's Messages API.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Twilio {
    pub account_sid: String,
    pub auth_token: Secret,
    /// A number of the account, a short code or a name.
    pub from: Option<String>,
    /// A messaging service of the account, in place of `from`.
    pub messaging_service_sid: Option<String>,
    /// `https://api.twilio.com` when absent.
    #[serde(default = "public_address")]
    pub base_url: Url,
}

fn public_address() -> Url {
    Url::parse("https://api.twilio.com").expect("it is an address")
}

pub struct Sender {
    client: reqwest::Client,
    twilio: Twilio,
    url: Url,
    callbacks: Option<GatewayCallbacks>,
}

/// A message that Twilio took.
#[derive(Deserialize)]
struct Taken {
    sid: String,
}

/// Why Twilio did not take one.
#[derive(Deserialize)]
struct Complaint {
    code: i64,
}

impl Sender {
    pub fn new(
        twilio: &Twilio,
        callbacks: Option<GatewayCallbacks>,
    ) -> Result<Self, GatewaySetupError> {
        required(&twilio.account_sid, "account_sid")?;
        required(twilio.auth_token.expose(), "auth_token")?;
        match (&twilio.from, &twilio.messaging_service_sid) {
            (None, None) => return Err(GatewaySetupError::NoTwilioSender),
            (Some(_), Some(_)) => return Err(GatewaySetupError::TwoTwilioSenders),
            (Some(_), None) | (None, Some(_)) => {}
        }
        let path = format!("/2010-04-01/Accounts/{}/Messages.json", twilio.account_sid);
        let url = endpoint(&twilio.base_url, &path)?;
        Ok(Self {
            client: outbound::client()?,
            twilio: twilio.clone(),
            url,
            callbacks,
        })
    }

    pub async fn deliver(
        &self,
        message: &Message,
        now: Timestamp,
    ) -> Result<Accepted, GatewayError> {
        let request = self
            .client
            .post(self.url.clone())
            .basic_auth(
                &self.twilio.account_sid,
                Some(self.twilio.auth_token.expose()),
            )
            .form(&self.form(message, now));
        let answer = ask(request).await?;
        if !answer.status.is_success() {
            return Err(complaint(&answer));
        }
        let taken: Option<Taken> = serde_json::from_str(&answer.body).ok();
        Ok(Accepted {
            reference: taken.map(|taken| taken.sid),
        })
    }

    fn form(&self, message: &Message, now: Timestamp) -> Vec<(&'static str, String)> {
        let life = message.expires_at.since(now).as_secs();
        let kept = life.clamp(SHORTEST_VALIDITY, LONGEST_VALIDITY);
        let mut form = vec![
            ("To", message.to.clone()),
            ("Body", message.body.clone()),
            ("ValidityPeriod", kept.to_string()),
        ];
        if let Some(from) = &self.twilio.from {
            form.push(("From", from.clone()));
        }
        if let Some(sid) = &self.twilio.messaging_service_sid {
            form.push(("MessagingServiceSid", sid.clone()));
        }
        if let Some(callbacks) = &self.callbacks {
            form.push(("StatusCallback", callbacks.url(message.id)));
        }
        form
    }

    /// A form that is signed with the account's token, as Twilio's page "Webhooks security" says.
    pub fn read_receipt(&self, callback: &Callback<'_>) -> Result<News, Refusal> {
        let parameters = callback.form();
        let is_signed = callback
            .header("x-twilio-signature")
            .zip(self.callbacks.as_ref())
            .is_some_and(|(signature, callbacks)| {
                let url = callbacks.url(callback.message_id);
                let expected = self.signature(&url, &parameters);
                constant_time_eq(expected.as_bytes(), signature.as_bytes())
            });
        if !is_signed {
            return Err(Refusal::UnauthorizedCredentials);
        }
        let value = |key: &str| {
            let found = parameters.iter().find(|(name, _)| name == key);
            found.map(|(_, value)| value.as_str())
        };
        let outcome = match value("MessageStatus") {
            Some("delivered" | "read") => Outcome::Delivered,
            Some("undelivered" | "failed" | "canceled") => Outcome::Undelivered,
            _ => Outcome::OnItsWay,
        };
        Ok(News {
            outcome,
            detail: value("ErrorCode").map(str::to_owned),
        })
    }

    /// HMAC-SHA-1 over the address and the sorted parameters.
    fn signature(&self, url: &str, parameters: &[(String, String)]) -> String {
        let mut sorted: Vec<_> = parameters.iter().collect();
        sorted.sort();
        let token = self.twilio.auth_token.expose().as_bytes();
        let key = hmac::Key::new(HMAC_SHA1_FOR_LEGACY_USE_ONLY, token);
        let mut context = hmac::Context::with_key(&key);
        context.update(url.as_bytes());
        for (name, value) in sorted {
            context.update(name.as_bytes());
            context.update(value.as_bytes());
        }
        BASE64_STANDARD.encode(context.sign())
    }
}

/// Twilio's own number for what is wrong is what its manual explains.
fn complaint(answer: &Answer) -> GatewayError {
    match serde_json::from_str::<Complaint>(&answer.body) {
        Ok(complaint) => answer.failure(Some(&format!("Twilio error {}", complaint.code))),
        Err(_) => answer.failure(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sender() -> Sender {
        let twilio = Twilio {
            account_sid: "AC1".to_owned(),
            auth_token: Secret::from("12345"),
            from: Some("+12025550100".to_owned()),
            messaging_service_sid: None,
            base_url: "https://api.twilio.com".parse().unwrap(),
        };
        Sender::new(&twilio, None).unwrap()
    }

    /// The example of Twilio's page "Webhooks security".
    #[test]
    fn a_signature_is_computed_as_twilio_does() {
        let sender = sender();
        let parameters = [
            ("CallSid", "CA1234567890ABCDE"),
            ("Caller", "+12349013030"),
            ("Digits", "1234"),
            ("From", "+12349013030"),
            ("To", "+18005551212"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(
            sender.signature("https://mycompany.com/myapp.php?foo=1&bar=2", &parameters),
            "0/KCTR6DLpKmkAf8muzZqo1nDgQ="
        );
    }
}
