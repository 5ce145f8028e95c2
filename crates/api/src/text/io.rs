//! The file below a text file: bytes with a cursor, on disk or in memory.

use std::fmt;
use std::future::Future;
use std::io::SeekFrom;
use std::path::Path;

use folio_engine::Handle;

use crate::{File, Result};

/// The file below a [`TextFile`](crate::text::TextFile): a [`File`] or a
/// [`SpooledTemporaryFile`](crate::tempfile::SpooledTemporaryFile). Sealed: no other type can implement it.
///
/// ```
/// use folio::text::{TextFile, TextIo};
///
/// async fn first_line<F: TextIo>(text: &mut TextFile<F>) -> folio::Result<String> {
///     Ok(text.next_line().await?.unwrap_or_default())
/// }
/// ```
pub trait TextIo: Below {}

impl<F: Below> TextIo for F {}

/// The operations that a [`TextFile`](crate::text::TextFile) needs. Each does what the function of [`File`] with its
/// name does. The trait has no public path, which seals [`TextIo`].
pub trait Below: fmt::Debug + Send + Sync {
    /// Returns the path, for messages.
    fn path(&self) -> &Path;

    /// Returns whether the file has no positions.
    fn is_sequential(&self) -> bool;

    /// Reads at the cursor.
    fn read(&mut self, buf: &mut [u8]) -> impl Future<Output = Result<usize>> + Send;

    /// Reads at `offset`; the cursor stays.
    fn read_at(&mut self, buf: &mut [u8], offset: u64) -> impl Future<Output = Result<usize>> + Send;

    /// Writes at the cursor, or at the end if the file was opened for appending.
    fn write_all(&mut self, bytes: &[u8]) -> impl Future<Output = Result<()>> + Send;

    /// Moves the cursor.
    fn seek(&mut self, to: SeekFrom) -> impl Future<Output = Result<u64>> + Send;

    /// Returns where the cursor is.
    fn stream_position(&self) -> impl Future<Output = Result<u64>> + Send;

    /// Sets the length in bytes.
    fn set_len(&mut self, len: u64) -> impl Future<Output = Result<()>> + Send;

    /// Writes out what is buffered.
    fn flush(&self) -> impl Future<Output = Result<()>> + Send;

    /// Closes it, for every handle on it.
    fn close(&mut self) -> impl Future<Output = Result<()>> + Send;

    /// Returns whether the next write begins the file; a write that `appends` goes to the end.
    fn begins(&self, appends: bool) -> impl Future<Output = Result<bool>> + Send;
}

impl Below for File {
    fn path(&self) -> &Path {
        File::path(self)
    }

    fn is_sequential(&self) -> bool {
        match &self.handle {
            Handle::Plain(file) => file.is_sequential(),
            Handle::Stream(_) => true,
        }
    }

    async fn read(&mut self, buf: &mut [u8]) -> Result<usize> {
        File::read(self, buf).await
    }

    async fn read_at(&mut self, buf: &mut [u8], offset: u64) -> Result<usize> {
        File::read_at(self, buf, offset).await
    }

    async fn write_all(&mut self, bytes: &[u8]) -> Result<()> {
        File::write_all(self, bytes).await
    }

    async fn seek(&mut self, to: SeekFrom) -> Result<u64> {
        File::seek(self, to).await
    }

    async fn stream_position(&self) -> Result<u64> {
        File::stream_position(self).await
    }

    async fn set_len(&mut self, len: u64) -> Result<()> {
        File::set_len(self, len).await
    }

    async fn flush(&self) -> Result<()> {
        File::flush(self).await
    }

    async fn close(&mut self) -> Result<()> {
        self.end().await
    }

    async fn begins(&self, appends: bool) -> Result<bool> {
        let attributes = match self.metadata().await {
            // A wrapped object has no length: only the cursor shows where the write goes.
            Err(error) if error.is_unsupported() => return Ok(File::stream_position(self).await? == 0),
            attributes => attributes?,
        };
        if appends || !attributes.is_file() {
            return Ok(attributes.len() == 0);
        }
        Ok(File::stream_position(self).await? == 0)
    }
}
