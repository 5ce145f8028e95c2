//! For systems whose extended attributes have calls of another form, or that have none.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::fd::BorrowedFd;
use std::path::Path;

use rustix::io::Errno;

use crate::storage::XattrMode;

const REFUSED: io::ErrorKind = io::ErrorKind::Unsupported;

pub(in crate::storage::os) fn get(_: &Path, _: &OsStr, _: bool) -> io::Result<Option<Vec<u8>>> {
    Err(REFUSED.into())
}

pub(in crate::storage::os) fn set(_: &Path, _: &OsStr, _: &[u8], _: XattrMode, _: bool) -> io::Result<()> {
    Err(REFUSED.into())
}

pub(in crate::storage::os) fn set_open(_: BorrowedFd<'_>, _: &OsStr, _: &[u8]) -> io::Result<()> {
    Err(REFUSED.into())
}

pub(in crate::storage::os) fn list(_: &Path, _: bool) -> io::Result<Vec<OsString>> {
    Err(REFUSED.into())
}

pub(in crate::storage::os) fn remove(_: &Path, _: &OsStr, _: bool) -> io::Result<()> {
    Err(REFUSED.into())
}

pub(in crate::storage::os) fn copy(
    _: BorrowedFd<'_>,
    _: BorrowedFd<'_>,
    _: impl Fn(&[u8]) -> bool,
    _: impl Fn(Result<(), Errno>) -> Result<bool, Errno>,
) -> Result<(), Errno> {
    Ok(())
}
