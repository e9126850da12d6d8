//! One form through one step of a method, and the page of a step: Gluu's rules for `auth_step`,
//! `getNextStep`, extra parameters and pages.

use std::collections::BTreeMap;

use sallyport_base::{Secret, Timestamp};
use sallyport_script::{Message, Scene, Severity};
use serde_json::Value;

use crate::{
    Acr, Authentication, Flow, FlowError, Login, PASSWORD_ACR,
    questions::{PasswordProof, TOO_MANY_PASSWORDS, check_password},
    scene::{PageRequest, kept_session, scene},
    scripts::LoadedScript,
    talk::{LOGIN_PAGE, Next, Talk, broken, passed_key, skipped_key},
};

const WRONG_PASSWORD: &str = "Failed to authenticate. Check the name and the password.";
const FAILED: &str = "Failed to authenticate. Please try again.";
/// For scripts that go on to ask for a code which was never sent, as Gluu's does.
const NOT_SENT: &str = "Failed to send message to mobile phone. Cancel, and sign in again.";

/// Where a form has led.
pub(crate) enum Outcome {
    /// The same page again, with what went wrong.
    Stay(Vec<Message>),
    /// Another step; the login has changed.
    Moved,
    /// Every step is passed; the login holds the proof.
    Passed,
}

/// What a script has for the page of its step.
#[derive(Default)]
pub(crate) struct Prepared {
    pub messages: Vec<Message>,
    /// The working parameters, which a page reads as `working.NAME`.
    pub working: BTreeMap<String, Value>,
}

/// How a login is checked.
enum Method {
    Password,
    Script(LoadedScript),
}

/// A login goes on with the version that it began with. One that begins, or goes to another method,
/// takes the version that runs, and remembers it.
async fn method_of(flow: &Flow, login: &mut Login) -> Result<Method, FlowError> {
    if login.acr == PASSWORD_ACR {
        return Ok(Method::Password);
    }
    let script = match login.script_revision {
        Some(revision) => flow.scripts().version(flow, &login.acr, revision).await?,
        None => flow.scripts().running(flow, &login.acr).await?,
    };
    let script = script.ok_or_else(|| FlowError::NoMethod(login.acr.clone()))?;
    login.script_revision = Some(script.revision());
    Ok(Method::Script(script))
}

/// How many steps the method of a login has, for the page to say.
pub(crate) fn count_of(flow: &Flow, login: &Login) -> u32 {
    let script = flow.scripts().find(&login.acr);
    script.map_or(1, |script| script.acr().steps)
}

/// The page of the first step.
pub(crate) async fn first_page(flow: &Flow, login: &mut Login) -> Result<String, FlowError> {
    match method_of(flow, login).await? {
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
) -> Result<Prepared, FlowError> {
    match method_of(flow, login).await? {
        Method::Password => Ok(Prepared::default()),
        Method::Script(script) => {
            let scene = scene(flow, login, request, now).await?;
            let mut talk = Talk::begin(flow, &script, login, scene, now).await?;
            talk.prepare(login.step()).await?;
            let (scene, _) = talk.finish()?;
            login.session = kept_session(scene.session);
            Ok(Prepared {
                messages: scene.messages,
                working: scene.working,
            })
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
    match method_of(flow, login).await? {
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
