//! The fields of `stat` in the widths of Linux: other systems have devices of 32 bits and modes of 16.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileTypeExt;

use rustix::fs::{FileType, Mode, RawMode, SeekFrom, Stat};

use crate::storage::Kind;

/// Device and inode, which identify a file.
pub(super) type Identity = (u64, u64);

#[allow(clippy::unnecessary_cast, reason = "the widths differ by system")]
pub(super) fn identity(stat: &Stat) -> Identity {
    (stat.st_dev as u64, stat.st_ino as u64)
}

#[allow(clippy::useless_conversion, reason = "the widths differ by system")]
pub(super) fn mode(stat: &Stat) -> u32 {
    u32::from(stat.st_mode)
}

/// Seconds and nanoseconds of the last access.
#[allow(clippy::unnecessary_cast, reason = "the widths differ by system")]
pub(super) fn accessed(stat: &Stat) -> (i64, i64) {
    (stat.st_atime as i64, stat.st_atime_nsec as i64)
}

/// Seconds and nanoseconds of the last change of the contents.
#[allow(clippy::unnecessary_cast, reason = "the widths differ by system")]
pub(super) fn modified(stat: &Stat) -> (i64, i64) {
    (stat.st_mtime as i64, stat.st_mtime_nsec as i64)
}

/// The kind in a mode.
pub(super) fn kind_of(mode: u32) -> FileType {
    FileType::from_raw_mode(mode as RawMode)
}

/// The permission bits of a mode.
pub(super) fn bits(mode: u32) -> Mode {
    Mode::from_bits_truncate(mode as RawMode)
}

/// The kind in a directory entry; `None` where the directory does not keep it.
pub(super) fn kind(file_type: FileType) -> Option<Kind> {
    match file_type {
        FileType::RegularFile => Some(Kind::File),
        FileType::Directory => Some(Kind::Dir),
        FileType::Symlink => Some(Kind::Symlink),
        FileType::Fifo => Some(Kind::Fifo),
        FileType::Socket => Some(Kind::Socket),
        FileType::BlockDevice => Some(Kind::BlockDevice),
        FileType::CharacterDevice => Some(Kind::CharDevice),
        FileType::Unknown => None,
    }
}

/// Returns the length, also of block devices, whose `st_size` is 0; moves the position.
pub(super) fn end_of(file: &File) -> io::Result<u64> {
    let metadata = file.metadata()?;
    if metadata.file_type().is_block_device() {
        return Ok(rustix::fs::seek(file, SeekFrom::End(0))?);
    }
    Ok(metadata.len())
}
