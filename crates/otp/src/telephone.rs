use sallyport_base::{Store, StoreError, Timestamp, Tx, params};

use crate::message::Message;

pub const TABLE: &str = "
CREATE TABLE otp_telephone (
    message_id TEXT PRIMARY KEY,
    recipient TEXT NOT NULL,
    body TEXT NOT NULL,
    at BIGINT NOT NULL
);
CREATE INDEX otp_telephone_by_time ON otp_telephone (at);
";

/// A message on the telephone of the demo: the phone's own copy, which a carrier would have
/// delivered.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TelephoneMessage {
    pub to: String,
    pub body: String,
    pub at: Timestamp,
}

/// The messages received, the newest first.
pub async fn telephone_messages(
    store: &Store,
    limit: i64,
) -> Result<Vec<TelephoneMessage>, StoreError> {
    store
        .reader()
        .await?
        .rows(
            "SELECT recipient, body, at FROM otp_telephone ORDER BY at DESC, message_id DESC LIMIT $1",
            params![limit],
        )
        .await?
        .iter()
        .map(|row| {
            Ok(TelephoneMessage {
                to: row.get("recipient")?,
                body: row.get("body")?,
                at: row.get("at")?,
            })
        })
        .collect()
}

pub async fn receive(tx: &mut Tx, message: &Message, now: Timestamp) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO otp_telephone (message_id, recipient, body, at) VALUES ($1, $2, $3, $4)",
        params![message.id, &message.to, &message.body, now],
    )
    .await?;
    Ok(())
}

pub async fn purge(tx: &mut Tx, limit: Timestamp) -> Result<u64, StoreError> {
    tx.execute("DELETE FROM otp_telephone WHERE at <= $1", params![limit])
        .await
}
