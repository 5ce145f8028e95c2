//! What buffered files that were dropped have still to write, and who waits for it: whoever asks for the same file
//! next, by whatever path, or opens it. Without that, a file would seem to lack what was written to it.

use std::collections::HashMap;
use std::future::Future;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::storage::Identity;

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct FinalWrites {
    /// How many there are, so that a call without any costs one load. Whoever drops a file and then calls is
    /// one thread, or has told the other by something stronger; Relaxed is enough.
    count: AtomicUsize,
    files: Mutex<HashMap<Identity, usize>>,
    gone: Notify,
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
        self.gone.notify_waiters();
    }

    /// Whether there are any.
    pub(crate) fn is_any(&self) -> bool {
        self.count.load(Ordering::Relaxed) > 0
    }

    /// Ends when the next one has gone, even if that is before it is awaited.
    pub(crate) fn gone(&self) -> impl Future<Output = ()> {
        self.gone.notified()
    }

    /// Whether one of these files is among them; with `below`, whether anything on their devices is, since nobody knows
    /// what is below a directory.
    pub(crate) fn concerns(&self, wanted: &[Identity], below: bool) -> bool {
        let files = self.files();
        wanted.iter().any(|wanted| match below {
            true => files.keys().any(|file| file.device == wanted.device),
            false => files.contains_key(wanted),
        })
    }

    /// Waits as long as `parting` says so; it is asked again each time a file has gone.
    pub(crate) async fn wait_while(&self, final_writes: impl Fn() -> bool) {
        while self.is_any() {
            let gone = self.gone();
            if !final_writes() {
                return;
            }
            gone.await;
        }
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
        assert!(final_writes.concerns(&[file(1, 8), file(1, 7)], false));
        assert!(!final_writes.concerns(&[file(1, 8), file(2, 7)], false));
        assert!(final_writes.concerns(&[file(1, 8)], true) && !final_writes.concerns(&[file(2, 7)], true));
        final_writes.end(file(1, 7));
        assert!(final_writes.concerns(&[file(1, 7)], false));
        final_writes.end(file(1, 7));
        assert!(!final_writes.is_any() && !final_writes.concerns(&[file(1, 7)], true));
    }
}
