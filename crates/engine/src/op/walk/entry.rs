//! What a walk reports.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use crate::error::Operation;
use crate::limits::PATH_BYTES_MAX;
use crate::op::deep_paths::DeepPaths;
use crate::op::{PathOp, PathRequest};
use crate::storage::{FileType, Links, Metadata};

/// One file, directory or other thing that a walk reports.
#[derive(Clone, Debug)]
pub struct WalkEntry {
    pub(super) path: PathBuf,
    pub(super) depth: usize,
    pub(super) file_type: FileType,
    pub(super) ino: u64,
    pub(super) path_is_symlink: bool,
    /// Whether its contents come next on the walk.
    pub(super) is_entered: bool,
}

impl WalkEntry {
    /// Returns the path: the root's, joined with the relative path of the entry.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the path, consuming the entry.
    pub fn into_path(self) -> PathBuf {
        self.path
    }

    /// Returns the last part of the path, or the whole path of a root such as `/` or `..`, which has no last part.
    pub fn file_name(&self) -> &OsStr {
        self.path.file_name().unwrap_or(self.path.as_os_str())
    }

    /// Returns the depth below the root; the root itself has depth 0.
    pub fn depth(&self) -> usize {
        self.depth
    }

    /// Returns its type without a system call: for a symbolic link, the link's own unless the walk follows links.
    pub fn file_type(&self) -> FileType {
        self.file_type
    }

    /// Returns its inode number; for a followed link, that of the target.
    pub fn ino(&self) -> u64 {
        self.ino
    }

    /// Returns whether the path itself is a symbolic link, followed or not.
    pub fn path_is_symlink(&self) -> bool {
        self.path_is_symlink
    }

    /// Whether the walk has entered it, so that its contents come next.
    #[doc(hidden)]
    pub fn is_entered(&self) -> bool {
        self.is_entered
    }

    /// Asks for its attributes, however long its path is; for a followed link, for those of the target.
    pub(crate) fn stat(&self) -> impl PathRequest<Reply = Metadata> + use<> {
        let is_followed = self.path_is_symlink && !self.file_type.is_symlink();
        let links = if is_followed { Links::Follow } else { Links::NotLast };
        PathOp::new(Operation::Metadata, self.path.clone(), move |storage, path| {
            DeepPaths::default().metadata(&path, links, storage)
        })
        .later(|storage, path| async move { storage.metadata(&path).await })
        .in_place(move |storage, path| {
            let is_short = path.as_os_str().len() < PATH_BYTES_MAX;
            is_short.then(|| storage.metadata_cached(path, links)).flatten()
        })
    }
}
