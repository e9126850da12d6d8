//! A server of the operator's own that knows more of a number than its digits say: whether its SIM was
//! changed lately, what kind of line it is. It is asked before a code is sent.

use std::time::Duration;

use http::header;
use sallyport_base::{Secret, Timestamp};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use url::Url;

use crate::{
    gateway::{
        GatewayError, GatewaySetupError,
        outbound::{self, ask, check_address},
    },
    number_facts::NumberFacts,
    phone_number::PhoneNumber,
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
    #[serde(default)]
    line_type: Option<String>,
    /// RFC 3339.
    #[serde(default)]
    sim_changed_at: Option<String>,
    #[serde(default)]
    refuse: bool,
}

impl Asker {
    pub fn new(lookup: &Lookup) -> Result<Self, LookupSetupError> {
        if !(1..=LONGEST_MEMORY).contains(&lookup.remember_minutes) {
            return Err(LookupSetupError::Memory);
        }
        check_address(&lookup.url, "url")?;
        Ok(Self {
            client: outbound::client()?,
            url: lookup.url.clone(),
            signer: Signer::new(&lookup.secret).ok_or(GatewaySetupError::ShortSecret)?,
            remember: Duration::from_secs(u64::from(lookup.remember_minutes) * 60),
            without_answer: lookup.without_answer,
        })
    }

    pub async fn ask(
        &self,
        number: &PhoneNumber,
        now: Timestamp,
    ) -> Result<NumberFacts, GatewayError> {
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
        let answer = ask(request).await?;
        if !answer.status.is_success() {
            return Err(answer.failure(None));
        }
        self.read(&answer.body, now)
            .ok_or_else(|| GatewayError::Refused("the answer is not what it must be".to_owned()))
    }

    fn read(&self, body: &str, now: Timestamp) -> Option<NumberFacts> {
        let object: Map<String, Value> = serde_json::from_str(body).ok()?;
        let answer: Answer = serde_json::from_value(Value::Object(object)).ok()?;
        let sim_changed_at = match answer.sim_changed_at {
            None => None,
            Some(text) => Some(Timestamp::parse_rfc3339(&text)?),
        };
        Some(NumberFacts {
            is_voip: answer
                .line_type
                .is_some_and(|kind| kind.eq_ignore_ascii_case("voip")),
            is_refused: answer.refuse,
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
