//! The port's calls on names, and open directories where look-ups start.

use std::any::Any;
use std::collections::hash_map::RandomState;
use std::ffi::{OsStr, OsString};
use std::fmt::Debug;
use std::fs::Permissions;
use std::hash::{BuildHasher, Hasher};
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use super::{Identity, Links, Listed, Metadata, Mode, OpenRequest, Opened, Stamps, StatVfs, XattrMode};

/// Returns 16 hexadecimal digits that no other user can guess: the keys of the hasher are random numbers of the system.
pub(crate) fn unpredictable() -> String {
    format!("{:016x}", RandomState::new().build_hasher().finish())
}

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

/// A place where look-ups of names start: a [`Storage`](super::Storage) starts at the root or at the working directory of
/// the process, a [`StorageDir`] at itself.
///
/// Calls that change a name, and [`read_link`](Names::read_link), do not follow a link in the last part of a path; all
/// others do, or take [`Links`]. [`Links::Refuse`] is unsupported where the system alone does the look-up.
///
/// A call with two names looks up the second in `target`, a place of the same storage; it is `EXDEV` if the two places
/// are not of one kind.
pub trait Names: Debug + Send + Sync + 'static {
    /// Opens `path` close-on-exec and without waiting for a peer (`O_NONBLOCK`).
    ///
    /// The request has been checked: at least one of read, write and append is set, and no options contradict each other.
    fn open(&self, path: &Path, request: &OpenRequest) -> io::Result<Opened>;

    /// Opens a directory as a place where look-ups start.
    fn open_dir(&self, path: &Path, links: Links) -> io::Result<Box<dyn StorageDir>> {
        let _ = (path, links);
        unsupported()
    }

    /// Returns the attributes of the file at `path`.
    fn metadata(&self, path: &Path, links: Links) -> io::Result<Metadata>;

    /// Returns the identity of the file at `path`, following symbolic links.
    fn identity(&self, path: &Path) -> io::Result<Identity> {
        self.metadata(path, Links::Follow).map(|metadata| Identity::of(&metadata))
    }

    /// Succeeds if this process may use the file at `path` in every way of `mode`.
    fn access(&self, path: &Path, mode: Mode) -> io::Result<()> {
        let _ = (path, mode);
        unsupported()
    }

    /// Returns the path without links and dots, from the root of the file system or relative to an open directory, which
    /// itself is `.`.
    fn canonicalize(&self, path: &Path) -> io::Result<PathBuf> {
        let _ = path;
        unsupported()
    }

    /// Creates one directory; `mode` as in [`OpenRequest`].
    fn create_dir(&self, path: &Path, mode: Option<u32>) -> io::Result<()>;

    /// Removes one empty directory, or with `recursive` everything in it too. Follows no symbolic link.
    fn remove_dir(&self, path: &Path, recursive: bool) -> io::Result<()>;

    /// Removes the name of a file.
    fn remove_file(&self, path: &Path) -> io::Result<()>;

    /// Renames, replacing the file at `to`.
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

    /// Copies contents and permissions without set-ID bits, and closes the copy; returns the bytes copied.
    fn copy(&self, from: &Path, target: &dyn Names, to: &Path) -> io::Result<u64> {
        let _ = (from, target, to);
        unsupported()
    }

    /// Creates a FIFO with permission bits `mode` before the umask.
    fn make_fifo(&self, path: &Path, mode: u32) -> io::Result<()> {
        let _ = (path, mode);
        unsupported()
    }

    /// Changes the permissions of the file at `path`.
    fn set_permissions(&self, path: &Path, permissions: Permissions) -> io::Result<()>;

    /// Changes owner and group of the file at `path`; `None` leaves one unchanged.
    fn set_owner(&self, path: &Path, uid: Option<u32>, gid: Option<u32>, links: Links) -> io::Result<()> {
        let _ = (path, uid, gid, links);
        unsupported()
    }

    /// Changes the times of the file at `path`.
    fn set_times(&self, path: &Path, times: &Stamps, links: Links) -> io::Result<()> {
        let _ = (path, times, links);
        unsupported()
    }

    /// Returns size and limits of the file system of the file at `path`.
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

    /// The value itself: calls with two places need the type of both.
    fn as_any(&self) -> &dyn Any;
}

/// One open directory, the *root*. It stays the same directory when that is renamed or moved.
///
/// Every path is relative to the root and must stay below it at each step, even while other processes rename or exchange
/// entries. A `..` above the root, an absolute path and a symbolic link that leads to either fail with `EXDEV`; a link of
/// procfs that is no path (`/proc/self/fd/3`) fails with any error. Each call looks its paths up once. Calls that change
/// a name refuse a last part of `.` or `..` with `EINVAL`.
pub trait StorageDir: Names {
    /// Starts a listing of the root itself.
    fn names(&self) -> io::Result<NameListing>;

    /// Returns a second descriptor of the root, for look-ups. Does not block.
    fn to_fd(&self) -> io::Result<OwnedFd> {
        unsupported()
    }

    /// Opens the root once more, for reading.
    fn to_std(&self) -> io::Result<std::fs::File> {
        unsupported()
    }

    /// Makes the names in the root durable.
    fn sync(&self) -> io::Result<()>;
}

/// Why two names cannot be exchanged.
pub(super) const NO_EXCHANGE: &str = "this system cannot exchange two names in one step";

fn unsupported<T>() -> io::Result<T> {
    Err(io::ErrorKind::Unsupported.into())
}
