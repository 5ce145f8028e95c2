//! Whole files: reading, writing and copying them.

use std::io::ErrorKind;
use std::path::Path;

use bytes::Bytes;
use folio_engine::{Contents, Engine};

use crate::checked;
use crate::{Error, Operation, Result};

/// Copies the contents and the permissions of a file; returns the number of bytes copied.
///
/// Set-ID bits are dropped, since the copy belongs to the user who makes it. Holes stay holes.
///
/// If `to` exists, it is overwritten; it is incomplete until the copy is done. If `to` is a FIFO, socket or terminal, the
/// contents are written as fast as its peer reads, without holding a worker.
///
/// # Errors
///
/// If `from` is missing or not a regular file, `to` cannot be written, or both are the same file; if closing the copy
/// reports that written bytes were lost.
///
/// # Cancellation
///
/// No more bytes are written to a FIFO, socket or terminal.
///
/// ```
/// # async fn example() -> folio::Result<()> {
/// let bytes = folio::fs::copy("data.bin", "data.backup").await?;
/// # Ok(())
/// # }
/// ```
pub async fn copy(from: impl AsRef<Path>, to: impl AsRef<Path>) -> Result<u64> {
    let from = checked::path(Operation::Copy, from)?;
    let to = checked::path(Operation::Copy, to)?;
    Engine::current()?.copy_whole(from, to).await
}

/// Reads a file from its beginning to its end.
///
/// It takes as much memory as the file is long; for files that strangers choose, use [`read_limited`]. A FIFO, socket
/// or terminal (such as `/dev/stdin`) is read until its last peer closes it, without holding a worker.
///
/// # Errors
///
/// If the path is missing or a directory; any error of reading.
///
/// # Cancellation
///
/// The bytes read from a FIFO, socket or terminal are lost.
///
/// ```
/// # async fn example() -> folio::Result<()> {
/// let image: Vec<u8> = folio::fs::read("photo.jpg").await?;
/// # Ok(())
/// # }
/// ```
pub async fn read(path: impl AsRef<Path>) -> Result<Vec<u8>> {
    let path = checked::path(Operation::Read, path)?;
    Engine::current()?.read_whole(path, None).await
}

/// Reads a file of at most `limit` bytes, and takes memory for at most one byte more.
///
/// # Errors
///
/// Like [`read`]; [`is_too_long`](Error::is_too_long) if the file is longer.
///
/// ```
/// # async fn example() -> folio::Result<()> {
/// match folio::fs::read_limited("upload.json", 1024 * 1024).await {
///     Ok(bytes) => println!("{} bytes", bytes.len()),
///     Err(error) if error.is_too_long() => println!("over a mebibyte"),
///     Err(error) => return Err(error),
/// }
/// # Ok(())
/// # }
/// ```
pub async fn read_limited(path: impl AsRef<Path>, limit: u64) -> Result<Vec<u8>> {
    let path = checked::path(Operation::Read, path)?;
    let result = Engine::current()?.read_whole(path.clone(), Some(limit)).await;
    result.map_err(|error| match (error.kind(), error.raw_os_error()) {
        // Without an errno it is the limit's error, not the kernel's.
        (ErrorKind::FileTooLarge, None) => Error::too_long(Operation::Read, limit).at_path(path),
        _ => error,
    })
}

/// Reads a file of UTF-8 text.
///
/// # Errors
///
/// Like [`read`]; [`ErrorKind::InvalidData`] if the contents are not UTF-8.
///
/// ```
/// # async fn example() -> folio::Result<()> {
/// let config: String = folio::fs::read_to_string("config.toml").await?;
/// # Ok(())
/// # }
/// ```
pub async fn read_to_string(path: impl AsRef<Path>) -> Result<String> {
    let path = checked::path(Operation::Read, path)?;
    let bytes = Engine::current()?.read_whole(path.clone(), None).await?;
    String::from_utf8(bytes).map_err(|_| Error::not_utf8(Operation::Read).at_path(path))
}

/// Replaces the contents of a file, creating it if it is missing.
///
/// The write is not atomic: readers meanwhile, and the file after a crash, may see any prefix of the contents. `Ok` means
/// written, not synced. A FIFO, socket or terminal receives the bytes; if it has no reader yet, the call waits for one
/// without holding a worker. It takes a few MiB of memory beside `contents`, which are copied piece by piece.
///
/// # Errors
///
/// If the file cannot be created or written, or closing it reports that an earlier write was lost;
/// [`bytes_done`](Error::bytes_done) returns how many bytes were written.
///
/// # Cancellation
///
/// A write that has begun finishes in the background, with a copy of the rest of `contents`.
///
/// ```
/// # async fn example() -> folio::Result<()> {
/// folio::fs::write("greeting.txt", "Hello").await?;
/// # Ok(())
/// # }
/// ```
pub async fn write(path: impl AsRef<Path>, contents: impl AsRef<[u8]>) -> Result<()> {
    let path = checked::path(Operation::Write, path)?;
    Engine::current()?.write_whole(&path, None, Contents::Borrowed(contents.as_ref())).await
}

/// Does what [`write`](write()) does, without a copy of `contents`.
///
/// # Errors
///
/// Those of [`write`](write()).
///
/// ```
/// # async fn example(body: bytes::Bytes) -> folio::Result<()> {
/// folio::fs::write_bytes("upload.bin", body).await?;
/// # Ok(())
/// # }
/// ```
pub async fn write_bytes(path: impl AsRef<Path>, contents: impl Into<Bytes>) -> Result<()> {
    let path = checked::path(Operation::Write, path)?;
    Engine::current()?.write_whole(&path, None, Contents::Owned(contents.into())).await
}
