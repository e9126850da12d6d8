//! The one way from a request to a message. Every limit is kept here, so that no route avoids them.

use std::time::Duration;

use sallyport_base::{Id, StoreError, Tx};

use crate::{
    Otp,
    address::Address,
    allowance::{Allowance, Budget},
    audit::{Entry, Event},
    channel::Channel,
    conversion::Conversion,
    cooldown::Cooldown,
    delivery::Delivery,
    locale::Locale,
    message::Message,
    method::Method,
    opt_out::OptOut,
    outbox::Draft,
    passcode::{Code, Passcode},
    project::Caller,
    refusal::Refusal,
    user::User,
};

/// How long a notice is worth sending.
const NOTICE_LIFE: Duration = Duration::from_secs(24 * 3600);

/// A message that somebody asked for.
pub struct Order {
    pub caller: Caller,
    pub user: User,
    pub method: Method,
    pub channel: Channel,
    pub delivery: Delivery,
}

/// Stores a new code in place of the method's old one, and its message in the outbox, and commits.
/// Nobody waits for a gateway: the courier hands the message over. `tx` holds what the request changed
/// before; after a refusal none of it has happened.
pub async fn send(otp: &Otp, mut tx: Tx, order: Order) -> Result<(), Refusal> {
    if order.method.address.is_sandbox() {
        return keep_sandbox_code(otp, tx, &order).await;
    }
    match reserve(otp, &mut tx, &order).await? {
        Ok(()) => tx.commit().await?,
        Err(refusal) => {
            drop(tx);
            entry(otp, &order, Event::SendRefused)
                .because(&refusal)
                .record_alone(otp, &order.caller)
                .await?;
            return Err(refusal);
        }
    }
    otp.courier().wake();
    otp.metrics().queued(order.method.address.country());
    Ok(())
}

/// Nothing is sent to the sandbox addresses, so that nothing limits it.
async fn keep_sandbox_code(otp: &Otp, mut tx: Tx, order: &Order) -> Result<(), Refusal> {
    let id = Id::new(order.caller.now, otp.random());
    passcode(otp, order, &Code::sandbox(), id)
        .replace(&mut tx, otp.keys())
        .await?;
    Ok(tx.commit().await?)
}

/// The order of the tables is the same as in an authentication, so that the two never wait for each
/// other.
async fn reserve(otp: &Otp, tx: &mut Tx, order: &Order) -> Result<Result<(), Refusal>, StoreError> {
    let now = order.caller.now;
    if let Some(retry_after) = order.user.locked_for(now) {
        return Ok(Err(Refusal::UserLocked { retry_after }));
    }
    let Some(line) = otp
        .lines()
        .first(order.method.address.country(), order.channel)
    else {
        return Ok(Err(Refusal::UnservedCountry));
    };
    let code = Code::random(otp.random());
    let message = message(otp, order, &code);
    passcode(otp, order, &code, message.id)
        .replace(tx, otp.keys())
        .await?;
    Method::extend_probation(tx, order.method.id, now).await?;
    if let Err(refusal) = check_number(otp, tx, order).await? {
        return Ok(Err(refusal));
    }
    if let Err(retry_after) = spend(otp, tx, order).await? {
        return Ok(Err(Refusal::TooManyRequests { retry_after }));
    }
    let draft = Draft {
        caller: &order.caller,
        method_id: Some(order.method.id),
        address: &order.method.address,
        line,
        message: &message,
    };
    draft.put_out(otp, tx).await?;
    entry(otp, order, Event::Sent)
        .record(tx, &order.caller, otp.random())
        .await?;
    Ok(Ok(()))
}

/// Whether messages may go to the number at all, and the message is counted for the share of codes
/// that come back.
async fn check_number(
    otp: &Otp,
    tx: &mut Tx,
    order: &Order,
) -> Result<Result<(), Refusal>, StoreError> {
    let Address::Phone(number) = &order.method.address else {
        return Ok(Ok(()));
    };
    let Caller { project, now, .. } = &order.caller;
    let mac = otp.keys().address(&order.method.address);
    if OptOut::holds(tx, &mac).await? {
        return Ok(Err(Refusal::UnsubscribedPhoneNumber));
    }
    let rule = &otp.limits().conversion;
    if !order.method.verified
        && Conversion::is_poor(tx, project, number.prefix(), rule, *now).await?
    {
        return Ok(Err(Refusal::TooFewTokensAuthenticated));
    }
    Conversion::count_sent(tx, project, number.prefix(), *now).await?;
    Ok(Ok(()))
}

async fn spend(otp: &Otp, tx: &mut Tx, order: &Order) -> Result<Result<(), Duration>, StoreError> {
    let limits = otp.limits();
    let Caller { project, now, .. } = &order.caller;
    let address = otp.keys().address(&order.method.address);
    if let Err(wait) = Cooldown::start(tx, project, &address, limits, *now).await? {
        return Ok(Err(wait));
    }
    let mut accounts = vec![
        (
            format!("number {}", address.as_str()),
            &limits.per_number,
            1,
        ),
        (format!("user {}", order.user.id), &limits.per_user, 1),
    ];
    if let Some(network) = order.delivery.origin.network() {
        let network = otp.keys().subject("network", &network);
        accounts.push((format!("ip {}", network.as_str()), &limits.per_ip, 1));
        if !order.method.verified {
            let subject = format!("ip to strangers {}", network.as_str());
            accounts.push((subject, &limits.per_ip_to_strangers, 1));
        }
    }
    if let Address::Phone(number) = &order.method.address {
        accounts.push((format!("prefix {}", number.prefix()), &limits.per_prefix, 1));
        if let Some(price) = limits.prices.get(number.country()) {
            accounts.push(("cost".to_owned(), &limits.cost_per_project, *price));
        }
    }
    accounts.push(("project".to_owned(), &limits.per_project, 1));
    for (subject, windows, amount) in accounts {
        let budget = Budget {
            subject: &subject,
            windows,
            amount,
            alerts: &limits.alert_percents,
        };
        if let Err(wait) = Allowance::spend(tx, project, &budget, *now).await? {
            return Ok(Err(wait));
        }
    }
    Ok(Ok(()))
}

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
        expires_at: caller.now.plus(NOTICE_LIFE),
    };
    let line = otp.lines().first(to.address.country(), message.channel);
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
    let Caller { project, now, .. } = caller;
    let address = otp.keys().address(&to.address);
    let limits = otp.limits();
    let mut tx = otp.store().begin().await?;
    let mut may = !OptOut::holds(&mut tx, &address).await?;
    for (subject, windows) in [
        (format!("number {}", address.as_str()), &limits.per_number),
        ("project".to_owned(), &limits.per_project),
    ] {
        let budget = Budget {
            subject: &subject,
            windows,
            amount: 1,
            alerts: &limits.alert_percents,
        };
        may = may
            && Allowance::spend(&mut tx, project, &budget, *now)
                .await?
                .is_ok();
    }
    if may {
        Entry::new(Event::Noticed)
            .user(to.user_id)
            .address(otp, &to.address)
            .record(&mut tx, caller, otp.random())
            .await?;
        draft.put_out(otp, &mut tx).await?;
        tx.commit().await?;
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

fn message(otp: &Otp, order: &Order, code: &Code) -> Message {
    Message {
        id: Id::new(order.caller.now, otp.random()),
        channel: order.channel,
        to: order.method.address.as_str().to_owned(),
        body: otp.text().with(code, order.channel, order.delivery.locale),
        locale: order.delivery.locale,
        expires_at: order.caller.now.plus(order.delivery.expires_in),
    }
}

fn passcode(otp: &Otp, order: &Order, code: &Code, message_id: Id<Message>) -> Passcode {
    let method_id = order.method.shown_id(&order.caller.project);
    Passcode {
        method_id: order.method.id,
        message_id,
        channel: order.channel,
        mac: otp.keys().code(&method_id, code.expose()),
        expires_at: order.caller.now.plus(order.delivery.expires_in),
        origin: order.delivery.origin.clone(),
    }
}

fn entry<'a>(otp: &Otp, order: &'a Order, event: Event) -> Entry<'a> {
    Entry::new(event)
        .user(order.user.id)
        .address(otp, &order.method.address)
}
