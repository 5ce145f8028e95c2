//! The port's open directories: names are looked up below one of them and never lead out of it.

use std::any::Any;
use std::ffi::{OsStr, OsString};
use std::fmt::Debug;
use std::fs::Permissions;
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use super::{Kind, Metadata, Mode, OpenRequest, Opened, Stamps};

/// Which symbolic links on the way of a path are followed. None of them leads out of the directory in any case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Links {
    /// All.
    Follow,
    /// All but a last one, which stands for itself.
    NotLast,
    /// None: one on the way is an error (`ELOOP`).
    Refuse,
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

    /// Returns the attributes of what `rest` leads to from here, following a link in its last part or not.
    fn metadata(&self, rest: &Path, follow: bool) -> io::Result<Metadata>;

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

/// The names in a directory, one by one, without `.` and `..`.
pub type NameListing = Box<dyn Iterator<Item = io::Result<Listed>> + Send>;

/// One open directory, its *root*. It goes with the directory when that is renamed or moved.
///
/// Every path is relative to the root and must stay below it at each step: a `..` above the root, an absolute
/// path and a symbolic link that leads to either fail with `EXDEV`, a link of procfs that is no path
/// (`/proc/self/fd/3`) with any error; whatever others rename or exchange meanwhile. Paths are looked up once a
/// call. Calls that are about a name (all that change one) do not follow a link in its last part and refuse a
/// last part of `.` or `..` with `EINVAL`.
pub trait StorageDir: Debug + Send + Sync + 'static {
    /// Opens a file, in the manner of [`Storage::open`](super::Storage::open).
    fn open(&self, path: &Path, request: &OpenRequest) -> io::Result<Opened>;

    /// Opens a directory as a root of its own.
    fn open_dir(&self, path: &Path, links: Links) -> io::Result<Box<dyn StorageDir>>;

    /// Returns the attributes of what `path` names.
    fn metadata(&self, path: &Path, links: Links) -> io::Result<Metadata>;

    /// Succeeds if this process may use what `path` names in every way of `mode`, following links.
    fn access(&self, path: &Path, mode: Mode) -> io::Result<()>;

    /// Starts a listing of the root itself.
    fn names(&self) -> io::Result<NameListing>;

    /// Creates one directory; `mode` as in [`OpenRequest`].
    fn create_dir(&self, path: &Path, mode: Option<u32>) -> io::Result<()>;

    /// Removes one empty directory, or with `recursive` everything in it too, never through a symbolic link.
    fn remove_dir(&self, path: &Path, recursive: bool) -> io::Result<()>;

    /// Removes the name of a file.
    fn remove_file(&self, path: &Path) -> io::Result<()>;

    /// Renames to a name below `target`, a directory of the same storage, replacing what had it.
    fn rename(&self, from: &Path, target: &dyn StorageDir, to: &Path) -> io::Result<()>;

    /// Gives a file a second name below `target`, a directory of the same storage.
    fn hard_link(&self, original: &Path, target: &dyn StorageDir, link: &Path) -> io::Result<()>;

    /// Creates the symbolic link `link` containing `original`, which may lead anywhere.
    fn symlink(&self, original: &Path, link: &Path) -> io::Result<()>;

    /// Returns what the symbolic link `path` contains.
    fn read_link(&self, path: &Path) -> io::Result<PathBuf>;

    /// Changes the permissions of what `path` names, following links.
    fn set_permissions(&self, path: &Path, permissions: Permissions) -> io::Result<()>;

    /// Changes the times of what `path` names.
    fn set_times(&self, path: &Path, times: &Stamps, links: Links) -> io::Result<()>;

    /// Creates a FIFO with these permission bits before the umask.
    fn make_fifo(&self, path: &Path, mode: u32) -> io::Result<()>;

    /// Copies contents and permissions to a name below `target`, a directory of the same storage, following links
    /// to both; returns the bytes copied.
    fn copy(&self, from: &Path, target: &dyn StorageDir, to: &Path) -> io::Result<u64> {
        let _ = (from, target, to);
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Returns the way from the root to what `path` names, without links and dots; `.` for the root itself.
    fn canonicalize(&self, path: &Path) -> io::Result<PathBuf> {
        let _ = path;
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Returns a second descriptor of the root, good for looking names up. Does not block.
    fn to_fd(&self) -> io::Result<OwnedFd> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Opens the root once more, for reading.
    fn to_std(&self) -> io::Result<std::fs::File> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Makes the names in the root survive a power cut.
    fn sync(&self) -> io::Result<()>;

    /// This value, for the calls that take two directories and have to know both as their own kind.
    fn as_any(&self) -> &dyn Any;
}
