//! The kinds of call that a storage takes, and how many of each a disk has seen.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};

/// One kind of call: a method of `Names`, `Storage` or `StorageFile`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Call {
    /// `Names::open`.
    Open,
    /// `Storage::open_cached`.
    OpenCached,
    /// `Names::metadata`.
    Metadata,
    /// `Storage::metadata_cached`.
    MetadataCached,
    /// `Names::canonicalize`.
    Canonicalize,
    /// `Names::copy`.
    Copy,
    /// `Names::create_dir`.
    CreateDir,
    /// `Names::hard_link` and `Storage::link_unnamed`.
    HardLink,
    /// `Storage::open_unnamed`. One that fails with `EOPNOTSUPP` is a file system without such files.
    OpenUnnamed,
    /// `Names::symlink`.
    Symlink,
    /// `Names::read_link`.
    ReadLink,
    /// `Storage::read_dir` and `StorageDir::names`.
    ReadDir,
    /// `Names::open_dir`.
    OpenDir,
    /// `Names::access`.
    Access,
    /// `Names::set_owner`.
    SetOwner,
    /// Any call about extended attributes.
    Xattr,
    /// `Names::remove_dir`.
    RemoveDir,
    /// `Names::remove_file`.
    RemoveFile,
    /// `Names::rename`.
    Rename,
    /// `StorageFile::read_at`.
    ReadAt,
    /// `StorageFile::read_now`.
    ReadNow,
    /// `StorageFile::write_at`.
    WriteAt,
    /// `StorageFile::append`.
    Append,
    /// `StorageFile::sync` and `StorageDir::sync`.
    Sync,
    /// `StorageFile::receive`, of the file that receives.
    Receive,
    /// `StorageFile::duplicate`.
    Duplicate,
    /// `StorageFile::allocate`.
    Allocate,
    /// `StorageFile::set_len`.
    SetLen,
    /// `StorageFile::len`.
    Len,
    /// `StorageFile::metadata`.
    FileMetadata,
    /// `set_permissions`, by name or on an open file.
    SetPermissions,
    /// `set_times`, by name or on an open file.
    SetTimes,
    /// `StorageFile::try_lock`.
    Lock,
    /// `StorageFile::unlock`.
    Unlock,
    /// `StorageFile::close`. Dropping an open file is not counted here.
    Close,
}

const KINDS: usize = Call::Close as usize + 1;

/// Counts calls by kind, and how many ran at a time.
#[derive(Debug)]
pub(crate) struct Calls {
    counts: [AtomicU64; KINDS],
    running: AtomicUsize,
    running_max: AtomicUsize,
}

impl Default for Calls {
    fn default() -> Self {
        let counts = [const { AtomicU64::new(0) }; KINDS];
        Calls { counts, running: AtomicUsize::new(0), running_max: AtomicUsize::new(0) }
    }
}

impl Calls {
    pub(crate) fn count(&self, call: Call) -> u64 {
        self.counts[call as usize].load(Relaxed)
    }

    pub(crate) fn running(&self) -> usize {
        self.running.load(Relaxed)
    }

    pub(crate) fn running_max(&self) -> usize {
        self.running_max.load(Relaxed)
    }

    pub(crate) fn start(&self, call: Call) -> Running<'_> {
        self.counts[call as usize].fetch_add(1, Relaxed);
        let running = self.running.fetch_add(1, Relaxed) + 1;
        self.running_max.fetch_max(running, Relaxed);
        Running { calls: self }
    }
}

/// A call that has started; it ends when this is dropped, so a planned panic ends it too.
#[derive(Debug)]
pub(crate) struct Running<'a> {
    calls: &'a Calls,
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.calls.running.fetch_sub(1, Relaxed);
    }
}
