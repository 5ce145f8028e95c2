//! By the calls that Linux has, and Apple's systems in the same form.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::fd::BorrowedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use rustix::buffer::spare_capacity;
use rustix::fs::{
    XattrFlags, fgetxattr, flistxattr, fsetxattr, getxattr, lgetxattr, listxattr, llistxattr, lremovexattr,
    lsetxattr, removexattr, setxattr,
};
use rustix::io::Errno;

use crate::limits::XATTR_BYTES_MAX;
use crate::storage::XattrMode;

/// The error for a missing attribute.
#[cfg(not(target_vendor = "apple"))]
const MISSING: Errno = Errno::NODATA;
#[cfg(target_vendor = "apple")]
const MISSING: Errno = Errno::NOATTR;

pub(in crate::storage::os) fn get(path: &Path, name: &OsStr, follow: bool) -> io::Result<Option<Vec<u8>>> {
    let mut value = Vec::with_capacity(XATTR_BYTES_MAX);
    let got = if follow {
        getxattr(path, name, spare_capacity(&mut value))
    } else {
        lgetxattr(path, name, spare_capacity(&mut value))
    };
    match got {
        Ok(_) => {
            value.shrink_to_fit();
            Ok(Some(value))
        }
        Err(MISSING) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

pub(in crate::storage::os) fn set(
    path: &Path,
    name: &OsStr,
    value: &[u8],
    mode: XattrMode,
    follow: bool,
) -> io::Result<()> {
    let flags = match mode {
        XattrMode::Any => XattrFlags::empty(),
        XattrMode::Create => XattrFlags::CREATE,
        XattrMode::Replace => XattrFlags::REPLACE,
    };
    if follow {
        setxattr(path, name, value, flags)?
    } else {
        lsetxattr(path, name, value, flags)?
    }
    Ok(())
}

pub(in crate::storage::os) fn set_open(file: BorrowedFd<'_>, name: &OsStr, value: &[u8]) -> io::Result<()> {
    Ok(fsetxattr(file, name, value, XattrFlags::empty())?)
}

pub(in crate::storage::os) fn list(path: &Path, follow: bool) -> io::Result<Vec<OsString>> {
    let mut names = Vec::with_capacity(XATTR_BYTES_MAX);
    if follow {
        listxattr(path, spare_capacity(&mut names))?;
    } else {
        llistxattr(path, spare_capacity(&mut names))?;
    }
    let names = names.split(|byte| *byte == 0).filter(|name| !name.is_empty());
    Ok(names.map(|name| OsStr::from_bytes(name).to_owned()).collect())
}

pub(in crate::storage::os) fn remove(path: &Path, name: &OsStr, follow: bool) -> io::Result<()> {
    if follow {
        removexattr(path, name)?
    } else {
        lremovexattr(path, name)?
    }
    Ok(())
}

/// Copies all attributes, including access lists, except those that are `passed_over`. `lenient` decides for each outcome
/// whether it is a success, a failure to ignore, or one that ends the copy.
pub(in crate::storage::os) fn copy(
    from: BorrowedFd<'_>,
    to: BorrowedFd<'_>,
    passed_over: impl Fn(&[u8]) -> bool,
    lenient: impl Fn(Result<(), Errno>) -> Result<bool, Errno>,
) -> Result<(), Errno> {
    let mut names = Vec::with_capacity(XATTR_BYTES_MAX);
    lenient(flistxattr(from, spare_capacity(&mut names)).map(drop))?;
    if names.is_empty() {
        return Ok(());
    }
    let mut value = Vec::with_capacity(XATTR_BYTES_MAX);
    for name in names.split(|byte| *byte == 0).filter(|name| !name.is_empty() && !passed_over(name)) {
        value.clear();
        let got = match fgetxattr(from, name, spare_capacity(&mut value)) {
            Err(MISSING) => continue,
            got => got.map(drop),
        };
        if lenient(got)? {
            lenient(fsetxattr(to, name, &value, XattrFlags::empty()))?;
        }
    }
    Ok(())
}
