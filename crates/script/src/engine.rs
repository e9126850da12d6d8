use std::{
    collections::VecDeque,
    io,
    sync::{
        Arc, Mutex, MutexGuard, Once, PoisonError, Weak,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::{sync::oneshot, time::timeout};

use crate::{
    error::EngineError, log::ScriptLog, run::Loading, run::Run, scene::Scene, script::Script,
    source::Source, template::Template, worker::Worker,
};

/// What scripts and workers may use.
#[derive(Clone, Debug)]
pub struct Limits {
    /// For one call. The script's own time: waiting for the host does not count.
    pub script_time: Duration,
    /// For starting a script on a worker, `init` included.
    pub load_time: Duration,
    /// How long a call may go on after it was told to stop, before its worker is ended.
    pub grace: Duration,
    /// What a worker may take, in bytes, above what all workers share.
    pub memory: u64,
    /// The greatest number of workers; each runs one browser request at a time.
    pub workers: usize,
    /// How many idle workers are kept.
    pub idle_workers: usize,
    /// After this time an idle worker above that number ends.
    pub idle_time: Duration,
    /// How long a request waits for a worker.
    pub wait: Duration,
    /// A worker is replaced after this many calls: cyclic garbage is not collected.
    pub calls_per_worker: u64,
    /// Questions to the host in one call.
    pub questions: u32,
    /// Lines of output of one call.
    pub lines: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            script_time: Duration::from_secs(5),
            load_time: Duration::from_secs(10),
            grace: Duration::from_secs(2),
            memory: 128 * 1024 * 1024,
            workers: 128,
            idle_workers: 2,
            idle_time: Duration::from_secs(60),
            wait: Duration::from_secs(10),
            calls_per_worker: 100_000,
            questions: 200,
            lines: 2_000,
        }
    }
}

/// The workers that run scripts: an elastic pool of processes with one interpreter each.
#[derive(Clone)]
pub struct Engine(Arc<Shared>);

pub(crate) struct Shared {
    pub limits: Limits,
    pub log: Arc<dyn ScriptLog>,
    template: Template,
    pool: Mutex<Pool>,
    serial: AtomicU64,
    tidying: Once,
}

#[derive(Default)]
struct Pool {
    /// The one used last is at the end.
    idle: Vec<Worker>,
    /// Idle, at work or starting.
    alive: usize,
    /// Those of them that have not said their first word yet.
    starting: usize,
    waiting: VecDeque<Waiting>,
    stopped: bool,
}

/// So many workers start at once. A burst of requests waits for the workers that there are rather
/// than for a worker each.
const STARTING: usize = 4;

/// Somebody who waits for a worker that suits the script.
struct Waiting {
    script: Option<u64>,
    worker: oneshot::Sender<Worker>,
}

/// A worker, or a place in the queue for one.
enum Lease {
    Now(Worker),
    Later(oneshot::Receiver<Worker>),
}

impl Engine {
    /// Starts without workers: the first request starts the first one.
    pub fn start(limits: Limits, log: Arc<dyn ScriptLog>, template: Template) -> Self {
        Self(Arc::new(Shared {
            limits,
            log,
            template,
            pool: Mutex::default(),
            serial: AtomicU64::new(1),
            tidying: Once::new(),
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
        self.0.tidy_from_now_on();
        let wait = self.0.limits.wait;
        let mut worker = match self.0.lease(script)? {
            Lease::Now(worker) => worker,
            Lease::Later(queue) => match timeout(wait, queue).await {
                Ok(Ok(worker)) => worker,
                Ok(Err(_)) if self.0.pool().stopped => return Err(EngineError::Stopped),
                Ok(Err(_)) => return Err(EngineError::Worker(io::ErrorKind::Other.into())),
                Err(_) => return Err(EngineError::Busy),
            },
        };
        match timeout(self.0.limits.load_time, worker.ready()).await {
            Ok(Ok(())) => Ok(worker),
            Ok(Err(error)) => Err(EngineError::Worker(error)),
            Err(_) => Err(EngineError::Worker(io::ErrorKind::TimedOut.into())),
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

    /// An idle worker that has the script or none; else a new one; else a place in the queue, and the
    /// oldest idle worker of another script ends for it.
    fn lease(self: &Arc<Self>, script: Option<u64>) -> Result<Lease, EngineError> {
        let mut pool = self.pool();
        if pool.stopped {
            return Err(EngineError::Stopped);
        }
        let knows = |worker: &Worker| script.is_some_and(|serial| worker.has_loaded(serial));
        let at = pool.idle.iter().rposition(knows);
        let at = at.or_else(|| pool.idle.iter().rposition(|worker| worker.suits(script)));
        if let Some(at) = at {
            return Ok(Lease::Now(pool.idle.remove(at)));
        }
        if pool.may_grow(&self.limits) {
            return Ok(Lease::Now(self.spawn(&mut pool)?));
        }
        let (worker, receiver) = oneshot::channel();
        pool.waiting.push_back(Waiting { script, worker });
        let is_full = pool.alive >= self.limits.workers;
        let in_the_way = (is_full && !pool.idle.is_empty()).then(|| pool.idle.remove(0));
        drop(pool);
        // Counting it out starts another one, for whoever waits.
        drop(in_the_way);
        Ok(Lease::Later(receiver))
    }

    fn spawn(self: &Arc<Self>, pool: &mut Pool) -> Result<Worker, EngineError> {
        let worker =
            Worker::start(self, &self.template, self.limits.memory).map_err(EngineError::Worker)?;
        pool.alive += 1;
        pool.starting += 1;
        Ok(worker)
    }

    /// Notes that a worker has said its first word: the next one may start, for whoever waits.
    pub(crate) fn has_started(self: &Arc<Self>) {
        let mut pool = self.pool();
        pool.starting -= 1;
        self.spawn_for_next(pool);
    }

    /// Counts out a worker that has ended. Somebody who waits gets a new one.
    pub(crate) fn count_out(self: &Arc<Self>, had_started: bool) {
        let mut pool = self.pool();
        pool.alive -= 1;
        if !had_started {
            pool.starting -= 1;
        }
        self.spawn_for_next(pool);
    }

    fn spawn_for_next<'s>(self: &'s Arc<Self>, mut pool: MutexGuard<'s, Pool>) {
        while pool.may_grow(&self.limits) && !pool.stopped {
            let Some(next) = pool.next_waiting() else {
                return;
            };
            let worker = match self.spawn(&mut pool) {
                Ok(worker) => worker,
                Err(error) => {
                    tracing::error!(%error, "a script worker could not be started");
                    return;
                }
            };
            if let Err(unwanted) = next.send(worker) {
                // Counting it out takes the pool.
                drop(pool);
                drop(unwanted);
                pool = self.pool();
            }
        }
    }

    /// Takes a worker back that has done its work.
    pub(crate) fn give_back(&self, mut worker: Worker) {
        worker.begin_idling();
        let mut pool = self.pool();
        if pool.stopped || !worker.is_usable(self.limits.calls_per_worker) {
            drop(pool);
            drop(worker);
            return;
        }
        // Who waited longest comes first. For another script the worker ends, and another one starts.
        while pool.next_suits(&worker) != Some(false) {
            let Some(next) = pool.next_waiting() else {
                pool.idle.push(worker);
                return;
            };
            match next.send(worker) {
                Ok(()) => return,
                Err(back) => worker = back,
            }
        }
        if pool.alive < self.limits.workers {
            // They wait for one that is starting, not for this one's place.
            pool.idle.push(worker);
            return;
        }
        drop(pool);
        drop(worker);
    }

    /// Ends idle workers that are not needed, for as long as the engine lives.
    fn tidy_from_now_on(self: &Arc<Self>) {
        self.tidying.call_once(|| {
            let shared = Arc::downgrade(self);
            let pause = self.limits.idle_time / 2;
            tokio::spawn(async move {
                loop {
                    tokio::time::sleep(pause).await;
                    let Some(shared) = shared.upgrade() else {
                        return;
                    };
                    drop(shared.long_idle());
                }
            });
        });
    }

    /// Takes the workers out of the pool that have been idle for too long.
    fn long_idle(&self) -> Vec<Worker> {
        let mut pool = self.pool();
        let left_over: Vec<Worker> = pool.idle.extract_if(.., |it| it.is_left_over()).collect();
        let spare = pool.idle.len().saturating_sub(self.limits.idle_workers);
        let time = self.limits.idle_time;
        // Those used last are at the end.
        let old = pool.idle.iter().take(spare);
        let count = old.take_while(|worker| worker.has_idled(time)).count();
        left_over
            .into_iter()
            .chain(pool.idle.drain(..count))
            .collect()
    }
}

impl Pool {
    fn may_grow(&self, limits: &Limits) -> bool {
        self.starting < STARTING && self.alive < limits.workers
    }

    /// The first of those who still wait.
    fn next_waiting(&mut self) -> Option<oneshot::Sender<Worker>> {
        self.waiting.retain(|next| !next.worker.is_closed());
        self.waiting.pop_front().map(|next| next.worker)
    }

    /// Whether the first of those who still wait can do with this worker; `None` when nobody waits.
    fn next_suits(&mut self, worker: &Worker) -> Option<bool> {
        self.waiting.retain(|next| !next.worker.is_closed());
        let next = self.waiting.front()?;
        Some(worker.suits(next.script))
    }
}

/// Gives a worker back to a pool that may be gone.
pub(crate) fn give_back(shared: &Weak<Shared>, worker: Worker) {
    if let Some(shared) = shared.upgrade() {
        shared.give_back(worker);
    }
}
