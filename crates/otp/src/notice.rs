//! Messages without a code: that an account has a new address.

use std::time::Duration;

use sallyport_base::{Id, StoreError, Tx};

use crate::{
    Otp,
    address::Address,
    allowance::{Alarm, Allowance},
    audit::{Entry, Event},
    budgets,
    channel::Channel,
    locale::Locale,
    message::Message,
    method::Method,
    opt_out::OptOut,
    outbox::Draft,
    project::Caller,
};

/// How long a notice is worth sending.
const LIFE: Duration = Duration::from_secs(24 * 3600);

/// Tells an older address of a user that `added` is new. The notice has no code; it counts as a
/// message to that address. When none may be sent, or none can be stored, the log says so and the
/// request goes on: what it asked for has been committed.
pub async fn tell_of_new_factor(otp: &Otp, caller: &Caller, to: &Method, added: &Address) {
    if let Err(cause) = put_out_notice(otp, caller, to, added).await {
        tracing::error!(
            event = "otp.notice_failed",
            user.id = %to.user_id,
            error = %cause,
            "a user could not be told of a new address"
        );
    }
}

async fn put_out_notice(
    otp: &Otp,
    caller: &Caller,
    to: &Method,
    added: &Address,
) -> Result<(), StoreError> {
    let message = Message {
        id: Id::new(caller.now, otp.random()),
        channel: match &to.address {
            Address::Phone(_) => Channel::Sms,
            Address::Email(_) => Channel::Email,
        },
        to: to.address.as_str().to_owned(),
        body: otp.text().notice(added),
        locale: Locale::En,
        expires_at: caller.now.plus(LIFE),
    };
    let line = otp
        .lines()
        .first(to.address.country(), message.channel, caller.now);
    let Some(line) = line.filter(|_| !to.address.is_sandbox()) else {
        return Ok(());
    };
    let draft = Draft {
        caller,
        method_id: None,
        address: &to.address,
        line,
        message: &message,
    };
    reserve_notice(otp, to, &draft).await
}

async fn reserve_notice(otp: &Otp, to: &Method, draft: &Draft<'_>) -> Result<(), StoreError> {
    let caller = draft.caller;
    let mut tx = otp.store().begin().await?;
    if let Some(alarms) = spend_on_notice(otp, &mut tx, caller, to).await? {
        Entry::new(Event::Noticed)
            .user(to.user_id)
            .address(otp, &to.address)
            .record(&mut tx, caller, otp.random())
            .await?;
        draft.put_out(otp, &mut tx).await?;
        tx.commit().await?;
        alarms.iter().for_each(Alarm::log);
        otp.courier().wake();
    } else {
        tracing::warn!(
            event = "otp.notice_kept_back",
            user.id = %to.user_id,
            "a user was not told of a new address, since no more messages may be sent there"
        );
    }
    Ok(())
}

/// `None` when no more messages may be sent there.
async fn spend_on_notice(
    otp: &Otp,
    tx: &mut Tx,
    caller: &Caller,
    to: &Method,
) -> Result<Option<Vec<Alarm>>, StoreError> {
    let Caller { project, now, .. } = caller;
    if OptOut::holds(tx, &otp.keys().address(&to.address)).await? {
        return Ok(None);
    }
    let budgets = budgets::of_notice(otp, to);
    let spent = Allowance::spend(tx, project, &budgets, otp.limits(), *now).await?;
    Ok(spent.ok())
}
