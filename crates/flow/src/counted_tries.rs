//! How often somebody may try, and when that is forgotten.

use sallyport_base::{Timestamp, Tx};

use crate::{
    Flow, FlowError, Login,
    passwords::{tries_without_password, wrong_passwords},
    progress::Came,
    scene::{PageRequest, is_resend},
    sent_forms::{self, Refused},
    step,
    talk::{passed_key, skipped_key},
    tries::{self, Limit, Subject},
};

/// What came of counting.
pub(crate) enum Counted {
    Allowed,
    /// It was one too many. `until`: when the next try is allowed; `None` when another login may begin
    /// at once.
    TooMany {
        until: Option<Timestamp>,
    },
    /// The form lacks its proof of work; nothing was counted.
    WithoutProof(Refused),
}

/// What a request is a try at.
enum Try {
    /// What this host limits itself: a password, another message.
    None,
    /// The first step of a method without passwords, for the name that was typed, or for the
    /// address that a form without a name came from.
    FirstStep { who: String },
    /// A step after the first, for the login and for the person.
    LaterStep,
}

/// Counts a form and a try, before anything is compared.
pub(crate) async fn count(
    flow: &Flow,
    login: &mut Login,
    request: &PageRequest,
    came: Came,
    now: Timestamp,
) -> Result<Counted, FlowError> {
    let counts_forms = came.by_form() && !flow.limits().proof_of_work.is_off();
    let attempt = try_of(flow, login, request, came).await?;
    if !counts_forms && matches!(attempt, Try::None) {
        return Ok(Counted::Allowed);
    }
    let mut tx = flow.store().begin().await?;
    if counts_forms
        && let Err(refused) = sent_forms::count(&mut tx, flow, login, request, now).await?
    {
        return Ok(Counted::WithoutProof(refused));
    }
    let counted = count_try(&mut tx, flow, login, &attempt, now).await?;
    tx.commit().await?;
    Ok(counted)
}

async fn try_of(
    flow: &Flow,
    login: &Login,
    request: &PageRequest,
    came: Came,
) -> Result<Try, FlowError> {
    if login.step() > 1 {
        return Ok(match is_resend(&request.parameters) {
            true => Try::None,
            false => Try::LaterStep,
        });
    }
    let who = match request.typed_name() {
        Some(name) => name.to_owned(),
        None if came.by_form() => address_of(request),
        None => return Ok(Try::None),
    };
    let script = step::script_of(flow, login).await?;
    Ok(match script.is_some_and(|script| script.vouches()) {
        true => Try::FirstStep { who },
        false => Try::None,
    })
}

/// Whom a form counts for that names nobody. No user name has a blank in it.
fn address_of(request: &PageRequest) -> String {
    let ip = request.remote_ip.map(|ip| ip.to_string());
    format!("address {}", ip.as_deref().unwrap_or("unknown"))
}

async fn count_try(
    tx: &mut Tx,
    flow: &Flow,
    login: &Login,
    attempt: &Try,
    now: Timestamp,
) -> Result<Counted, FlowError> {
    match attempt {
        Try::None => Ok(Counted::Allowed),
        Try::FirstStep { who } => {
            let limit = flow.limits().wrong_passwords;
            count_for(tx, tries_without_password(who), limit, now).await
        }
        Try::LaterStep => count_later_step(tx, flow, login, now).await,
    }
}

async fn count_later_step(
    tx: &mut Tx,
    flow: &Flow,
    login: &Login,
    now: Timestamp,
) -> Result<Counted, FlowError> {
    let limits = flow.limits();
    let is_allowed = login.count_try(tx, limits.tries_per_login).await?;
    if let Some(who) = person_of(login) {
        let kind = wrong_passcodes(login);
        let subject = Subject {
            kind: &kind,
            who: &who,
        };
        let counted = count_for(tx, subject, limits.wrong_passcodes, now).await?;
        if !matches!(counted, Counted::Allowed) {
            return Ok(counted);
        }
    }
    Ok(match is_allowed {
        true => Counted::Allowed,
        false => Counted::TooMany { until: None },
    })
}

async fn count_for(
    tx: &mut Tx,
    subject: Subject<'_>,
    limit: Limit,
    now: Timestamp,
) -> Result<Counted, FlowError> {
    if tries::count(tx, subject, limit, now).await? {
        return Ok(Counted::Allowed);
    }
    let until = tries::ends_at(tx, subject).await?;
    Ok(Counted::TooMany { until })
}

fn person_of(login: &Login) -> Option<String> {
    login.person.map(|known| known.id.to_string())
}

/// Each method has a count of its own: whoever passes one has guessed nothing of another.
fn wrong_passcodes(login: &Login) -> String {
    format!("wrong passcodes {}", login.acr)
}

/// What a right answer makes up for.
pub(crate) struct MadeUpFor {
    /// The name whose password was right.
    password_of: Option<String>,
    /// What the first step of a method without passwords was counted for.
    named: Option<String>,
    /// Whose codes, and the kind under which they are counted.
    passcodes: Option<(String, String)>,
}

/// After a right answer the wrong ones before it no longer count. Only those about the person who
/// gave it: what else the form names proves nothing.
pub(crate) async fn made_up_for(
    flow: &Flow,
    before: &Login,
    login: &Login,
    request: &PageRequest,
) -> Result<MadeUpFor, FlowError> {
    let is_passed = login.person.is_some() && is_passed(login, before.step());
    let is_over = before.step() > 1 && login.authentication.is_some();
    let passcodes = person_of(login).filter(|_| is_over);
    Ok(MadeUpFor {
        password_of: login.right_password_of.clone().filter(|_| is_passed),
        named: match is_passed && before.step() == 1 {
            true => counted_name(flow, login, request).await?,
            false => None,
        },
        passcodes: passcodes.map(|who| (wrong_passcodes(login), who)),
    })
}

async fn counted_name(
    flow: &Flow,
    login: &Login,
    request: &PageRequest,
) -> Result<Option<String>, FlowError> {
    let (Some(typed), Some(known)) = (request.typed_name(), login.person) else {
        return Ok(Some(address_of(request)));
    };
    let person = flow.people().find(known.id).await?;
    let is_theirs = person.is_some_and(|person| person.uid.eq_ignore_ascii_case(typed));
    Ok(is_theirs.then(|| typed.to_owned()))
}

pub(crate) async fn forget(tx: &mut Tx, made_up_for: &MadeUpFor) -> Result<(), FlowError> {
    if let Some(name) = &made_up_for.password_of {
        tries::forget(tx, wrong_passwords(name)).await?;
    }
    if let Some(name) = &made_up_for.named {
        tries::forget(tx, tries_without_password(name)).await?;
    }
    if let Some((kind, who)) = &made_up_for.passcodes {
        tries::forget(tx, Subject { kind, who }).await?;
    }
    Ok(())
}

fn is_passed(login: &Login, step: u32) -> bool {
    let has = |key: String| login.session.contains_key(&key);
    login.authentication.is_some() || (has(passed_key(step)) && !has(skipped_key(step)))
}
