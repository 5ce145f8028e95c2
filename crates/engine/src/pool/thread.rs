//! The only file that names `std::thread`.

use std::cell::Cell;
use std::{io, thread};

/// Starts a detached thread: the queue counts its workers, and waiting for that count has a deadline.
///
/// # Errors
///
/// The system refuses another thread.
#[expect(clippy::disallowed_methods, reason = "the one place where the library starts threads")]
pub(super) fn start(name: String, run: impl FnOnce() + Send + 'static) -> io::Result<()> {
    thread::Builder::new().name(name).spawn(run).map(drop)
}

/// Starts a thread that does nothing, and waits for its end.
///
/// # Errors
///
/// The system refuses another thread.
#[expect(clippy::disallowed_methods, reason = "the one place where the library starts threads")]
pub(crate) fn try_start() -> io::Result<()> {
    let started = thread::Builder::new().spawn(|| {})?;
    started.join().map_err(|_| io::Error::other("a thread that does nothing panicked"))
}

thread_local! {
    /// The pool whose worker this thread is, by its address; 0 for any other thread.
    static WORKS_FOR: Cell<usize> = const { Cell::new(0) };
}

/// Records that this thread is a worker of a pool.
pub(super) fn work_for(pool: usize) {
    WORKS_FOR.set(pool);
}

/// Whether this thread is a worker of the pool.
pub(super) fn works_for(pool: usize) -> bool {
    WORKS_FOR.try_with(|known| known.get() == pool).unwrap_or(false)
}

/// Threads that can run at once; 1 if the system does not say.
pub(crate) fn cores() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

/// Lets another thread run on this core, if one is ready to.
pub(super) fn yield_now() {
    thread::yield_now();
}
