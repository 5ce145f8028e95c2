//! What `open` returns: awaited, it gives the file; in `async with`, it closes it again.

use std::sync::Mutex;

use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;

use crate::awaitable::{Operation, Step, thrown};
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

    fn opened(&self, py: Python<'_>) -> Option<Py<PyAny>> {
        lock(&self.opened).as_ref().map(|file| file.clone_ref(py))
    }
}

#[pymethods]
impl OpenManager {
    fn __await__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    fn __iter__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    fn __next__(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        if let Some(file) = self.opened(py) {
            return Step::Done(file).for_iterator(py);
        }
        let step = self.opening.step(py)?;
        if let Step::Done(file) = &step {
            *lock(&self.opened) = Some(file.clone_ref(py));
        }
        step.for_iterator(py)
    }

    fn send(&self, py: Python<'_>, value: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        self.opening.resumed(value)?;
        self.__next__(py)
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
        file.call_method0(py, pyo3::intern!(py, "close"))
    }

    #[getter]
    fn _obj(&self, py: Python<'_>) -> Option<Py<PyAny>> {
        self.opened(py)
    }
}
