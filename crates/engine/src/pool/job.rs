//! What the pool shares with its workers, and the work itself.

use tokio::sync::Notify;

use super::queue::Queue;
use crate::sync::AtomicU64;

/// One piece of blocking work.
pub(crate) trait Job: Send {
    /// Executes it. It should not panic: the worker survives, but no caller gets an answer unless the job's own
    /// drop gives one.
    fn run(self: Box<Self>);
}

/// The queue, and a count of its panics.
pub(super) struct Shared {
    pub(super) queue: Queue<Box<dyn Job>>,
    pub(super) panics: AtomicU64,
    /// Notified when a job has to wait for a busy worker.
    pub(super) pressed: Notify,
    /// The errno of the last refusal of a thread; 0 if there was none.
    pub(super) refusal: AtomicU64,
}
