//! Calls on an open file.

use std::fs::File;
use std::io::IoSlice;
use std::os::fd::AsFd;

use rustix::io::Errno;

#[cfg(not(target_vendor = "apple"))]
pub(in crate::storage::os) use rustix::fs::{fdatasync as sync_data, fsync as sync_all};

#[cfg(target_vendor = "apple")]
pub(in crate::storage::os) use sync_all as sync_data;

/// There, `fsync` leaves the bytes in the device's own memory, where a power failure loses them. It is still used on file
/// systems that support nothing better.
#[cfg(target_vendor = "apple")]
pub(in crate::storage::os) fn sync_all(file: impl AsFd) -> Result<(), Errno> {
    match rustix::fs::fcntl_fullfsync(&file) {
        Err(Errno::NOTSUP | Errno::OPNOTSUPP | Errno::NOTTY | Errno::INVAL) => rustix::fs::fsync(&file),
        synced => synced,
    }
}

/// Each file and directory of a tree is synced by itself ([`sync_in_tree`]).
pub(in crate::storage::os) fn sync_tree(_: impl AsFd) -> Result<(), Errno> {
    Ok(())
}

pub(in crate::storage::os) fn sync_in_tree(file: impl AsFd) -> Result<(), Errno> {
    sync_all(file)
}

pub(in crate::storage::os) fn read_now(_: &File, _: &mut [u8], _: u64) -> Result<usize, Errno> {
    Err(Errno::NOSYS)
}

pub(in crate::storage::os) fn reads_now() -> bool {
    false
}

pub(in crate::storage::os) fn append(_: &File, _: &[IoSlice<'_>]) -> Result<usize, Errno> {
    Err(Errno::NOSYS)
}

pub(in crate::storage::os) fn direct_alignment(_: &File) -> Option<(usize, usize)> {
    None
}
