//! The session that every test project has, by a token that Stytch documents. Its user is the one of
//! the sandbox number. Nothing of it is kept, so that it can be neither changed nor revoked.

use std::time::Duration;

use sallyport_base::Tx;

use crate::{
    Otp,
    address::Address,
    channel::Channel,
    delivery::Origin,
    environment::Environment,
    phone_number::PhoneNumber,
    project::Caller,
    recipient::Recipient,
    refusal::Refusal,
    session::{Session, SessionProof},
    user::Status,
};

pub const TOKEN: &str = "WJtR5BCy38Szd5AfoDpf0iqFKEt4EE5JhjlWUY7l3FtY";

const LIFE: Duration = Duration::from_secs(3600);

/// Whether the proof is the token, in a project that knows it.
pub fn is_shown(caller: &Caller, proof: &SessionProof) -> bool {
    let is_token = matches!(proof, SessionProof::Token(token) if token.expose() == TOKEN);
    is_token && caller.project.environment == Environment::Test
}

/// The session, begun now.
pub async fn open(otp: &Otp, tx: &mut Tx, caller: &Caller) -> Result<Session, Refusal> {
    let number = PhoneNumber::sandbox(caller.project.environment)?;
    let address = Address::Phone(number);
    let owner = Recipient::OwnerOrNew(Status::Active);
    let method = owner.find(otp, tx, caller, &address).await?.method;
    let origin = Origin::default();
    Ok(Session::open(
        &method,
        Channel::Sms,
        &origin,
        LIFE,
        caller.now,
        otp.random(),
    ))
}
