use std::time::Duration;

use sallyport_base::{Conn, StoreError, Timestamp, Tx, params};

use crate::{keys::Mac, limits::Limits, project::Project};

pub const TABLE: &str = "
CREATE TABLE otp_number_facts (
    project_id TEXT NOT NULL,
    number_mac TEXT NOT NULL,
    is_voip BOOLEAN NOT NULL,
    is_refused BOOLEAN NOT NULL,
    sim_changed_at BIGINT,
    valid_until BIGINT NOT NULL,
    PRIMARY KEY (project_id, number_mac)
);
CREATE INDEX otp_number_facts_by_time ON otp_number_facts (valid_until);
";

/// What somebody who was asked about a number said of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NumberFacts {
    /// Internet telephony: in nobody's hand.
    pub is_voip: bool,
    /// No code should go there, for a reason that is not ours to know.
    pub is_refused: bool,
    /// When its SIM, or its carrier, was changed last, as far as that is known.
    pub sim_changed_at: Option<Timestamp>,
    /// Until when this counts.
    pub valid_until: Timestamp,
}

/// Why no code is sent to a number.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Doubt {
    Voip,
    SimChanged,
    Refused,
    /// Nobody answered who should know.
    Unknown,
}

impl Doubt {
    /// The word of the audit table for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Voip => "voip",
            Self::SimChanged => "sim_changed",
            Self::Refused => "refused_by_lookup",
            Self::Unknown => "lookup_failed",
        }
    }
}

impl NumberFacts {
    pub async fn find(
        conn: &mut Conn,
        project: &Project,
        number: &Mac,
        now: Timestamp,
    ) -> Result<Option<Self>, StoreError> {
        let row = conn
            .row(
                "SELECT is_voip, is_refused, sim_changed_at, valid_until FROM otp_number_facts
                 WHERE project_id = $1 AND number_mac = $2 AND valid_until > $3",
                params![&*project.id, number.as_str(), now],
            )
            .await?;
        row.map(|row| {
            Ok(Self {
                is_voip: row.get("is_voip")?,
                is_refused: row.get("is_refused")?,
                sim_changed_at: row.get("sim_changed_at")?,
                valid_until: row.get("valid_until")?,
            })
        })
        .transpose()
    }

    pub async fn keep(
        &self,
        tx: &mut Tx,
        project: &Project,
        number: &Mac,
    ) -> Result<(), StoreError> {
        tx.execute(
            "INSERT INTO otp_number_facts
                (project_id, number_mac, is_voip, is_refused, sim_changed_at, valid_until)
             VALUES ($1, $2, $3, $4, $5, $6)
             ON CONFLICT (project_id, number_mac) DO UPDATE SET
                is_voip = excluded.is_voip,
                is_refused = excluded.is_refused,
                sim_changed_at = excluded.sim_changed_at,
                valid_until = excluded.valid_until",
            params![
                &*project.id,
                number.as_str(),
                self.is_voip,
                self.is_refused,
                self.sim_changed_at,
                self.valid_until
            ],
        )
        .await?;
        Ok(())
    }

    /// Why no code should go there; the kind of line is another matter.
    pub fn doubt(&self, limits: &Limits, now: Timestamp) -> Option<Doubt> {
        if self.is_refused {
            return Some(Doubt::Refused);
        }
        let days = u64::from(limits.sim_change_days);
        let is_recent = |at: Timestamp| now.since(at) < Duration::from_secs(days * 24 * 3600);
        self.sim_changed_at
            .is_some_and(is_recent)
            .then_some(Doubt::SimChanged)
    }

    pub async fn purge(tx: &mut Tx, now: Timestamp) -> Result<u64, StoreError> {
        tx.execute(
            "DELETE FROM otp_number_facts WHERE valid_until <= $1",
            params![now],
        )
        .await
    }
}
