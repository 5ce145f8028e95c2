//! `TextFile`: what it holds, and reading from it.

use std::fmt;

use super::{DecodeError, Decoder, Encoding, Errors, Lines, Newline, Options, Reading, Seen};
use crate::{Error, File, Operation, Result};

/// Bytes read at a time: enough for the system call to cost nothing beside its bytes, and little enough for
/// them to be in the processor's cache still when they are decoded and cut into lines.
const READ_BYTES: usize = 128 * 1024;

/// An open text file.
///
/// It reads ahead, so the cursor of the [`File`] below is further on than the text that was given out; there
/// is no `tell` and no `seek`, and it must not be read by other handles meanwhile. A file that is at its end
/// and grows goes on, but a character cut off by the end is wrong by then.
///
/// # Failure
///
/// Bytes that mean nothing in the encoding are an error that names the encoding and the offset in bytes;
/// [`DecodeError`], which [`decode_error`](TextFile::decode_error) returns, has the reason too. The lines
/// before them are given out first (by [`read`](TextFile::read), every character), then every read fails alike.
pub struct TextFile {
    pub(super) file: File,
    pub(super) encoding: Encoding,
    pub(super) errors: Errors,
    pub(super) newline: Newline,
    pub(super) append: bool,
    line_limit: usize,
    decoder: Decoder,
    reading: Reading,
    /// What one read brings, reused; empty until the first one.
    raw: Vec<u8>,
    /// Text that has been decoded; from `at` on it has not been given out.
    text: String,
    at: usize,
    /// Bytes from `at` on that are known to hold no end of a line.
    searched: usize,
    failed: Option<DecodeError>,
    /// The last read found the end of the file.
    ended: bool,
    /// Where [`write`](TextFile::write) stands with the byte order mark.
    pub(super) mark: Mark,
    /// Encoded text on its way to the file, reused.
    pub(super) out: Vec<u8>,
}

/// Whether what is written next needs a byte order mark before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    /// Only the file knows: nothing was written, or it failed, or was abandoned.
    Unknown,
    /// No, for text was written through this handle.
    Behind,
}

/// What the text at hand has to offer.
pub(super) enum Found {
    /// A line without its end.
    Line(String),
    /// No end of a line yet.
    Nothing,
}

impl TextFile {
    pub(super) fn new(file: File, options: &Options, decoder: Decoder) -> TextFile {
        TextFile {
            file,
            encoding: options.encoding,
            errors: options.errors,
            newline: options.newline,
            append: options.append,
            line_limit: options.line_limit,
            decoder,
            reading: Reading::new(options.newline),
            raw: Vec::new(),
            text: String::new(),
            at: 0,
            searched: 0,
            failed: None,
            ended: false,
            mark: Mark::Unknown,
            out: Vec::new(),
        }
    }

    /// Returns the next line without its end, `None` at the end of the file.
    ///
    /// # Errors
    ///
    /// [`is_too_long`](crate::Error::is_too_long) for a line above the limit, which stays where it is:
    /// [`read`](TextFile::read) gets past it. Bytes that mean nothing; like [`File::read`].
    ///
    /// # Cancellation
    ///
    /// Nothing is lost: what was read stays for the next call.
    ///
    /// ```
    /// # async fn example() -> folio::Result<()> {
    /// let mut file = folio::text::open("names.txt").await?;
    /// while let Some(name) = file.next_line().await? {
    ///     println!("{name}");
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn next_line(&mut self) -> Result<Option<String>> {
        loop {
            if let Found::Line(line) = self.find_line()? {
                return Ok(Some(line));
            }
            if !self.fill().await? {
                return self.last_line();
            }
        }
    }

    /// Returns the lines as a stream.
    ///
    /// ```
    /// # async fn example() -> folio::Result<()> {
    /// let lines: folio::text::Lines = folio::text::open("big.csv").await?.lines();
    /// # Ok(())
    /// # }
    /// ```
    pub fn lines(self) -> Lines {
        Lines::new(self)
    }

    /// Reads everything up to the end of the file, into memory.
    ///
    /// # Errors
    ///
    /// Bytes that mean nothing: what precedes them can be had by [`read`](TextFile::read). Like
    /// [`File::read`].
    ///
    /// # Cancellation
    ///
    /// Nothing is lost: what was read stays for the next call.
    ///
    /// ```
    /// # async fn example() -> folio::Result<()> {
    /// let poem = folio::text::open("poem.txt").await?.read_to_string().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn read_to_string(&mut self) -> Result<String> {
        while self.fill().await? {}
        // Handed over, not copied: it may be most of the memory there is.
        let mut all = std::mem::take(&mut self.text);
        all.drain(..std::mem::take(&mut self.at));
        self.searched = 0;
        Ok(all)
    }

    /// Reads `n_chars` characters, fewer only at the end of the file or before bytes that mean nothing.
    ///
    /// # Errors
    ///
    /// Bytes that mean nothing, if nothing precedes them; like [`File::read`].
    ///
    /// # Cancellation
    ///
    /// Nothing is lost: what was read stays for the next call.
    ///
    /// ```
    /// # async fn example(mut file: folio::text::TextFile) -> folio::Result<()> {
    /// let head = file.read(80).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn read(&mut self, n_chars: usize) -> Result<String> {
        let (mut chars, mut len) = (0, 0);
        loop {
            for c in self.text[self.at + len..].chars().take(n_chars - chars) {
                chars += 1;
                len += c.len_utf8();
            }
            if chars == n_chars || (self.failed.is_some() && len > 0) || !self.fill().await? {
                return Ok(self.take(len, 0));
            }
        }
    }

    /// Returns which ends of lines were read so far; with text that was read ahead.
    pub fn newlines(&self) -> Seen {
        self.reading.seen()
    }

    /// Returns what is wrong with the bytes that reading stopped at.
    pub fn decode_error(&self) -> Option<&DecodeError> {
        self.failed.as_ref()
    }

    /// Returns the encoding.
    pub fn encoding(&self) -> Encoding {
        self.encoding
    }

    /// Returns the file below.
    pub fn file(&self) -> &File {
        &self.file
    }

    /// Whether text was read that has not been given out, or the file not read to its end.
    pub(super) fn stands_within(&self) -> bool {
        !self.raw.is_empty() && (!self.ended || self.at < self.text.len())
    }

    /// Takes the next line out of the text at hand.
    pub(super) fn find_line(&mut self) -> Result<Found> {
        let ahead = &self.text.as_bytes()[self.at..];
        match self.newline.find(&ahead[self.searched..]) {
            Some((end, width)) => {
                let len = self.searched + end;
                self.check_len(len)?;
                Ok(Found::Line(self.take(len, width)))
            }
            None => {
                // The last byte may be the first of two that end a line.
                self.searched = ahead.len().saturating_sub(1);
                self.check_len(self.searched)?;
                Ok(Found::Nothing)
            }
        }
    }

    /// The next line at the end of the file, which has told what a `\r` before it was.
    pub(super) fn last_line(&mut self) -> Result<Option<String>> {
        if let Found::Line(line) = self.find_line()? {
            return Ok(Some(line));
        }
        let len = self.text.len() - self.at;
        self.check_len(len)?;
        Ok((len > 0).then(|| self.take(len, 0)))
    }

    fn check_len(&self, len: usize) -> Result<()> {
        if len <= self.line_limit {
            return Ok(());
        }
        Err(Error::too_long(Operation::Read, self.line_limit as u64).at_path(self.file.path()))
    }

    fn take(&mut self, len: usize, width: usize) -> String {
        let taken = self.text[self.at..self.at + len].to_owned();
        self.at += len + width;
        self.searched = 0;
        taken
    }

    /// Reads and decodes more; `false` at the end of the file.
    async fn fill(&mut self) -> Result<bool> {
        self.prepare()?;
        let count = self.file.read(&mut self.raw).await?;
        Ok(self.accept(count))
    }

    /// Makes room for a read, or says why there will be none.
    pub(super) fn prepare(&mut self) -> Result<()> {
        if let Some(failed) = &self.failed {
            let error = match self.encoding == Encoding::UTF_8 {
                true => Error::not_utf8(Operation::Read),
                false => Error::invalid(Operation::Read, self.encoding.undecodable()),
            };
            return Err(error.at_path(self.file.path()).at_offset(failed.offset()));
        }
        if self.errors == Errors::XmlCharRefReplace {
            return Err(Error::invalid(Operation::Read, "xmlcharrefreplace is for writing only"));
        }
        self.raw.resize(READ_BYTES, 0);
        Ok(())
    }

    /// Lends the buffer to a read that goes on by itself, and gets it back.
    pub(super) fn swap_raw(&mut self, raw: Vec<u8>) -> Vec<u8> {
        std::mem::replace(&mut self.raw, raw)
    }

    /// Decodes the first `count` bytes of the buffer; 0 mean the end of the file. No await between a read and
    /// this, so that a byte is either the file's or ours. `false` at the end of the file, unless what stands there
    /// is an error that the next [`prepare`](TextFile::prepare) returns.
    pub(super) fn accept(&mut self, count: usize) -> bool {
        self.ended = count == 0;
        self.text.drain(..self.at);
        self.at = 0;
        let before = self.text.len();
        let decoded = self.decoder.decode(&self.raw[..count], self.ended, &mut self.text);
        self.failed = decoded.err();
        let last = self.ended || self.failed.is_some();
        if !self.reading.leaves_alone(&self.text[before..]) {
            let fresh = self.text.split_off(before);
            self.reading.read(&fresh, last, &mut self.text);
        }
        !self.ended || self.failed.is_some()
    }
}

impl fmt::Debug for TextFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TextFile")
            .field("file", &self.file)
            .field("encoding", &self.encoding)
            .field("newline", &self.newline)
            .finish_non_exhaustive()
    }
}
