//! What `open` returns: awaited, it gives the file; in `async with`, it closes it again.

use std::sync::Mutex;

use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;

use crate::awaitable::{Operation, Step, thrown};
use crate::binary::{AsyncBufferedIOBase, AsyncBufferedReader};
use crate::pending::lock;

/// An opening file: awaitable as often as one likes, and an asynchronous context manager.
#[pyclass(frozen, weakref, freelist = 16, module = "folio._folio")]
pub(crate) struct OpenManager {
    opening: Operation,
    opened: Mutex<Option<Py<PyAny>>>,
}

impl OpenManager {
    pub(crate) fn new(opening: Operation) -> OpenManager {
        OpenManager { opening, opened: Mutex::new(None) }
    }

    fn step(&self, py: Python<'_>) -> PyResult<Step> {
        if let Some(file) = self.opened(py) {
            return Ok(Step::Done(file));
        }
        let step = self.opening.step(py)?;
        if let Step::Done(file) = &step {
            *lock(&self.opened) = Some(file.clone_ref(py));
        }
        Ok(step)
    }

    fn opened(&self, py: Python<'_>) -> Option<Py<PyAny>> {
        lock(&self.opened).as_ref().map(|file| file.clone_ref(py))
    }
}

/// Closes one of the package's own files of bytes without a look at its methods.
fn close(py: Python<'_>, file: &Bound<'_, PyAny>) -> Option<Operation> {
    if let Ok(reader) = file.cast_exact::<AsyncBufferedReader>() {
        return Some(reader.as_super().get().close(py));
    }
    file.cast_exact::<AsyncBufferedIOBase>().ok().map(|file| file.get().close(py))
}

#[pymethods]
impl OpenManager {
    fn __await__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    fn __iter__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    fn __next__(&self, py: Python<'_>) -> PyResult<Option<Py<PyAny>>> {
        self.step(py)?.for_iterator(py)
    }

    fn send(&self, py: Python<'_>, value: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        self.opening.resumed(value)?;
        self.step(py)?.for_sender(py)
    }

    #[pyo3(signature = (kind, value=None, traceback=None))]
    fn throw(
        &self,
        kind: &Bound<'_, PyAny>,
        value: Option<&Bound<'_, PyAny>>,
        traceback: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Py<PyAny>> {
        let _ = traceback;
        self.opening.abandon();
        Err(thrown(kind, value)?)
    }

    fn close(&self) {
        self.opening.abandon();
    }

    fn __aenter__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    #[pyo3(signature = (*_exception))]
    fn __aexit__(&self, py: Python<'_>, _exception: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        let file = lock(&self.opened).take();
        let file = file.ok_or_else(|| PyRuntimeError::new_err("the file was not opened by this context"))?;
        match close(py, file.bind(py)) {
            Some(closing) => Ok(Py::new(py, closing)?.into_any()),
            None => file.call_method0(py, pyo3::intern!(py, "close")),
        }
    }

    #[getter]
    fn _obj(&self, py: Python<'_>) -> Option<Py<PyAny>> {
        self.opened(py)
    }
}
