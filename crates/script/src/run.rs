use std::{
    io,
    sync::Weak,
    time::{Duration, Instant},
};

use tokio::{runtime::Handle, time::timeout};

use crate::{
    call::{Call, Returned},
    engine::{self, Limits, Shared},
    error::{ErrorKind, LoadError, LoadStage, ScriptError},
    log::{LogLevel, LogLine},
    masks::Masks,
    question::{Answer, Question},
    scene::Scene,
    script::Script,
    template::Ended,
    wire::{Event, Order, Started},
    worker::Worker,
};

/// What comes next in a conversation with a script.
pub enum Turn {
    /// The script waits for [`Run::answer`].
    Ask(Question),
    Done(Result<Returned, ScriptError>),
}

/// What comes next while a script is loaded.
pub enum LoadTurn {
    /// The script waits for [`Loading::answer`].
    Ask(Question),
    Done(Result<Script, LoadError>),
}

/// What a worker tells the one who has it on loan.
enum Heard {
    Ask(Question),
    Loaded(Result<Started, LoadError>),
    Returned(Box<Scene>, Result<Returned, ScriptError>),
    /// The worker is gone; the text is for the operator.
    Lost(String),
}

/// A worker on loan. It goes back when dropped, at once or when it has ended what it does.
struct Lease {
    shared: Weak<Shared>,
    limits: Limits,
    worker: Option<Worker>,
    script: Script,
    masks: Masks,
    /// Set while the worker works.
    job: Option<Job>,
}

/// What a worker is doing, and what of its limits is left.
struct Job {
    /// The script's own.
    time: Duration,
    /// What it may take beyond that, in all, before the worker is ended.
    grace: Duration,
    questions: u32,
    lines: u32,
    /// Lines are kept back until it is known whether anybody wants them.
    held: Option<Vec<(LogLevel, String)>>,
    /// The worker waits for an answer.
    is_asking: bool,
    /// Nobody waits for the outcome: [`Lease::wind_up`] goes on with it.
    is_given_up: bool,
}

impl Job {
    /// First the script's time is used up, then the grace.
    fn spend(&mut self, time: Duration) {
        let beyond = time.saturating_sub(self.time);
        self.time = self.time.saturating_sub(time);
        self.grace = self.grace.saturating_sub(beyond);
    }
}

impl Lease {
    fn new(shared: Weak<Shared>, worker: Worker, script: Script, scene: Option<&Scene>) -> Self {
        let limits = shared
            .upgrade()
            .map_or_else(Limits::default, |shared| shared.limits.clone());
        Self {
            shared,
            limits,
            worker: Some(worker),
            masks: Masks::of(script.source(), scene),
            script,
            job: None,
        }
    }

    /// Gives the worker something to do, for so long.
    async fn begin(&mut self, order: &Order, time: Duration) {
        self.job = Some(Job {
            time,
            grace: self.limits.grace,
            questions: self.limits.questions,
            lines: self.limits.lines,
            held: None,
            is_asking: false,
            is_given_up: false,
        });
        self.send(order).await;
    }

    async fn load(&mut self) {
        if let Some(worker) = &mut self.worker {
            worker.bind(&self.script);
        }
        let program = self.script.program(millis(self.limits.load_time));
        let time = self.limits.load_time;
        self.begin(&Order::Load(Box::new(program)), time).await;
    }

    /// Loads a script that was loaded on another worker before. What it prints was printed there,
    /// so that it is shown only when something goes wrong.
    async fn load_quietly(&mut self) {
        self.load().await;
        if let Some(job) = &mut self.job {
            job.held = Some(Vec::new());
        }
    }

    async fn answer(&mut self, answer: Answer) {
        if let Some(job) = &mut self.job {
            job.is_asking = false;
        }
        self.send(&Order::Answer(answer)).await;
    }

    /// A worker that cannot be told anything has gone, which the next event says.
    async fn send(&mut self, order: &Order) {
        if let Some(worker) = &mut self.worker {
            drop(worker.send(order).await);
        }
    }

    async fn hear(&mut self) -> Heard {
        loop {
            let event = match self.next_event().await {
                Ok(event) => event,
                Err(lost) => return lost,
            };
            match event {
                Event::Ready => return self.broken("it began twice"),
                Event::Line { level, text } => self.line(level, text),
                Event::Ask(question) => {
                    if self.may_ask() {
                        return Heard::Ask(question);
                    }
                    let no = "the script asks the host too many questions";
                    self.answer(Answer::Refused(no.to_owned())).await;
                }
                Event::Loaded(result) => return self.loaded(result),
                Event::Returned {
                    scene,
                    result,
                    worn,
                } => return self.returned(scene, result, worn),
            }
        }
    }

    /// The next event within the time of the job, and the time that it took off.
    async fn next_event(&mut self) -> Result<Event, Heard> {
        let (Some(worker), Some(job)) = (&mut self.worker, &mut self.job) else {
            return Err(Heard::Lost(UNSTOPPABLE.to_owned()));
        };
        let since = Instant::now();
        let left = job.time + job.grace;
        // One that always has something to say would be heard even with no time left.
        let event = match left.is_zero() {
            true => None,
            false => timeout(left, worker.event()).await.ok(),
        };
        job.spend(since.elapsed());
        match event {
            Some(Ok(event)) => Ok(event),
            Some(Err(error)) => Err(Heard::Lost(self.epitaph(&error).await)),
            None => {
                self.log_loss(UNSTOPPABLE);
                self.worker = None;
                Err(Heard::Lost(UNSTOPPABLE.to_owned()))
            }
        }
    }

    /// Why a worker has gone.
    async fn epitaph(&mut self, error: &io::Error) -> String {
        let Some(worker) = self.worker.take() else {
            return UNSTOPPABLE.to_owned();
        };
        let text = match worker.ended().await {
            Ended::Signal(signal) => format!(
                "the script broke its worker, which ended by signal {signal}: so ends one that asks for more than {} MiB at once",
                2 * self.limits.memory / 1024 / 1024,
            ),
            Ended::Exit(code) => format!("the script broke its worker, which ended with {code}"),
            Ended::Killed | Ended::Unknown => {
                format!("the script's worker cannot be talked with any more: {error}")
            }
        };
        self.log_loss(&text);
        text
    }

    fn broken(&mut self, why: &str) -> Heard {
        self.log_loss(why);
        self.worker = None;
        Heard::Lost(format!("the script broke its worker: {why}"))
    }

    fn log_loss(&mut self, why: &str) {
        let worker = self.worker.as_ref().map(Worker::name).unwrap_or_default();
        tracing::error!(
            event = "script.worker_ended",
            script.name = self.script.name(),
            worker,
            why,
            "a worker was ended; another one takes its place"
        );
        self.release();
    }

    fn may_ask(&mut self) -> bool {
        let Some(job) = &mut self.job else {
            return false;
        };
        job.is_asking = true;
        let may = job.questions > 0;
        job.questions = job.questions.saturating_sub(1);
        may
    }

    fn loaded(&mut self, result: Result<Started, LoadError>) -> Heard {
        if let (Ok(_), Some(worker)) = (&result, &mut self.worker) {
            worker.note_loaded();
        }
        if result.is_err() {
            self.release();
        }
        self.job = None;
        Heard::Loaded(result.map_err(|error| self.masks.load_error(error)))
    }

    fn returned(
        &mut self,
        scene: Box<Scene>,
        result: Result<Returned, ScriptError>,
        worn: bool,
    ) -> Heard {
        if let (true, Some(worker)) = (worn, &mut self.worker) {
            worker.note_worn();
        }
        self.job = None;
        Heard::Returned(
            scene,
            result.map_err(|error| self.masks.script_error(error)),
        )
    }

    fn line(&mut self, level: LogLevel, text: String) {
        let Some(job) = &mut self.job else { return };
        if job.lines == 0 {
            return;
        }
        job.lines -= 1;
        let text = if job.lines == 0 {
            "(more output of this call is dropped)".to_owned()
        } else {
            text
        };
        match &mut job.held {
            Some(held) => held.push((level, text)),
            None => self.write(level, &text),
        }
    }

    /// Writes the lines that were kept back.
    fn release(&mut self) {
        let held = self.job.as_mut().and_then(|job| job.held.take());
        for (level, text) in held.unwrap_or_default() {
            self.write(level, &text);
        }
    }

    fn write(&self, level: LogLevel, text: &str) {
        if let (Some(shared), Some(worker)) = (self.shared.upgrade(), &self.worker) {
            shared.log.line(LogLine {
                script: self.script.name(),
                thread: worker.name(),
                level,
                text,
                masks: self.masks.texts(),
            });
        }
    }

    /// Goes on with a job that nobody waits for any more, until the worker can go back.
    async fn wind_up(mut self) {
        let was_asking = self.job.as_ref().is_some_and(|job| job.is_asking);
        if was_asking {
            self.send(&Order::Abandon).await;
        }
        loop {
            match self.hear().await {
                Heard::Ask(_) => self.send(&Order::Abandon).await,
                Heard::Loaded(_) | Heard::Returned(..) | Heard::Lost(_) => return,
            }
        }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let Some(worker) = self.worker.take() else {
            return;
        };
        let Some(job) = self.job.take() else {
            return engine::give_back(&self.shared, worker);
        };
        // A runtime that stops drops the tasks that wait for workers, and each new one at once: the
        // worker ends with its handle, as it does without a runtime.
        if job.is_given_up {
            return;
        }
        if let Ok(runtime) = Handle::try_current() {
            let orphan = Self {
                shared: Weak::clone(&self.shared),
                limits: self.limits.clone(),
                worker: Some(worker),
                script: self.script.clone(),
                masks: std::mem::take(&mut self.masks),
                job: Some(Job {
                    is_given_up: true,
                    ..job
                }),
            };
            runtime.spawn(orphan.wind_up());
        }
    }
}

/// One browser request: calls to one script on one worker, which sees and changes one [`Scene`].
pub struct Run {
    lease: Lease,
    scene: Scene,
    serial: u64,
    /// What is called when the script is loaded.
    call: Option<Call>,
}

impl Run {
    pub(crate) fn new(
        shared: Weak<Shared>,
        worker: Worker,
        script: Script,
        scene: Scene,
        serial: u64,
    ) -> Self {
        Self {
            lease: Lease::new(shared, worker, script, Some(&scene)),
            scene,
            serial,
            call: None,
        }
    }

    /// The scene as the last call left it.
    pub fn scene(&self) -> &Scene {
        &self.scene
    }

    /// For what the host changes between two calls, such as `auth_step`.
    pub fn scene_mut(&mut self) -> &mut Scene {
        &mut self.scene
    }

    pub async fn call(&mut self, call: Call) -> Turn {
        if self.is_loaded() {
            self.begin(call).await;
        } else {
            self.call = Some(call);
            self.lease.load_quietly().await;
        }
        self.turn().await
    }

    /// Answers the question of the last [`Turn::Ask`].
    pub async fn answer(&mut self, answer: Answer) -> Turn {
        self.lease.answer(answer).await;
        self.turn().await
    }

    /// Ends the request and gives the worker back.
    pub fn finish(mut self) -> Scene {
        std::mem::take(&mut self.scene)
    }

    fn is_loaded(&self) -> bool {
        let serial = self.lease.script.serial();
        let worker = self.lease.worker.as_ref();
        worker.is_some_and(|worker| worker.has_loaded(serial))
    }

    async fn begin(&mut self, call: Call) {
        if let Some(worker) = &mut self.lease.worker {
            worker.note_call();
        }
        let time = self.lease.limits.script_time;
        let order = Order::Call {
            script: self.lease.script.serial(),
            run: self.serial,
            call,
            scene: Box::new(self.scene.clone()),
            millis: millis(time),
        };
        self.lease.begin(&order, time).await;
    }

    async fn turn(&mut self) -> Turn {
        loop {
            match self.lease.hear().await {
                Heard::Ask(question) => return Turn::Ask(question),
                Heard::Returned(scene, result) => {
                    self.scene = *scene;
                    return Turn::Done(result);
                }
                Heard::Loaded(Ok(_)) => match self.call.take() {
                    Some(call) => self.begin(call).await,
                    None => return Turn::Done(Err(lost(UNSTOPPABLE))),
                },
                Heard::Loaded(Err(error)) => return Turn::Done(Err(not_loaded(error))),
                Heard::Lost(why) => return Turn::Done(Err(lost(&why))),
            }
        }
    }
}

const UNSTOPPABLE: &str = "the script could not be stopped in time; its worker was ended";

fn lost(why: &str) -> ScriptError {
    ScriptError::new(ErrorKind::Lost, why)
}

fn not_loaded(error: LoadError) -> ScriptError {
    ScriptError {
        message: error.message,
        traceback: error.traceback,
        kind: ErrorKind::NotLoaded,
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// A script on its way to being a [`Script`]. Its `init` may ask questions as any method may.
pub struct Loading {
    lease: Lease,
}

impl Loading {
    pub(crate) fn new(shared: Weak<Shared>, worker: Worker, script: Script) -> Self {
        Self {
            lease: Lease::new(shared, worker, script, None),
        }
    }

    /// Starts to load. To be called once.
    pub async fn start(&mut self) -> LoadTurn {
        self.lease.load().await;
        self.turn().await
    }

    /// Answers the question of the last [`LoadTurn::Ask`].
    pub async fn answer(&mut self, answer: Answer) -> LoadTurn {
        self.lease.answer(answer).await;
        self.turn().await
    }

    async fn turn(&mut self) -> LoadTurn {
        match self.lease.hear().await {
            Heard::Ask(question) => LoadTurn::Ask(question),
            Heard::Loaded(Ok(started)) => {
                self.lease.script.note_started(started);
                LoadTurn::Done(Ok(self.lease.script.clone()))
            }
            Heard::Loaded(Err(error)) => LoadTurn::Done(Err(error)),
            Heard::Returned(..) => LoadTurn::Done(Err(not_started(UNSTOPPABLE))),
            Heard::Lost(why) => LoadTurn::Done(Err(not_started(&why))),
        }
    }
}

fn not_started(why: &str) -> LoadError {
    LoadError::new(LoadStage::Construct, why)
}
