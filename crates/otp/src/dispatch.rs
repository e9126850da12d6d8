//! The one way from a request to a message. Every limit is kept here, so that no route avoids them.

use sallyport_base::{Id, StoreError, Tx};
use tracing::Instrument;

use crate::{
    Otp,
    allowance::Allowance,
    audit::{Entry, Event},
    cooldown::Cooldown,
    delivery::Delivery,
    gateway::GatewayError,
    message::Message,
    passcode::{Code, Passcode, ReplacedPasscode},
    phone::{self, Phone},
    phone_number::PhoneNumber,
    project::Caller,
    refusal::Refusal,
    user::User,
};

/// A message that somebody asked for.
pub struct Order {
    pub caller: Caller,
    pub user: User,
    pub phone: Phone,
    pub number: PhoneNumber,
    pub delivery: Delivery,
}

/// Stores a new code in place of the phone's old one, commits, and hands the message to the gateway.
/// `tx` holds what the request changed before; after a refusal none of it has happened.
pub async fn send(otp: &Otp, tx: Tx, order: Order) -> Result<(), Refusal> {
    if order.number.is_sandbox() {
        return keep_sandbox_code(otp, tx, &order).await;
    }
    // The request may be given up at any moment, while the code is being stored too; what was stored
    // is sent or withdrawn all the same.
    tokio::spawn(reserve_and_hand_over(otp.clone(), tx, order).in_current_span())
        .await
        .map_err(|_| Refusal::Internal("a message was given up on its way to the gateway"))?
}

/// Nothing is sent to the sandbox number, so that nothing limits it.
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
    Phone::extend_probation(tx, order.phone.id, order.caller.now).await?;
    if let Err(retry_after) = spend(otp, tx, order).await? {
        return Ok(Err(Refusal::TooManyRequests { retry_after }));
    }
    entry(otp, order, Event::Sent)
        .record(tx, &order.caller, otp.random())
        .await?;
    Ok(Ok(replaced))
}

async fn spend(
    otp: &Otp,
    tx: &mut Tx,
    order: &Order,
) -> Result<Result<(), std::time::Duration>, StoreError> {
    let limits = otp.limits();
    let Caller { project, now, .. } = &order.caller;
    let number = otp.keys().number(&order.number);
    if let Err(wait) = Cooldown::start(tx, project, &number, limits, *now).await? {
        return Ok(Err(wait));
    }
    let mut accounts = vec![
        (format!("number {}", number.as_str()), &limits.per_number),
        (format!("user {}", order.user.id), &limits.per_user),
    ];
    if let Some(network) = order.delivery.origin.network() {
        let network = otp.keys().subject("network", &network);
        accounts.push((format!("ip {}", network.as_str()), &limits.per_ip));
        if !order.phone.verified {
            let subject = format!("ip to strangers {}", network.as_str());
            accounts.push((subject, &limits.per_ip_to_strangers));
        }
    }
    accounts.push((
        format!("prefix {}", order.number.prefix()),
        &limits.per_prefix,
    ));
    accounts.push(("project".to_owned(), &limits.per_project));
    for (subject, windows) in accounts {
        if let Err(wait) = Allowance::spend(tx, project, &subject, windows, *now).await? {
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
    Passcode::withdraw(&mut tx, order.phone.id, message.id, replaced.as_ref()).await?;
    let number = otp.keys().number(&order.number);
    Cooldown::lift(&mut tx, &order.caller.project, &number).await?;
    entry(otp, order, Event::SendFailed)
        .because(refusal)
        .record(&mut tx, &order.caller, otp.random())
        .await?;
    tx.commit().await
}

fn message(otp: &Otp, order: &Order, code: &Code) -> Message {
    Message {
        id: Id::new(order.caller.now, otp.random()),
        to: order.number.as_e164().to_owned(),
        body: otp.text().with(code),
        locale: order.delivery.locale,
        expires_at: order.caller.now.plus(order.delivery.expires_in),
    }
}

fn passcode(otp: &Otp, order: &Order, code: &Code, message_id: Id<Message>) -> Passcode {
    let method_id = phone::shown_id(&order.caller.project, order.phone.id);
    Passcode {
        phone_id: order.phone.id,
        message_id,
        mac: otp.keys().code(&method_id, code.expose()),
        expires_at: order.caller.now.plus(order.delivery.expires_in),
        origin: order.delivery.origin.clone(),
    }
}

fn entry<'a>(otp: &Otp, order: &'a Order, event: Event) -> Entry<'a> {
    Entry::new(event)
        .user(order.user.id)
        .number(otp, &order.number)
}
