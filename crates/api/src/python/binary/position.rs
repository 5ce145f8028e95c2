//! The cursor and the length of a binary file.

use std::io::SeekFrom;

use super::BinaryFile;
use crate::{Operation, Result};

/// Cursor and length.
impl BinaryFile {
    /// Moves the cursor and returns where it is, in bytes from the start. Beyond the end there is nothing to read.
    ///
    /// # Errors
    ///
    /// `EINVAL` for a position before the start. What has no positions: [`is_unsupported`], or `ESPIPE` if the file
    /// is unbuffered.
    ///
    /// [`is_unsupported`]: crate::Error::is_unsupported
    ///
    /// # Cancellation
    ///
    /// The cursor has moved or not; nothing else happens.
    ///
    /// ```
    /// # async fn example(file: folio::BinaryFile) -> folio::Result<()> {
    /// let last = file.seek(std::io::SeekFrom::End(-1)).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn seek(&self, to: SeekFrom) -> Result<u64> {
        let file = self.held(Operation::Seek)?;
        if file.is_stream() && !self.is_raw() {
            return Err(self.unsupported(Operation::Seek, "File or stream is not seekable."));
        }
        file.seek(to).await
    }

    /// Returns where the cursor is, in bytes from the start.
    ///
    /// # Errors
    ///
    /// `ESPIPE` for what has no positions.
    ///
    /// ```
    /// # async fn example(file: folio::BinaryFile) -> folio::Result<()> {
    /// let here = file.tell().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn tell(&self) -> Result<u64> {
        self.held(Operation::Seek)?.stream_position().await
    }

    /// Cuts the file to `size` bytes, or extends it to there with zeros; with `None`, to where the cursor is.
    /// Returns the new length. The cursor stays.
    ///
    /// # Errors
    ///
    /// Like [`File::set_len`](crate::File::set_len); `EINVAL` for what has no length.
    ///
    /// ```
    /// # async fn example(file: folio::BinaryFile) -> folio::Result<()> {
    /// file.seek(std::io::SeekFrom::Start(100)).await?;
    /// assert_eq!(file.truncate(None).await?, 100);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn truncate(&self, size: Option<u64>) -> Result<u64> {
        let file = self.for_writing(Operation::SetLen, "truncate")?;
        match size {
            None => file.cut().await,
            Some(size) => file.set_len(size).await.map(|()| size),
        }
    }
}
