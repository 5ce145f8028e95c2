//! Attributes in FUSE's words.

use std::os::unix::fs::MetadataExt as _;
use std::time::{SystemTime, UNIX_EPOCH};

use folio_engine::storage::{Kind, Metadata, Stamp};
use fuser::{FileAttr, FileType, INodeNo, TimeOrNow};

/// Bytes of the units in which the space of a file is counted.
const BLOCK_BYTES: u64 = 512;

pub(super) fn file_type(kind: Kind) -> FileType {
    match kind {
        Kind::Dir => FileType::Directory,
        Kind::Symlink => FileType::Symlink,
        _ => FileType::RegularFile,
    }
}

pub(super) fn file_attr(kind: Kind, metadata: &Metadata) -> FileAttr {
    let time = |time: std::io::Result<SystemTime>| time.unwrap_or(UNIX_EPOCH);
    let modified = time(metadata.modified());
    FileAttr {
        ino: INodeNo(metadata.ino()),
        size: metadata.len(),
        blocks: metadata.len().div_ceil(BLOCK_BYTES),
        atime: time(metadata.accessed()),
        mtime: modified,
        ctime: modified,
        crtime: UNIX_EPOCH,
        kind: file_type(kind),
        perm: (metadata.mode() & 0o7777) as u16,
        nlink: 1,
        uid: metadata.uid(),
        gid: metadata.gid(),
        rdev: 0,
        blksize: 4096,
        flags: 0,
    }
}

pub(super) fn stamp(time: Option<TimeOrNow>) -> Stamp {
    match time {
        None => Stamp::Keep,
        Some(TimeOrNow::Now) => Stamp::Now,
        Some(TimeOrNow::SpecificTime(moment)) => Stamp::At(moment),
    }
}
