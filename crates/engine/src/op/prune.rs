//! Operations that also remove directories they leave empty, like those of CPython's `os`.

use std::path::{Path, PathBuf};

use super::tree::create_dirs;
use super::{PathOp, PathRequest};
use crate::error::Operation;
use crate::storage::Storage;

/// Removes an empty directory, which must succeed, and then every parent that is empty.
pub fn remove_dirs(path: PathBuf) -> impl PathRequest<Reply = ()> {
    PathOp::new(Operation::RemoveDir, path, |storage, path| {
        storage.remove_dir(&path, false)?;
        prune(storage, path.parent());
        Ok(())
    })
}

/// Renames after making the parents of the new name, then removes parents of the old one that are empty.
pub fn renames(from: PathBuf, to: PathBuf) -> impl PathRequest<Reply = ()> {
    PathOp::new(Operation::Rename, (from, to), |storage, (from, to)| {
        if let Some(parent) = named(to.parent()) {
            create_dirs(storage, parent, None)?;
        }
        storage.rename(&from, storage, &to)?;
        prune(storage, from.parent());
        Ok(())
    })
}

/// Removes parents upwards until one cannot be removed, usually because it is not empty.
fn prune(storage: &dyn Storage, from: Option<&Path>) {
    let mut next = named(from);
    while let Some(dir) = next {
        if storage.remove_dir(dir, false).is_err() {
            return;
        }
        next = named(dir.parent());
    }
}

/// `None` for the empty path, which is the parent of a bare name and names nothing.
fn named(path: Option<&Path>) -> Option<&Path> {
    path.filter(|path| !path.as_os_str().is_empty())
}
