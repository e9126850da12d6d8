use sallyport_base::{Conn, Random, StoreError, Timestamp, Tx, Vault, params};

use crate::{
    address::Address,
    audit::{Entry, Event},
    keys::{Keys, Mac},
    phone_number::PhoneNumber,
};

pub const TABLE: &str = "
CREATE TABLE otp_opt_outs (
    number_mac TEXT PRIMARY KEY,
    number_ends TEXT NOT NULL,
    at BIGINT NOT NULL
);
";

/// Numbers whose owner said STOP. The sender is the same for all projects, so that this holds for all.
pub struct OptOut;

/// What the words of an incoming message mean to whoever sent passcodes there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Keyword {
    Stop,
    Start,
    Help,
}

impl Keyword {
    /// The keywords of the CTIA messaging principles; a message says one of them and nothing else.
    pub fn of(text: &str) -> Option<Self> {
        let word = text.trim().trim_end_matches(['.', '!']).to_uppercase();
        match word.as_str() {
            "STOP" | "STOPALL" | "STOP ALL" | "UNSUBSCRIBE" | "CANCEL" | "END" | "QUIT"
            | "REVOKE" | "OPTOUT" => Some(Self::Stop),
            "START" | "UNSTOP" | "YES" | "SUBSCRIBE" => Some(Self::Start),
            "HELP" | "INFO" => Some(Self::Help),
            _ => None,
        }
    }
}

impl OptOut {
    /// Keeps what a keyword means for the number that it came from. Returns what that changed;
    /// HELP changes nothing.
    pub async fn obey(
        tx: &mut Tx,
        keyword: Keyword,
        number: &Mac,
        ends: &str,
        now: Timestamp,
    ) -> Result<Option<Event>, StoreError> {
        match keyword {
            Keyword::Stop => {
                let is_new = Self::add(tx, number, ends, now).await?;
                Ok(is_new.then_some(Event::OptedOut))
            }
            Keyword::Start => {
                let was_out = Self::remove(tx, number).await?;
                Ok(was_out.then_some(Event::OptedIn))
            }
            Keyword::Help => Ok(None),
        }
    }

    /// The same where no project asked for it, and on record. `false` when it changes nothing.
    pub async fn obey_unasked(
        tx: &mut Tx,
        keyword: Keyword,
        number: Mac,
        ends: &str,
        now: Timestamp,
        random: &Random,
    ) -> Result<bool, StoreError> {
        let Some(event) = Self::obey(tx, keyword, &number, ends, now).await? else {
            return Ok(false);
        };
        Entry::new(event)
            .address_hash(number, ends)
            .record_unasked(tx, now, random)
            .await?;
        Ok(true)
    }

    pub async fn holds(conn: &mut Conn, number: &Mac) -> Result<bool, StoreError> {
        let row = conn
            .row(
                "SELECT 1 AS one FROM otp_opt_outs WHERE number_mac = $1",
                params![number.as_str()],
            )
            .await?;
        Ok(row.is_some())
    }

    /// `false` when the number was there already.
    async fn add(
        tx: &mut Tx,
        number: &Mac,
        ends: &str,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let added = tx
            .execute(
                "INSERT INTO otp_opt_outs (number_mac, number_ends, at) VALUES ($1, $2, $3)
                 ON CONFLICT (number_mac) DO NOTHING",
                params![number.as_str(), ends, now],
            )
            .await?;
        Ok(added > 0)
    }

    /// `false` when the number was not there.
    async fn remove(tx: &mut Tx, number: &Mac) -> Result<bool, StoreError> {
        let removed = tx
            .execute(
                "DELETE FROM otp_opt_outs WHERE number_mac = $1",
                params![number.as_str()],
            )
            .await?;
        Ok(removed > 0)
    }
}

/// The list as an operator sees and changes it, for people who ask in another way than by a message.
pub struct OptOutList {
    keys: Keys,
    random: Random,
}

/// A number on the list, as far as it is known.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OptedOut {
    /// The last two digits.
    pub ends: String,
    pub since: Timestamp,
}

/// Why a number cannot be put on the list or taken off.
#[derive(Debug, thiserror::Error)]
pub enum OptOutError {
    #[error("this is not a telephone number; expected E.164 form such as +12025550162")]
    Number,
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl OptOutList {
    pub fn new(vault: &Vault, random: Random) -> Self {
        Self {
            keys: Keys::new(vault),
            random,
        }
    }

    /// `false` when the number was there already.
    pub async fn add(
        &self,
        tx: &mut Tx,
        number: &str,
        now: Timestamp,
    ) -> Result<bool, OptOutError> {
        self.change(tx, Keyword::Stop, number, now).await
    }

    /// `false` when the number was not there.
    pub async fn remove(
        &self,
        tx: &mut Tx,
        number: &str,
        now: Timestamp,
    ) -> Result<bool, OptOutError> {
        self.change(tx, Keyword::Start, number, now).await
    }

    /// The numbers, the newest first.
    pub async fn list(conn: &mut Conn) -> Result<Vec<OptedOut>, StoreError> {
        conn.rows(
            "SELECT number_ends, at FROM otp_opt_outs ORDER BY at DESC, number_mac",
            params![],
        )
        .await?
        .iter()
        .map(|row| {
            Ok(OptedOut {
                ends: row.get("number_ends")?,
                since: row.get("at")?,
            })
        })
        .collect()
    }

    async fn change(
        &self,
        tx: &mut Tx,
        keyword: Keyword,
        number: &str,
        now: Timestamp,
    ) -> Result<bool, OptOutError> {
        let number = PhoneNumber::of_sender(number).map_err(|_| OptOutError::Number)?;
        let address = Address::Phone(number);
        let mac = self.keys.address(&address);
        Ok(OptOut::obey_unasked(tx, keyword, mac, address.end(), now, &self.random).await?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_keyword_stands_alone() {
        for (text, keyword) in [
            ("STOP", Some(Keyword::Stop)),
            (" stop. ", Some(Keyword::Stop)),
            ("Start", Some(Keyword::Start)),
            ("help!", Some(Keyword::Help)),
            ("stop it, please", None),
            ("123456", None),
            ("", None),
        ] {
            assert_eq!(Keyword::of(text), keyword, "{text:?}");
        }
    }
}
