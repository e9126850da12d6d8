use std::time::Duration;

use sallyport_base::{Conn, Id, Row, StoreError, Timestamp, Tx, params};
use sallyport_flow::{Authentication, BrowserSession};
use sallyport_people::Person;

use crate::scope::{Scope, Scopes};

/// That a person, signed in at one browser, let one client in. Codes and tokens are issued from it
/// and die with it.
#[derive(Clone, Debug)]
pub(crate) struct Authorization {
    pub(crate) id: Id<Authorization>,
    pub(crate) client_id: String,
    pub(crate) person_id: Id<Person>,
    pub(crate) session_id: Id<BrowserSession>,
    pub(crate) scopes: Scopes,
    /// What the person proved, as ID tokens tell it.
    pub(crate) acr: String,
    pub(crate) amr: Vec<String>,
    pub(crate) auth_time: Timestamp,
    /// When nothing issued from it can be good any more.
    pub(crate) expires_at: Timestamp,
}

pub(crate) const TABLE: &str = "
    CREATE TABLE authorizations (
        id TEXT PRIMARY KEY,
        client_id TEXT NOT NULL,
        person_id TEXT NOT NULL,
        session_id TEXT NOT NULL,
        scope TEXT NOT NULL,
        acr TEXT NOT NULL,
        amr TEXT NOT NULL,
        auth_time BIGINT NOT NULL,
        offline BOOLEAN NOT NULL,
        created_at BIGINT NOT NULL,
        expires_at BIGINT NOT NULL,
        revoked_at BIGINT
    );
    CREATE INDEX authorizations_session ON authorizations (session_id);
    CREATE INDEX authorizations_expiry ON authorizations (expires_at)";

/// What a new authorization is made of.
pub(crate) struct NewAuthorization<'a> {
    pub(crate) client_id: &'a str,
    pub(crate) session: &'a BrowserSession,
    pub(crate) authentication: &'a Authentication,
    pub(crate) scopes: Scopes,
    pub(crate) lifetime: Duration,
}

impl Authorization {
    pub(crate) async fn add(
        tx: &mut Tx,
        id: Id<Self>,
        new: NewAuthorization<'_>,
        now: Timestamp,
    ) -> Result<Self, StoreError> {
        let authorization = Self {
            id,
            client_id: new.client_id.to_owned(),
            person_id: new.session.person_id,
            session_id: new.session.id,
            scopes: new.scopes,
            acr: new.authentication.acr.clone(),
            amr: new.authentication.amr.clone(),
            auth_time: new.authentication.at,
            expires_at: now.plus(new.lifetime),
        };
        authorization.insert(tx, now).await?;
        Ok(authorization)
    }

    /// The authorization, unless it was revoked or has expired.
    pub(crate) async fn find(
        conn: &mut Conn,
        id: Id<Self>,
        now: Timestamp,
    ) -> Result<Option<Self>, StoreError> {
        let row = conn
            .row(
                "SELECT * FROM authorizations
                 WHERE id = $1 AND revoked_at IS NULL AND expires_at > $2",
                params![id, now],
            )
            .await?;
        row.map(|row| Self::from_row(&row)).transpose()
    }

    /// Ends it with all that was issued from it.
    pub(crate) async fn revoke(
        tx: &mut Tx,
        id: Id<Self>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        tx.execute(
            "UPDATE authorizations SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL",
            params![id, now],
        )
        .await?;
        Ok(())
    }

    /// Ends those of a browser session that is over, except what was allowed to outlive it
    /// (`offline_access`).
    pub(crate) async fn revoke_of_session(
        tx: &mut Tx,
        session: Id<BrowserSession>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        tx.execute(
            "UPDATE authorizations SET revoked_at = $2
             WHERE session_id = $1 AND revoked_at IS NULL AND NOT offline",
            params![session, now],
        )
        .await?;
        Ok(())
    }

    /// Follows a session that got a new id, so that its end finds them.
    pub(crate) async fn move_to_session(
        tx: &mut Tx,
        from: Id<BrowserSession>,
        to: Id<BrowserSession>,
    ) -> Result<(), StoreError> {
        tx.execute(
            "UPDATE authorizations SET session_id = $2 WHERE session_id = $1",
            params![from, to],
        )
        .await?;
        Ok(())
    }

    pub(crate) fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.get("id")?,
            client_id: row.get("client_id")?,
            person_id: row.get("person_id")?,
            session_id: row.get("session_id")?,
            scopes: Scopes::known_in(&row.get::<String>("scope")?),
            acr: row.get("acr")?,
            amr: crate::stored::json(row, "amr")?,
            auth_time: row.get("auth_time")?,
            expires_at: row.get("expires_at")?,
        })
    }

    async fn insert(&self, tx: &mut Tx, now: Timestamp) -> Result<(), StoreError> {
        tx.execute(
            "INSERT INTO authorizations (id, client_id, person_id, session_id, scope, acr, amr,
             auth_time, offline, created_at, expires_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
            params![
                self.id,
                &self.client_id,
                self.person_id,
                self.session_id,
                self.scopes.to_string(),
                &self.acr,
                crate::stored::to_json(&self.amr),
                self.auth_time,
                self.scopes.contains(Scope::OfflineAccess),
                now,
                self.expires_at,
            ],
        )
        .await?;
        Ok(())
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use sallyport_base::{Random, testing::ScratchStore};

    use super::*;
    use crate::SCHEMA;

    pub(crate) const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

    pub(crate) fn session() -> BrowserSession {
        let proof = Authentication {
            acr: "stytch".to_owned(),
            level: 0,
            steps: 2,
            at: NOW,
            amr: vec!["0".to_owned()],
            without_password: false,
            instead_of: Vec::new(),
        };
        BrowserSession {
            id: Id::new(NOW, &Random::system()),
            person_id: Id::new(NOW, &Random::system()),
            auth_time: NOW,
            authentications: vec![proof],
        }
    }

    /// An authorization of four hours for the client `rp`.
    pub(crate) async fn authorized(
        tx: &mut Tx,
        session: &BrowserSession,
        scope: &str,
    ) -> Authorization {
        let new = NewAuthorization {
            client_id: "rp",
            session,
            authentication: &session.authentications[0],
            scopes: Scopes::known_in(scope),
            lifetime: Duration::from_secs(14_700),
        };
        let id = Id::new(NOW, &Random::system());
        Authorization::add(tx, id, new, NOW).await.unwrap()
    }

    async fn lives(scratch: &ScratchStore, authorization: &Authorization, now: Timestamp) -> bool {
        let mut reader = scratch.store.reader().await.unwrap();
        let found = Authorization::find(&mut reader, authorization.id, now).await;
        found.unwrap().is_some()
    }

    #[tokio::test]
    async fn the_end_of_a_session_ends_what_was_not_to_outlive_it() {
        let scratch = ScratchStore::new(&[SCHEMA]).await;
        let (mine, other) = (session(), session());
        let mut tx = scratch.store.begin().await.unwrap();
        let online = authorized(&mut tx, &mine, "openid").await;
        let offline = authorized(&mut tx, &mine, "openid offline_access").await;
        let elsewhere = authorized(&mut tx, &other, "openid").await;
        Authorization::revoke_of_session(&mut tx, mine.id, NOW)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        assert!(!lives(&scratch, &online, NOW).await);
        assert!(lives(&scratch, &offline, NOW).await);
        assert!(lives(&scratch, &elsewhere, NOW).await);
    }

    #[tokio::test]
    async fn an_authorization_follows_its_session_to_a_new_id() {
        let scratch = ScratchStore::new(&[SCHEMA]).await;
        let (before, after) = (session(), session());
        let mut tx = scratch.store.begin().await.unwrap();
        let authorization = authorized(&mut tx, &before, "openid").await;
        Authorization::move_to_session(&mut tx, before.id, after.id)
            .await
            .unwrap();
        Authorization::revoke_of_session(&mut tx, after.id, NOW)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        assert!(!lives(&scratch, &authorization, NOW).await);
    }

    #[tokio::test]
    async fn an_authorization_ends_in_time() {
        let scratch = ScratchStore::new(&[SCHEMA]).await;
        let mut tx = scratch.store.begin().await.unwrap();
        let authorization = authorized(&mut tx, &session(), "openid").await;
        tx.commit().await.unwrap();
        let end = authorization.expires_at;
        assert!(lives(&scratch, &authorization, end.minus(Duration::from_secs(1))).await);
        assert!(!lives(&scratch, &authorization, end).await);
    }
}
