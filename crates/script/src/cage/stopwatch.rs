use std::{
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

/// The time that one call of a script has used. It stands still while the script waits for the host.
#[derive(Debug)]
pub(crate) struct Stopwatch {
    limit: Duration,
    time: Mutex<Time>,
    done: AtomicBool,
}

#[derive(Debug)]
struct Time {
    used: Duration,
    running_since: Option<Instant>,
}

impl Stopwatch {
    pub(crate) fn start(limit: Duration) -> Self {
        let time = Time {
            used: Duration::ZERO,
            running_since: Some(Instant::now()),
        };
        Self {
            limit,
            time: Mutex::new(time),
            done: AtomicBool::new(false),
        }
    }

    /// Of no call: nothing is left.
    pub(crate) fn over() -> Self {
        let stopwatch = Self::start(Duration::ZERO);
        stopwatch.finish();
        stopwatch
    }

    fn time(&self) -> MutexGuard<'_, Time> {
        self.time.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn pause(&self) {
        let mut time = self.time();
        if let Some(since) = time.running_since.take() {
            time.used += since.elapsed();
        }
    }

    pub(crate) fn resume(&self) {
        self.time().running_since.get_or_insert_with(Instant::now);
    }

    /// From now on the time means nothing: a signal that comes late belongs to no later call.
    pub(crate) fn finish(&self) {
        self.done.store(true, Ordering::SeqCst);
    }

    pub(crate) fn is_done(&self) -> bool {
        self.done.load(Ordering::SeqCst)
    }

    fn used(&self) -> Duration {
        let time = self.time();
        time.used
            + time
                .running_since
                .map(|since| since.elapsed())
                .unwrap_or_default()
    }

    pub(crate) fn left(&self) -> Duration {
        self.limit.saturating_sub(self.used())
    }
}
