use std::time::Duration;

use sallyport_base::{Conn, Id, Random, Row, StoreError, Timestamp, Tx, params};
use serde_json::{Value, json};

use crate::{limits::Limits, phone::Phone, project::Project};

pub const TABLE: &str = "
CREATE TABLE otp_users (
    user_id TEXT PRIMARY KEY,
    project_id TEXT NOT NULL REFERENCES otp_projects (project_id) ON DELETE CASCADE,
    status TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    failures BIGINT NOT NULL,
    locked_at BIGINT,
    locked_until BIGINT
);
CREATE INDEX otp_users_by_project ON otp_users (project_id);
";

/// Somebody who proves to have a phone. What else is known of a person is kept elsewhere.
#[derive(Clone, Debug)]
pub struct User {
    pub id: Id<User>,
    pub status: Status,
    created_at: Timestamp,
    lock: Option<Lock>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Status {
    /// Asked to be created so, and not authenticated yet.
    Pending,
    Active,
}

#[derive(Clone, Copy, Debug)]
struct Lock {
    at: Timestamp,
    until: Timestamp,
}

impl Status {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Active => "active",
        }
    }
}

impl User {
    pub async fn create(
        tx: &mut Tx,
        project: &Project,
        status: Status,
        now: Timestamp,
        random: &Random,
    ) -> Result<Self, StoreError> {
        let id = Id::new(now, random);
        tx.execute(
            "INSERT INTO otp_users (user_id, project_id, status, created_at, failures)
             VALUES ($1, $2, $3, $4, 0)",
            params![id, &*project.id, status.as_str(), now],
        )
        .await?;
        Ok(Self {
            id,
            status,
            created_at: now,
            lock: None,
        })
    }

    pub async fn find(
        conn: &mut Conn,
        project: &Project,
        id: Id<Self>,
    ) -> Result<Option<Self>, StoreError> {
        conn.row(
            "SELECT user_id, status, created_at, locked_at, locked_until FROM otp_users
             WHERE user_id = $1 AND project_id = $2",
            params![id, &*project.id],
        )
        .await?
        .map(|row| Self::read(&row))
        .transpose()
    }

    /// `false` when there was no such user. Numbers, codes and sessions go with the user.
    pub async fn delete(tx: &mut Tx, project: &Project, id: Id<Self>) -> Result<bool, StoreError> {
        let deleted = tx
            .execute(
                "DELETE FROM otp_users WHERE user_id = $1 AND project_id = $2",
                params![id, &*project.id],
            )
            .await?;
        Ok(deleted > 0)
    }

    /// Makes other changes to this user wait until `tx` ends.
    pub async fn hold(tx: &mut Tx, id: Id<Self>) -> Result<(), StoreError> {
        tx.execute(
            "UPDATE otp_users SET failures = failures WHERE user_id = $1",
            params![id],
        )
        .await?;
        Ok(())
    }

    /// Counts a failure before it is known whether the guess is right; [`User::succeed`] takes it
    /// back. `false` when the user is locked, and then nothing is counted.
    pub async fn count_failure(
        tx: &mut Tx,
        id: Id<Self>,
        limits: &Limits,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let counted = tx
            .execute(
                "UPDATE otp_users SET
                    failures = CASE WHEN locked_until IS NULL THEN failures + 1 ELSE 1 END,
                    locked_at = CASE
                        WHEN CASE WHEN locked_until IS NULL THEN failures + 1 ELSE 1 END >= $3
                        THEN $2 ELSE NULL END,
                    locked_until = CASE
                        WHEN CASE WHEN locked_until IS NULL THEN failures + 1 ELSE 1 END >= $3
                        THEN $4 ELSE NULL END
                 WHERE user_id = $1 AND (locked_until IS NULL OR locked_until <= $2)",
                params![
                    id,
                    now,
                    limits.failures_before_lock,
                    now.plus(limits.lock_time())
                ],
            )
            .await?;
        Ok(counted > 0)
    }

    /// A right code: no failures in a row any more, and a pending user is active.
    pub async fn succeed(tx: &mut Tx, id: Id<Self>) -> Result<(), StoreError> {
        tx.execute(
            "UPDATE otp_users SET status = 'active', failures = 0, locked_at = NULL, locked_until = NULL
             WHERE user_id = $1",
            params![id],
        )
        .await?;
        Ok(())
    }

    /// How long the user stays locked; `None` when not locked.
    pub fn locked_for(&self, now: Timestamp) -> Option<Duration> {
        self.lock
            .filter(|lock| lock.until > now)
            .map(|lock| lock.until.since(now))
    }

    /// The user as Stytch shows one. Lists of factors that do not exist here are empty.
    pub fn shown(&self, project: &Project, phones: &[Phone], now: Timestamp) -> Value {
        let lock = self.lock.filter(|lock| lock.until > now);
        json!({
            "user_id": self.shown_id(project),
            "status": self.status.as_str(),
            "name": { "first_name": "", "middle_name": "", "last_name": "" },
            "emails": [],
            "phone_numbers": phones.iter().map(|phone| phone.shown(project)).collect::<Vec<_>>(),
            "providers": [],
            "webauthn_registrations": [],
            "biometric_registrations": [],
            "totps": [],
            "crypto_wallets": [],
            "password": null,
            "roles": [],
            "is_locked": lock.is_some(),
            "lock_created_at": lock.map(|lock| lock.at.rfc3339()),
            "lock_expires_at": lock.map(|lock| lock.until.rfc3339()),
            "created_at": self.created_at.rfc3339(),
            "external_id": null,
            "trusted_metadata": {},
            "untrusted_metadata": {},
        })
    }

    pub fn shown_id(&self, project: &Project) -> String {
        shown_id(project, self.id)
    }

    fn read(row: &Row) -> Result<Self, StoreError> {
        let locked_at: Option<Timestamp> = row.get("locked_at")?;
        let locked_until: Option<Timestamp> = row.get("locked_until")?;
        Ok(Self {
            id: row.get("user_id")?,
            status: match row.get::<String>("status")?.as_str() {
                "pending" => Status::Pending,
                _ => Status::Active,
            },
            created_at: row.get("created_at")?,
            lock: locked_at
                .zip(locked_until)
                .map(|(at, until)| Lock { at, until }),
        })
    }
}

/// `user-test-<uuid>`
pub fn shown_id(project: &Project, id: Id<User>) -> String {
    project.environment.name("user", id)
}
