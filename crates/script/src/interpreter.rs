//! One Python interpreter without a host: no file, socket, process or environment is compiled in.

use std::{
    cell::RefCell,
    sync::{Mutex, PoisonError},
};

use rustpython_vm::{
    AsObject, Interpreter, PyObjectRef, PyResult, Settings, VirtualMachine,
    builtins::{PyBaseExceptionRef, PyTypeRef},
    common::rc::PyRc,
    frozen::FrozenModule,
    signal::UserSignalReceiver,
};

use crate::{bytecode, native};

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

/// The exceptions that end a call from outside. They derive from `BaseException`.
struct Stops {
    deadline: PyTypeRef,
    abandoned: PyTypeRef,
}

/// Interpreters share their native types, which the first ones to start fill in.
static BUILDING: Mutex<()> = Mutex::new(());

/// Builds the interpreter of this thread. It takes some 50 ms, one interpreter at a time.
pub(crate) fn build(signals: UserSignalReceiver) -> Interpreter {
    let _one_at_a_time = BUILDING.lock().unwrap_or_else(PoisonError::into_inner);
    let builder = Interpreter::builder(settings());
    let mut natives = rustpython_stdlib::stdlib_module_defs(&builder.ctx);
    natives.push(native::module_def(&builder.ctx));
    builder
        .add_native_modules(&natives)
        .add_frozen_modules(library())
        .add_frozen_modules(rustpython_vm::py_freeze!(dir = "../python"))
        .init_hook(move |vm| {
            vm.set_user_signal_channel(signals);
            // The collector stops every interpreter of the process: one script inside a long native operation
            // would hold up all logins. Scripts make hardly any cycles; workers are replaced now and then instead.
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
pub(crate) fn start_runtime(vm: &VirtualMachine) -> PyResult<PyObjectRef> {
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
        abandoned: class("ScriptAbandoned")?,
    };
    STOPS.with_borrow_mut(|slot| *slot = Some(stops));
    Ok(runtime)
}

/// Must come before the interpreter goes.
pub(crate) fn forget_runtime() {
    STOPS.take();
}

/// The exception that ends a call whose time is over.
pub(crate) fn deadline(vm: &VirtualMachine) -> PyBaseExceptionRef {
    stop(
        vm,
        |stops| stops.deadline.clone(),
        "the time of the script is over",
    )
}

/// The exception that ends a call whose asker has gone.
pub(crate) fn abandoned(vm: &VirtualMachine) -> PyBaseExceptionRef {
    stop(
        vm,
        |stops| stops.abandoned.clone(),
        "nobody waits for the script any more",
    )
}

pub(crate) fn is_deadline(vm: &VirtualMachine, error: &PyBaseExceptionRef) -> bool {
    STOPS.with_borrow(|stops| {
        stops.as_ref().is_some_and(|stops| {
            error
                .as_object()
                .is_instance(stops.deadline.as_object(), vm)
                .unwrap_or(false)
        })
    })
}

fn stop(
    vm: &VirtualMachine,
    class: impl Fn(&Stops) -> PyTypeRef,
    text: &'static str,
) -> PyBaseExceptionRef {
    let class = STOPS.with_borrow(|stops| stops.as_ref().map(class));
    let class = class.unwrap_or_else(|| vm.ctx.exceptions.keyboard_interrupt.to_owned());
    vm.new_exception_msg(class, text.into())
}
