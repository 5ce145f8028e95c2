//! What std has no call for: access, the size of file systems, FIFOs, space and its use, copying between open
//! files.

use std::fs::File;
use std::io;
use std::num::NonZeroU64;
use std::os::unix::fs::FileExt;
use std::path::Path;

use rustix::fs::{
    Access, AtFlags, CWD, FallocateFlags, accessat, copy_file_range, fadvise, fallocate, mkfifoat,
};
use rustix::io::{Errno, retry_on_intr};

use crate::limits::{CARRIED_BYTES_MAX, COPIED_BYTES_MAX};
use crate::storage::{Advice, Allocation, Mode, StatVfs};

pub(super) fn access(path: &Path, mode: Mode) -> io::Result<()> {
    let ways =
        [(Mode::READ, Access::READ_OK), (Mode::WRITE, Access::WRITE_OK), (Mode::EXECUTE, Access::EXEC_OK)];
    let asked = ways.iter().filter(|(way, _)| mode.contains(*way));
    let asked = asked.fold(Access::EXISTS, |all, (_, way)| all | *way);
    let flags = if mode.is_effective() { AtFlags::EACCESS } else { AtFlags::empty() };
    Ok(accessat(CWD, path, asked, flags)?)
}

pub(super) fn statvfs(path: &Path) -> io::Result<StatVfs> {
    let told = rustix::fs::statvfs(path)?;
    Ok(StatVfs {
        block_size: told.f_bsize,
        fragment_size: told.f_frsize,
        blocks: told.f_blocks,
        blocks_free: told.f_bfree,
        blocks_available: told.f_bavail,
        files: told.f_files,
        files_free: told.f_ffree,
        files_available: told.f_favail,
        id: told.f_fsid,
        flags: told.f_flag.bits(),
        name_max: told.f_namemax,
    })
}

pub(super) fn make_fifo(path: &Path, mode: u32) -> io::Result<()> {
    Ok(mkfifoat(CWD, path, rustix::fs::Mode::from_bits_truncate(mode))?)
}

pub(super) fn allocate(file: &File, how: Allocation, offset: u64, len: u64) -> io::Result<()> {
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

pub(super) fn advise(file: &File, advice: Advice, offset: u64, len: u64) -> io::Result<()> {
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

/// Writes bytes where the cursor of the target stands.
type Put<'a> = &'a dyn Fn(&[u8], u64) -> io::Result<usize>;

/// Not by `sendfile(2)`, which writes at the kernel's cursor of the target: that one stands still.
pub(super) fn receive(
    to: &File,
    from: &File,
    offset: u64,
    count: u64,
    at: u64,
    put: Put<'_>,
) -> io::Result<u64> {
    let mut done = 0;
    while done < count {
        match step(to, from, (offset + done, at + done), count - done, put) {
            Ok(0) => break,
            Ok(copied) => done += copied,
            Err(_) if done > 0 => break,
            Err(error) => return Err(error),
        }
    }
    Ok(done)
}

fn step(to: &File, from: &File, (offset, at): (u64, u64), count: u64, put: Put<'_>) -> io::Result<u64> {
    let wanted = count.min(COPIED_BYTES_MAX) as usize;
    match copy_file_range(from, Some(&mut { offset }), to, Some(&mut { at }), wanted) {
        // Files of procfs and sysfs say that they are empty; only reading them tells.
        Ok(0) => carry(put, from, (offset, at), count),
        Ok(copied) => Ok(copied as u64),
        Err(Errno::INTR) => step(to, from, (offset, at), count, put),
        Err(Errno::XDEV | Errno::NOSYS | Errno::OPNOTSUPP | Errno::INVAL | Errno::PERM) => {
            carry(put, from, (offset, at), count)
        }
        Err(error) => Err(error.into()),
    }
}

fn carry(put: Put<'_>, from: &File, (offset, at): (u64, u64), count: u64) -> io::Result<u64> {
    let len = count.min(CARRIED_BYTES_MAX as u64) as usize;
    let mut room = vec![0; len];
    let read = from.read_at(&mut room, offset)?;
    Ok(put(&room[..read], at)? as u64)
}
