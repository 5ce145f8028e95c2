//! The port to the disk. One implementation makes system calls; the testkit has simulated ones.
//!
//! Every method may block unless its contract says otherwise, and is called by workers only. Methods return
//! [`io::Error`] with its errno; the engine adds the operation and the path. A panic inside a method fails the operation
//! that called it, and no other.

use std::any::Any;
use std::ffi::OsStr;
use std::fmt::Debug;
use std::fs::{FileTimes, Permissions};
use std::io::{self, IoSlice};
use std::os::fd::{BorrowedFd, OwnedFd};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

mod asynchronous;
mod attributes;
mod dir;
mod entry;
pub(crate) mod errno;
mod kind;
mod metadata;
mod mover;
mod names;
mod open_request;
pub mod os;
mod returned;
pub mod wrapped;

pub use asynchronous::{AsyncFile, AsyncLister, AsyncStorage, Asynchronous, Later, error_with_errno, refuse};
pub use attributes::{Advice, Allocation, Stamp, Stamps, XattrMode};
pub use dir::{Clearing, Copied, DeepDir, Links, Listed, Lister, TreeCopier};
pub use entry::{Entry, Listing};
pub use kind::Kind;
pub use metadata::{Attributes, FileType, Metadata};
pub use mover::Mover;
pub(crate) use names::unpredictable;
pub use names::{IfTaken, NameListing, Names, StorageDir};
pub use open_request::OpenRequest;

/// The nature of an open file: how the engine has to drive it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Nature {
    /// Has a length, and reads and writes at any offset: regular files and block devices.
    Plain,
    /// Never blocks, and ignores positions, such as `/dev/null`; driven like a plain file.
    Memory,
    /// An object of the program's own, or a kernel file without positions. It has a single position, so its operations run
    /// one at a time. Without seeking, it has no reads and writes at an offset.
    Object {
        /// Whether it can seek.
        seekable: bool,
    },
    /// May wait for a peer for ever (FIFO, socket, terminal): driven by readiness, never by a worker.
    Stream,
}

/// The identity of a file, independent of its names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Identity {
    /// The device number.
    pub device: u64,
    /// The inode number.
    pub inode: u64,
}

impl Identity {
    /// Takes the identity from the attributes.
    pub fn of(metadata: &Metadata) -> Self {
        Identity { device: metadata.dev(), inode: metadata.ino() }
    }
}

/// A file that has just been opened, with the results of one `fstat`.
#[derive(Debug)]
#[non_exhaustive]
pub struct Opened {
    /// The file itself.
    pub file: Box<dyn StorageFile>,
    /// Device number: selects the lane.
    pub device: u64,
    /// Inode number: with the device, the file's identity.
    pub inode: u64,
    /// Length in bytes when it was opened.
    pub len: u64,
    /// How the engine has to drive it.
    pub nature: Nature,
    /// Whether any call may block: the file is on a network, in user space, or on a file system that may stand on such.
    pub remote: bool,
    /// Whether it is a directory, if that was seen at the opening; otherwise its attributes are asked for it.
    pub directory: Option<bool>,
}

impl Opened {
    /// Makes a plain file on a local disk. Set the public fields for any other file.
    pub fn plain(file: Box<dyn StorageFile>, device: u64, inode: u64, len: u64) -> Opened {
        Opened { file, device, inode, len, nature: Nature::Plain, remote: false, directory: None }
    }
}

/// Changes of what is mounted, on which the answers of a storage in place depend.
pub trait MountWatch: Debug + Send + Sync {
    /// The descriptor that is marked (`POLLPRI`) at each change.
    fn changes(&self) -> BorrowedFd<'_>;

    /// Called after each change. Does not block.
    fn changed(&self);
}

/// One kind of disk. As [`Names`], it looks up paths of the process.
pub trait Storage: Names {
    /// Opens `path` for reading if that needs no disk (`RESOLVE_CACHED`), without blocking.
    ///
    /// `None` only means that [`open`](Names::open) has to be called: the file may exist or not.
    fn open_cached(&self, path: &Path, request: &OpenRequest) -> Option<io::Result<Opened>> {
        let _ = (path, request);
        None
    }

    /// Does what [`metadata`](Names::metadata) does, if that needs no disk, without blocking; else `None`.
    fn metadata_cached(&self, path: &Path, links: Links) -> Option<io::Result<Metadata>> {
        let _ = (path, links);
        None
    }

    /// Returns the device that a look-up of `path` would need, as far as that is in memory: of the file, or of the last
    /// directory on the way that is cached. Does not block. `None` means unknown.
    fn device_cached(&self, path: &Path) -> Option<u64> {
        let _ = path;
        None
    }

    /// The storage itself if its calls answer later; then the engine makes no blocking call of it. Does not block.
    fn asynchronous(&self) -> Option<Arc<dyn AsyncStorage>> {
        None
    }

    /// Returns what becomes ready when the mounts change; `None` if the storage does not depend on mounts, or cannot know.
    ///
    /// Called once when an engine starts, which keeps it for its whole life. Does not block.
    fn watch_mounts(&self) -> Option<Box<dyn MountWatch>> {
        None
    }

    /// Creates a file without a name in `dir`, for reading and writing, with permission bits `mode` before the umask.
    ///
    /// `None` if the file system does not support this, or if `dir` is missing. The caller then [opens](Names::open) a
    /// file with a name and removes the name.
    fn open_unnamed(&self, dir: &Path, mode: u32) -> Option<io::Result<Opened>> {
        let _ = (dir, mode);
        None
    }

    /// Gives the name `link` to a file that was [opened without one](Storage::open_unnamed); `EEXIST` if it is taken.
    fn link_unnamed(&self, file: &dyn StorageFile, link: &Path) -> io::Result<()> {
        let _ = (file, link);
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Starts a listing; the iterator may block at each entry.
    fn read_dir(&self, path: &Path) -> io::Result<Listing>;

    /// Starts a listing for walks, which need names and kinds only.
    fn list(&self, path: &Path) -> io::Result<Box<dyn Lister>> {
        Ok(Box::new(Entries(self.read_dir(path)?)))
    }

    /// Opens the directory at `path`, to look up the rest of a path that is too long for one call.
    fn deep_dir(&self, path: &Path) -> io::Result<Box<dyn DeepDir>> {
        let _ = path;
        Err(errno::error(errno::NAME_TOO_LONG))
    }

    /// Starts to copy a directory and everything in it, and creates the root of the copy, whose name must be free. No
    /// symbolic link is followed but `from` itself. An error in the tree should name the entry.
    fn copy_tree(&self, from: &Path, to: &Path) -> io::Result<Box<dyn TreeCopier>> {
        let _ = (from, to);
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Removes a directory and everything in it. An error in the tree should name the entry.
    fn clear(&self, path: &Path, how: Clearing) -> io::Result<()> {
        let _ = how;
        self.remove_dir(path, true)
    }

    /// Starts a move to another file system, after [`rename`](Names::rename) failed with `EXDEV`. Nothing is copied yet.
    /// `None` if `from` and `to` are the same file, which then keeps both names.
    fn mover(&self, from: &Path, to: &Path) -> io::Result<Option<Box<dyn Mover>>> {
        let _ = (from, to);
        Err(io::ErrorKind::CrossesDevices.into())
    }

    /// Changes the times of the file at `path`, given in std's type.
    fn set_file_times(&self, path: &Path, times: FileTimes, links: Links) -> io::Result<()> {
        self.set_times(path, &times.try_into()?, links)
    }

    /// Returns the home directory of a user, by default of the user of this process; `None` if it is unknown.
    fn home_dir(&self, user: Option<&OsStr>) -> io::Result<Option<PathBuf>> {
        let _ = user;
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Takes over an open directory, and returns it with a path for messages; `ENOTDIR` for anything else.
    fn adopt_dir(&self, descriptor: OwnedFd) -> io::Result<(Box<dyn StorageDir>, PathBuf)> {
        let _ = descriptor;
        Err(io::ErrorKind::Unsupported.into())
    }
}

/// Ways to use a path, for [`Names::access`]. Joined by `|`.
///
/// ```
/// use folio_engine::storage::Mode;
///
/// let both = Mode::READ | Mode::WRITE;
/// assert!(both.contains(Mode::READ) && !both.contains(Mode::EXECUTE));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mode {
    bits: u8,
    effective: bool,
}

impl Mode {
    /// Existence alone.
    pub const EXISTS: Mode = Mode { bits: 0, effective: false };
    /// Reading it, or listing it.
    pub const READ: Mode = Mode { bits: 4, effective: false };
    /// Changing it.
    pub const WRITE: Mode = Mode { bits: 2, effective: false };
    /// Executing it, or searching it.
    pub const EXECUTE: Mode = Mode { bits: 1, effective: false };

    /// Checks the effective user and group instead of the real ones, as opening the file would.
    #[must_use]
    pub fn effective(self) -> Mode {
        Mode { effective: true, ..self }
    }

    /// Returns whether all of `other` is included.
    pub fn contains(self, other: Mode) -> bool {
        self.bits & other.bits == other.bits
    }

    /// Returns whether the effective user and group are checked.
    pub fn is_effective(self) -> bool {
        self.effective
    }
}

impl std::ops::BitOr for Mode {
    type Output = Mode;

    fn bitor(self, other: Mode) -> Mode {
        Mode { bits: self.bits | other.bits, effective: self.effective || other.effective }
    }
}

/// Size and limits of a file system, as `statvfs` returns them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StatVfs {
    /// Preferred size of a transfer, in bytes (`f_bsize`).
    pub block_size: u64,
    /// Unit of the block counts below, in bytes (`f_frsize`).
    pub fragment_size: u64,
    /// Total blocks, in units of `fragment_size`.
    pub blocks: u64,
    /// Free blocks, including those reserved for the superuser.
    pub blocks_free: u64,
    /// Free blocks for unprivileged users.
    pub blocks_available: u64,
    /// Total inodes; 0 where the file system has no such limit.
    pub files: u64,
    /// Free inodes, including those reserved for the superuser.
    pub files_free: u64,
    /// Free inodes for unprivileged users.
    pub files_available: u64,
    /// Number of the file system.
    pub id: u64,
    /// Mount flags (`ST_RDONLY` and others).
    pub flags: u64,
    /// Longest file name, in bytes.
    pub name_max: u64,
}

impl StatVfs {
    /// Returns the size in bytes.
    pub fn total_bytes(&self) -> u64 {
        self.blocks.saturating_mul(self.fragment_size)
    }

    /// Returns the free space for unprivileged users, in bytes.
    pub fn available_bytes(&self) -> u64 {
        self.blocks_available.saturating_mul(self.fragment_size)
    }
}

/// A [`Listing`] as a [`Lister`].
struct Entries(Listing);

impl Lister for Entries {
    fn more(&mut self, each: &mut dyn FnMut(&OsStr, Option<Kind>, u64)) -> io::Result<bool> {
        let Some(entry) = self.0.next() else { return Ok(false) };
        let entry = entry?;
        each(&entry.file_name(), entry.file_type().and_then(|file_type| file_type.kind()), entry.ino());
        Ok(true)
    }
}

/// The kind of an advisory lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LockKind {
    /// Held by any number of openings at a time.
    Shared,
    /// Held by one opening at a time.
    Exclusive,
}

/// One open file. Methods take offsets: only [`append`](StorageFile::append),
/// [`read_stream`](StorageFile::read_stream) and [`write_stream`](StorageFile::write_stream) use a cursor.
#[expect(
    clippy::len_without_is_empty,
    reason = "a file is asked for its length, not for whether it is empty"
)]
pub trait StorageFile: Debug + Send + Sync + 'static {
    /// The file itself if its calls answer later; then the engine makes no blocking call of it. Does not block.
    fn asynchronous(&self) -> Option<&Arc<dyn AsyncFile>> {
        None
    }

    /// Reads at most `buf.len()` bytes at `offset`; 0 means the end of the file (or an empty `buf`).
    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize>;

    /// Reads like [`read_at`](StorageFile::read_at) without blocking, by exactly one system call.
    ///
    /// `None` means that the read would block or is not supported; the caller then calls `read_at`. An implementation
    /// that finds it unsupported must return `None` at once from then on.
    fn read_now(&self, buf: &mut [u8], offset: u64) -> Option<io::Result<usize>> {
        let _ = (buf, offset);
        None
    }

    /// Writes a prefix of `bufs`, in order, at `offset`; returns the bytes written, more than 0 unless all
    /// of `bufs` is empty.
    fn write_at(&self, bufs: &[IoSlice<'_>], offset: u64) -> io::Result<usize>;

    /// Reads at the cursor `offset`, or the next bytes of a file that cannot be read at an offset.
    fn read_on(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        self.read_at(buf, offset)
    }

    /// Writes at the cursor `offset`, or next in a file that cannot be written at an offset. Such a file gets each of
    /// `bufs` in a write of its own.
    fn write_on(&self, bufs: &[IoSlice<'_>], offset: u64) -> io::Result<usize> {
        self.write_at(bufs, offset)
    }

    /// Whether the file can be read and written at an offset.
    fn has_positions(&self) -> bool {
        true
    }

    /// Whether writes currently go to the end, whatever their offset. Does not block.
    fn appends(&self) -> bool {
        false
    }

    /// Writes a prefix of `bufs` at the end of the file in one step, even against other processes; returns
    /// the bytes written and the offset of the first of them.
    fn append(&self, bufs: &[IoSlice<'_>]) -> io::Result<(usize, u64)>;

    /// Makes all data written so far durable, and with `all` every attribute too.
    fn sync(&self, all: bool) -> io::Result<()>;

    /// Truncates the file, or extends it with zeros.
    fn set_len(&self, len: u64) -> io::Result<()>;

    /// Returns the length in bytes. Does not block unless the file is [remote](Opened::remote).
    fn len(&self) -> io::Result<u64>;

    /// Returns the attributes. Does not block unless the file is [remote](Opened::remote).
    fn metadata(&self) -> io::Result<Metadata>;

    /// Changes the permissions.
    fn set_permissions(&self, permissions: Permissions) -> io::Result<()>;

    /// Changes owner and group; `None` leaves one alone.
    fn set_owner(&self, uid: Option<u32>, gid: Option<u32>) -> io::Result<()> {
        let _ = (uid, gid);
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Sets an extended attribute, whether there is one of that name or not.
    fn set_xattr(&self, name: &OsStr, value: &[u8]) -> io::Result<()> {
        let _ = (name, value);
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Changes the timestamps.
    fn set_times(&self, times: FileTimes) -> io::Result<()>;

    /// Takes an advisory lock (`flock`); `false` if another opening holds a conflicting one.
    fn try_lock(&self, kind: LockKind) -> io::Result<bool>;

    /// Releases the advisory lock.
    fn unlock(&self) -> io::Result<()>;

    /// Takes the advisory lock, and waits while others hold a conflicting one. Only called on the result of
    /// [`stand_in`](StorageFile::stand_in), and not by a worker.
    fn lock(&self, kind: LockKind) -> io::Result<()> {
        let _ = kind;
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Opens the same file once more, to wait for the lock on that opening. Dropping it releases the lock and does not
    /// block. If this fails, the engine calls [`try_lock`](StorageFile::try_lock) from time to time instead.
    fn stand_in(&self) -> io::Result<Arc<dyn StorageFile>> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Closes the descriptor, which releases its locks. The descriptor is closed even if this returns an error.
    ///
    /// No other method runs meanwhile. Afterwards only two methods are called: `close`, which does nothing, and
    /// [`as_std`](StorageFile::as_std), which returns `None`. Dropping a value that is still open closes it.
    fn close(&self) -> io::Result<()>;

    /// Closes like [`close`](StorageFile::close), after an earlier failure that already stands for the file's state.
    fn abandon(&self) -> io::Result<()> {
        self.close()
    }

    /// Whether closing needs no device, no server and no code of the program. Does not block.
    fn closes_at_once(&self) -> bool {
        false
    }

    /// Reads from a [`Nature::Stream`] file without blocking; `WouldBlock` if no bytes are available.
    fn read_stream(&self, buf: &mut [u8]) -> io::Result<usize> {
        let _ = buf;
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Writes to a [`Nature::Stream`] file without blocking; `WouldBlock` if there is no room.
    fn write_stream(&self, buf: &[u8]) -> io::Result<usize> {
        let _ = buf;
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Makes a second handle of the same opening, which stays valid when this one is closed.
    fn duplicate(&self) -> io::Result<Box<dyn StorageFile>> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Copies at most `count` bytes from `offset` in `from`, a file of the same storage, to `at`. Copies fewer only at the
    /// end of `from`, or if a failure follows copied bytes. Neither kernel cursor is used.
    fn receive(&self, from: &dyn StorageFile, offset: u64, count: u64, at: u64) -> io::Result<u64> {
        let _ = (from, offset, count, at);
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Takes back bytes that [`read_at`](StorageFile::read_at) returned at `offset` and that no caller received. Later
    /// reads return them first. Does not block. A file that can be read twice ignores the call.
    fn take_back(&self, bytes: &[u8], offset: u64) {
        let _ = (bytes, offset);
    }

    /// Reads returned bytes from `offset` on without blocking; `None` if there are none.
    fn read_returned(&self, buf: &mut [u8], offset: u64) -> Option<usize> {
        let _ = (buf, offset);
        None
    }

    /// The value itself, for callers that know its type.
    fn as_any(&self) -> Option<&dyn Any> {
        None
    }

    /// Reserves or frees the space of a range.
    fn allocate(&self, how: Allocation, offset: u64, len: u64) -> io::Result<()> {
        let _ = (how, offset, len);
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Advises the kernel how a range will be used; a `len` of 0 means to the end. The contents stay.
    fn advise(&self, advice: Advice, offset: u64, len: u64) -> io::Result<()> {
        let _ = (advice, offset, len);
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Whether I/O bypasses the page cache, so that buffers have to be aligned or copied to an aligned one.
    fn is_direct(&self) -> bool {
        false
    }

    /// Whether a write waits inside of its call until another one of the same file has ended, whatever they touch, as
    /// Linux lets writes through the page cache. Then writes are passed on one at a time.
    fn writes_in_turn(&self) -> bool {
        false
    }

    /// Called after the program has used the descriptor and may have changed its flags. Does not block.
    fn refresh_flags(&self) {}

    /// The descriptor behind this file, if it has one: for readiness, `run` and conversions into std.
    fn as_std(&self) -> Option<&std::fs::File> {
        None
    }

    /// Returns a second descriptor of the same opening, in blocking mode, with the kernel's cursor at `position`.
    fn to_std(&self, position: u64) -> io::Result<std::fs::File> {
        let _ = position;
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Converts into the descriptor itself, prepared as by [`to_std`](StorageFile::to_std). `None` exactly if there is no
    /// descriptor, the file is closed, or there are other references.
    fn into_std(self: Arc<Self>, position: u64) -> Option<std::fs::File> {
        let _ = position;
        None
    }
}
