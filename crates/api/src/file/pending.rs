//! The pending operations of a handle by tokio's traits.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use folio_engine::Polled;

/// The pending operations of a handle by the traits.
#[derive(Default)]
pub(super) struct Pending {
    /// Allocated by the first use, because most handles never need it and a handle should be small.
    polled: Mutex<Option<Box<Polled>>>,
    /// Held by the one method that waits, because pending operations have only one waker.
    pub(super) settling: tokio::sync::Mutex<()>,
    /// Whether methods have to wait; written by the traits, which have exclusive access to the handle.
    pub(super) busy: AtomicBool,
}

impl Pending {
    /// The state, for a trait's function, which has exclusive access to the handle.
    pub(super) fn polled(&mut self) -> &mut Polled {
        self.polled.get_mut().unwrap_or_else(PoisonError::into_inner).get_or_insert_default()
    }

    pub(super) fn is_busy(&self) -> bool {
        self.busy.load(Ordering::Relaxed)
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Option<Box<Polled>>> {
        self.polled.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Records for the methods whether a trait's function has left an operation pending.
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
