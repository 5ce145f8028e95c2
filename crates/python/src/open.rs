//! Opening a file by its path: arguments checked, and a class chosen.

use std::ffi::CStr;
use std::sync::Arc;

use folio::text::{Encoding, Errors, Newline, Options};
use folio::{Buffering, OpenMode, OpenOptions};
use pyo3::exceptions::{PyRuntimeWarning, PyValueError};
use pyo3::prelude::*;

use crate::answer::Answer;
use crate::arguments::path_of;
use crate::awaitable::Operation;
use crate::binary::{AsyncBufferedIOBase, AsyncBufferedReader, AsyncFileIO, Binary};
use crate::errors::{CLOSED, Told, raised};
use crate::manager::OpenManager;
use crate::text::{AsyncTextIOWrapper, Attributes};

/// Opens a file by its path. `None` if only CPython itself can: for its own codecs and handlers of errors.
#[pyfunction]
#[pyo3(signature = (file, mode, buffering, encoding, errors, newline, default_encoding))]
#[expect(clippy::too_many_arguments, reason = "Python's `open` has them")]
pub(crate) fn open(
    py: Python<'_>,
    file: &Bound<'_, PyAny>,
    mode: &str,
    buffering: i64,
    encoding: Option<String>,
    errors: Option<String>,
    newline: Option<&str>,
    default_encoding: &str,
) -> PyResult<Option<OpenManager>> {
    let parsed = OpenMode::parse(mode).map_err(|error| raised(py, &error, &Told::of_file(CLOSED)))?;
    if parsed.is_text() {
        let encoding = encoding.unwrap_or_else(|| default_encoding.to_owned());
        let errors = errors.unwrap_or_else(|| "strict".to_owned());
        return open_text(py, file, parsed, buffering, encoding, errors, newline);
    }
    let given = [
        ("an encoding", encoding.is_some()),
        ("an errors", errors.is_some()),
        ("a newline", newline.is_some()),
    ];
    if let Some((what, _)) = given.into_iter().find(|(_, given)| *given) {
        return Err(PyValueError::new_err(format!("binary mode doesn't take {what} argument")));
    }
    open_binary(py, file, parsed, buffering).map(Some)
}

/// What CPython warns of.
const NO_LINES: &CStr =
    c"line buffering (buffering=1) isn't supported in binary mode, the default buffer size will be used";

fn open_binary(
    py: Python<'_>,
    file: &Bound<'_, PyAny>,
    mode: OpenMode,
    buffering: i64,
) -> PyResult<OpenManager> {
    let (path, name) = path_of(file)?;
    let buffering = match Buffering::from(buffering) {
        Buffering::Line => {
            PyErr::warn(py, &py.get_type::<PyRuntimeWarning>(), NO_LINES, 2)?;
            Buffering::Default
        }
        other => other,
    };
    let told = Told::of_path(name.clone_ref(py));
    let opening = Operation::start_on_current(py, told, async move {
        let mut options = OpenOptions::new();
        let file = options.python_mode(mode).buffering(buffering).open_binary(&path).await?;
        Ok(Answer::make(move |py| binary(py, Binary { file, name }, mode, buffering)))
    })?;
    Ok(OpenManager::new(opening))
}

/// The object of a file of bytes.
pub(crate) fn binary(
    py: Python<'_>,
    binary: Binary,
    mode: OpenMode,
    buffering: Buffering,
) -> PyResult<Py<PyAny>> {
    let binary = Arc::new(binary);
    if buffering == Buffering::Unbuffered {
        return Ok(Py::new(py, AsyncFileIO { binary })?.into_any());
    }
    if mode.reads() {
        let base = PyClassInitializer::from(AsyncBufferedIOBase { binary });
        return Ok(Py::new(py, base.add_subclass(AsyncBufferedReader))?.into_any());
    }
    Ok(Py::new(py, AsyncBufferedIOBase { binary })?.into_any())
}

fn open_text(
    py: Python<'_>,
    file: &Bound<'_, PyAny>,
    mode: OpenMode,
    buffering: i64,
    encoding: String,
    errors: String,
    newline: Option<&str>,
) -> PyResult<Option<OpenManager>> {
    let (Ok(codec), Ok(handler)) = (Encoding::for_name(&encoding), Errors::for_name(&errors)) else {
        return Ok(None);
    };
    // CPython insists on a byte order mark there, folio does not.
    if mode.reads() && ["utf_16", "utf_32"].contains(&codec.name()) {
        return Ok(None);
    }
    let newline = Newline::for_name(newline).map_err(|error| PyValueError::new_err(error.to_string()))?;
    if buffering == 0 {
        return Err(PyValueError::new_err("can't have unbuffered text I/O"));
    }
    let (path, name) = path_of(file)?;
    let told = Told::of_path(name.clone_ref(py));
    let opening = Operation::start_on_current(py, told, async move {
        let mut options = Options::new();
        options.python_mode(mode).buffering(buffering).encoding(codec).errors(handler).newline(newline);
        let file = options.line_limit(usize::MAX).open(&path).await?;
        let attributes = Attributes {
            name,
            encoding,
            errors,
            mode: mode.to_string(),
            line_buffering: file.line_buffering(),
            reads: mode.reads(),
            writes: mode.writes(),
        };
        Ok(Answer::make(move |py| Ok(Py::new(py, AsyncTextIOWrapper::new(file, attributes))?.into_any())))
    })?;
    Ok(Some(OpenManager::new(opening)))
}
