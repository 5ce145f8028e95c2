//! Opening paths that the kernel can look up without the disk (`RESOLVE_CACHED`), for calls in place.

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::fs::{AtFlags, CWD, Mode, OFlags, ResolveFlags, StatxFlags, makedev, open, openat2, statx};
use rustix::io::Errno;

use super::in_proc;
use crate::storage::OpenRequest;

/// Whether the kernel looks paths up without the disk. Cleared by the first call that fails as unsupported.
#[derive(Debug, Default)]
pub(in crate::storage::os) struct CachedPaths {
    /// Set once and for good; carries no data, so Relaxed is enough.
    unsupported: AtomicBool,
}

impl CachedPaths {
    /// Opens for reading; `None` if that would need the disk.
    pub(in crate::storage::os) fn open(&self, path: &Path) -> Option<io::Result<File>> {
        self.find(path, OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY)
    }

    /// Finds the file at `path` without opening it (`O_PATH`); `None` if that would need the disk.
    pub(in crate::storage::os) fn name(&self, path: &Path) -> Option<io::Result<File>> {
        self.find(path, OFlags::PATH)
    }

    /// Like [`name`](CachedPaths::name), but does not follow a link in the last part.
    pub(in crate::storage::os) fn name_itself(&self, path: &Path) -> Option<io::Result<File>> {
        self.find(path, OFlags::PATH | OFlags::NOFOLLOW)
    }

    /// Opens for reading what was found: no other file, whatever its path leads to by now. `None` for whatever is in the
    /// way.
    pub(in crate::storage::os) fn open_found(&self, named: &File) -> Option<File> {
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        open(in_proc(named), flags, Mode::empty()).ok().map(File::from)
    }

    fn find(&self, path: &Path, flags: OFlags) -> Option<io::Result<File>> {
        if self.unsupported.load(Ordering::Relaxed) {
            return None;
        }
        let found = openat2(CWD, path, flags | OFlags::CLOEXEC, Mode::empty(), ResolveFlags::CACHED);
        match found {
            Ok(descriptor) => Some(Ok(File::from(descriptor))),
            Err(Errno::NOSYS | Errno::PERM) => {
                self.unsupported.store(true, Ordering::Relaxed);
                None
            }
            // Out of descriptors: the blocking call may wait for one.
            Err(Errno::MFILE | Errno::NFILE) => None,
            // `INVAL` also stands for a NUL in the path, which the blocking call words as std does.
            Err(Errno::AGAIN | Errno::INTR | Errno::INVAL | Errno::TOOBIG | Errno::XDEV) => None,
            Err(definitive) => Some(Err(definitive.into())),
        }
    }
}

/// Whether opening has no side effects, so that it can be tried and the file closed again.
pub(in crate::storage::os) fn is_plain_read(request: &OpenRequest) -> bool {
    let OpenRequest { mode, buffer_bytes, .. } = *request;
    let plain = OpenRequest { read: true, mode, buffer_bytes, ..OpenRequest::default() };
    *request == plain
}

/// Returns the device of a file from the kernel's memory.
pub(in crate::storage::os) fn device_without_sync(named: &File) -> Option<u64> {
    let flags = AtFlags::EMPTY_PATH | AtFlags::STATX_DONT_SYNC;
    let seen = statx(named, "", flags, StatxFlags::TYPE).ok()?;
    Some(makedev(seen.stx_dev_major, seen.stx_dev_minor))
}
