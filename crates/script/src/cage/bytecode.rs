//! No bytecode but the compiler's own: the interpreter trusts what it runs, and made-up bytecode breaks its memory.

use std::sync::Once;

use rustpython_vm::{Context, PyResult, VirtualMachine, builtins::PyTypeRef, function::FuncArgs};

pub(crate) use marshal::module_def;

/// Takes from the class `code` every way to make an object of given bytecode. The class is one for all interpreters
/// of the process, so this is done before the first of them runs anything.
pub(crate) fn refuse(context: &Context) {
    static REFUSED: Once = Once::new();
    REFUSED.call_once(|| {
        let code = context.types.code_type;
        code.modified();
        for name in ["replace", "__replace__"] {
            code.attributes.remove(context.intern_str(name));
        }
        code.slots.new.store(Some(refuse_code));
    });
}

fn refuse_code(_: PyTypeRef, _: FuncArgs, vm: &VirtualMachine) -> PyResult {
    Err(vm.new_type_error("code objects cannot be made"))
}

/// In place of the real one, which reads code from bytes.
#[rustpython_vm::pymodule]
mod marshal {}
