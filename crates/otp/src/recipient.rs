//! Whose address a message goes to.

use sallyport_base::{StoreError, Tx};

use crate::{
    Otp,
    address::Address,
    fields::Fields,
    method::Method,
    passcode::Passcode,
    project::Caller,
    refusal::Refusal,
    session::{Session, SessionProof},
    user::{Status, User},
    user_name::UserName,
};

/// Who is to have the address, as the caller says.
pub enum Recipient {
    /// The address's owner.
    Owner,
    /// The address's owner, who is created with this status when there is none.
    OwnerOrNew(Status),
    /// A user who has the address already or adds it now.
    User(UserName),
    /// The same, named by a session.
    Session(SessionProof),
}

/// Who has it.
pub struct Found {
    pub user: User,
    pub method: Method,
    /// Whether the user is new.
    pub created: bool,
}

impl Recipient {
    /// Reads the fields of a `send`.
    pub fn check(caller: &Caller, fields: &Fields) -> Result<Self, Refusal> {
        let user_id = fields.filled_text("user_id")?;
        let session = SessionProof::check(fields, || Refusal::TooManyUserSelectors)?;
        match (user_id, session) {
            (None, None) => Ok(Self::Owner),
            (Some(text), None) => UserName::check(&caller.project, text).map(Self::User),
            (None, Some(proof)) => Ok(Self::Session(proof)),
            (Some(_), Some(_)) => Err(Refusal::TooManyUserSelectors),
        }
    }

    pub async fn find(
        &self,
        otp: &Otp,
        tx: &mut Tx,
        caller: &Caller,
        address: &Address,
    ) -> Result<Found, Refusal> {
        let user = match self {
            Self::Owner => {
                let owner = find_owner(tx, caller, address).await?;
                return owner.ok_or(Refusal::UserNotFound);
            }
            Self::OwnerOrNew(status) => {
                return find_or_create(otp, tx, caller, address, *status).await;
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
        Ok(Found {
            user,
            method,
            created: false,
        })
    }
}

/// The owner of an address with the method, if it has one.
async fn find_owner(
    tx: &mut Tx,
    caller: &Caller,
    address: &Address,
) -> Result<Option<Found>, StoreError> {
    let Some(method) = Method::find_by_address(tx, &caller.project, address).await? else {
        return Ok(None);
    };
    let user = User::find(tx, &caller.project, method.user_id).await?;
    Ok(user.map(|user| Found {
        user,
        method,
        created: false,
    }))
}

/// The owner of an address, who is created when there is none.
async fn find_or_create(
    otp: &Otp,
    tx: &mut Tx,
    caller: &Caller,
    address: &Address,
    status: Status,
) -> Result<Found, Refusal> {
    let Caller { project, now, .. } = caller;
    if let Some(found) = find_owner(tx, caller, address).await? {
        return Ok(found);
    }
    // Whoever returns a code to such an address on probation has the code before the address.
    for method_id in Method::ids_with(tx, project, address).await? {
        Passcode::hold(tx, method_id).await?;
    }
    let user = User::create(tx, project, status, *now, otp.random()).await?;
    let added = Method::add(tx, project, &user, address, *now, otp.random()).await?;
    if let Some(method) = added {
        return Ok(Found {
            user,
            method,
            created: true,
        });
    }
    // Another request created the same user meanwhile.
    User::delete(tx, project, user.id).await?;
    find_owner(tx, caller, address)
        .await?
        .ok_or(Refusal::Internal("an address is taken and has no owner"))
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

/// The user's method with this address. An address that nobody proved to have is added on probation.
async fn find_or_add(
    otp: &Otp,
    tx: &mut Tx,
    caller: &Caller,
    user: &User,
    address: &Address,
) -> Result<Method, Refusal> {
    let Caller { project, now, .. } = caller;
    User::hold(tx, user.id).await?;
    let owner = Method::find_by_address(tx, project, address).await?;
    if owner.is_some_and(|owner| owner.was_proven && owner.user_id != user.id) {
        return Err(Refusal::duplicate(address.kind()));
    }
    let methods = Method::list(tx, user.id, *now).await?;
    if let Some(method) = methods
        .into_iter()
        .find(|method| method.address == *address)
    {
        return Ok(method);
    }
    let waiting = Method::count_on_probation(tx, user, *now).await?;
    if waiting >= otp.limits().unverified_numbers_per_user {
        return Err(Refusal::TooManyUnverifiedFactors);
    }
    Ok(Method::add_on_probation(tx, project, user, address, *now, otp.random()).await?)
}
