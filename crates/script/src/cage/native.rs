//! The few functions that the frozen Python has from Rust.

pub(crate) use _sallyport::module_def;

/// Native modules that the runtime takes functions out of.
const CHANGED: &[&str] = &["_imp", "_sallyport", "_thread", "sys", "time"];

#[rustpython_vm::pymodule]
mod _sallyport {
    use std::time::Duration;

    use rustpython_vm::{
        PyObjectRef, PyResult, VirtualMachine,
        builtins::{PyBytesRef, PyListRef, PyStrRef, PyUtf8StrRef},
        compiler::Mode,
        function::ArgIntoFloat,
    };

    use super::CHANGED;
    use crate::{
        Language, LoadError, Question,
        cage::{errand::Errand, interpreter::Stop, plain},
        log::LogLevel,
        script,
    };

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
        errand.flush();
        let answer = errand
            .ask(question)
            .ok_or_else(|| Stop::Abandoned.exception(vm))?;
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
    fn write(stream: u8, text: PyStrRef) {
        let level = if stream == 0 {
            LogLevel::Info
        } else {
            LogLevel::Error
        };
        if let Some(errand) = Errand::current() {
            errand.write(level, &text.to_string_lossy());
        }
    }

    /// Compiles a library. An error names its file and line.
    #[pyfunction]
    fn compile_library(
        text: PyUtf8StrRef,
        file: PyUtf8StrRef,
        python2: bool,
        vm: &VirtualMachine,
    ) -> PyResult<PyObjectRef> {
        let language = if python2 {
            Language::Python2
        } else {
            Language::Python3
        };
        let refused = |why: LoadError| vm.new_import_error(why.message, file.clone().into_wtf8());
        let (text, fault) = script::translate(text.as_str(), language).map_err(refused)?;
        let code = vm
            .compile(&text, Mode::Exec, file.as_str().to_owned())
            .map_err(|error| error.into_pyexception(vm, Some(&text)))?;
        match fault {
            Some(fault) => Err(refused(fault.into_error(file.as_str()))),
            None => Ok(code.into()),
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
        std::thread::sleep(wanted.min(left));
        if wanted > left {
            Err(Stop::Deadline.exception(vm))
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
