//! The people that the store holds.

use std::collections::BTreeMap;

use sallyport_base::{Conn, Digest, Id, Row, Store, StoreError, Timestamp, Tx, params};

use crate::{Attributes, Person};

/// Where people come from.
#[derive(Clone, Debug)]
pub enum Directory {
    /// The tables of this crate.
    Sql(Store),
}

/// Names and values are compared in lower case, which the server makes and not the store: the two
/// engines do not agree on letters beyond ASCII.
pub const FIRST_TABLES: &str = "
CREATE TABLE people (
    id TEXT PRIMARY KEY,
    uid TEXT NOT NULL,
    uid_folded TEXT NOT NULL UNIQUE,
    password TEXT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE TABLE person_attributes (
    person_id TEXT NOT NULL REFERENCES people (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    position BIGINT NOT NULL,
    value TEXT NOT NULL,
    value_folded TEXT NOT NULL,
    PRIMARY KEY (person_id, name, position)
);
CREATE INDEX person_attributes_by_value ON person_attributes (name, value_folded);
";

pub(crate) fn fold(text: &str) -> String {
    text.to_lowercase()
}

/// What a value is found by. An index has no room for long texts.
fn fold_value(value: &str) -> String {
    let folded = fold(value);
    if folded.len() <= 255 {
        folded
    } else {
        format!("sha256:{}", Digest::of(folded.as_bytes()))
    }
}

/// A person with what the store keeps instead of the password.
pub(crate) struct Entry {
    pub person: Person,
    pub password: Option<String>,
}

pub(crate) async fn find(conn: &mut Conn, id: Id<Person>) -> Result<Option<Entry>, StoreError> {
    let rows = conn
        .rows(
            "SELECT p.id, p.uid, p.password, p.created_at, p.updated_at, a.name, a.value
             FROM people p LEFT JOIN person_attributes a ON a.person_id = p.id
             WHERE p.id = $1
             ORDER BY a.name, a.position",
            params![id],
        )
        .await?;
    Ok(entries(rows)?.pop())
}

pub(crate) async fn find_by_uid(conn: &mut Conn, uid: &str) -> Result<Option<Entry>, StoreError> {
    let rows = conn
        .rows(
            "SELECT p.id, p.uid, p.password, p.created_at, p.updated_at, a.name, a.value
             FROM people p LEFT JOIN person_attributes a ON a.person_id = p.id
             WHERE p.uid_folded = $1
             ORDER BY a.name, a.position",
            params![fold(uid)],
        )
        .await?;
    Ok(entries(rows)?.pop())
}

/// `name` is in Gluu's spelling. In the order of login names.
pub(crate) async fn find_by_attribute(
    conn: &mut Conn,
    name: &str,
    value: &str,
    limit: i64,
) -> Result<Vec<Entry>, StoreError> {
    let rows = conn
        .rows(
            "SELECT p.id, p.uid, p.password, p.created_at, p.updated_at, a.name, a.value
             FROM people p LEFT JOIN person_attributes a ON a.person_id = p.id
             WHERE p.id IN (
                SELECT q.id FROM people q
                WHERE EXISTS (
                    SELECT 1 FROM person_attributes b
                    WHERE b.person_id = q.id AND b.name = $1 AND b.value_folded = $2
                )
                ORDER BY q.uid_folded LIMIT $3
             )
             ORDER BY p.uid_folded, a.name, a.position",
            params![name, fold_value(value), limit],
        )
        .await?;
    entries(rows)
}

/// Those whose login names follow `after_uid`, in their order.
pub(crate) async fn list(
    conn: &mut Conn,
    after_uid: &str,
    limit: i64,
) -> Result<Vec<Entry>, StoreError> {
    let rows = conn
        .rows(
            "SELECT p.id, p.uid, p.password, p.created_at, p.updated_at, a.name, a.value
             FROM people p LEFT JOIN person_attributes a ON a.person_id = p.id
             WHERE p.id IN (
                SELECT id FROM people WHERE uid_folded > $1 ORDER BY uid_folded LIMIT $2
             )
             ORDER BY p.uid_folded, a.name, a.position",
            params![fold(after_uid), limit],
        )
        .await?;
    entries(rows)
}

/// Whether the person was added; `false` when the login name is taken.
pub(crate) async fn insert(
    tx: &mut Tx,
    id: Id<Person>,
    uid: &str,
    password: Option<String>,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let added = tx
        .execute(
            "INSERT INTO people (id, uid, uid_folded, password, created_at, updated_at)
             VALUES ($1, $2, $3, $4, $5, $5) ON CONFLICT (uid_folded) DO NOTHING",
            params![id, uid, fold(uid), password, now],
        )
        .await?;
    Ok(added == 1)
}

/// Whether there is such a person. The row is locked until the change is kept.
pub(crate) async fn touch(tx: &mut Tx, id: Id<Person>, now: Timestamp) -> Result<bool, StoreError> {
    let touched = tx
        .execute(
            "UPDATE people SET updated_at = $2 WHERE id = $1",
            params![id, now],
        )
        .await?;
    Ok(touched == 1)
}

/// Gives a person another login name. The store refuses one that is taken.
pub(crate) async fn rename(tx: &mut Tx, id: Id<Person>, uid: &str) -> Result<(), StoreError> {
    tx.execute(
        "UPDATE people SET uid = $2, uid_folded = $3 WHERE id = $1",
        params![id, uid, fold(uid)],
    )
    .await?;
    Ok(())
}

/// `name` is in Gluu's spelling; no values remove the attribute.
pub(crate) async fn set_attribute(
    tx: &mut Tx,
    id: Id<Person>,
    name: &str,
    values: &[String],
) -> Result<(), StoreError> {
    tx.execute(
        "DELETE FROM person_attributes WHERE person_id = $1 AND name = $2",
        params![id, name],
    )
    .await?;
    for (position, value) in (0_i64..).zip(values) {
        tx.execute(
            "INSERT INTO person_attributes (person_id, name, position, value, value_folded)
             VALUES ($1, $2, $3, $4, $5)",
            params![id, name, position, value, fold_value(value)],
        )
        .await?;
    }
    Ok(())
}

pub(crate) async fn set_password(
    tx: &mut Tx,
    id: Id<Person>,
    password: String,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let set = tx
        .execute(
            "UPDATE people SET password = $2, updated_at = $3 WHERE id = $1",
            params![id, password, now],
        )
        .await?;
    Ok(set == 1)
}

/// Puts a new hash of the same password in the place of an old one, unless the password was
/// changed in the meantime.
pub(crate) async fn upgrade_password(
    tx: &mut Tx,
    id: Id<Person>,
    old: &str,
    new: &str,
) -> Result<(), StoreError> {
    tx.execute(
        "UPDATE people SET password = $3 WHERE id = $1 AND password = $2",
        params![id, old, new],
    )
    .await?;
    Ok(())
}

pub(crate) async fn remove(tx: &mut Tx, id: Id<Person>) -> Result<bool, StoreError> {
    let removed = tx
        .execute("DELETE FROM people WHERE id = $1", params![id])
        .await?;
    Ok(removed == 1)
}

/// Puts together the rows of each person, which follow each other.
fn entries(rows: Vec<Row>) -> Result<Vec<Entry>, StoreError> {
    let mut entries: Vec<Entry> = Vec::new();
    for row in rows {
        let id: Id<Person> = row.get("id")?;
        if entries.last().is_none_or(|last| last.person.id != id) {
            entries.push(entry_without_attributes(&row, id)?);
        }
        if let (Some(name), Some(value)) = (row.get("name")?, row.get("value")?)
            && let Some(last) = entries.last_mut()
        {
            last.person.attributes.push(name, value);
        }
    }
    Ok(entries)
}

fn entry_without_attributes(row: &Row, id: Id<Person>) -> Result<Entry, StoreError> {
    let uid: String = row.get("uid")?;
    Ok(Entry {
        person: Person {
            id,
            attributes: Attributes::new(id, &uid, BTreeMap::new()),
            uid,
            created_at: row.get("created_at")?,
            updated_at: row.get("updated_at")?,
        },
        password: row.get("password")?,
    })
}
