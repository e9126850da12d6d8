//! The two calls that ask for a code.

use axum::{
    extract::State,
    routing::{MethodRouter, post},
};
use serde_json::json;

use crate::{
    Otp,
    address::{Address, Kind},
    answer::Success,
    audit::{Entry, Event},
    channel::Channel,
    delivery::Delivery,
    dispatch,
    email_address::EmailAddress,
    fields::Fields,
    phone_number::PhoneNumber,
    project::Caller,
    recipient::{Found, Recipient},
    refusal::Refusal,
    user::Status,
};

/// A message that somebody asked for.
pub struct Order {
    pub caller: Caller,
    pub recipient: Recipient,
    pub address: Address,
    pub channel: Channel,
    pub delivery: Delivery,
}

/// `POST /v1/otps/{channel}/send`
pub fn send(channel: Channel) -> MethodRouter<Otp> {
    post(
        async move |State(otp): State<Otp>, caller: Caller, fields: Fields| {
            let recipient = Recipient::check(&caller, &fields)?;
            let order = Order::take(&otp, caller, &fields, channel, recipient).await?;
            let found = dispatch::send(&otp, &order).await?;
            Ok::<_, Refusal>(Success::of(json!({
                "user_id": found.user.shown_id(&order.caller.project),
                (id_field(found.method.kind())): found.method.shown_id(&order.caller.project),
            })))
        },
    )
}

/// `POST /v1/otps/{channel}/login_or_create`
pub fn login_or_create(channel: Channel) -> MethodRouter<Otp> {
    post(
        async move |State(otp): State<Otp>, caller: Caller, fields: Fields| {
            let recipient = Recipient::OwnerOrNew(Status::check(&fields)?);
            let order = Order::take(&otp, caller, &fields, channel, recipient).await?;
            let Found {
                user,
                method,
                created,
            } = dispatch::send(&otp, &order).await?;
            Ok::<_, Refusal>(Success::of(json!({
                "user_id": user.shown_id(&order.caller.project),
                "user_created": created,
                (id_field(method.kind())): method.shown_id(&order.caller.project),
            })))
        },
    )
}

impl Order {
    /// Reads an order. That it is for a number which gets no message is on record: whoever pumps tries
    /// such numbers first.
    async fn take(
        otp: &Otp,
        caller: Caller,
        fields: &Fields,
        channel: Channel,
        recipient: Recipient,
    ) -> Result<Self, Refusal> {
        let address = required_address(otp, &caller, fields, channel);
        if let Err(refusal @ (Refusal::UnservedCountry | Refusal::InvalidPhoneNumber)) = &address {
            Entry::new(Event::SendRefused)
                .because(refusal)
                .record_alone(otp, &caller)
                .await?;
        }
        Ok(Self {
            address: address?,
            delivery: Delivery::check(otp, fields)?,
            caller,
            recipient,
            channel,
        })
    }
}

/// The `phone_number` or `email` of a send.
fn required_address(
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
const fn id_field(kind: Kind) -> &'static str {
    match kind {
        Kind::Phone => "phone_id",
        Kind::Email => "email_id",
    }
}
