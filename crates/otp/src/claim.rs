//! An address belongs to whoever proved to have it. A user who has one and never returned a code from
//! there only claims it: anybody can have a user made with any number.

use sallyport_base::{StoreError, Tx};

use crate::{
    Otp,
    audit::{Entry, Event},
    method::Method,
    outbox::Parcel,
    project::Caller,
};

/// Takes the address of `heir` away from another user who claims it. That user keeps
/// all else. The messages come before the method, as where a code is replaced.
pub async fn take(
    otp: &Otp,
    tx: &mut Tx,
    caller: &Caller,
    heir: &Method,
) -> Result<(), StoreError> {
    let Caller { project, now, .. } = caller;
    let address = &heir.address;
    let owner = Method::find_by_address(tx, project, address).await?;
    let Some(claimant) = owner.filter(|owner| !owner.was_proven && owner.id != heir.id) else {
        return Ok(());
    };
    Parcel::outdate(tx, claimant.id, *now).await?;
    if !Method::drop_claim(tx, claimant.id, *now).await? {
        return Ok(());
    }
    Entry::new(Event::MethodDeleted)
        .reason(Some("never_proven"))
        .user(claimant.user_id)
        .address(otp, address)
        .record(tx, caller, otp.random())
        .await
}
