use std::{collections::BTreeSet, time::Duration};

use sallyport_base::{Conn, Id, Random, Row, StoreError, Timestamp, Tx, params};
use serde_json::{Value, json};

use crate::{
    address::{Address, Kind},
    project::Project,
    user::User,
};

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

/// A phone is one kind of method since there are mailboxes too.
pub const METHODS: &str = "
ALTER TABLE otp_phones RENAME TO otp_methods;
ALTER TABLE otp_methods RENAME COLUMN phone_id TO method_id;
ALTER TABLE otp_methods RENAME COLUMN phone_number TO address;
ALTER TABLE otp_methods ADD COLUMN proven_at BIGINT;
UPDATE otp_methods SET proven_at = added_at WHERE verified;
CREATE INDEX otp_methods_by_proof ON otp_methods (proven_at) WHERE verified;
";

/// An address on probation is looked for too; the index of the others leaves it out.
pub const ON_PROBATION: &str = "
CREATE INDEX otp_methods_on_probation ON otp_methods (project_id, address) WHERE drop_at IS NOT NULL;
";

/// How long an address that was added to a user waits to be verified after each send.
const PROBATION: Duration = Duration::from_secs(300);

const OWNER: &str = "SELECT user_id FROM otp_methods WHERE method_id = $1";

/// In two halves, since each has an index of its own.
const USERS_WITH: &str = "
SELECT user_id FROM otp_methods WHERE project_id = $1 AND address = $2 AND drop_at IS NULL
UNION ALL
SELECT user_id FROM otp_methods WHERE project_id = $1 AND address = $2 AND drop_at IS NOT NULL";

const IDS_WITH: &str = "
SELECT method_id FROM otp_methods WHERE project_id = $1 AND address = $2 AND drop_at IS NULL
UNION ALL
SELECT method_id FROM otp_methods WHERE project_id = $1 AND address = $2 AND drop_at IS NOT NULL";

/// What a user has that codes are sent to: a phone or a mailbox. A project knows each address once,
/// except that one *on probation* (added to an existing user and not verified) may be on probation
/// with several users: otherwise whoever claims an address first would keep its owner out. For the same
/// reason an owner who never proved to have it makes way for one who does: see [`crate::claim`].
#[derive(Clone, Debug)]
pub struct Method {
    pub id: Id<Method>,
    pub user_id: Id<User>,
    pub verified: bool,
    /// Whether its user ever returned a code from there, however long ago.
    pub was_proven: bool,
    pub address: Address,
}

impl Method {
    /// The address's only owner.
    pub async fn find_by_address(
        conn: &mut Conn,
        project: &Project,
        address: &Address,
    ) -> Result<Option<Self>, StoreError> {
        conn.row(
            "SELECT method_id, user_id, address, verified, proven_at FROM otp_methods
             WHERE project_id = $1 AND address = $2 AND drop_at IS NULL",
            params![&*project.id, address.as_str()],
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
            "SELECT method_id, user_id, address, verified, proven_at FROM otp_methods
             WHERE method_id = $1 AND project_id = $2 AND (drop_at IS NULL OR drop_at > $3)",
            params![id, &*project.id, now],
        )
        .await?
        .map(|row| Self::read(&row))
        .transpose()
    }

    /// Whose the method is, of whichever project.
    pub async fn owner(conn: &mut Conn, id: Id<Self>) -> Result<Option<Id<User>>, StoreError> {
        conn.row(OWNER, params![id])
            .await?
            .map(|row| row.get("user_id"))
            .transpose()
    }

    /// Every user with the address, on probation or not.
    pub async fn users_with(
        conn: &mut Conn,
        project: &Project,
        address: &str,
    ) -> Result<Vec<Id<User>>, StoreError> {
        conn.rows(USERS_WITH, params![&*project.id, address])
            .await?
            .iter()
            .map(|row| row.get("user_id"))
            .collect()
    }

    /// Every method with the address, on probation or not, in the order in which their codes are held.
    pub async fn ids_with(
        conn: &mut Conn,
        project: &Project,
        address: &Address,
    ) -> Result<BTreeSet<Id<Self>>, StoreError> {
        conn.rows(IDS_WITH, params![&*project.id, address.as_str()])
            .await?
            .iter()
            .map(|row| row.get("method_id"))
            .collect()
    }

    /// The methods of a user, the oldest first.
    pub async fn list(
        conn: &mut Conn,
        user_id: Id<User>,
        now: Timestamp,
    ) -> Result<Vec<Self>, StoreError> {
        conn.rows(
            "SELECT method_id, user_id, address, verified, proven_at FROM otp_methods
             WHERE user_id = $1 AND (drop_at IS NULL OR drop_at > $2)
             ORDER BY added_at, method_id",
            params![user_id, now],
        )
        .await?
        .iter()
        .map(Self::read)
        .collect()
    }

    /// Gives the address to a user who has not proven to have it. `None` when it belongs to a user
    /// already.
    pub async fn add(
        tx: &mut Tx,
        project: &Project,
        user: &User,
        address: &Address,
        now: Timestamp,
        random: &Random,
    ) -> Result<Option<Self>, StoreError> {
        tx.row(
            "INSERT INTO otp_methods (method_id, project_id, user_id, address, verified, added_at)
             VALUES ($1, $2, $3, $4, FALSE, $5)
             ON CONFLICT (project_id, address) WHERE drop_at IS NULL DO NOTHING
             RETURNING method_id, user_id, address, verified, proven_at",
            params![
                Id::<Self>::new(now, random),
                &*project.id,
                user.id,
                address.as_str(),
                now
            ],
        )
        .await?
        .map(|row| Self::read(&row))
        .transpose()
    }

    /// Adds an address on probation to an existing user.
    pub async fn add_on_probation(
        tx: &mut Tx,
        project: &Project,
        user: &User,
        address: &Address,
        now: Timestamp,
        random: &Random,
    ) -> Result<Self, StoreError> {
        let method = Self {
            id: Id::new(now, random),
            user_id: user.id,
            verified: false,
            was_proven: false,
            address: address.clone(),
        };
        tx.execute(
            "INSERT INTO otp_methods
                (method_id, project_id, user_id, address, verified, added_at, drop_at)
             VALUES ($1, $2, $3, $4, FALSE, $5, $6)",
            params![
                method.id,
                &*project.id,
                user.id,
                address.as_str(),
                now,
                now.plus(PROBATION)
            ],
        )
        .await?;
        Ok(method)
    }

    /// A new message gives an address on probation its full time again.
    pub async fn extend_probation(
        tx: &mut Tx,
        id: Id<Self>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        tx.execute(
            "UPDATE otp_methods SET drop_at = $2 WHERE method_id = $1 AND drop_at > $3",
            params![id, now.plus(PROBATION), now],
        )
        .await?;
        Ok(())
    }

    /// Ends the claim of an owner who never proved to have the address; the next purge takes the
    /// method away. `false` when it was proven meanwhile.
    pub async fn drop_claim(tx: &mut Tx, id: Id<Self>, now: Timestamp) -> Result<bool, StoreError> {
        let dropped = tx
            .execute(
                "UPDATE otp_methods SET drop_at = $2
                 WHERE method_id = $1 AND drop_at IS NULL AND proven_at IS NULL",
                params![id, now],
            )
            .await?;
        Ok(dropped == 1)
    }

    /// `false` when another user verified the same address first. Whoever claims it is to be gone.
    pub async fn verify(tx: &mut Tx, method: &Self, now: Timestamp) -> Result<bool, StoreError> {
        let verified = tx
            .execute(
                "UPDATE otp_methods SET verified = TRUE, drop_at = NULL, proven_at = $2
                 WHERE method_id = $1 AND (drop_at IS NULL OR NOT EXISTS (
                    SELECT 1 FROM otp_methods other
                    WHERE other.project_id = otp_methods.project_id
                      AND other.address = otp_methods.address
                      AND other.drop_at IS NULL))",
                params![method.id, now],
            )
            .await;
        match verified {
            Ok(rows) => Ok(rows > 0),
            Err(cause) if cause.is_unique_violation() => Ok(false),
            Err(cause) => Err(cause),
        }
    }

    /// Deletes a method of a user who keeps another; `false` when it is the only one that is not on
    /// probation. Call it in a transaction that holds the user.
    pub async fn delete(tx: &mut Tx, method: &Self) -> Result<bool, StoreError> {
        let deleted = tx
            .execute(
                "DELETE FROM otp_methods
                 WHERE method_id = $1 AND (drop_at IS NOT NULL OR EXISTS (
                    SELECT 1 FROM otp_methods other
                    WHERE other.user_id = otp_methods.user_id
                      AND other.method_id <> otp_methods.method_id
                      AND other.drop_at IS NULL))",
                params![method.id],
            )
            .await?;
        Ok(deleted > 0)
    }

    /// How many addresses of the user are on probation.
    pub async fn count_on_probation(
        conn: &mut Conn,
        user: &User,
        now: Timestamp,
    ) -> Result<i64, StoreError> {
        let row = conn
            .row(
                "SELECT COUNT(*) AS numbers FROM otp_methods WHERE user_id = $1 AND drop_at > $2",
                params![user.id, now],
            )
            .await?;
        row.map_or(Ok(0), |row| row.get("numbers"))
    }

    /// Puts another address in the place of this one, which has to be proven anew. `false` when
    /// another user has it, by a claim too.
    pub async fn exchange(
        tx: &mut Tx,
        project: &Project,
        method: &Self,
        address: &Address,
        now: Timestamp,
        random: &Random,
    ) -> Result<bool, StoreError> {
        tx.execute(
            "DELETE FROM otp_methods WHERE method_id = $1",
            params![method.id],
        )
        .await?;
        let added = tx
            .execute(
                "INSERT INTO otp_methods (method_id, project_id, user_id, address, verified, added_at)
                 VALUES ($1, $2, $3, $4, FALSE, $5)
                 ON CONFLICT (project_id, address) WHERE drop_at IS NULL DO NOTHING",
                params![
                    Id::<Self>::new(now, random),
                    &*project.id,
                    method.user_id,
                    address.as_str(),
                    now
                ],
            )
            .await?;
        Ok(added == 1)
    }

    /// An address that nobody proved to have since `limit` may be somebody else's by now.
    pub async fn doubt(tx: &mut Tx, limit: Timestamp) -> Result<u64, StoreError> {
        tx.execute(
            "UPDATE otp_methods SET verified = FALSE WHERE verified AND proven_at <= $1",
            params![limit],
        )
        .await
    }

    /// An address that would be on probation for longer than any is so for its full time from now on.
    pub async fn set_right(
        tx: &mut Tx,
        now: Timestamp,
        latest: Timestamp,
    ) -> Result<u64, StoreError> {
        tx.execute(
            "UPDATE otp_methods SET drop_at = $1 WHERE drop_at > $2",
            params![now.plus(PROBATION), latest.plus(PROBATION)],
        )
        .await
    }

    pub async fn purge(tx: &mut Tx, now: Timestamp) -> Result<u64, StoreError> {
        // The codes first, as whoever sends or checks one takes them.
        tx.execute(
            "DELETE FROM otp_passcodes WHERE method_id IN
                (SELECT method_id FROM otp_methods WHERE drop_at <= $1)",
            params![now],
        )
        .await?;
        tx.execute("DELETE FROM otp_methods WHERE drop_at <= $1", params![now])
            .await
    }

    pub const fn kind(&self) -> Kind {
        self.address.kind()
    }

    /// `phone-number-test-<uuid>` or `email-test-<uuid>`, which is also the `method_id` of its codes.
    pub fn shown_id(&self, project: &Project) -> String {
        shown_id(project, self.kind(), self.id)
    }

    pub fn shown(&self, project: &Project) -> Value {
        let id = self.shown_id(project);
        let address = self.address.as_str();
        match self.kind() {
            Kind::Phone => {
                json!({ "phone_id": id, "phone_number": address, "verified": self.verified })
            }
            Kind::Email => json!({ "email_id": id, "email": address, "verified": self.verified }),
        }
    }

    fn read(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.get("method_id")?,
            user_id: row.get("user_id")?,
            verified: row.get("verified")?,
            was_proven: row.get::<Option<Timestamp>>("proven_at")?.is_some(),
            address: Address::stored(&row.get::<String>("address")?),
        })
    }
}

pub fn shown_id(project: &Project, kind: Kind, id: Id<Method>) -> String {
    project.environment.name(kind.id_word(), id)
}

#[cfg(test)]
mod tests {
    use sallyport_base::testing::ScratchStore;

    use super::*;

    #[tokio::test]
    async fn whoever_has_a_method_is_found_by_an_index() {
        let scratch = ScratchStore::new(&[crate::SCHEMA]).await;
        // PostgreSQL reads an empty table, whatever indexes it has.
        if !scratch.address.starts_with("sqlite:") {
            return;
        }
        let mut reader = scratch.store.reader().await.unwrap();
        for (sql, indexes) in [
            ("EXPLAIN QUERY PLAN ".to_owned() + OWNER, 1),
            ("EXPLAIN QUERY PLAN ".to_owned() + USERS_WITH, 2),
            ("EXPLAIN QUERY PLAN ".to_owned() + IDS_WITH, 2),
        ] {
            let plan = reader.rows(sql.leak(), params!["", ""]).await.unwrap();
            let steps: Vec<String> = plan.iter().map(|row| row.get("detail").unwrap()).collect();
            let searches = steps.iter().filter(|step| step.contains("USING INDEX"));
            assert_eq!(searches.count(), indexes, "{steps:#?}");
            assert!(
                !steps.iter().any(|step| step.starts_with("SCAN")),
                "{steps:#?}"
            );
        }
    }
}
