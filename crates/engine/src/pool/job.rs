//! What the pool and its workers share, and what they work on.

use super::queue::Queue;
use crate::sync::AtomicU64;

/// One piece of blocking work.
pub(crate) trait Job: Send {
    /// Does it. Should not panic: the worker survives it, but nobody gets an answer unless the job's own
    /// drop gives one.
    fn run(self: Box<Self>);
}

/// The queue, and what has come of its jobs.
pub(super) struct Shared {
    pub(super) queue: Queue<Box<dyn Job>>,
    pub(super) panics: AtomicU64,
}
