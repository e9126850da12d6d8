use axum::extract::{Path, State, rejection::PathRejection};
use sallyport_base::{Conn, Tx};
use serde_json::{Value, json};

use crate::{
    Otp,
    address::Address,
    answer::Success,
    audit::{Entry, Event},
    delivery::Origin,
    email_address::EmailAddress,
    fields::Fields,
    method::Method,
    phone_number::PhoneNumber,
    project::Caller,
    refusal::Refusal,
    user::{Status, User},
    user_name::UserName,
};

/// The addresses of a user who is created, and what is known of them.
struct NewUser {
    email: Option<Address>,
    phone: Option<Address>,
    status: Status,
}

impl NewUser {
    fn check(otp: &Otp, caller: &Caller, fields: &Fields) -> Result<Self, Refusal> {
        let environment = caller.project.environment;
        let email = fields.filled_text("email")?;
        let number = fields.filled_text("phone_number")?;
        if email.is_none() && number.is_none() {
            return Err(Refusal::NoFactorToCreate);
        }
        Origin::check(fields)?;
        let check_number = |text| PhoneNumber::check(text, environment, otp.limits());
        Ok(Self {
            email: email
                .map(|text| EmailAddress::check(text, environment))
                .transpose()?
                .map(Address::Email),
            phone: number.map(check_number).transpose()?.map(Address::Phone),
            status: Status::check(fields)?,
        })
    }
}

/// `POST /v1/users`
pub async fn create(
    State(otp): State<Otp>,
    caller: Caller,
    fields: Fields,
) -> Result<Success, Refusal> {
    let new = NewUser::check(&otp, &caller, &fields)?;
    let Caller { project, now, .. } = &caller;
    let mut tx = otp.store().begin().await?;
    let mut user = User::create(&mut tx, project, new.status, *now, otp.random()).await?;
    user.profile.change(&fields)?;
    user.keep_profile(&mut tx).await?;
    let email_id = add(&otp, &mut tx, &caller, &user, new.email.as_ref()).await?;
    let phone_id = add(&otp, &mut tx, &caller, &user, new.phone.as_ref()).await?;
    let shown = shown(&mut tx, &caller, &user).await?;
    Entry::new(Event::UserCreated)
        .user(user.id)
        .record(&mut tx, &caller, otp.random())
        .await?;
    tx.commit().await?;
    Ok(Success::of(json!({
        "user_id": user.shown_id(&caller.project),
        "email_id": email_id,
        "phone_id": phone_id,
        "status": user.status.as_str(),
        "user": shown,
    })))
}

/// `GET /v1/users/{user_id}`
pub async fn show(
    State(otp): State<Otp>,
    caller: Caller,
    user_id: Result<Path<String>, PathRejection>,
) -> Result<Success, Refusal> {
    let name = check_user_id(&caller, user_id)?;
    let mut reader = otp.store().reader().await?;
    let user = name.load(&mut reader, &caller.project).await?;
    Ok(Success::of(shown(&mut reader, &caller, &user).await?))
}

/// `PUT /v1/users/{user_id}`
pub async fn update(
    State(otp): State<Otp>,
    caller: Caller,
    user_id: Result<Path<String>, PathRejection>,
    fields: Fields,
) -> Result<Success, Refusal> {
    let name = check_user_id(&caller, user_id)?;
    Origin::check(&fields)?;
    let mut tx = otp.store().begin().await?;
    let mut user = load_and_hold(&mut tx, &caller, &name).await?;
    user.profile.change(&fields)?;
    user.keep_profile(&mut tx).await?;
    let shown = shown(&mut tx, &caller, &user).await?;
    Entry::new(Event::UserUpdated)
        .user(user.id)
        .record(&mut tx, &caller, otp.random())
        .await?;
    tx.commit().await?;
    Ok(Success::of(json!({
        "user_id": shown["user_id"],
        "emails": shown["emails"],
        "phone_numbers": shown["phone_numbers"],
        "crypto_wallets": [],
        "user": shown,
    })))
}

/// `DELETE /v1/users/{user_id}`
pub async fn delete(
    State(otp): State<Otp>,
    caller: Caller,
    user_id: Result<Path<String>, PathRejection>,
) -> Result<Success, Refusal> {
    let name = check_user_id(&caller, user_id)?;
    let mut tx = otp.store().begin().await?;
    let user = name.load(&mut tx, &caller.project).await?;
    if !User::delete(&mut tx, &caller.project, user.id).await? {
        return Err(Refusal::UserNotFound);
    }
    Entry::new(Event::UserDeleted)
        .user(user.id)
        .record(&mut tx, &caller, otp.random())
        .await?;
    tx.commit().await?;
    Ok(Success::of(
        json!({ "user_id": user.shown_id(&caller.project) }),
    ))
}

/// `DELETE /v1/users/{user_id}/external_id`
pub async fn delete_external_id(
    State(otp): State<Otp>,
    caller: Caller,
    user_id: Result<Path<String>, PathRejection>,
) -> Result<Success, Refusal> {
    let name = check_user_id(&caller, user_id)?;
    let mut tx = otp.store().begin().await?;
    let mut user = load_and_hold(&mut tx, &caller, &name).await?;
    user.profile.external_id = None;
    user.keep_profile(&mut tx).await?;
    let shown = shown(&mut tx, &caller, &user).await?;
    Entry::new(Event::UserUpdated)
        .user(user.id)
        .record(&mut tx, &caller, otp.random())
        .await?;
    tx.commit().await?;
    Ok(Success::of(
        json!({ "user_id": shown["user_id"], "user": shown }),
    ))
}

/// The user as shown, with all addresses.
pub async fn shown(conn: &mut Conn, caller: &Caller, user: &User) -> Result<Value, Refusal> {
    let methods = Method::list(conn, user.id, caller.now).await?;
    Ok(user.shown(&caller.project, &methods, caller.now))
}

/// The user as nobody else can change it until `tx` ends.
pub async fn load_and_hold(tx: &mut Tx, caller: &Caller, name: &UserName) -> Result<User, Refusal> {
    let user = name.load(tx, &caller.project).await?;
    User::hold(tx, user.id).await?;
    UserName::Id(user.id).load(tx, &caller.project).await
}

pub fn check_user_id(
    caller: &Caller,
    user_id: Result<Path<String>, PathRejection>,
) -> Result<UserName, Refusal> {
    let Path(text) = user_id.map_err(|_| Refusal::InvalidUserId)?;
    UserName::check(&caller.project, &text)
}

/// The id of the new method, empty when there is no address.
async fn add(
    otp: &Otp,
    tx: &mut Tx,
    caller: &Caller,
    user: &User,
    address: Option<&Address>,
) -> Result<String, Refusal> {
    let Some(address) = address else {
        return Ok(String::new());
    };
    let Caller { project, now, .. } = caller;
    Method::add(tx, project, user, address, *now, otp.random())
        .await?
        .map(|method| method.shown_id(project))
        .ok_or_else(|| Refusal::duplicate(address.kind()))
}
