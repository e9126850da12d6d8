//! What scripts keep between requests through `CacheService`, on every node alike.

use std::time::Duration;

use sallyport_base::{Conn, StoreError, Timestamp, Tx, Vault, params};

const PURPOSE: &str = "script cache";
const LONGEST: Duration = Duration::from_secs(86_400);

/// The value, or `None` when there is none or its time is over.
pub(crate) async fn find(
    conn: &mut Conn,
    vault: &Vault,
    key: &str,
    now: Timestamp,
) -> Result<Option<String>, StoreError> {
    let row = conn
        .row(
            "SELECT value FROM script_cache WHERE key = $1 AND expires_at > $2",
            params![key, now],
        )
        .await?;
    let Some(row) = row else { return Ok(None) };
    let sealed: String = row.get("value")?;
    // A value of before the key file was changed is as good as none: it is a cache.
    let plain = vault.open(PURPOSE, &sealed).ok();
    Ok(plain.and_then(|plain| String::from_utf8(plain.to_vec()).ok()))
}

pub(crate) async fn put(
    tx: &mut Tx,
    vault: &Vault,
    key: &str,
    value: &str,
    seconds: u64,
    now: Timestamp,
) -> Result<(), StoreError> {
    let expires_at = now.plus(Duration::from_secs(seconds).min(LONGEST));
    tx.execute(
        "INSERT INTO script_cache (key, value, expires_at) VALUES ($1, $2, $3)
         ON CONFLICT (key) DO UPDATE SET value = excluded.value, expires_at = excluded.expires_at",
        params![key, vault.seal(PURPOSE, value.as_bytes()), expires_at],
    )
    .await?;
    Ok(())
}

pub(crate) async fn remove(tx: &mut Tx, key: &str) -> Result<(), StoreError> {
    tx.execute("DELETE FROM script_cache WHERE key = $1", params![key])
        .await?;
    Ok(())
}
