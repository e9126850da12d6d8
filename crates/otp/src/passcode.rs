use std::fmt;

use sallyport_base::{Conn, Id, Random, StoreError, Timestamp, Tx, constant_time_eq, params};
use zeroize::Zeroizing;

use crate::{
    channel::Channel,
    delivery::{LONGEST_LIFE, Origin},
    keys::{Keys, Mac},
    limits::Limits,
    message::Message,
    method::Method,
};

pub const TABLE: &str = "
CREATE TABLE otp_passcodes (
    phone_id TEXT PRIMARY KEY REFERENCES otp_phones (phone_id) ON DELETE CASCADE,
    message_id TEXT NOT NULL,
    code_mac TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    used_at BIGINT,
    ip_mac TEXT,
    user_agent_mac TEXT
);
CREATE INDEX otp_passcodes_by_expiry ON otp_passcodes (expires_at);
";

/// By which way a code went is what the session of whoever returns it says.
pub const CHANNEL: &str = "
ALTER TABLE otp_passcodes RENAME COLUMN phone_id TO method_id;
ALTER TABLE otp_passcodes ADD COLUMN channel TEXT NOT NULL DEFAULT 'sms';
";

/// Six digits on their way to a phone. They cannot be printed.
pub struct Code(Zeroizing<String>);

impl Code {
    pub const DIGITS: usize = 6;

    /// Each of the million codes is equally likely.
    pub fn random(random: &Random) -> Self {
        Self(Zeroizing::new(random.digits(Self::DIGITS)))
    }

    /// The code of the sandbox number.
    pub fn sandbox() -> Self {
        Self(Zeroizing::new("000000".to_owned()))
    }

    /// What somebody typed; `None` when it cannot be a code.
    pub fn check(text: &str) -> Option<Self> {
        let is_code = text.len() == Self::DIGITS && text.bytes().all(|b| b.is_ascii_digit());
        is_code.then(|| Self(Zeroizing::new(text.to_owned())))
    }

    /// For the message, and for the HMAC that the store keeps.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Code(redacted)")
    }
}

/// The one code of a method, which has a single row, so that a new code replaces the old one.
pub struct Passcode {
    pub method_id: Id<Method>,
    pub message_id: Id<Message>,
    pub channel: Channel,
    pub mac: Mac,
    pub expires_at: Timestamp,
    pub origin: Origin,
}

/// What came of one guess. All but `Dead` and `Unknown` have been counted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Attempt {
    Right {
        /// By which way the code was sent, and in which message.
        channel: Channel,
        message_id: Id<Message>,
    },
    Wrong,
    /// The guess came from elsewhere than the request for the code; the code was not looked at.
    Mismatch,
    /// Used, expired or tried too often.
    Dead,
    /// No code was sent.
    Unknown,
}

/// What a guess is held against besides the code.
pub struct Guess {
    pub mac: Mac,
    pub origin: Origin,
    pub ip_must_match: bool,
    pub user_agent_must_match: bool,
}

impl Passcode {
    /// Makes this the method's only code. Guesses wait until `tx` ends.
    pub async fn replace(&self, tx: &mut Tx, keys: &Keys) -> Result<(), StoreError> {
        let ip = self.origin.ip_mac(keys);
        let user_agent = self.origin.user_agent_mac(keys);
        tx.execute(
            "INSERT INTO otp_passcodes
                (method_id, message_id, channel, code_mac, expires_at, attempts, ip_mac, user_agent_mac)
             VALUES ($1, $2, $3, $4, $5, 0, $6, $7)
             ON CONFLICT (method_id) DO UPDATE SET
                message_id = excluded.message_id,
                channel = excluded.channel,
                code_mac = excluded.code_mac,
                expires_at = excluded.expires_at,
                attempts = 0,
                used_at = NULL,
                ip_mac = excluded.ip_mac,
                user_agent_mac = excluded.user_agent_mac",
            params![
                self.method_id,
                self.message_id,
                self.channel.as_str(),
                self.mac.as_str(),
                self.expires_at,
                ip.as_ref().map(Mac::as_str),
                user_agent.as_ref().map(Mac::as_str)
            ],
        )
        .await?;
        Ok(())
    }

    /// Makes other changes to the method's code wait until `tx` ends.
    pub async fn hold(tx: &mut Tx, method_id: Id<Method>) -> Result<(), StoreError> {
        tx.execute(
            "UPDATE otp_passcodes SET attempts = attempts WHERE method_id = $1",
            params![method_id],
        )
        .await?;
        Ok(())
    }

    /// The code of a method is none any more.
    pub async fn end(tx: &mut Tx, method_id: Id<Method>) -> Result<(), StoreError> {
        tx.execute(
            "DELETE FROM otp_passcodes WHERE method_id = $1",
            params![method_id],
        )
        .await?;
        Ok(())
    }

    /// Takes back a code whose message was not sent. `false` when a newer one took its place.
    pub async fn withdraw(
        tx: &mut Tx,
        method_id: Id<Method>,
        message_id: Id<Message>,
    ) -> Result<bool, StoreError> {
        let withdrawn = tx
            .execute(
                "DELETE FROM otp_passcodes WHERE method_id = $1 AND message_id = $2",
                params![method_id, message_id],
            )
            .await?;
        Ok(withdrawn == 1)
    }

    /// Whether the method's code was sent with this message.
    pub async fn is_of_message(
        conn: &mut Conn,
        method_id: Id<Method>,
        message_id: Id<Message>,
    ) -> Result<bool, StoreError> {
        let sql = "SELECT 1 AS one FROM otp_passcodes WHERE method_id = $1 AND message_id = $2";
        let row = conn.row(sql, params![method_id, message_id]).await?;
        Ok(row.is_some())
    }

    /// By which way the method's last code was sent.
    pub async fn channel(
        conn: &mut Conn,
        method_id: Id<Method>,
    ) -> Result<Option<Channel>, StoreError> {
        let sql = "SELECT channel FROM otp_passcodes WHERE method_id = $1";
        let Some(row) = conn.row(sql, params![method_id]).await? else {
            return Ok(None);
        };
        Ok(Channel::parse(&row.get::<String>("channel")?))
    }

    /// Counts the attempt, then compares, then uses the code up. The counting statement holds the
    /// row until `tx` ends, so that of many right guesses at once one is accepted.
    pub async fn attempt(
        tx: &mut Tx,
        method_id: Id<Method>,
        guess: &Guess,
        keys: &Keys,
        limits: &Limits,
        now: Timestamp,
    ) -> Result<Attempt, StoreError> {
        let counted = tx
            .row(
                "UPDATE otp_passcodes SET attempts = attempts + 1
                 WHERE method_id = $1 AND used_at IS NULL AND attempts < $2 AND expires_at > $3
                 RETURNING channel, code_mac, ip_mac, user_agent_mac",
                params![method_id, limits.attempts_per_code, now],
            )
            .await?;
        let Some(row) = counted else {
            return without_live_code(tx, method_id).await;
        };
        if !guess.comes_from(row.get("ip_mac")?, row.get("user_agent_mac")?, keys) {
            return Ok(Attempt::Mismatch);
        }
        let expected: String = row.get("code_mac")?;
        if !constant_time_eq(expected.as_bytes(), guess.mac.as_str().as_bytes()) {
            return Ok(Attempt::Wrong);
        }
        let channel = Channel::parse(&row.get::<String>("channel")?).unwrap_or_default();
        use_up(tx, method_id, channel, now).await
    }

    /// A code that would live longer than any does ends as late as one of this moment may.
    pub async fn set_right(
        tx: &mut Tx,
        now: Timestamp,
        latest: Timestamp,
    ) -> Result<u64, StoreError> {
        tx.execute(
            "UPDATE otp_passcodes SET expires_at = $1 WHERE expires_at > $2",
            params![now.plus(LONGEST_LIFE), latest.plus(LONGEST_LIFE)],
        )
        .await
    }

    /// Forgets codes that expired before `limit`.
    pub async fn purge(tx: &mut Tx, limit: Timestamp) -> Result<u64, StoreError> {
        tx.execute(
            "DELETE FROM otp_passcodes WHERE expires_at <= $1",
            params![limit],
        )
        .await
    }
}

async fn use_up(
    tx: &mut Tx,
    method_id: Id<Method>,
    channel: Channel,
    now: Timestamp,
) -> Result<Attempt, StoreError> {
    let used = tx
        .row(
            "UPDATE otp_passcodes SET used_at = $2 WHERE method_id = $1 AND used_at IS NULL
             RETURNING message_id",
            params![method_id, now],
        )
        .await?;
    Ok(match used {
        Some(row) => Attempt::Right {
            channel,
            message_id: row.get("message_id")?,
        },
        None => Attempt::Dead,
    })
}

async fn without_live_code(conn: &mut Conn, method_id: Id<Method>) -> Result<Attempt, StoreError> {
    let row = conn
        .row(
            "SELECT attempts FROM otp_passcodes WHERE method_id = $1",
            params![method_id],
        )
        .await?;
    Ok(match row {
        Some(_) => Attempt::Dead,
        None => Attempt::Unknown,
    })
}

impl Guess {
    fn comes_from(&self, ip: Option<String>, user_agent: Option<String>, keys: &Keys) -> bool {
        let same_ip = same(ip.as_deref(), self.origin.ip_mac(keys));
        let same_user_agent = same(user_agent.as_deref(), self.origin.user_agent_mac(keys));
        (same_ip || !self.ip_must_match) && (same_user_agent || !self.user_agent_must_match)
    }
}

/// What was not named when the code was sent matches nothing.
fn same(sent: Option<&str>, now: Option<Mac>) -> bool {
    match (sent, now) {
        (Some(sent), Some(now)) => constant_time_eq(sent.as_bytes(), now.as_str().as_bytes()),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_six_ascii_digits() {
        assert_eq!(Code::check("012345").unwrap().expose(), "012345");
        for text in [
            "",
            "12345",
            "1234567",
            "12345a",
            "１２３４５６",
            "12 345",
            "-12345",
        ] {
            assert!(Code::check(text).is_none(), "{text:?}");
        }
        assert_eq!(Code::random(&Random::system()).expose().len(), 6);
        assert_eq!(format!("{:?}", Code::sandbox()), "Code(redacted)");
    }
}
