//! Walking a storage whose calls answer later: the same walk, with the listings of the next directories begun ahead.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::task::JoinHandle;

use super::{OpenWalk, Result, Stage, WalkBatch, WalkEntry, WalkOrder, path_of};
use crate::limits::{LISTINGS_LATER_MAX, LISTINGS_LATER_SEEN_MAX, WALK_STEPS_MAX};
use crate::op::dir_stream::DirStream;
use crate::storage::{AsyncStorage, Asynchronous, Kind};

/// A listing that was begun before the walk came to its directory. Dropping it gives it up.
pub(super) struct Ahead(JoinHandle<DirStream>);

impl Ahead {
    fn begin(path: PathBuf, storage: Arc<dyn AsyncStorage>) -> Ahead {
        Ahead(tokio::spawn(async move { list(&path, &*storage).await }))
    }

    async fn listing(mut self) -> DirStream {
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
async fn list(path: &Path, storage: &dyn AsyncStorage) -> DirStream {
    let mut listing = DirStream::of_later(storage.list(path).await);
    listing.hold_some_later(path, 1).await;
    listing
}

impl OpenWalk {
    /// Walks until a batch is full.
    pub(super) async fn go_on_later(mut self, storage: Arc<dyn AsyncStorage>) -> WalkBatch {
        let mut met = Vec::with_capacity(self.batch);
        self.batch_bytes = 0;
        for _ in 0..WALK_STEPS_MAX {
            if self.is_full(&met) {
                break;
            }
            if !self.step_later(&storage, &mut met).await {
                return WalkBatch { met, next: None };
            }
        }
        self.grow_batch();
        WalkBatch { met, next: Some(self) }
    }

    /// Handles the next entry, or the end of a directory; `false` at the end of the walk.
    async fn step_later(
        &mut self,
        storage: &Arc<dyn AsyncStorage>,
        met: &mut Vec<Result<WalkEntry>>,
    ) -> bool {
        // Such a storage has one device and no links, so that the walk asks it for nothing but listings.
        let asks_nothing = Asynchronous::of(storage.clone());
        let entered = if self.stage == Stage::Fresh {
            self.stage = Stage::UnderWay;
            self.prefetch = None;
            self.rules.same_file_system = false;
            let root = storage.metadata(&self.root).await;
            self.begin(root, &asks_nothing, met)
        } else {
            let Some(level) = self.levels.last_mut() else { return false };
            if level.rest.found.is_empty() {
                level.rest.hold_some_later(path_of(&self.here, level.len), 1).await;
                self.list_ahead(storage);
            }
            self.next(&asks_nothing, met)
        };
        if let Some(directory) = entered {
            let listing = self.listing_later(directory.path(), storage).await;
            self.enter(directory, listing, &asks_nothing, met);
            self.list_ahead(storage);
        }
        true
    }

    async fn listing_later(&mut self, path: &Path, storage: &Arc<dyn AsyncStorage>) -> DirStream {
        let mut listing = match self.ahead.remove(path) {
            Some(ahead) => ahead.listing().await,
            None => list(path, &**storage).await,
        };
        if !matches!(self.rules.order, WalkOrder::AsListed) {
            listing.hold_some_later(path, usize::MAX).await;
        }
        listing
    }

    /// Begins to list the directories that come next, if the walk enters whatever it meets.
    fn list_ahead(&mut self, storage: &Arc<dyn AsyncStorage>) {
        let depth = self.levels.len();
        let Some(level) = self.levels.last().filter(|_| depth < self.rules.max_depth) else { return };
        if self.rules.filter.is_some() {
            return;
        }
        let directory = path_of(&self.here, level.len);
        let seen = level.rest.found.iter().take(LISTINGS_LATER_SEEN_MAX).flatten();
        for found in seen.filter(|found| found.kind == Some(Kind::Dir)) {
            if self.ahead.len() >= LISTINGS_LATER_MAX {
                return;
            }
            let path = found.whole_path(directory);
            self.ahead.entry(path).or_insert_with_key(|path| Ahead::begin(path.clone(), storage.clone()));
        }
    }
}
