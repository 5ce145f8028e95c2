//! What callers of a buffered file wait for.

use std::sync::Arc;

use tokio::sync::{Mutex, Notify};

/// What callers of a buffered file wait for. What it keeps back is behind the turn.
#[derive(Debug, Default)]
pub(crate) struct FlushWaiters {
    /// Told each time a portion has landed.
    pub(crate) completed: Notify,
    /// Serves the writers who wait for room in the order they came.
    pub(crate) line: Arc<Mutex<()>>,
}
