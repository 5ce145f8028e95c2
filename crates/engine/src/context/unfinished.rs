//! How much there is that the end of the process has to wait for.

use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Instant;

/// What is on its way: portions of buffered files, accepted writes, removals.
#[derive(Debug, Default)]
pub(crate) struct Unfinished {
    count: Mutex<u64>,
    fewer: Condvar,
}

impl Unfinished {
    pub(crate) fn add(&self) {
        *self.count.lock().unwrap_or_else(PoisonError::into_inner) += 1;
    }

    pub(crate) fn done(&self) {
        *self.count.lock().unwrap_or_else(PoisonError::into_inner) -= 1;
        self.fewer.notify_all();
    }

    /// Blocks until there are none, or the deadline has come.
    pub(crate) fn wait(&self, deadline: Instant) {
        let count = self.count.lock().unwrap_or_else(PoisonError::into_inner);
        let left = deadline.saturating_duration_since(Instant::now());
        drop(self.fewer.wait_timeout_while(count, left, |count| *count > 0));
    }
}
