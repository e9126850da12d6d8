use std::time::Duration;

use sallyport_base::{Id, Random, StoreError, Timestamp, Token, Tx, params};

use crate::{authorization::Authorization, pkce::Challenge};

/// How long a code can be redeemed (RFC 6749 §4.1.2 asks for minutes at most).
pub(crate) const LIFETIME: Duration = Duration::from_secs(60);

/// What the browser carries to the client, and the client exchanges for tokens once.
#[derive(Debug)]
pub(crate) struct AuthorizationCode {
    pub(crate) authorization: Authorization,
    pub(crate) redirect_uri: String,
    pub(crate) challenge: Option<Challenge>,
    pub(crate) nonce: Option<String>,
    pub(crate) expires_at: Timestamp,
}

/// What came of redeeming a code. Each of them is to be committed.
#[derive(Debug)]
pub(crate) enum Redemption {
    /// For the first time. The code is used up now, whatever is found wrong with it later.
    First(Box<AuthorizationCode>),
    /// Once more: what was issued from it is revoked (RFC 6749 §4.1.2).
    Again,
    /// There is no such code, or what it was issued from is over.
    Unknown,
}

/// How a code is bound to the request that it answers.
pub(crate) struct Binding<'a> {
    pub(crate) redirect_uri: &'a str,
    pub(crate) challenge: Option<&'a Challenge>,
    pub(crate) nonce: Option<&'a str>,
}

pub(crate) const TABLE: &str = "
    CREATE TABLE authorization_codes (
        digest TEXT PRIMARY KEY,
        authorization_id TEXT NOT NULL,
        redirect_uri TEXT NOT NULL,
        challenge TEXT,
        nonce TEXT,
        expires_at BIGINT NOT NULL,
        used_at BIGINT,
        kept_until BIGINT NOT NULL
    );
    CREATE INDEX authorization_codes_kept ON authorization_codes (kept_until)";

impl AuthorizationCode {
    pub(crate) async fn issue(
        tx: &mut Tx,
        authorization: &Authorization,
        binding: Binding<'_>,
        now: Timestamp,
        random: &Random,
    ) -> Result<Token, StoreError> {
        let code = Token::issue(random);
        tx.execute(
            "INSERT INTO authorization_codes (digest, authorization_id, redirect_uri, challenge,
             nonce, expires_at, kept_until) VALUES ($1, $2, $3, $4, $5, $6, $7)",
            params![
                code.digest(),
                authorization.id,
                binding.redirect_uri,
                binding.challenge.map(Challenge::as_str),
                binding.nonce,
                now.plus(LIFETIME),
                // A replay is noticed as long as something is there to revoke.
                authorization.expires_at,
            ],
        )
        .await?;
        Ok(code)
    }

    pub(crate) async fn redeem(
        tx: &mut Tx,
        unverified: &Token,
        now: Timestamp,
    ) -> Result<Redemption, StoreError> {
        let digest = unverified.digest();
        let first = tx
            .row(
                "UPDATE authorization_codes SET used_at = $2
                 WHERE digest = $1 AND used_at IS NULL RETURNING *",
                params![&digest, now],
            )
            .await?;
        let Some(row) = first else {
            return revoke_replayed(tx, &digest, now).await;
        };
        let authorization = Authorization::find(tx, row.get("authorization_id")?, now).await?;
        let Some(authorization) = authorization else {
            return Ok(Redemption::Unknown);
        };
        Ok(Redemption::First(Box::new(Self {
            authorization,
            redirect_uri: row.get("redirect_uri")?,
            challenge: row
                .get::<Option<String>>("challenge")?
                .map(Challenge::from_store),
            nonce: row.get("nonce")?,
            expires_at: row.get("expires_at")?,
        })))
    }
}

async fn revoke_replayed(
    tx: &mut Tx,
    digest: &sallyport_base::Digest,
    now: Timestamp,
) -> Result<Redemption, StoreError> {
    let used = tx
        .row(
            "SELECT authorization_id FROM authorization_codes WHERE digest = $1",
            params![digest],
        )
        .await?;
    let Some(row) = used else {
        return Ok(Redemption::Unknown);
    };
    let id: Id<Authorization> = row.get("authorization_id")?;
    Authorization::revoke(tx, id, now).await?;
    Ok(Redemption::Again)
}
