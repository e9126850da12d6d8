//! One form through one step of a method, and the page of a step: Gluu's rules for `auth_step`,
//! `getNextStep`, extra parameters and pages.

use std::{collections::BTreeMap, net::IpAddr};

use http::HeaderMap;
use sallyport_base::{Secret, Timestamp};
use sallyport_script::{
    Call, ErrorKind, Message, Request, Returned, Run, Scene, ScriptError, Severity, Turn, Usage,
};
use sallyport_web::Params;
use serde_json::Value;

use crate::{
    Acr, Authentication, Flow, FlowError, Login, PASSWORD_ACR,
    questions::{Host, PasswordProof, TOO_MANY_PASSWORDS, check_password, shown},
    script_entry::ScriptEntry,
    script_log,
    scripts::LoadedScript,
};

const LOGIN_PAGE: &str = "/login.xhtml";
/// The session attribute that names the working parameters which were kept, with their types.
const KEPT: &str = "auth_external_attributes";
const WRONG_PASSWORD: &str = "Failed to authenticate. Check the name and the password.";
const FAILED: &str = "Failed to authenticate. Please try again.";
/// For scripts that go on to ask for a code which was never sent, as Gluu's does.
const NOT_SENT: &str = "Failed to send message to mobile phone. Cancel, and sign in again.";

/// What a browser sent to a page of a login.
pub(crate) struct PageRequest {
    pub headers: HeaderMap,
    pub parameters: Params,
    pub remote_ip: Option<IpAddr>,
    pub method: &'static str,
    pub path: String,
}

/// Where a form has led.
pub(crate) enum Outcome {
    /// The same page again, with what went wrong.
    Stay(Vec<Message>),
    /// Another step; the login has changed.
    Moved,
    /// Every step is passed; the login holds the proof.
    Passed,
}

/// How a login is checked.
enum Method {
    Password,
    Script(LoadedScript),
}

async fn method_of(flow: &Flow, acr: &str) -> Result<Method, FlowError> {
    if acr == PASSWORD_ACR {
        return Ok(Method::Password);
    }
    flow.scripts().refresh(flow).await?;
    let script = flow.scripts().find(acr);
    script
        .map(Method::Script)
        .ok_or_else(|| FlowError::NoMethod(acr.to_owned()))
}

/// How many steps the method of a login has, for the page to say.
pub(crate) fn count_of(flow: &Flow, login: &Login) -> u32 {
    let script = flow.scripts().find(&login.acr);
    script.map_or(1, |script| script.acr().steps)
}

/// The page of the first step.
pub(crate) async fn first_page(flow: &Flow, login: &Login) -> Result<String, FlowError> {
    match method_of(flow, &login.acr).await? {
        Method::Password => Ok(LOGIN_PAGE.to_owned()),
        Method::Script(script) => {
            let now = flow.clock().now();
            let mut talk = Talk::begin(flow, &script, login, Scene::default(), now).await?;
            let page = talk.page(1).await?;
            Ok(page.unwrap_or_else(|| LOGIN_PAGE.to_owned()))
        }
    }
}

/// Lets the script prepare the page of the current step, before it is shown.
pub(crate) async fn prepare(
    flow: &Flow,
    login: &mut Login,
    request: &PageRequest,
    now: Timestamp,
) -> Result<Vec<Message>, FlowError> {
    match method_of(flow, &login.acr).await? {
        Method::Password => Ok(Vec::new()),
        Method::Script(script) => {
            let scene = scene(flow, login, request, now).await?;
            let mut talk = Talk::begin(flow, &script, login, scene, now).await?;
            talk.prepare(login.step()).await?;
            let (scene, _) = talk.finish()?;
            login.session = kept_session(scene.session);
            Ok(scene.messages)
        }
    }
}

/// Gives a form to the current step.
pub(crate) async fn advance(
    flow: &Flow,
    login: &mut Login,
    request: &PageRequest,
    now: Timestamp,
) -> Result<Outcome, FlowError> {
    match method_of(flow, &login.acr).await? {
        Method::Password => check_the_password(flow, login, request, now).await,
        Method::Script(script) => ask_the_script(flow, &script, login, request, now).await,
    }
}

/// The built-in method.
async fn check_the_password(
    flow: &Flow,
    login: &mut Login,
    request: &PageRequest,
    now: Timestamp,
) -> Result<Outcome, FlowError> {
    let username = request.parameters.first("username").unwrap_or_default();
    let password = Secret::from(request.parameters.first("password").unwrap_or_default());
    match check_password(flow, username.trim(), &password, now).await? {
        PasswordProof::Right(person) => {
            login.person_id = Some(person.id);
            login.authentication = Some(proof(&Acr::password(), 1, BTreeMap::new(), now));
            Ok(Outcome::Passed)
        }
        PasswordProof::Wrong => Ok(Outcome::Stay(vec![error(WRONG_PASSWORD)])),
        PasswordProof::TooMany => Ok(Outcome::Stay(vec![error(TOO_MANY_PASSWORDS)])),
    }
}

async fn ask_the_script(
    flow: &Flow,
    script: &LoadedScript,
    login: &mut Login,
    request: &PageRequest,
    now: Timestamp,
) -> Result<Outcome, FlowError> {
    let step = login.step();
    check_earlier_steps(script, login, step)?;
    let scene = scene(flow, login, request, now).await?;
    let mut talk = Talk::begin(flow, script, login, scene, now).await?;
    let passed = talk.authenticate(step).await?;
    let jump = talk.next_step(step).await?;
    let outcome = match (passed, jump) {
        (_, Some(target)) => talk.jump(login, step, target).await?,
        (true, None) => talk.go_on(login, step).await?,
        (false, None) => Next::Stay,
    };
    let (notice, send_failed) = (talk.host.notice(), talk.host.send_failed());
    let (scene, proven) = talk.finish()?;
    if step > 1 && login.person_id.is_some() && proven != login.person_id {
        return Err(broken(
            script,
            "a later step checked the password of another person",
        ));
    }
    login.person_id = proven;
    login.session = kept_session(scene.session);
    let mut messages = said(scene.messages, notice);
    if send_failed && messages.is_empty() {
        messages.push(error(NOT_SENT));
    }
    settle(login, outcome, messages, now)
}

/// The session attributes that a login keeps. Where the browser is belongs to each request.
fn kept_session(mut session: BTreeMap<String, String>) -> BTreeMap<String, String> {
    session.remove("remote_ip");
    session
}

fn broken(script: &LoadedScript, why: &'static str) -> FlowError {
    FlowError::Contract {
        script: script.acr().name.clone(),
        why,
    }
}

/// What [`ask_the_script`] found out before the scene came back.
enum Next {
    Stay,
    Page {
        step: u32,
        page: String,
        set: BTreeMap<String, String>,
    },
    Passed {
        acr: Acr,
        claims: BTreeMap<String, String>,
    },
}

fn settle(
    login: &mut Login,
    next: Next,
    messages: Vec<Message>,
    now: Timestamp,
) -> Result<Outcome, FlowError> {
    match next {
        Next::Stay if messages.is_empty() => {
            let text = if login.step() == 1 {
                WRONG_PASSWORD
            } else {
                FAILED
            };
            Ok(Outcome::Stay(vec![error(text)]))
        }
        Next::Stay => Ok(Outcome::Stay(messages)),
        Next::Page { step, page, set } => {
            login.session.extend(set);
            login
                .session
                .insert("auth_step".to_owned(), step.to_string());
            login.page = page;
            login.messages = messages;
            Ok(Outcome::Moved)
        }
        Next::Passed { acr, claims } => {
            if login.person_id.is_none() {
                return Err(FlowError::Contract {
                    script: login.acr.clone(),
                    why: "it passed the last step, but nobody's password was checked",
                });
            }
            let skipped = (1..=acr.steps)
                .filter(|step| login.session.contains_key(&skipped_key(*step)))
                .count();
            let steps = acr
                .steps
                .saturating_sub(u32::try_from(skipped).unwrap_or(acr.steps));
            login.authentication = Some(proof(&acr, steps, claims, now));
            Ok(Outcome::Passed)
        }
    }
}

fn said(mut messages: Vec<Message>, notice: Option<&'static str>) -> Vec<Message> {
    if let Some(notice) = notice {
        messages.clear();
        messages.push(error(notice));
    }
    messages
}

fn error(text: &str) -> Message {
    Message {
        severity: Severity::Error,
        text: text.to_owned(),
    }
}

fn proof(acr: &Acr, steps: u32, claims: BTreeMap<String, String>, at: Timestamp) -> Authentication {
    let mut amr = vec![acr.level.to_string()];
    amr.extend(
        claims
            .into_iter()
            .map(|(key, value)| format!("{key}:{value}")),
    );
    Authentication {
        acr: acr.name.clone(),
        level: acr.level,
        steps,
        at,
        amr,
    }
}

/// A step is open only when every step before it was passed.
fn check_earlier_steps(script: &LoadedScript, login: &Login, step: u32) -> Result<(), FlowError> {
    let open = step >= 1
        && (1..step).all(|earlier| {
            login
                .session
                .get(&passed_key(earlier))
                .is_some_and(|v| v == "true")
        });
    if open {
        return Ok(());
    }
    Err(broken(
        script,
        "a step was reached before the steps before it were passed",
    ))
}

/// Marks a step that the script jumped over: it proves nothing.
fn skipped_key(step: u32) -> String {
    format!("auth_step_skipped_{step}")
}

fn passed_key(step: u32) -> String {
    format!("auth_step_passed_{step}")
}

/// What the script sees of the request.
async fn scene(
    flow: &Flow,
    login: &Login,
    request: &PageRequest,
    now: Timestamp,
) -> Result<Scene, FlowError> {
    let authenticated = match login.person_id {
        Some(id) => flow.people().find(id).await?,
        None => None,
    };
    let remote_ip = request
        .remote_ip
        .map(|ip| ip.to_string())
        .unwrap_or_default();
    let mut session = login.session.clone();
    session.insert("remote_ip".to_owned(), remote_ip.clone());
    let nothing = Params::default();
    let resend = login.step() > 1 && is_resend(&request.parameters);
    let credentials = if resend {
        &nothing
    } else {
        &request.parameters
    };
    Ok(Scene {
        working: kept_parameters(&session),
        session,
        session_id: login.id.to_string(),
        username: credentials
            .first("username")
            .map(|name| name.trim().to_owned()),
        password: credentials.first("password").map(str::to_owned),
        request: Request {
            parameters: form_of(&request.parameters),
            headers: readable_headers(&request.headers),
            cookies: BTreeMap::new(),
            remote_ip,
            method: request.method.to_owned(),
            path: request.path.clone(),
            locale: "en".to_owned(),
        },
        now_ms: now.as_micros() / 1000,
        usage: Usage::Interactive,
        issuer: flow.issuer().to_string(),
        authenticated: authenticated.map(shown),
        ..Scene::default()
    })
}

/// The form as the script sees it. A form that asks for another message is no try, so nothing of it
/// but the request reaches the script: whatever else it carries could be a guess that is not counted.
fn form_of(parameters: &Params) -> BTreeMap<String, Vec<String>> {
    let resend = is_resend(parameters);
    parameters
        .iter()
        .filter(|(name, _)| !matches!(*name, "csrf" | "login" | "step"))
        .filter(|(name, _)| !resend || *name == "resend")
        .map(|(name, values)| (name.to_owned(), values.to_vec()))
        .collect()
}

/// Whether the person asks for another message instead of giving an answer.
pub(crate) fn is_resend(parameters: &Params) -> bool {
    parameters.contains("resend")
}

/// Headers that a script may read: cookies and credentials are none of its business.
fn readable_headers(headers: &HeaderMap) -> BTreeMap<String, String> {
    headers
        .iter()
        .filter(|(name, _)| !matches!(name.as_str(), "cookie" | "authorization"))
        .filter_map(|(name, value)| Some((name.to_string(), value.to_str().ok()?.to_owned())))
        .collect()
}

/// The working parameters that an earlier step kept, with the types they had.
fn kept_parameters(session: &BTreeMap<String, String>) -> BTreeMap<String, Value> {
    let types: BTreeMap<String, String> = session
        .get(KEPT)
        .and_then(|json| serde_json::from_str(json).ok())
        .unwrap_or_default();
    types
        .into_iter()
        .filter_map(|(name, kind)| {
            let text = session.get(&name)?;
            let value = match kind.as_str() {
                "java.lang.Integer" => text.parse::<i64>().ok().map(Value::from),
                "java.lang.Boolean" => text.parse::<bool>().ok().map(Value::from),
                _ => Some(Value::from(text.as_str())),
            };
            Some((name, value?))
        })
        .collect()
}

/// Keeps the named working parameters for later steps: only texts, whole numbers and booleans
/// survive, as in Gluu.
fn keep_parameters(
    set: &mut BTreeMap<String, String>,
    session: &BTreeMap<String, String>,
    working: &BTreeMap<String, Value>,
    names: &[String],
) {
    let mut types: BTreeMap<String, String> = set
        .get(KEPT)
        .or_else(|| session.get(KEPT))
        .and_then(|json| serde_json::from_str(json).ok())
        .unwrap_or_default();
    for name in names {
        let (kind, text) = match working.get(name) {
            Some(Value::String(text)) => ("java.lang.String", text.clone()),
            Some(Value::Bool(flag)) => ("java.lang.Boolean", flag.to_string()),
            Some(Value::Number(number)) if number.is_i64() => {
                ("java.lang.Integer", number.to_string())
            }
            _ => continue,
        };
        types.insert(name.clone(), kind.to_owned());
        set.insert(name.clone(), text);
    }
    let json = serde_json::to_string(&types).expect("a map of texts is JSON");
    set.insert(KEPT.to_owned(), json);
}

/// A conversation with one script during one request.
struct Talk<'f> {
    flow: &'f Flow,
    script: &'f LoadedScript,
    run: Run,
    host: Host<'f>,
}

impl<'f> Talk<'f> {
    async fn begin(
        flow: &'f Flow,
        script: &'f LoadedScript,
        login: &Login,
        scene: Scene,
        now: Timestamp,
    ) -> Result<Self, FlowError> {
        Ok(Self {
            flow,
            script,
            run: flow.engine().begin(script.script(), scene).await?,
            host: Host::for_step(flow, script, login.person_id, now),
        })
    }

    async fn call(&mut self, call: Call) -> Result<Returned, ScriptError> {
        let mut turn = self.run.call(call).await;
        loop {
            match turn {
                Turn::Ask(question) => {
                    let answer = self.host.answer(question).await;
                    turn = self.run.answer(answer).await;
                }
                Turn::Done(outcome) => return outcome.map_err(script_log::without_numbers),
            }
        }
    }

    /// A call whose failure ends the login.
    async fn must(&mut self, call: Call) -> Result<Returned, FlowError> {
        match self.call(call).await {
            Ok(returned) => Ok(returned),
            Err(cause) => {
                self.record(&cause).await?;
                Err(FlowError::Script {
                    script: self.script.acr().name.clone(),
                    cause,
                })
            }
        }
    }

    /// Keeps the error with the script, for the administrator.
    async fn record(&self, cause: &ScriptError) -> Result<(), FlowError> {
        let mut tx = self.flow.store().begin().await?;
        let text = script_log::with_traceback(&cause.message, &cause.traceback);
        ScriptEntry::record_failure(&mut tx, &self.script.acr().name, &text).await?;
        tx.commit().await?;
        Ok(())
    }

    /// `false` and an exception are the same to Gluu: not passed. A script that had to be stopped
    /// is not: its worker is gone.
    async fn authenticate(&mut self, step: u32) -> Result<bool, FlowError> {
        let outcome = self.call(Call::Authenticate { step }).await;
        if let Some(trouble) = self.host.take_trouble() {
            return Err(trouble);
        }
        match outcome {
            Ok(Returned::Bool(passed)) => Ok(passed),
            Ok(Returned::Int(number)) => Ok(number != 0),
            Ok(Returned::None) => Ok(false),
            Ok(_) => Err(self.broken("authenticate returned neither true nor false")),
            Err(cause) if cause.kind == ErrorKind::Exception => {
                self.record(&cause).await?;
                tracing::error!(script.name = %self.script.acr().name, cause = %cause.message, "authenticate raised");
                Ok(false)
            }
            Err(cause) => {
                self.record(&cause).await?;
                Err(FlowError::Script {
                    script: self.script.acr().name.clone(),
                    cause,
                })
            }
        }
    }

    /// Where the script wants to go instead of the next step; `None` for the normal order.
    async fn next_step(&mut self, step: u32) -> Result<Option<u32>, FlowError> {
        if self.script.script().api_version() <= 1 {
            return Ok(None);
        }
        match self.call(Call::GetNextStep { step }).await {
            Ok(returned) => Ok(returned
                .as_int()
                .and_then(|target| u32::try_from(target).ok())),
            Err(cause) => {
                self.record(&cause).await?;
                Ok(None)
            }
        }
    }

    async fn prepare(&mut self, step: u32) -> Result<(), FlowError> {
        if !self.must(Call::IsValidAuthenticationMethod).await?.truthy() {
            return Err(self.broken("it says that it cannot be used now"));
        }
        if !self.must(Call::PrepareForStep { step }).await?.truthy() {
            return Err(self.broken("it refused to prepare the page of a step"));
        }
        Ok(())
    }

    /// The next step, or the end.
    async fn go_on(&mut self, login: &Login, step: u32) -> Result<Next, FlowError> {
        let next = step + 1;
        let mut set = BTreeMap::from([(passed_key(step), "true".to_owned())]);
        self.keep_for(next, login, &mut set).await?;
        let count = self.must(Call::GetCountAuthenticationSteps).await?.as_int();
        match count.and_then(|count| u32::try_from(count).ok()) {
            Some(count) if step < count => self.page_of(next, set).await,
            Some(count) if step == count => Ok(Next::Passed {
                acr: Acr {
                    steps: count,
                    ..self.script.acr().clone()
                },
                claims: self.method_claims().await?,
            }),
            _ => Err(self.broken("getCountAuthenticationSteps returned a number below the step")),
        }
    }

    /// Back to an earlier step, whose later ones must be passed again, or past steps that the
    /// script skips.
    async fn jump(&mut self, login: &Login, step: u32, target: u32) -> Result<Next, FlowError> {
        let count = self.must(Call::GetCountAuthenticationSteps).await?.as_int();
        if target == 0 || i64::from(target) > count.unwrap_or(0) {
            return Err(self.broken("getNextStep named a step that does not exist"));
        }
        let mut set = BTreeMap::new();
        if target <= step {
            set.extend((target..=step).map(|undone| (passed_key(undone), "false".to_owned())));
        } else {
            set.extend((step..target).map(|skipped| (passed_key(skipped), "true".to_owned())));
            set.extend((step + 1..target).map(|skipped| (skipped_key(skipped), "true".to_owned())));
        }
        self.keep_for(target, login, &mut set).await?;
        self.page_of(target, set).await
    }

    async fn page_of(
        &mut self,
        step: u32,
        set: BTreeMap<String, String>,
    ) -> Result<Next, FlowError> {
        match self.page(step).await? {
            Some(page) => Ok(Next::Page { step, page, set }),
            None => Err(self.broken("getPageForStep returned nothing for a later step")),
        }
    }

    /// The page of a step; the login page when the script names none by an empty text.
    async fn page(&mut self, step: u32) -> Result<Option<String>, FlowError> {
        let returned = self.must(Call::GetPageForStep { step }).await?;
        let page = match returned.as_text() {
            None => return Ok(None),
            Some("") => LOGIN_PAGE,
            Some(page) => page,
        };
        let known = page.starts_with('/')
            && page.ends_with(".xhtml")
            && self.flow.pages().has(page.trim_start_matches('/'));
        if known {
            Ok(Some(page.to_owned()))
        } else {
            Err(self.broken("it named a page that does not exist"))
        }
    }

    async fn keep_for(
        &mut self,
        step: u32,
        login: &Login,
        set: &mut BTreeMap<String, String>,
    ) -> Result<(), FlowError> {
        let names = self
            .must(Call::GetExtraParametersForStep { step })
            .await?
            .into_texts();
        let scene = self.run.scene();
        keep_parameters(set, &login.session, &scene.working, &names);
        Ok(())
    }

    async fn method_claims(&mut self) -> Result<BTreeMap<String, String>, FlowError> {
        if self.script.script().api_version() <= 3 {
            return Ok(BTreeMap::new());
        }
        Ok(self
            .must(Call::GetAuthenticationMethodClaims)
            .await?
            .into_map())
    }

    /// The changed scene, and whose password was right.
    fn finish(
        mut self,
    ) -> Result<(Scene, Option<sallyport_base::Id<sallyport_people::Person>>), FlowError> {
        if let Some(trouble) = self.host.take_trouble() {
            return Err(trouble);
        }
        let proven = self.host.proven();
        let scene = self.run.finish();
        if scene.redirect.is_some() {
            let why = "it asked for a redirect, which this release does not follow";
            return Err(broken(self.script, why));
        }
        Ok((scene, proven))
    }

    fn broken(&self, why: &'static str) -> FlowError {
        broken(self.script, why)
    }
}
