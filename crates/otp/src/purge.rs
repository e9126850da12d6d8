use std::time::Duration;

use sallyport_base::{StoreError, Timestamp};

use crate::{
    Otp, allowance::Allowance, audit, conversion::Conversion, cooldown::Cooldown,
    courier::LONGEST_PAUSE, decoy::Decoy, method::Method, number_facts::NumberFacts,
    outbox::Parcel, passcode::Passcode, session::Session, telephone, user::User,
};

/// How far apart the clocks of nodes may be.
const CLOCKS_APART: Duration = Duration::from_secs(60);

pub async fn run(otp: &Otp, now: Timestamp) -> Result<(), StoreError> {
    set_times_right(otp, now).await?;
    let retention = otp.retention();
    let codes = now.minus(retention.codes());
    let counters = now.minus(retention.counters());
    let conversions = counters.minus(otp.limits().conversion.duration());
    let decisions = now.minus(retention.audit());
    let mut tx = otp.store().begin().await?;
    tx.take_your_time();
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

/// A clock that was ahead for a moment wrote times that would block numbers, users and messages for as
/// long as it was ahead. What no right clock can have written by now is as if it had been written now.
/// A clock that is behind at this moment cannot be told from that: what it sets right ends early. The order of the tables is that of a send and of an authentication.
async fn set_times_right(otp: &Otp, now: Timestamp) -> Result<(), StoreError> {
    let latest = now.plus(CLOCKS_APART);
    let mut tx = otp.store().begin().await?;
    let set_right = [
        (
            "locks",
            User::set_locks_right(&mut tx, otp.limits(), now, latest).await?,
        ),
        (
            "passcodes",
            Passcode::set_right(&mut tx, now, latest).await?,
        ),
        (
            "outbox",
            Parcel::set_right(&mut tx, LONGEST_PAUSE, now, latest).await?,
        ),
        ("methods", Method::set_right(&mut tx, now, latest).await?),
        (
            "cooldowns",
            Cooldown::set_right(&mut tx, now, latest).await?,
        ),
        (
            "allowances",
            Allowance::set_right(&mut tx, now, latest).await?,
        ),
    ];
    tx.commit().await?;
    for (what, rows) in set_right {
        if rows > 0 {
            tracing::warn!(
                event = "otp.wrong_clock",
                what,
                rows,
                "times of the passcode service lie further ahead than a right clock can have written them, and are set as if written now"
            );
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
