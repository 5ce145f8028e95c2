//! `TextFile`: its state, its attributes, and the cursor of the file below.

use std::fmt;
use std::io::SeekFrom;
use std::os::fd::RawFd;
use std::path::Path;

use super::io::TextIo;
use super::position::Position;
use super::read_ahead::ReadAhead;
use super::{DecodeError, Decoder, Encoding, Errors, NameError, Newline, Seen};
use crate::limits::{MARK_BYTES, TEXT_READ_BYTES};
use crate::{Error, File, Operation, Result};

/// An open text file. [`open`](super::open) and [`Options`](super::Options) make them.
///
/// The file below is a [`File`], or a [`SpooledTemporaryFile`](crate::tempfile::SpooledTemporaryFile) if `F` is that.
///
/// A text file reads ahead, so the cursor of the [`File`] below is after the text that was returned, and other handles
/// must not move it meanwhile. [`tell`](TextFile::tell) and every other position count the text that was returned. If
/// the file grows after its end was read, reading continues, but a character that the end cut off is an error.
///
/// # Reading and writing
///
/// A file that is open for both has one position: a write goes to the reader's position, and reading continues after
/// the written text. (CPython writes after the text that it has read ahead.) When appending, writes go to the end of
/// the file.
///
/// # Failure
///
/// Bytes that are invalid in the encoding are an error of the kind `InvalidData` that has the offset in bytes and, as
/// its source, the [`DecodeError`]. The lines before them are returned first (by [`read`](TextFile::read), every
/// character), then every read fails with the same error, until a [`seek`](TextFile::seek). A call that the file was not
/// opened for is [`is_unsupported`](crate::Error::is_unsupported).
///
/// # Cancellation
///
/// Dropped before it began, a call has done nothing; after that it finishes in the background. A call that only looks
/// changes nothing. Methods with another rule say so.
pub struct TextFile<F = File> {
    pub(super) file: F,
    pub(super) settings: Settings,
    pub(super) ahead: ReadAhead,
    pub(super) cursor: Cursor,
    closed: bool,
    /// Whether the next [`write`](TextFile::write) needs a byte order mark.
    pub(super) mark: Mark,
    /// Encoded text on its way to the file, reused.
    pub(super) out: Vec<u8>,
}

/// How a file is read and written, which never changes.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    pub(super) mode: String,
    pub(super) encoding: Encoding,
    pub(super) errors: Errors,
    pub(super) newline: Newline,
    pub(super) line_limit: usize,
    pub(super) line_buffering: bool,
    pub(super) reads: bool,
    pub(super) writes: bool,
    pub(super) appends: bool,
}

/// Where the cursor of the file below is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cursor {
    /// Where the reader is.
    Here,
    /// Behind what was read ahead.
    Ahead,
    /// Anywhere: the reader is here, and the cursor has to be put there before the file is used. So it is as long
    /// as a seek may have been abandoned half way.
    Due(Position),
}

/// Whether the next write needs a byte order mark before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    /// The file has to be asked: nothing was written yet, the last write failed or was abandoned, or there was a seek.
    Unknown,
    /// It does not: text was written through this handle.
    Written,
}

impl<F: TextIo> TextFile<F> {
    pub(super) fn new(file: F, settings: Settings) -> TextFile<F> {
        TextFile {
            ahead: ReadAhead::new(settings.encoding, settings.newline, !file.is_sequential()),
            file,
            settings,
            cursor: Cursor::Here,
            closed: false,
            mark: Mark::Unknown,
            out: Vec::new(),
        }
    }

    /// Closes the file below, for every handle on it; a second call does nothing.
    ///
    /// # Errors
    ///
    /// Like [`File::close_all`](crate::File::close_all). The file is closed all the same.
    ///
    /// # Cancellation
    ///
    /// This handle is closed, the file like [`File::close_all`](crate::File::close_all).
    ///
    /// ```
    /// # async fn example(mut file: folio::text::TextFile) -> folio::Result<()> {
    /// file.close().await?;
    /// assert!(file.closed() && file.read(1).await.unwrap_err().is_closed());
    /// # Ok(())
    /// # }
    /// ```
    pub async fn close(&mut self) -> Result<()> {
        if std::mem::replace(&mut self.closed, true) {
            return Ok(());
        }
        self.ahead.clear();
        self.file.close().await
    }

    /// Returns the file below, with its cursor where the reader is.
    ///
    /// # Errors
    ///
    /// [`is_unsupported`](crate::Error::is_unsupported) for a stream with text that was read ahead; like
    /// [`File::seek`](crate::File::seek).
    ///
    /// # Cancellation
    ///
    /// The file is closed, unless there are other handles.
    ///
    /// ```
    /// # async fn example() -> folio::Result<()> {
    /// let mut text = folio::text::open("mail.eml").await?;
    /// while text.readline(None).await? != "\n" {}
    /// let body = text.detach().await?.read_bytes(1 << 16).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn detach(self) -> Result<F> {
        let mut text = Box::new(self);
        text.check_open(Operation::Seek)?;
        if text.is_sequential() && text.ahead.is_ahead() {
            return Err(text.unsupported(Operation::Seek, "text that was read ahead would be lost"));
        }
        text.step_back();
        text.settle().await?;
        Ok(text.file)
    }

    /// Returns whether the file has positions; a FIFO, a socket and a terminal have none.
    ///
    /// # Errors
    ///
    /// If the file is closed.
    pub fn seekable(&self) -> Result<bool> {
        self.check_open(Operation::Metadata).map(|()| !self.is_sequential())
    }

    /// Returns whether the file is open for reading.
    ///
    /// # Errors
    ///
    /// If the file is closed.
    pub fn readable(&self) -> Result<bool> {
        self.check_open(Operation::Metadata).map(|()| self.settings.reads)
    }

    /// Returns whether the file is open for writing.
    ///
    /// # Errors
    ///
    /// If the file is closed.
    pub fn writable(&self) -> Result<bool> {
        self.check_open(Operation::Metadata).map(|()| self.settings.writes)
    }

    /// Returns the path the file was opened by.
    pub fn name(&self) -> &Path {
        self.file.path()
    }

    /// Returns the mode that the file was opened in, as it was given; if none was given, the closest one.
    pub fn mode(&self) -> &str {
        &self.settings.mode
    }

    /// Returns whether the file is closed.
    pub fn closed(&self) -> bool {
        self.closed
    }

    /// Returns the ends of lines that were read so far, those of text that was read ahead included.
    pub fn newlines(&self) -> Seen {
        self.ahead.seen()
    }

    /// Returns why the bytes that reading stopped at cannot be decoded.
    pub fn decode_error(&self) -> Option<&DecodeError> {
        self.ahead.failed()
    }

    /// Returns the encoding.
    pub fn encoding(&self) -> Encoding {
        self.settings.encoding
    }

    /// Returns how bytes and characters that cannot be converted are treated.
    pub fn errors(&self) -> Errors {
        self.settings.errors
    }

    /// Returns whether a write with an end of line is flushed.
    pub fn line_buffering(&self) -> bool {
        self.settings.line_buffering
    }

    /// Returns the file below.
    pub fn file(&self) -> &F {
        &self.file
    }

    /// Returns the file below, for calls that do not move its cursor.
    #[cfg(feature = "tempfile")]
    pub(crate) fn below(&mut self) -> &mut F {
        &mut self.file
    }

    pub(super) fn is_sequential(&self) -> bool {
        self.file.is_sequential()
    }

    pub(crate) fn check_open(&self, operation: Operation) -> Result<()> {
        if self.closed { Err(Error::closed(operation).at_path(self.file.path())) } else { Ok(()) }
    }

    /// The error of reading bytes that cannot be decoded.
    pub(super) fn undecodable(&self, failed: DecodeError) -> Error {
        let offset = failed.offset();
        let error = match self.settings.errors {
            Errors::XmlCharRefReplace => Error::codec(Operation::Read, NameError::WriteOnly),
            Errors::Strict | Errors::Ignore | Errors::Replace | Errors::BackslashReplace => {
                Error::codec(Operation::Read, failed)
            }
        };
        error.at_path(self.file.path()).at_offset(offset)
    }

    pub(super) fn unsupported(&self, operation: Operation, why: &'static str) -> Error {
        Error::unsupported(operation, why).at_path(self.file.path())
    }

    /// Drops what was read ahead, so that the next call moves the file's cursor to the reader. A stream, which
    /// cannot go back, keeps it.
    pub(super) fn step_back(&mut self) {
        if self.cursor == Cursor::Ahead && !self.is_sequential() {
            self.cursor = Cursor::Due(self.ahead.position());
            self.ahead.clear();
        }
    }

    /// Moves the cursor of the file to where the reader is.
    pub(super) async fn settle(&mut self) -> Result<()> {
        if let Cursor::Due(position) = self.cursor {
            self.file.seek(SeekFrom::Start(position.offset)).await?;
            self.cursor = Cursor::Here;
        }
        Ok(())
    }
}

impl TextFile {
    /// Returns whether it is a terminal.
    ///
    /// # Errors
    ///
    /// If the file is closed.
    pub fn isatty(&self) -> Result<bool> {
        self.check_open(Operation::Metadata)?;
        Ok(self.file.is_terminal())
    }

    /// Returns the number of the file's descriptor, which the file goes on owning.
    ///
    /// # Errors
    ///
    /// If the file is closed or its storage has no descriptors.
    pub fn fileno(&self) -> Result<RawFd> {
        self.check_open(Operation::Metadata)?;
        self.file.descriptor().ok_or_else(|| self.unsupported(Operation::Metadata, "fileno"))
    }
}

/// The first step of reading after a move.
#[derive(Clone, Copy, Debug)]
pub(super) struct Start {
    due: Option<Position>,
    encoding: Encoding,
    errors: Errors,
}

impl<F: TextIo> TextFile<F> {
    /// Returns what has to be done before the next read, if anything.
    pub(super) fn start(&self) -> Option<Start> {
        let due = match self.cursor {
            Cursor::Ahead => return None,
            Cursor::Here => None,
            Cursor::Due(position) => Some(position),
        };
        Some(Start { due, encoding: self.settings.encoding, errors: self.settings.errors })
    }

    /// Takes over the result of the start.
    pub(super) fn started(&mut self, (decoder, skip): (Decoder, u8)) {
        self.ahead.resume(decoder, skip);
        self.cursor = Cursor::Ahead;
    }
}

impl Start {
    /// Moves the cursor of `file` to the reader, and returns a decoder for the bytes there and how many of their
    /// characters to skip.
    pub(super) async fn make<F: TextIo>(self, file: &mut F) -> Result<(Decoder, u8)> {
        let position = match self.due {
            Some(position) => {
                Position { offset: file.seek(SeekFrom::Start(position.offset)).await?, ..position }
            }
            None if file.is_sequential() => Position::at(0),
            None => Position::at(file.stream_position().await?),
        };
        if position.offset > 0 && self.encoding.is_stateful() {
            return Ok((self.passing(file, position.offset).await?, position.skip));
        }
        let mut head = [0; MARK_BYTES];
        let mut len = 0;
        if position.offset > 0 && self.encoding.writes_mark() {
            len = file.read_at(&mut head, 0).await?;
        }
        let decoder = Decoder::resuming(self.encoding, self.errors, position.offset, &head[..len]);
        Ok((decoder, position.skip))
    }

    /// Returns a decoder that has read everything up to `offset`.
    async fn passing<F: TextIo>(self, file: &mut F, offset: u64) -> Result<Decoder> {
        let mut decoder = Decoder::resuming(self.encoding, self.errors, 0, b"");
        let mut buffer = vec![0; TEXT_READ_BYTES];
        let mut at = 0;
        while decoder.offset() < offset {
            match file.read_at(&mut buffer, at).await? {
                0 if at >= offset => decoder.stand(),
                // The file was cut before that position.
                0 => return Ok(Decoder::resuming(self.encoding, self.errors, offset, b"")),
                count => {
                    decoder.pass_over(&buffer[..count], offset);
                    at += count as u64;
                }
            }
        }
        Ok(decoder)
    }
}

impl<F: fmt::Debug> fmt::Debug for TextFile<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TextFile")
            .field("file", &self.file)
            .field("mode", &self.settings.mode)
            .field("encoding", &self.settings.encoding)
            .field("newline", &self.settings.newline)
            .finish_non_exhaustive()
    }
}
