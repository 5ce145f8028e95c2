//! Writing to a binary file.

use bytes::BytesMut;

use super::{BinaryFile, Descriptor};
use crate::limits::JOINED_BYTES;
use crate::{Operation, Result};

/// Writing.
impl BinaryFile {
    /// Writes `bytes` at the cursor, or at the end when appending, and returns how many: all of them, if the file is
    /// buffered; what one system call takes, if it is not.
    ///
    /// # Errors
    ///
    /// Like [`File::write`](crate::File::write).
    ///
    /// ```
    /// # async fn example(file: folio::BinaryFile) -> folio::Result<()> {
    /// assert_eq!(file.write(b"0123").await?, 4);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn write(&self, bytes: impl AsRef<[u8]>) -> Result<usize> {
        let (file, bytes) = (self.for_writing(Operation::Write, "write")?, bytes.as_ref());
        match self.is_raw() {
            true => file.write(bytes).await,
            false => file.write_all(bytes).await.map(|()| bytes.len()),
        }
    }

    /// Writes the `lines` one behind the other and adds nothing to them; up to 1 MiB of them in one step.
    ///
    /// # Errors
    ///
    /// Like [`write`](BinaryFile::write); the lines before may have been written.
    ///
    /// # Cancellation
    ///
    /// What has begun finishes; the lines behind it are not written.
    ///
    /// ```
    /// # async fn example(file: folio::BinaryFile) -> folio::Result<()> {
    /// file.writelines(["one\n", "two\n"]).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn writelines<T: AsRef<[u8]>>(&self, lines: impl IntoIterator<Item = T>) -> Result<()> {
        let file = self.for_writing(Operation::Write, "write")?;
        let mut joined = BytesMut::new();
        for line in lines {
            let line = line.as_ref();
            if !joined.is_empty() && joined.len() + line.len() > JOINED_BYTES {
                file.write_bytes(joined.split()).await?;
            }
            joined.extend_from_slice(line);
        }
        // Not handed over: a buffered file copies it, and would have to be asked whether it does.
        file.write_all(&joined).await
    }

    /// Writes out what is buffered, by any clone. A descriptor that was lent to the file is put where its cursor is.
    ///
    /// # Errors
    ///
    /// Like [`File::flush`](crate::File::flush).
    ///
    /// # Cancellation
    ///
    /// What is on its way goes on; the next write or flush returns its failure.
    ///
    /// ```
    /// # async fn example(file: folio::BinaryFile) -> folio::Result<()> {
    /// file.write(b"to be seen").await?;
    /// file.flush().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn flush(&self) -> Result<()> {
        let file = self.held(Operation::Flush)?;
        file.flush().await?;
        if self.inner.descriptor == Descriptor::Borrowed && !file.is_stream() {
            self.leave_in_place(file).await?;
        }
        Ok(())
    }
}
