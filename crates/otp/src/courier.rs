//! Carries messages from the outbox to the gateways. Every node has a courier, and any of them may
//! take any message.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use sallyport_base::{StoreError, Timestamp, Tx};
use tokio::{sync::Notify, time::timeout};

use crate::{
    Otp,
    audit::Event,
    gateway::{Accepted, GatewayError, Line},
    hands::{HANDS, Hand},
    lines::Next,
    outbox::{Parcel, Reason, Whose},
};

/// How long a message that another node left behind waits for somebody to look.
const GLANCE: Duration = Duration::from_secs(1);

/// How often a connection that should stand is looked after.
const KEEP_UP: Duration = Duration::from_secs(15);

/// The longest pause before the gateways are asked once more.
pub const LONGEST_PAUSE: Duration = Duration::from_secs(15);

/// How long a gateway may take in all, to be connected and to answer.
const LONGEST_ANSWER: Duration = Duration::from_secs(20);

/// For how long it is tried to keep what a gateway said, while the store is away: nobody will say it
/// again. Afterwards another courier decides.
const RECORDING: Duration = Duration::from_secs(20);

const RECORD_AGAIN: Duration = Duration::from_secs(1);

/// Wakes the courier of this node.
#[derive(Default)]
pub struct Courier {
    wake: Notify,
}

impl Courier {
    /// There is a message, or a hand for one.
    pub fn wake(&self) {
        self.wake.notify_one();
    }
}

/// Carries for as long as it is polled.
pub async fn work(otp: &Otp) {
    let connections = keep_up(otp);
    let messages = async {
        loop {
            if let Err(cause) = carry_some(otp).await {
                tracing::error!(error = %cause, "messages cannot be sent; it is tried again");
            }
            tokio::select! {
                () = otp.courier().wake.notified() => {}
                () = tokio::time::sleep(GLANCE) => {}
            }
        }
    };
    tokio::join!(connections, messages);
}

/// Carries what is due, and returns when each message has been answered for.
pub async fn carry_due(otp: &Otp) -> Result<(), StoreError> {
    recover(otp).await?;
    loop {
        let taken = take(otp).await?;
        if taken.is_empty() {
            return Ok(());
        }
        for carried in join_all(taken.iter().map(|(parcel, _hand)| carry(otp, parcel))).await {
            carried?;
        }
    }
}

async fn keep_up(otp: &Otp) {
    loop {
        otp.lines().keep_up().await;
        tokio::time::sleep(KEEP_UP).await;
    }
}

/// Takes as many as there are hands for, until none is due for a hand that is free.
async fn carry_some(otp: &Otp) -> Result<(), StoreError> {
    let now = otp.clock().now();
    if !Parcel::some_are_due(&mut *otp.store().reader().await?, now).await? {
        return Ok(());
    }
    recover(otp).await?;
    loop {
        let taken = take(otp).await?;
        if taken.is_empty() {
            return Ok(());
        }
        for (parcel, hand) in taken {
            match hand {
                Some(hand) => drop(tokio::spawn(carry_in(otp.clone(), parcel, hand))),
                None => carry_alone(otp, &parcel).await,
            }
        }
    }
}

/// The next message may be waiting for this hand.
async fn carry_in(otp: Otp, parcel: Parcel, hand: Hand) {
    carry_alone(&otp, &parcel).await;
    drop(hand);
    otp.courier().wake();
}

async fn carry_alone(otp: &Otp, parcel: &Parcel) {
    if let Err(cause) = carry(otp, parcel).await {
        tracing::error!(error = %cause, message.id = %parcel.id, "what became of a message could not be kept");
    }
}

/// Takes what is due, as much for each gateway as it has free hands. A message whose gateway is not
/// there any more needs none: it is not handed over.
async fn take(otp: &Otp) -> Result<Vec<(Parcel, Option<Hand>)>, StoreError> {
    let now = otp.clock().now();
    let mut tx = otp.store().begin().await?;
    let mut taken = Vec::new();
    for line in otp.lines().iter() {
        let hands = line.hands.free();
        let Some(most) = u32::try_from(hands.len()).ok().filter(|most| *most > 0) else {
            continue;
        };
        let parcels = Parcel::take(&mut tx, Whose::Gateway(&line.name), most, now).await?;
        taken.extend(parcels.into_iter().zip(hands.into_iter().map(Some)));
    }
    let names: Vec<&str> = otp.lines().iter().map(|line| line.name.as_str()).collect();
    let strays = Parcel::take(&mut tx, Whose::NoneOf(&names), HANDS, now).await?;
    taken.extend(strays.into_iter().map(|parcel| (parcel, None)));
    if !taken.is_empty() {
        tx.commit().await?;
    }
    Ok(taken)
}

/// A node was lost while it had messages. Whether a gateway has them too is known to the gateway
/// alone: one that drops repetitions is asked again, any other is not, since a message that is sent
/// twice costs twice and confuses.
async fn recover(otp: &Otp) -> Result<(), StoreError> {
    let now = otp.clock().now();
    let abandoned = Parcel::abandoned(&mut *otp.store().reader().await?, now).await?;
    for parcel in abandoned {
        match otp.lines().named(&parcel.gateway) {
            Some(line) => unanswered(otp, &parcel, line, now).await?,
            None => leave_open(otp, &parcel, now).await?,
        }
    }
    Ok(())
}

async fn carry(otp: &Otp, parcel: &Parcel) -> Result<(), StoreError> {
    let now = otp.clock().now();
    if parcel.expires_at <= now {
        return give_up(otp, parcel, Reason::Expired, now).await;
    }
    let Some(line) = otp.lines().named(&parcel.gateway) else {
        return match parcel.in_doubt {
            true => leave_open(otp, parcel, now).await,
            false => pass_on(otp, parcel, Reason::Unreachable, now).await,
        };
    };
    if !parcel.in_doubt
        && let Some(other) = otp.lines().instead_of(line, parcel, now)
        && !line.health.may_try(now)
    {
        return move_on(otp, parcel, other, now).await;
    }
    let Ok(message) = parcel.open(otp.vault()) else {
        tracing::error!(message.id = %parcel.id, "a message does not open with this key file");
        return give_up(otp, parcel, Reason::Unreadable, now).await;
    };
    let answer = timeout(LONGEST_ANSWER, line.deliver(&message, now))
        .await
        .unwrap_or_else(|_| Err(GatewayError::Unanswered("it took too long".to_owned())));
    note(otp, parcel, line, &answer);
    let began = Instant::now();
    loop {
        match keep(otp, parcel, line, &answer).await {
            Err(cause) if began.elapsed() < RECORDING => {
                tracing::warn!(error = %cause, message.id = %parcel.id, "what a gateway said could not be kept; it is tried again");
            }
            kept => return kept,
        }
        tokio::time::sleep(RECORD_AGAIN).await;
    }
}

/// Tells the operator.
fn note(otp: &Otp, parcel: &Parcel, line: &Line, answer: &Result<Accepted, GatewayError>) {
    let Err(cause) = answer else {
        return line.health.answered();
    };
    let reason = reason_of(cause);
    note_health(line, reason, otp.clock().now());
    tracing::error!(
        event = "otp.gateway_failed",
        message.id = %parcel.id,
        gateway = parcel.gateway,
        error = %cause,
        "a message could not be handed over"
    );
    otp.metrics().gateway_failed(&parcel.gateway, reason);
}

async fn keep(
    otp: &Otp,
    parcel: &Parcel,
    line: &Line,
    answer: &Result<Accepted, GatewayError>,
) -> Result<(), StoreError> {
    let now = otp.clock().now();
    match answer.as_ref().map_err(reason_of) {
        Ok(accepted) => sent(otp, parcel, accepted, now).await,
        Err(Reason::Unanswered) => unanswered(otp, parcel, line, now).await,
        Err(Reason::Refused) if parcel.in_doubt => leave_open(otp, parcel, now).await,
        Err(_) if parcel.in_doubt => unanswered(otp, parcel, line, now).await,
        Err(reason) => pass_on(otp, parcel, reason, now).await,
    }
}

fn note_health(line: &Line, reason: Reason, now: Timestamp) {
    match reason {
        Reason::Refused => line.health.answered(),
        Reason::Unanswered if line.health.stayed_silent(now) => tracing::warn!(
            event = "otp.gateway_rests",
            gateway = line.name,
            "a gateway stayed silent again and again; while another can have its messages it is tried with one every half minute"
        ),
        _ => {}
    }
}

const fn reason_of(cause: &GatewayError) -> Reason {
    match cause {
        GatewayError::Refused(_) => Reason::Refused,
        GatewayError::Busy(_) => Reason::Busy,
        GatewayError::Unreachable(_) => Reason::Unreachable,
        GatewayError::Unanswered(_) => Reason::Unanswered,
    }
}

async fn sent(
    otp: &Otp,
    parcel: &Parcel,
    accepted: &Accepted,
    now: Timestamp,
) -> Result<(), StoreError> {
    let mut tx = otp.store().begin().await?;
    let reference = accepted.reference.as_deref();
    let is_news = parcel.sent(&mut tx, reference, None, now).await?;
    tx.commit().await?;
    if is_news {
        otp.metrics().sent(&parcel.gateway, &parcel.country);
    }
    Ok(())
}

/// The message may be on its way. Its code stays valid, and no other gateway gets it. One that drops
/// repetitions is asked for as long as the message is worth sending.
async fn unanswered(
    otp: &Otp,
    parcel: &Parcel,
    line: &Line,
    now: Timestamp,
) -> Result<(), StoreError> {
    if !line.drops_repetitions() {
        return leave_open(otp, parcel, now).await;
    }
    let due_at = now.plus(pause(parcel.tries));
    let refused_by = parcel.refused_by();
    queue_again(
        otp,
        parcel,
        &line.name,
        &refused_by,
        Reason::Unanswered,
        due_at,
    )
    .await
}

async fn leave_open(otp: &Otp, parcel: &Parcel, now: Timestamp) -> Result<(), StoreError> {
    let mut tx = otp.store().begin().await?;
    let reason = Some(Reason::Unanswered);
    let is_news = parcel.sent(&mut tx, None, reason, now).await?;
    if is_news {
        parcel
            .audit(&mut tx, Event::SendUnconfirmed, reason, now, otp.random())
            .await?;
    }
    tx.commit().await?;
    if is_news {
        otp.metrics().sent(&parcel.gateway, &parcel.country);
    }
    Ok(())
}

/// The gateway does not have the message for sure: the next one gets it, at once or after a pause.
async fn pass_on(
    otp: &Otp,
    parcel: &Parcel,
    reason: Reason,
    now: Timestamp,
) -> Result<(), StoreError> {
    let mut refused_by = parcel.refused_by();
    if reason == Reason::Refused {
        refused_by.push(&parcel.gateway);
    }
    let next = otp.lines().next(parcel, &refused_by);
    let (gateway, due_at) = match next {
        Next::Now(gateway) => (gateway, now),
        Next::Later(gateway) => (gateway, now.plus(pause(parcel.tries))),
        Next::Nobody => return fail(otp, parcel, reason, now).await,
    };
    queue_again(otp, parcel, gateway, &refused_by, reason, due_at).await
}

/// Puts the message back to be handed to `gateway` at `due_at`.
async fn queue_again(
    otp: &Otp,
    parcel: &Parcel,
    gateway: &str,
    refused_by: &[&str],
    reason: Reason,
    due_at: Timestamp,
) -> Result<(), StoreError> {
    let mut tx = otp.store().begin().await?;
    parcel
        .queue_again(&mut tx, gateway, refused_by, reason, due_at)
        .await?;
    tx.commit().await?;
    if due_at <= otp.clock().now() {
        otp.courier().wake();
    }
    Ok(())
}

/// The gateway that was to have the message rests. Nobody was asked, so that another has it at once;
/// one that was handed over before waits as long as it would have.
async fn move_on(otp: &Otp, parcel: &Parcel, to: &Line, now: Timestamp) -> Result<(), StoreError> {
    let due_at = match parcel.tries {
        1 => now,
        tries => now.plus(pause(tries)),
    };
    let refused_by = parcel.refused_by();
    queue_again(otp, parcel, &to.name, &refused_by, Reason::Busy, due_at).await
}

/// It is not handed over (again).
async fn give_up(
    otp: &Otp,
    parcel: &Parcel,
    reason: Reason,
    now: Timestamp,
) -> Result<(), StoreError> {
    match parcel.in_doubt {
        true => leave_open(otp, parcel, now).await,
        false => fail(otp, parcel, reason, now).await,
    }
}

async fn fail(
    otp: &Otp,
    parcel: &Parcel,
    reason: Reason,
    now: Timestamp,
) -> Result<(), StoreError> {
    let mut tx: Tx = otp.store().begin().await?;
    let is_new = parcel.fail(&mut tx, reason, now, otp.random()).await?;
    tx.commit().await?;
    if is_new {
        otp.metrics()
            .failed(&parcel.gateway, &parcel.country, reason);
    }
    Ok(())
}

/// 1, 2, 4, 8 and then 15 seconds.
fn pause(tries: i64) -> Duration {
    let doublings = u32::try_from(tries.clamp(1, 5) - 1).unwrap_or(0);
    Duration::from_secs(1 << doublings).min(LONGEST_PAUSE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_stay_short_beside_the_life_of_a_code() {
        let pauses: Vec<u64> = [0, 1, 2, 3, 4, 5, 9]
            .map(|tries| pause(tries).as_secs())
            .into();
        assert_eq!(pauses, [1, 1, 2, 4, 8, 15, 15]);
    }
}
