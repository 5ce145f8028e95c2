//! Text in temporary files that are on the disk from the beginning.

use super::{NamedTemporaryFile, NamedTemporaryFileBuilder, TemporaryFileBuilder};
use crate::Result;
use crate::text::{Options, TextFile};

impl NamedTemporaryFileBuilder {
    /// Creates the file and opens it as text, as `options` say: encoding, ends of lines, and a mode string, which
    /// also says whether it can be read or written. The path is removed with the second value that is returned.
    ///
    /// Closing the text closes the file; the path is left to
    /// [`close`](NamedTemporaryFile::close) or the drop.
    ///
    /// # Errors
    ///
    /// A setting of `options` that makes no sense, before anything is touched; like
    /// [`create`](NamedTemporaryFileBuilder::create).
    ///
    /// # Cancellation
    ///
    /// Like [`create`](NamedTemporaryFileBuilder::create).
    ///
    /// ```
    /// # async fn example() -> folio::Result<()> {
    /// use folio::{tempfile::NamedTemporaryFile, text::Options};
    ///
    /// let builder = NamedTemporaryFile::builder();
    /// let (mut text, named) = builder.create_text(Options::new().python_mode("w+").encoding_name("latin-1")).await?;
    /// text.write("für alle\n").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn create_text(&self, options: &Options) -> Result<(TextFile, NamedTemporaryFile)> {
        options.check()?;
        let mut builder = self.clone();
        if let Some(buffering) = options.effective_buffering() {
            builder.buffering(buffering);
        }
        let named = builder.create().await?;
        Ok((options.open_file(named.file().clone())?, named))
    }
}

impl TemporaryFileBuilder {
    /// Creates the file and opens it as text, as `options` say: encoding, ends of lines, and a mode string, which
    /// also says whether it can be read or written.
    ///
    /// # Errors
    ///
    /// A setting of `options` that makes no sense, before anything is touched; like
    /// [`create`](TemporaryFileBuilder::create).
    ///
    /// # Cancellation
    ///
    /// Like [`create`](TemporaryFileBuilder::create).
    ///
    /// ```
    /// # async fn example() -> folio::Result<()> {
    /// use folio::{tempfile::TemporaryFile, text::Options};
    ///
    /// let mut sorted = TemporaryFile::builder().create_text(Options::new().python_mode("w+")).await?;
    /// sorted.write("first\nsecond\n").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn create_text(&self, options: &Options) -> Result<TextFile> {
        options.check()?;
        let mut builder = self.clone();
        if let Some(buffering) = options.effective_buffering() {
            builder.buffering(buffering);
        }
        options.open_file(builder.create().await?.into_file())
    }
}
