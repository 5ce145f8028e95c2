//! The synchronisation types that the hand-written cores use: std's, or loom's under `--cfg folio_loom`.
//!
//! Only the turn, the pool's queue, the oneshot, the table of lent bytes, listing ahead of a walk and the count of
//! unfinished work use these. Everything else uses std directly, because a loom model never runs it.

use std::time::Instant;

#[cfg(folio_loom)]
pub(crate) use loom::{
    sync::atomic::{AtomicU64, AtomicUsize, Ordering},
    sync::{Condvar, Mutex, MutexGuard},
};
#[cfg(not(folio_loom))]
pub(crate) use std::{
    sync::atomic::{AtomicU64, AtomicUsize, Ordering},
    sync::{Condvar, Mutex, MutexGuard},
};

/// Locks and ignores poison: the cores run no user code while they hold a lock, so a poisoned lock could only
/// repeat a panic that has been reported already.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// Waits for a notification, at most until the deadline (`None`: without limit).
///
/// It may return early, so the caller checks its condition and [`has_passed`] again.
#[cfg(not(folio_loom))]
pub(crate) fn wait_until<'a, T>(
    condvar: &Condvar,
    guard: MutexGuard<'a, T>,
    deadline: Option<Instant>,
) -> MutexGuard<'a, T> {
    match deadline {
        Some(deadline) => {
            let left = deadline.saturating_duration_since(Instant::now());
            let waited = condvar.wait_timeout(guard, left);
            waited.unwrap_or_else(std::sync::PoisonError::into_inner).0
        }
        None => condvar.wait(guard).unwrap_or_else(std::sync::PoisonError::into_inner),
    }
}

/// Whether the deadline has passed.
#[cfg(not(folio_loom))]
pub(crate) fn has_passed(deadline: Option<Instant>) -> bool {
    deadline.is_some_and(|deadline| Instant::now() >= deadline)
}

/// See the other half. A model has no time, so no timeout rescues a thread that was not woken.
#[cfg(folio_loom)]
pub(crate) fn wait_until<'a, T>(
    condvar: &Condvar,
    guard: MutexGuard<'a, T>,
    _deadline: Option<Instant>,
) -> MutexGuard<'a, T> {
    condvar.wait(guard).unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// See the other half.
#[cfg(folio_loom)]
pub(crate) const fn has_passed(_deadline: Option<Instant>) -> bool {
    false
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

/// The given ordering, or none at all if the named mutant is planted.
pub(crate) fn ordering(given: Ordering, name: &str) -> Ordering {
    if mutant(name) { Ordering::Relaxed } else { given }
}
