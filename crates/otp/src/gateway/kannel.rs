use sallyport_base::{Secret, Timestamp};
use serde::Deserialize;
use url::Url;

use super::{
    Accepted, GatewayError, GatewaySetupError,
    outbound::{self, ask, check_address},
    required,
};
use crate::{
    message::Message,
    receipt::{Callback, GatewayCallbacks, News, Outcome},
    refusal::Refusal,
};

/// Which reports are wanted: delivered, not delivered, refused by the message centre.
const WANTED: &str = "19";

/// The `sendsms` page of a Kannel smsbox.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kannel {
    /// `http://localhost:13013/cgi-bin/sendsms`
    pub url: Url,
    pub username: String,
    pub password: Secret,
    /// A number or a name.
    pub from: String,
    /// Which connection of Kannel is used; without it Kannel chooses.
    pub smsc: Option<String>,
}

pub struct Sender {
    client: reqwest::Client,
    kannel: Kannel,
    callbacks: Option<GatewayCallbacks>,
}

impl Sender {
    pub fn new(
        kannel: &Kannel,
        callbacks: Option<GatewayCallbacks>,
    ) -> Result<Self, GatewaySetupError> {
        check_address(&kannel.url, "url")?;
        required(&kannel.username, "username")?;
        required(kannel.password.expose(), "password")?;
        required(&kannel.from, "from")?;
        Ok(Self {
            client: outbound::client()?,
            kannel: kannel.clone(),
            callbacks,
        })
    }

    pub async fn deliver(
        &self,
        message: &Message,
        now: Timestamp,
    ) -> Result<Accepted, GatewayError> {
        let request = self.client.get(self.kannel.url.clone());
        let answer = ask(request.query(&self.query(message, now))).await?;
        // `0: Accepted for delivery` and `3: Queued for later delivery` are both 202.
        if answer.status.is_success() {
            return Ok(Accepted::default());
        }
        // What Kannel says itself may repeat what it was given.
        Err(answer.failure(None))
    }

    fn query(&self, message: &Message, now: Timestamp) -> Vec<(&'static str, String)> {
        let coding = match sallyport_smpp::septets(&message.body) {
            Some(_) => "0",
            None => "2",
        };
        let minutes = message.expires_at.since(now).as_secs().div_ceil(60).max(1);
        let mut query = vec![
            ("username", self.kannel.username.clone()),
            ("password", self.kannel.password.expose().to_owned()),
            ("from", self.kannel.from.clone()),
            ("to", message.to.clone()),
            ("text", message.body.clone()),
            ("charset", "UTF-8".to_owned()),
            ("coding", coding.to_owned()),
            ("validity", minutes.to_string()),
        ];
        if let Some(smsc) = &self.kannel.smsc {
            query.push(("smsc", smsc.clone()));
        }
        if let Some(callbacks) = &self.callbacks {
            query.push(("dlr-mask", WANTED.to_owned()));
            // Kannel puts the kind of report where it reads %d.
            query.push(("dlr-url", format!("{}&type=%d", callbacks.url(message.id))));
        }
        query
    }

    /// Kannel fetches the address that it was given.
    pub fn read_receipt(&self, callback: &Callback<'_>) -> Result<News, Refusal> {
        callback.check_token(self.callbacks.as_ref())?;
        let outcome = match callback.parameter("type").as_deref() {
            Some("1") => Outcome::Delivered,
            Some("2" | "16") => Outcome::Undelivered,
            _ => Outcome::OnItsWay,
        };
        Ok(News {
            outcome,
            detail: None,
        })
    }
}
