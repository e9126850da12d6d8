use sallyport_base::{StoreError, Timestamp};

use crate::{
    Otp, allowance::Allowance, audit, conversion::Conversion, cooldown::Cooldown, decoy::Decoy,
    method::Method, number_facts::NumberFacts, outbox::Parcel, passcode::Passcode,
    session::Session, telephone, user::User,
};

pub async fn run(otp: &Otp, now: Timestamp) -> Result<(), StoreError> {
    let retention = otp.retention();
    let codes = now.minus(retention.codes());
    let counters = now.minus(retention.counters());
    let conversions = counters.minus(otp.limits().conversion.duration());
    let decisions = now.minus(retention.audit());
    let mut tx = otp.store().begin().await?;
    let doubted = match otp.limits().reverify_after() {
        Some(after) => Method::doubt(&mut tx, now.minus(after)).await?,
        None => 0,
    };
    let purged = [
        ("methods", Method::purge(&mut tx, now).await?),
        ("passcodes", Passcode::purge(&mut tx, codes).await?),
        ("cooldowns", Cooldown::purge(&mut tx, counters).await?),
        ("allowances", Allowance::purge(&mut tx, counters).await?),
        (
            "conversions",
            Conversion::purge(&mut tx, conversions).await?,
        ),
        ("facts of numbers", NumberFacts::purge(&mut tx, now).await?),
        ("decoys", Decoy::purge(&mut tx).await?),
        ("sessions", Session::purge(&mut tx, now).await?),
        ("telephone", telephone::purge(&mut tx, codes).await?),
        ("outbox", Parcel::purge(&mut tx, decisions).await?),
        ("audit", audit::purge(&mut tx, decisions).await?),
        ("addresses proven long ago", doubted),
    ];
    tx.commit().await?;
    lower_names(otp).await?;
    for (what, rows) in purged {
        if rows > 0 {
            tracing::debug!(what, rows, "rows of the passcode service served their time");
        }
    }
    Ok(())
}

/// In changes that are short, because everybody else waits for each of them.
async fn lower_names(otp: &Otp) -> Result<(), StoreError> {
    loop {
        let mut tx = otp.store().begin().await?;
        if !User::lower_names(&mut tx).await? {
            return Ok(());
        }
        tx.commit().await?;
    }
}
