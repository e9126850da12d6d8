use std::time::Duration;

use sallyport_base::{Conn, Id, Random, Row, StoreError, Timestamp, Tx, params};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    address::Kind,
    fields::Fields,
    limits::Limits,
    method::Method,
    profile::{ExternalId, Profile},
    project::Project,
    refusal::Refusal,
};

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

/// What an application may keep with a user.
pub const PROFILE: &str = "
ALTER TABLE otp_users ADD COLUMN first_name TEXT NOT NULL DEFAULT '';
ALTER TABLE otp_users ADD COLUMN middle_name TEXT NOT NULL DEFAULT '';
ALTER TABLE otp_users ADD COLUMN last_name TEXT NOT NULL DEFAULT '';
ALTER TABLE otp_users ADD COLUMN external_id TEXT;
ALTER TABLE otp_users ADD COLUMN trusted_metadata TEXT NOT NULL DEFAULT '{}';
ALTER TABLE otp_users ADD COLUMN untrusted_metadata TEXT NOT NULL DEFAULT '{}';
ALTER TABLE otp_users ADD COLUMN roles TEXT NOT NULL DEFAULT '[]';
CREATE UNIQUE INDEX otp_users_by_external_id ON otp_users (project_id, external_id) WHERE external_id IS NOT NULL;
";

/// The name as it is looked for; NULL where an earlier release wrote it, until
/// [`User::lower_names`] has come by.
pub const LOWERED_NAME: &str = "
ALTER TABLE otp_users ADD COLUMN lowered_name TEXT;
CREATE INDEX otp_users_without_lowered_name ON otp_users (user_id) WHERE lowered_name IS NULL;
";

/// The users of a project in the order in which a search shows them.
pub const BY_PROJECT: &str = "
CREATE INDEX otp_users_by_project_in_order ON otp_users (project_id, user_id);
DROP INDEX otp_users_by_project;
";

/// The few users that are locked, or were and have not tried again.
pub const BY_LOCK: &str = "
CREATE INDEX otp_users_by_lock ON otp_users (locked_at) WHERE locked_at IS NOT NULL;
";

/// Names that are lowered in one change.
const NAMES_AT_ONCE: i64 = 1000;

/// Somebody who proves to have a phone or a mailbox.
#[derive(Clone, Debug)]
pub struct User {
    pub id: Id<User>,
    pub status: Status,
    pub profile: Profile,
    created_at: Timestamp,
    lock: Option<Lock>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Status {
    /// Asked to be created so, and not authenticated yet.
    Pending,
    Active,
}

/// What was counted for a user until an operator ended it.
#[derive(Clone, Copy, Default, Debug)]
pub struct Unlocked {
    pub failures: i64,
    pub locked_until: Option<Timestamp>,
}

#[derive(Clone, Copy, Debug)]
struct Lock {
    at: Timestamp,
    until: Timestamp,
}

impl Status {
    /// Reads `create_user_as_pending`.
    pub fn check(fields: &Fields) -> Result<Self, Refusal> {
        Ok(if fields.flag("create_user_as_pending")? {
            Self::Pending
        } else {
            Self::Active
        })
    }

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
        let profile = Profile::default();
        tx.execute(
            "INSERT INTO otp_users (user_id, project_id, status, created_at, failures, lowered_name)
             VALUES ($1, $2, $3, $4, 0, $5)",
            params![
                id,
                &*project.id,
                status.as_str(),
                now,
                profile.lowered_name()
            ],
        )
        .await?;
        Ok(Self {
            id,
            status,
            profile,
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
            "SELECT * FROM otp_users WHERE user_id = $1 AND project_id = $2",
            params![id, &*project.id],
        )
        .await?
        .map(|row| Self::read(&row))
        .transpose()
    }

    /// The user with this id of the calling application.
    pub async fn find_by_external_id(
        conn: &mut Conn,
        project: &Project,
        external_id: &ExternalId,
    ) -> Result<Option<Self>, StoreError> {
        conn.row(
            "SELECT * FROM otp_users WHERE external_id = $1 AND project_id = $2",
            params![external_id.as_str(), &*project.id],
        )
        .await?
        .map(|row| Self::read(&row))
        .transpose()
    }

    /// Stores the profile; refused when another user has its external id.
    pub async fn keep_profile(&self, tx: &mut Tx) -> Result<(), Refusal> {
        let profile = &self.profile;
        let kept = tx
            .execute(
                "UPDATE otp_users SET
                    first_name = $2, middle_name = $3, last_name = $4, external_id = $5,
                    trusted_metadata = $6, untrusted_metadata = $7, roles = $8, lowered_name = $9
                 WHERE user_id = $1",
                params![
                    self.id,
                    &profile.first_name,
                    &profile.middle_name,
                    &profile.last_name,
                    profile.external_id.as_ref().map(ExternalId::as_str),
                    json!(profile.trusted_metadata).to_string(),
                    json!(profile.untrusted_metadata).to_string(),
                    json!(profile.roles).to_string(),
                    profile.lowered_name()
                ],
            )
            .await;
        match kept {
            Err(cause) if cause.is_unique_violation() => Err(Refusal::DuplicateExternalId),
            kept => Ok(kept.map(|_| ())?),
        }
    }

    /// Lowers some of the names that an earlier release wrote. `false` when there was none.
    pub async fn lower_names(tx: &mut Tx) -> Result<bool, StoreError> {
        let rows = tx
            .rows(
                "SELECT * FROM otp_users WHERE lowered_name IS NULL ORDER BY user_id LIMIT $1",
                params![NAMES_AT_ONCE],
            )
            .await?;
        for row in &rows {
            let user = Self::read(row)?;
            tx.execute(
                "UPDATE otp_users SET lowered_name = $2
                 WHERE user_id = $1 AND lowered_name IS NULL",
                params![user.id, user.profile.lowered_name()],
            )
            .await?;
        }
        Ok(!rows.is_empty())
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

    /// Ends the lock of a user, and forgets the failures that lead to one.
    pub async fn unlock(tx: &mut Tx, id: Id<Self>, now: Timestamp) -> Result<Unlocked, StoreError> {
        // Held first, so that no failure is counted between reading and forgetting.
        Self::hold(tx, id).await?;
        let row = tx
            .row(
                "SELECT failures, locked_until FROM otp_users WHERE user_id = $1",
                params![id],
            )
            .await?;
        let Some(row) = row else {
            return Ok(Unlocked::default());
        };
        tx.execute(
            "UPDATE otp_users SET failures = 0, locked_at = NULL, locked_until = NULL
             WHERE user_id = $1",
            params![id],
        )
        .await?;
        match row.get::<Option<Timestamp>>("locked_until")? {
            // The next failure begins the count anew.
            Some(until) if until <= now => Ok(Unlocked::default()),
            locked_until => Ok(Unlocked {
                failures: row.get("failures")?,
                locked_until,
            }),
        }
    }

    /// A lock that began later than any clock can say begins now.
    pub async fn set_locks_right(
        tx: &mut Tx,
        limits: &Limits,
        now: Timestamp,
        latest: Timestamp,
    ) -> Result<u64, StoreError> {
        tx.execute(
            "UPDATE otp_users SET locked_at = $1, locked_until = $2 WHERE locked_at > $3",
            params![now, now.plus(limits.lock_time()), latest],
        )
        .await
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
    pub fn shown(&self, project: &Project, methods: &[Method], now: Timestamp) -> Value {
        let lock = self.lock.filter(|lock| lock.until > now);
        let of_kind = |kind| -> Vec<Value> {
            let methods = methods.iter().filter(|method| method.kind() == kind);
            methods.map(|method| method.shown(project)).collect()
        };
        let profile = &self.profile;
        json!({
            "user_id": self.shown_id(project),
            "status": self.status.as_str(),
            "name": profile.shown_name(),
            "emails": of_kind(Kind::Email),
            "phone_numbers": of_kind(Kind::Phone),
            "providers": [],
            "webauthn_registrations": [],
            "biometric_registrations": [],
            "totps": [],
            "crypto_wallets": [],
            "password": null,
            "roles": profile.roles,
            "is_locked": lock.is_some(),
            "lock_created_at": lock.map(|lock| lock.at.rfc3339()),
            "lock_expires_at": lock.map(|lock| lock.until.rfc3339()),
            "created_at": self.created_at.rfc3339(),
            "external_id": profile.external_id.as_ref().map(ExternalId::as_str),
            "trusted_metadata": profile.trusted_metadata,
            "untrusted_metadata": profile.untrusted_metadata,
        })
    }

    pub fn shown_id(&self, project: &Project) -> String {
        shown_id(project, self.id)
    }

    pub fn read(row: &Row) -> Result<Self, StoreError> {
        let locked_at: Option<Timestamp> = row.get("locked_at")?;
        let locked_until: Option<Timestamp> = row.get("locked_until")?;
        Ok(Self {
            id: row.get("user_id")?,
            status: match row.get::<String>("status")?.as_str() {
                "pending" => Status::Pending,
                _ => Status::Active,
            },
            profile: read_profile(row)?,
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

fn read_profile(row: &Row) -> Result<Profile, StoreError> {
    Ok(Profile {
        first_name: row.get("first_name")?,
        middle_name: row.get("middle_name")?,
        last_name: row.get("last_name")?,
        external_id: row
            .get::<Option<String>>("external_id")?
            .map(ExternalId::stored),
        trusted_metadata: read_json(row, "trusted_metadata")?,
        untrusted_metadata: read_json(row, "untrusted_metadata")?,
        roles: read_json(row, "roles")?,
    })
}

/// A column that holds JSON which this service wrote.
pub fn read_json<T: for<'de> Deserialize<'de>>(row: &Row, column: &str) -> Result<T, StoreError> {
    serde_json::from_str(&row.get::<String>(column)?).map_err(|cause| StoreError::Column {
        column: column.to_owned(),
        cause: cause.to_string(),
    })
}
