use std::{collections::BTreeMap, time::Duration};

use http::{HeaderMap, HeaderValue, header};
use sallyport_base::{Conn, Digest, Id, Row, Timestamp, Token, Tx, params};
use sallyport_people::Person;
use sallyport_web::cookie::{self, SetCookie};

use crate::{Authentication, FinishedLogin, Flow, FlowError};

const COOKIE: &str = "session_id";
/// What the attributes of a session are sealed for.
const ATTRIBUTES: &str = "browser session";

/// That a person is signed in at one browser, and what they proved.
#[derive(Clone, Debug)]
pub struct BrowserSession {
    /// The `sid` of ID tokens. It names the session and opens nothing.
    pub id: Id<BrowserSession>,
    pub person_id: Id<Person>,
    /// When the person last proved who they are.
    pub auth_time: Timestamp,
    pub authentications: Vec<Authentication>,
}

impl BrowserSession {
    /// The session of the browser that sent a request; `None` when it has none that lives.
    pub async fn find(
        flow: &Flow,
        headers: &HeaderMap,
        now: Timestamp,
    ) -> Result<Option<Self>, FlowError> {
        let Some(token) = token_of(headers) else {
            return Ok(None);
        };
        let mut reader = flow.store().reader().await?;
        find_by_token(&mut reader, &token.digest(), now).await
    }

    /// The session of that id, wherever its browser is; `None` when it ended.
    pub async fn find_by_id(
        conn: &mut Conn,
        id: Id<Self>,
        now: Timestamp,
    ) -> Result<Option<Self>, FlowError> {
        let row = conn
            .row(
                "SELECT * FROM browser_sessions WHERE id = $1 AND expires_at > $2",
                params![id, now],
            )
            .await?;
        row.map(|row| Self::from_row(&row)).transpose()
    }

    /// Opens a session after a login, or strengthens the one of the same person. Either way the
    /// browser gets a new secret and the session a new id; what the browser held before is dead.
    /// Returns the session and its `Set-Cookie`.
    pub async fn open(
        tx: &mut Tx,
        flow: &Flow,
        headers: &HeaderMap,
        proof: &FinishedLogin,
        now: Timestamp,
    ) -> Result<(Self, HeaderMap), FlowError> {
        let earlier = take(tx, headers, now).await?;
        let session = Self {
            id: Id::new(now, flow.random()),
            person_id: proof.person_id,
            auth_time: proof.authentication.at,
            authentications: strengthened(earlier, proof),
        };
        let token = Token::issue(flow.random());
        let attributes = serde_json::to_vec(&proof.session)?;
        let attributes = flow.vault().seal(ATTRIBUTES, &attributes);
        session
            .insert(tx, &token, attributes, flow.lifetimes().session, now)
            .await?;
        tracing::info!(event = "session.opened", person.id = %session.person_id, acr = %proof.authentication.acr, without_password = proof.authentication.without_password, "a person signed in");
        Ok((session, set_cookie(flow, token.expose())))
    }

    /// Ends the session of the browser, if it has one. Returns it, and what clears the cookie.
    pub async fn end(
        tx: &mut Tx,
        flow: &Flow,
        headers: &HeaderMap,
        now: Timestamp,
    ) -> Result<(Option<Self>, HeaderMap), FlowError> {
        let ended = take(tx, headers, now).await?;
        if let Some(session) = &ended {
            tracing::info!(event = "session.ended", person.id = %session.person_id, "a person signed out");
        }
        let mut cleared = HeaderMap::new();
        cleared.append(header::SET_COOKIE, session_cookie_removed(flow));
        Ok((ended, cleared))
    }

    /// What the last login left in the session, as its script knows it. Empty when the session is
    /// older than that, or over.
    pub(crate) async fn attributes(
        &self,
        flow: &Flow,
    ) -> Result<BTreeMap<String, String>, FlowError> {
        let mut reader = flow.store().reader().await?;
        let row = reader
            .row(
                "SELECT attributes FROM browser_sessions WHERE id = $1",
                params![self.id],
            )
            .await?;
        let sealed: Option<String> = match row {
            Some(row) => row.get("attributes")?,
            None => None,
        };
        let Some(sealed) = sealed else {
            return Ok(BTreeMap::new());
        };
        Ok(serde_json::from_slice(
            &flow.vault().open(ATTRIBUTES, &sealed)?,
        )?)
    }

    async fn insert(
        &self,
        tx: &mut Tx,
        token: &Token,
        attributes: String,
        lifetime: Duration,
        now: Timestamp,
    ) -> Result<(), FlowError> {
        tx.execute(
            "INSERT INTO browser_sessions (id, token, person_id, auth_time, authentications, created_at, expires_at, attributes)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            params![
                self.id,
                token.digest(),
                self.person_id,
                self.auth_time,
                serde_json::to_string(&self.authentications)?,
                now,
                now.plus(lifetime),
                attributes,
            ],
        )
        .await?;
        Ok(())
    }

    fn from_row(row: &Row) -> Result<Self, FlowError> {
        Ok(Self {
            id: row.get("id")?,
            person_id: row.get("person_id")?,
            auth_time: row.get("auth_time")?,
            authentications: serde_json::from_str(&row.get::<String>("authentications")?)?,
        })
    }
}

fn token_of(headers: &HeaderMap) -> Option<Token> {
    cookie::find(headers, COOKIE).map(|value| Token::unverified(&value))
}

async fn find_by_token(
    conn: &mut Conn,
    token: &Digest,
    now: Timestamp,
) -> Result<Option<BrowserSession>, FlowError> {
    let row = conn
        .row(
            "SELECT * FROM browser_sessions WHERE token = $1 AND expires_at > $2",
            params![token, now],
        )
        .await?;
    row.map(|row| BrowserSession::from_row(&row)).transpose()
}

/// Removes the session of the browser and returns it.
async fn take(
    tx: &mut Tx,
    headers: &HeaderMap,
    now: Timestamp,
) -> Result<Option<BrowserSession>, FlowError> {
    let Some(token) = token_of(headers) else {
        return Ok(None);
    };
    let row = tx
        .row(
            "DELETE FROM browser_sessions WHERE token = $1 AND expires_at > $2 RETURNING *",
            params![token.digest(), now],
        )
        .await?;
    row.map(|row| BrowserSession::from_row(&row)).transpose()
}

/// The proofs of the same person's earlier session and the new one; another person brings none.
fn strengthened(earlier: Option<BrowserSession>, proof: &FinishedLogin) -> Vec<Authentication> {
    let mut proofs = match earlier {
        Some(session) if session.person_id == proof.person_id => session.authentications,
        _ => Vec::new(),
    };
    proofs.retain(|old| !old.acr.eq_ignore_ascii_case(&proof.authentication.acr));
    proofs.push(proof.authentication.clone());
    proofs
}

fn set_cookie(flow: &Flow, token: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let cookie = SetCookie::new(COOKIE, token).secure(flow.issuer().is_https());
    headers.append(header::SET_COOKIE, cookie.header());
    headers
}

fn session_cookie_removed(flow: &Flow) -> HeaderValue {
    SetCookie::removed(COOKIE)
        .secure(flow.issuer().is_https())
        .header()
}
