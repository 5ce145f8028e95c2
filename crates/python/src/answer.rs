//! What an operation answers, from folio's types to Python's.

use bytes::Bytes;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyBytes, PyInt, PyList, PyString};

/// Makes an object.
pub(crate) type Make = Box<dyn FnOnce(Python<'_>) -> PyResult<Py<PyAny>> + Send>;

/// The answer of an operation. It is made without the interpreter and becomes an object where there is one.
pub(crate) enum Answer {
    None,
    Bool(bool),
    Int(u64),
    Bytes(Bytes),
    Str(String),
    ByteLines(Vec<Bytes>),
    Lines(Vec<String>),
    /// What a function of Python returned or raised.
    Called(PyResult<Py<PyAny>>),
    /// An object that has to be made.
    Make(Make),
}

impl Answer {
    /// An answer that `make` makes.
    pub(crate) fn make(make: impl FnOnce(Python<'_>) -> PyResult<Py<PyAny>> + Send + 'static) -> Answer {
        Answer::Make(Box::new(make))
    }

    pub(crate) fn into_object(self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        Ok(match self {
            Answer::None => py.None(),
            Answer::Bool(value) => PyBool::new(py, value).to_owned().into_any().unbind(),
            Answer::Int(value) => PyInt::new(py, value).into_any().unbind(),
            Answer::Bytes(bytes) => PyBytes::new(py, &bytes).into_any().unbind(),
            Answer::Str(text) => PyString::new(py, &text).into_any().unbind(),
            Answer::ByteLines(lines) => {
                PyList::new(py, lines.iter().map(|line| PyBytes::new(py, line)))?.into_any().unbind()
            }
            Answer::Lines(lines) => PyList::new(py, lines)?.into_any().unbind(),
            Answer::Called(result) => result?,
            Answer::Make(make) => make(py)?,
        })
    }
}
