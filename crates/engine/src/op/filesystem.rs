//! Operations on file systems: their size, where they are mounted.

use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

use super::{PathOp, PathRequest};
use crate::error::Operation;
use crate::storage::{Metadata, StatVfs};

/// Asks for size and limits of the file system that a path is on, following symbolic links.
pub fn statvfs(path: PathBuf) -> impl PathRequest<Reply = StatVfs> {
    PathOp::new(Operation::StatVfs, path, |storage, path| storage.statvfs(&path))
}

/// Asks whether a file system is mounted on a path; a symbolic link is no mount point.
pub fn is_mount(path: PathBuf) -> impl PathRequest<Reply = bool> {
    PathOp::new(Operation::Metadata, path, |storage, path| {
        let own = storage.symlink_metadata(&path)?;
        if own.is_symlink() {
            return Ok(false);
        }
        // By its canonical form: the parent of `.` or `a/..` is not what is left of the text.
        let canonical = storage.canonicalize(&path)?;
        let Some(parent) = canonical.parent() else { return Ok(true) };
        let parent = storage.symlink_metadata(parent)?;
        Ok(own.dev() != parent.dev() || is_same(&own, &parent))
    })
}

/// Asks whether two paths name the same file or directory, following symbolic links.
pub fn is_same_file(path: PathBuf, other: PathBuf) -> impl PathRequest<Reply = bool> {
    PathOp::new(Operation::Metadata, (path, other), |storage, (path, other)| {
        Ok(is_same(&storage.metadata(&path)?, &storage.metadata(&other)?))
    })
    .in_place(|storage, (path, other)| {
        let (one, other) = (storage.metadata_cached(path)?, storage.metadata_cached(other)?);
        Some(one.and_then(|one| Ok(is_same(&one, &other?))))
    })
}

fn is_same(one: &Metadata, other: &Metadata) -> bool {
    (one.dev(), one.ino()) == (other.dev(), other.ino())
}
