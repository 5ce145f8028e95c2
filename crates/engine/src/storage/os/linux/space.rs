//! Space and its use.

use std::fs::File;
use std::io;
use std::num::NonZeroU64;

use rustix::fs::{FallocateFlags, fadvise, fallocate};
use rustix::io::{Errno, retry_on_intr};

use crate::limits::COPIED_BYTES_MAX;
use crate::storage::{Advice, Allocation};

pub(in crate::storage::os) fn allocate(
    file: &File,
    how: Allocation,
    offset: u64,
    len: u64,
) -> io::Result<()> {
    let flags = match how {
        Allocation::Extend => FallocateFlags::empty(),
        Allocation::KeepSize => FallocateFlags::KEEP_SIZE,
        Allocation::PunchHole => FallocateFlags::PUNCH_HOLE | FallocateFlags::KEEP_SIZE,
        Allocation::ZeroRange => FallocateFlags::ZERO_RANGE,
    };
    // Not `posix_fallocate`, which writes zeros where the file system cannot reserve: slowly, and over what
    // others write there meanwhile.
    Ok(retry_on_intr(|| fallocate(file, flags, offset, len))?)
}

pub(in crate::storage::os) fn advise(file: &File, advice: Advice, offset: u64, len: u64) -> io::Result<()> {
    let advice = match advice {
        Advice::Normal => rustix::fs::Advice::Normal,
        Advice::Sequential => rustix::fs::Advice::Sequential,
        Advice::Random => rustix::fs::Advice::Random,
        Advice::NoReuse => rustix::fs::Advice::NoReuse,
        Advice::WillNeed => rustix::fs::Advice::WillNeed,
        Advice::DontNeed => rustix::fs::Advice::DontNeed,
    };
    Ok(fadvise(file, offset, NonZeroU64::new(len), advice)?)
}

/// Copies between two files in the kernel; `None` if that is impossible and takes reads and writes.
pub(in crate::storage::os) fn copy_range(
    from: &File,
    mut offset: u64,
    to: &File,
    mut at: u64,
    count: u64,
) -> Option<Result<usize, Errno>> {
    let count = count.min(COPIED_BYTES_MAX) as usize;
    let copied =
        retry_on_intr(|| rustix::fs::copy_file_range(from, Some(&mut offset), to, Some(&mut at), count));
    match copied {
        // Files of procfs and sysfs say that they are empty; only reading them tells.
        Ok(0) => None,
        Err(Errno::XDEV | Errno::NOSYS | Errno::OPNOTSUPP | Errno::INVAL | Errno::PERM) => None,
        copied => Some(copied),
    }
}
