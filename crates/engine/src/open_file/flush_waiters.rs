//! What callers of a buffered file wait on.

use std::sync::Arc;

use tokio::sync::{Mutex, Notify};

/// What callers of a buffered file wait on. The write buffer itself is guarded by the turn.
#[derive(Debug, Default)]
pub(crate) struct FlushWaiters {
    /// Notified each time a chunk has ended.
    pub(crate) completed: Notify,
    /// Admits writers that wait for room in order of arrival.
    pub(crate) writers: Arc<Mutex<()>>,
}
