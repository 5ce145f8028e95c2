//! What the callers were promised.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard};

/// All promises, and counts of the calls.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    next: AtomicU64,
    operations: AtomicU64,
    given_up: AtomicU64,
    all: Mutex<All>,
}

#[derive(Debug, Default)]
pub(super) struct All {
    /// Of each log, the records that were acknowledged, with their offsets.
    pub(super) appended: HashMap<usize, Vec<(u64, u64)>>,
    /// Of each buffered log, the records that were accepted.
    pub(super) accepted: HashMap<usize, HashSet<u64>>,
    /// Of each slot, the last version that was acknowledged, and the last one that was asked for.
    pub(super) slots: HashMap<(usize, u64), (u64, u64)>,
    /// Of each file that is replaced as a whole, the records that it may be.
    pub(super) replaced: HashMap<usize, HashSet<u64>>,
}

impl Ledger {
    /// Returns a number that no other record has.
    pub(super) fn number(&self) -> u64 {
        self.next.fetch_add(1, Relaxed) + 1
    }

    pub(super) fn count(&self, given_up: bool) {
        self.operations.fetch_add(1, Relaxed);
        self.given_up.fetch_add(u64::from(given_up), Relaxed);
    }

    /// Returns how many calls there were, and how many of them were given up.
    pub(super) fn counts(&self) -> (u64, u64) {
        (self.operations.load(Relaxed), self.given_up.load(Relaxed))
    }

    pub(super) fn all(&self) -> MutexGuard<'_, All> {
        self.all.lock().expect("no holder panics")
    }
}
