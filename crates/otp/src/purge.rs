use std::time::Duration;

use sallyport_base::{StoreError, Timestamp};

use crate::{
    Otp, allowance::Allowance, audit, cooldown::Cooldown, passcode::Passcode, phone::Phone,
    session::Session, telephone,
};

const DAY: Duration = Duration::from_secs(24 * 3600);
const MONTH: Duration = Duration::from_secs(30 * 24 * 3600);

pub async fn run(otp: &Otp, now: Timestamp) -> Result<(), StoreError> {
    let mut tx = otp.store().begin().await?;
    let purged = [
        ("phones", Phone::purge(&mut tx, now).await?),
        ("passcodes", Passcode::purge(&mut tx, now.minus(DAY)).await?),
        ("cooldowns", Cooldown::purge(&mut tx, now.minus(DAY)).await?),
        (
            "allowances",
            Allowance::purge(&mut tx, now.minus(DAY)).await?,
        ),
        ("sessions", Session::purge(&mut tx, now).await?),
        (
            "telephone",
            telephone::purge(&mut tx, now.minus(DAY)).await?,
        ),
        ("audit", audit::purge(&mut tx, now.minus(MONTH)).await?),
    ];
    tx.commit().await?;
    for (what, rows) in purged {
        if rows > 0 {
            tracing::debug!(what, rows, "rows of the passcode service served their time");
        }
    }
    Ok(())
}
