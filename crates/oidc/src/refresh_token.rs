use std::time::Duration;

use sallyport_base::{Conn, Id, Random, StoreError, Timestamp, Token, Tx, params};

use crate::authorization::Authorization;

/// Of the first token and all that follow it together, as in Gluu: after it the person signs in
/// again.
pub(crate) const LIFETIME: Duration = Duration::from_secs(14_400);

/// What a client exchanges for new tokens, once: each use gives it the next one.
#[derive(Debug)]
pub(crate) struct RefreshToken {
    pub(crate) authorization: Authorization,
    pub(crate) issued_at: Timestamp,
    pub(crate) expires_at: Timestamp,
}

/// What came of using a refresh token.
#[derive(Debug)]
pub(crate) enum Rotation {
    /// For the first time. It is used up if this is committed.
    First(RefreshToken),
    /// Once more: somebody else has it too. All that was issued from the authorization is revoked
    /// (RFC 9700 §4.14.2); to be committed.
    Again,
    /// There is no such token of this client, or it is over.
    Unknown,
}

pub(crate) const TABLE: &str = "
    CREATE TABLE refresh_tokens (
        digest TEXT PRIMARY KEY,
        authorization_id TEXT NOT NULL,
        client_id TEXT NOT NULL,
        issued_at BIGINT NOT NULL,
        expires_at BIGINT NOT NULL,
        used_at BIGINT
    );
    CREATE INDEX refresh_tokens_expiry ON refresh_tokens (expires_at)";

impl RefreshToken {
    pub(crate) async fn issue(
        tx: &mut Tx,
        authorization: &Authorization,
        expires_at: Timestamp,
        now: Timestamp,
        random: &Random,
    ) -> Result<Token, StoreError> {
        let token = Token::issue(random);
        tx.execute(
            "INSERT INTO refresh_tokens (digest, authorization_id, client_id, issued_at, expires_at)
             VALUES ($1, $2, $3, $4, $5)",
            params![
                token.digest(),
                authorization.id,
                &authorization.client_id,
                now,
                expires_at,
            ],
        )
        .await?;
        Ok(token)
    }

    pub(crate) async fn rotate(
        tx: &mut Tx,
        unverified: &Token,
        client_id: &str,
        now: Timestamp,
    ) -> Result<Rotation, StoreError> {
        let first = tx
            .row(
                "UPDATE refresh_tokens SET used_at = $3
                 WHERE digest = $1 AND client_id = $2 AND used_at IS NULL AND expires_at > $3
                 RETURNING *",
                params![unverified.digest(), client_id, now],
            )
            .await?;
        let Some(row) = first else {
            return revoke_reused(tx, unverified, client_id, now).await;
        };
        let authorization = Authorization::find(tx, row.get("authorization_id")?, now).await?;
        let Some(authorization) = authorization else {
            return Ok(Rotation::Unknown);
        };
        Ok(Rotation::First(Self {
            authorization,
            issued_at: row.get("issued_at")?,
            expires_at: row.get("expires_at")?,
        }))
    }

    /// The token, if it is one that can be used now.
    pub(crate) async fn find(
        conn: &mut Conn,
        unverified: &Token,
        now: Timestamp,
    ) -> Result<Option<Self>, StoreError> {
        let row = conn
            .row(
                "SELECT a.*, t.issued_at AS token_issued_at, t.expires_at AS token_expires_at
                 FROM refresh_tokens t JOIN authorizations a ON a.id = t.authorization_id
                 WHERE t.digest = $1 AND t.expires_at > $2 AND t.used_at IS NULL
                   AND a.expires_at > $2 AND a.revoked_at IS NULL",
                params![unverified.digest(), now],
            )
            .await?;
        let Some(row) = row else {
            return Ok(None);
        };
        Ok(Some(Self {
            authorization: Authorization::from_row(&row)?,
            issued_at: row.get("token_issued_at")?,
            expires_at: row.get("token_expires_at")?,
        }))
    }

    /// Ends the authorization of the token with all that was issued from it (RFC 7009 §2.1), if the
    /// token was issued to that client. A used one serves too: its holder wants the end of it.
    pub(crate) async fn revoke(
        tx: &mut Tx,
        unverified: &Token,
        client_id: &str,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let row = tx
            .row(
                "SELECT authorization_id FROM refresh_tokens WHERE digest = $1 AND client_id = $2",
                params![unverified.digest(), client_id],
            )
            .await?;
        let Some(row) = row else {
            return Ok(false);
        };
        Authorization::revoke(tx, row.get("authorization_id")?, now).await?;
        Ok(true)
    }
}

async fn revoke_reused(
    tx: &mut Tx,
    unverified: &Token,
    client_id: &str,
    now: Timestamp,
) -> Result<Rotation, StoreError> {
    let used = tx
        .row(
            "SELECT authorization_id FROM refresh_tokens
             WHERE digest = $1 AND client_id = $2 AND used_at IS NOT NULL",
            params![unverified.digest(), client_id],
        )
        .await?;
    let Some(row) = used else {
        return Ok(Rotation::Unknown);
    };
    let id: Id<Authorization> = row.get("authorization_id")?;
    Authorization::revoke(tx, id, now).await?;
    Ok(Rotation::Again)
}
