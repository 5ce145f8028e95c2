//! The threads: the only file that names `std::thread`.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread;

use super::queue::Seat;
use super::{Job, Shared};
use crate::sync::Ordering;

/// Starts a worker on its seat.
///
/// # Errors
///
/// The system refuses another thread. The seat is gone then, and the queue must be told of its number.
#[expect(clippy::disallowed_methods, reason = "the one place where the library starts threads")]
pub(super) fn spawn(shared: Arc<Shared>, seat: Seat) -> io::Result<()> {
    let name = format!("folio-worker-{}", seat.number());
    // The handle is dropped: a worker is waited for by the queue's count, which has a deadline.
    thread::Builder::new().name(name).spawn(move || work(&shared, seat)).map(drop)
}

/// Threads that can run at a time; 1 if the system does not say.
pub(crate) fn cores() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

/// Lets another thread run on this core, if one is ready to.
pub(super) fn give_way() {
    thread::yield_now();
}

fn work(shared: &Shared, mut seat: Seat) {
    while let Some(job) = shared.queue.next(&mut seat) {
        run(shared, job);
    }
}

fn run(shared: &Shared, job: Box<dyn Job>) {
    // A job owns all it touches, so nothing that it leaves half done is seen again.
    if let Err(payload) = catch_unwind(AssertUnwindSafe(|| job.run())) {
        shared.panics.fetch_add(1, Ordering::Relaxed);
        // Dropping a payload may panic in turn and would end the worker without the queue's knowing.
        std::mem::forget(payload);
    }
}
