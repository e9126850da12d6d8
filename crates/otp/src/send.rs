use axum::extract::State;
use sallyport_base::{Id, Tx};
use serde_json::json;

use crate::{
    Otp,
    answer::Success,
    delivery::Delivery,
    dispatch::{self, Order},
    fields::Fields,
    login_or_create::{find_owner, required_number},
    phone::{self, Phone},
    phone_number::PhoneNumber,
    project::Caller,
    refusal::Refusal,
    session::{Session, SessionProof},
    user::User,
};

struct Params {
    number: PhoneNumber,
    recipient: Recipient,
    delivery: Delivery,
}

/// Whose number it is.
enum Recipient {
    /// The number's owner.
    Owner,
    /// A user who has the number already or adds it now.
    User(Id<User>),
    /// The same, named by a session.
    Session(SessionProof),
}

impl Params {
    fn check(otp: &Otp, caller: &Caller, fields: &Fields) -> Result<Self, Refusal> {
        Ok(Self {
            number: required_number(otp, caller, fields)?,
            recipient: Recipient::check(caller, fields)?,
            delivery: Delivery::check(fields)?,
        })
    }
}

impl Recipient {
    fn check(caller: &Caller, fields: &Fields) -> Result<Self, Refusal> {
        let user_id = fields.filled_text("user_id")?;
        let session = SessionProof::check(fields, || Refusal::TooManyUserSelectors)?;
        match (user_id, session) {
            (None, None) => Ok(Self::Owner),
            (Some(text), None) => caller
                .project
                .environment
                .parse("user", text)
                .map(Self::User)
                .ok_or(Refusal::InvalidUserId),
            (None, Some(proof)) => Ok(Self::Session(proof)),
            (Some(_), Some(_)) => Err(Refusal::TooManyUserSelectors),
        }
    }

    async fn find(
        &self,
        otp: &Otp,
        tx: &mut Tx,
        caller: &Caller,
        number: &PhoneNumber,
    ) -> Result<(User, Phone), Refusal> {
        let user_id = match self {
            Self::Owner => {
                let owner = find_owner(tx, caller, number).await?;
                return owner.ok_or(Refusal::UserNotFound);
            }
            Self::User(id) => *id,
            Self::Session(proof) => {
                Session::find(tx, &caller.project, proof, caller.now)
                    .await?
                    .ok_or(Refusal::SessionNotFound)?
                    .user_id
            }
        };
        let user = User::find(tx, &caller.project, user_id)
            .await?
            .ok_or(Refusal::UserNotFound)?;
        let phone = find_or_add(otp, tx, caller, &user, number).await?;
        Ok((user, phone))
    }
}

/// `POST /v1/otps/sms/send`
pub async fn send(
    State(otp): State<Otp>,
    caller: Caller,
    fields: Fields,
) -> Result<Success, Refusal> {
    let params = Params::check(&otp, &caller, &fields)?;
    let mut tx = otp.store().begin().await?;
    let (user, phone) = params
        .recipient
        .find(&otp, &mut tx, &caller, &params.number)
        .await?;
    let answer = json!({
        "user_id": user.shown_id(&caller.project),
        "phone_id": phone::shown_id(&caller.project, phone.id),
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

/// The user's phone with this number. A number that nobody has is added on probation.
async fn find_or_add(
    otp: &Otp,
    tx: &mut Tx,
    caller: &Caller,
    user: &User,
    number: &PhoneNumber,
) -> Result<Phone, Refusal> {
    let Caller { project, now, .. } = caller;
    User::hold(tx, user.id).await?;
    let phones = Phone::list(tx, user.id, *now).await?;
    if let Some(phone) = phones.into_iter().find(|phone| phone.is(number)) {
        return Ok(phone);
    }
    if Phone::find_by_number(tx, project, number).await?.is_some() {
        return Err(Refusal::DuplicatePhoneNumber);
    }
    let waiting = Phone::count_on_probation(tx, user, *now).await?;
    if waiting >= otp.limits().unverified_numbers_per_user {
        return Err(Refusal::TooManyUnverifiedFactors);
    }
    Ok(Phone::add_on_probation(tx, project, user, number, *now, otp.random()).await?)
}
