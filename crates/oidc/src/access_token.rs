use std::time::Duration;

use sallyport_base::{Conn, Id, Random, StoreError, Timestamp, Token, Tx, params};

use crate::{authorization::Authorization, scope::Scopes};

/// Gluu's default.
pub(crate) const LIFETIME: Duration = Duration::from_secs(300);

/// What opens userinfo, for a short while: 256 random bits that mean nothing without this server.
#[derive(Debug)]
pub(crate) struct AccessToken {
    pub(crate) authorization: Authorization,
    /// At most those of the authorization.
    pub(crate) scopes: Scopes,
    pub(crate) issued_at: Timestamp,
    pub(crate) expires_at: Timestamp,
}

pub(crate) const TABLE: &str = "
    CREATE TABLE access_tokens (
        digest TEXT PRIMARY KEY,
        authorization_id TEXT NOT NULL,
        scope TEXT NOT NULL,
        issued_at BIGINT NOT NULL,
        expires_at BIGINT NOT NULL
    );
    CREATE INDEX access_tokens_expiry ON access_tokens (expires_at)";

impl AccessToken {
    pub(crate) async fn issue(
        tx: &mut Tx,
        authorization: Id<Authorization>,
        scopes: &Scopes,
        now: Timestamp,
        random: &Random,
    ) -> Result<Token, StoreError> {
        let token = Token::issue(random);
        tx.execute(
            "INSERT INTO access_tokens (digest, authorization_id, scope, issued_at, expires_at)
             VALUES ($1, $2, $3, $4, $5)",
            params![
                token.digest(),
                authorization,
                scopes.to_string(),
                now,
                now.plus(LIFETIME),
            ],
        )
        .await?;
        Ok(token)
    }

    /// The token, if it is one that is good now.
    pub(crate) async fn find(
        conn: &mut Conn,
        unverified: &Token,
        now: Timestamp,
    ) -> Result<Option<Self>, StoreError> {
        let row = conn
            .row(
                "SELECT a.*, t.scope AS token_scope, t.issued_at AS token_issued_at,
                        t.expires_at AS token_expires_at
                 FROM access_tokens t JOIN authorizations a ON a.id = t.authorization_id
                 WHERE t.digest = $1 AND t.expires_at > $2
                   AND a.expires_at > $2 AND a.revoked_at IS NULL",
                params![unverified.digest(), now],
            )
            .await?;
        let Some(row) = row else {
            return Ok(None);
        };
        Ok(Some(Self {
            authorization: Authorization::from_row(&row)?,
            scopes: Scopes::known_in(&row.get::<String>("token_scope")?),
            issued_at: row.get("token_issued_at")?,
            expires_at: row.get("token_expires_at")?,
        }))
    }

    /// Ends the token, if it was issued to that client. Others of the same authorization live on.
    pub(crate) async fn revoke(
        tx: &mut Tx,
        unverified: &Token,
        client_id: &str,
    ) -> Result<bool, StoreError> {
        let removed = tx
            .execute(
                "DELETE FROM access_tokens WHERE digest = $1 AND authorization_id IN
                 (SELECT id FROM authorizations WHERE client_id = $2)",
                params![unverified.digest(), client_id],
            )
            .await?;
        Ok(removed > 0)
    }
}
