//! Path requests that a worker is executing.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use crate::context::registry::RunningBatch;
use crate::error::Operation;

/// Path requests that a worker is executing, for sweeps and shutdown.
#[derive(Debug, Default)]
pub(crate) struct RunningRequests {
    running: Mutex<(u64, HashMap<u64, RunningRequest>)>,
}

/// One such request.
#[derive(Debug)]
struct RunningRequest {
    operation: Operation,
    path: PathBuf,
    since: Instant,
    /// Whether a sweep has reported it as stuck.
    reported: bool,
}

impl RunningRequests {
    pub(crate) fn begin(&self, operation: Operation, path: &Path, since: Instant) -> u64 {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        running.0 += 1;
        let key = running.0;
        running.1.insert(key, RunningRequest { operation, path: path.to_owned(), since, reported: false });
        key
    }

    pub(crate) fn end(&self, key: u64) {
        self.running.lock().unwrap_or_else(PoisonError::into_inner).1.remove(&key);
    }

    /// Shows each of them.
    pub(crate) fn show_running(&self, show: &mut dyn FnMut(RunningBatch<'_>)) {
        for request in self.running.lock().unwrap_or_else(PoisonError::into_inner).1.values_mut() {
            let RunningRequest { operation, path, since, reported } = request;
            show(RunningBatch { operation: *operation, path, age: since.elapsed(), operations: 1, reported });
        }
    }
}
