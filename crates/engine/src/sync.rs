//! The synchronisation types that the hand-written cores use: std's, or loom's under `--cfg folio_loom`.
//!
//! Only the turn, the pool's queue and the reply slot go through here. Everything else uses std directly,
//! because a loom model never runs it.

#[cfg(folio_loom)]
pub(crate) use loom::{
    sync::atomic::{AtomicU64, AtomicUsize, Ordering, fence},
    sync::{Condvar, Mutex, MutexGuard},
};
#[cfg(not(folio_loom))]
pub(crate) use std::{
    sync::atomic::{AtomicU64, AtomicUsize, Ordering, fence},
    sync::{Condvar, Mutex, MutexGuard},
};

/// Locks without poison: the cores hold no user code inside a critical section, so a poisoned lock could
/// only repeat a panic that has been reported already.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// Tells the processor (or loom's scheduler) that this thread is waiting for another.
pub(crate) fn spin() {
    #[cfg(folio_loom)]
    loom::thread::yield_now();
    #[cfg(not(folio_loom))]
    std::hint::spin_loop();
}

/// Whether the named mutant is planted: a deliberate bug that a loom model must catch.
///
/// Outside of loom builds this is the constant `false`. A model's test runs itself again in a child process
/// with `FOLIO_MUTANT` set and expects the child to fail.
#[cfg(not(folio_loom))]
pub(crate) const fn mutant(_name: &str) -> bool {
    false
}

/// See the other half.
#[cfg(folio_loom)]
pub(crate) fn mutant(name: &str) -> bool {
    std::env::var("FOLIO_MUTANT").is_ok_and(|planted| planted == name)
}
