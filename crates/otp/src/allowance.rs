use std::{sync::Arc, time::Duration};

use sallyport_base::{StoreError, Timestamp, Tx, params};

use crate::{
    limits::{Limits, Window},
    project::Project,
};

pub const TABLE: &str = "
CREATE TABLE otp_allowances (
    project_id TEXT NOT NULL,
    subject TEXT NOT NULL,
    minutes BIGINT NOT NULL,
    started_at BIGINT NOT NULL,
    ends_at BIGINT NOT NULL,
    spent BIGINT NOT NULL,
    PRIMARY KEY (project_id, subject, minutes)
);
CREATE INDEX otp_allowances_by_end ON otp_allowances (ends_at);
";

/// How many messages a number, a user, an address, a prefix or a project may still cause, and what
/// they may cost. A window opens with the first message and is counted in one statement, whatever else
/// happens at once.
pub struct Allowance;

/// What somebody or something may spend.
pub struct Budget<'a> {
    /// A number, a user, an address, `prefix +1202`, `project` or `cost`.
    pub subject: String,
    /// The key of the configuration that has the windows.
    pub limit: &'static str,
    pub windows: &'a [Window],
    /// How much this message takes: 1 where messages are counted, a price where money is.
    pub amount: i64,
    /// Whether it is many people's, so that the log tells when a good part is spent.
    pub is_shared: bool,
}

/// That nothing may be spent now.
pub struct Exhausted {
    /// The key of the configuration that says so.
    pub limit: &'static str,
    pub wait: Duration,
}

/// A good part of what a prefix or the whole project may spend is spent.
pub struct Alarm {
    project_id: Arc<str>,
    subject: String,
    spent: i64,
    window: Window,
}

impl Allowance {
    /// Spends the amount of each window of each budget, in this order. Returns what the log should
    /// tell once it is committed. `Err` says how long the first exhausted window stays so; the caller
    /// drops the transaction then, so that nothing is spent.
    pub async fn spend(
        tx: &mut Tx,
        project: &Project,
        budgets: &[Budget<'_>],
        limits: &Limits,
        now: Timestamp,
    ) -> Result<Result<Vec<Alarm>, Exhausted>, StoreError> {
        let mut alarms = Vec::new();
        for budget in budgets {
            for window in budget.windows {
                match spend_one(tx, project, budget, *window, now).await? {
                    Some(spent) => alarms.extend(budget.alarm(project, *window, spent, limits)),
                    None => {
                        let wait = remaining(tx, project, &budget.subject, *window, now).await?;
                        let limit = budget.limit;
                        return Ok(Err(Exhausted { limit, wait }));
                    }
                }
            }
        }
        Ok(Ok(alarms))
    }

    /// Forgets what was spent of the windows of a subject. Returns how many of them were open.
    pub async fn forget(
        tx: &mut Tx,
        project: &Project,
        subject: &str,
        now: Timestamp,
    ) -> Result<usize, StoreError> {
        let open = tx
            .rows(
                "DELETE FROM otp_allowances
                 WHERE project_id = $1 AND subject = $2 AND ends_at > $3
                 RETURNING minutes",
                params![&*project.id, subject, now],
            )
            .await?;
        Ok(open.len())
    }

    /// Windows that began later than any clock can say begin now, so that they end in their time.
    pub async fn set_right(
        tx: &mut Tx,
        now: Timestamp,
        latest: Timestamp,
    ) -> Result<u64, StoreError> {
        // The condition of the end is for its index.
        tx.execute(
            "UPDATE otp_allowances SET started_at = $1, ends_at = $1 + minutes * 60000000
             WHERE started_at > $2 AND ends_at > $2",
            params![now, latest],
        )
        .await
    }

    pub async fn purge(tx: &mut Tx, limit: Timestamp) -> Result<u64, StoreError> {
        tx.execute(
            "DELETE FROM otp_allowances WHERE ends_at <= $1",
            params![limit],
        )
        .await
    }
}

/// How many are spent now; `None` when the window is exhausted.
async fn spend_one(
    tx: &mut Tx,
    project: &Project,
    budget: &Budget<'_>,
    window: Window,
    now: Timestamp,
) -> Result<Option<i64>, StoreError> {
    if window.count < budget.amount {
        return Ok(None);
    }
    tx.row(
        "INSERT INTO otp_allowances (project_id, subject, minutes, started_at, ends_at, spent)
         VALUES ($1, $2, $3, $4, $5, $7)
         ON CONFLICT (project_id, subject, minutes) DO UPDATE SET
            spent = CASE WHEN otp_allowances.ends_at <= $4 THEN $7 ELSE otp_allowances.spent + $7 END,
            started_at = CASE WHEN otp_allowances.ends_at <= $4 THEN $4 ELSE otp_allowances.started_at END,
            ends_at = CASE WHEN otp_allowances.ends_at <= $4 THEN $5 ELSE otp_allowances.ends_at END
         WHERE otp_allowances.ends_at <= $4 OR otp_allowances.spent + $7 <= $6
         RETURNING spent",
        params![
            &*project.id,
            &budget.subject,
            i64::from(window.minutes),
            now,
            now.plus(window.duration()),
            window.count,
            budget.amount
        ],
    )
    .await?
    .map(|row| row.get("spent"))
    .transpose()
}

async fn remaining(
    tx: &mut Tx,
    project: &Project,
    subject: &str,
    window: Window,
    now: Timestamp,
) -> Result<Duration, StoreError> {
    let row = tx
        .row(
            "SELECT ends_at FROM otp_allowances
             WHERE project_id = $1 AND subject = $2 AND minutes = $3",
            params![&*project.id, subject, i64::from(window.minutes)],
        )
        .await?;
    match row {
        Some(row) => Ok(row.get::<Timestamp>("ends_at")?.since(now)),
        None => Ok(window.duration()),
    }
}

impl<'a> Budget<'a> {
    /// A message counts as one.
    pub const fn of_messages(subject: String, limit: &'static str, windows: &'a [Window]) -> Self {
        Self {
            subject,
            limit,
            windows,
            amount: 1,
            is_shared: false,
        }
    }

    pub fn shared(self) -> Self {
        Self {
            is_shared: true,
            ..self
        }
    }

    fn alarm(
        &self,
        project: &Project,
        window: Window,
        spent: i64,
        limits: &Limits,
    ) -> Option<Alarm> {
        let is_alarming = window.is_alarming(spent - self.amount, spent, &limits.alert_percents);
        (self.is_shared && is_alarming).then(|| Alarm {
            project_id: project.id.clone(),
            subject: self.subject.clone(),
            spent,
            window,
        })
    }
}

impl Alarm {
    /// Tells the operator.
    pub fn log(&self) {
        tracing::warn!(
            event = "otp.budget",
            project.id = &*self.project_id,
            subject = self.subject,
            spent = self.spent,
            allowed = self.window.count,
            minutes = self.window.minutes,
            "{}",
            self.words()
        );
    }

    const fn words(&self) -> &'static str {
        if self.spent >= self.window.count {
            "all that may be spent in this window is spent; nothing more is sent until it is over"
        } else {
            "a good part of what may be spent in this window is spent"
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_tells_a_good_part_from_all() {
        for (spent, all) in [(50, false), (99, false), (100, true), (101, true)] {
            let alarm = Alarm {
                project_id: "project-test-1".into(),
                subject: "project".to_owned(),
                spent,
                window: Window::new(100, 60),
            };
            assert_eq!(alarm.words().starts_with("all that"), all, "{spent}");
        }
    }
}
