//! The port's calls on names, and the open directories below which names are looked up.

use std::any::Any;
use std::ffi::{OsStr, OsString};
use std::fmt::Debug;
use std::fs::Permissions;
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use super::{Identity, Links, Listed, Metadata, Mode, OpenRequest, Opened, Stamps, StatVfs, XattrMode};

/// What becomes of a name that is taken when something is renamed to it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum IfTaken {
    /// It names what is renamed, and what it named before loses it.
    #[default]
    Replace,
    /// It stays as it is, and the call fails with `EEXIST`.
    Refuse,
    /// The two names are exchanged; both have to be there.
    Exchange,
}

/// The names in a directory, one by one, without `.` and `..`.
pub type NameListing = Box<dyn Iterator<Item = io::Result<Listed>> + Send>;

/// Names, looked up from one place: a [`Storage`](super::Storage) looks them up from the root and from the working
/// directory of the process, a [`StorageDir`] below itself.
///
/// Calls that change a name, and [`read_link`](Names::read_link), are about the name and do not follow a link in the
/// last part of a path; all others do, or take [`Links`]. [`Links::Refuse`] is unsupported where only the system
/// looks up.
///
/// A call that takes two names takes the place of the second as `target`, which is of the same storage; it is `EXDEV`
/// if the two are not of one kind.
pub trait Names: Debug + Send + Sync + 'static {
    /// Opens `path` close-on-exec and without waiting for a peer (`O_NONBLOCK`).
    ///
    /// The request has been checked: at least one of read, write and append is set, and nothing contradicts.
    fn open(&self, path: &Path, request: &OpenRequest) -> io::Result<Opened>;

    /// Opens a directory as a root that names are looked up below.
    fn open_dir(&self, path: &Path, links: Links) -> io::Result<Box<dyn StorageDir>> {
        let _ = (path, links);
        unsupported()
    }

    /// Returns the attributes of what `path` names.
    fn metadata(&self, path: &Path, links: Links) -> io::Result<Metadata>;

    /// Which file a path leads to, whatever way it is spelled.
    fn identity(&self, path: &Path) -> io::Result<Identity> {
        self.metadata(path, Links::Follow).map(|metadata| Identity::of(&metadata))
    }

    /// Succeeds if this process may use what `path` names in every way of `mode`.
    fn access(&self, path: &Path, mode: Mode) -> io::Result<()> {
        let _ = (path, mode);
        unsupported()
    }

    /// Returns the way to what `path` names, without links and dots: from the root of the file system, or from an open
    /// directory, which is `.` itself.
    fn canonicalize(&self, path: &Path) -> io::Result<PathBuf> {
        let _ = path;
        unsupported()
    }

    /// Creates one directory; `mode` as in [`OpenRequest`].
    fn create_dir(&self, path: &Path, mode: Option<u32>) -> io::Result<()>;

    /// Removes one empty directory, or with `recursive` everything in it too, never through a symbolic link.
    fn remove_dir(&self, path: &Path, recursive: bool) -> io::Result<()>;

    /// Removes the name of a file.
    fn remove_file(&self, path: &Path) -> io::Result<()>;

    /// Renames, replacing what `to` named.
    fn rename(&self, from: &Path, target: &dyn Names, to: &Path) -> io::Result<()>;

    /// Renames, and does with a name that is taken what `if_taken` says: in one step if the storage can. Where it cannot
    /// refuse in one step, the file has both names for a moment, and a directory is not renamed at all; where it cannot
    /// exchange, that is unsupported.
    fn rename_with(&self, from: &Path, target: &dyn Names, to: &Path, if_taken: IfTaken) -> io::Result<()> {
        match if_taken {
            IfTaken::Replace => self.rename(from, target, to),
            IfTaken::Refuse => {
                self.hard_link(from, target, to)?;
                self.remove_file(from)
            }
            IfTaken::Exchange => Err(io::Error::new(io::ErrorKind::Unsupported, NO_EXCHANGE)),
        }
    }

    /// Gives the file at `original` the second name `link`.
    fn hard_link(&self, original: &Path, target: &dyn Names, link: &Path) -> io::Result<()>;

    /// Creates the symbolic link `link` containing `original`, which may lead anywhere.
    fn symlink(&self, original: &Path, link: &Path) -> io::Result<()>;

    /// Returns what the symbolic link `path` contains.
    fn read_link(&self, path: &Path) -> io::Result<PathBuf>;

    /// Copies contents and permissions without set-ID bits; returns the bytes copied. The copy is closed with its error.
    fn copy(&self, from: &Path, target: &dyn Names, to: &Path) -> io::Result<u64> {
        let _ = (from, target, to);
        unsupported()
    }

    /// Creates a FIFO with these permission bits before the umask.
    fn make_fifo(&self, path: &Path, mode: u32) -> io::Result<()> {
        let _ = (path, mode);
        unsupported()
    }

    /// Changes the permissions of what `path` names.
    fn set_permissions(&self, path: &Path, permissions: Permissions) -> io::Result<()>;

    /// Changes owner and group of what `path` names; `None` leaves one alone.
    fn set_owner(&self, path: &Path, uid: Option<u32>, gid: Option<u32>, links: Links) -> io::Result<()> {
        let _ = (path, uid, gid, links);
        unsupported()
    }

    /// Changes the times of what `path` names.
    fn set_times(&self, path: &Path, times: &Stamps, links: Links) -> io::Result<()> {
        let _ = (path, times, links);
        unsupported()
    }

    /// Returns size and limits of the file system that holds what `path` names.
    fn statvfs(&self, path: &Path) -> io::Result<StatVfs> {
        let _ = path;
        unsupported()
    }

    /// Returns the value of an extended attribute; `None` if there is none of that name.
    fn xattr(&self, path: &Path, name: &OsStr, links: Links) -> io::Result<Option<Vec<u8>>> {
        let _ = (path, name, links);
        unsupported()
    }

    /// Sets an extended attribute.
    fn set_xattr(
        &self,
        path: &Path,
        name: &OsStr,
        value: &[u8],
        mode: XattrMode,
        links: Links,
    ) -> io::Result<()> {
        let _ = (path, name, value, mode, links);
        unsupported()
    }

    /// Returns the names of the extended attributes, in no particular order.
    fn xattrs(&self, path: &Path, links: Links) -> io::Result<Vec<OsString>> {
        let _ = (path, links);
        unsupported()
    }

    /// Removes an extended attribute; `ENODATA` if there is none of that name.
    fn remove_xattr(&self, path: &Path, name: &OsStr, links: Links) -> io::Result<()> {
        let _ = (path, name, links);
        unsupported()
    }

    /// This value, for calls that take two places and have to know both as their own kind.
    fn as_any(&self) -> &dyn Any;
}

/// One open directory, its *root*. It goes with the directory when that is renamed or moved.
///
/// Every path is relative to the root and must stay below it at each step: a `..` above the root, an absolute
/// path and a symbolic link that leads to either fail with `EXDEV`, a link of procfs that is no path
/// (`/proc/self/fd/3`) with any error; whatever others rename or exchange meanwhile. Paths are looked up once a
/// call. Calls that are about a name refuse a last part of `.` or `..` with `EINVAL`.
pub trait StorageDir: Names {
    /// Starts a listing of the root itself.
    fn names(&self) -> io::Result<NameListing>;

    /// Returns a second descriptor of the root, good for looking names up. Does not block.
    fn to_fd(&self) -> io::Result<OwnedFd> {
        unsupported()
    }

    /// Opens the root once more, for reading.
    fn to_std(&self) -> io::Result<std::fs::File> {
        unsupported()
    }

    /// Makes the names in the root survive a power cut.
    fn sync(&self) -> io::Result<()>;
}

/// Why two names cannot be exchanged.
pub(super) const NO_EXCHANGE: &str = "this system cannot exchange two names in one step";

fn unsupported<T>() -> io::Result<T> {
    Err(io::ErrorKind::Unsupported.into())
}
