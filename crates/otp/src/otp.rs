use std::{collections::BTreeSet, sync::Arc, time::Duration};

use sallyport_base::{Clock, Random, Secret, Store, StoreError, Timestamp, Vault};
use tokio::time::timeout;
use url::Url;

use crate::{
    calls::Calls,
    channel::Channel,
    conversion::PoorPrefixes,
    courier::{self, Courier},
    gateway::{Gateway, GatewaySetupError},
    keys::Keys,
    limits::Limits,
    lines::Lines,
    lookup::{Asker, Lookup, LookupSetupError},
    message::{MessageSettings, MessageText, MessageTextError},
    metrics::Metrics,
    receipt::{Callbacks, Receipts},
    retention::Retention,
    signing_key::{self, ReadKeys},
};

/// How long calls and gateways may keep a service that stops: as long as any gateway may take that does
/// answer. What is not answered for by then is decided by another courier.
const LONGEST_REST: Duration = Duration::from_secs(8);

/// The passcode service: what its handlers share.
#[derive(Clone)]
pub struct Otp(Arc<Inner>);

struct Inner {
    store: Store,
    clock: Clock,
    random: Random,
    vault: Vault,
    keys: Arc<Keys>,
    lines: Lines,
    lookup: Option<Asker>,
    courier: Courier,
    calls: Calls,
    receipts: Receipts,
    metrics_token: Option<Secret>,
    limits: Limits,
    poor_prefixes: PoorPrefixes,
    text: MessageText,
    channels: BTreeSet<Channel>,
    retention: Retention,
    making_key: tokio::sync::Mutex<()>,
    read_keys: ReadKeys,
}

/// What the service is made of.
pub struct OtpParts {
    pub store: Store,
    pub clock: Clock,
    pub random: Random,
    pub vault: Vault,
    /// How messages leave; the first that serves a country is asked first.
    pub gateways: Vec<Gateway>,
    /// Who knows more of a number than its digits say; `None`: nobody is asked.
    pub lookup: Option<Lookup>,
    /// The address of the service as gateways reach it, to tell what became of a message.
    pub public_url: Option<Url>,
    /// What whoever reads the metrics must show; without it there are none.
    pub metrics_token: Option<Secret>,
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
    #[error("the texts of messages")]
    Message(#[from] MessageTextError),
    #[error("gateway {name}")]
    Gateway {
        name: String,
        #[source]
        why: GatewaySetupError,
    },
    #[error("lookup")]
    Lookup(#[from] LookupSetupError),
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
        let keys = Arc::new(Keys::new(&parts.vault));
        let receipts = Receipts {
            store: parts.store.clone(),
            clock: parts.clock.clone(),
            random: parts.random.clone(),
            keys: keys.clone(),
            metrics: Arc::new(Metrics::begin(&parts.gateways, &parts.limits)),
        };
        let callbacks = Callbacks::new(parts.public_url, &parts.vault);
        let lines = Lines::open(&parts.gateways, &callbacks, &receipts)
            .map_err(|(name, why)| OtpError::Gateway { name, why })?;
        Ok(Self(Arc::new(Inner {
            keys,
            lines,
            lookup: parts.lookup.as_ref().map(Asker::new).transpose()?,
            courier: Courier::default(),
            calls: Calls::default(),
            receipts,
            metrics_token: parts.metrics_token,
            text: MessageText::check(&parts.message)?,
            store: parts.store,
            clock: parts.clock,
            random: parts.random,
            vault: parts.vault,
            limits: parts.limits,
            poor_prefixes: PoorPrefixes::default(),
            channels: parts.channels,
            retention: parts.retention,
            making_key: tokio::sync::Mutex::new(()),
            read_keys: ReadKeys::default(),
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

    /// Hands messages to the gateways for as long as it is polled.
    pub async fn send_messages(&self) {
        courier::work(self).await;
    }

    /// Hands over what is due, and returns when each of it has been answered for.
    pub async fn send_due(&self) -> Result<(), StoreError> {
        courier::carry_due(self).await
    }

    /// Waits until what was handed over is answered for, and takes leave of the gateways. Nothing is
    /// handed over afterwards.
    pub async fn stop_sending(&self) {
        let quiet = async {
            self.0.calls.are_over().await;
            self.lines().rest().await;
        };
        if timeout(LONGEST_REST, quiet).await.is_err() {
            tracing::warn!("a gateway or a caller keeps the service waiting, and is left");
        }
        self.lines().close().await;
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

    pub(crate) fn calls(&self) -> &Calls {
        &self.0.calls
    }

    pub(crate) fn lines(&self) -> &Lines {
        &self.0.lines
    }

    pub(crate) fn lookup(&self) -> Option<&Asker> {
        self.0.lookup.as_ref()
    }

    pub(crate) fn courier(&self) -> &Courier {
        &self.0.courier
    }

    pub(crate) fn receipts(&self) -> &Receipts {
        &self.0.receipts
    }

    pub(crate) fn metrics_token(&self) -> Option<&Secret> {
        self.0.metrics_token.as_ref()
    }

    pub(crate) fn metrics(&self) -> &Metrics {
        &self.0.receipts.metrics
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.0.limits
    }

    pub(crate) fn poor_prefixes(&self) -> &PoorPrefixes {
        &self.0.poor_prefixes
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

    pub(crate) fn read_keys(&self) -> &ReadKeys {
        &self.0.read_keys
    }
}
