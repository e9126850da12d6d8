use std::{fmt, time::Duration};

use sallyport_base::Secret;

/// Where a message centre is, who we are to it, and how long it may take.
#[derive(Clone, Debug)]
pub struct Settings {
    /// A name or an IP address.
    pub host: String,
    /// Usually 2775, and 3550 with TLS.
    pub port: u16,
    /// Whether the connection is TLS, with a certificate that this machine trusts for `host`.
    pub tls: bool,
    pub system_id: String,
    /// At most eight characters (SMPP 3.4 §5.2.2).
    pub password: Secret,
    /// What kind of system we are, when the message centre wants to know.
    pub system_type: String,
    pub bind: Bind,
    /// How long one operation may take: to connect, to bind, to take a message.
    pub patience: Duration,
    /// How long the line may be silent before the other side is asked whether it is there.
    pub enquire_every: Duration,
    /// How many messages may wait for an answer at once.
    pub window: usize,
    /// The first pause after the message centre asked to slow down; each further one is twice as long.
    pub throttle_pause: Duration,
}

/// What a session is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Bind {
    /// To send. Receipts do not come this way.
    Transmitter,
    /// To send, and to hear of deliveries.
    Transceiver,
}

impl Settings {
    pub fn new(host: impl Into<String>, port: u16, system_id: impl Into<String>) -> Self {
        Self {
            host: host.into(),
            port,
            tls: false,
            system_id: system_id.into(),
            password: Secret::from(""),
            system_type: String::new(),
            bind: Bind::Transmitter,
            patience: Duration::from_secs(7),
            enquire_every: Duration::from_secs(30),
            window: 10,
            throttle_pause: Duration::from_secs(1),
        }
    }
}

impl fmt::Display for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}
