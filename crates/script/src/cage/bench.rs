//! What a worker does: it loads scripts and calls their methods, one after the other.

use std::{cell::Cell, io, os::unix::net::UnixStream, rc::Rc, sync::Arc, time::Duration};

use rustpython_vm::{
    AsObject, PyObject, PyObjectRef, PyResult, VirtualMachine,
    builtins::{PyBaseExceptionRef, PyStrRef},
    compiler::Mode,
    signal::UserSignalSender,
};
use serde::Deserialize;

use super::{
    errand::Errand,
    interpreter::{Prepared, Stop},
    memory::Memory,
    plain,
    stopwatch::Stopwatch,
    syscalls::Syscalls,
    watchdog::Watchdog,
};
use crate::{
    call::{Call, Returned},
    check,
    error::{ErrorKind, LoadError, LoadStage, ScriptError},
    scene::Scene,
    script,
    source::Language,
    wire::{Event, Order, Program, Started},
};

/// The life of a worker: until the server has no more orders for it.
pub(crate) fn work(
    channel: UnixStream,
    memory: u64,
    prepared: Prepared,
    signals: UserSignalSender,
    syscalls: &Syscalls,
) -> io::Result<()> {
    let bench = Bench {
        errand: Errand::begin(channel),
        watchdog: Watchdog::start(signals, Memory::limit(memory)?)?,
        prepared,
    };
    syscalls.allow_no_more()?;
    let mut loaded = None;
    bench.errand.tell(&Event::Ready)?;
    loop {
        match bench.errand.next_order() {
            Ok(order) => bench.carry_out(order, &mut loaded)?,
            Err(gone) if gone.kind() == io::ErrorKind::UnexpectedEof => return Ok(()),
            Err(error) => return Err(error),
        }
    }
}

/// What a worker has at hand.
struct Bench {
    errand: Rc<Errand>,
    watchdog: Watchdog,
    prepared: Prepared,
}

/// The script of this worker.
struct Loaded {
    serial: u64,
    file: String,
}

/// An exception as the runtime describes it.
#[derive(Default, Deserialize)]
struct Description {
    message: String,
    traceback: String,
    line: Option<u32>,
}

impl Bench {
    fn carry_out(&self, order: Order, loaded: &mut Option<Loaded>) -> io::Result<()> {
        match order {
            Order::Load(program) => {
                let result = self.load(&program);
                if result.is_ok() {
                    *loaded = Some(Loaded {
                        serial: program.serial,
                        file: script::file(&program.name),
                    });
                }
                self.errand.flush();
                self.errand.tell(&Event::Loaded(result))
            }
            Order::Call {
                script,
                run,
                call,
                scene,
                millis,
            } => {
                let Some(known) = loaded.as_ref().filter(|it| it.serial == script) else {
                    return Err(io::Error::other("a script was called that is not loaded"));
                };
                let stopwatch = self.watch(millis);
                let event = self.call(known, script, run, call, scene, &stopwatch);
                stopwatch.finish();
                self.errand.flush();
                self.errand.tell(&event)
            }
            // They come too late: what they are about is over.
            Order::Answer(_) | Order::Abandon => Ok(()),
        }
    }

    /// Starts the time of a call.
    fn watch(&self, millis: u64) -> Arc<Stopwatch> {
        let stopwatch = Arc::new(Stopwatch::start(Duration::from_millis(millis)));
        self.errand.set_stopwatch(&stopwatch);
        self.watchdog.watch(Arc::clone(&stopwatch));
        stopwatch
    }

    fn load(&self, program: &Program) -> Result<Started, LoadError> {
        let file = script::file(&program.name);
        let (translated, fault) = match &program.translated {
            Some(text) => (text.clone(), None),
            None => script::translate(&program.text, program.language)
                .map_err(|error| error.in_file(&file))?,
        };
        let is_library = |name: &str| program.libraries.has(name);
        check::refuse_missing(&translated, program.language, &file, is_library)?;
        let stopwatch = self.watch(program.millis);
        let result = self.prepared.interpreter.enter(|vm| {
            let stage = Cell::new(LoadStage::Compile);
            self.start(vm, program, &translated, &stage)
                .map_err(|error| self.load_error(vm, &error, stage.get(), program, &stopwatch))
        });
        stopwatch.finish();
        let api_version = result?;
        if let Some(fault) = fault {
            return Err(fault.into_error(&file));
        }
        Ok(Started {
            translated,
            api_version,
        })
    }

    /// Compiles, constructs and initialises; gives the API version.
    fn start(
        &self,
        vm: &VirtualMachine,
        program: &Program,
        text: &str,
        stage: &Cell<LoadStage>,
    ) -> PyResult<i64> {
        let runtime = &self.prepared.runtime;
        let file = script::file(&program.name);
        let libraries = plain::to_python(vm, program.libraries.for_scripts_in(program.language))?;
        let about = (
            program.serial,
            program.name.clone(),
            file.clone(),
            program.text.clone(),
            libraries,
        );
        vm.call_method(runtime, "register", about)?;
        let code = vm
            .compile(text, Mode::Exec, file)
            .map_err(|error| error.into_pyexception(vm, Some(text)))?;
        stage.set(LoadStage::Construct);
        let python2 = program.language == Language::Python2;
        let properties = serde_json::to_value(&program.properties).unwrap_or_default();
        let properties = plain::to_python(vm, properties)?;
        vm.call_method(
            runtime,
            "construct",
            (program.serial, code, python2, properties, program.now_ms),
        )?;
        stage.set(LoadStage::Init);
        vm.call_method(runtime, "init", (program.serial,))?
            .try_into_value(vm)
    }

    fn load_error(
        &self,
        vm: &VirtualMachine,
        error: &PyBaseExceptionRef,
        stage: LoadStage,
        program: &Program,
        stopwatch: &Stopwatch,
    ) -> LoadError {
        let file = script::file(&program.name);
        let description = self.describe(vm, error, program.serial, &file, stopwatch);
        LoadError {
            stage,
            message: description.message,
            traceback: description.traceback,
            line: description.line,
        }
    }

    fn call(
        &self,
        script: &Loaded,
        serial: u64,
        run: u64,
        call: Call,
        scene: Box<Scene>,
        stopwatch: &Stopwatch,
    ) -> Event {
        self.prepared.interpreter.enter(|vm| {
            let result = self
                .run(vm, serial, run, &scene, call)
                .map_err(|error| self.script_error(vm, &error, serial, &script.file, stopwatch));
            stopwatch.finish();
            let was_stopped = result
                .as_ref()
                .is_err_and(|e| e.kind != ErrorKind::Exception);
            let (scene, result) = match (self.scene_after(vm), result) {
                (Ok(after), result) => (Box::new(after), result),
                (Err(message), Ok(_)) => {
                    (scene, Err(ScriptError::new(ErrorKind::Exception, message)))
                }
                (Err(_), Err(error)) => (scene, Err(error)),
            };
            Event::Returned {
                scene,
                result,
                worn: was_stopped || self.watchdog.is_worn(),
            }
        })
    }

    fn run(
        &self,
        vm: &VirtualMachine,
        serial: u64,
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
            &self.prepared.runtime,
            "run",
            (serial, run, call.method(), step, scene),
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

    /// The error is for the operator.
    fn scene_after(&self, vm: &VirtualMachine) -> Result<Scene, String> {
        let scene = vm
            .call_method(&self.prepared.runtime, "scene_after", ())
            .and_then(|scene| scene_of(vm, &scene));
        scene.map_err(|_| "the script left values behind that cannot be stored".to_owned())
    }

    fn script_error(
        &self,
        vm: &VirtualMachine,
        error: &PyBaseExceptionRef,
        serial: u64,
        file: &str,
        stopwatch: &Stopwatch,
    ) -> ScriptError {
        let description = self.describe(vm, error, serial, file, stopwatch);
        ScriptError {
            message: description.message,
            traceback: description.traceback,
            kind: match Stop::of(vm, error) {
                Some(Stop::Deadline) => ErrorKind::Deadline,
                Some(Stop::Memory) => ErrorKind::Memory,
                Some(Stop::Abandoned) | None => ErrorKind::Exception,
            },
        }
    }

    /// Describing runs the script's own `__str__`: still under watch, except where the call is over anyhow.
    fn describe(
        &self,
        vm: &VirtualMachine,
        error: &PyBaseExceptionRef,
        serial: u64,
        file: &str,
        stopwatch: &Stopwatch,
    ) -> Description {
        let stop = Stop::of(vm, error);
        if stop.is_some() {
            stopwatch.finish();
        }
        let over = stop.map(|stop| stop.text().to_owned());
        vm.call_method(
            &self.prepared.runtime,
            "describe",
            (serial, error.clone(), over),
        )
        .and_then(|description| json_of(vm, description))
        .unwrap_or_else(|_| Description {
            message: format!("{file}: {}", error.class().name()),
            ..Description::default()
        })
    }
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
