//! Whole trees through descriptors: no name in one is ever looked up through another, so that a link put in a
//! directory's place leads nowhere. Not recursive: the depth of a tree is anybody's choice, and a worker's stack is
//! small. Nor does a descriptor stand for each level, as a process may hold only so many.
//!
//! ```text
//!   clear.rs   removes a tree ──┐
//!                               ├──▶ way.rs   the levels one is inside of, the inner ones open
//!   copy.rs    copies a tree  ──┘      names.rs   what a directory has to tell
//! ```

pub(super) mod clear;
pub(super) mod copy;
pub(super) mod names;
pub(super) mod way;

use std::ffi::CStr;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::fs::{Mode, OFlags, openat};
use rustix::io::Errno;

/// How a directory is opened to be listed.
pub(super) const LISTED: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);

/// Opens a directory to be listed; `None` if the name is another thing's, a link's among them.
fn enter(dir: BorrowedFd<'_>, name: &CStr) -> Result<Option<OwnedFd>, Errno> {
    match openat(dir.as_fd(), name, LISTED | OFlags::NOFOLLOW, Mode::empty()) {
        Ok(opened) => Ok(Some(opened)),
        Err(Errno::NOTDIR | Errno::LOOP) => Ok(None),
        Err(error) => Err(error),
    }
}
