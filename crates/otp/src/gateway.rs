use http::StatusCode;
use sallyport_base::{Secret, Store, StoreError, Timestamp};
use url::Url;

use crate::{
    message::Message,
    telephone,
    webhook::{Webhook, WebhookError},
};

/// Which way messages leave.
#[derive(Clone, Debug)]
pub enum Gateway {
    /// The telephone of the demo: messages stay in the store and are shown on a page.
    Telephone,
    /// A server of the operator's own, told by a signed POST.
    Webhook { url: Url, secret: Secret },
}

/// Why it is not known that a message left.
#[derive(Debug, thiserror::Error)]
pub enum GatewayError {
    #[error("the gateway answered {0}")]
    Refused(StatusCode),
    #[error("the gateway could not be reached: {0}")]
    Unreachable(String),
    /// The message may have been sent all the same.
    #[error("the gateway was given the message and did not answer: {0}")]
    Unanswered(String),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A gateway that is ready to take messages.
#[derive(Clone)]
pub enum Line {
    Telephone(Store),
    Webhook(Box<Webhook>),
}

impl Line {
    pub fn open(gateway: &Gateway, store: &Store) -> Result<Self, WebhookError> {
        Ok(match gateway {
            Gateway::Telephone => Self::Telephone(store.clone()),
            Gateway::Webhook { url, secret } => Self::Webhook(Box::new(Webhook::new(url, secret)?)),
        })
    }

    /// Hands the message over once.
    pub async fn deliver(&self, message: &Message, now: Timestamp) -> Result<(), GatewayError> {
        match self {
            Self::Telephone(store) => Ok(telephone::receive(store, message, now).await?),
            Self::Webhook(webhook) => webhook.deliver(message, now).await,
        }
    }
}
