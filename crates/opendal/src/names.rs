//! What changes the names of files. A store that has no such operation refuses: it is never made of others.

use std::io;

use folio_engine::storage::{IfTaken, Metadata};
use opendal::options::CopyOptions;
use rustix::io::Errno;

use crate::attributes::{modified, of_dir, of_file};
use crate::error::{error, of_store};
use crate::key::Key;
use crate::look_up::Found;
use crate::store::Store;

/// Returns the attributes of a file or directory.
pub(crate) async fn metadata(store: &Store, key: &Key) -> io::Result<Metadata> {
    let identity = store.identity(key.as_bytes());
    match store.look_up(key).await? {
        None => Err(error(Errno::NOENT)),
        Some(Found::Dir(found)) => Ok(of_dir(identity, found.as_ref().and_then(modified))),
        Some(Found::File(found)) => Ok(of_file(identity, found.content_length(), modified(&found))),
    }
}

/// Removes a file. Stores remove what is not there without an error, so that it is looked up before: of two callers at
/// once both may succeed.
pub(crate) async fn remove(store: &Store, key: &Key) -> io::Result<()> {
    store.require(store.can.delete, "remove files", "delete")?;
    require_file(store, key).await?;
    store.operator.delete(key.file()).await.map_err(of_store)
}

/// Renames a file, replacing the one of that name.
pub(crate) async fn rename(store: &Store, from: &Key, to: &Key, if_taken: IfTaken) -> io::Result<()> {
    store.require(store.can.rename, "rename", "rename")?;
    match if_taken {
        IfTaken::Replace => {}
        IfTaken::Refuse => return Err(store.refuse("cannot rename only if the name is free")),
        IfTaken::Exchange => return Err(store.refuse("cannot exchange two names")),
    }
    match store.look_up(from).await? {
        None => return Err(error(Errno::NOENT)),
        Some(Found::Dir(_)) => return Err(store.refuse("renames files, and no directories")),
        Some(Found::File(_)) => {}
    }
    if from == to {
        return Ok(());
    }
    require_no_dir(store, to).await?;
    store.operator.rename(from.file(), to.file()).await.map_err(of_store)
}

/// Copies a file; returns its length.
pub(crate) async fn copy(store: &Store, from: &Key, to: &Key) -> io::Result<u64> {
    store.require(store.can.copy, "copy", "copy")?;
    let found = require_file(store, from).await?;
    if from == to {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "a file cannot be copied onto itself"));
    }
    require_no_dir(store, to).await?;
    // The length that is returned is the copy's only if that is made of what was found.
    let if_match = found.etag().filter(|_| store.can.copy_with_if_match).map(str::to_owned);
    let options = CopyOptions { if_match, ..CopyOptions::default() };
    store.operator.copy_options(from.file(), to.file(), options).await.map_err(of_store)?;
    Ok(found.content_length())
}

async fn require_file(store: &Store, key: &Key) -> io::Result<opendal::Metadata> {
    match store.look_up(key).await? {
        None => Err(error(Errno::NOENT)),
        Some(Found::Dir(_)) => Err(error(Errno::ISDIR)),
        Some(Found::File(found)) => Ok(found),
    }
}

async fn require_no_dir(store: &Store, key: &Key) -> io::Result<()> {
    match key.is_of_dir || store.is_dir(key).await? {
        true => Err(error(Errno::ISDIR)),
        false => Ok(()),
    }
}
