//! Directories, which most stores have as parts of keys.

use std::future::ready;
use std::io;

use bytes::Bytes;
use folio_engine::storage::{AsyncFile, Later, Metadata};
use futures::StreamExt;
use opendal::options::{DeleteOptions, ListOptions};
use rustix::io::Errno;

use crate::attributes::{modified, of_dir};
use crate::error::{error, of_store};
use crate::key::Key;
use crate::look_up::Found;
use crate::store::Store;

/// A directory that was opened like a file.
#[derive(Debug)]
pub(crate) struct OpenDir(Metadata);

impl OpenDir {
    pub(crate) fn new(store: &Store, key: &Key, found: Option<&opendal::Metadata>) -> OpenDir {
        OpenDir(of_dir(store.identity(key.as_bytes()), found.and_then(modified)))
    }
}

impl AsyncFile for OpenDir {
    fn read_at(&self, _: usize, _: u64) -> Later<'_, Bytes> {
        Box::pin(ready(Err(error(Errno::ISDIR))))
    }

    fn write_at(&self, _: Bytes, _: u64) -> Later<'_, ()> {
        Box::pin(ready(Err(error(Errno::BADF))))
    }

    fn sync(&self) -> Later<'_, ()> {
        Box::pin(ready(Ok(())))
    }

    fn metadata(&self) -> Later<'_, Metadata> {
        Box::pin(ready(Ok(self.0.clone())))
    }

    fn close(&self) -> Later<'_, ()> {
        Box::pin(ready(Ok(())))
    }
}

/// Creates a directory: in most stores, an empty object whose key ends in a slash.
pub(crate) async fn create(store: &Store, key: &Key, recursive: bool) -> io::Result<()> {
    store.require(store.can.create_dir, "create directories", "create_dir")?;
    match store.look_up(key).await? {
        None => {}
        Some(Found::Dir(_)) if recursive => return Ok(()),
        Some(_) => return Err(error(Errno::EXIST)),
    }
    match recursive {
        true => require_no_file_above(store, key).await?,
        false => store.require_dir(&key.parent().unwrap_or_else(|| key.clone())).await?,
    }
    store.operator.create_dir(&key.dir()).await.map_err(of_store)
}

/// Refuses a key below a file, which a store of keys would take.
async fn require_no_file_above(store: &Store, key: &Key) -> io::Result<()> {
    let mut above = key.parent();
    while let Some(parent) = above {
        match store.look_up(&parent).await? {
            Some(Found::Dir(_)) => return Ok(()),
            Some(Found::File(_)) => return Err(error(Errno::NOTDIR)),
            None => above = parent.parent(),
        }
    }
    Ok(())
}

/// Removes a directory. That it is empty is asked before, and what is written into it meanwhile stays.
pub(crate) async fn remove(store: &Store, key: &Key, recursive: bool) -> io::Result<()> {
    store.require(store.can.delete, "remove directories", "delete")?;
    store.require(store.can.list, "remove directories", "list")?;
    if key.is_root() {
        return Err(error(Errno::BUSY));
    }
    store.require_dir(key).await?;
    if recursive {
        let (operation, capability) = ("remove a tree", "delete_with_recursive");
        store.require(store.can.delete_with_recursive, operation, capability)?;
    } else if has_entries(store, key).await? {
        return Err(error(Errno::NOTEMPTY));
    }
    let options = DeleteOptions { recursive, ..DeleteOptions::default() };
    store.operator.delete_options(&key.dir(), options).await.map_err(of_store)
}

async fn has_entries(store: &Store, key: &Key) -> io::Result<bool> {
    // The directory itself may be listed too.
    let options = ListOptions { limit: store.can.list_with_limit.then_some(2), ..ListOptions::default() };
    let dir = key.dir();
    let mut lister = store.operator.lister_options(&dir, options).await.map_err(of_store)?;
    while let Some(entry) = lister.next().await {
        if entry.map_err(of_store)?.path() != dir {
            return Ok(true);
        }
    }
    Ok(false)
}
