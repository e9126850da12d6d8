use std::sync::Arc;

use sallyport_base::{Clock, Random, Store, StoreError, Timestamp, Vault};

use crate::{
    gateway::{Gateway, Line},
    keys::Keys,
    limits::Limits,
    message::{MessageText, MessageTextError},
    webhook::WebhookError,
};

/// The passcode service: what its handlers share.
#[derive(Clone)]
pub struct Otp(Arc<Inner>);

struct Inner {
    store: Store,
    clock: Clock,
    random: Random,
    vault: Vault,
    keys: Keys,
    line: Line,
    limits: Limits,
    text: MessageText,
    making_key: tokio::sync::Mutex<()>,
}

/// What the service is made of.
pub struct OtpParts {
    pub store: Store,
    pub clock: Clock,
    pub random: Random,
    pub vault: Vault,
    pub gateway: Gateway,
    pub limits: Limits,
    /// Whose code it is, as messages say: `123456 is your <name> code.`
    pub name: String,
    /// The host of the page that asks for the code, without scheme and port: browsers fill it in
    /// there only.
    pub host: String,
}

/// Which part of the configuration is not usable, and what was expected.
#[derive(Debug, thiserror::Error)]
pub enum OtpError {
    #[error("passcode limits: {0}")]
    Limits(String),
    #[error("passcode message: {0}")]
    Message(#[from] MessageTextError),
    #[error("passcode webhook: {0}")]
    Webhook(#[from] WebhookError),
}

impl Otp {
    pub fn new(parts: OtpParts) -> Result<Self, OtpError> {
        parts.limits.check().map_err(OtpError::Limits)?;
        Ok(Self(Arc::new(Inner {
            keys: Keys::new(&parts.vault),
            line: Line::open(&parts.gateway, &parts.store)?,
            text: MessageText::check(&parts.name, &parts.host)?,
            store: parts.store,
            clock: parts.clock,
            random: parts.random,
            vault: parts.vault,
            limits: parts.limits,
            making_key: tokio::sync::Mutex::new(()),
        })))
    }

    /// Forgets what has served its time: codes a day after they expired, counters once they are
    /// over, numbers that were not verified, sessions that ended, messages of the demo telephone
    /// after a day, and what was decided after 30 days.
    pub async fn purge(&self, now: Timestamp) -> Result<(), StoreError> {
        crate::purge::run(self, now).await
    }

    pub(crate) fn store(&self) -> &Store {
        &self.0.store
    }

    pub(crate) fn clock(&self) -> &Clock {
        &self.0.clock
    }

    pub(crate) fn random(&self) -> &Random {
        &self.0.random
    }

    pub(crate) fn vault(&self) -> &Vault {
        &self.0.vault
    }

    pub(crate) fn keys(&self) -> &Keys {
        &self.0.keys
    }

    pub(crate) fn line(&self) -> &Line {
        &self.0.line
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.0.limits
    }

    pub(crate) fn text(&self) -> &MessageText {
        &self.0.text
    }

    /// Held while a signing key is made, which takes a moment and is needed once.
    pub(crate) fn making_key(&self) -> &tokio::sync::Mutex<()> {
        &self.0.making_key
    }
}
