//! The workers: each takes jobs from the queue.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use super::job::{Job, Shared};
use super::queue::Seat;
use super::thread;
use crate::sync::Ordering;

/// Starts a worker with its seat.
///
/// # Errors
///
/// The system refuses another thread. The seat is gone then, and the caller must report its number to the
/// queue.
pub(super) fn spawn(shared: Arc<Shared>, seat: Seat) -> io::Result<()> {
    thread::start(format!("folio-worker-{}", seat.number()), move || work(&shared, seat))
}

fn work(shared: &Shared, mut seat: Seat) {
    thread::work_for(std::ptr::from_ref(shared).addr());
    while let Some(job) = shared.queue.next(&mut seat) {
        run(shared, job);
    }
}

fn run(shared: &Shared, job: Box<dyn Job>) {
    // A job owns all it touches, so no other code sees what it leaves half done.
    if let Err(payload) = catch_unwind(AssertUnwindSafe(|| job.run())) {
        shared.panics.fetch_add(1, Ordering::Relaxed);
        // Dropping a payload may panic in turn, which would end the worker unnoticed by the queue.
        std::mem::forget(payload);
    }
}
