use std::{sync::Arc, time::Duration};

use axum::extract::FromRequestParts;
use base64::{Engine, prelude::BASE64_STANDARD};
use http::{HeaderMap, header, request::Parts};
use sallyport_base::{Conn, Digest, Random, Secret, StoreError, Timestamp, Token, Tx, params};

use serde_json::json;

use crate::{
    Otp,
    answer::{Arrival, RequestId, Success},
    environment::Environment,
    outbox::Parcel,
    project_name::ProjectName,
    refusal::Refusal,
};

pub const TABLES: &str = "
CREATE TABLE otp_projects (
    project_id TEXT PRIMARY KEY,
    created_at BIGINT NOT NULL
);
CREATE TABLE otp_project_secrets (
    secret_digest TEXT PRIMARY KEY,
    project_id TEXT NOT NULL REFERENCES otp_projects (project_id) ON DELETE CASCADE,
    created_at BIGINT NOT NULL,
    expires_at BIGINT
);
CREATE INDEX otp_project_secrets_by_project ON otp_project_secrets (project_id);
";

/// What operators call a project.
pub const NAME: &str = "
ALTER TABLE otp_projects ADD COLUMN name TEXT NOT NULL DEFAULT '';
";

/// Users, numbers and secrets belong to a project and are seen by no other.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Project {
    pub id: Arc<str>,
    /// What operators call it; the id when they gave it no name.
    pub name: Arc<str>,
    pub environment: Environment,
}

/// A secret as it can still be shown: never its text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ProjectSecret {
    /// The beginning of its digest, which tells it from the others and opens nothing.
    pub id: String,
    pub created_at: Timestamp,
    pub expires_at: Option<Timestamp>,
}

/// How many characters of its digest name a secret.
const SECRET_ID: usize = 12;

impl Project {
    /// A new project with its first secret, which is shown here and never again.
    pub async fn create(
        tx: &mut Tx,
        environment: Environment,
        now: Timestamp,
        random: &Random,
    ) -> Result<(Self, Secret), StoreError> {
        let project = Self::read(&environment.name("project", random.uuid()), "");
        tx.execute(
            "INSERT INTO otp_projects (project_id, created_at) VALUES ($1, $2)",
            params![&*project.id, now],
        )
        .await?;
        let secret = project.add_secret(tx, now, random).await?;
        Ok((project, secret))
    }

    pub async fn find(conn: &mut Conn, project_id: &str) -> Result<Option<Self>, StoreError> {
        if !Environment::of_project(project_id).is_project(project_id) {
            return Ok(None);
        }
        let row = conn
            .row(
                "SELECT name FROM otp_projects WHERE project_id = $1",
                params![project_id],
            )
            .await?;
        row.map(|row| Ok(Self::read(project_id, &row.get::<String>("name")?)))
            .transpose()
    }

    /// Every project, the oldest first.
    pub async fn list(conn: &mut Conn) -> Result<Vec<Self>, StoreError> {
        conn.rows(
            "SELECT project_id, name FROM otp_projects ORDER BY created_at, project_id",
            params![],
        )
        .await?
        .iter()
        .map(|row| {
            let id: String = row.get("project_id")?;
            Ok(Self::read(&id, &row.get::<String>("name")?))
        })
        .collect()
    }

    pub async fn rename(&mut self, tx: &mut Tx, name: &ProjectName) -> Result<(), StoreError> {
        tx.execute(
            "UPDATE otp_projects SET name = $2 WHERE project_id = $1",
            params![&*self.id, name.as_str()],
        )
        .await?;
        *self = Self::read(&self.id, name.as_str());
        Ok(())
    }

    /// Removes the project with all that belongs to it. Its messages that wait for a gateway are not
    /// sent. The audit table keeps what was decided. The order of the tables is that of a message.
    pub async fn remove(&self, tx: &mut Tx, now: Timestamp) -> Result<(), StoreError> {
        let sql = "DELETE FROM otp_projects WHERE project_id = $1";
        tx.execute(sql, params![&*self.id]).await?;
        Parcel::end_all(tx, &self.id, now).await?;
        for sql in [
            "DELETE FROM otp_conversions WHERE project_id = $1",
            "DELETE FROM otp_cooldowns WHERE project_id = $1",
            "DELETE FROM otp_allowances WHERE project_id = $1",
            "DELETE FROM otp_number_facts WHERE project_id = $1",
        ] {
            tx.execute(sql, params![&*self.id]).await?;
        }
        Ok(())
    }

    pub async fn count_users(&self, conn: &mut Conn) -> Result<i64, StoreError> {
        let row = conn
            .row(
                "SELECT COUNT(*) AS users FROM otp_users WHERE project_id = $1",
                params![&*self.id],
            )
            .await?;
        row.map_or(Ok(0), |row| row.get("users"))
    }

    /// The valid secrets, the oldest first.
    pub async fn secrets(
        &self,
        conn: &mut Conn,
        now: Timestamp,
    ) -> Result<Vec<ProjectSecret>, StoreError> {
        conn.rows(
            "SELECT secret_digest, created_at, expires_at FROM otp_project_secrets
             WHERE project_id = $1 AND (expires_at IS NULL OR expires_at > $2)
             ORDER BY created_at, secret_digest",
            params![&*self.id, now],
        )
        .await?
        .iter()
        .map(|row| {
            let digest: String = row.get("secret_digest")?;
            Ok(ProjectSecret {
                id: digest.chars().take(SECRET_ID).collect(),
                created_at: row.get("created_at")?,
                expires_at: row.get("expires_at")?,
            })
        })
        .collect()
    }

    /// Ends the secret with this id; `false` when there is none.
    pub async fn revoke_secret(&self, tx: &mut Tx, id: &str) -> Result<bool, StoreError> {
        if id.len() != SECRET_ID || !id.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Ok(false);
        }
        let revoked = tx
            .execute(
                "DELETE FROM otp_project_secrets
                 WHERE project_id = $1 AND secret_digest LIKE $2 || '%'",
                params![&*self.id, id],
            )
            .await?;
        Ok(revoked > 0)
    }

    /// One more secret, valid beside those that exist.
    pub async fn add_secret(
        &self,
        tx: &mut Tx,
        now: Timestamp,
        random: &Random,
    ) -> Result<Secret, StoreError> {
        let opaque = Token::issue(random);
        let secret = self.environment.name("secret", opaque.expose());
        tx.execute(
            "INSERT INTO otp_project_secrets (secret_digest, project_id, created_at)
             VALUES ($1, $2, $3)",
            params![Digest::of(secret.as_bytes()), &*self.id, now],
        )
        .await?;
        Ok(Secret::from(secret))
    }

    /// A new secret; the others stay valid for `overlap`, so that clients can be changed one by one.
    pub async fn rotate_secret(
        &self,
        tx: &mut Tx,
        overlap: Duration,
        now: Timestamp,
        random: &Random,
    ) -> Result<Secret, StoreError> {
        let last = now.plus(overlap);
        tx.execute(
            "UPDATE otp_project_secrets SET expires_at = $2
             WHERE project_id = $1 AND (expires_at IS NULL OR expires_at > $2)",
            params![&*self.id, last],
        )
        .await?;
        self.add_secret(tx, now, random).await
    }

    fn read(project_id: &str, name: &str) -> Self {
        let name = if name.is_empty() { project_id } else { name };
        Self {
            environment: Environment::of_project(project_id),
            id: project_id.into(),
            name: name.into(),
        }
    }
}

/// `GET /v1/debug/whoami`: proves that the credentials are right.
pub async fn whoami(caller: Caller) -> Success {
    Success::of(json!({ "project_id": &*caller.project.id, "name": &*caller.project.name }))
}

/// Who calls, as the `Authorization` header says without proof.
pub struct Credentials {
    pub project_id: String,
    secret: Secret,
}

impl Credentials {
    /// `None` without HTTP Basic authentication (RFC 7617).
    pub fn of(headers: &HeaderMap) -> Option<Self> {
        let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
        let (scheme, encoded) = value.split_once(' ')?;
        if !scheme.eq_ignore_ascii_case("basic") {
            return None;
        }
        let pair = String::from_utf8(BASE64_STANDARD.decode(encoded.trim()).ok()?).ok()?;
        let (project_id, secret) = pair.split_once(':')?;
        Some(Self {
            project_id: project_id.to_owned(),
            secret: Secret::from(secret),
        })
    }

    async fn check(&self, conn: &mut Conn, now: Timestamp) -> Result<Option<Project>, StoreError> {
        if !Environment::of_project(&self.project_id).is_project(&self.project_id) {
            return Ok(None);
        }
        let row = conn
            .row(
                "SELECT p.name FROM otp_project_secrets s
                 JOIN otp_projects p ON p.project_id = s.project_id
                 WHERE s.secret_digest = $1 AND s.project_id = $2
                   AND (s.expires_at IS NULL OR s.expires_at > $3)",
                params![
                    Digest::of(self.secret.expose().as_bytes()),
                    &self.project_id,
                    now
                ],
            )
            .await?;
        row.map(|row| {
            let name: String = row.get("name")?;
            Ok(Project::read(&self.project_id, &name))
        })
        .transpose()
    }
}

/// A request whose project has proven itself. Every handler takes it but that of the public keys.
pub struct Caller {
    pub project: Project,
    pub now: Timestamp,
    pub request_id: RequestId,
}

impl FromRequestParts<Otp> for Caller {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, otp: &Otp) -> Result<Self, Refusal> {
        let arrival = parts
            .extensions
            .get::<Arrival>()
            .cloned()
            .ok_or(Refusal::Internal("a route is outside the answer layer"))?;
        let credentials =
            Credentials::of(&parts.headers).ok_or(Refusal::UnauthorizedCredentials)?;
        let project = credentials
            .check(&mut *otp.store().reader().await?, arrival.at)
            .await?
            .ok_or(Refusal::UnauthorizedCredentials)?;
        Ok(Self {
            project,
            now: arrival.at,
            request_id: arrival.request_id,
        })
    }
}
