//! Functions on whole files: read all, write all, copy.

use std::io::ErrorKind;
use std::path::Path;

use bytes::Bytes;
use folio_engine::{Contents, Engine};

use crate::checked;
use crate::{Error, Operation, Result};

/// Copies the contents and the permissions of a file; returns the bytes copied.
///
/// Set-ID bits are not copied, since the copy belongs to the user who makes it. The copy has holes where the file has.
///
/// What `to` named is overwritten, and is incomplete until the copy is done. A FIFO, socket or terminal there gets the
/// contents as fast as its peer takes them, which holds no worker.
///
/// # Errors
///
/// If `from` is missing or no regular file, `to` cannot be written, or both are the same file; if closing the copy reports
/// that something written was lost.
///
/// # Cancellation
///
/// Dropped before it began, nothing happened; after that it finishes in the background. A stream gets nothing more.
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
/// It takes as much memory as the file is long; where strangers choose the file, use [`read_limited`]. A FIFO, socket
/// or terminal (`/dev/stdin` may be one) is read until every peer has gone, which holds no worker.
///
/// # Errors
///
/// If the path is missing or a directory; whatever reading returns.
///
/// # Cancellation
///
/// No file is changed. What was taken from a stream is gone.
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

/// Reads a file of at most `limit` bytes; never takes memory for more than that and one byte.
///
/// # Errors
///
/// As [`read`]; and if the file is longer, an error whose [`is_too_long`](Error::is_too_long) is true.
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
        // Without an errno it is our own refusal, not the kernel's.
        (ErrorKind::FileTooLarge, None) => Error::too_long(Operation::Read, limit).at_path(path),
        _ => error,
    })
}

/// Reads a file of UTF-8 text.
///
/// # Errors
///
/// As [`read`]; and with [`ErrorKind::InvalidData`] if the contents are not UTF-8.
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

/// Makes a file hold exactly `contents`, creating it if it is missing.
///
/// Not atomic: a reader or a crash in the meantime finds any prefix of the contents. `Ok` means written, not
/// synced. A FIFO, socket or terminal is given the bytes; for one without a reader the call waits, which holds no
/// worker. Beside `contents` a file takes a few MiB at the most: they are copied piece by piece while they are
/// written.
///
/// # Errors
///
/// If the file cannot be created or written, or closing it reports that an earlier write was lost;
/// [`bytes_done`](Error::bytes_done) says how much got there.
///
/// # Cancellation
///
/// Dropped before it began, nothing happened; after that it finishes in the background, with a copy of what is
/// left of `contents`.
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
