//! Engines with limits of their own.

use std::time::Duration;

use folio::Snapshot;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::answer::Answer;
use crate::awaitable::Operation;
use crate::current::EngineCore;
use crate::errors::{CLOSED, Told, raised};

#[pymethods]
impl EngineCore {
    #[new]
    #[pyo3(signature = (ops, bytes, workers))]
    fn new(
        py: Python<'_>,
        ops: Option<usize>,
        bytes: Option<usize>,
        workers: Option<usize>,
    ) -> PyResult<EngineCore> {
        let mut builder = folio::Engine::builder();
        if let Some(ops) = ops {
            builder = builder.ops_max(ops);
        }
        if let Some(bytes) = bytes {
            builder = builder.bytes_max(bytes);
        }
        if let Some(workers) = workers {
            builder = builder.workers_max(workers);
        }
        let engine = builder.start().map_err(|error| raised(py, &error, &Told::of_file(CLOSED)))?;
        Ok(EngineCore::over(engine))
    }

    /// Ends it: waits for what is under way until the deadline.
    fn shutdown(&self, py: Python<'_>, seconds: f64) -> PyResult<Operation> {
        let deadline = Duration::try_from_secs_f64(seconds)
            .map_err(|error| pyo3::exceptions::PyValueError::new_err(error.to_string()))?;
        let engine = self.engine.clone();
        Ok(Operation::start(py, Told::of_file(CLOSED), async move {
            let report = engine.shutdown(deadline).await?;
            Ok(Answer::make(move |py| {
                let fields = PyDict::new(py);
                fields.set_item("completed", report.completed)?;
                fields.set_item("never_started", report.never_started)?;
                fields.set_item("abandoned", report.abandoned.len())?;
                Ok(fields.into_any().unbind())
            }))
        }))
    }

    /// The figures of a `Snapshot`, by their names.
    fn snapshot<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        figures(py, &self.engine.snapshot())
    }
}

/// The figures of the default engine.
#[pyfunction]
pub(crate) fn snapshot(py: Python<'_>) -> PyResult<Bound<'_, PyDict>> {
    let engine = folio::Engine::try_global().map_err(|error| raised(py, &error, &Told::of_file(CLOSED)))?;
    figures(py, &engine.snapshot())
}

fn figures<'py>(py: Python<'py>, seen: &Snapshot) -> PyResult<Bound<'py, PyDict>> {
    let counters = &seen.counters;
    let fields = PyDict::new(py);
    for (name, value) in [
        ("in_flight", seen.in_flight),
        ("in_flight_peak", seen.in_flight_peak),
        ("open_files", seen.files.len() as u64),
        ("workers", seen.pool.workers as u64),
        ("queued", seen.pool.queued as u64),
        ("running", seen.pool.running as u64),
        ("in_place", counters.in_place),
        ("jobs", counters.jobs),
        ("opened", counters.opened),
        ("closed", counters.closed),
        ("bytes_read", counters.bytes_read),
        ("bytes_written", counters.bytes_written),
        ("writes_buffered", counters.writes_buffered),
        ("syncs_asked", counters.syncs_asked),
        ("syncs_issued", counters.syncs_issued),
        ("refusals", counters.refusals),
        ("cancelled", counters.cancelled),
        ("stuck", counters.stuck),
        ("unobserved_errors", counters.unobserved_errors),
    ] {
        fields.set_item(name, value)?;
    }
    Ok(fields)
}
