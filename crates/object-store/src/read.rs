//! Opening files and reading ranges of them: by calls that may block, and by calls that do not.

use std::io;
use std::ops::Range;
use std::path::Path as FilePath;

use bytes::Bytes;
use folio_engine::BufferPool;
use folio_engine::storage::{Nature, OpenRequest, Opened, Storage, StorageFile};

use crate::error::Refused;
use crate::limits::{IN_PLACE_BYTES_MAX, POOLED_FROM_BYTES};

/// Opens a file for reading if neither that nor anything that is done with it then can block.
pub(crate) fn open_cached(storage: &dyn Storage, path: &FilePath) -> Option<io::Result<Opened>> {
    let opened = storage.open_cached(path, &reading())?;
    match &opened {
        Ok(file) if file.remote && file.nature != Nature::Stream => None,
        Ok(_) | Err(_) => Some(opened),
    }
}

pub(crate) fn reading() -> OpenRequest {
    OpenRequest::default().read(true)
}

/// Reads a range that the file had when it was opened.
pub(crate) fn read(
    file: &dyn StorageFile,
    path: &FilePath,
    range: Range<u64>,
    pool: &BufferPool,
) -> io::Result<Bytes> {
    filled(&range, Some(pool), |room| read_into(room, file, path, &range))
}

fn read_into(room: &mut [u8], file: &dyn StorageFile, path: &FilePath, range: &Range<u64>) -> io::Result<()> {
    let mut filled = 0;
    while filled < room.len() {
        match file.read_at(&mut room[filled..], range.start + filled as u64)? {
            0 => return Err(io::Error::other(short(file, path, range)?)),
            read => filled += read,
        }
    }
    Ok(())
}

/// Reads a range by calls that do not block; `None` if one of them would, or if it takes too long.
pub(crate) fn read_now(
    file: &dyn StorageFile,
    range: Range<u64>,
    pool: Option<&BufferPool>,
) -> Option<io::Result<Bytes>> {
    if range.end - range.start > IN_PLACE_BYTES_MAX {
        return None;
    }
    let mut blocks = false;
    let bytes = filled(&range, pool, |room| {
        let mut filled = 0;
        while filled < room.len() {
            match file.read_now(&mut room[filled..], range.start + filled as u64) {
                Some(Ok(read)) if read > 0 => filled += read,
                Some(Err(error)) => return Err(error),
                // What is to be said of a file that is shorter than that is for the calls that block.
                Some(Ok(_)) | None => {
                    blocks = true;
                    return Err(io::ErrorKind::WouldBlock.into());
                }
            }
        }
        folio_engine::budget::charge_bytes(filled);
        Ok(())
    });
    (!blocks).then_some(bytes)
}

/// The bytes of a range, which may have any length, as `fill` puts them there.
fn filled(
    range: &Range<u64>,
    pool: Option<&BufferPool>,
    fill: impl FnOnce(&mut [u8]) -> io::Result<()>,
) -> io::Result<Bytes> {
    let len = usize::try_from(range.end - range.start).map_err(|_| io::ErrorKind::OutOfMemory)?;
    if let Some(pool) = pool.filter(|_| len >= POOLED_FROM_BYTES) {
        return pool.fill(len, fill);
    }
    let mut bytes = vec![0; len];
    fill(&mut bytes)?;
    Ok(bytes.into())
}

/// Says that a file is too short for a range.
fn short(file: &dyn StorageFile, path: &FilePath, range: &Range<u64>) -> io::Result<Refused> {
    let (start, end, len) = (range.start, range.end, file.len()?);
    Ok(Refused::Range { path: path.to_owned(), start, end, len })
}
