//! Failures as Python's own exceptions.

use std::io;

use pyo3::exceptions::{
    PyEOFError, PyLookupError, PyOSError, PyRuntimeError, PyTimeoutError, PyTypeError, PyValueError,
};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyType;

use folio::Error;
use folio::text::NameError;

/// What the exception of a call says beyond its cause.
pub(crate) struct Told {
    /// The words for a closed file: CPython has others for each method.
    closed: &'static str,
    /// The file names as the caller gave them.
    names: Option<(Py<PyAny>, Option<Py<PyAny>>)>,
}

impl Told {
    /// Of a call on an open file.
    pub(crate) fn of_file(closed: &'static str) -> Told {
        Told { closed, names: None }
    }

    /// Of a call on a path.
    pub(crate) fn of_path(name: Py<PyAny>) -> Told {
        Told { closed: CLOSED, names: Some((name, None)) }
    }
}

/// What most calls say of a closed file.
pub(crate) const CLOSED: &str = "I/O operation on closed file";
/// What calls implemented in C say of it.
pub(crate) const CLOSED_DOT: &str = "I/O operation on closed file.";

/// The exception of a failure.
pub(crate) fn raised(py: Python<'_>, error: &Error, told: &Told) -> PyErr {
    // Without a file it is the engine that has ended.
    if error.is_closed() && told.names.is_none() {
        return PyValueError::new_err(told.closed);
    }
    if error.is_unsupported() {
        return unsupported(py, error.reason().to_string());
    }
    if let Some(NameError::UnknownEncoding(_) | NameError::UnknownHandler(_)) = met::<NameError>(error) {
        return PyLookupError::new_err(error.reason().to_string());
    }
    if let Some(NameError::WriteOnly) = met(error) {
        return PyTypeError::new_err("don't know how to handle UnicodeDecodeError in error callback");
    }
    if let Some(errno) = error.raw_os_error() {
        return refused(py, errno, told).unwrap_or_else(|error| error);
    }
    let words = error.reason().to_string();
    match error.kind() {
        io::ErrorKind::TimedOut => PyTimeoutError::new_err(words),
        io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData | io::ErrorKind::FileTooLarge => {
            PyValueError::new_err(words)
        }
        io::ErrorKind::UnexpectedEof => PyEOFError::new_err(words),
        io::ErrorKind::WriteZero => PyOSError::new_err(words),
        _ => PyRuntimeError::new_err(error.to_string()),
    }
}

/// What a failure was met by, if it is a `T`.
pub(crate) fn met<T: std::error::Error + 'static>(error: &Error) -> Option<&T> {
    error.get_ref().and_then(|met| met.downcast_ref())
}

/// An `io.UnsupportedOperation`.
pub(crate) fn unsupported(py: Python<'_>, words: String) -> PyErr {
    static TYPE: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    match TYPE.import(py, "io", "UnsupportedOperation") {
        Ok(kind) => PyErr::from_type(kind.clone(), words),
        Err(error) => error,
    }
}

/// An `OSError` of the subclass that its errno has.
fn refused(py: Python<'_>, errno: i32, told: &Told) -> PyResult<PyErr> {
    let words: String = py.import("os")?.call_method1("strerror", (errno,))?.extract()?;
    Ok(match &told.names {
        None => PyOSError::new_err((errno, words)),
        Some((name, None)) => PyOSError::new_err((errno, words, name.clone_ref(py))),
        Some((name, Some(second))) => {
            PyOSError::new_err((errno, words, name.clone_ref(py), py.None(), second.clone_ref(py)))
        }
    })
}

/// An `OSError` for arguments that the system would refuse.
pub(crate) fn invalid_argument(py: Python<'_>) -> PyErr {
    const EINVAL: i32 = 22;
    refused(py, EINVAL, &Told::of_file(CLOSED)).unwrap_or_else(|error| error)
}
