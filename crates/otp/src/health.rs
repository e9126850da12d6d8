use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use sallyport_base::Timestamp;

/// After so many messages in a row that it did not take or answer for, a gateway rests.
const FAILURES: u32 = 3;

/// How long it rests before one message is tried with it.
const REST: Duration = Duration::from_secs(30);

/// How a gateway fares, as this node sees it. One that fails again and again gets no messages for a
/// while when another could have them: a message that a silent gateway was given is lost.
#[derive(Default)]
pub struct Health(Mutex<Failures>);

#[derive(Default)]
struct Failures {
    in_a_row: u32,
    /// When it is tried again.
    resume_at: Option<Timestamp>,
}

impl Health {
    /// It answered, if only to refuse a message.
    pub fn answered(&self) {
        *self.failures() = Failures::default();
    }

    /// `true` when it begins to rest now.
    pub fn failed(&self, now: Timestamp) -> bool {
        let mut failures = self.failures();
        failures.in_a_row = failures.in_a_row.saturating_add(1);
        if failures.in_a_row < FAILURES {
            return false;
        }
        failures.resume_at = Some(now.plus(REST));
        failures.in_a_row == FAILURES
    }

    pub fn rests(&self, now: Timestamp) -> bool {
        self.failures().resume_at.is_some_and(|at| now < at)
    }

    /// Whether a message may be handed over now. Whoever is told so after a rest is the only one until
    /// that message has its answer, or the next rest is over.
    pub fn may_try(&self, now: Timestamp) -> bool {
        let mut failures = self.failures();
        match failures.resume_at {
            None => true,
            Some(at) if now < at => false,
            Some(_) => {
                failures.resume_at = Some(now.plus(REST));
                true
            }
        }
    }

    fn failures(&self) -> std::sync::MutexGuard<'_, Failures> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_failures_in_a_row_are_a_rest_and_one_message_ends_it() {
        let health = Health::default();
        let now = Timestamp::from_seconds(1000);
        assert!(!health.failed(now) && !health.failed(now));
        health.answered();
        assert!(!health.failed(now) && !health.failed(now));
        assert!(health.may_try(now) && !health.rests(now));
        assert!(health.failed(now));
        assert!(!health.failed(now), "it rests already");
        let later = now.plus(REST);
        assert!(health.rests(now) && !health.may_try(now));
        assert!(!health.rests(later) && health.may_try(later));
        assert!(
            health.rests(later) && !health.may_try(later),
            "one is enough"
        );
        assert!(!health.failed(later));
        assert!(health.rests(later));
        health.answered();
        assert!(!health.rests(later) && health.may_try(later));
    }
}
