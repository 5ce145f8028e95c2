//! Which engine carries out what concerns no open file: the default one, or that of an `async with` around the caller.

use std::future::Future;
use std::sync::atomic::{AtomicBool, Ordering};

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;

use crate::pending::{Outcome, Work};

/// An engine of its own: its workers, its limits.
#[pyclass(frozen, weakref, module = "folio._folio")]
pub(crate) struct EngineCore {
    pub(crate) engine: folio::Engine,
}

/// Set with the first engine beside the default one. Until then no one has to ask which is current.
static USED: AtomicBool = AtomicBool::new(false);

impl EngineCore {
    pub(crate) fn over(engine: folio::Engine) -> EngineCore {
        USED.store(true, Ordering::Release);
        EngineCore { engine }
    }
}

/// `work`, on the engine that is current for the caller.
pub(crate) fn on_current(
    py: Python<'_>,
    work: impl Future<Output = Outcome> + Send + 'static,
) -> PyResult<Work> {
    static CURRENT: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    if !USED.load(Ordering::Acquire) {
        return Ok(Box::pin(work));
    }
    let current = CURRENT.import(py, "folio._engine", "current")?.call_method0("get")?;
    Ok(match current.cast::<EngineCore>() {
        Ok(core) => {
            let engine = core.get().engine.clone();
            Box::pin(async move { engine.scope(work).await })
        }
        Err(_) => Box::pin(work),
    })
}
