//! The ways in which messages leave. Each is asked to take one message and says what it knows.

mod kannel;
pub mod outbound;
mod sigv4;
mod smpp;
mod sns;
mod twilio;
mod vonage;
mod webhook;

use std::{collections::BTreeSet, time::Duration};

use sallyport_base::{Secret, Timestamp};
use url::Url;

use crate::{
    channel::Channel,
    hands::Hands,
    health::Health,
    message::Message,
    receipt::{Callback, Callbacks, News, Receipts},
    refusal::Refusal,
};

pub use kannel::Kannel;
pub use outbound::GatewaySetupError;
pub use smpp::Smpp;
pub use sns::Sns;
pub use twilio::Twilio;
pub use vonage::Vonage;
pub use webhook::Webhook;

/// How long the other side may take to accept a message.
const PATIENCE: Duration = Duration::from_secs(7);

/// A gateway as an operator names it. Those before it in the configuration are asked first.
#[derive(Clone, Debug)]
pub struct Gateway {
    /// Letters, digits and dashes; part of addresses, metrics and log lines.
    pub name: String,
    /// The countries that it sends to, as ISO 3166 codes; every country when empty.
    pub countries: BTreeSet<String>,
    pub kind: GatewayKind,
}

/// Which way messages leave.
#[derive(Clone, Debug)]
pub enum GatewayKind {
    /// The telephone of the demo: messages stay in the store and are shown on a page.
    Telephone,
    Webhook(Webhook),
    Twilio(Twilio),
    Smpp(Smpp),
    Kannel(Kannel),
    Sns(Sns),
    Vonage(Vonage),
}

impl Gateway {
    pub fn new(name: &str, kind: GatewayKind) -> Self {
        Self {
            name: name.to_owned(),
            countries: BTreeSet::new(),
            kind,
        }
    }

    /// The telephone of the demo.
    pub fn telephone() -> Self {
        Self::new("telephone", GatewayKind::Telephone)
    }

    /// A server of the operator's own.
    pub fn webhook(url: Url, secret: Secret) -> Self {
        Self::new("webhook", GatewayKind::Webhook(Webhook { url, secret }))
    }
}

/// That the gateway took a message.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Accepted {
    /// The gateway's own id of it, by which a receipt may name it.
    pub reference: Option<String>,
}

/// Why it is not known that a message left. The texts are for operators and hold no number.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum GatewayError {
    /// The gateway does not take this message, now or later.
    #[error("the gateway refused the message: {0}")]
    Refused(String),
    /// The gateway did not take it and may do so later.
    #[error("the gateway is busy: {0}")]
    Busy(String),
    /// Nothing was sent.
    #[error("the gateway could not be reached: {0}")]
    Unreachable(String),
    /// The message may have been sent all the same.
    #[error("the gateway was given the message and did not answer: {0}")]
    Unanswered(String),
}

/// A gateway that is ready to take messages.
pub struct Line {
    pub name: String,
    pub health: Health,
    pub hands: Hands,
    countries: BTreeSet<String>,
    end: End,
}

enum End {
    Telephone,
    Webhook(webhook::Sender),
    Twilio(twilio::Sender),
    Smpp(smpp::Sender),
    Kannel(kannel::Sender),
    Sns(sns::Sender),
    Vonage(vonage::Sender),
}

impl Line {
    pub fn open(
        gateway: &Gateway,
        callbacks: &Callbacks,
        receipts: &Receipts,
    ) -> Result<Self, GatewaySetupError> {
        check_name(&gateway.name)?;
        let callbacks = callbacks.of(&gateway.name);
        let end = match &gateway.kind {
            GatewayKind::Telephone => End::Telephone,
            GatewayKind::Webhook(webhook) => End::Webhook(webhook::Sender::new(webhook)?),
            GatewayKind::Twilio(twilio) => End::Twilio(twilio::Sender::new(twilio, callbacks)?),
            GatewayKind::Smpp(smpp) => {
                End::Smpp(smpp::Sender::new(smpp, receipts.of(&gateway.name))?)
            }
            GatewayKind::Kannel(kannel) => End::Kannel(kannel::Sender::new(kannel, callbacks)?),
            GatewayKind::Sns(sns) => End::Sns(sns::Sender::new(sns)?),
            GatewayKind::Vonage(vonage) => End::Vonage(vonage::Sender::new(vonage, callbacks)?),
        };
        Ok(Self {
            name: gateway.name.clone(),
            health: Health::default(),
            hands: Hands::default(),
            countries: gateway.countries.clone(),
            end,
        })
    }

    /// Mailboxes have no country.
    pub fn serves(&self, country: &str, channel: Channel) -> bool {
        let goes_there = self.countries.is_empty() || self.countries.contains(country);
        match channel {
            Channel::Sms => goes_there,
            Channel::Whatsapp => goes_there && self.takes_every_channel(),
            Channel::Email => self.takes_every_channel(),
        }
    }

    const fn takes_every_channel(&self) -> bool {
        matches!(self.end, End::Telephone | End::Webhook(_))
    }

    /// Whether messages need no carrier.
    pub const fn is_telephone(&self) -> bool {
        matches!(self.end, End::Telephone)
    }

    /// Whether a message that is handed over a second time is sent once.
    pub const fn drops_repetitions(&self) -> bool {
        matches!(self.end, End::Telephone | End::Webhook(_))
    }

    /// Hands the message over once.
    pub async fn deliver(
        &self,
        message: &Message,
        now: Timestamp,
    ) -> Result<Accepted, GatewayError> {
        match &self.end {
            End::Telephone => Err(GatewayError::Refused("the telephone has no carrier".into())),
            End::Webhook(webhook) => webhook.deliver(message, now).await,
            End::Twilio(twilio) => twilio.deliver(message, now).await,
            End::Smpp(smpp) => smpp.deliver(message, now).await,
            End::Kannel(kannel) => kannel.deliver(message, now).await,
            End::Sns(sns) => sns.deliver(message, now).await,
            End::Vonage(vonage) => vonage.deliver(message, now).await,
        }
    }

    /// What a receipt says, once it has proven to come from the gateway.
    pub fn read_receipt(&self, callback: &Callback<'_>) -> Result<News, Refusal> {
        match &self.end {
            End::Webhook(webhook) => webhook.read_receipt(callback),
            End::Twilio(twilio) => twilio.read_receipt(callback),
            End::Kannel(kannel) => kannel.read_receipt(callback),
            End::Vonage(vonage) => vonage.read_receipt(callback),
            End::Telephone | End::Smpp(_) | End::Sns(_) => Err(Refusal::UnauthorizedCredentials),
        }
    }

    /// Sees to it that receipts can come in, where that takes a connection of ours.
    pub async fn keep_up(&self) {
        if let End::Smpp(smpp) = &self.end {
            smpp.keep_up().await;
        }
    }

    /// Ends the connection, where one stands. There is none afterwards.
    pub async fn close(&self) {
        if let End::Smpp(smpp) = &self.end {
            smpp.close().await;
        }
    }
}

/// Names are part of addresses and labels.
fn check_name(name: &str) -> Result<(), GatewaySetupError> {
    let fits = (1..=32).contains(&name.len())
        && name
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    if fits {
        Ok(())
    } else {
        Err(GatewaySetupError::Name(name.to_owned()))
    }
}

/// A text of a configuration that must not be empty.
fn required(text: &str, key: &'static str) -> Result<(), GatewaySetupError> {
    if text.is_empty() {
        Err(GatewaySetupError::Missing(key))
    } else {
        Ok(())
    }
}
