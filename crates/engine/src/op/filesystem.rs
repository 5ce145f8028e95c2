//! Operations on file systems: their size, where they are mounted.

use std::fs::Metadata;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::PathRequest;
use crate::error::Operation;
use crate::storage::{StatVfs, Storage};

/// Asks for size and limits of a file system.
#[derive(Clone, Debug)]
pub struct MeasureFileSystem {
    /// Anything on that file system; symbolic links are followed.
    pub path: PathBuf,
}

impl PathRequest for MeasureFileSystem {
    type Reply = StatVfs;

    fn operation(&self) -> Operation {
        Operation::StatVfs
    }

    fn path(&self) -> &Path {
        &self.path
    }

    fn execute(self, storage: &dyn Storage) -> io::Result<StatVfs> {
        storage.statvfs(&self.path)
    }
}

/// Asks whether a file system is mounted on a path.
#[derive(Clone, Debug)]
pub struct IsMount {
    /// The path; a symbolic link is no mount point.
    pub path: PathBuf,
}

impl PathRequest for IsMount {
    type Reply = bool;

    fn operation(&self) -> Operation {
        Operation::Metadata
    }

    fn path(&self) -> &Path {
        &self.path
    }

    fn execute(self, storage: &dyn Storage) -> io::Result<bool> {
        let own = storage.symlink_metadata(&self.path)?;
        if own.is_symlink() {
            return Ok(false);
        }
        // By its canonical form: the parent of `.` or `a/..` is not what is left of the text.
        let canonical = storage.canonicalize(&self.path)?;
        let Some(parent) = canonical.parent() else { return Ok(true) };
        let parent = storage.symlink_metadata(parent)?;
        Ok(own.dev() != parent.dev() || is_same(&own, &parent))
    }
}

/// Asks whether two paths name the same file or directory.
#[derive(Clone, Debug)]
pub struct IsSame {
    /// One path; symbolic links are followed.
    pub path: PathBuf,
    /// The other; symbolic links are followed.
    pub other: PathBuf,
}

impl PathRequest for IsSame {
    type Reply = bool;

    fn operation(&self) -> Operation {
        Operation::Metadata
    }

    fn path(&self) -> &Path {
        &self.path
    }

    fn target(&self) -> Option<&Path> {
        Some(&self.other)
    }

    fn in_place(&self, storage: &dyn Storage) -> Option<io::Result<bool>> {
        let (one, other) = (storage.metadata_cached(&self.path)?, storage.metadata_cached(&self.other)?);
        Some(one.and_then(|one| Ok(is_same(&one, &other?))))
    }

    fn execute(self, storage: &dyn Storage) -> io::Result<bool> {
        Ok(is_same(&storage.metadata(&self.path)?, &storage.metadata(&self.other)?))
    }
}

fn is_same(one: &Metadata, other: &Metadata) -> bool {
    (one.dev(), one.ino()) == (other.dev(), other.ino())
}
