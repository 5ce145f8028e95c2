//! The workers: each takes jobs from its seat at the queue.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use super::job::{Job, Shared};
use super::queue::Seat;
use super::thread;
use crate::sync::Ordering;

/// Starts a worker on its seat.
///
/// # Errors
///
/// The system refuses another thread. The seat is gone then, and the queue must be told of its number.
pub(super) fn spawn(shared: Arc<Shared>, seat: Seat) -> io::Result<()> {
    thread::start(format!("folio-worker-{}", seat.number()), move || work(&shared, seat))
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
