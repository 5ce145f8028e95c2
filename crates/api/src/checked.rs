//! Checks of paths before any system call.

use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use crate::{Error, Operation, Result};

/// Refuses a path with a NUL byte, which no system call takes. The kernel checks everything else.
pub(crate) fn path(operation: Operation, path: impl AsRef<Path>) -> Result<PathBuf> {
    let path = path.as_ref();
    if path.as_os_str().as_bytes().contains(&0) {
        return Err(Error::invalid(operation, "the path contains a NUL byte").at_path(path));
    }
    Ok(path.to_path_buf())
}
