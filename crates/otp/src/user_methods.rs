use axum::extract::{Path, State, rejection::PathRejection};
use serde_json::{Value, json};

use crate::{
    Otp,
    address::{Address, Kind},
    answer::Success,
    audit::{Entry, Event},
    collision::again,
    email_address::EmailAddress,
    fields::Fields,
    method::Method,
    notice,
    phone_number::PhoneNumber,
    project::Caller,
    refusal::Refusal,
    user::User,
    user_name::UserName,
    users::{check_user_id, load_and_hold, shown},
};

/// `DELETE /v1/users/phone_numbers/{phone_id}`
pub async fn delete_phone(
    State(otp): State<Otp>,
    caller: Caller,
    phone_id: Result<Path<String>, PathRejection>,
) -> Result<Success, Refusal> {
    delete(&otp, &caller, phone_id, Kind::Phone).await
}

/// `DELETE /v1/users/emails/{email_id}`
pub async fn delete_email(
    State(otp): State<Otp>,
    caller: Caller,
    email_id: Result<Path<String>, PathRejection>,
) -> Result<Success, Refusal> {
    delete(&otp, &caller, email_id, Kind::Email).await
}

async fn delete(
    otp: &Otp,
    caller: &Caller,
    id: Result<Path<String>, PathRejection>,
    kind: Kind,
) -> Result<Success, Refusal> {
    let not_found = || match kind {
        Kind::Phone => Refusal::PhoneNumberNotFound,
        Kind::Email => Refusal::EmailNotFound,
    };
    let environment = caller.project.environment;
    let id = id
        .ok()
        .and_then(|Path(text)| environment.parse(kind.id_word(), &text))
        .ok_or_else(not_found)?;
    let mut tx = otp.store().begin().await?;
    let method = Method::find(&mut tx, &caller.project, id, caller.now)
        .await?
        .filter(|method| method.kind() == kind)
        .ok_or_else(not_found)?;
    User::hold(&mut tx, method.user_id).await?;
    if !Method::delete(&mut tx, &method).await? {
        return Err(Refusal::LastPrimaryFactor);
    }
    let user = UserName::Id(method.user_id)
        .load(&mut tx, &caller.project)
        .await?;
    let shown = shown(&mut tx, caller, &user).await?;
    Entry::new(Event::MethodDeleted)
        .user(method.user_id)
        .address(otp, &method.address)
        .record(&mut tx, caller, otp.random())
        .await?;
    tx.commit().await?;
    Ok(Success::of(
        json!({ "user_id": shown["user_id"], "user": shown }),
    ))
}

/// `PUT /v1/users/{user_id}/exchange_primary_factor`: for users who lost their only phone or mailbox.
/// Whoever calls this has made sure of that; the old address is told.
pub async fn exchange(
    State(otp): State<Otp>,
    caller: Caller,
    user_id: Result<Path<String>, PathRejection>,
    fields: Fields,
) -> Result<Success, Refusal> {
    let name = check_user_id(&caller, user_id)?;
    let address = check_exchanged(&otp, &caller, &fields)?;
    let (old, shown) = again(|| replace(&otp, &caller, &name, &address)).await?;
    if old.verified && otp.limits().notify_of_new_factor {
        let what = otp.text().notice(&address, true);
        notice::tell(&otp, &caller, &old, what).await;
    }
    Ok(Success::of(
        json!({ "user_id": shown["user_id"], "user": shown }),
    ))
}

/// Puts the address in the place of the user's only one. Returns that, and the user as shown.
async fn replace(
    otp: &Otp,
    caller: &Caller,
    name: &UserName,
    address: &Address,
) -> Result<(Method, Value), Refusal> {
    let Caller { project, now, .. } = caller;
    let mut tx = otp.store().begin().await?;
    let user = load_and_hold(&mut tx, caller, name).await?;
    let methods = Method::list(&mut tx, user.id, *now).await?;
    let [old] = <[Method; 1]>::try_from(methods).map_err(|_| Refusal::ExchangeUser)?;
    if !Method::exchange(&mut tx, project, &old, address, *now, otp.random()).await? {
        return Err(Refusal::duplicate(address.kind()));
    }
    let shown = shown(&mut tx, caller, &user).await?;
    Entry::new(Event::MethodExchanged)
        .user(user.id)
        .address(otp, address)
        .record(&mut tx, caller, otp.random())
        .await?;
    tx.commit().await?;
    Ok((old, shown))
}

fn check_exchanged(otp: &Otp, caller: &Caller, fields: &Fields) -> Result<Address, Refusal> {
    let environment = caller.project.environment;
    let email = fields.filled_text("email_address")?;
    let number = fields.filled_text("phone_number")?;
    match (email, number) {
        (Some(text), None) => EmailAddress::check(text, environment).map(Address::Email),
        (None, Some(text)) => {
            PhoneNumber::check(text, environment, otp.limits()).map(Address::Phone)
        }
        _ => Err(Refusal::ExchangeFields),
    }
}
