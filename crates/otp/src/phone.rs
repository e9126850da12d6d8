use std::time::Duration;

use sallyport_base::{Conn, Id, Random, Row, StoreError, Timestamp, Tx, params};
use serde_json::{Value, json};

use crate::{phone_number::PhoneNumber, project::Project, user::User};

pub const TABLE: &str = "
CREATE TABLE otp_phones (
    phone_id TEXT PRIMARY KEY,
    project_id TEXT NOT NULL,
    user_id TEXT NOT NULL REFERENCES otp_users (user_id) ON DELETE CASCADE,
    phone_number TEXT NOT NULL,
    verified BOOLEAN NOT NULL,
    added_at BIGINT NOT NULL,
    drop_at BIGINT
);
CREATE UNIQUE INDEX otp_phones_by_number ON otp_phones (project_id, phone_number) WHERE drop_at IS NULL;
CREATE INDEX otp_phones_by_user ON otp_phones (user_id);
CREATE INDEX otp_phones_by_drop ON otp_phones (drop_at) WHERE drop_at IS NOT NULL;
";

/// How long a number that was added to a user waits to be verified after each send.
const PROBATION: Duration = Duration::from_secs(300);

/// A number of a user. A project knows each number once, except that a number *on probation* (added
/// to an existing user and not verified) may be on probation with several users: otherwise whoever
/// claims a number first would keep its owner out.
#[derive(Clone, Debug)]
pub struct Phone {
    pub id: Id<Phone>,
    pub user_id: Id<User>,
    pub verified: bool,
    /// As sent: E.164. For the user's own record; never for a log.
    number: String,
}

impl Phone {
    /// The number's only owner.
    pub async fn find_by_number(
        conn: &mut Conn,
        project: &Project,
        number: &PhoneNumber,
    ) -> Result<Option<Self>, StoreError> {
        conn.row(
            "SELECT phone_id, user_id, phone_number, verified FROM otp_phones
             WHERE project_id = $1 AND phone_number = $2 AND drop_at IS NULL",
            params![&*project.id, number.as_e164()],
        )
        .await?
        .map(|row| Self::read(&row))
        .transpose()
    }

    pub async fn find(
        conn: &mut Conn,
        project: &Project,
        id: Id<Self>,
        now: Timestamp,
    ) -> Result<Option<Self>, StoreError> {
        conn.row(
            "SELECT phone_id, user_id, phone_number, verified FROM otp_phones
             WHERE phone_id = $1 AND project_id = $2 AND (drop_at IS NULL OR drop_at > $3)",
            params![id, &*project.id, now],
        )
        .await?
        .map(|row| Self::read(&row))
        .transpose()
    }

    /// The numbers of a user, the oldest first.
    pub async fn list(
        conn: &mut Conn,
        user_id: Id<User>,
        now: Timestamp,
    ) -> Result<Vec<Self>, StoreError> {
        conn.rows(
            "SELECT phone_id, user_id, phone_number, verified FROM otp_phones
             WHERE user_id = $1 AND (drop_at IS NULL OR drop_at > $2)
             ORDER BY added_at, phone_id",
            params![user_id, now],
        )
        .await?
        .iter()
        .map(Self::read)
        .collect()
    }

    /// Adds the first number of a new user. `None` when another request gave the number to a user
    /// in the meantime.
    pub async fn add_first(
        tx: &mut Tx,
        project: &Project,
        user: &User,
        number: &PhoneNumber,
        now: Timestamp,
        random: &Random,
    ) -> Result<Option<Self>, StoreError> {
        tx.row(
            "INSERT INTO otp_phones (phone_id, project_id, user_id, phone_number, verified, added_at)
             VALUES ($1, $2, $3, $4, FALSE, $5)
             ON CONFLICT (project_id, phone_number) WHERE drop_at IS NULL DO NOTHING
             RETURNING phone_id, user_id, phone_number, verified",
            params![Id::<Self>::new(now, random), &*project.id, user.id, number.as_e164(), now],
        )
        .await?
        .map(|row| Self::read(&row))
        .transpose()
    }

    /// Adds a number on probation to an existing user.
    pub async fn add_on_probation(
        tx: &mut Tx,
        project: &Project,
        user: &User,
        number: &PhoneNumber,
        now: Timestamp,
        random: &Random,
    ) -> Result<Self, StoreError> {
        let phone = Self {
            id: Id::new(now, random),
            user_id: user.id,
            verified: false,
            number: number.as_e164().to_owned(),
        };
        tx.execute(
            "INSERT INTO otp_phones
                (phone_id, project_id, user_id, phone_number, verified, added_at, drop_at)
             VALUES ($1, $2, $3, $4, FALSE, $5, $6)",
            params![
                phone.id,
                &*project.id,
                user.id,
                &phone.number,
                now,
                now.plus(PROBATION)
            ],
        )
        .await?;
        Ok(phone)
    }

    /// A new message gives a number on probation its full time again.
    pub async fn extend_probation(
        tx: &mut Tx,
        id: Id<Self>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        tx.execute(
            "UPDATE otp_phones SET drop_at = $2 WHERE phone_id = $1 AND drop_at IS NOT NULL",
            params![id, now.plus(PROBATION)],
        )
        .await?;
        Ok(())
    }

    /// `false` when another user verified the same number first.
    pub async fn verify(tx: &mut Tx, phone: &Self) -> Result<bool, StoreError> {
        let verified = tx
            .execute(
                "UPDATE otp_phones SET verified = TRUE, drop_at = NULL
                 WHERE phone_id = $1 AND (drop_at IS NULL OR NOT EXISTS (
                    SELECT 1 FROM otp_phones other
                    WHERE other.project_id = otp_phones.project_id
                      AND other.phone_number = otp_phones.phone_number
                      AND other.drop_at IS NULL))",
                params![phone.id],
            )
            .await;
        match verified {
            Ok(rows) => Ok(rows > 0),
            Err(cause) if cause.is_unique_violation() => Ok(false),
            Err(cause) => Err(cause),
        }
    }

    /// Deletes a number of a user who keeps another; `false` when it is the only one that is not on
    /// probation. Call it in a transaction that holds the user.
    pub async fn delete(tx: &mut Tx, phone: &Self) -> Result<bool, StoreError> {
        let deleted = tx
            .execute(
                "DELETE FROM otp_phones
                 WHERE phone_id = $1 AND (drop_at IS NOT NULL OR EXISTS (
                    SELECT 1 FROM otp_phones other
                    WHERE other.user_id = otp_phones.user_id
                      AND other.phone_id <> otp_phones.phone_id
                      AND other.drop_at IS NULL))",
                params![phone.id],
            )
            .await?;
        Ok(deleted > 0)
    }

    /// How many numbers of the user are on probation.
    pub async fn count_on_probation(
        conn: &mut Conn,
        user: &User,
        now: Timestamp,
    ) -> Result<i64, StoreError> {
        let row = conn
            .row(
                "SELECT COUNT(*) AS numbers FROM otp_phones WHERE user_id = $1 AND drop_at > $2",
                params![user.id, now],
            )
            .await?;
        row.map_or(Ok(0), |row| row.get("numbers"))
    }

    pub async fn purge(tx: &mut Tx, now: Timestamp) -> Result<u64, StoreError> {
        tx.execute("DELETE FROM otp_phones WHERE drop_at <= $1", params![now])
            .await
    }

    pub fn is(&self, number: &PhoneNumber) -> bool {
        self.number == number.as_e164()
    }

    /// The number in full: it belongs into the user's own record and into no log.
    pub fn number(&self) -> &str {
        &self.number
    }

    pub fn shown(&self, project: &Project) -> Value {
        json!({
            "phone_id": shown_id(project, self.id),
            "phone_number": self.number,
            "verified": self.verified,
        })
    }

    fn read(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.get("phone_id")?,
            user_id: row.get("user_id")?,
            verified: row.get("verified")?,
            number: row.get("phone_number")?,
        })
    }
}

/// `phone-number-test-<uuid>`, which is also the `method_id` of its codes.
pub fn shown_id(project: &Project, id: Id<Phone>) -> String {
    project.environment.name("phone-number", id)
}
