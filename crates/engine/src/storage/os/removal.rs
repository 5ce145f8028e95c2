//! Removing a tree by its path, whose last part is never followed.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use rustix::io::Errno;

/// Does what `std::fs::remove_dir_all` does, but follows no link that the path ends with, slash or not: std's takes
/// `link/` for what the link leads to, empties that, and fails at the name.
///
/// A path that ends with `.` or `..` is refused, as `rmdir` refuses it, before anything is touched.
pub(super) fn tree(path: &Path) -> io::Result<()> {
    let name = path.as_os_str().as_bytes();
    let bare = match name.iter().rposition(|byte| *byte != b'/') {
        Some(last) => &name[..=last],
        None => name,
    };
    if let Some(b"." | b"..") = bare.rsplit(|byte| *byte == b'/').next() {
        return Err(Errno::INVAL.into());
    }
    let bare = Path::new(OsStr::from_bytes(bare));
    if bare.as_os_str().len() < name.len() && fs::symlink_metadata(bare)?.is_symlink() {
        return Err(Errno::NOTDIR.into());
    }
    fs::remove_dir_all(bare)
}
