use axum::{
    extract::State,
    routing::{MethodRouter, post},
};
use sallyport_base::Tx;
use serde_json::json;

use crate::{
    Otp,
    address::{Address, Kind},
    answer::Success,
    channel::Channel,
    delivery::Delivery,
    dispatch::{self, Order},
    fields::Fields,
    login_or_create::{find_owner, id_field, required_address},
    method::Method,
    project::Caller,
    refusal::Refusal,
    session::{Session, SessionProof},
    user::User,
    user_name::UserName,
};

struct Params {
    address: Address,
    recipient: Recipient,
    delivery: Delivery,
}

/// Whose address it is.
enum Recipient {
    /// The address's owner.
    Owner,
    /// A user who has the address already or adds it now.
    User(UserName),
    /// The same, named by a session.
    Session(SessionProof),
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
            recipient: Recipient::check(caller, fields)?,
            delivery: Delivery::check(otp, fields)?,
        })
    }
}

impl Recipient {
    fn check(caller: &Caller, fields: &Fields) -> Result<Self, Refusal> {
        let user_id = fields.filled_text("user_id")?;
        let session = SessionProof::check(fields, || Refusal::TooManyUserSelectors)?;
        match (user_id, session) {
            (None, None) => Ok(Self::Owner),
            (Some(text), None) => UserName::check(&caller.project, text).map(Self::User),
            (None, Some(proof)) => Ok(Self::Session(proof)),
            (Some(_), Some(_)) => Err(Refusal::TooManyUserSelectors),
        }
    }

    async fn find(
        &self,
        otp: &Otp,
        tx: &mut Tx,
        caller: &Caller,
        address: &Address,
    ) -> Result<(User, Method), Refusal> {
        let user = match self {
            Self::Owner => {
                let owner = find_owner(tx, caller, address).await?;
                return owner.ok_or(Refusal::UserNotFound);
            }
            Self::User(name) => name.load(tx, &caller.project).await?,
            Self::Session(proof) => {
                let session = Session::find(tx, &caller.project, proof, caller.now)
                    .await?
                    .ok_or(Refusal::SessionNotFound)?;
                let user = User::find(tx, &caller.project, session.user_id)
                    .await?
                    .ok_or(Refusal::UserNotFound)?;
                check_freshness(otp, tx, caller, &session, address).await?;
                user
            }
        };
        let method = find_or_add(otp, tx, caller, &user, address).await?;
        Ok((user, method))
    }
}

/// `POST /v1/otps/{channel}/send`
pub fn by(channel: Channel) -> MethodRouter<Otp> {
    post(
        async move |State(otp): State<Otp>, caller: Caller, fields: Fields| {
            send(&otp, caller, &fields, channel).await
        },
    )
}

async fn send(
    otp: &Otp,
    caller: Caller,
    fields: &Fields,
    channel: Channel,
) -> Result<Success, Refusal> {
    let params = Params::check(otp, &caller, fields, channel)?;
    let mut tx = otp.store().begin().await?;
    let (user, method) = params
        .recipient
        .find(otp, &mut tx, &caller, &params.address)
        .await?;
    let mut answer = json!({ "user_id": user.shown_id(&caller.project) });
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

/// A session that somebody took over must not bring a new address to the user: whoever adds one has
/// proven another a moment ago.
async fn check_freshness(
    otp: &Otp,
    tx: &mut Tx,
    caller: &Caller,
    session: &Session,
    address: &Address,
) -> Result<(), Refusal> {
    let Some(limit) = otp.limits().fresh_factor() else {
        return Ok(());
    };
    let is_fresh = caller.now.since(session.proven_at()) <= limit;
    let methods = Method::list(tx, session.user_id, caller.now).await?;
    let has_it = methods.iter().any(|method| method.address == *address);
    if is_fresh || has_it {
        Ok(())
    } else {
        Err(Refusal::StaleSession)
    }
}

/// The user's method with this address. An address that nobody has is added on probation.
async fn find_or_add(
    otp: &Otp,
    tx: &mut Tx,
    caller: &Caller,
    user: &User,
    address: &Address,
) -> Result<Method, Refusal> {
    let Caller { project, now, .. } = caller;
    User::hold(tx, user.id).await?;
    let methods = Method::list(tx, user.id, *now).await?;
    if let Some(method) = methods
        .into_iter()
        .find(|method| method.address == *address)
    {
        return Ok(method);
    }
    if Method::find_by_address(tx, project, address)
        .await?
        .is_some()
    {
        return Err(duplicate(address.kind()));
    }
    let waiting = Method::count_on_probation(tx, user, *now).await?;
    if waiting >= otp.limits().unverified_numbers_per_user {
        return Err(Refusal::TooManyUnverifiedFactors);
    }
    Ok(Method::add_on_probation(tx, project, user, address, *now, otp.random()).await?)
}

/// Another user has such an address.
pub const fn duplicate(kind: Kind) -> Refusal {
    match kind {
        Kind::Phone => Refusal::DuplicatePhoneNumber,
        Kind::Email => Refusal::DuplicateEmail,
    }
}
