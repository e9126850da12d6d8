use std::time::Duration;

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

impl Conversion {
    /// Whether too few of the codes of this prefix came back.
    pub async fn is_poor(
        conn: &mut Conn,
        project: &Project,
        prefix: &str,
        rule: &Rule,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        if rule.percent == 0 {
            return Ok(false);
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
        let Some(row) = row else {
            return Ok(false);
        };
        let (sent, verified): (i64, i64) = (row.get("sent")?, row.get("verified")?);
        Ok(sent >= rule.messages && verified * 100 < sent * rule.percent)
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

fn span_of(now: Timestamp) -> Timestamp {
    let span = i64::try_from(SPAN.as_secs()).unwrap_or(i64::MAX);
    Timestamp::from_seconds(now.as_seconds().div_euclid(span) * span)
}
