use axum::extract::{Path, State, rejection::PathRejection};
use sallyport_base::{Conn, Id};
use serde_json::{Value, json};

use crate::{
    Otp,
    answer::Success,
    audit::{Entry, Event},
    phone::Phone,
    project::Caller,
    refusal::Refusal,
    user::{self, User},
};

/// `GET /v1/users/{user_id}`
pub async fn show(
    State(otp): State<Otp>,
    caller: Caller,
    user_id: Result<Path<String>, PathRejection>,
) -> Result<Success, Refusal> {
    let id = check_user_id(&caller, user_id)?;
    let mut reader = otp.store().reader().await?;
    Ok(Success::of(load(&mut reader, &caller, id).await?))
}

/// `DELETE /v1/users/{user_id}`
pub async fn delete(
    State(otp): State<Otp>,
    caller: Caller,
    user_id: Result<Path<String>, PathRejection>,
) -> Result<Success, Refusal> {
    let id = check_user_id(&caller, user_id)?;
    let mut tx = otp.store().begin().await?;
    if !User::delete(&mut tx, &caller.project, id).await? {
        return Err(Refusal::UserNotFound);
    }
    Entry::new(Event::UserDeleted)
        .user(id)
        .record(&mut tx, &caller, otp.random())
        .await?;
    tx.commit().await?;
    Ok(Success::of(
        json!({ "user_id": user::shown_id(&caller.project, id) }),
    ))
}

/// `DELETE /v1/users/phone_numbers/{phone_id}`
pub async fn delete_phone(
    State(otp): State<Otp>,
    caller: Caller,
    phone_id: Result<Path<String>, PathRejection>,
) -> Result<Success, Refusal> {
    let id = phone_id
        .ok()
        .and_then(|Path(text)| caller.project.environment.parse("phone-number", &text))
        .ok_or(Refusal::PhoneNumberNotFound)?;
    let mut tx = otp.store().begin().await?;
    let phone = Phone::find(&mut tx, &caller.project, id, caller.now)
        .await?
        .ok_or(Refusal::PhoneNumberNotFound)?;
    User::hold(&mut tx, phone.user_id).await?;
    if !Phone::delete(&mut tx, &phone).await? {
        return Err(Refusal::LastPrimaryFactor);
    }
    let user = load(&mut tx, &caller, phone.user_id).await?;
    Entry::new(Event::PhoneDeleted)
        .user(phone.user_id)
        .record(&mut tx, &caller, otp.random())
        .await?;
    tx.commit().await?;
    Ok(Success::of(
        json!({ "user_id": user["user_id"], "user": user }),
    ))
}

/// The user as shown, with all numbers.
async fn load(conn: &mut Conn, caller: &Caller, id: Id<User>) -> Result<Value, Refusal> {
    let user = User::find(conn, &caller.project, id)
        .await?
        .ok_or(Refusal::UserNotFound)?;
    let phones = Phone::list(conn, id, caller.now).await?;
    Ok(user.shown(&caller.project, &phones, caller.now))
}

fn check_user_id(
    caller: &Caller,
    user_id: Result<Path<String>, PathRejection>,
) -> Result<Id<User>, Refusal> {
    let Path(text) = user_id.map_err(|_| Refusal::InvalidUserId)?;
    caller
        .project
        .environment
        .parse("user", &text)
        .ok_or(Refusal::InvalidUserId)
}
