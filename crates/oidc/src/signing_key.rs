use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use sallyport_base::{Conn, Row, Store, StoreError, Timestamp, Tx, Vault, VaultError, params};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::jose::{Algorithm, KeyError, SigningKey, Unverified};

/// How long a node signs with what it last read of the store: so long a rotation takes at most to
/// be followed everywhere.
const FRESH: Duration = Duration::from_secs(5);

/// How long a key that signs no more is published and believed. An ID token of a browser session
/// that lives (24 hours) and of its last hour must still end that session as `id_token_hint`.
const KEPT: Duration = Duration::from_secs(25 * 60 * 60);

const PURPOSE: &str = "signing key";

/// Why there is no key to sign with.
#[derive(Debug, thiserror::Error)]
pub enum SigningKeyError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("a signing key of the store cannot be opened: {0}")]
    Vault(VaultError),
    #[error(transparent)]
    Key(#[from] KeyError),
    #[error("there is no active signing key for {0}")]
    Absent(&'static str),
    #[error("the thread that made a signing key died")]
    Thread,
}

/// The text holds the cause, which is therefore no source of its own.
impl From<VaultError> for SigningKeyError {
    fn from(cause: VaultError) -> Self {
        Self::Vault(cause)
    }
}

pub(crate) const TABLE: &str = "
    CREATE TABLE signing_keys (
        kid TEXT PRIMARY KEY,
        algorithm TEXT NOT NULL,
        sealed TEXT NOT NULL,
        jwk TEXT NOT NULL,
        created_at BIGINT NOT NULL,
        retired_at BIGINT
    );
    CREATE UNIQUE INDEX signing_keys_active ON signing_keys (algorithm) WHERE retired_at IS NULL";

/// The keys that ID tokens are signed with, one active for each algorithm, kept in the store and
/// parsed once.
#[derive(Clone)]
pub(crate) struct Keyring {
    store: Store,
    vault: Vault,
    known: Arc<Mutex<Known>>,
}

#[derive(Clone, Default)]
struct Known {
    read_at: Option<Timestamp>,
    keys: Arc<[KnownKey]>,
}

struct KnownKey {
    key: Arc<SigningKey>,
    is_active: bool,
}

impl Keyring {
    /// Opens the keys of the store, and makes those that are missing, as at the first start.
    pub(crate) async fn open(
        store: &Store,
        vault: &Vault,
        now: Timestamp,
    ) -> Result<Self, SigningKeyError> {
        make_missing(store, vault, now).await?;
        let keyring = Self {
            store: store.clone(),
            vault: vault.clone(),
            known: Arc::default(),
        };
        keyring.read(now).await?;
        Ok(keyring)
    }

    /// The key to sign with.
    pub(crate) async fn active(
        &self,
        algorithm: Algorithm,
        now: Timestamp,
    ) -> Result<Arc<SigningKey>, SigningKeyError> {
        let keys = self.no_older_than(FRESH, now).await?;
        keys.iter()
            .find(|known| known.is_active && known.key.algorithm() == algorithm)
            .map(|known| known.key.clone())
            .ok_or(SigningKeyError::Absent(algorithm.name()))
    }

    /// The claims of a token that one of our keys signed; `None` for any other text.
    pub(crate) async fn verified<C: serde::de::DeserializeOwned>(
        &self,
        token: &str,
        now: Timestamp,
    ) -> Result<Option<C>, SigningKeyError> {
        let Some((token, kid)) = Unverified::parse(token)
            .and_then(|token| token.kid().map(str::to_owned).map(|kid| (token, kid)))
        else {
            return Ok(None);
        };
        let key = self.find(&kid, now).await?;
        Ok(key.and_then(|key| token.verified_by(&key)))
    }

    /// The public keys as RFC 7517 §5 writes them. Always read from the store: another node may
    /// have signed with a key that was made a moment ago.
    pub(crate) async fn jwk_set(&self) -> Result<Value, StoreError> {
        let mut reader = self.store.reader().await?;
        let rows = reader
            .rows(
                "SELECT jwk FROM signing_keys ORDER BY retired_at IS NOT NULL, created_at DESC, kid",
                params![],
            )
            .await?;
        let keys: Result<Vec<Value>, _> = rows
            .iter()
            .map(|row| crate::stored::json(row, "jwk"))
            .collect();
        Ok(json!({ "keys": keys? }))
    }

    /// Looks again in the store for a `kid` that is not known, but not more than once a second.
    async fn find(
        &self,
        kid: &str,
        now: Timestamp,
    ) -> Result<Option<Arc<SigningKey>>, SigningKeyError> {
        for age in [FRESH, Duration::from_secs(1)] {
            let keys = self.no_older_than(age, now).await?;
            if let Some(known) = keys.iter().find(|known| known.key.kid() == kid) {
                return Ok(Some(known.key.clone()));
            }
        }
        Ok(None)
    }

    async fn no_older_than(
        &self,
        age: Duration,
        now: Timestamp,
    ) -> Result<Arc<[KnownKey]>, SigningKeyError> {
        let known = self.known();
        match known.read_at {
            Some(read_at) if now.since(read_at) <= age => Ok(known.keys),
            _ => self.read(now).await,
        }
    }

    async fn read(&self, now: Timestamp) -> Result<Arc<[KnownKey]>, SigningKeyError> {
        let rows = self
            .store
            .reader()
            .await?
            .rows("SELECT * FROM signing_keys", params![])
            .await?;
        let before = self.known().keys;
        let keys: Result<Arc<[KnownKey]>, _> = rows
            .iter()
            .map(|row| self.known_key(row, &before))
            .collect();
        let keys = keys?;
        *self.known.lock().unwrap_or_else(PoisonError::into_inner) = Known {
            read_at: Some(now),
            keys: keys.clone(),
        };
        Ok(keys)
    }

    /// Unsealing and parsing a key takes milliseconds, so it is done once.
    fn known_key(&self, row: &Row, before: &[KnownKey]) -> Result<KnownKey, SigningKeyError> {
        let kid: String = row.get("kid")?;
        let same = before.iter().find(|known| known.key.kid() == kid);
        let key = match same {
            Some(known) => known.key.clone(),
            None => Arc::new(unsealed(row, &self.vault)?),
        };
        let retired_at: Option<Timestamp> = row.get("retired_at")?;
        Ok(KnownKey {
            key,
            is_active: retired_at.is_none(),
        })
    }

    fn known(&self) -> Known {
        self.known
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

fn unsealed(row: &Row, vault: &Vault) -> Result<SigningKey, SigningKeyError> {
    let algorithm: String = row.get("algorithm")?;
    let algorithm = Algorithm::named(&algorithm).ok_or(KeyError)?;
    let pkcs8 = vault.open(PURPOSE, &row.get::<String>("sealed")?)?;
    Ok(SigningKey::from_pkcs8(algorithm, &pkcs8)?)
}

/// Makes a new active key for each algorithm. The old ones sign no more; they stay published for
/// 25 hours, and what they signed stays good. Returns the ids of the new keys.
///
/// Nodes that run follow within seconds.
pub async fn rotate_keys(
    store: &Store,
    vault: &Vault,
    now: Timestamp,
) -> Result<Vec<String>, SigningKeyError> {
    let mut made = Vec::new();
    for algorithm in Algorithm::ALL {
        made.push(NewKey::make(algorithm, vault).await?);
    }
    let mut tx = store.begin().await?;
    tx.execute(
        "UPDATE signing_keys SET retired_at = $1 WHERE retired_at IS NULL",
        params![now],
    )
    .await?;
    for key in &made {
        key.insert_if_missing(&mut tx, now).await?;
    }
    tx.commit().await?;
    let kids: Vec<String> = made.into_iter().map(|key| key.kid).collect();
    tracing::info!(event = "keys.rotated", keys = ?kids, "signing keys were rotated");
    Ok(kids)
}

/// Removes the keys that nothing in use was signed with any more.
pub(crate) async fn purge(store: &Store, now: Timestamp) -> Result<(), StoreError> {
    let mut tx = store.begin().await?;
    tx.execute(
        "DELETE FROM signing_keys WHERE retired_at < $1",
        params![now.minus(KEPT)],
    )
    .await?;
    tx.commit().await
}

async fn make_missing(store: &Store, vault: &Vault, now: Timestamp) -> Result<(), SigningKeyError> {
    for algorithm in Algorithm::ALL {
        if !has_active(&mut *store.reader().await?, algorithm).await? {
            let key = NewKey::make(algorithm, vault).await?;
            let mut tx = store.begin().await?;
            key.insert_if_missing(&mut tx, now).await?;
            tx.commit().await?;
        }
    }
    Ok(())
}

async fn has_active(conn: &mut Conn, algorithm: Algorithm) -> Result<bool, StoreError> {
    let row = conn
        .row(
            "SELECT kid FROM signing_keys WHERE algorithm = $1 AND retired_at IS NULL",
            params![algorithm.name()],
        )
        .await?;
    Ok(row.is_some())
}

struct NewKey {
    kid: String,
    algorithm: Algorithm,
    sealed: String,
    jwk: String,
}

impl NewKey {
    async fn make(algorithm: Algorithm, vault: &Vault) -> Result<Self, SigningKeyError> {
        let generated = tokio::task::spawn_blocking(move || generate(algorithm));
        let (pkcs8, key) = generated.await.map_err(|_| SigningKeyError::Thread)??;
        Ok(Self {
            kid: key.kid().to_owned(),
            algorithm,
            sealed: vault.seal(PURPOSE, &pkcs8),
            jwk: key.jwk().to_string(),
        })
    }

    /// When another node was faster, its key is the one.
    async fn insert_if_missing(&self, tx: &mut Tx, now: Timestamp) -> Result<(), StoreError> {
        tx.execute(
            "INSERT INTO signing_keys (kid, algorithm, sealed, jwk, created_at)
             VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
            params![
                &self.kid,
                self.algorithm.name(),
                &self.sealed,
                &self.jwk,
                now
            ],
        )
        .await?;
        Ok(())
    }
}

fn generate(algorithm: Algorithm) -> Result<(Zeroizing<Vec<u8>>, SigningKey), KeyError> {
    let pkcs8 = SigningKey::generate(algorithm)?;
    let key = SigningKey::from_pkcs8(algorithm, &pkcs8)?;
    Ok((pkcs8, key))
}

#[cfg(test)]
mod tests {
    use sallyport_base::{Schema, testing::ScratchStore};

    use super::*;
    use crate::jose;

    const SCHEMA: Schema = Schema {
        name: "signing_keys",
        steps: &[TABLE],
    };

    fn vault() -> Vault {
        Vault::from_key([7; 32])
    }

    const START: Timestamp = Timestamp::from_seconds(1_800_000_000);

    fn kids(set: &Value) -> Vec<String> {
        let keys = set["keys"].as_array().unwrap();
        keys.iter()
            .map(|key| key["kid"].as_str().unwrap().to_owned())
            .collect()
    }

    async fn signed(keyring: &Keyring, now: Timestamp) -> String {
        let key = keyring.active(Algorithm::Es256, now).await.unwrap();
        jose::sign(&key, &json!({ "sub": "x" })).unwrap()
    }

    #[tokio::test]
    async fn the_keys_of_the_first_start_stay() {
        let scratch = ScratchStore::new(&[SCHEMA]).await;
        let first = Keyring::open(&scratch.store, &vault(), START)
            .await
            .unwrap();
        let second = Keyring::open(&scratch.store, &vault(), START)
            .await
            .unwrap();
        let set = first.jwk_set().await.unwrap();
        assert_eq!(set["keys"].as_array().unwrap().len(), 3);
        assert_eq!(set, second.jwk_set().await.unwrap());
        for algorithm in Algorithm::ALL {
            let (one, other) = (
                first.active(algorithm, START).await.unwrap(),
                second.active(algorithm, START).await.unwrap(),
            );
            assert_eq!(one.kid(), other.kid());
        }
    }

    #[tokio::test]
    async fn two_nodes_that_start_together_agree_on_the_keys() {
        let scratch = ScratchStore::new(&[SCHEMA]).await;
        let vault = vault();
        let (one, other) = tokio::join!(
            Keyring::open(&scratch.store, &vault, START),
            Keyring::open(&scratch.store, &vault, START)
        );
        let (one, other) = (one.unwrap(), other.unwrap());
        assert_eq!(kids(&one.jwk_set().await.unwrap()).len(), 3);
        let later = START.plus(FRESH * 2);
        let token = signed(&one, later).await;
        assert!(
            other
                .verified::<Value>(&token, later)
                .await
                .unwrap()
                .is_some()
        );
    }

    #[tokio::test]
    async fn a_rotation_is_followed_and_old_tokens_stay_good() {
        let scratch = ScratchStore::new(&[SCHEMA]).await;
        let keyring = Keyring::open(&scratch.store, &vault(), START)
            .await
            .unwrap();
        let old = signed(&keyring, START).await;
        let before = kids(&keyring.jwk_set().await.unwrap());

        let now = START.plus(Duration::from_secs(60));
        let made = rotate_keys(&scratch.store, &vault(), now).await.unwrap();

        let after = kids(&keyring.jwk_set().await.unwrap());
        assert_eq!(after.len(), 6);
        assert!(before.iter().chain(&made).all(|kid| after.contains(kid)));
        let key = keyring.active(Algorithm::Rs256, now).await.unwrap();
        assert!(made.contains(&key.kid().to_owned()));
        assert!(
            keyring
                .verified::<Value>(&old, now)
                .await
                .unwrap()
                .is_some()
        );
    }

    #[tokio::test]
    async fn a_token_of_a_key_made_elsewhere_a_moment_ago_is_believed() {
        let scratch = ScratchStore::new(&[SCHEMA]).await;
        let keyring = Keyring::open(&scratch.store, &vault(), START)
            .await
            .unwrap();
        rotate_keys(&scratch.store, &vault(), START).await.unwrap();
        let elsewhere = Keyring::open(&scratch.store, &vault(), START)
            .await
            .unwrap();
        let token = signed(&elsewhere, START).await;
        let later = START.plus(Duration::from_secs(2));
        assert!(
            keyring
                .verified::<Value>(&token, later)
                .await
                .unwrap()
                .is_some()
        );
    }

    #[tokio::test]
    async fn a_retired_key_is_forgotten_when_nothing_it_signed_is_in_use() {
        let scratch = ScratchStore::new(&[SCHEMA]).await;
        let keyring = Keyring::open(&scratch.store, &vault(), START)
            .await
            .unwrap();
        let old = signed(&keyring, START).await;
        rotate_keys(&scratch.store, &vault(), START).await.unwrap();
        for (after, left) in [(KEPT, 6), (KEPT + Duration::from_secs(1), 3)] {
            purge(&scratch.store, START.plus(after)).await.unwrap();
            assert_eq!(kids(&keyring.jwk_set().await.unwrap()).len(), left);
        }
        let later = START.plus(KEPT * 2);
        assert_eq!(keyring.verified::<Value>(&old, later).await.unwrap(), None);
    }

    #[tokio::test]
    async fn another_key_file_is_said_to_be_the_wrong_one() {
        let scratch = ScratchStore::new(&[SCHEMA]).await;
        Keyring::open(&scratch.store, &vault(), START)
            .await
            .unwrap();
        let other = Vault::from_key([8; 32]);
        let error = Keyring::open(&scratch.store, &other, START)
            .await
            .err()
            .unwrap();
        assert!(matches!(error, SigningKeyError::Vault(_)));
        assert!(error.to_string().contains("key file"));
    }
}
