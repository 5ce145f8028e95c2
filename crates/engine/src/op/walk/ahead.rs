//! Listings that were begun before the walk came to their directories, on a storage whose calls answer later.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::task::JoinHandle;

use crate::limits::ENTRIES_LATER_MAX;
use crate::op::dir_stream::DirStream;
use crate::storage::AsyncStorage;

/// A listing that was begun before the walk came to its directory. Dropping it gives it up.
///
/// It holds whole directories only: one that goes on could keep a permit of the storage for as long as the walk waits for
/// another.
pub(super) struct Ahead(JoinHandle<Option<DirStream>>);

impl Ahead {
    pub(super) fn begin(path: PathBuf, storage: Arc<dyn AsyncStorage>) -> Ahead {
        Ahead(tokio::spawn(async move {
            let listing = list(&path, &*storage, ENTRIES_LATER_MAX).await;
            listing.is_whole().then_some(listing)
        }))
    }

    /// The listing; `None` if the directory is too long to be listed ahead.
    pub(super) async fn listing(mut self) -> Option<DirStream> {
        let failed = || io::Error::other("the listing panicked, or its engine has stopped");
        (&mut self.0).await.unwrap_or_else(|_| Some(DirStream::of_later(Err(failed()))))
    }
}

impl Drop for Ahead {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Lists a directory until there are so many entries.
pub(super) async fn list(path: &Path, storage: &dyn AsyncStorage, entries: usize) -> DirStream {
    let mut listing = DirStream::of_later(storage.list(path).await);
    listing.hold_some_later(path, entries).await;
    listing
}
