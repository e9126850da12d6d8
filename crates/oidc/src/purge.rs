use sallyport_base::{Store, StoreError, Timestamp, params};

use crate::signing_key;

/// Rows removed in one transaction, so that nobody waits long for the writer.
const BATCH: i64 = 1000;

const EXPIRED: [&str; 4] = [
    "DELETE FROM access_tokens WHERE digest IN
     (SELECT digest FROM access_tokens WHERE expires_at <= $1 LIMIT $2)",
    "DELETE FROM refresh_tokens WHERE digest IN
     (SELECT digest FROM refresh_tokens WHERE expires_at <= $1 LIMIT $2)",
    "DELETE FROM authorization_codes WHERE digest IN
     (SELECT digest FROM authorization_codes WHERE kept_until <= $1 LIMIT $2)",
    "DELETE FROM authorizations WHERE id IN
     (SELECT id FROM authorizations WHERE expires_at <= $1 LIMIT $2)",
];

/// Removes codes, tokens, authorizations and retired keys that were over before `now`. To be called
/// every few minutes; nothing depends on how often.
pub async fn purge(store: &Store, now: Timestamp) -> Result<(), StoreError> {
    for sql in EXPIRED {
        while remove_batch(store, sql, now).await? == BATCH.unsigned_abs() {}
    }
    signing_key::purge(store, now).await
}

async fn remove_batch(store: &Store, sql: &'static str, now: Timestamp) -> Result<u64, StoreError> {
    let mut tx = store.begin().await?;
    let removed = tx.execute(sql, params![now, BATCH]).await?;
    tx.commit().await?;
    Ok(removed)
}
