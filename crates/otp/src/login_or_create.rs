use axum::extract::State;
use sallyport_base::{StoreError, Tx};
use serde_json::json;

use crate::{
    Otp,
    answer::Success,
    delivery::Delivery,
    dispatch::{self, Order},
    fields::Fields,
    phone::{self, Phone},
    phone_number::PhoneNumber,
    project::Caller,
    refusal::Refusal,
    user::{Status, User},
};

struct Params {
    number: PhoneNumber,
    status: Status,
    delivery: Delivery,
}

impl Params {
    fn check(otp: &Otp, caller: &Caller, fields: &Fields) -> Result<Self, Refusal> {
        Ok(Self {
            number: required_number(otp, caller, fields)?,
            status: if fields.flag("create_user_as_pending")? {
                Status::Pending
            } else {
                Status::Active
            },
            delivery: Delivery::check(fields)?,
        })
    }
}

/// `POST /v1/otps/sms/login_or_create`
pub async fn login_or_create(
    State(otp): State<Otp>,
    caller: Caller,
    fields: Fields,
) -> Result<Success, Refusal> {
    let params = Params::check(&otp, &caller, &fields)?;
    let mut tx = otp.store().begin().await?;
    let (user, phone, created) = find_or_create(&otp, &mut tx, &caller, &params).await?;
    let answer = json!({
        "user_id": user.shown_id(&caller.project),
        "phone_id": phone::shown_id(&caller.project, phone.id),
        "user_created": created,
    });
    let order = Order {
        caller,
        user,
        phone,
        number: params.number,
        delivery: params.delivery,
    };
    dispatch::send(&otp, tx, order).await?;
    Ok(Success::of(answer))
}

/// The `phone_number` of a send.
pub fn required_number(
    otp: &Otp,
    caller: &Caller,
    fields: &Fields,
) -> Result<PhoneNumber, Refusal> {
    let text = fields
        .filled_text("phone_number")?
        .ok_or(Refusal::MissingSmsParameter)?;
    PhoneNumber::check(text, caller.project.environment, otp.limits())
}

/// The owner of a number with the number, if it has one.
pub async fn find_owner(
    tx: &mut Tx,
    caller: &Caller,
    number: &PhoneNumber,
) -> Result<Option<(User, Phone)>, StoreError> {
    let Some(phone) = Phone::find_by_number(tx, &caller.project, number).await? else {
        return Ok(None);
    };
    let user = User::find(tx, &caller.project, phone.user_id).await?;
    Ok(user.map(|user| (user, phone)))
}

async fn find_or_create(
    otp: &Otp,
    tx: &mut Tx,
    caller: &Caller,
    params: &Params,
) -> Result<(User, Phone, bool), Refusal> {
    let Caller { project, now, .. } = caller;
    if let Some((user, phone)) = find_owner(tx, caller, &params.number).await? {
        return Ok((user, phone, false));
    }
    let user = User::create(tx, project, params.status, *now, otp.random()).await?;
    let added = Phone::add_first(tx, project, &user, &params.number, *now, otp.random()).await?;
    if let Some(phone) = added {
        return Ok((user, phone, true));
    }
    // Another request created the same user meanwhile.
    User::delete(tx, project, user.id).await?;
    let (user, phone) = find_owner(tx, caller, &params.number)
        .await?
        .ok_or(Refusal::Internal("a number is taken and has no owner"))?;
    Ok((user, phone, false))
}
