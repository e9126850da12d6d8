//! Ends a call that takes too long or too much memory. A thread of the worker looks at it; it sleeps
//! while there is none.

use std::{
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

use rustpython_vm::{VirtualMachine, signal::UserSignalSender};

use super::{interpreter::Stop, memory::Memory, stopwatch::Stopwatch};

/// How often a script that is to end is told so: it may swallow the exception.
const REPEAT: Duration = Duration::from_millis(5);
const LOOK: Duration = Duration::from_millis(10);

pub(crate) struct Watchdog(Arc<Watching>);

struct Watching {
    call: Mutex<Option<Arc<Stopwatch>>>,
    changed: Condvar,
    signals: UserSignalSender,
    memory: Memory,
}

impl Watchdog {
    pub(crate) fn start(signals: UserSignalSender, memory: Memory) -> std::io::Result<Self> {
        let watching = Arc::new(Watching {
            call: Mutex::new(None),
            changed: Condvar::new(),
            signals,
            memory,
        });
        let shared = Arc::clone(&watching);
        thread::Builder::new()
            .name("script-watchdog".into())
            .stack_size(256 * 1024)
            .spawn(move || shared.run())?;
        Ok(Self(watching))
    }

    /// Watches one call; the one before is over.
    pub(crate) fn watch(&self, call: Arc<Stopwatch>) {
        *self.0.lock() = Some(call);
        self.0.changed.notify_one();
    }

    /// Whether the worker has grown so much that another one should take its place.
    pub(crate) fn is_worn(&self) -> bool {
        self.0.memory.is_worn()
    }
}

impl Watching {
    fn lock(&self) -> MutexGuard<'_, Option<Arc<Stopwatch>>> {
        self.call.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run(&self) {
        let mut call = self.lock();
        loop {
            call.take_if(|call| call.is_done());
            let pause = call.as_ref().map(|call| self.look(call));
            call = match pause {
                Some(pause) => match self.changed.wait_timeout(call, pause) {
                    Ok((call, _)) => call,
                    Err(poisoned) => poisoned.into_inner().0,
                },
                None => self
                    .changed
                    .wait(call)
                    .unwrap_or_else(PoisonError::into_inner),
            };
        }
    }

    /// Tells a call to stop when it must, and says when to look again.
    fn look(&self, call: &Arc<Stopwatch>) -> Duration {
        let left = call.left();
        if left.is_zero() {
            self.tell(call, Stop::Deadline);
            REPEAT
        } else if self.memory.is_used_up() {
            self.tell(call, Stop::Memory);
            REPEAT
        } else {
            left.min(LOOK)
        }
    }

    fn tell(&self, call: &Arc<Stopwatch>, stop: Stop) {
        let call = Arc::clone(call);
        let raise = move |vm: &VirtualMachine| {
            if call.is_done() {
                Ok(())
            } else {
                Err(stop.exception(vm))
            }
        };
        // The interpreter lives as long as the process.
        drop(self.signals.send(Box::new(raise)));
    }
}
