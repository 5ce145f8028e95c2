//! Removing a tree by its path, whose last part is never followed.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use rustix::fs::{CWD, Mode, OFlags, openat};
use rustix::io::Errno;

use super::platform::PATH;
use super::tree::clear;
use crate::storage::Clearing;

/// Like `std::fs::remove_dir_all`, but for trees of any depth, and without following a link at the end of the path. Std
/// follows `link/`, empties the target and then fails to remove the name.
///
/// A path that ends with `.` or `..` is refused, as `rmdir` refuses it, before anything is touched.
pub(super) fn tree(path: &Path, how: Clearing) -> io::Result<()> {
    let name = path.as_os_str().as_bytes();
    let bare = match name.iter().rposition(|byte| *byte != b'/') {
        Some(last) => &name[..=last],
        None => name,
    };
    if let Some(b"." | b"..") = bare.rsplit(|byte| *byte == b'/').next() {
        return Err(Errno::INVAL.into());
    }
    if bare.len() < name.len() && fs::symlink_metadata(OsStr::from_bytes(bare))?.is_symlink() {
        return Err(Errno::NOTDIR.into());
    }
    let name = match bare.rsplit(|byte| *byte == b'/').next() {
        // The root of the file system has no parent.
        None | Some(b"") if name.is_empty() => return Err(Errno::NOENT.into()),
        None | Some(b"") => return Err(Errno::BUSY.into()),
        Some(name) => OsStr::from_bytes(name),
    };
    let above = Path::new(OsStr::from_bytes(&bare[..bare.len() - name.len()]));
    if above.as_os_str().is_empty() {
        return clear::tree(CWD, name, how);
    }
    let flags = PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let parent = openat(CWD, above, flags, Mode::empty())?;
    clear::tree(parent.as_fd(), name, how)
}
