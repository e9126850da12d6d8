use std::{
    collections::HashSet,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use sallyport_base::{Conn, StoreError, Timestamp, Tx, params};

use crate::{limits::Conversion as Rule, project::Project};

pub const TABLE: &str = "
CREATE TABLE otp_conversions (
    project_id TEXT NOT NULL,
    prefix TEXT NOT NULL,
    started_at BIGINT NOT NULL,
    sent BIGINT NOT NULL,
    verified BIGINT NOT NULL,
    PRIMARY KEY (project_id, prefix, started_at)
);
CREATE INDEX otp_conversions_by_time ON otp_conversions (started_at);
";

/// Messages are counted by spans of this length; no code lives longer.
pub const SPAN: Duration = Duration::from_secs(600);

/// Those of a span that began less than this ago are not held against a prefix: the last of them may
/// still be answered.
const GRACE: Duration = Duration::from_secs(2 * SPAN.as_secs());

/// How many of the codes sent to a prefix come back. Pumped numbers belong to nobody who would type
/// a code anywhere.
pub struct Conversion;

/// The codes of a prefix that should have come back, and those that did.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Share {
    sent: i64,
    verified: i64,
}

/// The prefixes that this node refuses, so that the log tells of each when that begins.
#[derive(Default)]
pub struct PoorPrefixes(Mutex<HashSet<(Arc<str>, String)>>);

impl Conversion {
    pub async fn share(
        conn: &mut Conn,
        project: &Project,
        prefix: &str,
        rule: &Rule,
        now: Timestamp,
    ) -> Result<Share, StoreError> {
        if rule.percent == 0 {
            return Ok(Share::default());
        }
        let row = conn
            .row(
                "SELECT
                    CAST(COALESCE(SUM(CASE WHEN started_at <= $4 THEN sent ELSE 0 END), 0) AS BIGINT) AS sent,
                    CAST(COALESCE(SUM(verified), 0) AS BIGINT) AS verified
                 FROM otp_conversions
                 WHERE project_id = $1 AND prefix = $2 AND started_at > $3",
                params![
                    &*project.id,
                    prefix,
                    now.minus(rule.duration()),
                    now.minus(GRACE)
                ],
            )
            .await?;
        row.map_or(Ok(Share::default()), |row| {
            Ok(Share {
                sent: row.get("sent")?,
                verified: row.get("verified")?,
            })
        })
    }

    pub async fn count_sent(
        tx: &mut Tx,
        project: &Project,
        prefix: &str,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        tx.execute(
            "INSERT INTO otp_conversions (project_id, prefix, started_at, sent, verified)
             VALUES ($1, $2, $3, 1, 0)
             ON CONFLICT (project_id, prefix, started_at) DO UPDATE SET
                sent = otp_conversions.sent + 1",
            params![&*project.id, prefix, span_of(now)],
        )
        .await?;
        Ok(())
    }

    /// A message that was counted at `counted_at` never left.
    pub async fn take_back(
        tx: &mut Tx,
        project_id: &str,
        prefix: &str,
        counted_at: Timestamp,
    ) -> Result<(), StoreError> {
        tx.execute(
            "UPDATE otp_conversions SET sent = sent - 1
             WHERE project_id = $1 AND prefix = $2 AND started_at = $3 AND sent > 0",
            params![project_id, prefix, span_of(counted_at)],
        )
        .await?;
        Ok(())
    }

    pub async fn count_verified(
        tx: &mut Tx,
        project: &Project,
        prefix: &str,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        tx.execute(
            "INSERT INTO otp_conversions (project_id, prefix, started_at, sent, verified)
             VALUES ($1, $2, $3, 0, 1)
             ON CONFLICT (project_id, prefix, started_at) DO UPDATE SET
                verified = otp_conversions.verified + 1",
            params![&*project.id, prefix, span_of(now)],
        )
        .await?;
        Ok(())
    }

    pub async fn purge(tx: &mut Tx, limit: Timestamp) -> Result<u64, StoreError> {
        tx.execute(
            "DELETE FROM otp_conversions WHERE started_at <= $1",
            params![limit],
        )
        .await
    }
}

impl Share {
    /// Whether too few came back.
    pub const fn is_poor(self, rule: &Rule) -> bool {
        self.sent >= rule.messages && self.verified * 100 < self.sent * rule.percent
    }

    /// Tells the operator that numbers of this prefix are not sent to.
    pub fn log(self, project: &Project, prefix: &str, rule: &Rule) {
        tracing::warn!(
            event = "otp.conversion",
            project.id = &*project.id,
            prefix,
            sent = self.sent,
            verified = self.verified,
            percent = rule.percent,
            minutes = rule.minutes,
            "too few codes to a prefix came back; no number there that was never verified is sent to"
        );
    }
}

impl PoorPrefixes {
    /// Whether the prefix is refused from now on and was not before.
    pub fn begins(&self, project: &Project, prefix: &str, is_poor: bool) -> bool {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (project.id.clone(), prefix.to_owned());
        if is_poor {
            known.insert(key)
        } else {
            known.remove(&key);
            false
        }
    }
}

fn span_of(now: Timestamp) -> Timestamp {
    let span = i64::try_from(SPAN.as_secs()).unwrap_or(i64::MAX);
    Timestamp::from_seconds(now.as_seconds().div_euclid(span) * span)
}
