//! Listings that were begun before the walk came to their directories, on a storage whose calls answer later.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::task::JoinHandle;

use crate::op::dir_stream::DirStream;
use crate::storage::AsyncStorage;

/// A listing that was begun before the walk came to its directory. Dropping it gives it up.
pub(super) struct Ahead(JoinHandle<DirStream>);

impl Ahead {
    pub(super) fn begin(path: PathBuf, storage: Arc<dyn AsyncStorage>) -> Ahead {
        Ahead(tokio::spawn(async move { list(&path, &*storage).await }))
    }

    pub(super) async fn listing(mut self) -> DirStream {
        match (&mut self.0).await {
            Ok(listing) => listing,
            Err(_) => {
                DirStream::of_later(Err(io::Error::other("the listing panicked, or its engine has stopped")))
            }
        }
    }
}

impl Drop for Ahead {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Lists the first entries of a directory.
pub(super) async fn list(path: &Path, storage: &dyn AsyncStorage) -> DirStream {
    let mut listing = DirStream::of_later(storage.list(path).await);
    listing.hold_some_later(path, 1).await;
    listing
}
