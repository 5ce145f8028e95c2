//! The lines of a file of text for `async for`, without an object for each.

use std::sync::{Arc, Mutex};

use folio::text::TextFile;
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3::types::PyString;

use crate::awaitable::{Operation, Step, thrown};
use crate::limits::LINE_COST;
use crate::pending::lock;
use crate::turns::Turns;

/// An asynchronous iterator over lines. It is also the awaitable of a line that has been read ahead.
#[pyclass(frozen, weakref, module = "folio._folio")]
pub(crate) struct Lines {
    file: Py<PyAny>,
    turns: Arc<Turns<TextFile>>,
    /// The line that was asked for and not awaited yet.
    ready: Mutex<Option<Step>>,
}

impl Lines {
    pub(crate) fn new(file: Py<PyAny>, turns: Arc<Turns<TextFile>>) -> Lines {
        Lines { file, turns, ready: Mutex::new(None) }
    }

    fn take_ready(&self) -> PyResult<Step> {
        let ready = lock(&self.ready).take();
        ready.ok_or_else(|| PyRuntimeError::new_err("cannot reuse already awaited coroutine"))
    }

    fn get_ready(&self, py: Python<'_>) -> bool {
        let mut ready = lock(&self.ready);
        if ready.is_none() {
            *ready = line_ahead(&self.turns, py).map(Step::Done);
            return ready.is_some();
        }
        false
    }
}

#[pymethods]
impl Lines {
    fn __aiter__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    fn __anext__(slf: &Bound<'_, Self>) -> PyResult<Py<PyAny>> {
        let (py, lines) = (slf.py(), slf.get());
        if Operation::is_due(LINE_COST) {
            if let Some(line) = line_ahead(&lines.turns, py) {
                return Ok(Py::new(py, Operation::after_a_turn(line))?.into_any());
            }
        } else if lines.get_ready(py) {
            return Ok(slf.clone().into_any().unbind());
        }
        lines.file.call_method0(py, pyo3::intern!(py, "__anext__"))
    }

    fn __await__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    fn __iter__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    fn __next__(&self, py: Python<'_>) -> PyResult<Option<Py<PyAny>>> {
        self.take_ready()?.for_iterator(py)
    }

    fn send(&self, py: Python<'_>, _value: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        self.take_ready()?.for_sender(py)
    }

    #[pyo3(signature = (kind, value=None, traceback=None))]
    fn throw(
        &self,
        kind: &Bound<'_, PyAny>,
        value: Option<&Bound<'_, PyAny>>,
        traceback: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Py<PyAny>> {
        let _ = traceback;
        self.close();
        Err(thrown(kind, value)?)
    }

    fn close(&self) {
        let dropped = lock(&self.ready).take();
        drop(dropped);
    }
}

/// The next line, if it has been read ahead and no other call is under way.
pub(crate) fn line_ahead(turns: &Turns<TextFile>, py: Python<'_>) -> Option<Py<PyAny>> {
    let line = turns.at_once(|file| file.line_ahead().ok().flatten().map(|line| PyString::new(py, line)));
    line.flatten().map(|line| line.into_any().unbind())
}
