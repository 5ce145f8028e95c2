//! Listings, paths that are too long, and trees: what a directory is asked for as a whole.

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
    /// All but a last one, which stands for itself.
    NotLast,
    /// None: one on the way is an error (`ELOOP`).
    Refuse,
}

impl Links {
    /// Whether a last one is followed; unsupported if none may be on the way, for calls that leave the way to the system.
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
    /// Whether a directory in it that refuses gets the permissions that its owner needs.
    pub makes_removable: bool,
    /// Whether what cannot be removed is passed over, with the directories above it.
    pub goes_on: bool,
}

/// A copy of a tree under way. Dropped, it stays as far as it was made.
pub trait TreeCopier: Send {
    /// Copies on for a while, as long as a worker should be kept; `false` at the end. May block.
    ///
    /// # Errors
    ///
    /// Whatever was in the way. The copy is over then.
    fn more(&mut self) -> io::Result<bool>;

    /// What has been copied.
    fn copied(self: Box<Self>) -> Copied;
}

/// What has been copied of a tree.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Copied {
    /// Bytes of contents.
    pub bytes: u64,
    /// Sockets and devices, which no copy can be made of.
    pub passed_over: u64,
    /// The way from the root to the first of them.
    pub passed_over_first: Option<PathBuf>,
}

/// Hands out what is in a directory, many names at a time.
pub trait Lister: Send {
    /// Calls `each` with the next names, without `.` and `..`: what the directory keeps of the kind (`None` where
    /// it keeps none) and the inode number. `false` at the end. May block.
    ///
    /// # Errors
    ///
    /// Whatever reading the directory returns, after the names before it have been handed out.
    fn more(&mut self, each: &mut dyn FnMut(&OsStr, Option<Kind>, u64)) -> io::Result<bool>;
}

/// A directory from which paths too long for one look-up go on, followed like any others.
pub trait Foothold: Debug + Send + Sync {
    /// Starts a listing of what `rest` leads to from here. May block.
    fn list(&self, rest: &Path) -> io::Result<Box<dyn Lister>>;

    /// Returns the attributes of what `rest` leads to from here.
    fn metadata(&self, rest: &Path, links: Links) -> io::Result<Metadata>;

    /// Goes on to a directory.
    fn foothold(&self, rest: &Path) -> io::Result<Box<dyn Foothold>>;
}

/// One name in a directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// The name, one part of a path.
    pub name: OsString,
    /// What has it; `None` if it was gone before that could be found out.
    pub kind: Option<Kind>,
    /// Inode number.
    pub ino: u64,
}
