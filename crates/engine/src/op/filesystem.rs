//! Operations on file systems: their size, where they are mounted.

use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

use super::{At, PathOp, PathRequest, at};
use crate::error::Operation;
use crate::storage::{Links, Metadata, StatVfs};

/// Asks for size and limits of the file system that a path is on, following symbolic links.
pub fn statvfs(at: impl Into<At>) -> impl PathRequest<Reply = StatVfs> {
    at::on(Operation::StatVfs, at, |names, path| names.statvfs(path))
}

/// Asks whether a file system is mounted on a path; a symbolic link is no mount point.
pub fn is_mount(path: PathBuf) -> impl PathRequest<Reply = bool> {
    PathOp::new(Operation::Metadata, path, |storage, path| {
        let own = storage.metadata(&path, Links::NotLast)?;
        if own.is_symlink() {
            return Ok(false);
        }
        // By its canonical form: the parent of `.` or `a/..` is not what is left of the text.
        let canonical = storage.canonicalize(&path)?;
        let Some(parent) = canonical.parent() else { return Ok(true) };
        let parent = storage.metadata(parent, Links::NotLast)?;
        Ok(own.dev() != parent.dev() || is_same(&own, &parent))
    })
}

/// Asks whether two paths name the same file or directory, following symbolic links.
pub fn is_same_file(path: PathBuf, other: PathBuf) -> impl PathRequest<Reply = bool> {
    PathOp::new(Operation::Metadata, (path, other), |storage, (path, other)| {
        Ok(is_same(&storage.metadata(&path, Links::Follow)?, &storage.metadata(&other, Links::Follow)?))
    })
    .in_place(|storage, (path, other)| {
        let cached = |path| storage.metadata_cached(path, Links::Follow);
        let (one, other) = (cached(path)?, cached(other)?);
        Some(one.and_then(|one| Ok(is_same(&one, &other?))))
    })
}

fn is_same(one: &Metadata, other: &Metadata) -> bool {
    (one.dev(), one.ino()) == (other.dev(), other.ino())
}
