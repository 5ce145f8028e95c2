//! Waiting for a descriptor, in line.

use std::time::Instant;

use tokio::sync::MutexGuard;

use crate::context::EngineContext;
use crate::limits::{DESCRIPTOR_WAIT_MAX, RETRY_PAUSE_MAX};

/// The front of the line, and until when it is worth standing there.
pub(crate) struct Front<'a> {
    _line: MutexGuard<'a, ()>,
    end: Instant,
}

impl EngineContext {
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
