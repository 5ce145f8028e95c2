//! Waiting for a free descriptor, in a queue.

use std::time::Instant;

use tokio::sync::MutexGuard;

use crate::context::EngineContext;
use crate::limits::{DESCRIPTOR_WAIT_MAX, RETRY_PAUSE_MAX};

/// The first place in the queue, and the time until which it may be kept.
pub(crate) struct DescriptorTurn<'a> {
    _queue: MutexGuard<'a, ()>,
    end: Instant,
}

impl EngineContext {
    /// Waits for the first place in the queue, then for a descriptor to be closed; `false` after so long that
    /// there is no hope. (Other parts of the process close theirs without notice: hence the pause.)
    pub(crate) async fn wait_for_descriptor<'a>(&'a self, turn: &mut Option<DescriptorTurn<'a>>) -> bool {
        let Some(turn) = turn else {
            let queue = self.descriptors.queue.lock().await;
            *turn = Some(DescriptorTurn { _queue: queue, end: Instant::now() + DESCRIPTOR_WAIT_MAX });
            return true;
        };
        tokio::select! {
            () = self.descriptors.freed.notified() => {}
            () = self.pause(RETRY_PAUSE_MAX) => {}
        }
        Instant::now() < turn.end
    }
}
