//! Removing objects, and directories that are empty then.

use std::io;
use std::path::{Path, PathBuf};

use folio_engine::Operation;
use folio_engine::op::{PathOp, PathRequest};
use folio_engine::storage::Storage;

use crate::names::Root;
use crate::staged::sync_parent;

/// Removes an object.
pub(crate) fn delete(path: PathBuf, root: Root, cleans_up: bool) -> impl PathRequest<Reply = ()> {
    PathOp::new(Operation::RemoveFile, path, move |storage, path: PathBuf| {
        remove(storage, &path, &root, cleans_up, false)
    })
}

/// Removes the name of a file, and the directories that are empty then, up to the root.
pub(crate) fn remove(
    storage: &dyn Storage,
    path: &Path,
    root: &Root,
    cleans_up: bool,
    durable: bool,
) -> io::Result<()> {
    storage.remove_file(path)?;
    if durable {
        sync_parent(storage, path)?;
    }
    if cleans_up {
        let above = path.ancestors().skip(1).take_while(|dir| *dir != root.path());
        // The first that is not empty ends it.
        let _ = above.map(|dir| storage.remove_dir(dir, false)).find(io::Result::is_err);
    }
    Ok(())
}
