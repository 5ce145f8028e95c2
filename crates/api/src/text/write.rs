//! Writing to a text file: ends of lines, encoding, byte order marks.

use super::file::Mark;
use super::{Encoder, TextFile};
use crate::{Error, Operation, Result};

/// Writing. Nothing is buffered: `Ok` means that the system call has returned and every reader sees the text.
impl TextFile {
    /// Writes `text` in one piece, with the file's end of line for each `\n`.
    ///
    /// An encoding with a byte order mark gets one at the start of the file and nowhere else.
    ///
    /// # Errors
    ///
    /// A character that the encoding does not have, before anything is written: the offset is its own in
    /// `text`. Refused while text that was read ahead is left, because it would go where that ends (not when
    /// appending). Like [`File::write_all`](crate::File::write_all).
    ///
    /// # Cancellation
    ///
    /// Before it began: nothing happens. After: it finishes, byte order mark included.
    ///
    /// ```
    /// # async fn example() -> folio::Result<()> {
    /// use folio::text::{Encoding, Options};
    ///
    /// let utf_16 = Encoding::for_name("utf-16")?;
    /// let mut log = Options::new().append(true).create(true).encoding(utf_16).open("app.log").await?;
    /// log.write("started\n").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn write(&mut self, text: &str) -> Result<()> {
        if text.is_empty() {
            return Ok(());
        }
        if !self.append && self.stands_within() {
            let error = Error::invalid(Operation::Write, "the file was read ahead; read it to its end first");
            return Err(error.at_path(self.file.path()));
        }
        let mut encoder = match self.needs_mark().await? {
            true => Encoder::new(self.encoding, self.errors),
            false => Encoder::continuing(self.encoding, self.errors),
        };
        self.encode(&mut encoder, text)?;
        self.file.write_all(&self.out).await?;
        // Not before: an abandoned write may happen or not, and takes its mark with it.
        self.mark = Mark::Behind;
        Ok(())
    }

    /// Writes `line` and an end of line in one piece.
    ///
    /// # Errors
    ///
    /// Like [`write`](TextFile::write).
    ///
    /// # Cancellation
    ///
    /// Like [`write`](TextFile::write).
    pub async fn write_line(&mut self, line: &str) -> Result<()> {
        let mut text = String::with_capacity(line.len() + 1);
        text.push_str(line);
        text.push('\n');
        self.write(&text).await
    }

    /// Does nothing: an acknowledged write has been written.
    ///
    /// # Errors
    ///
    /// None.
    ///
    /// # Cancellation
    ///
    /// Nothing happens.
    #[expect(clippy::unused_async, reason = "the signature of File::flush")]
    pub async fn flush(&mut self) -> Result<()> {
        Ok(())
    }

    /// Makes data and attributes survive a power cut; see [`File::sync_all`](crate::File::sync_all).
    ///
    /// # Errors
    ///
    /// Like [`File::sync_all`](crate::File::sync_all).
    ///
    /// # Cancellation
    ///
    /// Like [`File::sync_all`](crate::File::sync_all).
    pub async fn sync_all(&self) -> Result<()> {
        self.file.sync_all().await
    }

    /// Makes data survive a power cut; see [`File::sync_data`](crate::File::sync_data).
    ///
    /// # Errors
    ///
    /// Like [`File::sync_data`](crate::File::sync_data).
    ///
    /// # Cancellation
    ///
    /// Like [`File::sync_data`](crate::File::sync_data).
    pub async fn sync_data(&self) -> Result<()> {
        self.file.sync_data().await
    }

    /// Closes the file; see [`File::close`](crate::File::close).
    ///
    /// # Errors
    ///
    /// Like [`File::close`](crate::File::close).
    ///
    /// # Cancellation
    ///
    /// Like [`File::close`](crate::File::close).
    pub async fn close(self) -> Result<()> {
        self.file.close().await
    }

    /// Asks the file whether anything stands before what is written next.
    async fn needs_mark(&self) -> Result<bool> {
        if self.mark == Mark::Behind || !self.encoding.writes_mark() {
            return Ok(false);
        }
        let attributes = self.file.metadata().await?;
        if self.append || !attributes.is_file() {
            return Ok(attributes.len() == 0);
        }
        Ok(self.file.stream_position().await? == 0)
    }

    fn encode(&mut self, encoder: &mut Encoder, text: &str) -> Result<()> {
        self.out.clear();
        let mut rewritten = String::new();
        let written = if self.newline.rewrites() {
            self.newline.write(text, &mut rewritten);
            &rewritten
        } else {
            text
        };
        encoder.encode(written, &mut self.out).map_err(|error| {
            let before = written[..error.offset()].bytes();
            // Each `\n` that is still there has grown by a `\r`.
            let grown =
                if self.newline.rewrites() { before.filter(|byte| *byte == b'\n').count() } else { 0 };
            let offset = error.offset() - grown;
            let failure = Error::invalid(Operation::Write, self.encoding.unencodable());
            failure.at_path(self.file.path()).at_offset(offset as u64)
        })
    }
}
