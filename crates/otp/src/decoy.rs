use sallyport_base::{Id, Random, StoreError, Timestamp, Tx, params};

pub const TABLE: &str = "
CREATE TABLE otp_decoys (
    decoy_id TEXT PRIMARY KEY,
    tries BIGINT NOT NULL
);
";

/// What is written where there is nothing to write: a guess at a method that does not exist takes as
/// long as one at a code, whose user and whose tries are counted. Nobody reads it, and the next purge
/// takes it away.
pub struct Decoy(Id<Decoy>);

impl Decoy {
    /// In place of the user whose failures are counted.
    pub async fn put(tx: &mut Tx, now: Timestamp, random: &Random) -> Result<Self, StoreError> {
        let decoy = Self(Id::new(now, random));
        tx.execute(
            "INSERT INTO otp_decoys (decoy_id, tries) VALUES ($1, 0)",
            params![decoy.0],
        )
        .await?;
        Ok(decoy)
    }

    /// In place of the code whose tries are counted.
    pub async fn try_out(&self, tx: &mut Tx) -> Result<(), StoreError> {
        tx.row(
            "UPDATE otp_decoys SET tries = tries + 1 WHERE decoy_id = $1 RETURNING tries",
            params![self.0],
        )
        .await?;
        Ok(())
    }

    pub async fn purge(tx: &mut Tx) -> Result<u64, StoreError> {
        tx.execute("DELETE FROM otp_decoys", params![]).await
    }
}
