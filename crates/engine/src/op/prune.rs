//! Operations that clear away directories they leave empty, as CPython's `os` has them.

use std::io;
use std::path::{Path, PathBuf};

use super::PathRequest;
use crate::error::Operation;
use crate::storage::Storage;

/// Removes an empty directory and then every parent that is empty.
#[derive(Clone, Debug)]
pub struct RemoveDirs {
    /// The directory that must be removed.
    pub path: PathBuf,
}

impl PathRequest for RemoveDirs {
    type Reply = ();

    fn operation(&self) -> Operation {
        Operation::RemoveDir
    }

    fn path(&self) -> &Path {
        &self.path
    }

    fn execute(self, storage: &dyn Storage) -> io::Result<()> {
        storage.remove_dir(&self.path, false)?;
        prune(storage, self.path.parent());
        Ok(())
    }
}

/// Renames after making the parents of the new name, then removes parents of the old one that are empty.
#[derive(Clone, Debug)]
pub struct Renames {
    /// The name to give up.
    pub from: PathBuf,
    /// The name to take.
    pub to: PathBuf,
}

impl PathRequest for Renames {
    type Reply = ();

    fn operation(&self) -> Operation {
        Operation::Rename
    }

    fn path(&self) -> &Path {
        &self.from
    }

    fn target(&self) -> Option<&Path> {
        Some(&self.to)
    }

    fn execute(self, storage: &dyn Storage) -> io::Result<()> {
        if let Some(parent) = named(self.to.parent()) {
            storage.create_dir(parent, true, None)?;
        }
        storage.rename(&self.from, &self.to)?;
        prune(storage, self.from.parent());
        Ok(())
    }
}

/// Goes up until a directory cannot be removed, which is how most end: it is not empty.
fn prune(storage: &dyn Storage, from: Option<&Path>) {
    let mut next = named(from);
    while let Some(dir) = next {
        if storage.remove_dir(dir, false).is_err() {
            return;
        }
        next = named(dir.parent());
    }
}

/// The parent of a bare name is the empty path, which names nothing.
fn named(path: Option<&Path>) -> Option<&Path> {
    path.filter(|path| !path.as_os_str().is_empty())
}
