use std::{collections::BTreeSet, sync::Arc};

use sallyport_base::{Clock, Random, Store, StoreError, Timestamp, Vault};

use crate::{
    channel::Channel,
    gateway::{Gateway, Line},
    keys::Keys,
    limits::Limits,
    message::{MessageSettings, MessageText, MessageTextError},
    retention::Retention,
    signing_key,
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
    channels: BTreeSet<Channel>,
    retention: Retention,
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
    pub message: MessageSettings,
    /// By which ways the gateway takes messages.
    pub channels: BTreeSet<Channel>,
    pub retention: Retention,
}

/// Which part of the configuration is not usable, and what was expected.
#[derive(Debug, thiserror::Error)]
pub enum OtpError {
    #[error("passcode limits: {0}")]
    Limits(String),
    #[error("passcode retention: {0}")]
    Retention(String),
    #[error("passcode message: {0}")]
    Message(#[from] MessageTextError),
    #[error("passcode webhook: {0}")]
    Webhook(#[from] WebhookError),
}

/// Why what has served its time is still there.
#[derive(Debug, thiserror::Error)]
pub enum PurgeError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("a signing key could not be replaced: {0}")]
    SigningKey(String),
}

impl Otp {
    pub fn new(parts: OtpParts) -> Result<Self, OtpError> {
        parts.limits.check().map_err(OtpError::Limits)?;
        parts.retention.check().map_err(OtpError::Retention)?;
        Ok(Self(Arc::new(Inner {
            keys: Keys::new(&parts.vault),
            line: Line::open(&parts.gateway, &parts.store)?,
            text: MessageText::check(&parts.message)?,
            store: parts.store,
            clock: parts.clock,
            random: parts.random,
            vault: parts.vault,
            limits: parts.limits,
            channels: parts.channels,
            retention: parts.retention,
            making_key: tokio::sync::Mutex::new(()),
        })))
    }

    /// Forgets what has served its time, as [`Retention`] says, doubts addresses that nobody proved
    /// for long, and puts a new signing key beside one that is old.
    pub async fn purge(&self, now: Timestamp) -> Result<(), PurgeError> {
        crate::purge::run(self, now).await?;
        signing_key::rotate(self, now)
            .await
            .map_err(|refusal| PurgeError::SigningKey(refusal.cause().unwrap_or_default()))
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

    pub(crate) fn sends_by(&self, channel: Channel) -> bool {
        self.0.channels.contains(&channel)
    }

    pub(crate) fn retention(&self) -> &Retention {
        &self.0.retention
    }

    pub(crate) fn text(&self) -> &MessageText {
        &self.0.text
    }

    /// Held while a signing key is made, which takes a moment and is needed once.
    pub(crate) fn making_key(&self) -> &tokio::sync::Mutex<()> {
        &self.0.making_key
    }
}
