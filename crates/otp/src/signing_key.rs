use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use aws_lc_rs::{
    digest::{SHA256, digest},
    rand::SystemRandom,
    signature::{RSA_PKCS1_SHA256, RsaKeyPair},
};
use axum::{
    Extension,
    extract::{Path, State, rejection::PathRejection},
    response::IntoResponse,
};
use base64::{
    Engine,
    prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD},
};
use http::header;
use jsonwebtoken::{
    Algorithm, DecodingKey, EncodingKey, Validation,
    jwk::{AlgorithmParameters, Jwk},
};
use rcgen::{CertificateParams, KeyPair, PKCS_RSA_SHA256, RsaKeySize};
use sallyport_base::{Conn, StoreError, Timestamp, Tx, Vault, params};
use serde_json::{Map, Value, json};

use crate::{Otp, answer::Arrival, answer::Success, project::Project, refusal::Refusal};

pub const TABLE: &str = "
CREATE TABLE otp_signing_keys (
    kid TEXT PRIMARY KEY,
    project_id TEXT NOT NULL REFERENCES otp_projects (project_id) ON DELETE CASCADE,
    created_at BIGINT NOT NULL,
    public_jwk TEXT NOT NULL,
    sealed_pem TEXT NOT NULL
);
CREATE INDEX otp_signing_keys_by_project ON otp_signing_keys (project_id, created_at);
";

/// How long a further key is shown before it signs, so that clients that keep the keys have it.
const SHOWN_BEFORE_USE: Duration = Duration::from_secs(3600);

/// What the private key is sealed for.
const PURPOSE: &str = "otp signing key";

/// The RSA key of a project, with which session JWTs are signed (RS256).
pub struct SigningKey {
    kid: String,
    pair: Arc<RsaKeyPair>,
}

/// Private keys by their `kid`, read once: to open one and to check its numbers takes longer than a
/// signature.
#[derive(Default)]
pub struct ReadKeys(Mutex<HashMap<String, Arc<RsaKeyPair>>>);

/// A key before it is stored.
struct NewKey {
    kid: String,
    public_jwk: Value,
    pem: zeroize::Zeroizing<String>,
}

/// `GET /v1/sessions/jwks/{project_id}`: public, since SDKs fetch it without credentials.
pub async fn jwks(
    State(otp): State<Otp>,
    Extension(arrival): Extension<Arrival>,
    project_id: Result<Path<String>, PathRejection>,
) -> Result<impl IntoResponse, Refusal> {
    let Path(project_id) = project_id.map_err(|_| Refusal::ProjectNotFound)?;
    let project = Project::find(&mut *otp.store().reader().await?, &project_id)
        .await?
        .ok_or(Refusal::ProjectNotFound)?;
    SigningKey::load(&otp, &project, arrival.at).await?;
    let keys = public_keys(&mut *otp.store().reader().await?, &project).await?;
    let cache = [(header::CACHE_CONTROL, "public, max-age=300")];
    Ok((cache, Success::of(json!({ "keys": keys }))))
}

impl SigningKey {
    /// The key that signs now: the newest that clients have had time to fetch. The first is made when
    /// it is needed.
    pub async fn load(otp: &Otp, project: &Project, now: Timestamp) -> Result<Self, Refusal> {
        if let Some(key) = Self::find(otp, project, now).await? {
            return Ok(key);
        }
        let _only_one = otp.making_key().lock().await;
        if let Some(key) = Self::find(otp, project, now).await? {
            return Ok(key);
        }
        make(otp, project, now).await?;
        Self::find(otp, project, now)
            .await?
            .ok_or(Refusal::Internal(
                "a signing key that was just made is gone",
            ))
    }

    /// A JWT in the compact form of RFC 7515 §7.1.
    pub fn sign(&self, claims: &Map<String, Value>) -> Result<String, Refusal> {
        let header = json!({ "typ": "JWT", "alg": "RS256", "kid": self.kid });
        let mut jwt = BASE64_URL_SAFE_NO_PAD.encode(header.to_string());
        jwt.push('.');
        BASE64_URL_SAFE_NO_PAD.encode_string(json!(claims).to_string(), &mut jwt);
        let mut signature = vec![0; self.pair.public_modulus_len()];
        self.pair
            .sign(
                &RSA_PKCS1_SHA256,
                &SystemRandom::new(),
                jwt.as_bytes(),
                &mut signature,
            )
            .map_err(|_| Refusal::Internal("a session JWT could not be signed"))?;
        jwt.push('.');
        BASE64_URL_SAFE_NO_PAD.encode_string(signature, &mut jwt);
        Ok(jwt)
    }

    async fn find(otp: &Otp, project: &Project, now: Timestamp) -> Result<Option<Self>, Refusal> {
        let row = otp
            .store()
            .reader()
            .await?
            .row(
                "SELECT kid, sealed_pem FROM otp_signing_keys WHERE project_id = $1
                 ORDER BY CASE WHEN created_at <= $2 THEN -created_at ELSE created_at END, kid
                 LIMIT 1",
                params![&*project.id, now.minus(SHOWN_BEFORE_USE)],
            )
            .await?;
        let Some(row) = row else {
            return Ok(None);
        };
        let kid: String = row.get("kid")?;
        let pair = match otp.read_keys().find(&kid) {
            Some(pair) => pair,
            None => {
                let pair = Arc::new(open(otp.vault(), &row.get::<String>("sealed_pem")?)?);
                otp.read_keys().keep(&kid, &pair);
                pair
            }
        };
        Ok(Some(Self { kid, pair }))
    }
}

impl ReadKeys {
    fn find(&self, kid: &str) -> Option<Arc<RsaKeyPair>> {
        self.lock().get(kid).cloned()
    }

    fn keep(&self, kid: &str, pair: &Arc<RsaKeyPair>) {
        self.lock().insert(kid.to_owned(), pair.clone());
    }

    /// Those that are still needed are read again.
    fn forget_all(&self) {
        self.lock().clear();
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Arc<RsaKeyPair>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn open(vault: &Vault, sealed_pem: &str) -> Result<RsaKeyPair, Refusal> {
    let not_rsa = "a stored signing key is not an RSA key";
    let pem = vault.open(PURPOSE, sealed_pem)?;
    let key = EncodingKey::from_rsa_pem(&pem).map_err(|_| Refusal::Internal(not_rsa))?;
    RsaKeyPair::from_der(key.as_bytes()).map_err(|_| Refusal::Internal(not_rsa))
}

/// Puts a new key beside each one that is old, and forgets those that were replaced long enough ago.
/// Sessions live on; a JWT that a forgotten key signed names them no more.
pub async fn rotate(otp: &Otp, now: Timestamp) -> Result<(), Refusal> {
    for project in with_old_key(otp, now).await? {
        make(otp, &project, now).await?;
        tracing::info!(
            event = "otp.signing_key_rotated",
            project.id = &*project.id,
            "a project has a new signing key"
        );
    }
    otp.read_keys().forget_all();
    let overlap = otp.retention().signing_key_overlap();
    let mut tx = otp.store().begin().await?;
    tx.execute(
        "DELETE FROM otp_signing_keys WHERE EXISTS (
            SELECT 1 FROM otp_signing_keys newer
            WHERE newer.project_id = otp_signing_keys.project_id
              AND newer.created_at > otp_signing_keys.created_at
              AND newer.created_at <= $1)",
        params![now.minus(SHOWN_BEFORE_USE).minus(overlap)],
    )
    .await?;
    Ok(tx.commit().await?)
}

/// Projects whose newest key is old.
async fn with_old_key(otp: &Otp, now: Timestamp) -> Result<Vec<Project>, StoreError> {
    let mut reader = otp.store().reader().await?;
    let rows = reader
        .rows(
            "SELECT project_id FROM otp_signing_keys GROUP BY project_id
             HAVING MAX(created_at) <= $1",
            params![now.minus(otp.retention().signing_key())],
        )
        .await?;
    let mut projects = Vec::with_capacity(rows.len());
    for row in rows {
        let id: String = row.get("project_id")?;
        projects.extend(Project::find(&mut reader, &id).await?);
    }
    Ok(projects)
}

/// The public half of every key of the project, the newest first.
async fn public_keys(conn: &mut Conn, project: &Project) -> Result<Vec<Value>, Refusal> {
    conn.rows(
        "SELECT public_jwk FROM otp_signing_keys WHERE project_id = $1
         ORDER BY created_at DESC, kid",
        params![&*project.id],
    )
    .await?
    .iter()
    .map(|row| {
        serde_json::from_str(&row.get::<String>("public_jwk")?)
            .map_err(|_| Refusal::Internal("a stored public key is not JSON"))
    })
    .collect()
}

/// The claims of a JWT that a key of the project signed, however old it is: a session outlives its
/// JWTs. `None` when the signature, the audience or the form is not right.
pub async fn verified_claims(
    conn: &mut Conn,
    project: &Project,
    jwt: &str,
) -> Result<Option<Map<String, Value>>, StoreError> {
    let kid = jsonwebtoken::decode_header(jwt)
        .ok()
        .and_then(|header| header.kid)
        .filter(|kid| {
            project
                .environment
                .parse::<SigningKey>("jwk", kid)
                .is_some()
        });
    let Some(kid) = kid else {
        return Ok(None);
    };
    let row = conn
        .row(
            "SELECT public_jwk FROM otp_signing_keys WHERE project_id = $1 AND kid = $2",
            params![&*project.id, kid],
        )
        .await?;
    let Some(row) = row else {
        return Ok(None);
    };
    let jwk: String = row.get("public_jwk")?;
    let mut validation = Validation::new(Algorithm::RS256);
    validation.validate_exp = false;
    validation.set_audience(&[&*project.id]);
    validation.set_issuer(&[issuer(project)]);
    let claims = serde_json::from_str::<Jwk>(&jwk)
        .ok()
        .and_then(|jwk| DecodingKey::from_jwk(&jwk).ok())
        .and_then(|key| jsonwebtoken::decode::<Map<String, Value>>(jwt, &key, &validation).ok())
        .map(|token| token.claims);
    Ok(claims)
}

/// The `iss` that every SDK accepts.
pub fn issuer(project: &Project) -> String {
    format!("stytch.com/{}", project.id)
}

/// Finding a prime takes the processor for a while, so that it happens off the runtime and outside
/// a transaction.
async fn make(otp: &Otp, project: &Project, now: Timestamp) -> Result<(), Refusal> {
    let kid = project.environment.name("jwk", otp.random().uuid());
    let made = tokio::task::spawn_blocking(move || NewKey::generate(kid))
        .await
        .map_err(|_| Refusal::Internal("making a signing key was given up"))??;
    let mut tx = otp.store().begin().await?;
    made.keep(&mut tx, otp, project, now).await?;
    Ok(tx.commit().await?)
}

impl NewKey {
    fn generate(kid: String) -> Result<Self, Refusal> {
        let pair = KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048)
            .map_err(|_| Refusal::Internal("an RSA key could not be made"))?;
        let certificate = CertificateParams::default()
            .self_signed(&pair)
            .map_err(|_| Refusal::Internal("a certificate could not be made"))?;
        let pem = zeroize::Zeroizing::new(pair.serialize_pem());
        let public_jwk = public_jwk(&kid, &pem, certificate.der())?;
        Ok(Self {
            kid,
            public_jwk,
            pem,
        })
    }

    async fn keep(
        &self,
        tx: &mut Tx,
        otp: &Otp,
        project: &Project,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        tx.execute(
            "INSERT INTO otp_signing_keys (kid, project_id, created_at, public_jwk, sealed_pem)
             VALUES ($1, $2, $3, $4, $5)",
            params![
                &self.kid,
                &*project.id,
                now,
                self.public_jwk.to_string(),
                otp.vault().seal(PURPOSE, self.pem.as_bytes())
            ],
        )
        .await?;
        Ok(())
    }
}

/// RFC 7517, with the certificate's thumbprint under the standard name and under `x5tS256`, which
/// is what Stytch's SDKs read.
fn public_jwk(kid: &str, pem: &str, certificate: &[u8]) -> Result<Value, Refusal> {
    let unusable = |_| Refusal::Internal("a new RSA key cannot be read back");
    let key = EncodingKey::from_rsa_pem(pem.as_bytes()).map_err(unusable)?;
    let jwk = Jwk::from_encoding_key(&key, Algorithm::RS256).map_err(unusable)?;
    let AlgorithmParameters::RSA(rsa) = jwk.algorithm else {
        return Err(Refusal::Internal("a new RSA key is not RSA"));
    };
    let thumbprint = BASE64_URL_SAFE_NO_PAD.encode(digest(&SHA256, certificate));
    Ok(json!({
        "kty": "RSA",
        "use": "sig",
        "key_ops": ["verify"],
        "alg": "RS256",
        "kid": kid,
        "x5c": [BASE64_STANDARD.encode(certificate)],
        "x5t#S256": thumbprint,
        "x5tS256": thumbprint,
        "n": rsa.n,
        "e": rsa.e,
    }))
}
