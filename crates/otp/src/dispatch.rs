//! The one way from a request to a message. Every limit is kept here, so that no route avoids them.

use std::time::Duration;

use sallyport_base::{Id, StoreError, Timestamp, Tx};

use crate::{
    Otp,
    address::Address,
    allowance::{Alarm, Allowance},
    audit::{Entry, Event},
    budgets,
    conversion::Conversion,
    cooldown::Cooldown,
    keys::Mac,
    limits::Voip,
    lookup::WithoutAnswer,
    message::Message,
    method::Method,
    number_facts::{Doubt, NumberFacts},
    opt_out::OptOut,
    outbox::{Draft, Parcel},
    passcode::{Code, Passcode},
    phone_number::PhoneNumber,
    project::Caller,
    recipient::Found,
    refusal::Refusal,
    send::Order,
};

/// Stores a new code in place of the method's old one, and its message in the outbox. Nobody waits for
/// a gateway: the courier hands the message over. After a refusal nothing has happened.
pub async fn send(otp: &Otp, order: &Order) -> Result<Found, Refusal> {
    let has_asked = ask_about_number(otp, order).await?;
    let Reserved { tx, found, alarms } = reserve(otp, order, has_asked).await?;
    tx.commit().await?;
    alarms.iter().for_each(Alarm::log);
    if !order.address.is_sandbox() {
        otp.courier().wake();
        otp.metrics().queued(order.address.country());
    }
    Ok(found)
}

/// Learns what there is to know of the number before a code goes there. `true` when somebody was asked
/// just now.
async fn ask_about_number(otp: &Otp, order: &Order) -> Result<bool, Refusal> {
    let (Some(lookup), Address::Phone(number)) = (otp.lookup(), &order.address) else {
        return Ok(false);
    };
    let now = order.caller.now;
    let mac = otp.keys().address(&order.address);
    if number.is_sandbox() || is_known(otp, &mac, now).await? {
        return Ok(false);
    }
    // Nothing is asked about a number that no message would go to anyway.
    drop(reserve(otp, order, false).await?);
    let answer = lookup.ask(number, now).await;
    otp.metrics().asked_about_number(answer.is_ok());
    match answer {
        Ok(facts) => {
            let mut tx = otp.store().begin().await?;
            facts.keep(&mut tx, &mac).await?;
            tx.commit().await?;
        }
        Err(cause) => {
            tracing::error!(
                event = "otp.lookup_failed",
                phone.hash = mac.as_str(),
                error = %cause,
                "nobody said what is known of a number"
            );
            if lookup.without_answer == WithoutAnswer::Refuse {
                let refusal = Refusal::Doubted(Doubt::Unknown);
                Entry::new(Event::SendRefused)
                    .address(otp, &order.address)
                    .because(&refusal)
                    .record_alone(otp, &order.caller)
                    .await?;
                return Err(refusal);
            }
        }
    }
    Ok(true)
}

async fn is_known(otp: &Otp, number: &Mac, now: Timestamp) -> Result<bool, StoreError> {
    let mut reader = otp.store().reader().await?;
    Ok(NumberFacts::find(&mut reader, number, now).await?.is_some())
}

/// A message with its code, counted in every limit, in a transaction that is not committed yet.
struct Reserved {
    tx: Tx,
    found: Found,
    alarms: Vec<Alarm>,
}

/// Reserves all that a message needs. A refusal is on record; what it refuses has not happened.
async fn reserve(otp: &Otp, order: &Order, has_asked: bool) -> Result<Reserved, Refusal> {
    let mut tx = otp.store().begin().await?;
    let found = order
        .recipient
        .find(otp, &mut tx, &order.caller, &order.address)
        .await?;
    if order.address.is_sandbox() {
        keep_sandbox_code(otp, &mut tx, order, &found).await?;
        let alarms = Vec::new();
        return Ok(Reserved { tx, found, alarms });
    }
    match put_out(otp, &mut tx, order, &found).await? {
        Ok(alarms) => Ok(Reserved { tx, found, alarms }),
        Err(refusal) => {
            drop(tx);
            record_refusal(otp, order, &found, &refusal, has_asked).await?;
            Err(refusal)
        }
    }
}

/// A number that was asked about and is doubted has cost what a lookup costs: it counts as a message,
/// or questions about numbers could be had without end.
async fn record_refusal(
    otp: &Otp,
    order: &Order,
    found: &Found,
    refusal: &Refusal,
    has_asked: bool,
) -> Result<(), StoreError> {
    let Caller { project, now, .. } = &order.caller;
    let mut tx = otp.store().begin().await?;
    if has_asked && matches!(refusal, Refusal::Doubted(_)) {
        let budgets = budgets::of_code(otp, order, found);
        if let Ok(alarms) = Allowance::spend(&mut tx, project, &budgets, otp.limits(), *now).await?
        {
            alarms.iter().for_each(Alarm::log);
        }
    }
    entry(otp, order, found, Event::SendRefused)
        .because(refusal)
        .record(&mut tx, &order.caller, otp.random())
        .await?;
    tx.commit().await
}

/// Nothing is sent to the sandbox addresses, so that nothing limits it.
async fn keep_sandbox_code(
    otp: &Otp,
    tx: &mut Tx,
    order: &Order,
    found: &Found,
) -> Result<(), StoreError> {
    let id = Id::new(order.caller.now, otp.random());
    passcode(otp, order, &found.method, &Code::sandbox(), id)
        .replace(tx, otp.keys())
        .await
}

/// The order of the tables is the same as in an authentication, and where a message fails or is told
/// of: the code, its messages, the pause. So none of them waits for another that waits for it.
async fn put_out(
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
    let Some(line) = otp
        .lines()
        .first(order.address.country(), order.channel, now)
    else {
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
    let mac = otp.keys().address(&order.address);
    if OptOut::holds(tx, &mac).await? {
        return Ok(Err(Refusal::UnsubscribedPhoneNumber));
    }
    if let Some(doubt) = doubt(otp, tx, number, &mac, *now).await? {
        return Ok(Err(Refusal::Doubted(doubt)));
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

/// What is known of the number that speaks against a code.
async fn doubt(
    otp: &Otp,
    tx: &mut Tx,
    number: &PhoneNumber,
    mac: &Mac,
    now: Timestamp,
) -> Result<Option<Doubt>, StoreError> {
    let limits = otp.limits();
    let facts = match otp.lookup() {
        Some(_) => NumberFacts::find(tx, mac, now).await?,
        None => None,
    };
    if number.is_voip() || facts.is_some_and(|facts| facts.is_voip) {
        match limits.voip {
            Voip::Allow => {}
            Voip::Warn => tracing::warn!(
                event = "otp.voip",
                phone.hash = mac.as_str(),
                phone.ends = number.last_two(),
                "a code goes to a number of internet telephony"
            ),
            Voip::Refuse => return Ok(Some(Doubt::Voip)),
        }
    }
    Ok(facts.and_then(|facts| facts.doubt(limits, now)))
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
    let budgets = budgets::of_code(otp, order, found);
    Allowance::spend(tx, project, &budgets, limits, *now).await
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
