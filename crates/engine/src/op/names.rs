//! Operations on names: rename, links, FIFOs, removal of files, resolution.

use std::io;
use std::path::{Path, PathBuf};

use super::PathRequest;
use crate::error::Operation;
use crate::storage::Storage;

/// Renames `from`, replacing what `to` named.
#[derive(Clone, Debug)]
pub struct Rename {
    /// The name to give up.
    pub from: PathBuf,
    /// The name to take.
    pub to: PathBuf,
}

impl PathRequest for Rename {
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
        storage.rename(&self.from, &self.to)
    }
}

/// Renames `from` to a name that is free.
#[derive(Clone, Debug)]
pub struct RenameNoclobber {
    /// The name to give up.
    pub from: PathBuf,
    /// The name to take.
    pub to: PathBuf,
}

impl PathRequest for RenameNoclobber {
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
        storage.rename_noclobber(&self.from, &self.to)
    }
}

/// Gives the file at `original` a second name.
#[derive(Clone, Debug)]
pub struct HardLink {
    /// A name the file has.
    pub original: PathBuf,
    /// The name to add.
    pub link: PathBuf,
}

impl PathRequest for HardLink {
    type Reply = ();

    fn operation(&self) -> Operation {
        Operation::HardLink
    }

    fn path(&self) -> &Path {
        &self.original
    }

    fn target(&self) -> Option<&Path> {
        Some(&self.link)
    }

    fn execute(self, storage: &dyn Storage) -> io::Result<()> {
        storage.hard_link(&self.original, &self.link)
    }
}

/// Creates a symbolic link.
#[derive(Clone, Debug)]
pub struct Symlink {
    /// What the link contains; it need not exist.
    pub original: PathBuf,
    /// The name of the link.
    pub link: PathBuf,
}

impl PathRequest for Symlink {
    type Reply = ();

    fn operation(&self) -> Operation {
        Operation::Symlink
    }

    fn path(&self) -> &Path {
        &self.original
    }

    fn target(&self) -> Option<&Path> {
        Some(&self.link)
    }

    fn execute(self, storage: &dyn Storage) -> io::Result<()> {
        storage.symlink(&self.original, &self.link)
    }
}

/// Creates a FIFO.
#[derive(Clone, Debug)]
pub struct MakeFifo {
    /// The name of the FIFO.
    pub path: PathBuf,
    /// Permission bits before the umask.
    pub mode: u32,
}

impl PathRequest for MakeFifo {
    type Reply = ();

    fn operation(&self) -> Operation {
        Operation::MakeFifo
    }

    fn path(&self) -> &Path {
        &self.path
    }

    fn execute(self, storage: &dyn Storage) -> io::Result<()> {
        storage.make_fifo(&self.path, self.mode)
    }
}

/// Removes the name of a file.
#[derive(Clone, Debug)]
pub struct RemoveFile {
    /// The name to remove.
    pub path: PathBuf,
}

impl PathRequest for RemoveFile {
    type Reply = ();

    fn operation(&self) -> Operation {
        Operation::RemoveFile
    }

    fn path(&self) -> &Path {
        &self.path
    }

    fn execute(self, storage: &dyn Storage) -> io::Result<()> {
        storage.remove_file(&self.path)
    }
}

/// Reads what a symbolic link contains.
#[derive(Clone, Debug)]
pub struct ReadLink {
    /// The link.
    pub path: PathBuf,
}

impl PathRequest for ReadLink {
    type Reply = PathBuf;

    fn operation(&self) -> Operation {
        Operation::ReadLink
    }

    fn path(&self) -> &Path {
        &self.path
    }

    fn execute(self, storage: &dyn Storage) -> io::Result<PathBuf> {
        storage.read_link(&self.path)
    }
}

/// Resolves a path to its absolute form without symbolic links.
#[derive(Clone, Debug)]
pub struct Canonicalize {
    /// The path, relative to the working directory at the moment it is carried out.
    pub path: PathBuf,
}

impl PathRequest for Canonicalize {
    type Reply = PathBuf;

    fn operation(&self) -> Operation {
        Operation::Canonicalize
    }

    fn path(&self) -> &Path {
        &self.path
    }

    fn execute(self, storage: &dyn Storage) -> io::Result<PathBuf> {
        storage.canonicalize(&self.path)
    }
}
