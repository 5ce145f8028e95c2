//! Whole trees through descriptors: each name is looked up in its open directory, so that a link put in a directory's
//! place has no effect. Not recursive, since a tree may be deep and a worker's stack is small. Not every level has an
//! open descriptor, since their number is limited.
//!
//! ```text
//!   clear.rs   removes a tree ──┐
//!                               ├──▶ way.rs   the current levels, the inner ones open
//!   copy.rs    copies a tree  ──┘      names.rs   the names in a directory
//! ```

pub(super) mod clear;
pub(super) mod copy;
pub(super) mod names;
pub(super) mod way;

use std::ffi::CStr;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::fs::{Mode, OFlags, openat};
use rustix::io::Errno;

/// The flags for opening a directory to list it.
pub(super) const LISTED: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);

/// Opens a directory to list it; `None` if the name is no directory but, for example, a link.
fn enter(dir: BorrowedFd<'_>, name: &CStr) -> Result<Option<OwnedFd>, Errno> {
    match openat(dir.as_fd(), name, LISTED | OFlags::NOFOLLOW, Mode::empty()) {
        Ok(opened) => Ok(Some(opened)),
        Err(Errno::NOTDIR | Errno::LOOP) => Ok(None),
        Err(error) => Err(error),
    }
}
