//! What is at a name: a file, a directory, or nothing.
//!
//! Most stores have keys and no directories: whatever has keys below it counts as one, and a key that ends in a slash stands
//! for an empty one. A file costs one request, a directory or a missing name two. Servers of files say what it is at once.

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
            Ok(metadata) if !key.is_of_dir => Ok(Some(Found::File(metadata))),
            Ok(_) if self.has_keys_alone() && self.has_below(key).await? => Ok(Some(Found::Dir(None))),
            Ok(_) => Err(error(Errno::NOTDIR)),
            Err(failed) if failed.kind() == ErrorKind::NotFound => {
                Ok(self.has_below(key).await?.then_some(Found::Dir(None)))
            }
            Err(failed) => Err(of_store(failed)),
        }
    }

    /// Whether directories are nothing but parts of keys. Such stores can list all keys below one.
    fn has_keys_alone(&self) -> bool {
        self.can.list_with_recursive
    }

    /// Whether a directory has this name, which a file is to have: one request. A file that has it already is not listed like
    /// a directory where directories are more than parts of keys: servers answer that in ways of their own.
    pub(crate) async fn is_dir(&self, key: &Key) -> io::Result<bool> {
        match self.has_keys_alone() {
            true => self.has_below(key).await,
            false => Ok(matches!(self.look_up(key).await?, Some(Found::Dir(_)))),
        }
    }

    /// Whether anything is below this name, or a directory has it.
    async fn has_below(&self, key: &Key) -> io::Result<bool> {
        if key.is_root() || !self.can.list {
            return Ok(key.is_root());
        }
        let (dir, limit) = (key.dir(), self.can.list_with_limit.then_some(1));
        let options = ListOptions { limit, ..ListOptions::default() };
        let first = match self.operator.lister_options(&dir, options).await {
            Ok(mut lister) => lister.next().await.transpose(),
            Err(failed) => Err(failed),
        };
        match first {
            // A server may list a file by itself.
            Ok(first) => Ok(first.is_some_and(|entry| entry.path().starts_with(&dir))),
            Err(failed) if is_no_dir(&failed) => Ok(false),
            // Servers of WebDAV forbid to list a file.
            Err(failed) if failed.kind() == ErrorKind::PermissionDenied => {
                match self.operator.stat(key.file()).await {
                    Ok(found) => Ok(found.is_dir()),
                    Err(_) => Err(of_store(failed)),
                }
            }
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
pub(crate) fn is_no_dir(failed: &opendal::Error) -> bool {
    matches!(failed.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}
