//! Ends calls that take too long. One thread looks at all of them; it sleeps while there are none.

use std::{
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

use rustpython_vm::{VirtualMachine, signal::UserSignalSender};

use crate::{interpreter, stopwatch::Stopwatch};

/// How often a script that is over its time is told so: it may swallow the exception,
/// and another interpreter may take the process-wide mark that makes a loop look.
const REPEAT: Duration = Duration::from_millis(5);
const LOOK: Duration = Duration::from_millis(50);
pub(crate) struct Watchdog(Arc<Watching>);

#[derive(Default)]
struct Watching {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    calls: Vec<Watched>,
    stopped: bool,
}

/// A call under watch.
pub(crate) struct Watched {
    pub stopwatch: Arc<Stopwatch>,
    pub signals: UserSignalSender,
    /// How long a call that was told to stop may go on until its worker is given up.
    pub grace: Duration,
    /// Gives the worker up. The call is told to stop after that too: its thread may still come to an end.
    pub give_up: Option<Box<dyn FnOnce() + Send>>,
}

impl Watchdog {
    pub(crate) fn start() -> std::io::Result<Self> {
        let watching = Arc::new(Watching::default());
        let shared = Arc::clone(&watching);
        thread::Builder::new()
            .name("script-watchdog".into())
            .spawn(move || shared.run())?;
        Ok(Self(watching))
    }

    pub(crate) fn watch(&self, call: Watched) {
        let mut state = self.0.lock();
        state.calls.push(call);
        if state.calls.len() == 1 {
            self.0.changed.notify_one();
        }
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        self.0.lock().stopped = true;
        self.0.changed.notify_one();
    }
}

impl Watching {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run(&self) {
        let mut state = self.lock();
        while !state.stopped {
            state.calls.retain(|call| !call.stopwatch.is_done());
            let pause = state.calls.iter_mut().map(Watched::look).min();
            state = self.wait(state, pause);
        }
    }

    fn wait<'a>(
        &self,
        state: MutexGuard<'a, State>,
        pause: Option<Duration>,
    ) -> MutexGuard<'a, State> {
        match pause {
            Some(pause) => match self.changed.wait_timeout(state, pause) {
                Ok((state, _)) => state,
                Err(poisoned) => poisoned.into_inner().0,
            },
            None if state.calls.is_empty() && !state.stopped => self
                .changed
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner),
            None => state,
        }
    }
}

impl Watched {
    /// Tells a call that is over its time to stop, and says when to look again.
    fn look(&mut self) -> Duration {
        let left = self.stopwatch.left();
        if !left.is_zero() {
            return left.min(LOOK);
        }
        let lost = self.stopwatch.is_running()
            && self.stopwatch.used() > self.stopwatch.limit() + self.grace;
        if lost && let Some(give_up) = self.give_up.take() {
            give_up();
        }
        self.tell();
        if self.give_up.is_some() { REPEAT } else { LOOK }
    }

    fn tell(&self) {
        let stopwatch = Arc::clone(&self.stopwatch);
        let raise = move |vm: &VirtualMachine| {
            if stopwatch.is_done() {
                Ok(())
            } else {
                Err(interpreter::deadline(vm))
            }
        };
        // A worker that has ended has nobody left to tell.
        drop(self.signals.send(Box::new(raise)));
    }
}
