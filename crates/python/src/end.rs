//! The end of an awaitable with a value: a `StopIteration`, which the interpreter takes apart at once. Making one for each
//! answer takes longer than all else that a line needs, so one is used again and again.

use std::sync::Mutex;

use pyo3::exceptions::PyStopIteration;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyInt, PyString};

use crate::limits::SPARE_VALUE_MAX;
use crate::pending::lock;

/// The exception that is used again. It holds the value that it had last, so only small ones are given to it.
static SPARE: Mutex<Option<Py<PyAny>>> = Mutex::new(None);

/// The end with a value, for a caller that does not keep it: the interpreter's own awaiting.
#[expect(deprecated, reason = "pyo3 has no other way that is safe")]
pub(crate) fn with(value: Bound<'_, PyAny>) -> PyErr {
    if !is_small(&value) {
        return fresh(value);
    }
    let py = value.py();
    let mut spare = lock(&SPARE);
    // No one else has it, it has not been through a frame of Python, and it takes the value.
    if let Some(end) = spare.as_ref().map(|end| end.bind(py)).filter(|end| end.get_refcnt() == 1)
        && let again = PyErr::from_value(end.clone())
        && again.traceback(py).is_none()
        && end.setattr(pyo3::intern!(py, "value"), &value).is_ok()
    {
        return again;
    }
    let made = fresh(value);
    if made.is_instance_of::<PyStopIteration>(py) {
        *spare = Some(made.value(py).clone().into_any().unbind());
    }
    made
}

/// The end with a value, as an exception that needs no further making.
pub(crate) fn fresh(value: Bound<'_, PyAny>) -> PyErr {
    match value.py().get_type::<PyStopIteration>().call1((value,)) {
        Ok(end) => PyErr::from_value(end),
        Err(error) => error,
    }
}

/// Whether a value may be kept until the next one.
fn is_small(value: &Bound<'_, PyAny>) -> bool {
    if let Ok(text) = value.cast_exact::<PyString>() {
        return text.len().is_ok_and(|len| len <= SPARE_VALUE_MAX);
    }
    if let Ok(bytes) = value.cast_exact::<PyBytes>() {
        return bytes.as_bytes().len() <= SPARE_VALUE_MAX;
    }
    value.is_exact_instance_of::<PyInt>()
}
