//! Waiting for a free descriptor, in a queue.

use std::time::Instant;

use tokio::sync::MutexGuard;

use crate::context::EngineContext;
use crate::limits::{DESCRIPTOR_WAIT_MAX, RETRY_PAUSE_MAX};

/// The wait of one request, from its first refusal to its end.
#[derive(Default)]
pub(super) struct DescriptorWait<'a> {
    /// When it is over, whatever its place in the queue; `None` before the first refusal. A request that counted from
    /// the moment in which it became the first would wait for the time of all before it.
    end: Option<Instant>,
    /// The first place in the queue, kept until the request has its descriptor.
    first: Option<MutexGuard<'a, ()>>,
}

impl EngineContext {
    /// Waits for the first place in the queue, then for a descriptor to be closed; `false` after so long that
    /// there is no hope. (Other parts of the process close theirs without notice: hence the pause.)
    pub(super) async fn wait_for_descriptor<'a>(&'a self, wait: &mut DescriptorWait<'a>) -> bool {
        let now = Instant::now();
        let end = *wait.end.get_or_insert(now + DESCRIPTOR_WAIT_MAX);
        let left = end.saturating_duration_since(now);
        let mut stop = self.stopped.subscribe();
        if wait.first.is_none() {
            tokio::select! {
                biased;
                first = self.descriptors.queue.lock() => wait.first = Some(first),
                () = self.pause(left) => {}
                _ = stop.wait_for(|stopped| *stopped) => {}
            }
            return wait.first.is_some();
        }
        tokio::select! {
            () = self.descriptors.freed.notified() => {}
            () = self.pause(RETRY_PAUSE_MAX.min(left)) => {}
            _ = stop.wait_for(|stopped| *stopped) => return false,
        }
        Instant::now() < end
    }
}
