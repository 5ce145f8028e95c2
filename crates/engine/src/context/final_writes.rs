//! Final writes of buffered files that were dropped, and the wait for them. A later request for the same file,
//! or for a path that leads to it, waits; otherwise the file would seem to lack bytes.

use std::collections::HashMap;
use std::future::Future;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::storage::Identity;

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct FinalWrites {
    /// Number of entries, so that a call without any costs one load. A caller that drops a file and then makes
    /// a request is one thread, or synchronises two by other means; Relaxed is enough.
    count: AtomicUsize,
    files: Mutex<HashMap<Identity, usize>>,
    ended: Notify,
    /// Whether a shutdown has abandoned them. Relaxed: its notification publishes it to those who wait.
    abandoned: AtomicBool,
}

impl FinalWrites {
    pub(crate) fn begin(&self, file: Identity) {
        *self.files().entry(file).or_default() += 1;
        self.count.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn end(&self, file: Identity) {
        let mut files = self.files();
        if let Some(count) = files.get_mut(&file) {
            *count -= 1;
            if *count == 0 {
                files.remove(&file);
            }
        }
        drop(files);
        self.count.fetch_sub(1, Ordering::Relaxed);
        self.ended.notify_waiters();
    }

    /// Whether there are any final writes.
    pub(crate) fn is_any(&self) -> bool {
        self.count.load(Ordering::Relaxed) > 0
    }

    /// Completes when the next file is done, even if that happens before the first poll.
    pub(crate) fn next_end(&self) -> impl Future<Output = ()> {
        self.ended.notified()
    }

    /// Whether they include one of these files; with `below`, any file on the same devices, since the contents
    /// of a directory are unknown.
    pub(crate) fn include(&self, wanted: &[Identity], below: bool) -> bool {
        let files = self.files();
        wanted.iter().any(|wanted| match below {
            true => files.keys().any(|file| file.device == wanted.device),
            false => files.contains_key(wanted),
        })
    }

    /// Ends every wait, now and later.
    pub(crate) fn abandon(&self) {
        self.abandoned.store(true, Ordering::Relaxed);
        self.ended.notify_waiters();
    }

    /// Waits while `is_affected` returns true, which is asked again each time a file is done; `false` if the wait was
    /// abandoned.
    pub(crate) async fn wait_while(&self, is_affected: impl Fn() -> bool) -> bool {
        while self.is_any() {
            let ended = self.next_end();
            if !is_affected() {
                return true;
            }
            if self.abandoned.load(Ordering::Relaxed) {
                return false;
            }
            ended.await;
        }
        true
    }

    fn files(&self) -> MutexGuard<'_, HashMap<Identity, usize>> {
        self.files.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_waited_for_by_whoever_is_about_it_or_about_what_it_may_be_in() {
        let final_writes = FinalWrites::default();
        let file = |device, inode| Identity { device, inode };
        final_writes.begin(file(1, 7));
        final_writes.begin(file(1, 7));
        assert!(final_writes.is_any());
        assert!(final_writes.include(&[file(1, 8), file(1, 7)], false));
        assert!(!final_writes.include(&[file(1, 8), file(2, 7)], false));
        assert!(final_writes.include(&[file(1, 8)], true) && !final_writes.include(&[file(2, 7)], true));
        final_writes.end(file(1, 7));
        assert!(final_writes.include(&[file(1, 7)], false));
        final_writes.end(file(1, 7));
        assert!(!final_writes.is_any() && !final_writes.include(&[file(1, 7)], true));
    }
}
