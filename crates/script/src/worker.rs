//! A worker: one thread, one interpreter, one job at a time.

use std::{
    cell::{Cell, RefCell},
    collections::HashMap,
    mem::ManuallyDrop,
    panic::{AssertUnwindSafe, catch_unwind},
    rc::Rc,
    sync::{
        Arc, Weak,
        atomic::{AtomicBool, AtomicU64, Ordering},
        mpsc::{self, RecvTimeoutError},
    },
    thread,
    time::Duration,
};

use rustpython_vm::{
    AsObject, Interpreter, PyObject, PyObjectRef, PyResult, VirtualMachine,
    builtins::{PyBaseExceptionRef, PyDict, PyModule, PyStrRef},
    compiler::Mode,
    signal::{UserSignalSender, user_signal_channel},
};
use serde::Deserialize;

use crate::{
    call::{Call, Returned},
    check,
    engine::{self, Limits, Shared},
    error::{ErrorKind, LoadError, LoadStage, ScriptError},
    interpreter,
    native::Errand,
    plain,
    run::{Conversation, Event},
    scene::Scene,
    script::{Script, WeakScript},
    source::Language,
    stopwatch::Stopwatch,
    watchdog::Watched,
};

/// What a worker is told to do.
pub(crate) enum Job {
    Load {
        script: Script,
        conversation: Conversation,
    },
    Call {
        script: Script,
        run: u64,
        scene: Box<Scene>,
        call: Call,
        conversation: Conversation,
    },
    /// Go back to the pool: the one who had the worker on loan has gone.
    Return(Worker),
}

/// The handle of a worker. The worker ends when its handle is dropped.
pub(crate) struct Worker {
    jobs: mpsc::Sender<Job>,
    state: Arc<WorkerState>,
    loaded: Vec<u64>,
}

/// What a worker's thread and the pool both know of it.
pub(crate) struct WorkerState {
    thread: String,
    calls: AtomicU64,
    /// Not to be used for another request.
    worn: AtomicBool,
    /// Counted out of the pool.
    left: AtomicBool,
}

impl Worker {
    pub(crate) fn send(&self, job: Job) {
        // A job that nobody takes drops its conversation, which tells the asker.
        drop(self.jobs.send(job));
    }

    pub(crate) fn return_when_done(self) {
        let jobs = self.jobs.clone();
        drop(jobs.send(Job::Return(self)));
    }

    pub(crate) fn has_loaded(&self, serial: u64) -> bool {
        self.loaded.contains(&serial)
    }

    pub(crate) fn note_loaded(&mut self, serial: u64) {
        if !self.has_loaded(serial) {
            self.loaded.push(serial);
        }
    }

    pub(crate) fn is(&self, state: &WorkerState) -> bool {
        std::ptr::eq(Arc::as_ptr(&self.state), state)
    }

    pub(crate) fn is_worn(&self, calls: u64) -> bool {
        self.state.worn.load(Ordering::Relaxed)
            || self.state.left.load(Ordering::Relaxed)
            || self.state.calls.load(Ordering::Relaxed) >= calls
    }
}

impl WorkerState {
    /// Marks the worker as counted out. False when it was before.
    pub(crate) fn leave(&self) -> bool {
        !self.left.swap(true, Ordering::SeqCst)
    }

    fn has_left(&self) -> bool {
        self.left.load(Ordering::SeqCst)
    }
}

pub(crate) fn start(shared: Weak<Shared>, number: u64, limits: &Limits) -> std::io::Result<Worker> {
    let (jobs, queue) = mpsc::channel();
    let state = Arc::new(WorkerState {
        thread: format!("script-{number}"),
        calls: AtomicU64::new(0),
        worn: AtomicBool::new(false),
        left: AtomicBool::new(false),
    });
    let limits = limits.clone();
    let own = Arc::clone(&state);
    thread::Builder::new()
        .name(state.thread.clone())
        .stack_size(limits.stack)
        .spawn(move || {
            let worked = catch_unwind(AssertUnwindSafe(|| work(&shared, &own, limits, queue)));
            if worked.is_err() {
                tracing::error!(
                    thread = own.thread,
                    "a script worker panicked; another one takes its place"
                );
            }
            if let Some(shared) = shared.upgrade() {
                shared.ended(&own);
            }
        })?;
    Ok(Worker {
        jobs,
        state,
        loaded: Vec::new(),
    })
}

/// Tells the pool when a worker has started, whether it went well, failed or panicked.
struct Starting(Weak<Shared>);

impl Drop for Starting {
    fn drop(&mut self) {
        if let Some(shared) = self.0.upgrade() {
            shared.has_started();
        }
    }
}

fn work(
    shared: &Weak<Shared>,
    state: &Arc<WorkerState>,
    limits: Limits,
    queue: mpsc::Receiver<Job>,
) {
    let starting = Starting(Weak::clone(shared));
    let (signals, receiver) = user_signal_channel();
    // After a panic the interpreter is in no state to be taken down.
    let interpreter = ManuallyDrop::new(interpreter::build(receiver));
    let runtime = interpreter
        .enter(|vm| interpreter::start_runtime(vm).map_err(|error| whole_traceback(vm, &error)));
    drop(starting);
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(traceback) => {
            tracing::error!(traceback, "the script runtime does not start");
            return;
        }
    };
    let idle_time = limits.idle_time;
    let mut bench = Bench {
        shared,
        state,
        limits,
        signals,
        interpreter: &interpreter,
        runtime,
        loaded: HashMap::new(),
    };
    loop {
        match queue.recv_timeout(idle_time) {
            Ok(job) => bench.take(job),
            Err(RecvTimeoutError::Timeout) if bench.may_end() => break,
            Err(RecvTimeoutError::Timeout) => bench.unload_forgotten(),
            Err(RecvTimeoutError::Disconnected) => break,
        }
        if state.has_left() {
            break;
        }
    }
    bench.clear();
    interpreter::forget_runtime();
    drop(ManuallyDrop::into_inner(interpreter));
}

/// What a worker has at hand.
struct Bench<'a> {
    shared: &'a Weak<Shared>,
    state: &'a Arc<WorkerState>,
    limits: Limits,
    signals: UserSignalSender,
    interpreter: &'a Interpreter,
    /// The module `sp_runtime`.
    runtime: PyObjectRef,
    loaded: HashMap<u64, WeakScript>,
}

/// An exception as the runtime describes it.
#[derive(Default, Deserialize)]
struct Description {
    message: String,
    traceback: String,
    line: Option<u32>,
}

impl Bench<'_> {
    fn take(&mut self, job: Job) {
        match job {
            Job::Load {
                script,
                conversation,
            } => self.load_first(&script, conversation),
            Job::Call {
                script,
                run,
                scene,
                call,
                conversation,
            } => self.call(&script, run, scene, call, conversation),
            Job::Return(worker) => engine::give_back(self.shared, worker),
        }
    }

    fn may_end(&self) -> bool {
        self.shared
            .upgrade()
            .is_none_or(|shared| shared.may_end(self.state))
    }

    fn load_first(&mut self, script: &Script, conversation: Conversation) {
        let (errand, guard) = self.errand(script, &Scene::default(), conversation).begin();
        let result = self.load(script, &errand);
        errand.flush();
        drop(guard);
        // Nobody may be waiting any more.
        drop(errand.conversation.events.send(Event::Loaded(result)));
    }

    fn call(
        &mut self,
        script: &Script,
        run: u64,
        scene: Box<Scene>,
        call: Call,
        conversation: Conversation,
    ) {
        self.state.calls.fetch_add(1, Ordering::Relaxed);
        let (errand, guard) = self.errand(script, &scene, conversation).begin();
        let (scene, result) = match self.load_quietly(script, &errand) {
            Ok(()) => self.invoke(script, run, scene, call, &errand),
            Err(error) => (scene, Err(error)),
        };
        errand.flush();
        drop(guard);
        drop(
            errand
                .conversation
                .events
                .send(Event::Returned { scene, result }),
        );
    }

    fn errand(&self, script: &Script, scene: &Scene, conversation: Conversation) -> Errand {
        let log = self.shared.upgrade().map(|shared| Arc::clone(&shared.log));
        Errand {
            script: script.name().to_owned(),
            thread: self.state.thread.clone(),
            log,
            masks: masks(script, scene),
            stopwatch: RefCell::new(Arc::new(Stopwatch::start(Duration::ZERO))),
            conversation,
            questions_left: Cell::new(self.limits.questions),
            lines_left: Cell::new(self.limits.lines),
            held: RefCell::default(),
            partial: RefCell::default(),
        }
    }

    /// Starts the time of a phase.
    fn watch(&self, errand: &Errand, limit: Duration) -> Arc<Stopwatch> {
        let stopwatch = Arc::new(Stopwatch::start(limit));
        errand.stopwatch.replace(Arc::clone(&stopwatch));
        let (shared, state) = (self.shared.clone(), Arc::clone(self.state));
        let events = errand.conversation.events.clone();
        let give_up = move || {
            tracing::error!(
                thread = state.thread,
                "a script cannot be stopped; its worker is given up"
            );
            if let Some(shared) = shared.upgrade() {
                shared.give_up(&state);
            }
            drop(events.send(Event::Lost));
        };
        if let Some(shared) = self.shared.upgrade() {
            shared.watchdog.watch(Watched {
                stopwatch: Arc::clone(&stopwatch),
                signals: self.signals.clone(),
                grace: self.limits.grace,
                give_up: Some(Box::new(give_up)),
            });
        }
        stopwatch
    }

    /// Loads a script that was loaded on another worker before. What it prints was printed there,
    /// so that it is shown only when something goes wrong.
    fn load_quietly(&mut self, script: &Script, errand: &Rc<Errand>) -> Result<(), ScriptError> {
        if self.loaded.contains_key(&script.serial()) {
            return Ok(());
        }
        errand.held.replace(Some(Vec::new()));
        let result = self.load(script, errand);
        match &result {
            Ok(()) => drop(errand.held.take()),
            Err(_) => errand.release(),
        }
        result.map_err(|error| ScriptError {
            message: error.message,
            traceback: error.traceback,
            kind: ErrorKind::NotLoaded,
        })
    }

    fn load(&mut self, script: &Script, errand: &Rc<Errand>) -> Result<(), LoadError> {
        self.unload_forgotten();
        let program = script.program()?;
        check::refuse_missing(&program.text, script.source().language, &script.file())?;
        let stopwatch = self.watch(errand, self.limits.load_time);
        let result = self.interpreter.enter(|vm| {
            let stage = Cell::new(LoadStage::Compile);
            self.start(vm, script, &program.text, &stage)
                .map_err(|error| {
                    self.load_error(vm, &error, stage.get(), script, errand, &stopwatch)
                })
        });
        stopwatch.finish();
        let version = result?;
        if let Some(fault) = &program.fault {
            return Err(fault_error(fault.line, &fault.near, &script.file()));
        }
        script.set_api_version(version);
        self.loaded.insert(script.serial(), script.downgrade());
        Ok(())
    }

    /// Compiles, constructs and initialises; gives the API version.
    fn start(
        &self,
        vm: &VirtualMachine,
        script: &Script,
        text: &str,
        stage: &Cell<LoadStage>,
    ) -> PyResult<i64> {
        let about = (
            script.serial(),
            script.name().to_owned(),
            script.file(),
            script.source().text.clone(),
        );
        vm.call_method(&self.runtime, "register", about)?;
        let code = vm
            .compile(text, Mode::Exec, script.file())
            .map_err(|error| error.into_pyexception(vm, Some(text)))?;
        stage.set(LoadStage::Construct);
        let python2 = script.source().language == Language::Python2;
        let properties = serde_json::to_value(&script.source().properties).unwrap_or_default();
        let properties = plain::to_python(vm, properties)?;
        vm.call_method(
            &self.runtime,
            "construct",
            (script.serial(), code, python2, properties, script.now_ms()),
        )?;
        stage.set(LoadStage::Init);
        vm.call_method(&self.runtime, "init", (script.serial(),))?
            .try_into_value(vm)
    }

    fn load_error(
        &self,
        vm: &VirtualMachine,
        error: &PyBaseExceptionRef,
        stage: LoadStage,
        script: &Script,
        errand: &Errand,
        stopwatch: &Stopwatch,
    ) -> LoadError {
        let description = self.describe(vm, error, script, errand, stopwatch);
        let forget = vm.call_method(&self.runtime, "unload", (script.serial(),));
        if let Err(error) = forget {
            tracing::error!(
                traceback = whole_traceback(vm, &error),
                "a script that did not load cannot be dropped"
            );
        }
        if interpreter::is_deadline(vm, error) {
            self.state.worn.store(true, Ordering::Relaxed);
        }
        LoadError {
            stage,
            message: description.message,
            traceback: description.traceback,
            line: description.line,
        }
    }

    fn invoke(
        &self,
        script: &Script,
        run: u64,
        scene: Box<Scene>,
        call: Call,
        errand: &Rc<Errand>,
    ) -> (Box<Scene>, Result<Returned, ScriptError>) {
        let stopwatch = self.watch(errand, self.limits.script_time);
        let outcome = self.interpreter.enter(|vm| {
            let result = self
                .run(vm, script, run, &scene, call)
                .map_err(|error| self.script_error(vm, &error, script, errand, &stopwatch));
            stopwatch.finish();
            (self.scene_after(vm), result)
        });
        stopwatch.finish();
        match outcome {
            (Ok(after), result) => (Box::new(after), result),
            (Err(message), Ok(_)) => (scene, Err(ScriptError::new(ErrorKind::Exception, message))),
            (Err(_), Err(error)) => (scene, Err(error)),
        }
    }

    fn run(
        &self,
        vm: &VirtualMachine,
        script: &Script,
        run: u64,
        scene: &Scene,
        call: Call,
    ) -> PyResult<Returned> {
        let scene =
            serde_json::to_value(scene).map_err(|error| vm.new_value_error(error.to_string()))?;
        let scene = plain::to_python(vm, scene)?;
        let step = call
            .step()
            .map_or_else(|| vm.ctx.none(), |step| vm.ctx.new_int(step).into());
        let returned = vm.call_method(
            &self.runtime,
            "run",
            (script.serial(), run, call.method(), step, scene),
        )?;
        let plain = plain::of_python(vm, &returned);
        let known = !plain.is_null() || vm.is_none(&returned);
        let returned = known.then(|| Returned::from_json(plain)).flatten();
        returned.ok_or_else(|| {
            vm.new_type_error(format!(
                "{} gave back something that the contract does not know",
                call.method()
            ))
        })
    }

    fn scene_after(&self, vm: &VirtualMachine) -> Result<Scene, String> {
        let scene = vm
            .call_method(&self.runtime, "scene_after", ())
            .and_then(|scene| scene_of(vm, &scene));
        scene.map_err(|error| {
            tracing::error!(
                traceback = whole_traceback(vm, &error),
                "what a script left behind cannot be read"
            );
            "the script left values behind that cannot be stored".to_owned()
        })
    }

    fn script_error(
        &self,
        vm: &VirtualMachine,
        error: &PyBaseExceptionRef,
        script: &Script,
        errand: &Errand,
        stopwatch: &Stopwatch,
    ) -> ScriptError {
        let kind = if interpreter::is_deadline(vm, error) {
            ErrorKind::Deadline
        } else {
            ErrorKind::Exception
        };
        if kind == ErrorKind::Deadline {
            self.state.worn.store(true, Ordering::Relaxed);
        }
        let description = self.describe(vm, error, script, errand, stopwatch);
        ScriptError {
            message: description.message,
            traceback: description.traceback,
            kind,
        }
    }

    /// Describing runs the script's own `__str__`: still under watch, except where the time is over anyhow.
    fn describe(
        &self,
        vm: &VirtualMachine,
        error: &PyBaseExceptionRef,
        script: &Script,
        errand: &Errand,
        stopwatch: &Stopwatch,
    ) -> Description {
        let over = interpreter::is_deadline(vm, error);
        if over {
            stopwatch.finish();
        }
        let description = vm
            .call_method(
                &self.runtime,
                "describe",
                (script.serial(), error.clone(), over),
            )
            .and_then(|description| json_of(vm, description))
            .unwrap_or_else(|_| Description {
                message: error.class().name().to_string(),
                ..Description::default()
            });
        Description {
            message: errand.masked(&description.message),
            traceback: errand.masked(&description.traceback),
            line: description.line,
        }
    }

    /// Lets go of scripts that nobody holds any more.
    fn unload_forgotten(&mut self) {
        let gone: Vec<u64> = self
            .loaded
            .iter()
            .filter(|(_, script)| script.is_gone())
            .map(|(serial, _)| *serial)
            .collect();
        for serial in gone {
            self.loaded.remove(&serial);
            self.unload(serial);
        }
    }

    fn unload(&self, serial: u64) {
        self.interpreter.enter(|vm| {
            if let Err(error) = vm.call_method(&self.runtime, "unload", (serial,)) {
                tracing::error!(
                    traceback = whole_traceback(vm, &error),
                    "a script cannot be dropped"
                );
            }
        });
    }

    fn clear(self) {
        let runtime = self.runtime;
        self.interpreter.enter(|vm| {
            if let Err(error) = vm.call_method(&runtime, "shut_down", ()) {
                tracing::warn!(
                    traceback = whole_traceback(vm, &error),
                    "a script worker left something behind"
                );
            }
            drop(runtime);
            empty_modules(vm);
        });
    }
}

/// Empties the modules of an interpreter that goes: without the collector nothing else frees
/// what functions and their globals hold of each other.
fn empty_modules(vm: &VirtualMachine) {
    let Ok(modules) = vm.sys_module.get_attr("modules", vm) else {
        return;
    };
    let Some(modules) = modules.downcast_ref::<PyDict>() else {
        return;
    };
    let all: Vec<_> = modules.into_iter().map(|(_, module)| module).collect();
    modules.clear();
    for module in &all {
        if let Some(module) = module.downcast_ref::<PyModule>() {
            module.dict().clear();
        }
    }
}

/// Texts of the request and of the properties that must not be written anywhere.
fn masks(script: &Script, scene: &Scene) -> Vec<String> {
    let hidden = script
        .source()
        .properties
        .iter()
        .filter(|property| property.hide)
        .map(|property| &property.value2);
    let typed = scene
        .request
        .parameters
        .iter()
        .filter(|(name, _)| is_secret_name(name))
        .flat_map(|(_, values)| values);
    let mut masks: Vec<String> = hidden
        .chain(typed)
        .chain(&scene.password)
        .filter(|text| text.len() >= 3)
        .cloned()
        .collect();
    masks.sort_by_key(|mask| std::cmp::Reverse(mask.len()));
    masks.dedup();
    masks
}

fn is_secret_name(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name == "code"
        || ["pass", "secret", "otp", "token"]
            .iter()
            .any(|word| name.contains(word))
}

fn fault_error(line: u32, near: &str, file: &str) -> LoadError {
    let mut error = LoadError::new(
        LoadStage::Compile,
        format!("{file}, line {line}: invalid syntax near `{near}`"),
    );
    error.line = Some(line);
    error
}

/// The scene as a call left it.
fn scene_of(vm: &VirtualMachine, scene: &PyObject) -> PyResult<Scene> {
    serde_json::from_value(plain::of_python(vm, scene))
        .map_err(|error| vm.new_value_error(error.to_string()))
}

/// Reads what the runtime gives as JSON text.
fn json_of<T: for<'de> Deserialize<'de>>(vm: &VirtualMachine, text: PyObjectRef) -> PyResult<T> {
    let text: PyStrRef = text.try_into_value(vm)?;
    serde_json::from_str(&text.to_string_lossy())
        .map_err(|error| vm.new_value_error(error.to_string()))
}

fn whole_traceback(vm: &VirtualMachine, error: &PyBaseExceptionRef) -> String {
    let mut text = String::new();
    match vm.write_exception(&mut text, error) {
        Ok(()) => text,
        Err(_) => error.class().name().to_string(),
    }
}
