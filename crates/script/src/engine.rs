use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::sync::oneshot;

use crate::{
    error::EngineError,
    log::ScriptLog,
    run::{Loading, Run},
    scene::Scene,
    script::Script,
    source::Source,
    watchdog::Watchdog,
    worker::{self, Worker, WorkerState},
};

/// What scripts and workers may use.
#[derive(Clone, Debug)]
pub struct Limits {
    /// For one call. The script's own time: waiting for the host does not count.
    pub script_time: Duration,
    /// For starting a script on a worker, `init` included.
    pub load_time: Duration,
    /// How long a call may go on after it was told to stop, before its worker is given up.
    pub grace: Duration,
    /// The greatest number of workers; each runs one browser request at a time.
    pub workers: usize,
    /// How many idle workers are kept.
    pub idle_workers: usize,
    /// After this time an idle worker above that number ends. Some 1.5 MB of it stay behind.
    pub idle_time: Duration,
    /// How long a request waits for a worker.
    pub wait: Duration,
    /// A worker is replaced after this many calls: cyclic garbage is not collected.
    pub calls_per_worker: u64,
    /// Questions to the host in one call.
    pub questions: u32,
    /// Lines of output of one call.
    pub lines: u32,
    /// Bytes of stack of a worker.
    pub stack: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            script_time: Duration::from_secs(5),
            load_time: Duration::from_secs(10),
            grace: Duration::from_secs(2),
            workers: 64,
            idle_workers: 2,
            idle_time: Duration::from_secs(300),
            wait: Duration::from_secs(10),
            calls_per_worker: 100_000,
            questions: 200,
            lines: 2_000,
            stack: 16 * 1024 * 1024,
        }
    }
}

/// The workers that run scripts: an elastic pool of threads with one interpreter each.
#[derive(Clone)]
pub struct Engine(Arc<Shared>);

pub(crate) struct Shared {
    pub limits: Limits,
    pub log: Arc<dyn ScriptLog>,
    pub watchdog: Watchdog,
    pool: Mutex<Pool>,
    serial: AtomicU64,
}

#[derive(Default)]
struct Pool {
    /// The one used last is at the end.
    idle: Vec<Worker>,
    /// Idle, at work or starting. Workers that were given up do not count.
    alive: usize,
    /// Those of them whose interpreter is not built yet.
    starting: usize,
    /// Given up and still running: their threads cannot be ended from outside.
    lost: usize,
    waiting: VecDeque<oneshot::Sender<Worker>>,
    stopped: bool,
    /// Numbers the threads.
    started: u64,
}

/// So many lost workers are made up for; more of them take the places of others.
const LOST_SPARE: usize = 8;

/// So many workers start at once. A burst of requests waits for the workers that there are rather
/// than for an interpreter each.
const STARTING: usize = 2;

/// A worker, or a place in the queue for one.
enum Lease {
    Now(Worker),
    Later(oneshot::Receiver<Worker>),
}

impl Engine {
    /// Starts without workers: the first request starts the first one.
    ///
    /// # Panics
    /// When the operating system refuses the watchdog's thread: without it no script may run.
    pub fn start(limits: Limits, log: Arc<dyn ScriptLog>) -> Self {
        let watchdog = Watchdog::start().expect("a process can start a thread");
        Self(Arc::new(Shared {
            limits,
            log,
            watchdog,
            pool: Mutex::default(),
            serial: AtomicU64::new(1),
        }))
    }

    /// Takes no more requests. What runs comes to its end.
    pub fn stop(self) {
        let mut pool = self.0.pool();
        pool.stopped = true;
        pool.waiting.clear();
        let idle = std::mem::take(&mut pool.idle);
        drop(pool);
        drop(idle);
    }

    /// How many workers there are, idle ones included.
    pub fn workers(&self) -> usize {
        self.0.pool().alive
    }

    /// Translates, compiles and starts a script on one worker; the others follow when they need it.
    ///
    /// `now_ms` is what the constructor is given: milliseconds since 1970.
    pub async fn load(&self, source: Arc<Source>, now_ms: i64) -> Result<Loading, EngineError> {
        let worker = self.lease(None).await?;
        let script = Script::unloaded(source, self.0.next_serial(), now_ms);
        Ok(Loading::new(Arc::downgrade(&self.0), worker, script))
    }

    /// Takes a worker for one browser request.
    pub async fn begin(&self, script: &Script, scene: Scene) -> Result<Run, EngineError> {
        let worker = self.lease(Some(script.serial())).await?;
        Ok(Run::new(
            Arc::downgrade(&self.0),
            worker,
            script.clone(),
            scene,
            self.0.next_serial(),
        ))
    }

    async fn lease(&self, script: Option<u64>) -> Result<Worker, EngineError> {
        match self.0.lease(script)? {
            Lease::Now(worker) => Ok(worker),
            Lease::Later(queue) => match tokio::time::timeout(self.0.limits.wait, queue).await {
                Ok(Ok(worker)) => Ok(worker),
                Ok(Err(_)) => Err(EngineError::Stopped),
                Err(_) => Err(EngineError::Busy),
            },
        }
    }
}

impl Shared {
    fn pool(&self) -> MutexGuard<'_, Pool> {
        self.pool.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn next_serial(&self) -> u64 {
        self.serial.fetch_add(1, Ordering::Relaxed)
    }

    /// An idle worker, if possible one that has the script; else a new one; else a place in the queue.
    fn lease(self: &Arc<Self>, script: Option<u64>) -> Result<Lease, EngineError> {
        let mut pool = self.pool();
        if pool.stopped {
            return Err(EngineError::Stopped);
        }
        let knows = |worker: &Worker| script.is_some_and(|serial| worker.has_loaded(serial));
        if let Some(at) = pool
            .idle
            .iter()
            .rposition(knows)
            .or_else(|| pool.idle.len().checked_sub(1))
        {
            return Ok(Lease::Now(pool.idle.remove(at)));
        }
        if pool.may_grow(&self.limits) {
            return Ok(Lease::Now(self.spawn(&mut pool)?));
        }
        let (sender, receiver) = oneshot::channel();
        pool.waiting.push_back(sender);
        Ok(Lease::Later(receiver))
    }

    fn spawn(self: &Arc<Self>, pool: &mut Pool) -> Result<Worker, EngineError> {
        let worker = worker::start(Arc::downgrade(self), pool.started + 1, &self.limits)
            .map_err(EngineError::Worker)?;
        pool.started += 1;
        pool.alive += 1;
        pool.starting += 1;
        Ok(worker)
    }

    /// Notes that a worker's interpreter is built, or never will be: the next one may start, for
    /// whoever waits.
    pub(crate) fn has_started(self: &Arc<Self>) {
        let mut pool = self.pool();
        pool.starting -= 1;
        if pool.may_grow(&self.limits) {
            self.spawn_for_next(&mut pool);
        }
    }

    /// Takes a worker back that has done its work.
    pub(crate) fn give_back(&self, worker: Worker) {
        let mut pool = self.pool();
        if pool.stopped || worker.is_worn(self.limits.calls_per_worker) {
            return;
        }
        let mut worker = worker;
        while let Some(next) = pool.waiting.pop_front() {
            match next.send(worker) {
                Ok(()) => return,
                Err(back) => worker = back,
            }
        }
        pool.idle.push(worker);
    }

    /// Whether an idle worker may end, which takes it out of the pool.
    pub(crate) fn may_end(&self, state: &WorkerState) -> bool {
        let mut pool = self.pool();
        if pool.idle.len() <= self.limits.idle_workers {
            return false;
        }
        let found = pool.idle.iter().position(|worker| worker.is(state));
        let ended = found.map(|at| pool.idle.remove(at));
        drop(pool);
        ended.is_some()
    }

    /// Counts out a worker that cannot be stopped.
    pub(crate) fn give_up(self: &Arc<Self>, state: &WorkerState) {
        if state.leave() {
            self.pool().lost += 1;
            self.count_out(state);
        }
    }

    /// Notes that a worker's thread has come to its end.
    pub(crate) fn ended(self: &Arc<Self>, state: &WorkerState) {
        if state.leave() {
            self.count_out(state);
        } else {
            self.pool().lost -= 1;
        }
    }

    /// Somebody who waits gets a new worker.
    fn count_out(self: &Arc<Self>, state: &WorkerState) {
        let mut pool = self.pool();
        pool.alive -= 1;
        pool.idle.retain(|worker| !worker.is(state));
        self.spawn_for_next(&mut pool);
    }

    fn spawn_for_next(self: &Arc<Self>, pool: &mut Pool) {
        while let Some(next) = pool.waiting.pop_front() {
            if next.is_closed() {
                continue;
            }
            match self.spawn(pool) {
                Ok(worker) => drop(next.send(worker)),
                Err(error) => tracing::error!(%error, "a script worker could not be started"),
            }
            break;
        }
    }
}

impl Pool {
    fn may_grow(&self, limits: &Limits) -> bool {
        self.starting < STARTING
            && self.alive < limits.workers
            && self.alive + self.lost < limits.workers + LOST_SPARE
    }
}

/// Gives a worker back to a pool that may be gone.
pub(crate) fn give_back(shared: &Weak<Shared>, worker: Worker) {
    if let Some(shared) = shared.upgrade() {
        shared.give_back(worker);
    }
}
