//! Arguments of Python's methods, as folio's.

use std::ffi::OsString;
use std::io::SeekFrom;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::PathBuf;

use bytes::Bytes;
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyByteArray, PyBytes, PySlice, PyString};

use crate::errors::invalid_argument;

/// A size to read: `None` and negative ones ask for everything.
pub(crate) fn size(size: Option<isize>) -> Option<usize> {
    size.and_then(|size| usize::try_from(size).ok())
}

/// The same for a `BufferedReader`, which takes no negative size but -1.
pub(crate) fn buffered_size(size: Option<isize>) -> PyResult<Option<usize>> {
    match size {
        None | Some(-1) => Ok(None),
        Some(size) => match usize::try_from(size) {
            Ok(size) => Ok(Some(size)),
            Err(_) => Err(PyValueError::new_err("read length must be non-negative or -1")),
        },
    }
}

/// Where to seek to.
pub(crate) fn seek_from(py: Python<'_>, offset: i64, whence: i32) -> PyResult<SeekFrom> {
    match whence {
        0 => u64::try_from(offset).map(SeekFrom::Start).map_err(|_| invalid_argument(py)),
        1 => Ok(SeekFrom::Current(offset)),
        2 => Ok(SeekFrom::End(offset)),
        _ => Err(PyValueError::new_err(format!("whence value {whence} unsupported"))),
    }
}

/// The bytes of a bytes-like object: `bytes` itself is used as it is, anything else is copied.
pub(crate) fn bytes_of(data: &Bound<'_, PyAny>) -> PyResult<Bytes> {
    if let Ok(bytes) = data.cast_exact::<PyBytes>() {
        return Ok(Bytes::from_owner(PyBackedBytes::from(bytes.clone())));
    }
    if let Ok(bytes) = data.cast::<PyByteArray>() {
        return Ok(Bytes::from(bytes.to_vec()));
    }
    let view = view_of(data, "a bytes-like object is required, not ")?;
    Ok(Bytes::from(view.call_method0("tobytes")?.extract::<Vec<u8>>()?))
}

/// The bytes of several bytes-like objects.
pub(crate) fn all_bytes_of(lines: &Bound<'_, PyAny>) -> PyResult<Vec<Bytes>> {
    lines.try_iter()?.map(|line| bytes_of(&line?)).collect()
}

/// A writable buffer of single bytes, and how many it has.
pub(crate) fn room(buffer: &Bound<'_, PyAny>) -> PyResult<(Py<PyAny>, usize)> {
    let words = "readinto() argument must be read-write bytes-like object, not ";
    let view = view_of(buffer, words)?;
    if view.getattr("readonly")?.is_truthy()? {
        return Err(wrong_type(buffer, words));
    }
    let view = view.call_method1("cast", ("B",))?;
    let len = view.len()?;
    Ok((view.unbind(), len))
}

/// Copies bytes into a buffer that `room` made; returns how many.
pub(crate) fn fill(py: Python<'_>, view: &Py<PyAny>, bytes: &[u8]) -> PyResult<Py<PyAny>> {
    let len = isize::try_from(bytes.len())?;
    view.bind(py).set_item(PySlice::new(py, 0, len, 1), PyBytes::new(py, bytes))?;
    Ok(len.into_pyobject(py)?.into_any().unbind())
}

/// A path as the system takes it, and as the caller gave it.
pub(crate) fn path_of(path: &Bound<'_, PyAny>) -> PyResult<(PathBuf, Py<PyAny>)> {
    let owned = if let Ok(text) = path.cast::<PyString>() {
        match text.to_cow() {
            Ok(text) => PathBuf::from(text.into_owned()),
            // With bytes that are not UTF-8.
            Err(_) => text.extract()?,
        }
    } else if let Ok(bytes) = path.cast::<PyBytes>() {
        OsString::from_vec(bytes.as_bytes().to_vec()).into()
    } else {
        static FSPATH: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
        return path_of(&FSPATH.import(path.py(), "os", "fspath")?.call1((path,))?);
    };
    if owned.as_os_str().as_bytes().contains(&0) {
        return Err(PyValueError::new_err("embedded null byte"));
    }
    Ok((owned, path.clone().unbind()))
}

fn view_of<'py>(data: &Bound<'py, PyAny>, words: &str) -> PyResult<Bound<'py, PyAny>> {
    if data.is_instance_of::<PyString>() {
        return Err(wrong_type(data, words));
    }
    let view = data.py().import("builtins")?.getattr("memoryview")?.call1((data,));
    view.map_err(|error| match error.is_instance_of::<PyTypeError>(data.py()) {
        true => wrong_type(data, words),
        false => error,
    })
}

/// A `TypeError` that ends with the type of `object`.
pub(crate) fn wrong_type(object: &Bound<'_, PyAny>, words: &str) -> PyErr {
    match object.get_type().name() {
        Ok(name) => PyTypeError::new_err(format!("{words}'{name}'")),
        Err(error) => error,
    }
}
