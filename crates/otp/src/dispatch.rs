//! The one way from a request to a message. Every limit is kept here, so that no route avoids them.

use sallyport_base::{Id, StoreError, Tx};

use crate::{
    Otp,
    address::Address,
    allowance::{Alarm, Allowance, Exhausted},
    audit::{Entry, Event},
    budgets,
    collision::again,
    conversion::Conversion,
    cooldown::Cooldown,
    limits::Voip,
    lookup,
    message::Message,
    method::Method,
    number_facts::Doubt,
    opt_out::OptOut,
    outbox::{Draft, Parcel},
    passcode::{Code, Passcode},
    project::Caller,
    recipient::Found,
    refusal::Refusal,
    send::Order,
};

/// Stores a new code in place of the method's old one, and its message in the outbox. Nobody waits for
/// a gateway: the courier hands the message over. After a refusal there is neither.
pub async fn send(otp: &Otp, order: &Order) -> Result<Found, Refusal> {
    if lookup::is_needed(otp, order).await? {
        // Nothing is asked about a number that no message would go to anyway.
        let found = again(|| would_send(otp, order)).await?;
        if let Err(refusal) = lookup::ask(otp, order, &found).await? {
            record_refusal(otp, order, &found, &refusal).await?;
            return Err(refusal);
        }
    }
    let (found, alarms) = again(|| place(otp, order)).await?;
    alarms.iter().for_each(Alarm::log);
    if !order.address.is_sandbox() {
        otp.courier().wake();
        otp.metrics().queued(order.address.country());
    }
    Ok(found)
}

/// Stores the code and its message. Returns what the log should tell.
async fn place(otp: &Otp, order: &Order) -> Result<(Found, Vec<Alarm>), Refusal> {
    let Reserved {
        mut tx,
        found,
        warned,
        alarms,
    } = reserve(otp, order).await?;
    for event in events(order, &found, warned) {
        entry(otp, order, &found, event)
            .record(&mut tx, &order.caller, otp.random())
            .await?;
    }
    tx.commit().await?;
    Ok((found, alarms))
}

/// What is recorded of a code that goes out.
fn events(order: &Order, found: &Found, is_voip: bool) -> Vec<Event> {
    let mut events = Vec::new();
    if found.created {
        events.push(Event::UserCreated);
    }
    if !order.address.is_sandbox() {
        events.push(Event::Sent);
    }
    if is_voip {
        events.push(Event::Voip);
    }
    events
}

/// A message with its code, counted in every limit, in a transaction that is not committed yet.
struct Reserved {
    tx: Tx,
    found: Found,
    /// Whether the operator wants to be warned of the number.
    warned: bool,
    alarms: Vec<Alarm>,
}

/// Tries whether a code could be sent, and leaves nothing behind.
async fn would_send(otp: &Otp, order: &Order) -> Result<Found, Refusal> {
    Ok(reserve(otp, order).await?.found)
}

/// Reserves all that a message needs. A refusal is on record; what it refuses has not happened.
async fn reserve(otp: &Otp, order: &Order) -> Result<Reserved, Refusal> {
    let mut tx = otp.store().begin().await?;
    let found = order
        .recipient
        .find(otp, &mut tx, &order.caller, &order.address)
        .await?;
    if order.address.is_sandbox() {
        keep_sandbox_code(otp, &mut tx, order, &found).await?;
        return Ok(Reserved {
            tx,
            found,
            warned: false,
            alarms: Vec::new(),
        });
    }
    match put_out(otp, &mut tx, order, &found).await? {
        Ok((warned, alarms)) => Ok(Reserved {
            tx,
            found,
            warned,
            alarms,
        }),
        Err(refusal) => {
            drop(tx);
            record_refusal(otp, order, &found, &refusal).await?;
            Err(refusal)
        }
    }
}

async fn record_refusal(
    otp: &Otp,
    order: &Order,
    found: &Found,
    refusal: &Refusal,
) -> Result<(), StoreError> {
    entry(otp, order, found, Event::SendRefused)
        .because(refusal)
        .record_alone(otp, &order.caller)
        .await
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
) -> Result<Result<(bool, Vec<Alarm>), Refusal>, StoreError> {
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
    let passcode = passcode(otp, order, method, &code, message.id);
    make_only_code(otp, tx, order, &passcode).await?;
    // Somebody may have proven the address while this waited for the code of theirs.
    if Method::find(tx, &order.caller.project, method.id, now)
        .await?
        .is_none()
    {
        return Ok(Err(Refusal::duplicate(method.kind())));
    }
    Method::extend_probation(tx, method.id, now).await?;
    let warned = match check_number(otp, tx, order, method).await? {
        Ok(warned) => warned,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let alarms = match spend(otp, tx, order, found).await? {
        Ok(alarms) => alarms,
        Err(exhausted) => return Ok(Err(exhausted.into())),
    };
    let draft = Draft {
        caller: &order.caller,
        method_id: Some(method.id),
        address: &order.address,
        prefix: order.address.prefix(),
        line,
        message: &message,
    };
    draft.put_out(otp, tx).await?;
    Ok(Ok((warned, alarms)))
}

/// Makes this the only code for the address. Several users may have it, on probation or by a claim, and
/// whoever sends or adds to it takes their codes in the same order, then their messages.
async fn make_only_code(
    otp: &Otp,
    tx: &mut Tx,
    order: &Order,
    passcode: &Passcode,
) -> Result<(), StoreError> {
    let Caller { project, now, .. } = &order.caller;
    let mut method_ids = Method::ids_with(tx, project, &order.address).await?;
    method_ids.insert(passcode.method_id);
    for method_id in &method_ids {
        if *method_id == passcode.method_id {
            passcode.replace(tx, otp.keys()).await?;
        } else {
            Passcode::end(tx, *method_id).await?;
        }
    }
    for method_id in method_ids {
        Parcel::outdate(tx, method_id, *now).await?;
    }
    Ok(())
}

/// Whether messages may go to the number at all, and whether with a warning. The message is counted
/// for the share of codes that come back.
async fn check_number(
    otp: &Otp,
    tx: &mut Tx,
    order: &Order,
    method: &Method,
) -> Result<Result<bool, Refusal>, StoreError> {
    let Address::Phone(number) = &order.address else {
        return Ok(Ok(false));
    };
    let Caller { project, now, .. } = &order.caller;
    if OptOut::holds(tx, &otp.keys().address(&order.address)).await? {
        return Ok(Err(Refusal::UnsubscribedPhoneNumber));
    }
    let facts = lookup::known(otp, tx, order).await?;
    let limits = otp.limits();
    let is_voip = number.is_voip() || facts.is_some_and(|facts| facts.is_voip);
    let doubt = match limits.voip {
        Voip::Refuse if is_voip => Some(Doubt::Voip),
        _ => facts.and_then(|facts| facts.doubt(limits, *now)),
    };
    if let Some(doubt) = doubt {
        return Ok(Err(Refusal::Doubted(doubt)));
    }
    if !method.verified && is_poor(otp, tx, &order.caller, number.prefix()).await? {
        return Ok(Err(Refusal::TooFewTokensAuthenticated));
    }
    Conversion::count_sent(tx, project, number.prefix(), *now).await?;
    Ok(Ok(is_voip && limits.voip == Voip::Warn))
}

/// Whether too few of the codes of this prefix came back. The log tells when that begins.
async fn is_poor(
    otp: &Otp,
    tx: &mut Tx,
    caller: &Caller,
    prefix: &str,
) -> Result<bool, StoreError> {
    let Caller { project, now, .. } = caller;
    let rule = &otp.limits().conversion;
    let share = Conversion::share(tx, project, prefix, rule, *now).await?;
    let is_poor = share.is_poor(rule);
    if otp.poor_prefixes().begins(project, prefix, is_poor) {
        share.log(project, prefix, rule);
    }
    Ok(is_poor)
}

async fn spend(
    otp: &Otp,
    tx: &mut Tx,
    order: &Order,
    found: &Found,
) -> Result<Result<Vec<Alarm>, Exhausted>, StoreError> {
    let limits = otp.limits();
    let Caller { project, now, .. } = &order.caller;
    let address = otp.keys().address(&order.address);
    if let Err(wait) = Cooldown::start(tx, project, &address, limits, *now).await? {
        let limit = "resend_seconds";
        return Ok(Err(Exhausted { limit, wait }));
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
    let is_there = !(found.created && matches!(event, Event::SendRefused));
    Entry::new(event)
        .maybe_user(is_there.then_some(found.user.id))
        .address(otp, &order.address)
}
