use std::{collections::BTreeSet, pin::Pin};

use sallyport_base::{Conn, Digest, Random, Row, Store, StoreError, Timestamp, Token, Tx, params};
use sallyport_flow::ClientForScripts;
use serde::{Deserialize, Serialize};

use crate::{
    jose::Algorithm,
    redirect_uri::{BadRedirectUri, RedirectUri},
    scope::Scopes,
};

/// An application that people sign in to.
#[derive(Clone, Debug)]
pub struct Client {
    /// The `client_id`.
    pub id: String,
    pub registration: Registration,
    pub created_at: Timestamp,
    /// Of the secret; a public client has none.
    secret: Option<Digest>,
}

/// What was agreed with a client, by the names of RFC 7591 §2 and OpenID Connect Registration §2.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Registration {
    /// What people read when they are asked to allow something.
    pub client_name: String,
    pub redirect_uris: Vec<RedirectUri>,
    pub post_logout_redirect_uris: Vec<RedirectUri>,
    pub token_endpoint_auth_method: AuthMethod,
    pub grant_types: BTreeSet<GrantType>,
    /// The most that the client can be allowed.
    pub scope: Scopes,
    /// The login methods for requests that ask for none, the preferred one first.
    pub default_acr_values: Vec<String>,
    pub id_token_signed_response_alg: Algorithm,
    /// People are not asked whether they allow it what it asks for, unless it sends
    /// `prompt=consent`. For the applications of the organisation itself.
    pub trusted: bool,
}

/// How a client proves itself at the token endpoint (RFC 6749 §2.3, RFC 7591 §2).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuthMethod {
    ClientSecretBasic,
    ClientSecretPost,
    /// A public client: it cannot keep a secret, and must use PKCE.
    None,
}

impl AuthMethod {
    pub const ALL: [Self; 3] = [Self::ClientSecretBasic, Self::ClientSecretPost, Self::None];

    pub const fn name(self) -> &'static str {
        match self {
            Self::ClientSecretBasic => "client_secret_basic",
            Self::ClientSecretPost => "client_secret_post",
            Self::None => "none",
        }
    }
}

/// What a client may exchange for tokens (RFC 6749 §1.3).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GrantType {
    AuthorizationCode,
    RefreshToken,
}

impl GrantType {
    pub const ALL: [Self; 2] = [Self::AuthorizationCode, Self::RefreshToken];

    pub const fn name(self) -> &'static str {
        match self {
            Self::AuthorizationCode => "authorization_code",
            Self::RefreshToken => "refresh_token",
        }
    }
}

/// Why a client cannot be registered.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    #[error("there is a client {0:?} already")]
    Duplicate(String),
    #[error("the client id {0:?} must have 1 to 128 letters, digits or characters of -._~!@")]
    Id(String),
    #[error("the client name must have 1 to 128 characters and no control characters")]
    Name,
    #[error("a client needs at least one redirect address")]
    NoRedirectUri,
    #[error(transparent)]
    RedirectUri(#[from] BadRedirectUri),
    #[error("a client needs the grant type authorization_code")]
    GrantTypes,
    #[error("a client needs at least one scope")]
    NoScope,
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Default for Registration {
    /// A confidential client with Basic authentication and the scopes `openid profile email`.
    fn default() -> Self {
        Self {
            client_name: String::new(),
            redirect_uris: Vec::new(),
            post_logout_redirect_uris: Vec::new(),
            token_endpoint_auth_method: AuthMethod::ClientSecretBasic,
            grant_types: BTreeSet::from([GrantType::AuthorizationCode]),
            scope: Scopes::known_in("openid profile email"),
            default_acr_values: Vec::new(),
            id_token_signed_response_alg: Algorithm::default(),
            trusted: false,
        }
    }
}

impl Registration {
    fn check(&self) -> Result<(), ClientError> {
        let name = self.client_name.chars();
        if !(1..=128).contains(&name.clone().count()) || name.clone().any(char::is_control) {
            return Err(ClientError::Name);
        }
        if self.redirect_uris.is_empty() {
            return Err(ClientError::NoRedirectUri);
        }
        for uri in self
            .redirect_uris
            .iter()
            .chain(&self.post_logout_redirect_uris)
        {
            RedirectUri::check(uri.as_str())?;
        }
        if !self.grant_types.contains(&GrantType::AuthorizationCode) {
            return Err(ClientError::GrantTypes);
        }
        if self.scope.is_empty() {
            return Err(ClientError::NoScope);
        }
        Ok(())
    }

    const fn needs_secret(&self) -> bool {
        !matches!(self.token_endpoint_auth_method, AuthMethod::None)
    }
}

pub(crate) const TABLE: &str = "
    CREATE TABLE clients (
        id TEXT PRIMARY KEY,
        secret TEXT,
        registration TEXT NOT NULL,
        created_at BIGINT NOT NULL
    )";

impl Client {
    pub async fn find(conn: &mut Conn, id: &str) -> Result<Option<Self>, StoreError> {
        let row = conn
            .row("SELECT * FROM clients WHERE id = $1", params![id])
            .await?;
        row.map(|row| Self::from_row(&row)).transpose()
    }

    /// The client of that id as login scripts may see it: nothing that proves it, and nothing that
    /// they could change.
    pub fn for_scripts(
        store: Store,
        id: String,
    ) -> Pin<Box<dyn Future<Output = Result<Option<ClientForScripts>, StoreError>> + Send>> {
        Box::pin(async move {
            let found = Self::find(&mut *store.reader().await?, &id).await?;
            Ok(found.map(|client| client.shown()))
        })
    }

    fn shown(self) -> ClientForScripts {
        let texts =
            |uris: Vec<RedirectUri>| uris.iter().map(|uri| uri.as_str().to_owned()).collect();
        let Registration {
            client_name,
            redirect_uris,
            post_logout_redirect_uris,
            scope,
            default_acr_values,
            trusted,
            ..
        } = self.registration;
        ClientForScripts {
            id: self.id,
            name: client_name,
            redirect_uris: texts(redirect_uris),
            post_logout_redirect_uris: texts(post_logout_redirect_uris),
            scopes: scope.iter().map(|scope| scope.name().to_owned()).collect(),
            default_acr_values,
            trusted,
        }
    }

    /// Every client in the order of the ids.
    pub async fn list(conn: &mut Conn) -> Result<Vec<Self>, StoreError> {
        let rows = conn
            .rows("SELECT * FROM clients ORDER BY id", params![])
            .await?;
        rows.iter().map(Self::from_row).collect()
    }

    /// Registers a client. The secret of a confidential one is returned here and never again.
    pub async fn add(
        tx: &mut Tx,
        id: &str,
        registration: Registration,
        now: Timestamp,
        random: &Random,
    ) -> Result<(Self, Option<Token>), ClientError> {
        check_id(id)?;
        registration.check()?;
        let secret = registration.needs_secret().then(|| Token::issue(random));
        let client = Self {
            id: id.to_owned(),
            registration,
            created_at: now,
            secret: secret.as_ref().map(Token::digest),
        };
        if !client.insert(tx).await? {
            return Err(ClientError::Duplicate(client.id));
        }
        Ok((client, secret))
    }

    /// Registers a client, or gives the one of that id another registration: what it was issued
    /// and what people allowed it stay, and so does its secret. A confidential client that had no
    /// secret gets one, which is returned.
    pub async fn put(
        tx: &mut Tx,
        id: &str,
        registration: Registration,
        now: Timestamp,
        random: &Random,
    ) -> Result<(Self, Option<Token>), ClientError> {
        let Some(mut client) = Self::find(tx, id).await? else {
            return Self::add(tx, id, registration, now, random).await;
        };
        registration.check()?;
        let lacks_secret = registration.needs_secret() && client.secret.is_none();
        let secret = lacks_secret.then(|| Token::issue(random));
        if let Some(secret) = &secret {
            client.secret = Some(secret.digest());
        }
        client.registration = registration;
        client.update(tx).await?;
        Ok((client, secret))
    }

    /// Removes a client with all that it was issued and allowed. Whether there was one.
    pub async fn remove(tx: &mut Tx, id: &str) -> Result<bool, StoreError> {
        for sql in [
            "DELETE FROM access_tokens WHERE authorization_id IN
             (SELECT id FROM authorizations WHERE client_id = $1)",
            "DELETE FROM refresh_tokens WHERE authorization_id IN
             (SELECT id FROM authorizations WHERE client_id = $1)",
            "DELETE FROM authorization_codes WHERE authorization_id IN
             (SELECT id FROM authorizations WHERE client_id = $1)",
            "DELETE FROM authorizations WHERE client_id = $1",
            "DELETE FROM consents WHERE client_id = $1",
        ] {
            tx.execute(sql, params![id]).await?;
        }
        let removed = tx
            .execute("DELETE FROM clients WHERE id = $1", params![id])
            .await?;
        Ok(removed > 0)
    }

    pub const fn is_public(&self) -> bool {
        !self.registration.needs_secret()
    }

    pub fn may_use(&self, grant_type: GrantType) -> bool {
        self.registration.grant_types.contains(&grant_type)
    }

    /// Only a public client may choose a loopback port: it is the native application that RFC 8252
    /// speaks of, and PKCE keeps its codes from whoever listens at another port.
    pub fn may_redirect_to(&self, uri: &str) -> bool {
        self.registration
            .redirect_uris
            .iter()
            .any(|known| known.is(uri) || (self.is_public() && known.is_at_some_port(uri)))
    }

    pub fn may_redirect_after_logout_to(&self, uri: &str) -> bool {
        self.registration
            .post_logout_redirect_uris
            .iter()
            .any(|known| known.is(uri))
    }

    /// Whether this is the client's secret, in the same time for every wrong one.
    pub fn has_secret(&self, unverified: &Token) -> bool {
        let digest = unverified.digest();
        self.secret.as_ref().is_some_and(|known| {
            sallyport_base::constant_time_eq(known.as_str().as_bytes(), digest.as_str().as_bytes())
        })
    }

    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.get("id")?,
            registration: crate::stored::json(row, "registration")?,
            created_at: row.get("created_at")?,
            secret: row.get("secret")?,
        })
    }

    async fn insert(&self, tx: &mut Tx) -> Result<bool, StoreError> {
        let inserted = tx
            .execute(
                "INSERT INTO clients (id, secret, registration, created_at)
                 VALUES ($1, $2, $3, $4) ON CONFLICT (id) DO NOTHING",
                params![
                    &self.id,
                    self.secret.clone(),
                    crate::stored::to_json(&self.registration),
                    self.created_at,
                ],
            )
            .await?;
        Ok(inserted > 0)
    }

    async fn update(&self, tx: &mut Tx) -> Result<(), StoreError> {
        tx.execute(
            "UPDATE clients SET secret = $2, registration = $3 WHERE id = $1",
            params![
                &self.id,
                self.secret.clone(),
                crate::stored::to_json(&self.registration),
            ],
        )
        .await?;
        Ok(())
    }
}

/// Only characters that need no escape in a form, a header or a page.
fn check_id(id: &str) -> Result<(), ClientError> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~!@".contains(&byte);
    if (1..=128).contains(&id.len()) && id.bytes().all(allowed) {
        Ok(())
    } else {
        Err(ClientError::Id(id.to_owned()))
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use sallyport_base::testing::ScratchStore;

    use super::*;
    use crate::SCHEMA;

    const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

    fn registration() -> Registration {
        Registration {
            client_name: "The Example".to_owned(),
            redirect_uris: ["https://rp.example/cb", "https://rp.example/cb?a=1"]
                .map(|uri| RedirectUri::check(uri).unwrap())
                .to_vec(),
            ..Registration::default()
        }
    }

    /// A client as [`Client::add`] makes it, without a store.
    pub(crate) fn client_with_secret(method: AuthMethod) -> (Client, Token) {
        let secret = Token::issue(&Random::system());
        let client = Client {
            id: "rp".to_owned(),
            registration: Registration {
                token_endpoint_auth_method: method,
                ..registration()
            },
            created_at: Timestamp::from_seconds(0),
            secret: Some(secret.digest()),
        };
        (client, secret)
    }

    pub(crate) fn client() -> Client {
        client_with_secret(AuthMethod::ClientSecretBasic).0
    }

    pub(crate) fn public_client() -> Client {
        let (mut client, _) = client_with_secret(AuthMethod::None);
        client.secret = None;
        client
    }

    fn public() -> Registration {
        Registration {
            token_endpoint_auth_method: AuthMethod::None,
            ..registration()
        }
    }

    #[test]
    fn only_a_public_client_chooses_its_loopback_port() {
        let at_loopback = |mut client: Client| {
            client.registration.redirect_uris =
                vec![RedirectUri::check("http://127.0.0.1:8000/cb").unwrap()];
            client
        };
        let (public, confidential) = (at_loopback(public_client()), at_loopback(client()));
        for client in [&public, &confidential] {
            assert!(client.may_redirect_to("http://127.0.0.1:8000/cb"));
            assert!(!client.may_redirect_to("http://127.0.0.1:8000/other"));
        }
        assert!(public.may_redirect_to("http://127.0.0.1:51004/cb"));
        assert!(!confidential.may_redirect_to("http://127.0.0.1:51004/cb"));
    }

    #[tokio::test]
    async fn a_client_is_found_as_it_was_added() {
        let scratch = ScratchStore::new(&[SCHEMA]).await;
        let random = Random::system();
        let mut tx = scratch.store.begin().await.unwrap();
        let (added, secret) = Client::add(&mut tx, "rp", registration(), NOW, &random)
            .await
            .unwrap();
        let (_, none) = Client::add(&mut tx, "a", public(), NOW, &random)
            .await
            .unwrap();
        assert!(none.is_none());
        tx.commit().await.unwrap();

        let mut reader = scratch.store.reader().await.unwrap();
        let found = Client::find(&mut reader, "rp").await.unwrap().unwrap();
        assert_eq!(found.registration, added.registration);
        assert!(found.has_secret(&secret.unwrap()));
        assert!(!found.has_secret(&Token::issue(&random)));
        assert!(Client::find(&mut reader, "RP").await.unwrap().is_none());
        let ids: Vec<String> = Client::list(&mut reader)
            .await
            .unwrap()
            .into_iter()
            .map(|client| client.id)
            .collect();
        assert_eq!(ids, ["a", "rp"]);
    }

    #[tokio::test]
    async fn an_id_is_given_once_and_put_changes_the_registration() {
        let scratch = ScratchStore::new(&[SCHEMA]).await;
        let random = Random::system();
        let mut tx = scratch.store.begin().await.unwrap();
        let (_, secret) = Client::add(&mut tx, "rp", registration(), NOW, &random)
            .await
            .unwrap();
        let again = Client::add(&mut tx, "rp", registration(), NOW, &random).await;
        assert!(matches!(again, Err(ClientError::Duplicate(id)) if id == "rp"));

        let renamed = Registration {
            client_name: "Another name".to_owned(),
            ..registration()
        };
        let (_, new_secret) = Client::put(&mut tx, "rp", renamed, NOW, &random)
            .await
            .unwrap();
        assert!(new_secret.is_none());
        let found = Client::find(&mut tx, "rp").await.unwrap().unwrap();
        assert_eq!(found.registration.client_name, "Another name");
        assert!(found.has_secret(&secret.unwrap()));
    }

    #[tokio::test]
    async fn a_client_goes_with_all_it_was_issued() {
        use crate::authorization::tests::{authorized, session};
        let scratch = ScratchStore::new(&[SCHEMA]).await;
        let random = Random::system();
        let mut tx = scratch.store.begin().await.unwrap();
        Client::add(&mut tx, "rp", registration(), NOW, &random)
            .await
            .unwrap();
        let authorization = authorized(&mut tx, &session(), "openid").await;
        let scopes = authorization.scopes.clone();
        let access = crate::access_token::AccessToken::issue(
            &mut tx,
            authorization.id,
            &scopes,
            NOW,
            &random,
        )
        .await
        .unwrap();
        assert!(Client::remove(&mut tx, "rp").await.unwrap());
        assert!(!Client::remove(&mut tx, "rp").await.unwrap());
        let found = crate::access_token::AccessToken::find(&mut tx, &access, NOW).await;
        assert!(found.unwrap().is_none());
    }

    #[tokio::test]
    async fn a_registration_that_cannot_work_is_refused() {
        let scratch = ScratchStore::new(&[SCHEMA]).await;
        let mut tx = scratch.store.begin().await.unwrap();
        let with = |change: fn(&mut Registration)| {
            let mut registration = registration();
            change(&mut registration);
            registration
        };
        let bad_address: RedirectUri = serde_json::from_str("\"http://rp.example/cb\"").unwrap();
        let mut bad_uri = registration();
        bad_uri.post_logout_redirect_uris.push(bad_address);
        for (id, registration) in [
            ("", registration()),
            ("with space", registration()),
            ("with:colon", registration()),
            (&"x".repeat(129), registration()),
            ("rp", with(|r| r.client_name.clear())),
            ("rp", with(|r| r.client_name = "a\nb".to_owned())),
            ("rp", with(|r| r.redirect_uris.clear())),
            ("rp", with(|r| r.grant_types.clear())),
            ("rp", with(|r| r.scope = Scopes::default())),
            ("rp", bad_uri),
        ] {
            let refused = Client::add(&mut tx, id, registration, NOW, &Random::system()).await;
            assert!(refused.is_err(), "{id}");
        }
    }
}
