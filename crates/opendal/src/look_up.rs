//! What is at a name: a file, a directory, or nothing.
//!
//! Most stores have keys and no directories: whatever has keys below it counts as one, and a key that ends in a slash stands
//! for an empty one. A file costs one request, a directory or a missing name two.

use std::io;

use futures::StreamExt;
use opendal::options::ListOptions;
use opendal::{ErrorKind, Metadata};
use rustix::io::Errno;

use crate::error::{error, of_store};
use crate::key::Key;
use crate::store::Store;

/// What was found.
pub(crate) enum Found {
    /// A file, with what the store says about it.
    File(Metadata),
    /// A directory, with what the store says about it, if it has directories.
    Dir(Option<Metadata>),
}

impl Store {
    /// Asks the store what is there; `None` for nothing. A file whose path ends like that of a directory is `ENOTDIR`.
    pub(crate) async fn look_up(&self, key: &Key) -> io::Result<Option<Found>> {
        if key.is_root() {
            return Ok(Some(Found::Dir(None)));
        }
        match self.operator.stat(key.file()).await {
            Ok(metadata) if metadata.is_dir() => Ok(Some(Found::Dir(Some(metadata)))),
            Ok(_) if key.is_of_dir && !self.has_below(key).await? => Err(error(Errno::NOTDIR)),
            Ok(_) if key.is_of_dir => Ok(Some(Found::Dir(None))),
            Ok(metadata) => Ok(Some(Found::File(metadata))),
            Err(failed) if failed.kind() == ErrorKind::NotFound => {
                Ok(self.has_below(key).await?.then_some(Found::Dir(None)))
            }
            Err(failed) => Err(of_store(failed)),
        }
    }

    /// Whether anything is below this name, or a directory has it: one request.
    pub(crate) async fn has_below(&self, key: &Key) -> io::Result<bool> {
        if key.is_root() {
            return Ok(true);
        }
        if !self.can.list {
            return Ok(false);
        }
        let options = ListOptions { limit: self.can.list_with_limit.then_some(1), ..ListOptions::default() };
        let first = match self.operator.lister_options(&key.dir(), options).await {
            Ok(mut lister) => lister.next().await.transpose(),
            Err(failed) => Err(failed),
        };
        match first {
            Ok(first) => Ok(first.is_some()),
            Err(failed) if is_no_dir(&failed) => Ok(false),
            Err(failed) => Err(of_store(failed)),
        }
    }

    /// Refuses what is not a directory: `ENOENT`, or `ENOTDIR` for a file.
    pub(crate) async fn require_dir(&self, key: &Key) -> io::Result<()> {
        match self.look_up(key).await? {
            Some(Found::Dir(_)) => Ok(()),
            Some(Found::File(_)) => Err(error(Errno::NOTDIR)),
            None => Err(error(Errno::NOENT)),
        }
    }
}

/// Whether the store says that there is no directory.
fn is_no_dir(failed: &opendal::Error) -> bool {
    matches!(failed.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}
