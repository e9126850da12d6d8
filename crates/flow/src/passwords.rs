//! Passwords, and how often one may be tried for a name.

use sallyport_base::{Secret, Timestamp};
use sallyport_people::{PasswordCheck, Person};

use crate::{
    Flow, FlowError,
    tries::{self, Subject},
};

/// What the person reads when a name had too many wrong passwords.
pub(crate) const TOO_MANY_PASSWORDS: &str =
    "Too many wrong passwords for this name. Wait a quarter of an hour and try again.";

pub(crate) enum PasswordProof {
    Right(Person),
    Wrong,
    /// The name had too many wrong ones; nothing was compared.
    TooMany,
}

/// Whether the password is that of an active person. The time does not tell whether the name
/// exists.
pub(crate) async fn check_password(
    flow: &Flow,
    username: &str,
    password: &Secret,
    now: Timestamp,
) -> Result<PasswordProof, FlowError> {
    if !count_password(flow, username, now).await? {
        tracing::warn!(
            event = "password.limited",
            "too many wrong passwords for one name"
        );
        return Ok(PasswordProof::TooMany);
    }
    match flow.people().check_password(username, password).await? {
        PasswordCheck::Right(person) => Ok(PasswordProof::Right(person)),
        PasswordCheck::Wrong | PasswordCheck::Inactive => {
            tracing::info!(event = "password.wrong", "a password was wrong");
            Ok(PasswordProof::Wrong)
        }
    }
}

/// Counts a try for a name before anything is compared; a right password forgets it when its step
/// is saved.
async fn count_password(flow: &Flow, username: &str, now: Timestamp) -> Result<bool, FlowError> {
    let mut tx = flow.store().begin().await?;
    let limit = flow.limits().wrong_passwords;
    let allowed = tries::count(&mut tx, wrong_passwords(username), limit, now).await?;
    tx.commit().await?;
    Ok(allowed)
}

/// Tries at the first step of a method without passwords.
pub(crate) fn tries_without_password(username: &str) -> Subject<'_> {
    Subject {
        kind: "tries without a password",
        who: username,
    }
}

pub(crate) fn wrong_passwords(username: &str) -> Subject<'_> {
    Subject {
        kind: "wrong passwords",
        who: username,
    }
}
