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

use crate::{
    Acr, Authentication, Flow, FlowError,
    browser::Browser,
    known_person::{Evidence, KnownPerson},
    place::Place,
    scene::kept_session,
    step,
};

/// One attempt of one browser to pass one method, from the first page to the proof.
#[derive(Clone, PartialEq, Debug)]
pub struct Login {
    pub(crate) id: Id<Login>,
    /// The name of the method as its script is called.
    pub(crate) acr: String,
    /// The version of the script that it began with, and ends with. `None`: the built-in method, or
    /// a script whose page was not asked for yet.
    pub(crate) script_revision: Option<i64>,
    /// Where the current step takes place.
    pub(crate) place: Place,
    /// Gluu's session attributes; `auth_step` among them.
    pub(crate) session: BTreeMap<String, String>,
    /// What the script wants the next page to say.
    pub(crate) messages: Vec<Message>,
    /// Whom it is about, and what stands behind that.
    pub(crate) person: Option<KnownPerson>,
    /// The name whose password was right in this request; the store does not keep it.
    pub(crate) right_password_of: Option<String>,
    /// When the browser was sent to another site and did not come back yet.
    pub(crate) away_at: Option<Timestamp>,
    pub(crate) client_name: Option<String>,
    /// The user name that the first page begins with.
    pub(crate) login_hint: Option<String>,
    pub(crate) cancel_url: Option<String>,
    pub(crate) authentication: Option<Authentication>,
    /// How many forms it has sent that were taken.
    pub(crate) forms: i64,
    resume_path: String,
    version: i64,
}

/// What a protocol asks for.
#[derive(Debug)]
pub struct NewLogin {
    pub acr: Acr,
    /// What scripts find in the session: the parameters of the protocol's request, under Gluu's
    /// names.
    pub attributes: BTreeMap<String, String>,
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
    /// What the script left in the session, for the time when the person signs out.
    pub(crate) session: BTreeMap<String, String>,
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
        let mut session = kept_session(new.attributes, &BTreeMap::new());
        session.insert("acr".to_owned(), new.acr.name.clone());
        session.insert("auth_step".to_owned(), "1".to_owned());
        let mut login = Self {
            id: Id::new(now, flow.random()),
            session,
            acr: new.acr.name,
            script_revision: None,
            place: Place::login_page(),
            messages: Vec::new(),
            person: None,
            right_password_of: None,
            away_at: None,
            client_name: new.client_name,
            login_hint: new.login_hint,
            cancel_url: new.cancel_url,
            authentication: None,
            forms: 0,
            resume_path: new.resume_path.to_owned(),
            version: 0,
        };
        login.place = step::first_place(flow, &mut login).await?;
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
                 RETURNING person_id, authentication, parked, session",
                params![id, Browser::of(headers, flow.random(), flow.issuer().is_https()).digest(), now],
            )
            .await?;
        let Some(row) = row else { return Ok(None) };
        let session = flow.vault().open(SESSION, &row.get::<String>("session")?)?;
        Ok(Some(FinishedLogin {
            person_id: row.get("person_id")?,
            authentication: serde_json::from_str(&row.get::<String>("authentication")?)?,
            parked: row.get("parked")?,
            session: serde_json::from_slice(&session)?,
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

    /// The login that this browser left for another site and did not come back to, the last one of
    /// several.
    pub(crate) async fn find_away(
        flow: &Flow,
        headers: &HeaderMap,
        now: Timestamp,
    ) -> Result<Option<Id<Self>>, FlowError> {
        let browser = Browser::of(headers, flow.random(), flow.issuer().is_https()).digest();
        let mut reader = flow.store().reader().await?;
        let row = reader
            .row(
                "SELECT id FROM logins WHERE browser = $1 AND away_at IS NOT NULL AND expires_at > $2
                 ORDER BY away_at DESC LIMIT 1",
                params![&browser, now],
            )
            .await?;
        Ok(row.map(|row| row.get("id")).transpose()?)
    }

    /// Notes that the browser is back. `false`: it was not away, or another request came first; one
    /// journey allows one return.
    pub(crate) async fn come_back(&mut self, tx: &mut Tx) -> Result<bool, FlowError> {
        let touched = tx
            .execute(
                "UPDATE logins SET away_at = NULL WHERE id = $1 AND away_at IS NOT NULL",
                params![self.id],
            )
            .await?;
        self.away_at = None;
        Ok(touched == 1)
    }

    /// The text and the address of the way back to the application, where it is known.
    pub(crate) fn way_back(&self) -> Option<(String, String)> {
        let name = self.client_name.as_deref().unwrap_or("the application");
        let address = self.cancel_url.clone()?;
        Some((format!("Go back to {name}"), address))
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

    /// The address of the step.
    pub(crate) fn path(&self) -> String {
        self.place.path()
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

    /// Counts one form, and gives the number of those of this login.
    pub(crate) async fn count_form(&self, tx: &mut Tx) -> Result<i64, FlowError> {
        let counted = tx
            .row(
                "UPDATE logins SET forms = forms + 1 WHERE id = $1 RETURNING forms",
                params![self.id],
            )
            .await?;
        let counted = counted.ok_or(FlowError::NoLogin)?;
        Ok(counted.get("forms")?)
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
                    authentication = $8, acr = $9, script_revision = $10, evidence = $11,
                    away_at = $12, login_hint = $13, version = version + 1
                 WHERE id = $1 AND version = $2 AND state = 'asking'",
                params![
                    self.id,
                    self.version,
                    self.place.to_string(),
                    self.sealed_session(vault)?,
                    serde_json::to_string(&self.messages)?,
                    self.person.map(|known| known.id),
                    state,
                    authentication,
                    self.acr.as_str(),
                    self.script_revision,
                    self.person.map(|known| known.by.name()),
                    self.away_at,
                    self.login_hint.clone(),
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
                self.place.to_string(),
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
            place: Place::stored(&row.get::<String>("page")?),
            session: serde_json::from_slice(&session)?,
            messages: serde_json::from_str(&row.get::<String>("messages")?)?,
            person: known_person(row)?,
            right_password_of: None,
            away_at: row.get("away_at")?,
            client_name: row.get("client_name")?,
            login_hint: row.get("login_hint")?,
            cancel_url: row.get("cancel_url")?,
            authentication: row
                .get::<Option<String>>("authentication")?
                .map(|json| serde_json::from_str(&json))
                .transpose()?,
            forms: row.get("forms")?,
            resume_path: row.get("resume_path")?,
            version: row.get("version")?,
        })
    }
}

fn known_person(row: &Row) -> Result<Option<KnownPerson>, FlowError> {
    let id: Option<Id<Person>> = row.get("person_id")?;
    let by: Option<String> = row.get("evidence")?;
    let by = Evidence::named(&by.unwrap_or_default());
    Ok(id.map(|id| KnownPerson { id, by }))
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
