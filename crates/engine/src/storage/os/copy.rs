//! Copying a file without waiting for a peer and without destroying the source.

use std::fs::{File, Metadata, OpenOptions, Permissions};
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

use rustix::fs::{OFlags, SeekFrom as Sought, seek};
use rustix::io::Errno;

use super::descriptor::Descriptor;
use crate::limits::STAT_BLOCK_BYTES;

/// The permission bits that are copied. Set-ID bits are not: they would give a user who runs the copy the rights of the
/// user who made it.
const COPIED_BITS: u32 = 0o777;

/// Does what `std::fs::copy` does, but opens without blocking, since std's would hold a worker on a FIFO,
/// and refuses to copy a file onto itself, where std's leaves an empty file.
pub(super) fn contents_and_permissions(from: &Path, to: &Path) -> io::Result<u64> {
    let no_wait = (OFlags::NONBLOCK | OFlags::NOCTTY).bits() as i32;
    let reader = OpenOptions::new().read(true).custom_flags(no_wait).open(from)?;
    between(&reader, |mode| {
        // Not truncated by the open: the target could be the source.
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(false).mode(mode).custom_flags(no_wait).open(to)
    })
}

/// Copies to the file that `open` returns. It is given the permission bits for a new file, and must not truncate.
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
        // Before the contents, which may be secret, are readable under the target's old permissions.
        writer.set_permissions(Permissions::from_mode(mode))?;
        // Only if it has contents: after a truncation, ext4 writes the whole file out at the close, which takes as long
        // again as the copy.
        if target.len() > 0 {
            writer.set_len(0)?;
        }
        contents(reader, &source, &writer)?
    } else {
        transfer(reader, &writer, source.len())?
    };
    // NFS and FUSE may report a full disk only at the close.
    writer.close()?;
    Ok(copied)
}

/// Copies everything except holes into an empty file; returns the length.
pub(super) fn contents(mut reader: &File, source: &Metadata, mut writer: &File) -> io::Result<u64> {
    if source.blocks().saturating_mul(STAT_BLOCK_BYTES) >= source.len() {
        return transfer(reader, writer, source.len());
    }
    let mut end = 0;
    while let Some((start, len)) = next_data(reader, end)? {
        reader.seek(SeekFrom::Start(start))?;
        writer.seek(SeekFrom::Start(start))?;
        let copied = io::copy(&mut reader.take(len), &mut writer)?;
        end = start + copied + rest(reader, writer, len - copied)?;
        if end < start + len {
            // The source was truncated meanwhile, or is a file of sysfs, whose length is too large.
            return Ok(end);
        }
    }
    // The source may end with a hole.
    let len = reader.metadata()?.len();
    if len > end {
        writer.set_len(len)?;
    }
    Ok(len.max(end))
}

/// Start and length of the next data at or after `from`; `None` if only holes are left. Without support for holes,
/// everything is data.
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
        // The file was truncated between the two calls.
        Err(Errno::NXIO) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// `io::copy` between two files is `copy_file_range`, `sendfile` or plain reads and writes: the best that
/// the two file systems can do. The source says that it has `len` bytes.
fn transfer(mut reader: &File, mut writer: &File, len: u64) -> io::Result<u64> {
    let copied = io::copy(&mut reader, &mut writer)?;
    if copied < len { Ok(copied + rest(reader, writer, u64::MAX)?) } else { Ok(copied) }
}

/// Copies what a copy by the kernel may have left, at most `len` bytes: after a read from FUSE that came short, the kernel takes
/// the source to end there until it asks for the length again, and `copy_file_range` does not ask. A read does.
fn rest(reader: &File, mut writer: &File, len: u64) -> io::Result<u64> {
    if len == 0 {
        return Ok(0);
    }
    io::copy(&mut ByReads(reader).take(len), &mut writer)
}

/// A file that `io::copy` knows nothing about, so that it reads.
struct ByReads<'a>(&'a File);

impl Read for ByReads<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.0.read(buf)
    }
}

fn invalid(why: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, why)
}
