//! The port to the disk. One implementation talks to the operating system; the testkit has simulated ones.
//!
//! Every method blocks unless its contract says otherwise, and is called by workers only. Methods return
//! [`io::Error`] with the errno kept; naming the operation and the path is the engine's work. A panic inside
//! a method costs the operation that called it and nothing else.

use std::any::Any;
use std::ffi::OsStr;
use std::fmt::Debug;
use std::fs::{FileTimes, Permissions};
use std::io::{self, IoSlice};
use std::os::fd::OwnedFd;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

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

pub use attributes::{Advice, Allocation, Stamp, Stamps, XattrMode};
pub use dir::{Clearing, Copied, Foothold, Links, Listed, Lister, TreeCopier};
pub use entry::{Entry, Listing};
pub use kind::Kind;
pub use metadata::{Attributes, FileType, Metadata};
pub use mover::Mover;
pub use names::{IfTaken, NameListing, Names, StorageDir};
pub use open_request::OpenRequest;

/// What kind of thing was opened, as far as the engine treats kinds differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Nature {
    /// Has a length and takes positioned reads and writes: regular files and block devices.
    Plain,
    /// Never blocks and has no position that matters, such as `/dev/null`; driven like a plain file.
    Memory,
    /// An object of the program's own, or one of the kernel's without positions: one operation at a time, since it
    /// stands at one place. What cannot seek has no positioned reads and writes, and no seeks.
    Object {
        /// Whether it can be put anywhere.
        seekable: bool,
    },
    /// May wait for a peer for ever (FIFO, socket, terminal): driven by readiness, never by a worker.
    Stream,
}

/// What a file is, whatever it is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Identity {
    /// Number of its device.
    pub device: u64,
    /// Its number there.
    pub inode: u64,
}

impl Identity {
    /// Takes it from what the system tells.
    pub fn of(metadata: &Metadata) -> Self {
        Identity { device: metadata.dev(), inode: metadata.ino() }
    }
}

/// A file that has just been opened, with what one `fstat` told.
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
    /// How it must be driven.
    pub nature: Nature,
    /// Whether the file lives on a network or in user space, where no call can be promised not to block.
    pub remote: bool,
}

impl Opened {
    /// Returns a plain file on a disk of this machine, which is what most storages open; the fields say otherwise.
    pub fn plain(file: Box<dyn StorageFile>, device: u64, inode: u64, len: u64) -> Opened {
        Opened { file, device, inode, len, nature: Nature::Plain, remote: false }
    }
}

/// One kind of disk. Its [`Names`] are those that the process itself would look up.
pub trait Storage: Names {
    /// Opens `path` for reading if that needs no disk (`RESOLVE_CACHED`), without blocking.
    ///
    /// `None` says "ask [`open`](Names::open)" and nothing else: in particular it does not mean missing.
    fn open_cached(&self, path: &Path, request: &OpenRequest) -> Option<io::Result<Opened>> {
        let _ = (path, request);
        None
    }

    /// Does what [`metadata`](Names::metadata) does, if that needs no disk, without blocking; else `None`.
    fn metadata_cached(&self, path: &Path, links: Links) -> Option<io::Result<Metadata>> {
        let _ = (path, links);
        None
    }

    /// Creates a file without a name in `dir`, for reading and writing, with these permission bits before the umask.
    ///
    /// `None` says that the file system has no such files, or that `dir` is missing: ask
    /// [`open`](Names::open) for one with a name and remove that.
    fn open_unnamed(&self, dir: &Path, mode: u32) -> Option<io::Result<Opened>> {
        let _ = (dir, mode);
        None
    }

    /// Gives a file that was [opened without a name](Storage::open_unnamed) one that is free; `EEXIST` if it is not.
    fn link_unnamed(&self, file: &dyn StorageFile, link: &Path) -> io::Result<()> {
        let _ = (file, link);
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Starts a listing; entries come from the iterator, which blocks like any other call.
    fn read_dir(&self, path: &Path) -> io::Result<Listing>;

    /// Starts a listing for walks, which want names and kinds and nothing that has to be asked for.
    fn list(&self, path: &Path) -> io::Result<Box<dyn Lister>> {
        Ok(Box::new(Entries(self.read_dir(path)?)))
    }

    /// Finds the directory at `path`, for paths that are too long to be looked up at once.
    fn foothold(&self, path: &Path) -> io::Result<Box<dyn Foothold>> {
        let _ = path;
        Err(errno::error(errno::NAME_TOO_LONG))
    }

    /// Starts to copy a directory and everything in it to a name that is free, through no symbolic link but `from`
    /// itself, which makes the root of the copy. An error in the tree should name the entry.
    fn copy_tree(&self, from: &Path, to: &Path) -> io::Result<Box<dyn TreeCopier>> {
        let _ = (from, to);
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Removes a directory and everything in it in this manner. An error in the tree should name the entry.
    fn clear(&self, path: &Path, how: Clearing) -> io::Result<()> {
        let _ = how;
        self.remove_dir(path, true)
    }

    /// Starts to move what has one name to another on another file system, which [`rename`](Names::rename) refused
    /// with `EXDEV`. Nothing is copied yet. `None` if both are names of one thing, which then keeps both.
    fn mover(&self, from: &Path, to: &Path) -> io::Result<Option<Box<dyn Mover>>> {
        let _ = (from, to);
        Err(io::ErrorKind::CrossesDevices.into())
    }

    /// Changes the times of what `path` names, in std's words.
    fn set_file_times(&self, path: &Path, times: FileTimes, links: Links) -> io::Result<()> {
        self.set_times(path, &times.try_into()?, links)
    }

    /// Returns the home directory of a user, or of the one this process runs as; `None` if nobody knows it.
    fn home_dir(&self, user: Option<&OsStr>) -> io::Result<Option<PathBuf>> {
        let _ = user;
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Takes over a directory that is open already; with a path for messages. `ENOTDIR` for anything else.
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
    /// Being there is enough.
    pub const EXISTS: Mode = Mode { bits: 0, effective: false };
    /// Reading it, or listing it.
    pub const READ: Mode = Mode { bits: 4, effective: false };
    /// Changing it.
    pub const WRITE: Mode = Mode { bits: 2, effective: false };
    /// Executing it, or searching it.
    pub const EXECUTE: Mode = Mode { bits: 1, effective: false };

    /// Judges by the effective user and group instead of the real ones, as opening the file would.
    #[must_use]
    pub fn effective(self) -> Mode {
        Mode { effective: true, ..self }
    }

    /// Returns whether every way of `other` is among these.
    pub fn contains(self, other: Mode) -> bool {
        self.bits & other.bits == other.bits
    }

    /// Returns whether the effective user and group are asked about.
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

/// Size and limits of a file system, as `statvfs` tells them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StatVfs {
    /// Preferred size of a transfer, in bytes (`f_bsize`).
    pub block_size: u64,
    /// Unit of the block counts below, in bytes (`f_frsize`).
    pub fragment_size: u64,
    /// Blocks in all, in units of `fragment_size`.
    pub blocks: u64,
    /// Free blocks, those kept for the superuser included.
    pub blocks_free: u64,
    /// Free blocks that anyone may use.
    pub blocks_available: u64,
    /// Inodes in all; 0 where the file system has no such limit.
    pub files: u64,
    /// Free inodes, those kept for the superuser included.
    pub files_free: u64,
    /// Free inodes that anyone may use.
    pub files_available: u64,
    /// Number of the file system.
    pub id: u64,
    /// Mount flags (`ST_RDONLY` and its kin).
    pub flags: u64,
    /// Longest file name, in bytes.
    pub name_max: u64,
}

impl StatVfs {
    /// Returns the size in bytes.
    pub fn total_bytes(&self) -> u64 {
        self.blocks.saturating_mul(self.fragment_size)
    }

    /// Returns the bytes that anyone may still take.
    pub fn available_bytes(&self) -> u64 {
        self.blocks_available.saturating_mul(self.fragment_size)
    }
}

/// Hands out what a listing of entries tells.
struct Entries(Listing);

impl Lister for Entries {
    fn more(&mut self, each: &mut dyn FnMut(&OsStr, Option<Kind>, u64)) -> io::Result<bool> {
        let Some(entry) = self.0.next() else { return Ok(false) };
        let entry = entry?;
        each(&entry.file_name(), entry.file_type().and_then(|file_type| file_type.kind()), entry.ino());
        Ok(true)
    }
}

/// What kind of lock is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LockKind {
    /// Held by any number of openings at a time.
    Shared,
    /// Held by one opening at a time.
    Exclusive,
}

/// One open file. Positions are always given: no method but [`append`](StorageFile::append) and
/// [`read_stream`](StorageFile::read_stream)/[`write_stream`](StorageFile::write_stream) has a cursor.
#[expect(
    clippy::len_without_is_empty,
    reason = "a file is asked for its length, not for whether it is empty"
)]
pub trait StorageFile: Debug + Send + Sync + 'static {
    /// Reads at most `buf.len()` bytes at `offset`; 0 means the end of the file (or an empty `buf`).
    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize>;

    /// Reads like [`read_at`](StorageFile::read_at) without blocking, by exactly one system call.
    ///
    /// `None` means that it would block or is not supported; the caller goes on with `read_at`. An
    /// implementation that finds it unsupported must remember that and return `None` at once from then on.
    fn read_now(&self, buf: &mut [u8], offset: u64) -> Option<io::Result<usize>> {
        let _ = (buf, offset);
        None
    }

    /// Writes a prefix of `bufs`, in order, at `offset`; returns the bytes written, more than 0 unless all
    /// of `bufs` is empty.
    fn write_at(&self, bufs: &[IoSlice<'_>], offset: u64) -> io::Result<usize>;

    /// Reads where a cursor at `offset` stands: there, or what comes next in a file that cannot be read at an offset.
    fn read_on(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        self.read_at(buf, offset)
    }

    /// Writes where a cursor at `offset` stands: there, or next in a file that cannot be written at an offset. Such
    /// a file gets each of `bufs` by itself.
    fn write_on(&self, bufs: &[IoSlice<'_>], offset: u64) -> io::Result<usize> {
        self.write_at(bufs, offset)
    }

    /// Whether anything can be read or written at an offset.
    fn has_positions(&self) -> bool {
        true
    }

    /// Whether writes go to the end now, wherever they are told to go. Does not block.
    fn appends(&self) -> bool {
        false
    }

    /// Writes a prefix of `bufs` at the end of the file in one step, even against other processes; returns
    /// the bytes written and the offset of the first of them.
    fn append(&self, bufs: &[IoSlice<'_>]) -> io::Result<(usize, u64)>;

    /// Makes everything written so far survive a power cut: data, and with `all` every attribute too.
    fn sync(&self, all: bool) -> io::Result<()>;

    /// Cuts the file or extends it with zeros.
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

    /// Takes an advisory lock (`flock`) if nobody holds a conflicting one; `false` if somebody does.
    fn try_lock(&self, kind: LockKind) -> io::Result<bool>;

    /// Releases the advisory lock.
    fn unlock(&self) -> io::Result<()>;

    /// Takes the advisory lock, waiting for as long as others hold a conflicting one. Only asked of what
    /// [`stand_in`](StorageFile::stand_in) returned, and not by a worker.
    fn lock(&self, kind: LockKind) -> io::Result<()> {
        let _ = kind;
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Opens the same file once more, with a lock of its own, to wait for the lock by; its drop releases that and does
    /// not block. Whoever refuses gets attempts instead.
    fn stand_in(&self) -> io::Result<Arc<dyn StorageFile>> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Gives the descriptor up, its locks included, and returns what that reports; it is gone even then.
    ///
    /// Called while no other method runs, and no method is called afterwards but another `close`, which does
    /// nothing, and [`as_std`](StorageFile::as_std), which is `None`. A value that is dropped without it is closed
    /// by the drop.
    fn close(&self) -> io::Result<()>;

    /// Does what [`close`](StorageFile::close) does where a failure before has made its report worthless.
    fn abandon(&self) -> io::Result<()> {
        self.close()
    }

    /// Whether closing waits for nothing: no device, no server, no code of the program's own. Does not block.
    fn closes_at_once(&self) -> bool {
        false
    }

    /// Reads from a [`Nature::Stream`] file without blocking; `WouldBlock` if nothing is there.
    fn read_stream(&self, buf: &mut [u8]) -> io::Result<usize> {
        let _ = buf;
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Writes to a [`Nature::Stream`] file without blocking; `WouldBlock` if there is no room.
    fn write_stream(&self, buf: &[u8]) -> io::Result<usize> {
        let _ = buf;
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Opens a second handle of the same opening, for those who read it at offsets, give it a name or close it; it stays
    /// good when this one is closed.
    fn duplicate(&self) -> io::Result<Box<dyn StorageFile>> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Copies at most `count` bytes of `from`, a file of the same storage, beginning at `offset`, to `at`; fewer only if
    /// `from` ends first or something has been copied before a failure. Neither kernel cursor is used.
    fn receive(&self, from: &dyn StorageFile, offset: u64, count: u64, at: u64) -> io::Result<u64> {
        let _ = (from, offset, count, at);
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Takes back bytes that [`read_at`](StorageFile::read_at) delivered at `offset` and nobody saw. They are
    /// asked for again before anything behind them. Does not block. Nothing to do for what can be read twice.
    fn take_back(&self, bytes: &[u8], offset: u64) {
        let _ = (bytes, offset);
    }

    /// Reads again, without blocking, what was given back from `offset` on; `None` if nothing was.
    fn read_returned(&self, buf: &mut [u8], offset: u64) -> Option<usize> {
        let _ = (buf, offset);
        None
    }

    /// The value itself, for those who know what they gave to the engine.
    fn as_any(&self) -> Option<&dyn Any> {
        None
    }

    /// Reserves or gives back the space of a range.
    fn allocate(&self, how: Allocation, offset: u64, len: u64) -> io::Result<()> {
        let _ = (how, offset, len);
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Says how a range is going to be used; a `len` of 0 means to the end. Changes nothing that can be read.
    fn advise(&self, advice: Advice, offset: u64, len: u64) -> io::Result<()> {
        let _ = (advice, offset, len);
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Whether its bytes go past the page cache, so that buffers have to lie right in memory or be copied to where
    /// they do.
    fn is_direct(&self) -> bool {
        false
    }

    /// Called after the program has used the descriptor and may have changed its flags. Does not block.
    fn refresh_flags(&self) {}

    /// The descriptor behind this file, if it has one: for readiness, `run` and conversions into std.
    fn as_std(&self) -> Option<&std::fs::File> {
        None
    }

    /// A second descriptor of the same opening, with the kernel's cursor at `position` and in blocking mode.
    fn to_std(&self, position: u64) -> io::Result<std::fs::File> {
        let _ = position;
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Hands over the descriptor itself, as [`to_std`](StorageFile::to_std) does a second one. `None` if there is
    /// none, the file is closed, or there are other references; never else.
    fn into_std(self: Arc<Self>, position: u64) -> Option<std::fs::File> {
        let _ = position;
        None
    }
}
