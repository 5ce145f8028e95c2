//! When the process is out of descriptors: who wants to open a file waits in line until one is given up.

use tokio::sync::{Mutex, Notify};

use crate::error::Error;
use crate::storage::errno;

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Descriptors {
    /// Only the one in front tries again; the others would only meet the same refusal.
    pub(crate) line: Mutex<()>,
    pub(crate) freed: Notify,
}

impl Descriptors {
    /// Tells whoever waits that a descriptor may be free.
    pub(crate) fn free_one(&self) {
        self.freed.notify_one();
    }
}

/// Whether the process, or the system, has no descriptor left.
pub(crate) fn are_used_up(error: &Error) -> bool {
    matches!(error.raw_os_error(), Some(errno::PROCESS_TABLE_FULL | errno::SYSTEM_TABLE_FULL))
}
