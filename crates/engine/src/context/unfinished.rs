//! A count of the work that the end of the process has to wait for.

use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Instant;

/// Counts chunks in flight, accepted writes and removals.
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

    /// Blocks until the count is zero or the deadline has passed.
    pub(crate) fn wait(&self, deadline: Instant) {
        let count = self.count.lock().unwrap_or_else(PoisonError::into_inner);
        let left = deadline.saturating_duration_since(Instant::now());
        drop(self.fewer.wait_timeout_while(count, left, |count| *count > 0));
    }
}
