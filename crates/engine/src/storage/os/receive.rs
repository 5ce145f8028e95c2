//! Copying between open files.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use super::platform::space::copy_range;
use crate::limits::CARRIED_BYTES_MAX;

/// Writes bytes at an offset of the target.
type Put<'a> = &'a dyn Fn(&[u8], u64) -> io::Result<usize>;

/// Not by `sendfile(2)`, which writes at the kernel's cursor of the target: nothing may use that.
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
            Ok(copied) => done += copied as u64,
            Err(_) if done > 0 => break,
            Err(error) => return Err(error),
        }
    }
    Ok(done)
}

fn step(to: &File, from: &File, (offset, at): (u64, u64), count: u64, put: Put<'_>) -> io::Result<usize> {
    match copy_range(from, offset, to, at, count) {
        Some(copied) => Ok(copied?),
        None => {
            let mut room = vec![0; count.min(CARRIED_BYTES_MAX as u64) as usize];
            let read = from.read_at(&mut room, offset)?;
            put(&room[..read], at)
        }
    }
}
