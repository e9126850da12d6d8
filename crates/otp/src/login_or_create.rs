use axum::{
    extract::State,
    routing::{MethodRouter, post},
};
use sallyport_base::{StoreError, Tx};
use serde_json::json;

use crate::{
    Otp,
    address::{Address, Kind},
    answer::Success,
    channel::Channel,
    delivery::Delivery,
    dispatch::{self, Order},
    email_address::EmailAddress,
    fields::Fields,
    method::Method,
    phone_number::PhoneNumber,
    project::Caller,
    refusal::Refusal,
    user::{Status, User},
};

struct Params {
    address: Address,
    status: Status,
    delivery: Delivery,
}

impl Params {
    fn check(
        otp: &Otp,
        caller: &Caller,
        fields: &Fields,
        channel: Channel,
    ) -> Result<Self, Refusal> {
        Ok(Self {
            address: required_address(otp, caller, fields, channel)?,
            status: Status::check(fields)?,
            delivery: Delivery::check(otp, fields)?,
        })
    }
}

/// `POST /v1/otps/{channel}/login_or_create`
pub fn by(channel: Channel) -> MethodRouter<Otp> {
    post(
        async move |State(otp): State<Otp>, caller: Caller, fields: Fields| {
            login_or_create(&otp, caller, &fields, channel).await
        },
    )
}

async fn login_or_create(
    otp: &Otp,
    caller: Caller,
    fields: &Fields,
    channel: Channel,
) -> Result<Success, Refusal> {
    let params = Params::check(otp, &caller, fields, channel)?;
    let mut tx = otp.store().begin().await?;
    let (user, method, created) =
        find_or_create(otp, &mut tx, &caller, &params.address, params.status).await?;
    let mut answer = json!({
        "user_id": user.shown_id(&caller.project),
        "user_created": created,
    });
    answer[id_field(method.kind())] = json!(method.shown_id(&caller.project));
    let order = Order {
        caller,
        user,
        method,
        channel,
        delivery: params.delivery,
    };
    dispatch::send(otp, tx, order).await?;
    Ok(Success::of(answer))
}

/// The `phone_number` or `email` of a send.
pub fn required_address(
    otp: &Otp,
    caller: &Caller,
    fields: &Fields,
    channel: Channel,
) -> Result<Address, Refusal> {
    if !otp.sends_by(channel) {
        let why = format!("This service sends no codes by {}.", channel.as_str());
        return Err(Refusal::BadRequest(why.into()));
    }
    let environment = caller.project.environment;
    match channel {
        Channel::Email => {
            let text = fields.required_text("email")?;
            EmailAddress::check(text, environment).map(Address::Email)
        }
        Channel::Sms | Channel::Whatsapp => {
            let text = fields
                .filled_text("phone_number")?
                .ok_or(Refusal::MissingSmsParameter)?;
            PhoneNumber::check(text, environment, otp.limits()).map(Address::Phone)
        }
    }
}

/// The field of an answer that names a method of this kind.
pub const fn id_field(kind: Kind) -> &'static str {
    match kind {
        Kind::Phone => "phone_id",
        Kind::Email => "email_id",
    }
}

/// The owner of an address with the method, if it has one.
pub async fn find_owner(
    tx: &mut Tx,
    caller: &Caller,
    address: &Address,
) -> Result<Option<(User, Method)>, StoreError> {
    let Some(method) = Method::find_by_address(tx, &caller.project, address).await? else {
        return Ok(None);
    };
    let user = User::find(tx, &caller.project, method.user_id).await?;
    Ok(user.map(|user| (user, method)))
}

/// The owner of an address, who is created when there is none: whether that was so.
pub async fn find_or_create(
    otp: &Otp,
    tx: &mut Tx,
    caller: &Caller,
    address: &Address,
    status: Status,
) -> Result<(User, Method, bool), Refusal> {
    let Caller { project, now, .. } = caller;
    if let Some((user, method)) = find_owner(tx, caller, address).await? {
        return Ok((user, method, false));
    }
    let user = User::create(tx, project, status, *now, otp.random()).await?;
    let added = Method::add(tx, project, &user, address, *now, otp.random()).await?;
    if let Some(method) = added {
        return Ok((user, method, true));
    }
    // Another request created the same user meanwhile.
    User::delete(tx, project, user.id).await?;
    let (user, method) = find_owner(tx, caller, address)
        .await?
        .ok_or(Refusal::Internal("an address is taken and has no owner"))?;
    Ok((user, method, false))
}
