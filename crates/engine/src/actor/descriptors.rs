//! When the process is out of descriptors: who wants to open a file waits in line until one is given up.

use std::time::Instant;

use tokio::sync::{Mutex, MutexGuard, Notify};

use crate::actor::services::Services;
use crate::error::Error;
use crate::limits::{DESCRIPTOR_WAIT_MAX, RETRY_PAUSE_MAX};
use crate::storage::errno;

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Descriptors {
    /// Only the one in front tries again; the others would only meet the same refusal.
    line: Mutex<()>,
    freed: Notify,
}

/// The front of the line, and until when it is worth standing there.
pub(crate) struct Front<'a> {
    _line: MutexGuard<'a, ()>,
    end: Instant,
}

impl Descriptors {
    /// Tells whoever waits that a descriptor may be free.
    pub(crate) fn free_one(&self) {
        self.freed.notify_one();
    }
}

impl Services {
    /// Waits for the front of the line, and there for a descriptor to be given up; `false` if none was for so
    /// long that there is no hope. (Other parts of the process give up theirs without a word: hence the pause.)
    pub(crate) async fn wait_for_descriptor<'a>(&'a self, front: &mut Option<Front<'a>>) -> bool {
        let Some(front) = front else {
            let line = self.descriptors.line.lock().await;
            *front = Some(Front { _line: line, end: Instant::now() + DESCRIPTOR_WAIT_MAX });
            return true;
        };
        tokio::select! {
            () = self.descriptors.freed.notified() => {}
            () = self.pause(RETRY_PAUSE_MAX) => {}
        }
        Instant::now() < front.end
    }
}

/// Whether the process, or the system, has no descriptor left.
pub(crate) fn are_used_up(error: &Error) -> bool {
    matches!(error.raw_os_error(), Some(errno::PROCESS_TABLE_FULL | errno::SYSTEM_TABLE_FULL))
}
