//! How often somebody may try, and when that is forgotten.

use sallyport_base::{Timestamp, Tx};

use crate::{
    Flow, FlowError, Login,
    questions::{tries_without_password, wrong_passwords},
    scene::{PageRequest, is_resend},
    talk::{passed_key, skipped_key},
    tries::{self, Subject},
};

/// Counts a try before anything is compared: at a step after the first for the login and for the
/// person, at the first step of a method without passwords for the name that was typed. `false`: it
/// was one too many.
pub(crate) async fn count(
    flow: &Flow,
    login: &Login,
    request: &PageRequest,
    now: Timestamp,
) -> Result<bool, FlowError> {
    if login.step() <= 1 {
        return count_first_step(flow, login, request, now).await;
    }
    Ok(is_resend(&request.parameters) || count_later_step(flow, login, now).await?)
}

async fn count_first_step(
    flow: &Flow,
    login: &Login,
    request: &PageRequest,
    now: Timestamp,
) -> Result<bool, FlowError> {
    let Some(name) = request.typed_name() else {
        return Ok(true);
    };
    let script = flow.scripts().find(&login.acr);
    if !script.is_some_and(|script| script.vouches()) {
        return Ok(true);
    }
    let mut tx = flow.store().begin().await?;
    let (subject, limit) = (tries_without_password(name), flow.limits().wrong_passwords);
    let allowed = tries::count(&mut tx, subject, limit, now).await?;
    tx.commit().await?;
    Ok(allowed)
}

async fn count_later_step(flow: &Flow, login: &Login, now: Timestamp) -> Result<bool, FlowError> {
    let limits = flow.limits();
    let mut tx = flow.store().begin().await?;
    let mut allowed = login.count_try(&mut tx, limits.tries_per_login).await?;
    if let Some(who) = person_of(login) {
        let subject = wrong_passcodes(&who);
        allowed &= tries::count(&mut tx, subject, limits.wrong_passcodes, now).await?;
    }
    tx.commit().await?;
    Ok(allowed)
}

fn person_of(login: &Login) -> Option<String> {
    login.person.map(|known| known.id.to_string())
}

fn wrong_passcodes(who: &str) -> Subject<'_> {
    Subject {
        kind: "wrong passcodes",
        who,
    }
}

/// After a right answer the wrong ones before it no longer count.
pub(crate) async fn forget(
    tx: &mut Tx,
    before: &Login,
    login: &Login,
    request: &PageRequest,
) -> Result<(), FlowError> {
    let Some(who) = person_of(login) else {
        return Ok(());
    };
    if before.step() == 1 && is_passed(login, before.step()) {
        let username = request.parameters.first("username").unwrap_or_default();
        tries::forget(tx, wrong_passwords(username)).await?;
        tries::forget(tx, tries_without_password(username)).await?;
    }
    if login.authentication.is_some() {
        tries::forget(tx, wrong_passcodes(&who)).await?;
    }
    Ok(())
}

fn is_passed(login: &Login, step: u32) -> bool {
    let has = |key: String| login.session.contains_key(&key);
    login.authentication.is_some() || (has(passed_key(step)) && !has(skipped_key(step)))
}
