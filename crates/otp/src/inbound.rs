//! Messages that people send back. Gateways deliver them in many ways; what they mean is decided here.

use axum::extract::State;
use sallyport_base::StoreError;
use serde_json::json;

use crate::{
    Otp,
    address::Address,
    answer::Success,
    audit::Entry,
    fields::Fields,
    opt_out::{Keyword, OptOut},
    phone_number::PhoneNumber,
    project::Caller,
    refusal::Refusal,
};

/// `POST /sallyport/v1/inbound_messages`: not part of Stytch's API.
pub async fn receive(
    State(otp): State<Otp>,
    caller: Caller,
    fields: Fields,
) -> Result<Success, Refusal> {
    let from = PhoneNumber::of_sender(fields.required_text("from")?)?;
    let keyword = Keyword::of(fields.required_text("text")?);
    let address = Address::Phone(from);
    if let Some(keyword) = keyword {
        obey(&otp, &caller, &address, keyword).await?;
    }
    let (action, reply) = match keyword {
        Some(Keyword::Stop) => ("opted_out", otp.text().after_stop()),
        Some(Keyword::Start) => ("opted_in", otp.text().after_start()),
        Some(Keyword::Help) => ("help", otp.text().help()),
        None => ("none", String::new()),
    };
    Ok(Success::of(json!({ "action": action, "reply": reply })))
}

async fn obey(
    otp: &Otp,
    caller: &Caller,
    address: &Address,
    keyword: Keyword,
) -> Result<(), StoreError> {
    let number = otp.keys().address(address);
    let mut tx = otp.store().begin().await?;
    let decided = OptOut::obey(&mut tx, keyword, &number, address.end(), caller.now).await?;
    let Some(event) = decided else {
        return Ok(());
    };
    Entry::new(event)
        .address(otp, address)
        .record(&mut tx, caller, otp.random())
        .await?;
    tx.commit().await
}
