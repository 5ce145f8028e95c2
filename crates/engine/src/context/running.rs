//! Requests that are under way without an open file's order: about paths, closures, closes of dropped files,
//! writes to streams.

use std::collections::HashMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use crate::context::registry::RunningBatch;
use crate::error::{Cause, Error, Operation};
use crate::oneshot::Abandon;

/// Such requests, for sweeps, snapshots and shutdown.
#[derive(Debug, Default)]
pub(crate) struct RunningRequests {
    running: Mutex<Running>,
}

#[derive(Debug, Default)]
struct Running {
    requests: HashMap<u64, RunningRequest>,
    keys: u64,
    /// Whether a shutdown has abandoned all of them: another would have a caller that is never answered.
    abandoned: bool,
}

/// One such request.
pub(crate) struct RunningRequest {
    info: RequestInfo,
    /// `None` if it has no caller who waits for a worker.
    abandoner: Option<Arc<dyn Abandon<Error>>>,
    /// The number of permits it holds: none if it closes a file that was dropped.
    permits: u64,
    since: Instant,
    /// Whether a sweep has reported it as stuck.
    reported: bool,
}

/// What an error of a request names, kept apart because the execution consumes the request.
#[derive(Clone, Debug)]
pub(crate) struct RequestInfo {
    pub(crate) operation: Operation,
    pub(crate) path: Arc<Path>,
    pub(crate) target: Option<PathBuf>,
}

impl RequestInfo {
    /// Names the operation and its paths: a closure of the program's own has none.
    pub(crate) fn refusal(&self, cause: Cause) -> Error {
        let error = Error::new(self.operation, cause);
        if self.operation == Operation::Run {
            return error;
        }
        let error = error.at_path(self.path.clone());
        match &self.target {
            Some(target) => error.with_target(target),
            None => error,
        }
    }
}

impl RunningRequest {
    /// A request that holds a permit, and has no caller that a worker answers.
    pub(crate) fn new(info: RequestInfo, since: Instant) -> Self {
        RunningRequest { info, abandoner: None, permits: 1, since, reported: false }
    }

    /// Its caller is answered if the request is abandoned.
    pub(crate) fn of(self, abandoner: Option<Arc<dyn Abandon<Error>>>) -> Self {
        RunningRequest { abandoner, ..self }
    }

    /// A request that no permit counts.
    pub(crate) fn without_permit(self) -> Self {
        RunningRequest { permits: 0, ..self }
    }
}

impl RunningRequests {
    /// Registers a request; `None` after a shutdown, and then it must not begin unless it has no caller.
    pub(crate) fn begin(&self, request: RunningRequest) -> Option<u64> {
        let mut running = self.running();
        if running.abandoned {
            return None;
        }
        running.keys += 1;
        let key = running.keys;
        running.requests.insert(key, request);
        Some(key)
    }

    pub(crate) fn end(&self, key: u64) {
        // Dropped outside of the lock, like everything that may be the last of its kind.
        let ended = self.running().requests.remove(&key);
        drop(ended);
    }

    /// Answers every caller, and lets no other request begin.
    pub(crate) fn abandon(&self) {
        let mut running = self.running();
        running.abandoned = true;
        let abandon = |request: &mut RunningRequest| {
            request.abandoner.take().map(|abandoner| (abandoner, request.info.refusal(Cause::Abandoned)))
        };
        let callers: Vec<_> = running.requests.values_mut().filter_map(abandon).collect();
        drop(running);
        callers.into_iter().for_each(|(abandoner, error)| abandoner.abandon(error));
    }

    /// Shows each of them.
    pub(crate) fn show_running(&self, show: &mut dyn FnMut(RunningBatch<'_>)) {
        for request in self.running().requests.values_mut() {
            let RunningRequest { info, since, permits, reported, abandoner: _ } = request;
            let (operation, age, operations) = (info.operation, since.elapsed(), *permits);
            show(RunningBatch { operation, path: &info.path, age, operations, reported });
        }
    }

    fn running(&self) -> MutexGuard<'_, Running> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for RunningRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RunningRequest").field("info", &self.info).finish_non_exhaustive()
    }
}
