//! Text in named and unnamed temporary files.

use super::{NamedTemporaryFile, NamedTemporaryFileBuilder, TemporaryFileBuilder};
use crate::Result;
use crate::text::{Options, TextFile};

impl NamedTemporaryFileBuilder {
    /// Creates the file and opens it as text. `options` set the encoding, the line endings, and by a mode string whether it
    /// can be read or written. The second value returned owns the path.
    ///
    /// Closing the text closes the file; [`close`](NamedTemporaryFile::close) or the drop of the second value removes the
    /// path.
    ///
    /// # Errors
    ///
    /// If `options` contradict each other, before anything is touched; like
    /// [`create`](NamedTemporaryFileBuilder::create).
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
    /// Creates the file and opens it as text. `options` set the encoding, the line endings, and by a mode string whether it
    /// can be read or written.
    ///
    /// # Errors
    ///
    /// If `options` contradict each other, before anything is touched; like [`create`](TemporaryFileBuilder::create).
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
