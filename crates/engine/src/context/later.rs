//! Calls of storages that answer later: on the engine's runtime, which lives until they have ended.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::Notify;

/// A count of the calls under way.
#[derive(Debug, Default)]
pub(crate) struct LaterCalls {
    count: AtomicUsize,
    ended: Notify,
}

impl LaterCalls {
    /// Waits until none is under way.
    pub(crate) async fn ended(&self) {
        loop {
            let ended = self.ended.notified();
            if !self.are_some() {
                return;
            }
            ended.await;
        }
    }

    /// Counts a call until its end.
    pub(crate) fn counted(
        self: &Arc<Self>,
        call: impl Future<Output = ()> + Send + 'static,
    ) -> impl Future<Output = ()> + Send + 'static {
        self.count.fetch_add(1, Ordering::AcqRel);
        let under_way = UnderWay(self.clone());
        async move {
            call.await;
            drop(under_way);
        }
    }

    pub(crate) fn are_some(&self) -> bool {
        self.count.load(Ordering::Acquire) > 0
    }
}

/// One call under way.
struct UnderWay(Arc<LaterCalls>);

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.count.fetch_sub(1, Ordering::AcqRel);
        self.0.ended.notify_waiters();
    }
}
