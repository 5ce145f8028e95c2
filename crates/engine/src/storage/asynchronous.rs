//! Storages that are far away: their calls return futures, and no worker is held while one waits.
//!
//! A storage of this kind implements [`AsyncStorage`] and [`AsyncFile`], and is given to an engine inside
//! [`Asynchronous`]. Its operations have the same order, permits, deadlines, cancellation and snapshot as those of any
//! other; what it cannot do is refused with an error that says so, and never done by other means.

use std::any::Any;
use std::fmt::Debug;
use std::fs::{FileTimes, Permissions};
use std::future::Future;
use std::io::{self, ErrorKind, IoSlice};
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;

use crate::error::Worded;

use super::{
    Identity, IfTaken, Links, Listed, Listing, LockKind, Metadata, Names, OpenRequest, Opened, Storage,
    StorageFile,
};

/// A result that comes later. The engine polls it on its own runtime, a multi-threaded one of tokio with timers and I/O,
/// and never on a worker. Dropping it gives the call up: whether it had an effect is unknown then.
pub type Later<'a, T> = Pin<Box<dyn Future<Output = io::Result<T>> + Send + 'a>>;

/// One kind of storage whose calls answer later.
///
/// Errors are [`io::Error`], with an errno wherever one fits; the engine adds the operation and the path. A method that
/// is not implemented refuses. What is refused for want of a capability is [`ErrorKind::Unsupported`], and says which.
pub trait AsyncStorage: Debug + Send + Sync + 'static {
    /// Returns the identity that the file at `path` has or would have. It is computed from the path alone, and is the same
    /// for every spelling of it.
    fn identity(&self, path: &Path) -> Identity;

    /// Opens a file. The request has been checked: at least one of read, write and append is set, and no options
    /// contradict each other.
    fn open<'a>(&'a self, path: &'a Path, request: &'a OpenRequest) -> Later<'a, Opened>;

    /// Opens the new contents of the file at `path`: they take the name when the file is closed, whole and in one step,
    /// and are gone if it is [abandoned](AsyncFile::abandon). With `refuses_taken`, closing fails with `EEXIST` if there
    /// is a file of that name by then.
    fn replace<'a>(&'a self, path: &'a Path, refuses_taken: bool) -> Later<'a, Opened> {
        let _ = (path, refuses_taken);
        refuse("this storage cannot replace a file in one step")
    }

    /// Returns the attributes of the file or directory at `path`.
    fn metadata<'a>(&'a self, path: &'a Path) -> Later<'a, Metadata>;

    /// Starts a listing of the directory at `path`.
    fn list<'a>(&'a self, path: &'a Path) -> Later<'a, Box<dyn AsyncLister>> {
        let _ = path;
        refuse("this storage cannot list")
    }

    /// Creates a directory, with `recursive` its parents too; then one that exists is no error.
    fn create_dir<'a>(&'a self, path: &'a Path, recursive: bool) -> Later<'a, ()> {
        let _ = (path, recursive);
        refuse("this storage cannot create directories")
    }

    /// Removes one empty directory, or with `recursive` everything in it too.
    fn remove_dir<'a>(&'a self, path: &'a Path, recursive: bool) -> Later<'a, ()> {
        let _ = (path, recursive);
        refuse("this storage cannot remove directories")
    }

    /// Removes a file.
    fn remove_file<'a>(&'a self, path: &'a Path) -> Later<'a, ()> {
        let _ = path;
        refuse("this storage cannot remove files")
    }

    /// Renames a file, and does with a name that is taken what `if_taken` says, in one step.
    fn rename<'a>(&'a self, from: &'a Path, to: &'a Path, if_taken: IfTaken) -> Later<'a, ()> {
        let _ = (from, to, if_taken);
        refuse("this storage cannot rename")
    }

    /// Copies a file within the storage, replacing the one at `to`; returns its length.
    fn copy<'a>(&'a self, from: &'a Path, to: &'a Path) -> Later<'a, u64> {
        let _ = (from, to);
        refuse("this storage cannot copy")
    }
}

/// The entries of a directory, many at a time, each with its kind.
pub trait AsyncLister: Send {
    /// Returns the next entries; none at the end.
    fn more(&mut self) -> Later<'_, Vec<Listed>>;
}

/// One open file whose calls answer later.
///
/// The engine makes conflicting calls one after another: a read never runs beside a write of the same bytes, and nothing
/// beside a close. Other calls may overlap.
pub trait AsyncFile: Debug + Send + Sync + 'static {
    /// Reads at most `len` bytes at `offset`; fewer, but at least one, wherever that suits the storage. None at the end
    /// of the file.
    fn read_at(&self, len: usize, offset: u64) -> Later<'_, Bytes>;

    /// Writes all of `bytes` at `offset`. A file that is written in order refuses every offset but the next one.
    fn write_at(&self, bytes: Bytes, offset: u64) -> Later<'_, ()>;

    /// Writes all of `bytes` at the end of the file in one step; returns the offset of the first.
    fn append(&self, bytes: Bytes) -> Later<'_, u64> {
        let _ = bytes;
        refuse("this storage cannot append")
    }

    /// Makes everything that was written visible and durable.
    fn sync(&self) -> Later<'_, ()>;

    /// Cuts the file, or extends it with zeros.
    fn set_len(&self, len: u64) -> Later<'_, ()> {
        let _ = len;
        refuse("this storage cannot change the length of a file")
    }

    /// Returns the attributes as this handle sees them: bytes that it has written count.
    fn metadata(&self) -> Later<'_, Metadata>;

    /// Closes the file, after which what was written is visible and durable. It is closed even if this fails; a second
    /// close does nothing.
    fn close(&self) -> Later<'_, ()>;

    /// Closes the file and discards what is not visible yet.
    fn abandon(&self) -> Later<'_, ()> {
        self.close()
    }
}

/// Refuses a call for want of a capability.
pub fn refuse<'a, T: Send + 'a>(why: &'static str) -> Later<'a, T> {
    Box::pin(std::future::ready(Err(unsupported(why))))
}

/// Makes an error that has an errno, and says more than that.
///
/// ```
/// let error = folio_engine::storage::error_with_errno(28, "the bucket is full");
/// assert_eq!(error.kind(), std::io::ErrorKind::StorageFull);
/// assert_eq!(error.to_string(), "the bucket is full (os error 28)");
/// ```
pub fn error_with_errno(errno: i32, words: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> io::Error {
    Worded::error(errno, words)
}

fn unsupported(why: &'static str) -> io::Error {
    io::Error::new(ErrorKind::Unsupported, why)
}

/// Why there is no blocking form of a call.
const NO_SUCH_CALL: &str = "this storage has no such operation";

impl Opened {
    /// Makes a file of an asynchronous storage.
    pub fn asynchronous(file: Arc<dyn AsyncFile>, identity: Identity, len: u64) -> Opened {
        let file = Box::new(Far(file));
        Opened { remote: true, ..Opened::plain(file, identity.device, identity.inode, len) }
    }
}

/// An asynchronous storage as the storage of an engine.
///
/// ```
/// # fn example(store: impl folio_engine::storage::AsyncStorage) -> folio_engine::Result<()> {
/// use std::sync::Arc;
///
/// use folio_engine::Engine;
/// use folio_engine::storage::Asynchronous;
///
/// let engine = Engine::builder().storage(Arc::new(Asynchronous::new(store))).start()?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Asynchronous(Arc<dyn AsyncStorage>);

impl Asynchronous {
    /// Makes a storage for an engine.
    pub fn new(storage: impl AsyncStorage) -> Self {
        Asynchronous(Arc::new(storage))
    }

    /// The same storage again.
    pub(crate) fn of(storage: Arc<dyn AsyncStorage>) -> Self {
        Asynchronous(storage)
    }
}

/// Of these calls, the engine makes only those that need no waiting; the others are for callers who know no better.
impl Names for Asynchronous {
    fn identity(&self, path: &Path) -> io::Result<Identity> {
        Ok(self.0.identity(path))
    }

    fn open(&self, _: &Path, _: &OpenRequest) -> io::Result<Opened> {
        Err(unsupported(NO_SUCH_CALL))
    }

    fn metadata(&self, _: &Path, _: Links) -> io::Result<Metadata> {
        Err(unsupported(NO_SUCH_CALL))
    }

    fn create_dir(&self, _: &Path, _: Option<u32>) -> io::Result<()> {
        Err(unsupported(NO_SUCH_CALL))
    }

    fn remove_dir(&self, _: &Path, _: bool) -> io::Result<()> {
        Err(unsupported(NO_SUCH_CALL))
    }

    fn remove_file(&self, _: &Path) -> io::Result<()> {
        Err(unsupported(NO_SUCH_CALL))
    }

    fn rename(&self, _: &Path, _: &dyn Names, _: &Path) -> io::Result<()> {
        Err(unsupported(NO_SUCH_CALL))
    }

    fn hard_link(&self, _: &Path, _: &dyn Names, _: &Path) -> io::Result<()> {
        Err(unsupported(NO_SUCH_CALL))
    }

    fn symlink(&self, _: &Path, _: &Path) -> io::Result<()> {
        Err(unsupported(NO_SUCH_CALL))
    }

    fn read_link(&self, _: &Path) -> io::Result<PathBuf> {
        Err(unsupported(NO_SUCH_CALL))
    }

    fn set_permissions(&self, _: &Path, _: Permissions) -> io::Result<()> {
        Err(unsupported(NO_SUCH_CALL))
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl Storage for Asynchronous {
    fn read_dir(&self, _: &Path) -> io::Result<Listing> {
        Err(unsupported(NO_SUCH_CALL))
    }

    fn asynchronous(&self) -> Option<Arc<dyn AsyncStorage>> {
        Some(self.0.clone())
    }
}

/// A file of an asynchronous storage, whose blocking calls refuse.
#[derive(Debug)]
struct Far(Arc<dyn AsyncFile>);

impl StorageFile for Far {
    fn asynchronous(&self) -> Option<&Arc<dyn AsyncFile>> {
        Some(&self.0)
    }

    fn read_at(&self, _: &mut [u8], _: u64) -> io::Result<usize> {
        Err(unsupported(NO_SUCH_CALL))
    }

    fn write_at(&self, _: &[IoSlice<'_>], _: u64) -> io::Result<usize> {
        Err(unsupported(NO_SUCH_CALL))
    }

    fn append(&self, _: &[IoSlice<'_>]) -> io::Result<(usize, u64)> {
        Err(unsupported(NO_SUCH_CALL))
    }

    fn sync(&self, _: bool) -> io::Result<()> {
        Err(unsupported(NO_SUCH_CALL))
    }

    fn set_len(&self, _: u64) -> io::Result<()> {
        Err(unsupported(NO_SUCH_CALL))
    }

    fn len(&self) -> io::Result<u64> {
        Err(unsupported(NO_SUCH_CALL))
    }

    fn metadata(&self) -> io::Result<Metadata> {
        Err(unsupported(NO_SUCH_CALL))
    }

    fn set_permissions(&self, _: Permissions) -> io::Result<()> {
        Err(unsupported(NO_SUCH_CALL))
    }

    fn set_times(&self, _: FileTimes) -> io::Result<()> {
        Err(unsupported(NO_SUCH_CALL))
    }

    fn try_lock(&self, _: LockKind) -> io::Result<bool> {
        Err(unsupported(NO_SUCH_CALL))
    }

    fn unlock(&self) -> io::Result<()> {
        Err(unsupported(NO_SUCH_CALL))
    }

    fn close(&self) -> io::Result<()> {
        Ok(())
    }
}
