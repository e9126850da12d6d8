//! One Python interpreter without a host: no file, socket, process or environment is compiled in.

use std::cell::RefCell;

use rustpython_vm::{
    AsObject, Interpreter, PyObjectRef, PyResult, Settings, VirtualMachine,
    builtins::{PyBaseExceptionRef, PyTypeRef},
    common::rc::PyRc,
    frozen::FrozenModule,
    signal::UserSignalReceiver,
};

use super::{bytecode, crypto, native, whole_traceback};

/// Native modules that no script needs and that reach into the interpreter or into other ones.
const LEFT_OUT: &[&str] = &[
    "_asyncio",
    "_interpchannels",
    "_interpqueues",
    "_interpreters",
    "_remote_debugging",
    "_symtable",
    "_testinternalcapi",
    "atexit",
    "gc",
];

/// Parts of the frozen library that are dead weight here.
const NOT_FROZEN: &[&str] = &[
    "_pyrepl",
    "asyncio",
    "concurrent",
    "ctypes",
    "curses",
    "dbm",
    "ensurepip",
    "idlelib",
    "multiprocessing",
    "pydoc_data",
    "sqlite3",
    "test",
    "tkinter",
    "turtle",
    "turtledemo",
    "unittest",
    "venv",
    "wsgiref",
];

thread_local! {
    static STOPS: RefCell<Option<Stops>> = const { RefCell::new(None) };
}

/// Why a call is ended from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// Its time is over.
    Deadline,
    /// It took too much memory.
    Memory,
    /// Nobody waits for it any more.
    Abandoned,
}

/// The exceptions that end a call from outside. They derive from `BaseException`.
struct Stops {
    deadline: PyTypeRef,
    memory: PyTypeRef,
    abandoned: PyTypeRef,
}

/// An interpreter with the host API and what most scripts import.
pub(crate) struct Prepared {
    pub interpreter: Interpreter,
    /// The module `sp_runtime`.
    pub runtime: PyObjectRef,
}

impl Prepared {
    /// The error is for the operator.
    pub(crate) fn build(signals: UserSignalReceiver) -> Result<Self, String> {
        let interpreter = interpreter(signals);
        let runtime = interpreter
            .enter(|vm| start_runtime(vm).map_err(|error| whole_traceback(vm, &error)))?;
        Ok(Self {
            interpreter,
            runtime,
        })
    }

    /// What two processes with one past must not share: the state of random numbers.
    pub(crate) fn after_fork(&self) -> Result<(), String> {
        self.interpreter.enter(|vm| {
            vm.call_method(&self.runtime, "after_fork", ())
                .map(drop)
                .map_err(|error| whole_traceback(vm, &error))
        })
    }
}

fn interpreter(signals: UserSignalReceiver) -> Interpreter {
    let builder = Interpreter::builder(settings());
    let mut natives = rustpython_stdlib::stdlib_module_defs(&builder.ctx);
    natives.push(native::module_def(&builder.ctx));
    natives.push(crypto::module_def(&builder.ctx));
    builder
        .add_native_modules(&natives)
        .add_frozen_modules(library())
        .add_frozen_modules(rustpython_vm::py_freeze!(dir = "../../python"))
        .init_hook(move |vm| {
            vm.set_user_signal_channel(signals);
            // Scripts make hardly any cycles, and a collection would write to all the memory that workers
            // share; workers are replaced now and then instead.
            vm.state.gc.disable();
            if let Some(state) = PyRc::get_mut(&mut vm.state) {
                state.module_defs.retain(|name, _| !LEFT_OUT.contains(name));
                // The frozen library imports it; what it does is turning bytes into code.
                let marshal = bytecode::module_def(&vm.ctx);
                state.module_defs.insert("marshal", marshal);
            }
            bytecode::refuse(&vm.ctx);
        })
        .build()
}

fn settings() -> Settings {
    let mut settings = Settings::default();
    settings.isolated = true;
    settings.ignore_environment = true;
    settings.safe_path = true;
    settings.import_site = false;
    settings.user_site_directory = false;
    settings.install_signal_handlers = false;
    settings.write_bytecode = false;
    settings.allow_external_library = false;
    settings
}

fn library() -> impl Iterator<Item = (&'static str, FrozenModule)> {
    rustpython_pylib::FROZEN_STDLIB
        .into_iter()
        .filter(|(name, _)| {
            let top = name.split('.').next().unwrap_or(name);
            !NOT_FROZEN.contains(&top)
        })
}

/// Imports the runtime, which closes the cage, and remembers what the watchdog needs.
fn start_runtime(vm: &VirtualMachine) -> PyResult<PyObjectRef> {
    vm.recursion_limit.set(1000);
    let runtime = vm.import("sp_runtime", 0)?;
    let class = |name: &'static str| {
        runtime
            .get_attr(name, vm)?
            .downcast()
            .map_err(|_| vm.new_type_error("sp_runtime has lost a class"))
    };
    let stops = Stops {
        deadline: class("ScriptDeadline")?,
        memory: class("ScriptMemory")?,
        abandoned: class("ScriptAbandoned")?,
    };
    STOPS.with_borrow_mut(|slot| *slot = Some(stops));
    Ok(runtime)
}

impl Stop {
    /// The exception that ends the call.
    pub(crate) fn exception(self, vm: &VirtualMachine) -> PyBaseExceptionRef {
        let class =
            STOPS.with_borrow(|stops| stops.as_ref().map(|stops| self.class(stops).clone()));
        let class = class.unwrap_or_else(|| vm.ctx.exceptions.keyboard_interrupt.to_owned());
        vm.new_exception_msg(class, self.text().into())
    }

    /// Why an exception ended the call, when it came from outside.
    pub(crate) fn of(vm: &VirtualMachine, error: &PyBaseExceptionRef) -> Option<Self> {
        STOPS.with_borrow(|stops| {
            let stops = stops.as_ref()?;
            [Self::Deadline, Self::Memory, Self::Abandoned]
                .into_iter()
                .find(|stop| {
                    let class = stop.class(stops).as_object();
                    error.as_object().is_instance(class, vm).unwrap_or(false)
                })
        })
    }

    fn class(self, stops: &Stops) -> &PyTypeRef {
        match self {
            Self::Deadline => &stops.deadline,
            Self::Memory => &stops.memory,
            Self::Abandoned => &stops.abandoned,
        }
    }

    /// What the operator reads.
    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::Deadline => "stopped: the script's time is over",
            Self::Memory => "stopped: the script takes too much memory",
            Self::Abandoned => "stopped: nobody waits for the script any more",
        }
    }
}
