use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, PoisonError},
};

use axum::response::{IntoResponse, Redirect, Response};
use http::{HeaderMap, header};
use sallyport_base::{Conn, Digest, Id, Row, Timestamp, Tx, Vault, params};
use sallyport_people::Person;
use sallyport_script::Message;
use tokio::sync::OwnedMutexGuard;

/// What the session attributes of a login are sealed for.
const SESSION: &str = "login session";

use crate::{Acr, Authentication, Flow, FlowError, browser::Browser, step};

/// One attempt of one browser to pass one method, from the first page to the proof.
#[derive(Clone, Debug)]
pub struct Login {
    pub(crate) id: Id<Login>,
    /// The name of the method as its script is called.
    pub(crate) acr: String,
    /// The version of the script that it began with, and ends with. `None`: the built-in method, or
    /// a script whose page was not asked for yet.
    pub(crate) script_revision: Option<i64>,
    /// The page of the current step, such as `/auth/otp_sms/otp_sms.xhtml`.
    pub(crate) page: String,
    /// Gluu's session attributes; `auth_step` among them.
    pub(crate) session: BTreeMap<String, String>,
    /// What the script wants the next page to say.
    pub(crate) messages: Vec<Message>,
    /// Whose password was right, as this host saw it: never what a script says.
    pub(crate) person_id: Option<Id<Person>>,
    pub(crate) client_name: Option<String>,
    pub(crate) login_hint: Option<String>,
    pub(crate) cancel_url: Option<String>,
    pub(crate) authentication: Option<Authentication>,
    resume_path: String,
    version: i64,
}

/// What a protocol asks for.
#[derive(Debug)]
pub struct NewLogin {
    pub acr: Acr,
    /// A user name to begin with (OpenID Connect Core §3.1.2.1).
    pub login_hint: Option<String>,
    /// The application, as the pages name it.
    pub client_name: Option<String>,
    /// The protocol's own request, opaque here, given back by [`Login::take`].
    pub parked: String,
    /// Where the browser goes, with `?login=<handle>`, when every step is passed.
    pub resume_path: &'static str,
    /// Where the browser goes when the person gives up.
    pub cancel_url: Option<String>,
}

/// A login whose every step was passed. It exists once.
#[derive(Debug)]
pub struct FinishedLogin {
    pub person_id: Id<Person>,
    pub authentication: Authentication,
    pub parked: String,
}

impl Login {
    /// Starts a login and sends the browser to its first page.
    pub async fn start(
        flow: &Flow,
        headers: &HeaderMap,
        new: NewLogin,
        now: Timestamp,
    ) -> Result<Response, FlowError> {
        let browser = Browser::of(headers, flow.random(), flow.issuer().is_https());
        let mut login = Self {
            id: Id::new(now, flow.random()),
            session: BTreeMap::from([
                ("acr".to_owned(), new.acr.name.clone()),
                ("auth_step".to_owned(), "1".to_owned()),
            ]),
            acr: new.acr.name,
            script_revision: None,
            page: String::new(),
            messages: Vec::new(),
            person_id: None,
            client_name: new.client_name,
            login_hint: new.login_hint,
            cancel_url: new.cancel_url,
            authentication: None,
            resume_path: new.resume_path.to_owned(),
            version: 0,
        };
        login.page = step::first_page(flow, &mut login).await?;
        let mut tx = flow.store().begin().await?;
        login
            .insert(
                &mut tx,
                flow.vault(),
                &browser.digest(),
                &new.parked,
                now.plus(flow.lifetimes().login),
            )
            .await?;
        tx.commit().await?;
        let mut response = Redirect::to(&login.url()).into_response();
        if let Some(cookie) = browser.set_cookie(flow.issuer().is_https()) {
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
        Ok(response)
    }

    /// Takes a finished login, once. `None` when it is unknown, not finished, expired, taken
    /// before, or another browser's.
    pub async fn take(
        tx: &mut Tx,
        flow: &Flow,
        headers: &HeaderMap,
        handle: &str,
        now: Timestamp,
    ) -> Result<Option<FinishedLogin>, FlowError> {
        let Some(id) = Id::<Self>::parse(handle) else {
            return Ok(None);
        };
        let row = tx
            .row(
                "DELETE FROM logins WHERE id = $1 AND browser = $2 AND state = 'done' AND expires_at > $3
                 RETURNING person_id, authentication, parked",
                params![id, Browser::of(headers, flow.random(), flow.issuer().is_https()).digest(), now],
            )
            .await?;
        let Some(row) = row else { return Ok(None) };
        Ok(Some(FinishedLogin {
            person_id: row.get("person_id")?,
            authentication: serde_json::from_str(&row.get::<String>("authentication")?)?,
            parked: row.get("parked")?,
        }))
    }

    /// The login of that id, if this browser began it and it still lives.
    pub(crate) async fn load(
        flow: &Flow,
        headers: &HeaderMap,
        id: Id<Self>,
        now: Timestamp,
    ) -> Result<Self, FlowError> {
        let browser = Browser::of(headers, flow.random(), flow.issuer().is_https()).digest();
        let mut reader = flow.store().reader().await?;
        find(&mut reader, flow.vault(), id, &browser, now)
            .await?
            .ok_or(FlowError::NoLogin)
    }

    /// The step that the person is at, counted from 1. It comes from here, never from a form.
    pub(crate) fn step(&self) -> u32 {
        self.session
            .get("auth_step")
            .and_then(|step| step.parse().ok())
            .unwrap_or(0)
    }

    /// The address of the page that the person should see.
    pub(crate) fn url(&self) -> String {
        if self.authentication.is_some() {
            return format!("{}?login={}", self.resume_path, self.id);
        }
        format!("{}?login={}", self.path(), self.id)
    }

    /// Gluu's address of the page: `.htm` where the file is `.xhtml`.
    pub(crate) fn path(&self) -> String {
        let page = self.page.strip_suffix(".xhtml").unwrap_or(&self.page);
        format!("/oxauth{page}.htm")
    }

    /// Counts one try at a step after the first, before anything is compared. `false`: it was one
    /// too many, and the login is over.
    pub(crate) async fn count_try(&self, tx: &mut Tx, most: i64) -> Result<bool, FlowError> {
        let counted = tx
            .row(
                "UPDATE logins SET attempts = attempts + 1 WHERE id = $1 AND attempts < $2 RETURNING attempts",
                params![self.id, most],
            )
            .await?;
        if counted.is_none() {
            tx.execute("DELETE FROM logins WHERE id = $1", params![self.id])
                .await?;
        }
        Ok(counted.is_some())
    }

    /// Keeps what a step changed. `false`: another request was faster, and nothing is kept.
    pub(crate) async fn save(&self, tx: &mut Tx, vault: &Vault) -> Result<bool, FlowError> {
        let authentication = self
            .authentication
            .as_ref()
            .map(serde_json::to_string)
            .transpose()?;
        let state = if authentication.is_some() {
            "done"
        } else {
            "asking"
        };
        let touched = tx
            .execute(
                "UPDATE logins SET page = $3, session = $4, messages = $5, person_id = $6, state = $7,
                    authentication = $8, acr = $9, script_revision = $10, version = version + 1
                 WHERE id = $1 AND version = $2 AND state = 'asking'",
                params![
                    self.id,
                    self.version,
                    self.page.as_str(),
                    self.sealed_session(vault)?,
                    serde_json::to_string(&self.messages)?,
                    self.person_id,
                    state,
                    authentication,
                    self.acr.as_str(),
                    self.script_revision,
                ],
            )
            .await?;
        Ok(touched == 1)
    }

    async fn insert(
        &self,
        tx: &mut Tx,
        vault: &Vault,
        browser: &Digest,
        parked: &str,
        expires_at: Timestamp,
    ) -> Result<(), FlowError> {
        tx.execute(
            "INSERT INTO logins (id, browser, acr, state, page, session, messages, attempts, version,
                parked, resume_path, cancel_url, client_name, login_hint, expires_at, script_revision)
             VALUES ($1, $2, $3, 'asking', $4, $5, '[]', 0, 0, $6, $7, $8, $9, $10, $11, $12)",
            params![
                self.id,
                browser,
                self.acr.as_str(),
                self.page.as_str(),
                self.sealed_session(vault)?,
                parked,
                self.resume_path.as_str(),
                self.cancel_url.clone(),
                self.client_name.clone(),
                self.login_hint.clone(),
                expires_at,
                self.script_revision,
            ],
        )
        .await?;
        Ok(())
    }

    /// Scripts keep codes and numbers in the session: the store does not hold them in clear.
    fn sealed_session(&self, vault: &Vault) -> Result<String, FlowError> {
        Ok(vault.seal(SESSION, &serde_json::to_vec(&self.session)?))
    }

    fn from_row(row: &Row, vault: &Vault) -> Result<Self, FlowError> {
        let session = vault.open(SESSION, &row.get::<String>("session")?)?;
        Ok(Self {
            id: row.get("id")?,
            acr: row.get("acr")?,
            script_revision: row.get("script_revision")?,
            page: row.get("page")?,
            session: serde_json::from_slice(&session)?,
            messages: serde_json::from_str(&row.get::<String>("messages")?)?,
            person_id: row.get("person_id")?,
            client_name: row.get("client_name")?,
            login_hint: row.get("login_hint")?,
            cancel_url: row.get("cancel_url")?,
            authentication: row
                .get::<Option<String>>("authentication")?
                .map(|json| serde_json::from_str(&json))
                .transpose()?,
            resume_path: row.get("resume_path")?,
            version: row.get("version")?,
        })
    }
}

async fn find(
    conn: &mut Conn,
    vault: &Vault,
    id: Id<Login>,
    browser: &Digest,
    now: Timestamp,
) -> Result<Option<Login>, FlowError> {
    let row = conn
        .row(
            "SELECT * FROM logins WHERE id = $1 AND browser = $2 AND expires_at > $3",
            params![id, browser, now],
        )
        .await?;
    row.map(|row| Login::from_row(&row, vault)).transpose()
}

/// One form of a login at a time on this node: a double click waits for the first and then finds
/// the login further on. Between nodes the version in the store decides.
#[derive(Default)]
pub(crate) struct Busy(Mutex<HashMap<Id<Login>, Arc<tokio::sync::Mutex<()>>>>);

impl Busy {
    pub(crate) async fn wait(&self, id: Id<Login>) -> OwnedMutexGuard<()> {
        let turn = {
            let mut turns = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            if turns.len() > 1024 {
                turns.retain(|_, turn| Arc::strong_count(turn) > 1);
            }
            turns.entry(id).or_default().clone()
        };
        turn.lock_owned().await
    }
}
