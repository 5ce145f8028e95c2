//! Copying a file without waiting for a peer and without destroying the source.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

use rustix::fs::OFlags;

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
    let permissions = source.permissions();
    let writer = open(permissions.mode())?;
    let target = writer.metadata()?;
    if (target.dev(), target.ino()) == (source.dev(), source.ino()) {
        return Err(invalid("the source and the target are the same file"));
    }
    if target.is_file() {
        // Before the contents, so that a secret is not readable under the target's old permissions.
        writer.set_permissions(permissions)?;
        // Cut only if there is something to cut: ext4 takes it for the replacement of a file and writes the
        // whole copy out when it is closed, which takes as long again as the copy.
        if target.len() > 0 {
            writer.set_len(0)?;
        }
    }
    transfer(reader, &writer)
}

/// `io::copy` between two files is `copy_file_range`, `sendfile` or plain reads and writes: the best that
/// the two file systems can do.
fn transfer(mut reader: &File, mut writer: &File) -> io::Result<u64> {
    io::copy(&mut reader, &mut writer)
}

fn invalid(why: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, why)
}
