use std::{collections::BTreeSet, time::Duration};

use sallyport_base::{Conn, Digest, StoreError, Timestamp, Tx, params};

use crate::ProofOfWork;

/// How often a person may try. Counted in the store, so that a restart or another node forgives
/// nothing.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Wrong passwords for one user name before it must wait, whether the name exists or not.
    pub wrong_passwords: Limit,
    /// Tries at the steps after the first, in one login.
    pub tries_per_login: i64,
    /// Tries at the steps after the first, for one person, since the last right one.
    pub wrong_passcodes: Limit,
    /// Passcodes sent for one person in a short time.
    pub sends: Limit,
    /// Passcodes sent for one person in a long time.
    pub sends_per_day: Limit,
    /// The forms of one login, and of one network, before each must carry a proof of work.
    pub proof_of_work: ProofOfWork,
}

/// So many in a window that begins with the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    pub count: i64,
    pub window: Duration,
}

impl Limit {
    pub const fn new(count: i64, minutes: u64) -> Self {
        Self {
            count,
            window: Duration::from_secs(minutes * 60),
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            wrong_passwords: Limit::new(10, 15),
            tries_per_login: 10,
            wrong_passcodes: Limit::new(10, 60),
            sends: Limit::new(5, 10),
            sends_per_day: Limit::new(10, 24 * 60),
            proof_of_work: ProofOfWork::USUAL,
        }
    }
}

/// What is counted, and for whom.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Subject<'a> {
    pub kind: &'a str,
    pub who: &'a str,
}

impl Subject<'_> {
    /// Names and numbers are not kept in clear.
    fn key(self) -> String {
        format!(
            "{}:{}",
            self.kind,
            Digest::of(self.who.trim().to_lowercase().as_bytes())
        )
    }
}

/// Counts one try, and says whether it is within the limit. The count happens first: of many tries
/// at once, no more than the limit get a yes.
pub(crate) async fn count(
    tx: &mut Tx,
    subject: Subject<'_>,
    limit: Limit,
    now: Timestamp,
) -> Result<bool, StoreError> {
    Ok(add(tx, subject, limit.window, now).await? <= limit.count)
}

/// Counts one more, and gives the number. It begins anew when `window` is over.
pub(crate) async fn add(
    tx: &mut Tx,
    subject: Subject<'_>,
    window: Duration,
    now: Timestamp,
) -> Result<i64, StoreError> {
    let row = tx
        .row(
            "INSERT INTO tries (key, started_at, count, expires_at) VALUES ($1, $2, 1, $3)
             ON CONFLICT (key) DO UPDATE SET
                count = CASE WHEN tries.expires_at <= $2 THEN 1 ELSE tries.count + 1 END,
                started_at = CASE WHEN tries.expires_at <= $2 THEN $2 ELSE tries.started_at END,
                expires_at = CASE WHEN tries.expires_at <= $2 THEN $3 ELSE tries.expires_at END
             RETURNING count",
            params![subject.key(), now, now.plus(window)],
        )
        .await?;
    row.map_or(Ok(i64::MAX), |row| row.get("count"))
}

/// The number that was reached; 0 when nothing was counted, or its window is over.
pub(crate) async fn look(
    conn: &mut Conn,
    subject: Subject<'_>,
    now: Timestamp,
) -> Result<i64, StoreError> {
    let row = conn
        .row(
            "SELECT count FROM tries WHERE key = $1 AND expires_at > $2",
            params![subject.key(), now],
        )
        .await?;
    row.map_or(Ok(0), |row| row.get("count"))
}

/// When what was counted is forgotten.
pub(crate) async fn ends_at(
    tx: &mut Tx,
    subject: Subject<'_>,
) -> Result<Option<Timestamp>, StoreError> {
    let row = tx
        .row(
            "SELECT expires_at FROM tries WHERE key = $1",
            params![subject.key()],
        )
        .await?;
    row.map(|row| row.get("expires_at")).transpose()
}

/// Takes so many of those that were counted back; not below zero.
pub(crate) async fn give_back(
    tx: &mut Tx,
    subject: Subject<'_>,
    number: i64,
) -> Result<(), StoreError> {
    tx.execute(
        "UPDATE tries SET count = CASE WHEN count > $2 THEN count - $2 ELSE 0 END WHERE key = $1",
        params![subject.key(), number],
    )
    .await?;
    Ok(())
}

/// Forgets what was counted, after a success.
pub(crate) async fn forget(tx: &mut Tx, subject: Subject<'_>) -> Result<(), StoreError> {
    tx.execute("DELETE FROM tries WHERE key = $1", params![subject.key()])
        .await?;
    Ok(())
}

/// Lets somebody try again: forgets every try that this server and its scripts have counted for a
/// login name or the id of a person. Returns the kinds of tries that there were.
pub async fn forget_tries(tx: &mut Tx, who: &str) -> Result<BTreeSet<String>, StoreError> {
    let ending = Subject { kind: "%", who }.key();
    tx.rows(
        "DELETE FROM tries WHERE key LIKE $1 RETURNING key",
        params![ending],
    )
    .await?
    .iter()
    .map(|row| {
        let key: String = row.get("key")?;
        Ok(key
            .rsplit_once(':')
            .map_or(key.clone(), |(kind, _)| kind.to_owned()))
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use sallyport_base::testing::ScratchStore;

    use super::*;

    #[tokio::test]
    async fn a_window_allows_its_count_and_then_starts_again() {
        let scratch = ScratchStore::new(&[crate::SCHEMA]).await;
        let (limit, start) = (Limit::new(2, 10), Timestamp::from_seconds(1000));
        let alice = Subject {
            kind: "test",
            who: "Alice",
        };
        let mut allowed = Vec::new();
        for (who, at) in [
            ("alice", 0),
            ("ALICE", 1),
            ("alice", 2),
            ("bruno", 2),
            ("alice", 600),
            ("alice", 601),
        ] {
            let mut tx = scratch.store.begin().await.unwrap();
            let now = start.plus(Duration::from_secs(at));
            allowed.push(
                count(&mut tx, Subject { kind: "test", who }, limit, now)
                    .await
                    .unwrap(),
            );
            tx.commit().await.unwrap();
        }
        assert_eq!(allowed, [true, true, false, true, true, true]);
        let now = start.plus(Duration::from_secs(602));
        let mut tx = scratch.store.begin().await.unwrap();
        assert!(!count(&mut tx, alice, limit, now).await.unwrap());
        forget(&mut tx, alice).await.unwrap();
        assert!(count(&mut tx, alice, limit, now).await.unwrap());
    }
}
