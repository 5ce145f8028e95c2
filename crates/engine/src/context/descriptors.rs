//! A queue for free descriptors, for a process that has none left.

use tokio::sync::{Mutex, Notify};

use crate::error::Error;
use crate::storage::errno;

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Descriptors {
    /// Only the first waiter retries; the others would meet the same refusal.
    pub(crate) queue: Mutex<()>,
    pub(crate) freed: Notify,
}

impl Descriptors {
    /// Notifies the first waiter that a descriptor may be free.
    pub(crate) fn free_one(&self) {
        self.freed.notify_one();
    }
}

/// Whether the process, or the system, has no descriptor left.
pub(crate) fn are_used_up(error: &Error) -> bool {
    matches!(error.raw_os_error(), Some(errno::PROCESS_TABLE_FULL | errno::SYSTEM_TABLE_FULL))
}
