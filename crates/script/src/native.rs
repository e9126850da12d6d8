//! The few functions that the frozen Python has from Rust, and what they know of the call under way.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    sync::Arc,
};

use crate::{
    log::{LogLevel, LogLine, ScriptLog},
    question::Answer,
    run::{Conversation, Event},
    stopwatch::Stopwatch,
};

pub(crate) use _sallyport::module_def;

thread_local! {
    static CURRENT: RefCell<Option<Rc<Errand>>> = const { RefCell::new(None) };
}

/// What a worker is doing right now, and for whom.
pub(crate) struct Errand {
    pub script: String,
    pub thread: String,
    /// `None` when the engine has gone.
    pub log: Option<Arc<dyn ScriptLog>>,
    pub masks: Vec<String>,
    /// Of the phase under way: loading and calling have each their own time.
    pub stopwatch: RefCell<Arc<Stopwatch>>,
    pub conversation: Conversation,
    pub questions_left: Cell<u32>,
    pub lines_left: Cell<u32>,
    /// Lines are kept back until it is known whether anybody wants them.
    pub held: RefCell<Option<Vec<(LogLevel, String)>>>,
    pub partial: RefCell<[String; 2]>,
}

/// A line that is longer is cut.
const LINE: usize = 8 * 1024;

impl Errand {
    /// Makes this the errand of the thread until the guard goes.
    pub(crate) fn begin(self) -> (Rc<Self>, ErrandGuard) {
        let errand = Rc::new(self);
        CURRENT.with_borrow_mut(|current| *current = Some(Rc::clone(&errand)));
        (errand, ErrandGuard)
    }

    fn current() -> Option<Rc<Self>> {
        CURRENT.with_borrow(Clone::clone)
    }

    fn stopwatch(&self) -> Arc<Stopwatch> {
        Arc::clone(&self.stopwatch.borrow())
    }

    fn write(&self, level: LogLevel, text: &str) {
        let mut partial = self.partial.borrow_mut();
        let pending = &mut partial[usize::from(level == LogLevel::Error)];
        for piece in text.split_inclusive('\n') {
            let room = LINE.saturating_sub(pending.len());
            pending.push_str(cut(piece.trim_end_matches(['\n', '\r']), room));
            if piece.ends_with('\n') {
                self.line(level, &std::mem::take(pending));
            }
        }
    }

    /// Empty lines are dropped, as Gluu does.
    fn line(&self, level: LogLevel, text: &str) {
        if text.trim().is_empty() {
            return;
        }
        if let Some(held) = self.held.borrow_mut().as_mut() {
            if held.len() < 1000 {
                held.push((level, text.to_owned()));
            }
            return;
        }
        match self.lines_left.get() {
            0 => {}
            left => {
                self.lines_left.set(left - 1);
                self.emit(
                    level,
                    if left == 1 {
                        "(more output of this call is dropped)"
                    } else {
                        text
                    },
                );
            }
        }
    }

    fn emit(&self, level: LogLevel, text: &str) {
        if let Some(log) = &self.log {
            log.line(LogLine {
                script: &self.script,
                thread: &self.thread,
                level,
                text,
                masks: &self.masks,
            });
        }
    }

    /// Writes what stands without a line end.
    pub(crate) fn flush(&self) {
        for level in [LogLevel::Info, LogLevel::Error] {
            let pending = std::mem::take(
                &mut self.partial.borrow_mut()[usize::from(level == LogLevel::Error)],
            );
            self.line(level, &pending);
        }
    }

    /// Writes the lines that were kept back.
    pub(crate) fn release(&self) {
        let held = self.held.borrow_mut().take().unwrap_or_default();
        for (level, text) in held {
            self.line(level, &text);
        }
    }

    /// `text` without the secrets of this request.
    pub(crate) fn masked(&self, text: &str) -> String {
        self.masks
            .iter()
            .fold(text.to_owned(), |text, mask| text.replace(mask, "***"))
    }
}

fn cut(text: &str, room: usize) -> &str {
    let mut end = text.len().min(room);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// Native modules that the runtime takes functions out of.
const CHANGED: &[&str] = &["_imp", "_sallyport", "_thread", "sys", "time"];

/// Ends the errand of the thread when dropped.
pub(crate) struct ErrandGuard;

impl Drop for ErrandGuard {
    fn drop(&mut self) {
        CURRENT.take();
    }
}

/// Asks the host and waits. `None` when nobody is there to answer.
fn converse(errand: &Errand, question: crate::Question) -> Option<Answer> {
    let stopwatch = errand.stopwatch();
    stopwatch.pause();
    let asked = errand.conversation.events.send(Event::Ask(question));
    let answer = asked
        .ok()
        .and_then(|()| errand.conversation.answers.recv().ok());
    stopwatch.resume();
    answer
}

#[rustpython_vm::pymodule]
mod _sallyport {
    use std::time::Duration;

    use rustpython_vm::{
        PyObjectRef, PyResult, VirtualMachine,
        builtins::{PyBytesRef, PyListRef, PyStrRef, PyUtf8StrRef},
        function::ArgIntoFloat,
    };

    use super::{CHANGED, Errand, converse};
    use crate::{Question, interpreter, log::LogLevel, plain};

    /// Asks the host one question and gives its answer, both as plain values.
    #[pyfunction]
    fn ask(question: PyObjectRef, vm: &VirtualMachine) -> PyResult<PyObjectRef> {
        let Some(errand) = Errand::current() else {
            return Err(vm.new_runtime_error("a script may ask the host during a call only"));
        };
        let question: Question =
            serde_json::from_value(plain::of_python(vm, &question)).map_err(|error| {
                vm.new_value_error(format!(
                    "the host does not understand the question: {error}"
                ))
            })?;
        match errand.questions_left.get() {
            0 => return Err(vm.new_runtime_error("the script asks the host too many questions")),
            left => errand.questions_left.set(left - 1),
        }
        errand.flush();
        let answer = vm
            .allow_threads(|| converse(&errand, question))
            .ok_or_else(|| interpreter::abandoned(vm))?;
        let answer =
            serde_json::to_value(&answer).map_err(|error| vm.new_value_error(error.to_string()))?;
        plain::to_python(vm, answer)
    }

    /// Whether the host can be given the value; what it cannot be given reaches it as null.
    #[pyfunction]
    fn has_plain_form(value: PyObjectRef, vm: &VirtualMachine) -> bool {
        plain::has_form(vm, &value)
    }

    /// Writes to the script's log; 0 is standard output, 1 standard error.
    #[pyfunction]
    fn write(stream: u8, text: PyStrRef, vm: &VirtualMachine) {
        let level = if stream == 0 {
            LogLevel::Info
        } else {
            LogLevel::Error
        };
        if let Some(errand) = Errand::current() {
            let text = text.to_string_lossy();
            vm.allow_threads(|| errand.write(level, &text));
        }
    }

    /// Sleeps, but not past the end of the script's time.
    #[pyfunction]
    fn sleep(seconds: ArgIntoFloat, vm: &VirtualMachine) -> PyResult<()> {
        let Ok(wanted) = Duration::try_from_secs_f64(seconds.into_float()) else {
            return Err(
                vm.new_value_error("sleep length must be a finite number that is not negative")
            );
        };
        let left = Errand::current()
            .map(|errand| errand.stopwatch().left())
            .unwrap_or_default();
        vm.allow_threads(|| std::thread::sleep(wanted.min(left)));
        if wanted > left {
            Err(interpreter::deadline(vm))
        } else {
            Ok(())
        }
    }

    /// The modules that scripts may import.
    #[pyfunction]
    fn modules(python2: bool, vm: &VirtualMachine) -> PyListRef {
        let names = crate::modules::allowed(python2)
            .iter()
            .map(|&name| vm.ctx.new_str(name).into());
        vm.ctx.new_list(names.collect())
    }

    /// In place of `_imp.create_builtin`: a native module whose copy here was changed cannot be had afresh.
    #[pyfunction]
    fn create_builtin(spec: PyObjectRef, vm: &VirtualMachine) -> PyResult {
        let name: PyUtf8StrRef = spec.get_attr("name", vm)?.try_into_value(vm)?;
        let Some(&def) = vm.state.module_defs.get(name.as_str()) else {
            return Ok(vm.ctx.none());
        };
        if CHANGED.contains(&name.as_str()) {
            return Err(vm.new_import_error(
                format!("No module named '{}'", name.as_str()),
                name.into_wtf8(),
            ));
        }
        let modules = vm.sys_module.get_attr("modules", vm)?;
        if let Ok(module) = modules.get_item(def.name, vm) {
            return Ok(module);
        }
        let module = def.create_module(vm)?;
        modules.set_item(def.name, module.clone().into(), vm)?;
        def.exec_module(vm, &module)?;
        Ok(module.into())
    }

    /// Bytes of the operating system's generator.
    #[pyfunction]
    fn urandom(count: usize, vm: &VirtualMachine) -> PyResult<PyBytesRef> {
        if count > 1 << 20 {
            return Err(vm.new_value_error("at most 1 MiB at once"));
        }
        let mut bytes = vec![0; count];
        aws_lc_rs::rand::fill(&mut bytes)
            .map_err(|_| vm.new_os_error("the random generator failed"))?;
        Ok(vm.ctx.new_bytes(bytes))
    }
}
