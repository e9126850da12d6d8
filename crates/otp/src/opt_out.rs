use sallyport_base::{Conn, StoreError, Timestamp, Tx, params};

use crate::{audit::Event, keys::Mac};

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
    /// Keeps what a keyword means for the number that it came from. Returns what was decided; HELP
    /// decides nothing.
    pub async fn obey(
        tx: &mut Tx,
        keyword: Keyword,
        number: &Mac,
        ends: &str,
        now: Timestamp,
    ) -> Result<Option<Event>, StoreError> {
        match keyword {
            Keyword::Stop => {
                Self::add(tx, number, ends, now).await?;
                Ok(Some(Event::OptedOut))
            }
            Keyword::Start => {
                Self::remove(tx, number).await?;
                Ok(Some(Event::OptedIn))
            }
            Keyword::Help => Ok(None),
        }
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

    async fn add(tx: &mut Tx, number: &Mac, ends: &str, now: Timestamp) -> Result<(), StoreError> {
        tx.execute(
            "INSERT INTO otp_opt_outs (number_mac, number_ends, at) VALUES ($1, $2, $3)
             ON CONFLICT (number_mac) DO NOTHING",
            params![number.as_str(), ends, now],
        )
        .await?;
        Ok(())
    }

    async fn remove(tx: &mut Tx, number: &Mac) -> Result<(), StoreError> {
        tx.execute(
            "DELETE FROM otp_opt_outs WHERE number_mac = $1",
            params![number.as_str()],
        )
        .await?;
        Ok(())
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
