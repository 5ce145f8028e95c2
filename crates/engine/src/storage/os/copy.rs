//! Copying a file without waiting for a peer and without destroying the source.

use std::fs::{File, Metadata, OpenOptions, Permissions};
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

use rustix::fs::{OFlags, SeekFrom as Sought, seek};
use rustix::io::Errno;

use super::descriptor::Descriptor;
use crate::limits::STAT_BLOCK_BYTES;

/// Permission bits that a copy takes over. Not the set-ID bits: they would give whoever runs the copy the rights of
/// whoever made it.
const COPIED_BITS: u32 = 0o777;

/// Does what `std::fs::copy` does, but opens without blocking, since std's would hold a worker on a FIFO,
/// and refuses to copy a file onto itself, where std's leaves an empty file.
pub(super) fn contents_and_permissions(from: &Path, to: &Path) -> io::Result<u64> {
    let no_wait = (OFlags::NONBLOCK | OFlags::NOCTTY).bits() as i32;
    let reader = OpenOptions::new().read(true).custom_flags(no_wait).open(from)?;
    between(&reader, |mode| {
        // Not truncated by the open: first it must be known to be another file.
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(false).mode(mode).custom_flags(no_wait).open(to)
    })
}

/// Copies to what `open` opens for writing, created with these permission bits and not cut.
pub(super) fn between(reader: &File, open: impl FnOnce(u32) -> io::Result<File>) -> io::Result<u64> {
    let source = reader.metadata()?;
    if !source.is_file() {
        return Err(invalid("the source path is neither a regular file nor a symlink to a regular file"));
    }
    let mode = source.mode() & COPIED_BITS;
    let writer = Descriptor::new(open(mode)?);
    let target = writer.metadata()?;
    if (target.dev(), target.ino()) == (source.dev(), source.ino()) {
        return Err(invalid("the source and the target are the same file"));
    }
    let copied = if target.is_file() {
        // Before the contents, so that a secret is not readable under the target's old permissions.
        writer.set_permissions(Permissions::from_mode(mode))?;
        // Cut only if there is something to cut: ext4 takes it for the replacement of a file and writes the
        // whole copy out when it is closed, which takes as long again as the copy.
        if target.len() > 0 {
            writer.set_len(0)?;
        }
        contents(reader, &source, &writer)?
    } else {
        transfer(reader, &writer)?
    };
    // Where NFS and FUSE tell that what was written found no room.
    writer.close()?;
    Ok(copied)
}

/// Copies everything into an empty file and leaves out what takes no space; returns the length.
pub(super) fn contents(mut reader: &File, source: &Metadata, mut writer: &File) -> io::Result<u64> {
    if source.blocks().saturating_mul(STAT_BLOCK_BYTES) >= source.len() {
        return transfer(reader, writer);
    }
    let mut end = 0;
    while let Some((start, len)) = next_data(reader, end)? {
        reader.seek(SeekFrom::Start(start))?;
        writer.seek(SeekFrom::Start(start))?;
        end = start + io::copy(&mut reader.take(len), &mut writer)?;
        if end < start + len {
            // It was cut meanwhile, or is one of sysfs's, which say they are longer than they are.
            return Ok(end);
        }
    }
    // What it ends with may be a hole.
    let len = reader.metadata()?.len();
    if len > end {
        writer.set_len(len)?;
    }
    Ok(len.max(end))
}

/// Where at or behind `from` there is data, and how much in a row; `None` if only holes are left. A file system that
/// keeps no holes says that all is data.
fn next_data(reader: &File, from: u64) -> io::Result<Option<(u64, u64)>> {
    let start = match seek(reader, Sought::Data(from)) {
        Ok(start) => start,
        Err(Errno::NXIO) => return Ok(None),
        Err(Errno::INVAL | Errno::OPNOTSUPP) => {
            let rest = reader.metadata()?.len().saturating_sub(from);
            return Ok((rest > 0).then_some((from, rest)));
        }
        Err(error) => return Err(error.into()),
    };
    match seek(reader, Sought::Hole(start)) {
        Ok(end) => Ok(Some((start, end - start))),
        // It was cut between the two calls.
        Err(Errno::NXIO) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// `io::copy` between two files is `copy_file_range`, `sendfile` or plain reads and writes: the best that
/// the two file systems can do.
fn transfer(mut reader: &File, mut writer: &File) -> io::Result<u64> {
    io::copy(&mut reader, &mut writer)
}

fn invalid(why: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, why)
}
