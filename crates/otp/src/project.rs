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

/// Users, numbers and secrets belong to a project and are seen by no other.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Project {
    pub id: Arc<str>,
    pub environment: Environment,
}

impl Project {
    /// A new project with its first secret, which is shown here and never again.
    pub async fn create(
        tx: &mut Tx,
        environment: Environment,
        now: Timestamp,
        random: &Random,
    ) -> Result<(Self, Secret), StoreError> {
        let project = Self {
            id: environment.name("project", random.uuid()).into(),
            environment,
        };
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
                "SELECT project_id FROM otp_projects WHERE project_id = $1",
                params![project_id],
            )
            .await?;
        Ok(row.map(|_| Self::named(project_id)))
    }

    /// Every project, the oldest first.
    pub async fn list(conn: &mut Conn) -> Result<Vec<Self>, StoreError> {
        conn.rows(
            "SELECT project_id FROM otp_projects ORDER BY created_at, project_id",
            params![],
        )
        .await?
        .iter()
        .map(|row| Ok(Self::named(&row.get::<String>("project_id")?)))
        .collect()
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

    fn named(project_id: &str) -> Self {
        Self {
            environment: Environment::of_project(project_id),
            id: project_id.into(),
        }
    }
}

/// `GET /v1/debug/whoami`: proves that the credentials are right.
pub async fn whoami(caller: Caller) -> Success {
    Success::of(json!({ "project_id": &*caller.project.id, "name": &*caller.project.id }))
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
                "SELECT project_id FROM otp_project_secrets
                 WHERE secret_digest = $1 AND project_id = $2
                   AND (expires_at IS NULL OR expires_at > $3)",
                params![
                    Digest::of(self.secret.expose().as_bytes()),
                    &self.project_id,
                    now
                ],
            )
            .await?;
        Ok(row.map(|_| Project::named(&self.project_id)))
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
