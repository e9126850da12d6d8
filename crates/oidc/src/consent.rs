use sallyport_base::{Conn, Id, StoreError, Timestamp, Tx, params};
use sallyport_people::Person;

use crate::scope::Scopes;

/// What a person has allowed a client before, so that they are asked once.
pub(crate) struct Consent;

pub(crate) const TABLE: &str = "
    CREATE TABLE consents (
        person_id TEXT NOT NULL,
        client_id TEXT NOT NULL,
        scope TEXT NOT NULL,
        given_at BIGINT NOT NULL,
        PRIMARY KEY (person_id, client_id)
    )";

impl Consent {
    /// Everything the person ever allowed the client; nothing when they never did.
    pub(crate) async fn given(
        conn: &mut Conn,
        person: Id<Person>,
        client_id: &str,
    ) -> Result<Scopes, StoreError> {
        let row = conn
            .row(
                "SELECT scope FROM consents WHERE person_id = $1 AND client_id = $2",
                params![person, client_id],
            )
            .await?;
        let scope: Option<String> = row.map(|row| row.get("scope")).transpose()?;
        Ok(scope
            .map(|scope| Scopes::known_in(&scope))
            .unwrap_or_default())
    }

    /// Adds to what the person allowed before.
    pub(crate) async fn give(
        tx: &mut Tx,
        person: Id<Person>,
        client_id: &str,
        scopes: &Scopes,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let all = Self::given(tx, person, client_id)
            .await?
            .together_with(scopes);
        tx.execute(
            "INSERT INTO consents (person_id, client_id, scope, given_at) VALUES ($1, $2, $3, $4)
             ON CONFLICT (person_id, client_id)
             DO UPDATE SET scope = excluded.scope, given_at = excluded.given_at",
            params![person, client_id, all.to_string(), now],
        )
        .await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use sallyport_base::{Random, testing::ScratchStore};

    use super::*;
    use crate::SCHEMA;

    #[tokio::test]
    async fn what_was_allowed_is_remembered_for_each_person_and_client() {
        let scratch = ScratchStore::new(&[SCHEMA]).await;
        let now = Timestamp::from_seconds(0);
        let (alice, bruno) = (
            Id::new(now, &Random::system()),
            Id::new(now, &Random::system()),
        );
        let mut tx = scratch.store.begin().await.unwrap();
        for scope in ["openid email", "openid profile"] {
            let scopes = Scopes::known_in(scope);
            Consent::give(&mut tx, alice, "rp", &scopes, now)
                .await
                .unwrap();
        }
        for (person, client_id, given) in [
            (alice, "rp", "openid profile email"),
            (alice, "other", ""),
            (bruno, "rp", ""),
        ] {
            let found = Consent::given(&mut tx, person, client_id).await.unwrap();
            assert_eq!(found.to_string(), given);
        }
    }
}
