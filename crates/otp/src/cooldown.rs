use std::time::Duration;

use sallyport_base::{StoreError, Timestamp, Tx, params};

use crate::{
    keys::Mac,
    limits::{Limits, QUIET},
    project::Project,
};

pub const TABLE: &str = "
CREATE TABLE otp_cooldowns (
    project_id TEXT NOT NULL,
    number_mac TEXT NOT NULL,
    streak BIGINT NOT NULL,
    last_at BIGINT NOT NULL,
    PRIMARY KEY (project_id, number_mac)
);
";

/// The pause between messages to one address, which grows with each one that is not followed by a
/// right code.
pub struct Cooldown;

impl Cooldown {
    /// Starts the pause after a message. `Err` is how long the pause of the last one still takes.
    pub async fn start(
        tx: &mut Tx,
        project: &Project,
        address: &Mac,
        limits: &Limits,
        now: Timestamp,
    ) -> Result<Result<(), Duration>, StoreError> {
        let [first, second, later] = pauses(limits);
        let started = tx
            .execute(
                "INSERT INTO otp_cooldowns (project_id, number_mac, streak, last_at)
                 VALUES ($1, $2, 1, $3)
                 ON CONFLICT (project_id, number_mac) DO UPDATE SET
                    streak = CASE WHEN otp_cooldowns.last_at <= $4 THEN 1
                                  ELSE otp_cooldowns.streak + 1 END,
                    last_at = $3
                 WHERE otp_cooldowns.last_at <= $3 - CASE
                    WHEN otp_cooldowns.streak < 1 THEN 0
                    WHEN otp_cooldowns.streak = 1 THEN $5
                    WHEN otp_cooldowns.streak = 2 THEN $6
                    ELSE $7 END",
                params![
                    &*project.id,
                    address.as_str(),
                    now,
                    now.minus(QUIET),
                    micros(first),
                    micros(second),
                    micros(later)
                ],
            )
            .await?;
        if started == 1 {
            return Ok(Ok(()));
        }
        Ok(Err(remaining(tx, project, address, limits, now).await?))
    }

    /// A message that was not sent is no reason to wait.
    pub async fn lift(tx: &mut Tx, project: &Project, address: &Mac) -> Result<(), StoreError> {
        tx.execute(
            "UPDATE otp_cooldowns SET streak = streak - 1, last_at = 0
             WHERE project_id = $1 AND number_mac = $2",
            params![&*project.id, address.as_str()],
        )
        .await?;
        Ok(())
    }

    /// After a right code the next message is no repetition.
    pub async fn clear(tx: &mut Tx, project: &Project, address: &Mac) -> Result<(), StoreError> {
        tx.execute(
            "DELETE FROM otp_cooldowns WHERE project_id = $1 AND number_mac = $2",
            params![&*project.id, address.as_str()],
        )
        .await?;
        Ok(())
    }

    /// Ends the pause of an address. `false` when none was under way.
    pub async fn end(
        tx: &mut Tx,
        project: &Project,
        address: &Mac,
        limits: &Limits,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let left = remaining(tx, project, address, limits, now).await?;
        Self::clear(tx, project, address).await?;
        Ok(!left.is_zero())
    }

    /// A pause that began later than any clock can say begins now.
    pub async fn set_right(
        tx: &mut Tx,
        now: Timestamp,
        latest: Timestamp,
    ) -> Result<u64, StoreError> {
        tx.execute(
            "UPDATE otp_cooldowns SET last_at = $1 WHERE last_at > $2",
            params![now, latest],
        )
        .await
    }

    pub async fn purge(tx: &mut Tx, limit: Timestamp) -> Result<u64, StoreError> {
        tx.execute(
            "DELETE FROM otp_cooldowns WHERE last_at <= $1",
            params![limit],
        )
        .await
    }
}

async fn remaining(
    tx: &mut Tx,
    project: &Project,
    address: &Mac,
    limits: &Limits,
    now: Timestamp,
) -> Result<Duration, StoreError> {
    let row = tx
        .row(
            "SELECT streak, last_at FROM otp_cooldowns WHERE project_id = $1 AND number_mac = $2",
            params![&*project.id, address.as_str()],
        )
        .await?;
    let Some(row) = row else {
        return Ok(Duration::ZERO);
    };
    let [first, second, later] = pauses(limits);
    let pause = match row.get::<i64>("streak")? {
        1 => first,
        2 => second,
        _ => later,
    };
    Ok(row.get::<Timestamp>("last_at")?.plus(pause).since(now))
}

fn pauses(limits: &Limits) -> [Duration; 3] {
    limits
        .resend_seconds
        .map(|seconds| Duration::from_secs(u64::from(seconds)))
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}
