use std::time::Duration;

use sallyport_base::{Conn, Row, Store, StoreError, Timestamp, params};

/// What an operator asks first: how messages fare. All nodes are in it, since it is read from the
/// store.
#[derive(Clone, PartialEq, Debug)]
pub struct Status {
    /// By gateway and country, in this order.
    pub shares: Vec<Share>,
    /// Why messages were not sent or are in doubt, with how many.
    pub reasons: Vec<(String, i64)>,
    /// Messages that wait for a gateway, and how long the oldest has.
    pub waiting: i64,
    pub longest_wait: Duration,
    /// After what time half, and 95 of 100, of the right codes had come back; `None` without any.
    pub median: Option<Duration>,
    pub p95: Option<Duration>,
}

/// What one gateway had to do for one country.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Share {
    pub gateway: String,
    pub country: String,
    pub asked: i64,
    /// Taken by the gateway, whatever came of it.
    pub sent: i64,
    pub delivered: i64,
    pub failed: i64,
    pub verified: i64,
}

impl Status {
    /// Of messages that were asked for since `start`.
    pub async fn since(
        store: &Store,
        start: Timestamp,
        now: Timestamp,
    ) -> Result<Self, StoreError> {
        let mut reader = store.reader().await?;
        let (waiting, oldest) = waiting(&mut reader).await?;
        let shares = shares(&mut reader, start).await?;
        let verified = shares.iter().map(|share| share.verified).sum();
        Ok(Self {
            reasons: reasons(&mut reader, start).await?,
            waiting,
            longest_wait: oldest.map_or(Duration::ZERO, |oldest| now.since(oldest)),
            median: latency(&mut reader, start, verified, 50).await?,
            p95: latency(&mut reader, start, verified, 95).await?,
            shares,
        })
    }
}

async fn shares(conn: &mut Conn, start: Timestamp) -> Result<Vec<Share>, StoreError> {
    conn.rows(
        "SELECT gateway, country, COUNT(*) AS asked, COUNT(sent_at) AS sent,
            COUNT(CASE WHEN state = 'delivered' THEN 1 END) AS delivered,
            COUNT(CASE WHEN state = 'failed' THEN 1 END) AS failed,
            COUNT(verified_at) AS verified
         FROM otp_outbox WHERE queued_at > $1
         GROUP BY gateway, country ORDER BY gateway, country",
        params![start],
    )
    .await?
    .iter()
    .map(share)
    .collect()
}

fn share(row: &Row) -> Result<Share, StoreError> {
    Ok(Share {
        gateway: row.get("gateway")?,
        country: row.get("country")?,
        asked: row.get("asked")?,
        sent: row.get("sent")?,
        delivered: row.get("delivered")?,
        failed: row.get("failed")?,
        verified: row.get("verified")?,
    })
}

async fn reasons(conn: &mut Conn, start: Timestamp) -> Result<Vec<(String, i64)>, StoreError> {
    conn.rows(
        "SELECT reason, COUNT(*) AS messages FROM otp_outbox
         WHERE queued_at > $1 AND reason IS NOT NULL AND state IN ('failed', 'sent')
         GROUP BY reason ORDER BY reason",
        params![start],
    )
    .await?
    .iter()
    .map(|row| Ok((row.get("reason")?, row.get("messages")?)))
    .collect()
}

async fn waiting(conn: &mut Conn) -> Result<(i64, Option<Timestamp>), StoreError> {
    let row = conn
        .row(
            "SELECT COUNT(*) AS messages, MIN(queued_at) AS oldest FROM otp_outbox
             WHERE state IN ('queued', 'handed')",
            params![],
        )
        .await?;
    row.map_or(Ok((0, None)), |row| {
        Ok((row.get("messages")?, row.get("oldest")?))
    })
}

/// The time within which `percent` of the `verified` codes came back.
async fn latency(
    conn: &mut Conn,
    start: Timestamp,
    verified: i64,
    percent: i64,
) -> Result<Option<Duration>, StoreError> {
    let place = (verified * percent + 99) / 100 - 1;
    let row = conn
        .row(
            "SELECT verified_at - queued_at AS took FROM otp_outbox
             WHERE queued_at > $1 AND verified_at IS NOT NULL
             ORDER BY took LIMIT 1 OFFSET $2",
            params![start, place.max(0)],
        )
        .await?;
    row.map(|row| {
        let micros: i64 = row.get("took")?;
        Ok(Duration::from_micros(u64::try_from(micros).unwrap_or(0)))
    })
    .transpose()
}
