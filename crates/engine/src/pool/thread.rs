//! The only file that names `std::thread`.

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

/// Threads that can run at once; 1 if the system does not say.
pub(crate) fn cores() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

/// Lets another thread run on this core, if one is ready to.
pub(super) fn yield_now() {
    thread::yield_now();
}
