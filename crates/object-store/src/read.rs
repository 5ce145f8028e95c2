//! Opening files and reading ranges of them: by calls that may block, and by calls that do not.

use std::io;
use std::ops::Range;
use std::path::Path as FilePath;

use bytes::Bytes;
use folio_engine::storage::{Nature, OpenRequest, Opened, Storage, StorageFile};

use crate::error::Refused;
use crate::limits::IN_PLACE_BYTES_MAX;

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
pub(crate) fn read(file: &dyn StorageFile, path: &FilePath, range: Range<u64>) -> io::Result<Bytes> {
    let mut bytes = room(&range)?;
    let mut filled = 0;
    while filled < bytes.len() {
        match file.read_at(&mut bytes[filled..], range.start + filled as u64)? {
            0 => return Err(io::Error::other(short(file, path, &range)?)),
            read => filled += read,
        }
    }
    Ok(bytes.into())
}

/// Reads a range by calls that do not block; `None` if one of them would, or if it takes too long.
pub(crate) fn read_now(file: &dyn StorageFile, range: Range<u64>) -> Option<io::Result<Bytes>> {
    if range.end - range.start > IN_PLACE_BYTES_MAX {
        return None;
    }
    let mut bytes = match room(&range) {
        Ok(bytes) => bytes,
        Err(error) => return Some(Err(error)),
    };
    let mut filled = 0;
    while filled < bytes.len() {
        match file.read_now(&mut bytes[filled..], range.start + filled as u64)? {
            // What is to be said of a file that is shorter than that is for the calls that block.
            Ok(0) => return None,
            Ok(read) => filled += read,
            Err(error) => return Some(Err(error)),
        }
    }
    folio_engine::budget::charge_bytes(filled);
    Some(Ok(bytes.into()))
}

/// Room for a range; a range may have any length, and running out of memory is an error and not an abort.
fn room(range: &Range<u64>) -> io::Result<Vec<u8>> {
    let len = usize::try_from(range.end - range.start).map_err(|_| io::ErrorKind::OutOfMemory)?;
    Ok(vec![0; len])
}

/// Says that a file is too short for a range.
fn short(file: &dyn StorageFile, path: &FilePath, range: &Range<u64>) -> io::Result<Refused> {
    let (start, end, len) = (range.start, range.end, file.len()?);
    Ok(Refused::Range { path: path.to_owned(), start, end, len })
}
