//! The one way from a request to a message. Every limit is kept here, so that no route avoids them.

use std::time::Duration;

use sallyport_base::{Id, StoreError, Tx};
use tracing::Instrument;

use crate::{
    Otp,
    address::Address,
    allowance::{Allowance, Budget},
    audit::{Entry, Event},
    channel::Channel,
    conversion::Conversion,
    cooldown::Cooldown,
    delivery::Delivery,
    gateway::GatewayError,
    locale::Locale,
    message::Message,
    method::Method,
    opt_out::OptOut,
    passcode::{Code, Passcode, ReplacedPasscode},
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

/// Stores a new code in place of the method's old one, commits, and hands the message to the gateway.
/// `tx` holds what the request changed before; after a refusal none of it has happened.
pub async fn send(otp: &Otp, tx: Tx, order: Order) -> Result<(), Refusal> {
    if order.method.address.is_sandbox() {
        return keep_sandbox_code(otp, tx, &order).await;
    }
    // The request may be given up at any moment, while the code is being stored too; what was stored
    // is sent or withdrawn all the same.
    tokio::spawn(reserve_and_hand_over(otp.clone(), tx, order).in_current_span())
        .await
        .map_err(|_| Refusal::Internal("a message was given up on its way to the gateway"))?
}

/// Nothing is sent to the sandbox addresses, so that nothing limits it.
async fn keep_sandbox_code(otp: &Otp, mut tx: Tx, order: &Order) -> Result<(), Refusal> {
    let id = Id::new(order.caller.now, otp.random());
    passcode(otp, order, &Code::sandbox(), id)
        .replace(&mut tx, otp.keys(), otp.limits(), order.caller.now)
        .await?;
    Ok(tx.commit().await?)
}

async fn reserve_and_hand_over(otp: Otp, tx: Tx, order: Order) -> Result<(), Refusal> {
    let code = Code::random(otp.random());
    let message = message(&otp, &order, &code);
    let replaced = reserve(&otp, tx, &order, &code, message.id).await?;
    hand_over(&otp, &order, &message, replaced).await
}

/// Returns the code that was valid until now.
async fn reserve(
    otp: &Otp,
    mut tx: Tx,
    order: &Order,
    code: &Code,
    message_id: Id<Message>,
) -> Result<Option<ReplacedPasscode>, Refusal> {
    match spend_and_replace(otp, &mut tx, order, code, message_id).await? {
        Ok(replaced) => {
            tx.commit().await?;
            Ok(replaced)
        }
        Err(refusal) => {
            drop(tx);
            entry(otp, order, Event::SendRefused)
                .because(&refusal)
                .record_alone(otp, &order.caller)
                .await?;
            Err(refusal)
        }
    }
}

/// The order of the tables is the same as in an authentication, so that the two never wait for each
/// other.
async fn spend_and_replace(
    otp: &Otp,
    tx: &mut Tx,
    order: &Order,
    code: &Code,
    message_id: Id<Message>,
) -> Result<Result<Option<ReplacedPasscode>, Refusal>, StoreError> {
    if let Some(retry_after) = order.user.locked_for(order.caller.now) {
        return Ok(Err(Refusal::UserLocked { retry_after }));
    }
    let replaced = passcode(otp, order, code, message_id)
        .replace(tx, otp.keys(), otp.limits(), order.caller.now)
        .await?;
    Method::extend_probation(tx, order.method.id, order.caller.now).await?;
    if let Err(refusal) = check_number(otp, tx, order).await? {
        return Ok(Err(refusal));
    }
    if let Err(retry_after) = spend(otp, tx, order).await? {
        return Ok(Err(Refusal::TooManyRequests { retry_after }));
    }
    entry(otp, order, Event::Sent)
        .record(tx, &order.caller, otp.random())
        .await?;
    Ok(Ok(replaced))
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
    if Conversion::is_poor(tx, project, number.prefix(), rule, *now).await? {
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

async fn hand_over(
    otp: &Otp,
    order: &Order,
    message: &Message,
    replaced: Option<ReplacedPasscode>,
) -> Result<(), Refusal> {
    let Err(cause) = otp.line().deliver(message, order.caller.now).await else {
        return Ok(());
    };
    tracing::error!(
        event = "otp.gateway_failed",
        message.id = %message.id,
        error = %cause,
        "a message could not be handed over"
    );
    let refusal = match cause {
        GatewayError::Unanswered(_) => return leave_open(otp, order).await,
        GatewayError::Store(cause) => Refusal::Store(cause),
        GatewayError::Refused(_) | GatewayError::Unreachable(_) => Refusal::CarrierFailed,
    };
    withdraw(otp, order, message, replaced, &refusal).await?;
    Err(refusal)
}

/// The message may be on its way: its code stays valid, and the next one has to wait for the pause.
async fn leave_open(otp: &Otp, order: &Order) -> Result<(), Refusal> {
    let refusal = Refusal::CarrierSilent;
    entry(otp, order, Event::SendUnconfirmed)
        .because(&refusal)
        .record_alone(otp, &order.caller)
        .await?;
    Err(refusal)
}

/// The code is taken back, the one before it is valid again, and the pause is lifted. The message
/// stays counted: a gateway that fails must not be asked without end.
async fn withdraw(
    otp: &Otp,
    order: &Order,
    message: &Message,
    replaced: Option<ReplacedPasscode>,
    refusal: &Refusal,
) -> Result<(), StoreError> {
    let mut tx = otp.store().begin().await?;
    Passcode::withdraw(&mut tx, order.method.id, message.id, replaced.as_ref()).await?;
    let address = otp.keys().address(&order.method.address);
    Cooldown::lift(&mut tx, &order.caller.project, &address).await?;
    entry(otp, order, Event::SendFailed)
        .because(refusal)
        .record(&mut tx, &order.caller, otp.random())
        .await?;
    tx.commit().await
}

/// Tells an older address of a user that `added` is new. The notice has no code; it counts as a
/// message to that address, and when none may be sent the log says so and the request goes on.
pub async fn tell_of_new_factor(
    otp: &Otp,
    caller: &Caller,
    to: &Method,
    added: &Address,
) -> Result<(), Refusal> {
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
    if to.address.is_sandbox() || !reserve_notice(otp, caller, to).await? {
        return Ok(());
    }
    if let Err(cause) = otp.line().deliver(&message, caller.now).await {
        tracing::error!(
            event = "otp.gateway_failed",
            message.id = %message.id,
            error = %cause,
            "a notice could not be handed over"
        );
    }
    Ok(())
}

async fn reserve_notice(otp: &Otp, caller: &Caller, to: &Method) -> Result<bool, StoreError> {
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
        tx.commit().await?;
    } else {
        tracing::warn!(
            event = "otp.notice_kept_back",
            user.id = %to.user_id,
            "a user was not told of a new address, since no more messages may be sent there"
        );
    }
    Ok(may)
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
