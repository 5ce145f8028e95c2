//! Calls on whole directories: listings, trees, and paths that are too long.

use std::ffi::{OsStr, OsString};
use std::fmt::Debug;
use std::io;
use std::path::{Path, PathBuf};

use super::{Kind, Metadata};

/// Which symbolic links on the way of a path are followed. Below an open directory none leads out of it in any case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Links {
    /// All.
    Follow,
    /// All but a link in the last part of the path, which stands for itself.
    NotLast,
    /// None: any link is an error (`ELOOP`).
    Refuse,
}

impl Links {
    /// Whether a link in the last part is followed. `Refuse` is unsupported here: such calls leave the look-up to the
    /// system.
    pub(super) fn follows_last(self) -> io::Result<bool> {
        match self {
            Links::Follow => Ok(true),
            Links::NotLast => Ok(false),
            Links::Refuse => Err(io::ErrorKind::Unsupported.into()),
        }
    }
}

/// How a tree is removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Clearing {
    /// Whether a directory without the necessary permissions is given them.
    pub makes_removable: bool,
    /// Whether entries that cannot be removed are skipped, together with the directories above them.
    pub goes_on: bool,
}

/// A copy of a tree under way. Dropping it leaves the incomplete copy.
pub trait TreeCopier: Send {
    /// Copies more, for as long as one job may keep a worker; `false` at the end. May block.
    ///
    /// # Errors
    ///
    /// The storage's, which ends the copy.
    fn more(&mut self) -> io::Result<bool>;

    /// Returns the totals of the copy.
    fn copied(self: Box<Self>) -> Copied;
}

/// The totals of a copied tree.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Copied {
    /// Copied bytes of contents.
    pub bytes: u64,
    /// The number of sockets and devices, which cannot be copied.
    pub passed_over: u64,
    /// The path of the first of them, relative to the root.
    pub passed_over_first: Option<PathBuf>,
}

/// Lists a directory, many names at a time.
pub trait Lister: Send {
    /// Calls `each` with each of the next names, except `.` and `..`, its kind (`None` if the directory does not keep
    /// it) and its inode number. `false` at the end. May block.
    ///
    /// # Errors
    ///
    /// The error of reading the directory, after all names before it.
    fn more(&mut self, each: &mut dyn FnMut(&OsStr, Option<Kind>, u64)) -> io::Result<bool>;
}

/// A directory where the look-up of the rest of a long path starts.
pub trait DeepDir: Debug + Send + Sync {
    /// Starts a listing of the directory at `rest`, relative to this one. May block.
    fn list(&self, rest: &Path) -> io::Result<Box<dyn Lister>>;

    /// Returns the attributes of the file at `rest`, relative to this directory.
    fn metadata(&self, rest: &Path, links: Links) -> io::Result<Metadata>;

    /// Opens the directory at `rest`, relative to this one, in the same way.
    fn deep_dir(&self, rest: &Path) -> io::Result<Box<dyn DeepDir>>;
}

/// One name in a directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// The name, one part of a path.
    pub name: OsString,
    /// The kind; `None` if the entry was removed before its kind was found.
    pub kind: Option<Kind>,
    /// Inode number.
    pub ino: u64,
}
