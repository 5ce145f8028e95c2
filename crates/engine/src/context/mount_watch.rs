//! Reports changes of what is mounted to the storage.

use std::os::fd::{AsFd, AsRawFd, RawFd};

use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::runtime::Handle;

use crate::storage::{MountWatch, Storage};

/// How a descriptor is marked at a change.
#[cfg(any(target_os = "linux", target_os = "android"))]
const CHANGED: Interest = Interest::PRIORITY;
/// Elsewhere tokio knows no such mark, and no storage of ours watches mounts.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
const CHANGED: Interest = Interest::READABLE;

#[derive(Debug)]
struct Changes(Box<dyn MountWatch>);

impl AsRawFd for Changes {
    fn as_raw_fd(&self) -> RawFd {
        self.0.changes().as_fd().as_raw_fd()
    }
}

/// Watches on the engine's runtime, from before its first operation until it ends. What cannot be watched stays unknown to
/// the storage, which then makes no call in place that depends on it.
pub(super) fn watch(storage: &dyn Storage, runtime: &Handle) {
    let Some(watch) = storage.watch_mounts() else { return };
    let _entered = runtime.enter();
    #[expect(
        deprecated,
        reason = "its successor is unsafe; what that asks for holds: one descriptor, kept open"
    )]
    let registered = AsyncFd::with_interest(Changes(watch), CHANGED);
    if let Ok(changes) = registered {
        runtime.spawn(report(changes));
    }
}

async fn report(changes: AsyncFd<Changes>) {
    while let Ok(mut ready) = changes.ready(CHANGED).await {
        // Before the report: a change after it must be noticed again.
        ready.clear_ready();
        changes.get_ref().0.changed();
    }
}
