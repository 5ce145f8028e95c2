//! Space and its use.

use std::fs::File;
use std::io;

use rustix::fs::{FallocateFlags, fallocate};
use rustix::io::{Errno, retry_on_intr};

use crate::storage::{Advice, Allocation};

pub(in crate::storage::os) fn allocate(
    file: &File,
    how: Allocation,
    offset: u64,
    len: u64,
) -> io::Result<()> {
    match how {
        Allocation::Extend => Ok(retry_on_intr(|| fallocate(file, FallocateFlags::empty(), offset, len))?),
        Allocation::KeepSize | Allocation::PunchHole | Allocation::ZeroRange => {
            Err(io::ErrorKind::Unsupported.into())
        }
    }
}

/// Advice changes no results, so it may be ignored.
pub(in crate::storage::os) fn advise(_: &File, _: Advice, _: u64, _: u64) -> io::Result<()> {
    Ok(())
}

pub(in crate::storage::os) fn copy_range(
    _: &File,
    _: u64,
    _: &File,
    _: u64,
    _: u64,
) -> Option<Result<usize, Errno>> {
    None
}
