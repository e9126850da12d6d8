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

/// Tells an older address of a user what happened to another. The message has no code; it counts as a
/// message to that address. When none may be sent, or none can be stored, the request goes on: what it
/// asked for has been committed.
pub async fn tell(otp: &Otp, caller: &Caller, to: &Method, what: String) {
    if let Err(cause) = put_out_notice(otp, caller, to, what).await {
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
    body: String,
) -> Result<(), StoreError> {
    let message = Message {
        id: Id::new(caller.now, otp.random()),
        channel: match &to.address {
            Address::Phone(_) => Channel::Sms,
            Address::Email(_) => Channel::Email,
        },
        to: to.address.as_str().to_owned(),
        body,
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
        prefix: None,
        line,
        message: &message,
    };
    reserve_notice(otp, to, &draft).await
}

async fn reserve_notice(otp: &Otp, to: &Method, draft: &Draft<'_>) -> Result<(), StoreError> {
    let caller = draft.caller;
    let mut tx = otp.store().begin().await?;
    let spent = spend_on_notice(otp, &mut tx, caller, to).await?;
    let Some(alarms) = spent else {
        drop(tx);
        return entry(otp, to, Event::NoticeKeptBack)
            .record_alone(otp, caller)
            .await;
    };
    entry(otp, to, Event::Noticed)
        .record(&mut tx, caller, otp.random())
        .await?;
    draft.put_out(otp, &mut tx).await?;
    tx.commit().await?;
    alarms.iter().for_each(Alarm::log);
    otp.courier().wake();
    Ok(())
}

fn entry<'a>(otp: &Otp, to: &'a Method, event: Event) -> Entry<'a> {
    Entry::new(event).user(to.user_id).address(otp, &to.address)
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
