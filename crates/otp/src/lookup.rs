//! A server of the operator's own that knows more of a number than its digits say: whether its SIM was
//! changed lately, what kind of line it is. It is asked before a code is sent.

use std::time::Duration;

use http::header;
use sallyport_base::{Conn, Secret, StoreError, Timestamp};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use url::Url;

use crate::{
    Otp,
    address::Address,
    allowance::{Alarm, Allowance},
    budgets,
    gateway::{
        GatewayError, GatewaySetupError,
        outbound::{self, check_address},
    },
    number_facts::{Doubt, NumberFacts},
    phone_number::PhoneNumber,
    project::Caller,
    recipient::Found,
    refusal::Refusal,
    send::Order,
    signature::{self, Signer},
};

/// How long whoever asked for a code waits for an answer.
const PATIENCE: Duration = Duration::from_secs(3);

/// The longest time for which an answer counts: 30 days, in minutes.
const LONGEST_MEMORY: u32 = 30 * 24 * 60;

/// Where to ask, and what an answer is worth.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lookup {
    /// https, or http on this machine.
    pub url: Url,
    /// What requests are signed with; at least 16 characters.
    pub secret: Secret,
    /// For how long an answer counts, in minutes: 1 to 43200. Within it a change of SIM is not seen.
    #[serde(default = "usual_memory")]
    pub remember_minutes: u32,
    /// What becomes of the message when there is no answer.
    #[serde(default)]
    pub without_answer: WithoutAnswer,
}

const fn usual_memory() -> u32 {
    10
}

/// What becomes of a message about whose number nothing is known.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WithoutAnswer {
    /// It is sent: a server that is down locks nobody out.
    #[default]
    Send,
    /// It is refused.
    Refuse,
}

/// Why a lookup cannot be used as it is configured.
#[derive(Debug, thiserror::Error)]
pub enum LookupSetupError {
    #[error("remember_minutes: expected 1 to {LONGEST_MEMORY}")]
    Memory,
    #[error(transparent)]
    Server(#[from] GatewaySetupError),
}

/// Asks.
pub struct Asker {
    client: reqwest::Client,
    url: Url,
    signer: Signer,
    remember: Duration,
    pub without_answer: WithoutAnswer,
}

/// What the server says. What it leaves out is not known.
#[derive(Deserialize)]
struct Answer {
    line_type: Option<String>,
    /// RFC 3339.
    sim_changed_at: Option<String>,
    refuse: Option<bool>,
}

/// Why nothing was learnt of a number. The text holds no number.
#[derive(Debug, thiserror::Error)]
enum NoAnswer {
    #[error("{0}")]
    Server(GatewayError),
    #[error("the answer is not what docs/passcode-service.md says")]
    Nonsense,
}

/// Whether somebody must be asked before a code goes to the number.
pub async fn is_needed(otp: &Otp, order: &Order) -> Result<bool, StoreError> {
    let is_phone = matches!(&order.address, Address::Phone(number) if !number.is_sandbox());
    if otp.lookup().is_none() || !is_phone {
        return Ok(false);
    }
    let mut reader = otp.store().reader().await?;
    Ok(known(otp, &mut reader, order).await?.is_none())
}

/// What was said of the number and still counts.
pub async fn known(
    otp: &Otp,
    conn: &mut Conn,
    order: &Order,
) -> Result<Option<NumberFacts>, StoreError> {
    let Caller { project, now, .. } = &order.caller;
    match otp.lookup() {
        None => Ok(None),
        Some(_) => {
            let number = otp.keys().address(&order.address);
            NumberFacts::find(conn, project, &number, *now).await
        }
    }
}

/// Asks about the number and keeps what is said. A question is counted before it is asked, as messages
/// are: it may cost as much, and the caller may be gone before there is an answer.
pub async fn ask(
    otp: &Otp,
    order: &Order,
    found: &Found,
) -> Result<Result<(), Refusal>, StoreError> {
    let (Some(asker), Address::Phone(number)) = (otp.lookup(), &order.address) else {
        return Ok(Ok(()));
    };
    let Caller { project, now, .. } = &order.caller;
    let mut tx = otp.store().begin().await?;
    let budgets = budgets::of_lookup(otp, order, found);
    let alarms = match Allowance::spend(&mut tx, project, &budgets, otp.limits(), *now).await? {
        Ok(alarms) => alarms,
        Err(exhausted) => return Ok(Err(exhausted.into())),
    };
    tx.commit().await?;
    alarms.iter().for_each(Alarm::log);
    let answer = asker.ask(number, *now).await;
    otp.metrics().asked_about_number(answer.is_ok());
    let mac = otp.keys().address(&order.address);
    match answer {
        Ok(facts) => {
            let mut tx = otp.store().begin().await?;
            facts.keep(&mut tx, project, &mac).await?;
            tx.commit().await?;
            Ok(Ok(()))
        }
        Err(cause) => {
            tracing::error!(
                event = "otp.lookup_failed",
                phone.hash = mac.as_str(),
                error = %cause,
                "nobody said what is known of a number"
            );
            Ok(match asker.without_answer {
                WithoutAnswer::Send => Ok(()),
                WithoutAnswer::Refuse => Err(Refusal::Doubted(Doubt::Unknown)),
            })
        }
    }
}

impl Lookup {
    /// Says what of it makes no sense.
    pub fn check(&self) -> Result<(), LookupSetupError> {
        if !(1..=LONGEST_MEMORY).contains(&self.remember_minutes) {
            return Err(LookupSetupError::Memory);
        }
        check_address(&self.url, "url")?;
        Signer::new(&self.secret).ok_or(GatewaySetupError::ShortSecret)?;
        Ok(())
    }
}

impl Asker {
    pub fn new(lookup: &Lookup) -> Result<Self, LookupSetupError> {
        lookup.check()?;
        Ok(Self {
            client: outbound::client()?,
            url: lookup.url.clone(),
            signer: Signer::new(&lookup.secret).ok_or(GatewaySetupError::ShortSecret)?,
            remember: Duration::from_secs(u64::from(lookup.remember_minutes) * 60),
            without_answer: lookup.without_answer,
        })
    }

    async fn ask(&self, number: &PhoneNumber, now: Timestamp) -> Result<NumberFacts, NoAnswer> {
        let body = json!({
            "phone_number": number.as_e164(),
            "country": number.country(),
        })
        .to_string();
        let request = self
            .client
            .post(self.url.clone())
            .timeout(PATIENCE)
            .header(header::CONTENT_TYPE, "application/json")
            .header(signature::HEADER, self.signer.sign(body.as_bytes(), now))
            .body(body);
        let answer = outbound::ask(request).await.map_err(NoAnswer::Server)?;
        if !answer.status.is_success() {
            return Err(NoAnswer::Server(answer.failure(None)));
        }
        self.read(&answer.body, now).ok_or(NoAnswer::Nonsense)
    }

    fn read(&self, body: &str, now: Timestamp) -> Option<NumberFacts> {
        let object: Map<String, Value> = serde_json::from_str(body).ok()?;
        let answer: Answer = serde_json::from_value(Value::Object(object)).ok()?;
        let is_refused = answer.refuse.unwrap_or(false);
        let sim_changed_at = match answer
            .sim_changed_at
            .as_deref()
            .map(Timestamp::parse_rfc3339)
        {
            // A clear word counts whatever else is not understood.
            Some(None) if !is_refused => return None,
            read => read.flatten(),
        };
        let is_voip = |kind: &String| kind.eq_ignore_ascii_case("voip");
        Some(NumberFacts {
            is_voip: answer.line_type.as_ref().is_some_and(is_voip),
            is_refused,
            sim_changed_at,
            valid_until: now.plus(self.remember),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lookup(url: &str, secret: &str, remember_minutes: u32) -> Lookup {
        Lookup {
            url: url.parse().unwrap(),
            secret: Secret::from(secret),
            remember_minutes,
            without_answer: WithoutAnswer::default(),
        }
    }

    #[test]
    fn a_number_is_told_to_nobody_who_could_be_overheard() {
        let (url, secret) = ("https://numbers.example.com/", "0123456789abcdef");
        assert!(Asker::new(&lookup(url, secret, 10)).is_ok());
        for (url, secret, minutes, why) in [
            ("http://numbers.example.com/", secret, 10, "url"),
            (url, "short", 10, "16 characters"),
            (url, secret, 0, "remember_minutes"),
            (url, secret, 43_201, "remember_minutes"),
        ] {
            let refused = Asker::new(&lookup(url, secret, minutes)).err().unwrap();
            assert!(refused.to_string().contains(why), "{refused}");
        }
    }

    #[test]
    fn an_answer_says_what_it_knows_and_nonsense_is_no_answer() {
        let asker = Asker::new(&lookup("http://localhost/", "0123456789abcdef", 10)).unwrap();
        let now = Timestamp::from_seconds(1_795_512_600);
        let read = |body| asker.read(body, now);
        let facts = read(r#"{"line_type": "VoIP", "carrier": "Example"}"#).unwrap();
        assert!(facts.is_voip && !facts.is_refused && facts.sim_changed_at.is_none());
        assert_eq!(facts.valid_until, now.plus(Duration::from_secs(600)));
        let facts = read(r#"{"sim_changed_at": "2026-11-20T12:00:00Z", "refuse": true}"#).unwrap();
        assert!(!facts.is_voip && facts.is_refused && facts.sim_changed_at.is_some());
        assert!(read("{}").is_some());
        let facts = read(r#"{"refuse": true, "sim_changed_at": "long ago"}"#).unwrap();
        assert!(facts.is_refused, "a clear word counts");
        let facts = read(r#"{"refuse": null, "sim_changed_at": "2026-11-20T12:00:00Z"}"#).unwrap();
        assert!(facts.sim_changed_at.is_some());
        for body in [
            "",
            "[]",
            r#"{"sim_changed_at": "yesterday"}"#,
            r#"{"refuse": 1}"#,
        ] {
            assert!(read(body).is_none(), "{body}");
        }
    }
}
