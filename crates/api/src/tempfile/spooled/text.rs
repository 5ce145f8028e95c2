//! Text in a spooled file.

use std::io::SeekFrom;
use std::os::fd::RawFd;
use std::path::Path;

use super::{Contents, SpooledTemporaryFile, SpooledTemporaryFileBuilder};
use crate::text::{Below, Options, TextFile};
use crate::{Error, Operation, Result};

/// Stands for the path in messages while the contents are in memory.
const SHOWN_AS: &str = "<in memory>";

impl SpooledTemporaryFileBuilder {
    /// Returns an empty file for text. `options` set the encoding, the line endings, and by a mode string whether it can be
    /// read or written. The limit counts encoded bytes. Does no I/O.
    ///
    /// # Errors
    ///
    /// If `options` contradict each other.
    ///
    /// ```
    /// # async fn example() -> folio::Result<()> {
    /// use folio::{tempfile::SpooledTemporaryFile, text::Options};
    ///
    /// let mut draft = SpooledTemporaryFile::builder().build_text(Options::new().python_mode("w+"))?;
    /// draft.write("small, so it stays in memory\n").await?;
    /// assert!(!draft.is_rolled_over());
    /// # Ok(())
    /// # }
    /// ```
    pub fn build_text(&self, options: &Options) -> Result<TextFile<SpooledTemporaryFile>> {
        options.check()?;
        let mut builder = self.clone();
        if let Some(buffering) = options.effective_buffering() {
            builder.buffering(buffering);
        }
        Ok(options.above(builder.build(), false, false))
    }
}

impl TextFile<SpooledTemporaryFile> {
    /// Returns whether the contents are on disk.
    pub fn is_rolled_over(&self) -> bool {
        self.file().is_rolled_over()
    }

    /// Moves the contents to disk; the reading position stays. A second call does nothing.
    ///
    /// # Errors
    ///
    /// Those of [`SpooledTemporaryFile::rollover`].
    ///
    /// # Cancellation
    ///
    /// Like [`SpooledTemporaryFile::rollover`].
    pub async fn rollover(&mut self) -> Result<()> {
        self.below().rollover().await
    }

    /// Returns the number of the descriptor, after a rollover.
    ///
    /// # Errors
    ///
    /// Those of [`SpooledTemporaryFile::fileno`].
    ///
    /// # Cancellation
    ///
    /// Like [`SpooledTemporaryFile::fileno`].
    pub async fn fileno(&mut self) -> Result<RawFd> {
        self.below().fileno().await
    }
}

impl Below for SpooledTemporaryFile {
    fn path(&self) -> &Path {
        self.name().unwrap_or(Path::new(SHOWN_AS))
    }

    fn is_sequential(&self) -> bool {
        false
    }

    async fn read(&mut self, buf: &mut [u8]) -> Result<usize> {
        SpooledTemporaryFile::read(self, buf).await
    }

    async fn read_at(&mut self, buf: &mut [u8], offset: u64) -> Result<usize> {
        match &self.contents {
            Contents::Memory(bytes, _) => {
                let rest = super::rest_of(bytes, offset);
                let count = rest.len().min(buf.len());
                buf[..count].copy_from_slice(&rest[..count]);
                Ok(count)
            }
            Contents::Disk(file) => file.read_at(buf, offset).await,
            Contents::Closed => Err(Error::closed(Operation::Read)),
        }
    }

    async fn write_all(&mut self, bytes: &[u8]) -> Result<()> {
        SpooledTemporaryFile::write_all(self, bytes).await
    }

    async fn seek(&mut self, to: SeekFrom) -> Result<u64> {
        SpooledTemporaryFile::seek(self, to).await
    }

    async fn stream_position(&self) -> Result<u64> {
        SpooledTemporaryFile::stream_position(self).await
    }

    async fn set_len(&mut self, len: u64) -> Result<()> {
        SpooledTemporaryFile::set_len(self, len).await
    }

    async fn flush(&self) -> Result<()> {
        SpooledTemporaryFile::flush(self).await
    }

    async fn close(&mut self) -> Result<()> {
        SpooledTemporaryFile::close(self).await
    }

    async fn begins(&self, _appends: bool) -> Result<bool> {
        Ok(SpooledTemporaryFile::stream_position(self).await? == 0)
    }
}
