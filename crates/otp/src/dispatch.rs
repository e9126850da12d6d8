//! The one way from a request to a message. Every limit is kept here, so that no route avoids them.

use std::time::Duration;

use sallyport_base::{Id, StoreError, Tx};

use crate::{
    Otp,
    address::Address,
    allowance::{Alarm, Allowance, Budget},
    audit::{Entry, Event},
    channel::Channel,
    conversion::Conversion,
    cooldown::Cooldown,
    delivery::Origin,
    locale::Locale,
    message::Message,
    method::Method,
    opt_out::OptOut,
    outbox::{Draft, Parcel},
    passcode::{Code, Passcode},
    project::Caller,
    recipient::Found,
    refusal::Refusal,
    send::Order,
    user::User,
};

/// How long a notice is worth sending.
const NOTICE_LIFE: Duration = Duration::from_secs(24 * 3600);

/// Stores a new code in place of the method's old one, and its message in the outbox. Nobody waits for
/// a gateway: the courier hands the message over. After a refusal nothing has happened.
pub async fn send(otp: &Otp, order: &Order) -> Result<Found, Refusal> {
    let mut tx = otp.store().begin().await?;
    let found = order
        .recipient
        .find(otp, &mut tx, &order.caller, &order.address)
        .await?;
    if order.address.is_sandbox() {
        keep_sandbox_code(otp, tx, order, &found).await?;
        return Ok(found);
    }
    let alarms = match reserve(otp, &mut tx, order, &found).await? {
        Ok(alarms) => alarms,
        Err(refusal) => {
            drop(tx);
            entry(otp, order, &found, Event::SendRefused)
                .because(&refusal)
                .record_alone(otp, &order.caller)
                .await?;
            return Err(refusal);
        }
    };
    tx.commit().await?;
    alarms.iter().for_each(Alarm::log);
    otp.courier().wake();
    otp.metrics().queued(order.address.country());
    Ok(found)
}

/// Nothing is sent to the sandbox addresses, so that nothing limits it.
async fn keep_sandbox_code(
    otp: &Otp,
    mut tx: Tx,
    order: &Order,
    found: &Found,
) -> Result<(), Refusal> {
    let id = Id::new(order.caller.now, otp.random());
    passcode(otp, order, &found.method, &Code::sandbox(), id)
        .replace(&mut tx, otp.keys())
        .await?;
    Ok(tx.commit().await?)
}

/// The order of the tables is the same as in an authentication, and where a message fails or is told
/// of: the code, its messages, the pause. So none of them waits for another that waits for it.
async fn reserve(
    otp: &Otp,
    tx: &mut Tx,
    order: &Order,
    found: &Found,
) -> Result<Result<Vec<Alarm>, Refusal>, StoreError> {
    let Found { user, method, .. } = found;
    let now = order.caller.now;
    if let Some(retry_after) = user.locked_for(now) {
        return Ok(Err(Refusal::UserLocked { retry_after }));
    }
    let Some(line) = otp.lines().first(order.address.country(), order.channel) else {
        return Ok(Err(Refusal::UnservedCountry));
    };
    let code = Code::random(otp.random());
    let message = message(otp, order, &code);
    passcode(otp, order, method, &code, message.id)
        .replace(tx, otp.keys())
        .await?;
    Parcel::outdate(tx, method.id, now).await?;
    Method::extend_probation(tx, method.id, now).await?;
    if let Err(refusal) = check_number(otp, tx, order, method).await? {
        return Ok(Err(refusal));
    }
    let alarms = match spend(otp, tx, order, found).await? {
        Ok(alarms) => alarms,
        Err(retry_after) => return Ok(Err(Refusal::TooManyRequests { retry_after })),
    };
    let draft = Draft {
        caller: &order.caller,
        method_id: Some(method.id),
        address: &order.address,
        line,
        message: &message,
    };
    draft.put_out(otp, tx).await?;
    entry(otp, order, found, Event::Sent)
        .record(tx, &order.caller, otp.random())
        .await?;
    Ok(Ok(alarms))
}

/// Whether messages may go to the number at all, and the message is counted for the share of codes
/// that come back.
async fn check_number(
    otp: &Otp,
    tx: &mut Tx,
    order: &Order,
    method: &Method,
) -> Result<Result<(), Refusal>, StoreError> {
    let Address::Phone(number) = &order.address else {
        return Ok(Ok(()));
    };
    let Caller { project, now, .. } = &order.caller;
    if OptOut::holds(tx, &otp.keys().address(&order.address)).await? {
        return Ok(Err(Refusal::UnsubscribedPhoneNumber));
    }
    let rule = &otp.limits().conversion;
    if !method.verified
        && let Some(retry_after) =
            Conversion::is_poor_for(tx, project, number.prefix(), rule, *now).await?
    {
        return Ok(Err(Refusal::TooFewTokensAuthenticated { retry_after }));
    }
    Conversion::count_sent(tx, project, number.prefix(), *now).await?;
    Ok(Ok(()))
}

async fn spend(
    otp: &Otp,
    tx: &mut Tx,
    order: &Order,
    found: &Found,
) -> Result<Result<Vec<Alarm>, Duration>, StoreError> {
    let limits = otp.limits();
    let Caller { project, now, .. } = &order.caller;
    let address = otp.keys().address(&order.address);
    if let Err(wait) = Cooldown::start(tx, project, &address, limits, *now).await? {
        return Ok(Err(wait));
    }
    let mut budgets = budgets_of_user(otp, found.user.id, &order.address);
    budgets.extend(budgets_of_network(
        otp,
        &order.delivery.origin,
        &found.method,
    ));
    budgets.extend(budgets_of_project(otp, &order.address));
    Allowance::spend(tx, project, &budgets, limits, *now).await
}

fn budgets_of_user<'a>(otp: &'a Otp, user_id: Id<User>, address: &Address) -> Vec<Budget<'a>> {
    let limits = otp.limits();
    let mac = otp.keys().address(address);
    vec![
        Budget::of_messages(format!("number {}", mac.as_str()), &limits.per_number),
        Budget::of_messages(format!("user {user_id}"), &limits.per_user),
    ]
}

fn budgets_of_network<'a>(otp: &'a Otp, origin: &Origin, method: &Method) -> Vec<Budget<'a>> {
    let limits = otp.limits();
    let Some(network) = origin.network() else {
        return Vec::new();
    };
    let mac = otp.keys().subject("network", &network);
    let mut budgets = vec![Budget::of_messages(
        format!("ip {}", mac.as_str()),
        &limits.per_ip,
    )];
    if !method.verified {
        let subject = format!("ip to strangers {}", mac.as_str());
        budgets.push(Budget::of_messages(subject, &limits.per_ip_to_strangers));
    }
    budgets
}

fn budgets_of_project<'a>(otp: &'a Otp, address: &Address) -> Vec<Budget<'a>> {
    let limits = otp.limits();
    let mut budgets = Vec::new();
    if let Address::Phone(number) = address {
        let subject = format!("prefix {}", number.prefix());
        budgets.push(Budget::of_messages(subject, &limits.per_prefix));
        if let Some(price) = limits.prices.get(number.country()) {
            budgets.push(Budget {
                subject: "cost".to_owned(),
                windows: &limits.cost_per_project,
                amount: *price,
            });
        }
    }
    budgets.push(Budget::of_messages(
        "project".to_owned(),
        &limits.per_project,
    ));
    budgets
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
    let mut budgets = budgets_of_user(otp, to.user_id, &to.address);
    budgets.extend(budgets_of_project(otp, &to.address));
    let spent = Allowance::spend(tx, project, &budgets, otp.limits(), *now).await?;
    Ok(spent.ok())
}

fn message(otp: &Otp, order: &Order, code: &Code) -> Message {
    Message {
        id: Id::new(order.caller.now, otp.random()),
        channel: order.channel,
        to: order.address.as_str().to_owned(),
        body: otp.text().with(code, order.channel, order.delivery.locale),
        locale: order.delivery.locale,
        expires_at: order.caller.now.plus(order.delivery.expires_in),
    }
}

fn passcode(
    otp: &Otp,
    order: &Order,
    method: &Method,
    code: &Code,
    message_id: Id<Message>,
) -> Passcode {
    let method_id = method.shown_id(&order.caller.project);
    Passcode {
        method_id: method.id,
        message_id,
        channel: order.channel,
        mac: otp.keys().code(&method_id, code.expose()),
        expires_at: order.caller.now.plus(order.delivery.expires_in),
        origin: order.delivery.origin.clone(),
    }
}

fn entry<'a>(otp: &Otp, order: &'a Order, found: &Found, event: Event) -> Entry<'a> {
    // A user who was to be created with this message is not there when it is refused.
    let is_there = !found.created || matches!(event, Event::Sent);
    Entry::new(event)
        .maybe_user(is_there.then_some(found.user.id))
        .address(otp, &order.address)
}
