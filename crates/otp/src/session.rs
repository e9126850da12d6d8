use std::time::Duration;

use aws_lc_rs::hmac;
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use sallyport_base::{Conn, Id, Random, Row, StoreError, Timestamp, Token, Tx, Vault, params};
use serde_json::{Map, Value, json};

use crate::{
    channel::Channel,
    delivery::Origin,
    factor::Factor,
    fields::Fields,
    method::Method,
    project::Project,
    refusal::Refusal,
    session_wishes::SessionWishes,
    signing_key::{self, SigningKey},
    user::{self, User, read_json},
};

pub const TABLE: &str = "
CREATE TABLE otp_sessions (
    session_id TEXT PRIMARY KEY,
    project_id TEXT NOT NULL,
    user_id TEXT NOT NULL REFERENCES otp_users (user_id) ON DELETE CASCADE,
    token_digest TEXT NOT NULL UNIQUE,
    started_at BIGINT NOT NULL,
    last_accessed_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    ip_address TEXT,
    user_agent TEXT,
    factors TEXT NOT NULL,
    custom_claims TEXT NOT NULL
);
CREATE INDEX otp_sessions_by_user ON otp_sessions (user_id);
CREATE INDEX otp_sessions_by_expiry ON otp_sessions (expires_at);
";

/// How long a session JWT is valid; after that the session answers for itself.
const JWT_LIFE: Duration = Duration::from_secs(300);

/// The claim of a JWT that says which session it is of.
pub const SESSION_CLAIM: &str = "https://stytch.com/session";

/// A user who stays signed in to the calling application.
pub struct Session {
    pub id: Id<Session>,
    pub user_id: Id<User>,
    started_at: Timestamp,
    last_accessed_at: Timestamp,
    expires_at: Timestamp,
    ip_address: Option<String>,
    user_agent: Option<String>,
    factors: Vec<Factor>,
    custom_claims: Map<String, Value>,
}

/// What a client shows to name its session.
pub enum SessionProof {
    Token(Token),
    Jwt(String),
}

impl SessionProof {
    /// Reads `session_token` and `session_jwt`, of which at most one may be there.
    pub fn check(
        fields: &Fields,
        too_many: impl FnOnce() -> Refusal,
    ) -> Result<Option<Self>, Refusal> {
        let token = fields.filled_text("session_token")?;
        let jwt = fields.filled_text("session_jwt")?;
        match (token, jwt) {
            (Some(_), Some(_)) => Err(too_many()),
            (Some(token), None) => Ok(Some(Self::Token(Token::unverified(token)))),
            (None, Some(jwt)) => Ok(Some(Self::Jwt(jwt.to_owned()))),
            (None, None) => Ok(None),
        }
    }
}

impl Session {
    /// A session of a user who just proved to have `method`; not stored yet.
    pub fn open(
        method: &Method,
        channel: Channel,
        origin: &Origin,
        duration: Duration,
        now: Timestamp,
        random: &Random,
    ) -> Self {
        Self {
            id: Id::new(now, random),
            user_id: method.user_id,
            started_at: now,
            last_accessed_at: now,
            expires_at: now.plus(duration),
            ip_address: origin.ip.map(|ip| ip.to_string()),
            user_agent: origin.user_agent.clone(),
            factors: vec![Factor::new(method.id, channel, now)],
            custom_claims: Map::new(),
        }
    }

    /// The live session that the proof names. A JWT may have expired; the session must not.
    pub async fn find(
        conn: &mut Conn,
        project: &Project,
        proof: &SessionProof,
        now: Timestamp,
    ) -> Result<Option<Self>, StoreError> {
        let row = match proof {
            SessionProof::Token(token) => {
                conn.row(
                    "SELECT * FROM otp_sessions
                     WHERE token_digest = $1 AND project_id = $2 AND expires_at > $3",
                    params![token.digest(), &*project.id, now],
                )
                .await?
            }
            SessionProof::Jwt(jwt) => {
                let claims = signing_key::verified_claims(conn, project, jwt).await?;
                let Some(id) = claims.and_then(|claims| session_id(project, &claims)) else {
                    return Ok(None);
                };
                conn.row(
                    "SELECT * FROM otp_sessions
                     WHERE session_id = $1 AND project_id = $2 AND expires_at > $3",
                    params![id, &*project.id, now],
                )
                .await?
            }
        };
        row.map(|row| Self::read(&row)).transpose()
    }

    /// The session as it is now, which nobody else changes until `tx` ends: what was read before could
    /// undo what others did meanwhile. `None` when it ended.
    pub async fn hold(self, tx: &mut Tx, now: Timestamp) -> Result<Option<Self>, StoreError> {
        tx.row(
            "UPDATE otp_sessions SET expires_at = expires_at
             WHERE session_id = $1 AND expires_at > $2
             RETURNING *",
            params![self.id, now],
        )
        .await?
        .map(|row| Self::read(&row))
        .transpose()
    }

    /// The session was used, and wants something changed.
    pub fn touch(&mut self, wishes: &SessionWishes, now: Timestamp) -> Result<(), Refusal> {
        self.last_accessed_at = now;
        if let Some(duration) = wishes.duration {
            self.expires_at = now.plus(duration);
        }
        wishes.change_claims(&mut self.custom_claims)
    }

    /// The user proved to have `method` again, or one more.
    pub fn add_factor(&mut self, method: &Method, channel: Channel, now: Timestamp) {
        match self
            .factors
            .iter_mut()
            .find(|factor| factor.method_id == method.id)
        {
            Some(factor) => factor.prove(channel, now),
            None => self.factors.push(Factor::new(method.id, channel, now)),
        }
    }

    /// When the user last proved anything in this session.
    pub fn proven_at(&self) -> Timestamp {
        self.factors
            .iter()
            .map(Factor::last_authenticated_at)
            .max()
            .unwrap_or(self.started_at)
    }

    /// Stores a session that was just opened.
    pub async fn keep(
        &self,
        tx: &mut Tx,
        project: &Project,
        vault: &Vault,
    ) -> Result<(), StoreError> {
        tx.execute(
            "INSERT INTO otp_sessions
                (session_id, project_id, user_id, token_digest, started_at, last_accessed_at,
                 expires_at, ip_address, user_agent, factors, custom_claims)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
            params![
                self.id,
                &*project.id,
                self.user_id,
                self.token(vault).digest(),
                self.started_at,
                self.last_accessed_at,
                self.expires_at,
                self.ip_address.as_deref(),
                self.user_agent.as_deref(),
                self.stored_factors(),
                self.stored_claims()
            ],
        )
        .await?;
        Ok(())
    }

    /// Stores what changed in a session that is held. `false` when it was revoked: then it stays so.
    pub async fn keep_changes(&self, tx: &mut Tx, project: &Project) -> Result<bool, StoreError> {
        let changed = tx
            .execute(
                "UPDATE otp_sessions
                 SET last_accessed_at = $3, expires_at = $4, factors = $5, custom_claims = $6
                 WHERE session_id = $1 AND project_id = $2",
                params![
                    self.id,
                    &*project.id,
                    self.last_accessed_at,
                    self.expires_at,
                    self.stored_factors(),
                    self.stored_claims()
                ],
            )
            .await?;
        Ok(changed == 1)
    }

    fn stored_factors(&self) -> String {
        serde_json::to_string(&self.factors).unwrap_or_default()
    }

    fn stored_claims(&self) -> String {
        Value::Object(self.custom_claims.clone()).to_string()
    }

    /// The live sessions of a user, the oldest first.
    pub async fn list(
        conn: &mut Conn,
        project: &Project,
        user_id: Id<User>,
        now: Timestamp,
    ) -> Result<Vec<Self>, StoreError> {
        conn.rows(
            "SELECT * FROM otp_sessions
             WHERE user_id = $1 AND project_id = $2 AND expires_at > $3
             ORDER BY started_at, session_id",
            params![user_id, &*project.id, now],
        )
        .await?
        .iter()
        .map(Self::read)
        .collect()
    }

    pub async fn end(tx: &mut Tx, project: &Project, id: Id<Self>) -> Result<bool, StoreError> {
        let ended = tx
            .execute(
                "DELETE FROM otp_sessions WHERE session_id = $1 AND project_id = $2",
                params![id, &*project.id],
            )
            .await?;
        Ok(ended > 0)
    }

    pub async fn purge(tx: &mut Tx, now: Timestamp) -> Result<u64, StoreError> {
        tx.execute(
            "DELETE FROM otp_sessions WHERE expires_at <= $1",
            params![now],
        )
        .await
    }

    /// The session token: a keyed function of the id, so that it can be handed out again although
    /// the store holds its digest only.
    pub fn token(&self, vault: &Vault) -> Token {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &vault.derive("otp session tokens"));
        let tag = hmac::sign(&key, self.id.as_uuid().as_bytes());
        Token::unverified(&BASE64_URL_SAFE_NO_PAD.encode(tag))
    }

    /// A JWT that SDKs verify without asking here.
    pub fn jwt(
        &self,
        key: &SigningKey,
        project: &Project,
        user: &User,
        methods: &[Method],
        now: Timestamp,
    ) -> Result<String, Refusal> {
        let mut claims = self.custom_claims.clone();
        let own = json!({
            "iss": signing_key::issuer(project),
            "aud": [&*project.id],
            "sub": user::shown_id(project, self.user_id),
            "iat": now.as_seconds(),
            "nbf": now.as_seconds(),
            "exp": now.plus(JWT_LIFE).as_seconds(),
            SESSION_CLAIM: {
                "id": shown_id(project, self.id),
                "started_at": self.started_at.rfc3339(),
                "last_accessed_at": self.last_accessed_at.rfc3339(),
                "expires_at": self.expires_at.rfc3339(),
                "attributes": self.attributes(),
                "authentication_factors": self.shown_factors(project, methods),
                "roles": user.profile.roles,
            },
        });
        if let Value::Object(own) = own {
            claims.extend(own);
        }
        key.sign(&claims)
    }

    pub fn shown(&self, project: &Project, user: &User, methods: &[Method]) -> Value {
        json!({
            "session_id": shown_id(project, self.id),
            "user_id": user::shown_id(project, self.user_id),
            "started_at": self.started_at.rfc3339(),
            "last_accessed_at": self.last_accessed_at.rfc3339(),
            "expires_at": self.expires_at.rfc3339(),
            "attributes": self.attributes(),
            "authentication_factors": self.shown_factors(project, methods),
            "custom_claims": self.custom_claims,
            "roles": user.profile.roles,
        })
    }

    fn attributes(&self) -> Value {
        json!({
            "ip_address": self.ip_address.as_deref().unwrap_or_default(),
            "user_agent": self.user_agent.as_deref().unwrap_or_default(),
        })
    }

    /// A factor whose method was deleted is not shown any more.
    fn shown_factors(&self, project: &Project, methods: &[Method]) -> Vec<Value> {
        self.factors
            .iter()
            .filter_map(|factor| {
                let method = methods
                    .iter()
                    .find(|method| method.id == factor.method_id)?;
                Some(factor.shown(project, method))
            })
            .collect()
    }

    fn read(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.get("session_id")?,
            user_id: row.get("user_id")?,
            started_at: row.get("started_at")?,
            last_accessed_at: row.get("last_accessed_at")?,
            expires_at: row.get("expires_at")?,
            ip_address: row.get("ip_address")?,
            user_agent: row.get("user_agent")?,
            factors: read_json(row, "factors")?,
            custom_claims: read_json(row, "custom_claims")?,
        })
    }
}

fn session_id(project: &Project, claims: &Map<String, Value>) -> Option<Id<Session>> {
    let text = claims.get(SESSION_CLAIM)?.get("id")?.as_str()?;
    project.environment.parse("session", text)
}

/// `session-test-<uuid>`
fn shown_id(project: &Project, id: Id<Session>) -> String {
    project.environment.name("session", id)
}
