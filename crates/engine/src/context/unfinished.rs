//! A count of the work that the end of the process has to wait for.

use std::time::Instant;

use crate::sync::{Condvar, Mutex, has_passed, lock, mutant, wait_until};

/// Counts chunks in flight, accepted writes and removals.
#[derive(Debug)]
pub(crate) struct Unfinished {
    count: Mutex<u64>,
    fewer: Condvar,
}

impl Unfinished {
    pub(crate) fn new() -> Self {
        Unfinished { count: Mutex::new(0), fewer: Condvar::new() }
    }

    pub(crate) fn add(&self) {
        *lock(&self.count) += 1;
    }

    pub(crate) fn done(&self) {
        *lock(&self.count) -= 1;
        if !mutant("unfinished-ends-without-waking") {
            self.fewer.notify_all();
        }
    }

    /// Blocks until the count is zero or the deadline has passed.
    pub(crate) fn wait(&self, deadline: Instant) {
        let deadline = Some(deadline);
        let mut count = lock(&self.count);
        while *count > 0 && !has_passed(deadline) {
            if mutant("unfinished-sleeps-after-looking") {
                drop(count);
                count = lock(&self.count);
            }
            count = wait_until(&self.fewer, count, deadline);
        }
    }
}

/// What a model asks in the end.
#[cfg(all(test, folio_loom))]
impl Unfinished {
    pub(crate) fn is_none(&self) -> bool {
        *lock(&self.count) == 0
    }
}
