use std::{net::IpAddr, sync::Arc, time::Duration};

use sallyport_base::{Secret, StoreError, Timestamp};
use sallyport_smpp::{
    Address, Bind, Incoming, Listener, Session, Settings, ShortMessage, SmppError, State,
};
use serde::Deserialize;
use tokio::{sync::Mutex, time::timeout};

use super::{Accepted, GatewayError, GatewaySetupError, PATIENCE, required};
use crate::{
    message::Message,
    receipt::{GatewayReceipts, News, Outcome},
};

/// A message centre that speaks SMPP 3.4.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Smpp {
    pub host: String,
    /// 2775 when absent.
    #[serde(default = "usual_port")]
    pub port: u16,
    /// Whether the connection is TLS. Without it `host` must be this machine.
    #[serde(default)]
    pub tls: bool,
    /// At most 15 characters.
    pub system_id: String,
    /// At most 8 characters.
    pub password: Secret,
    /// At most 12 characters.
    #[serde(default)]
    pub system_type: String,
    /// A number in E.164, a short code or a name.
    pub sender: String,
    /// How many messages may wait for an answer of the message centre at once: 1 to 1000.
    #[serde(default = "usual_window")]
    pub window: usize,
    /// After how many silent seconds the message centre is asked whether it is there: 1 to 3600.
    #[serde(default = "usual_enquire_seconds")]
    pub enquire_seconds: u64,
}

const fn usual_port() -> u16 {
    2775
}

const fn usual_window() -> usize {
    10
}

const fn usual_enquire_seconds() -> u64 {
    30
}

/// How long a message waits for a session. With what follows it stays below the time that the courier
/// gives a gateway, so that a message centre that is not there is not taken for one that is silent.
const CONNECTING: Duration = Duration::from_secs(5);

/// How long a farewell may take.
const FAREWELL: Duration = Duration::from_secs(2);

/// Holds one session and opens the next when it is over.
pub struct Sender {
    settings: Settings,
    from: Address,
    listener: Listener,
    session: Mutex<Held>,
}

/// The session of a sender.
enum Held {
    Nothing,
    Session(Arc<Session>),
    /// The server stops.
    Closed,
}

impl Sender {
    pub fn new(smpp: &Smpp, receipts: GatewayReceipts) -> Result<Self, GatewaySetupError> {
        check(smpp)?;
        Ok(Self {
            settings: settings(smpp),
            from: Address::sender(&smpp.sender)?,
            listener: listener(receipts),
            session: Mutex::new(Held::Nothing),
        })
    }

    pub async fn deliver(
        &self,
        message: &Message,
        now: Timestamp,
    ) -> Result<Accepted, GatewayError> {
        let to = Address::international(&message.to);
        let life = message.expires_at.since(now).as_secs();
        let short = ShortMessage::text(self.from.clone(), to, &message.body)
            .valid_for(u32::try_from(life).unwrap_or(u32::MAX));
        let session = timeout(CONNECTING, self.session())
            .await
            .map_err(|_| GatewayError::Unreachable("it took too long to connect".to_owned()))?
            .map_err(why)?;
        let message_id = session.submit(&short).await.map_err(why)?;
        Ok(Accepted {
            reference: Some(message_id).filter(|id| !id.is_empty()),
        })
    }

    /// Binds again when the session is over, so that receipts come in while nothing is sent.
    pub async fn keep_up(&self) {
        if let Err(cause) = self.session().await {
            tracing::warn!(error = %cause, "a message centre is not there; it is tried again");
        }
    }

    /// Says goodbye, so that the message centre does not take the next start for a second bind.
    pub async fn close(&self) {
        let held = std::mem::replace(&mut *self.session.lock().await, Held::Closed);
        if let Held::Session(session) = held
            && session.is_open()
        {
            let _in_time = timeout(FAREWELL, session.close()).await;
        }
    }

    async fn session(&self) -> Result<Arc<Session>, SmppError> {
        let mut held = self.session.lock().await;
        match &*held {
            Held::Session(session) if session.is_open() => return Ok(session.clone()),
            Held::Closed => return Err(SmppError::Unreachable("this server stops".to_owned())),
            Held::Session(_) | Held::Nothing => {}
        }
        let session = Arc::new(Session::open(&self.settings, self.listener.clone()).await?);
        *held = Held::Session(session.clone());
        Ok(session)
    }
}

fn check(smpp: &Smpp) -> Result<(), GatewaySetupError> {
    required(&smpp.system_id, "system_id")?;
    for (key, text, most) in [
        ("system_id", &*smpp.system_id, 15),
        ("password", smpp.password.expose(), 8),
        ("system_type", &*smpp.system_type, 12),
    ] {
        if text.len() > most {
            return Err(GatewaySetupError::SmppLength { key, most });
        }
    }
    if !(1..=1000).contains(&smpp.window) {
        return Err(GatewaySetupError::SmppWindow);
    }
    if !(1..=3600).contains(&smpp.enquire_seconds) {
        return Err(GatewaySetupError::SmppEnquiry);
    }
    if !smpp.tls && !is_this_machine(&smpp.host) {
        return Err(GatewaySetupError::SmppInClear);
    }
    Ok(())
}

fn settings(smpp: &Smpp) -> Settings {
    Settings {
        tls: smpp.tls,
        password: smpp.password.clone(),
        system_type: smpp.system_type.clone(),
        bind: Bind::Transceiver,
        patience: PATIENCE,
        window: smpp.window,
        enquire_every: Duration::from_secs(smpp.enquire_seconds),
        ..Settings::new(&*smpp.host, smpp.port, &*smpp.system_id)
    }
}

fn is_this_machine(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

fn why(cause: SmppError) -> GatewayError {
    let text = cause.to_string();
    match cause {
        SmppError::Unreachable(_) | SmppError::Unbound(_) => GatewayError::Unreachable(text),
        SmppError::Throttled(_) => GatewayError::Busy(text),
        SmppError::Unsendable(_) | SmppError::Refused(_) => GatewayError::Refused(text),
        SmppError::Unanswered(_) => GatewayError::Unanswered(text),
    }
}

/// A receipt may be faster than the record that its message was taken.
const SOON: Duration = Duration::from_millis(200);

fn listener(receipts: GatewayReceipts) -> Listener {
    Listener::new(move |incoming| {
        let receipts = receipts.clone();
        async move {
            let receipt = match incoming {
                Incoming::Receipt(receipt) => receipt,
                Incoming::Message { from, text, .. } => return receipts.heard(&from, &text).await,
            };
            let news = News {
                outcome: outcome(receipt.state),
                detail: receipt.error,
            };
            match keep(&receipts, &receipt.message_id, &news).await {
                Ok(true) => true,
                Ok(false) => {
                    // A refusal would bring it again for ever, and hold back those behind it.
                    tracing::warn!(
                        "a message centre sent the receipt of a message that is not known"
                    );
                    true
                }
                Err(cause) => {
                    tracing::error!(error = %cause, "a receipt could not be kept; it is asked for again");
                    false
                }
            }
        }
    })
}

/// `false` when the message centre was never given such a message.
async fn keep(receipts: &GatewayReceipts, id: &str, news: &News) -> Result<bool, StoreError> {
    for _ in 0..5 {
        if receipts.keep(id, news).await? {
            return Ok(true);
        }
        tokio::time::sleep(SOON).await;
    }
    for id in other_spellings(id) {
        if receipts.keep(&id, news).await? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Some message centres write the id of a message in decimal when they take it and in hexadecimal in
/// the receipt, or the other way round. These are tried last: one may be the id of another message.
fn other_spellings(id: &str) -> Vec<String> {
    let mut spellings = Vec::new();
    if let Ok(number) = id.parse::<u64>() {
        spellings.extend([format!("{number:x}"), format!("{number:X}")]);
    }
    if let Ok(number) = u64::from_str_radix(id, 16) {
        spellings.push(number.to_string());
    }
    spellings
}

const fn outcome(state: State) -> Outcome {
    match state {
        State::Delivered => Outcome::Delivered,
        State::Scheduled | State::Enroute | State::Accepted | State::Unknown => Outcome::OnItsWay,
        State::Expired | State::Deleted | State::Undeliverable | State::Rejected => {
            Outcome::Undelivered
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_protocol_cannot_carry_is_refused_at_the_start() {
        let usual = || Smpp {
            host: "127.0.0.1".to_owned(),
            port: 2775,
            tls: false,
            system_id: "sallyport".to_owned(),
            password: Secret::from("secret"),
            system_type: String::new(),
            sender: "Sallyport".to_owned(),
            window: 1000,
            enquire_seconds: 3600,
        };
        assert!(check(&usual()).is_ok());
        for (why, smpp) in [
            (
                "system_id",
                Smpp {
                    system_id: "x".repeat(16),
                    ..usual()
                },
            ),
            (
                "password",
                Smpp {
                    password: Secret::from("123456789"),
                    ..usual()
                },
            ),
            (
                "system_type",
                Smpp {
                    system_type: "x".repeat(13),
                    ..usual()
                },
            ),
            (
                "window",
                Smpp {
                    window: 0,
                    ..usual()
                },
            ),
            (
                "window",
                Smpp {
                    window: usize::MAX,
                    ..usual()
                },
            ),
            (
                "enquire_seconds",
                Smpp {
                    enquire_seconds: 0,
                    ..usual()
                },
            ),
            (
                "enquire_seconds",
                Smpp {
                    enquire_seconds: u64::MAX,
                    ..usual()
                },
            ),
            (
                "host",
                Smpp {
                    host: "smsc.example.com".to_owned(),
                    ..usual()
                },
            ),
        ] {
            let refused = check(&smpp).unwrap_err().to_string();
            assert!(refused.contains(why), "{refused}");
        }
    }

    #[test]
    fn an_id_is_looked_for_in_both_number_systems() {
        for (in_receipt, when_taken) in [
            ("3735928559", "deadbeef"),
            ("3735928559", "DEADBEEF"),
            ("DEADBEEF", "3735928559"),
            ("0000000a", "10"),
        ] {
            assert!(
                other_spellings(in_receipt).contains(&when_taken.to_owned()),
                "{in_receipt}"
            );
        }
        assert!(other_spellings("m-1").is_empty());
    }
}
