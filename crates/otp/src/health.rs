use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use sallyport_base::Timestamp;

/// After so many messages in a row that it did not answer for, a gateway rests.
const SILENCES: u32 = 3;

/// How long it rests before one message is tried with it.
const REST: Duration = Duration::from_secs(30);

/// Whether a gateway answers, as this node sees it. One that stays silent again and again gets no
/// messages for a while when another could have them: what a silent gateway was given may be lost.
/// One that says that it is busy, or is not reached, loses nothing.
#[derive(Default)]
pub struct Health(Mutex<Silences>);

#[derive(Default)]
struct Silences {
    in_a_row: u32,
    /// When it is tried again.
    resume_at: Option<Timestamp>,
}

impl Health {
    /// It took a message, or refused one.
    pub fn answered(&self) {
        *self.silences() = Silences::default();
    }

    /// `true` when it begins to rest now.
    pub fn stayed_silent(&self, now: Timestamp) -> bool {
        let mut silences = self.silences();
        silences.in_a_row = silences.in_a_row.saturating_add(1);
        if silences.in_a_row < SILENCES {
            return false;
        }
        silences.resume_at = Some(now.plus(REST));
        silences.in_a_row == SILENCES
    }

    pub fn rests(&self, now: Timestamp) -> bool {
        self.silences()
            .resume_at
            .is_some_and(|at| is_ahead(at, now))
    }

    /// Whether a message may be handed over now. Whoever is told so after a rest is the only one until
    /// that message has its answer, or the next rest is over.
    pub fn may_try(&self, now: Timestamp) -> bool {
        let mut silences = self.silences();
        match silences.resume_at {
            None => true,
            Some(at) if is_ahead(at, now) => false,
            Some(_) => {
                silences.resume_at = Some(now.plus(REST));
                true
            }
        }
    }

    fn silences(&self) -> std::sync::MutexGuard<'_, Silences> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A clock that was set back does not make a rest longer.
fn is_ahead(resume_at: Timestamp, now: Timestamp) -> bool {
    now < resume_at && resume_at <= now.plus(REST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_silences_in_a_row_are_a_rest_and_one_message_ends_it() {
        let health = Health::default();
        let now = Timestamp::from_seconds(1000);
        assert!(!health.stayed_silent(now) && !health.stayed_silent(now));
        health.answered();
        assert!(!health.stayed_silent(now) && !health.stayed_silent(now));
        assert!(health.may_try(now) && !health.rests(now));
        assert!(health.stayed_silent(now));
        assert!(!health.stayed_silent(now), "it rests already");
        let later = now.plus(REST);
        assert!(health.rests(now) && !health.may_try(now));
        assert!(!health.rests(later) && health.may_try(later));
        assert!(
            health.rests(later) && !health.may_try(later),
            "one is enough"
        );
        assert!(!health.stayed_silent(later));
        assert!(health.rests(later));
        let set_back = now.minus(Duration::from_secs(3600));
        assert!(!health.rests(set_back) && health.may_try(set_back));
        health.answered();
        assert!(!health.rests(later) && health.may_try(later));
    }
}
