//! The kernel's look-up that never leaves a directory (`openat2`, Linux 5.6).

use std::os::fd::{BorrowedFd, OwnedFd};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::fs::{Mode, OFlags, ResolveFlags, openat2};
use rustix::io::Errno;

use super::found::Found;
use crate::limits::LOOKUP_TRIES_MAX;
use crate::storage::Links;

#[derive(Debug, Default)]
pub(in crate::storage::os) struct Confined {
    /// Whether the call is missing or forbidden. Set once and for good; carries no data, so Relaxed is enough.
    missing: AtomicBool,
}

impl Confined {
    /// Stops using the call.
    pub(in crate::storage::os) fn give_up(&self) {
        self.missing.store(true, Ordering::Relaxed);
    }

    /// Finds the file at `path` below `root`; `None` like [`open`](Confined::open).
    pub(in crate::storage::os) fn find(
        &self,
        root: BorrowedFd<'_>,
        path: &Path,
        links: Links,
    ) -> Option<Result<Found, Errno>> {
        let found = self.open(root, path, OFlags::PATH | OFlags::CLOEXEC, Mode::empty(), links)?;
        Some(found.map(Found::new))
    }

    /// Opens the file at `path` below `root`; `None` if the kernel cannot do it, now or ever.
    pub(in crate::storage::os) fn open(
        &self,
        root: BorrowedFd<'_>,
        path: &Path,
        flags: OFlags,
        mode: Mode,
        links: Links,
    ) -> Option<Result<OwnedFd, Errno>> {
        if self.missing.load(Ordering::Relaxed) {
            return None;
        }
        let confined = ResolveFlags::BENEATH | ResolveFlags::NO_MAGICLINKS;
        let (flags, resolve) = match links {
            Links::Follow => (flags, confined),
            Links::NotLast => (flags | OFlags::NOFOLLOW, confined),
            Links::Refuse => (flags | OFlags::NOFOLLOW, confined | ResolveFlags::NO_SYMLINKS),
        };
        for _ in 0..LOOKUP_TRIES_MAX {
            match openat2(root, path, flags, mode, resolve) {
                Err(Errno::AGAIN | Errno::INTR) => {}
                Err(Errno::NOSYS) => {
                    self.give_up();
                    return None;
                }
                // Either about the file, or from a filter that forbids the call.
                Err(Errno::PERM) if !self.is_allowed(root) => return None,
                result => return Some(result),
            }
        }
        None
    }

    fn is_allowed(&self, root: BorrowedFd<'_>) -> bool {
        let probe = openat2(root, ".", OFlags::PATH | OFlags::CLOEXEC, Mode::empty(), ResolveFlags::BENEATH);
        let allowed = !matches!(probe, Err(Errno::PERM | Errno::NOSYS));
        if !allowed {
            self.give_up();
        }
        allowed
    }
}
