//! Values that go between Python and the host: what JSON has, and nothing else.

use rustpython_vm::{
    AsObject, PyObject, PyObjectRef, PyResult, VirtualMachine,
    builtins::{PyDict, PyFloat, PyInt, PyList, PyStr, PyTuple},
};
use serde_json::{Map, Value};

/// Deeper than this a value has no plain form; it may hold itself.
const DEPTH: usize = 8;

/// A value of the host as Python has it.
pub(crate) fn to_python(vm: &VirtualMachine, value: Value) -> PyResult<PyObjectRef> {
    Ok(match value {
        Value::Null => vm.ctx.none(),
        Value::Bool(value) => vm.ctx.new_bool(value).into(),
        Value::Number(number) => match number.as_i64() {
            Some(value) => vm.ctx.new_int(value).into(),
            None => vm.ctx.new_float(number.as_f64().unwrap_or(f64::NAN)).into(),
        },
        Value::String(text) => vm.ctx.new_str(text).into(),
        Value::Array(items) => {
            let items = items
                .into_iter()
                .map(|item| to_python(vm, item))
                .collect::<PyResult<Vec<_>>>()?;
            vm.ctx.new_list(items).into()
        }
        Value::Object(entries) => {
            let dict = vm.ctx.new_dict();
            for (key, value) in entries {
                dict.set_item(key.as_str(), to_python(vm, value)?, vm)?;
            }
            dict.into()
        }
    })
}

/// A value of Python as the host has it; null in the place of what has no such form. No code of a
/// script runs for it.
pub(crate) fn of_python(vm: &VirtualMachine, value: &PyObject) -> Value {
    at_depth(vm, value, 0)
}

/// Whether the value is something for the host.
pub(crate) fn has_form(vm: &VirtualMachine, value: &PyObject) -> bool {
    vm.is_none(value) || !of_python(vm, value).is_null()
}

fn at_depth(vm: &VirtualMachine, value: &PyObject, depth: usize) -> Value {
    if let Some(text) = value.downcast_ref::<PyStr>() {
        return Value::String(text.to_string_lossy().into_owned());
    }
    if let Some(scalar) = scalar(vm, value) {
        return scalar;
    }
    if depth > DEPTH {
        return Value::Null;
    }
    if let Some(dict) = value.downcast_ref::<PyDict>() {
        let entries = dict.into_iter();
        return Value::Object(
            entries
                .map(|(key, item)| (key_text(vm, &key), at_depth(vm, &item, depth + 1)))
                .collect::<Map<_, _>>(),
        );
    }
    if let Some(list) = value.downcast_ref::<PyList>() {
        // A copy: the list may hold itself.
        let items = list.borrow_vec().to_vec();
        return array(vm, &items, depth);
    }
    match value.downcast_ref::<PyTuple>() {
        Some(tuple) => array(vm, tuple.as_slice(), depth),
        None => Value::Null,
    }
}

fn array(vm: &VirtualMachine, items: &[PyObjectRef], depth: usize) -> Value {
    Value::Array(
        items
            .iter()
            .map(|item| at_depth(vm, item, depth + 1))
            .collect(),
    )
}

/// A boolean, or a number of Python's own types.
fn scalar(vm: &VirtualMachine, value: &PyObject) -> Option<Value> {
    let types = &vm.ctx.types;
    let class = value.class();
    if class.is(types.bool_type) {
        return Some(Value::Bool(value.is(&vm.ctx.true_value)));
    }
    if class.is(types.int_type) {
        let number = value.downcast_ref::<PyInt>()?;
        return number.try_to_primitive::<i64>(vm).ok().map(Value::from);
    }
    if class.is(types.float_type) {
        return value
            .downcast_ref::<PyFloat>()
            .map(|number| Value::from(number.to_f64()));
    }
    None
}

/// The key of an entry as text; empty for what is neither text nor a scalar.
fn key_text(vm: &VirtualMachine, key: &PyObject) -> String {
    match at_depth(vm, key, DEPTH + 1) {
        Value::String(text) => text,
        Value::Bool(flag) => flag.to_string(),
        Value::Number(number) => number.to_string(),
        _ => String::new(),
    }
}
