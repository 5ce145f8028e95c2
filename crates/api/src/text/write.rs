//! Writing to a text file: ends of lines, encoding, byte order marks.

use folio_engine::budget;

use super::file::{Cursor, Mark};
use super::io::TextIo;
use super::{Encoder, TextFile};
use crate::limits::{CONVERTED_BYTES_PER_UNIT, GATHERED_BYTES};
use crate::{Error, Operation, Result};

/// Writing. `Ok` means what it means for the [`File`](crate::File) below: written, unless
/// [`buffering`](super::Options::buffering) or a mode string has given it a buffer.
impl<F: TextIo> TextFile<F> {
    /// Writes `text` in one piece, with the file's end of line for each `\n`; returns how many characters it has.
    ///
    /// The text goes to the reader's position, and reading continues after it; when appending, it goes to the end of the
    /// file. An encoding with a byte order mark writes it at the start of the file and nowhere else.
    ///
    /// # Errors
    ///
    /// A character that the encoding does not have, before anything is written: the error's offset is that of the
    /// character in `text`, its source the [`EncodeError`](super::EncodeError). Like
    /// [`File::write_all`](crate::File::write_all).
    ///
    /// # Cancellation
    ///
    /// An operation that has begun finishes, byte order mark included.
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
    pub async fn write(&mut self, text: &str) -> Result<usize> {
        self.check_open(Operation::Write)?;
        self.check_writable(Operation::Write)?;
        if text.is_empty() {
            return Ok(0);
        }
        self.step_back();
        if !self.settings.appends {
            self.settle().await?;
        }
        let mut encoder = match self.needs_mark().await? {
            true => Encoder::new(self.settings.encoding, self.settings.errors),
            false => Encoder::continuing(self.settings.encoding, self.settings.errors),
        };
        self.encode(&mut encoder, text)?;
        self.file.write_all(&self.out).await?;
        // Not before the write: one that is abandoned may or may not happen, and its mark with it.
        self.mark = Mark::Written;
        if !self.is_sequential() {
            self.cursor = Cursor::Here;
        }
        if self.settings.line_buffering && text.contains(['\n', '\r']) {
            self.file.flush().await?;
        }
        Ok(text.chars().count())
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
        self.write(&text).await.map(|_| ())
    }

    /// Writes one text after the other, without adding ends of lines. Short texts are written together.
    ///
    /// # Errors
    ///
    /// Like [`write`](TextFile::write); the texts before may have been written.
    ///
    /// # Cancellation
    ///
    /// Any number of the texts may have been written.
    ///
    /// ```
    /// # async fn example() -> folio::Result<()> {
    /// let mut names = folio::text::Options::new().python_mode("w").open("names.txt").await?;
    /// names.writelines(["Ada\n", "Grace\n"]).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn writelines<T: AsRef<str>>(&mut self, lines: impl IntoIterator<Item = T>) -> Result<()> {
        self.check_open(Operation::Write)?;
        self.check_writable(Operation::Write)?;
        let mut gathered = String::new();
        for line in lines {
            gathered.push_str(line.as_ref());
            if gathered.len() >= GATHERED_BYTES {
                self.write(&gathered).await?;
                gathered.clear();
            }
        }
        self.write(&gathered).await.map(|_| ())
    }

    /// Writes out what the file has buffered; see [`File::flush`](crate::File::flush).
    ///
    /// # Errors
    ///
    /// Like [`File::flush`](crate::File::flush).
    ///
    /// # Cancellation
    ///
    /// Like [`File::flush`](crate::File::flush).
    pub async fn flush(&self) -> Result<()> {
        self.check_open(Operation::Flush)?;
        self.file.flush().await
    }

    /// Returns whether the next write has to begin with a byte order mark.
    async fn needs_mark(&self) -> Result<bool> {
        if self.mark == Mark::Written || !self.settings.encoding.writes_mark() {
            return Ok(false);
        }
        self.file.begins(self.settings.appends).await
    }

    pub(super) fn check_writable(&self, operation: Operation) -> Result<()> {
        if self.settings.writes { Ok(()) } else { Err(self.unsupported(operation, "not writable")) }
    }

    fn encode(&mut self, encoder: &mut Encoder, text: &str) -> Result<()> {
        let newline = self.settings.newline;
        self.out.clear();
        let mut rewritten = String::new();
        let written = if newline.rewrites() {
            newline.write(text, &mut rewritten);
            &rewritten
        } else {
            text
        };
        budget::charge(text.len() / CONVERTED_BYTES_PER_UNIT);
        encoder.encode(written, &mut self.out).map_err(|error| {
            // Each end of line before the error may have grown by a `\r`.
            let before = written[..error.offset()].bytes();
            let grown = if newline.rewrites() { before.filter(|byte| *byte == b'\n').count() } else { 0 };
            let error = error.without_grown(grown);
            let offset = error.offset() as u64;
            Error::codec(Operation::Write, error).at_path(self.file.path()).at_offset(offset)
        })
    }
}

impl TextFile {
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
}
