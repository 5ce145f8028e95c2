//! Calls on an open file.

use std::fs::File;
use std::io::{IoSlice, IoSliceMut};
use std::os::fd::AsFd;
use std::sync::OnceLock;

use rustix::fs::{AtFlags, StatxFlags, statx};
use rustix::io::{Errno, ReadWriteFlags, preadv2, pwritev2};

/// The first kernel whose `RWF_NOWAIT` never reports the end of the file for pages that are just not cached.
const READ_NOW_KERNEL: (u32, u32) = (5, 11);

/// The offset by which `pwritev2` means the descriptor's own position.
const OWN_POSITION: u64 = u64::MAX;

pub(in crate::storage::os) use rustix::fs::{fdatasync as sync_data, fsync as sync_all, syncfs as sync_tree};

/// One call syncs a whole tree ([`sync_tree`]).
pub(in crate::storage::os) fn sync_in_tree(_: impl AsFd) -> Result<(), Errno> {
    Ok(())
}

/// Reads cached bytes (`RWF_NOWAIT`). An offset past `i64::MAX` would mean the position.
pub(in crate::storage::os) fn read_now(file: &File, buf: &mut [u8], offset: u64) -> Result<usize, Errno> {
    preadv2(file, &mut [IoSliceMut::new(buf)], offset, ReadWriteFlags::NOWAIT)
}

/// Whether the running kernel's `RWF_NOWAIT` is correct; read once, and `false` without `/proc`.
pub(in crate::storage::os) fn reads_now() -> bool {
    static ANSWER: OnceLock<bool> = OnceLock::new();
    *ANSWER.get_or_init(|| {
        let release = std::fs::read_to_string("/proc/sys/kernel/osrelease");
        release.is_ok_and(|release| version(&release) >= Some(READ_NOW_KERNEL))
    })
}

/// Appends, and leaves the position at the end of these bytes, even if other processes append too.
pub(in crate::storage::os) fn append(file: &File, bufs: &[IoSlice<'_>]) -> Result<usize, Errno> {
    pwritev2(file, bufs, OWN_POSITION, ReadWriteFlags::APPEND)
}

/// The alignment for direct I/O of addresses, and of offsets and lengths. Linux reports it since 6.1, but not for every
/// file system.
pub(in crate::storage::os) fn direct_alignment(file: &File) -> Option<(usize, usize)> {
    let told = statx(file, c"", AtFlags::EMPTY_PATH, StatxFlags::DIOALIGN).ok()?;
    let (memory, offset) = (told.stx_dio_mem_align as usize, told.stx_dio_offset_align as usize);
    (memory > 0 && offset > 0).then_some((memory, offset))
}

fn version(release: &str) -> Option<(u32, u32)> {
    let mut numbers = release.split(|c: char| !c.is_ascii_digit());
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::version;

    #[test]
    fn kernel_versions_are_read_from_any_release_text() {
        fn check(release: &str, expected: Option<(u32, u32)>) {
            assert_eq!(version(release), expected, "{release:?}");
        }
        check("6.18.44-fc-v669\n", Some((6, 18)));
        check("5.11", Some((5, 11)));
        check("5.4.0-150-generic", Some((5, 4)));
        check("4.19-rc1", Some((4, 19)));
        check("", None);
        check("next", None);
        check("7", None);
    }
}
