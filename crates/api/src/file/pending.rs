//! What a handle has under way by tokio's traits.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use folio_engine::Polled;

/// What a handle has under way by the traits.
#[derive(Default)]
pub(super) struct Pending {
    /// Made by the first use: most handles never see one, and a handle should be small.
    polled: Mutex<Option<Box<Polled>>>,
    /// One method at a time waits for it: what is under way knows one waker.
    pub(super) settling: tokio::sync::Mutex<()>,
    /// Whether a method has something to wait for; written by the traits, which have the handle for themselves.
    pub(super) busy: AtomicBool,
}

impl Pending {
    /// The state, for a trait's function that has the handle for itself.
    pub(super) fn polled(&mut self) -> &mut Polled {
        self.polled.get_mut().unwrap_or_else(PoisonError::into_inner).get_or_insert_default()
    }

    pub(super) fn is_busy(&self) -> bool {
        self.busy.load(Ordering::Relaxed)
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Option<Box<Polled>>> {
        self.polled.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes for the methods what a trait's function has left behind.
    pub(super) fn note(&mut self) {
        let busy = self.polled().is_busy();
        *self.busy.get_mut() = busy;
    }
}

impl fmt::Debug for Pending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pending").finish_non_exhaustive()
    }
}
