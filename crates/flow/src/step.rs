//! One form through one step of a method, and the page of a step: Gluu's rules for `auth_step`,
//! `getNextStep`, extra parameters and pages.

use std::collections::BTreeMap;

use sallyport_base::{Secret, Timestamp};
use sallyport_script::{About, Message, Severity};
use serde_json::Value;

use crate::{
    Acr, Authentication, Flow, FlowError, Login, PASSWORD_ACR,
    known_person::{Evidence, KnownPerson},
    loaded_script::LoadedScript,
    passwords::{PasswordProof, TOO_MANY_PASSWORDS, check_password},
    place::Place,
    scene::{self, PageRequest},
    script_reply::ScriptReply,
    talk::{Next, Readiness, Talk, Told, broken, passed_key, skipped_key},
};

const WRONG_PASSWORD: &str = "That name and password do not match. Check both, and try again.";
/// Of the first page of a method that takes over from one that had a password already.
const ANOTHER_WAY: &str =
    "You are signing in another way now. Please enter your password once more.";
const FAILED: &str = "That was not accepted. Please try again.";
/// For scripts that go on to ask for a code which was never sent, as Gluu's does.
const NOT_SENT: &str = "Failed to send message to mobile phone. Cancel, and sign in again.";

/// Where a form has led.
pub(crate) enum Outcome {
    /// The same step again, with what went wrong and what the script set for this request.
    Stay(PageParts),
    /// Another step; the login has changed.
    Moved,
    /// Every step is passed; the login holds the proof.
    Passed,
}

/// What a page may be made of.
#[derive(Default)]
pub(crate) struct PageParts {
    pub(crate) messages: Vec<Message>,
    /// The working parameters.
    pub(crate) working: BTreeMap<String, Value>,
}

/// Whether the page of a step is to be shown.
pub(crate) enum Prepared {
    Page(PageParts),
    /// Another method took over; the login has changed.
    Moved,
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
    let script = script_of(flow, login).await?;
    let script = script.ok_or_else(|| FlowError::NoMethod(login.acr.clone()))?;
    login.script_revision = Some(script.revision());
    Ok(Method::Script(script))
}

/// The version of the script that the login goes on with. `None`: the built-in method, or a script
/// that does not run any more.
pub(crate) async fn script_of(
    flow: &Flow,
    login: &Login,
) -> Result<Option<LoadedScript>, FlowError> {
    if login.acr == PASSWORD_ACR {
        return Ok(None);
    }
    match login.script_revision {
        Some(revision) => flow.scripts().version(flow, &login.acr, revision).await,
        None => flow.scripts().running(flow, &login.acr).await,
    }
}

/// How many steps the method of a login has, for the page to say.
pub(crate) fn count_of(flow: &Flow, login: &Login) -> u32 {
    let script = flow.scripts().find(&login.acr);
    script
        .map_or(1, |script| script.acr().steps)
        .max(login.step())
}

/// Where the first step takes place.
pub(crate) async fn first_place(flow: &Flow, login: &mut Login) -> Result<Place, FlowError> {
    match method_of(flow, login).await? {
        Method::Password => Ok(Place::login_page()),
        Method::Script(script) => {
            let now = flow.clock().now();
            let mut talk = Talk::before_pages(flow, &script, login, now).await?;
            let place = talk.place(1).await?;
            Ok(place.unwrap_or_else(Place::login_page))
        }
    }
}

/// Lets the script prepare the page of the current step, before it is shown. `working` is what it
/// set in this request already.
pub(crate) async fn prepare(
    flow: &Flow,
    login: &mut Login,
    request: &PageRequest,
    working: BTreeMap<String, Value>,
    now: Timestamp,
) -> Result<(Prepared, ScriptReply), FlowError> {
    let Method::Script(script) = method_of(flow, login).await? else {
        return Ok((Prepared::Page(PageParts::default()), ScriptReply::default()));
    };
    let step = login.step();
    check_earlier_steps(&script, login, step)?;
    let mut talk = Talk::begin(flow, &script, login, request, now).await?;
    talk.remember(working);
    let readiness = talk.prepare(step).await?;
    let told = talk.finish().await?;
    take_over(&script, login, &told)?;
    let prepared = match readiness {
        Readiness::Ready => Prepared::Page(PageParts {
            messages: placed(told.messages, About::Page),
            working: told.working,
        }),
        Readiness::Instead(name) => {
            change_method(flow, &script, login, request, &name).await?;
            Prepared::Moved
        }
    };
    Ok((prepared, told.reply))
}

/// Gluu's alternative method: it begins with its first step, and nothing passed so far counts.
async fn change_method(
    flow: &Flow,
    script: &LoadedScript,
    login: &mut Login,
    request: &PageRequest,
    name: &str,
) -> Result<(), FlowError> {
    let acrs = flow.acrs().await?;
    let Some(acr) = acrs.iter().find(|acr| acr.is_named(name)) else {
        return Err(broken(
            script,
            "the method that it names in its place is not enabled",
        ));
    };
    let before = scene::instead_of(&login.session);
    if acr.is_named(&login.acr) || before.iter().any(|name| acr.is_named(name)) {
        return Err(broken(
            script,
            "the method that it names in its place gave way itself",
        ));
    }
    tracing::info!(event = "login.method_changed", login.id = %login.id, from = %login.acr, acr = %acr.name, "another method takes the place of the one asked for");
    let known = who_showed_a_password(flow, login, request).await?;
    scene::begin_instead(&mut login.session, acr);
    login.acr.clone_from(&acr.name);
    login.script_revision = None;
    login.person = None;
    login.messages.clear();
    login.place = first_place(flow, login).await?;
    if let Some(name) = known {
        login.login_hint = Some(name);
        if login.place == Place::login_page() {
            login
                .messages
                .push(message(Severity::Info, About::Page, ANOTHER_WAY));
        }
    }
    Ok(())
}

/// The name of the person whose password was right in this login, as it was typed if that is known.
async fn who_showed_a_password(
    flow: &Flow,
    login: &Login,
    request: &PageRequest,
) -> Result<Option<String>, FlowError> {
    let Some(known) = login.person.filter(|known| known.by == Evidence::Password) else {
        return Ok(None);
    };
    if let Some(typed) = request.typed_name() {
        return Ok(Some(typed.to_owned()));
    }
    let person = flow.people().find(known.id).await?;
    Ok(person.map(|person| person.uid))
}

/// Gives a form to the current step.
pub(crate) async fn advance(
    flow: &Flow,
    login: &mut Login,
    request: &PageRequest,
    now: Timestamp,
) -> Result<(Outcome, ScriptReply), FlowError> {
    match method_of(flow, login).await? {
        Method::Password => {
            let outcome = check_the_password(flow, login, request, now).await?;
            Ok((outcome, ScriptReply::default()))
        }
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
            login.person = Some(KnownPerson {
                id: person.id,
                by: Evidence::Password,
            });
            login.right_password_of = Some(username.to_owned());
            let instead_of = scene::instead_of(&login.session);
            login.authentication = Some(Authentication {
                instead_of,
                ..proof(&Acr::password(), 1, BTreeMap::new(), now)
            });
            Ok(Outcome::Passed)
        }
        PasswordProof::Wrong => Ok(Outcome::Stay(only(About::Field, WRONG_PASSWORD))),
        PasswordProof::TooMany => Ok(Outcome::Stay(only(About::Page, TOO_MANY_PASSWORDS))),
    }
}

async fn ask_the_script(
    flow: &Flow,
    script: &LoadedScript,
    login: &mut Login,
    request: &PageRequest,
    now: Timestamp,
) -> Result<(Outcome, ScriptReply), FlowError> {
    let step = login.step();
    check_earlier_steps(script, login, step)?;
    let mut talk = Talk::begin(flow, script, login, request, now).await?;
    let passed = talk.authenticate(step).await?;
    let next = match talk.next_step(step).await? {
        Some(target) => talk.jump(step, target, passed).await?,
        None if passed => talk.go_on(step).await?,
        None => Next::Stay,
    };
    let told = talk.finish().await?;
    take_over(script, login, &told)?;
    let about = what_a_script_means(request, step);
    let mut messages = said(told.messages, told.notice);
    if told.send_failed && messages.is_empty() {
        messages.push(message(Severity::Error, About::Page, NOT_SENT));
    }
    let outcome = match next {
        Next::Stay => Outcome::Stay(PageParts {
            messages: placed(at_least_one(messages, step, about), about),
            working: told.working,
        }),
        Next::Step { step: next, place } => {
            if next == 1 {
                begin_again(login);
            }
            login.place = place;
            let is_shown_again = next == step;
            let about = if is_shown_again { about } else { About::Page };
            login.messages = placed(messages, about);
            Outcome::Moved
        }
        Next::Passed { acr, claims } => {
            login.authentication = Some(finished(flow, login, &acr, claims, now).await?);
            Outcome::Passed
        }
    };
    Ok((outcome, told.reply))
}

/// Keeps what a conversation changed, unless it changed whom the login is about: only the first step
/// says that. A step proves nothing in which the person was only named, or chose a password.
fn take_over(script: &LoadedScript, login: &mut Login, told: &Told) -> Result<(), FlowError> {
    let (before, now, step) = (login.person, told.person, login.step());
    let is_another = before.is_some() && before.map(|known| known.id) != now.map(|known| known.id);
    if step > 1 && is_another {
        return Err(broken(script, "a later step was about another person"));
    }
    login.person = now;
    login.session.clone_from(&told.session);
    if told.right_password_of.is_some() {
        login.right_password_of.clone_from(&told.right_password_of);
    }
    if step > 1 {
        let by = |known: Option<KnownPerson>| known.map(|known| known.by);
        let was_only_named =
            (by(before), by(now)) == (Some(Evidence::Script), Some(Evidence::Password));
        if was_only_named {
            login.session.insert(skipped_key(1), "true".to_owned());
        }
        if told.set_password {
            login.session.insert(skipped_key(step), "true".to_owned());
        }
    }
    Ok(())
}

/// The first step is about nobody yet, whoever passed it before.
fn begin_again(login: &mut Login) {
    login.person = None;
    scene::forget_person(&mut login.session);
}

/// Gluu's scripts say what went wrong, and not with what. At the first step a wrong password is the
/// server's to tell, and where a script's word stands must not say whether the password was right.
/// Later it is about what was typed, unless nothing was.
fn what_a_script_means(request: &PageRequest, step: u32) -> About {
    match step == 1 || scene::is_resend(&request.parameters) {
        true => About::Page,
        false => About::Field,
    }
}

/// The messages, with those at their places whose script does not say what they are about.
fn placed(mut messages: Vec<Message>, about: About) -> Vec<Message> {
    for message in &mut messages {
        message.about.get_or_insert(about);
    }
    messages
}

fn at_least_one(messages: Vec<Message>, step: u32, about: About) -> Vec<Message> {
    if !messages.is_empty() {
        return messages;
    }
    vec![match step {
        1 => message(Severity::Error, About::Field, WRONG_PASSWORD),
        _ => message(Severity::Error, about, FAILED),
    }]
}

/// The proof of a login whose last step is passed.
async fn finished(
    flow: &Flow,
    login: &Login,
    acr: &Acr,
    claims: BTreeMap<String, String>,
    now: Timestamp,
) -> Result<Authentication, FlowError> {
    let Some(known) = login.person else {
        return Err(FlowError::Contract {
            script: login.acr.clone(),
            why: "it passed the last step, but nobody is known to have signed in".to_owned(),
        });
    };
    let person = flow.people().find(known.id).await?;
    if !person.is_some_and(|person| person.is_active()) {
        return Err(FlowError::Inactive);
    }
    let steps = counted_steps(login, acr, known);
    Ok(Authentication {
        without_password: known.by == Evidence::Script,
        instead_of: scene::instead_of(&login.session),
        ..proof(acr, steps, claims, now)
    })
}

/// How many steps prove something to this host: not those that the script jumped over, nor the one
/// in which it named the person without a password, nor one that set a password.
fn counted_steps(login: &Login, acr: &Acr, known: KnownPerson) -> u32 {
    let proves = |step: &u32| !login.session.contains_key(&skipped_key(*step));
    let passed = (1..=acr.steps).filter(proves).count();
    let passed = u32::try_from(passed).unwrap_or(0);
    let proving = match known.by {
        Evidence::Password => passed,
        Evidence::Script => passed.saturating_sub(1),
    };
    proving.max(1)
}

fn said(mut messages: Vec<Message>, notice: Option<&'static str>) -> Vec<Message> {
    if let Some(notice) = notice {
        messages.clear();
        messages.push(message(Severity::Error, About::Page, notice));
    }
    messages
}

fn only(about: About, text: &str) -> PageParts {
    PageParts {
        messages: vec![message(Severity::Error, about, text)],
        ..PageParts::default()
    }
}

fn message(severity: Severity, about: About, text: &str) -> Message {
    Message {
        severity,
        text: text.to_owned(),
        about: Some(about),
    }
}

fn proof(acr: &Acr, steps: u32, claims: BTreeMap<String, String>, at: Timestamp) -> Authentication {
    let mut amr = vec![acr.level.to_string()];
    amr.extend(claims.into_iter().map(|(key, value)| match &*value {
        "" => key,
        value => format!("{key}:{value}"),
    }));
    Authentication {
        acr: acr.name.clone(),
        level: acr.level,
        steps,
        at,
        amr,
        without_password: false,
        instead_of: Vec::new(),
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
