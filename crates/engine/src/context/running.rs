//! Path requests that a worker is executing.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use crate::error::Operation;

/// Path requests that a worker is executing, for sweeps and shutdown.
#[derive(Debug, Default)]
pub(crate) struct RunningRequests {
    running: Mutex<(u64, HashMap<u64, RunningRequest>)>,
}

/// One such request.
#[derive(Clone, Debug)]
pub(crate) struct RunningRequest {
    pub(crate) operation: Operation,
    pub(crate) path: PathBuf,
    pub(crate) since: Instant,
}

impl RunningRequests {
    pub(crate) fn begin(&self, operation: Operation, path: &Path, since: Instant) -> u64 {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        running.0 += 1;
        let key = running.0;
        running.1.insert(key, RunningRequest { operation, path: path.to_owned(), since });
        key
    }

    pub(crate) fn end(&self, key: u64) {
        self.running.lock().unwrap_or_else(PoisonError::into_inner).1.remove(&key);
    }

    pub(crate) fn all(&self) -> Vec<RunningRequest> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner).1.values().cloned().collect()
    }
}
