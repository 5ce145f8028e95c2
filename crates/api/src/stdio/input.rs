//! The process's input: one read-ahead buffer for all tasks.

use bytes::Bytes;
use folio_engine::LINE_LIMIT_BYTES;
use folio_engine::storage::os::Standard;
use tokio::sync::Mutex;

use super::kept::Kept;
use crate::limits::STDIN_READ_BYTES;
use crate::text::{Decoder, Encoder, Encoding, Errors};
use crate::{Error, File, Operation, Result};

static INPUT: Kept<Source> = Kept::new(Standard::Input);

/// The stream and the bytes read ahead from it.
#[derive(Debug)]
pub(super) struct Source {
    file: File,
    /// Locked by one reader at a time, first come first served. Bytes read for a dropped reader stay here.
    ahead: Mutex<ReadAhead>,
}

/// Bytes that were read and that no reader has received yet.
#[derive(Debug, Default)]
struct ReadAhead {
    bytes: Vec<u8>,
    /// Where they begin in `bytes`.
    at: usize,
    /// Bytes from there that are known to contain no end of a line.
    searched: usize,
}

impl ReadAhead {
    fn rest(&self) -> &[u8] {
        &self.bytes[self.at..]
    }

    fn take(&mut self, len: usize) -> Bytes {
        let taken = Bytes::copy_from_slice(&self.rest()[..len]);
        self.at += len;
        self.searched = 0;
        if self.at == self.bytes.len() {
            self.bytes.clear();
            self.at = 0;
        }
        taken
    }

    /// Returns the length of the first line with its end, if the end is here.
    fn find_line(&mut self) -> Option<usize> {
        let found = memchr::memchr(b'\n', &self.rest()[self.searched..]).map(|at| self.searched + at + 1);
        if found.is_none() {
            self.searched = self.rest().len();
        }
        found
    }

    /// Reads more; returns `false` at the end. There is no await after the read, so no byte is lost between the
    /// stream and this buffer.
    async fn fill(&mut self, file: &File) -> Result<bool> {
        let more = file.read_bytes(STDIN_READ_BYTES).await?;
        self.bytes.drain(..self.at);
        self.at = 0;
        self.bytes.extend_from_slice(&more);
        Ok(!more.is_empty())
    }
}

impl From<File> for Source {
    fn from(file: File) -> Source {
        Source { file, ahead: Mutex::default() }
    }
}

/// What ends a line.
#[derive(Clone, Copy, Debug)]
enum End {
    /// `\n`.
    Lf,
    /// `\n`, with the `\r` before it if there is one.
    CrLf,
}

impl End {
    /// Returns a line without its end.
    fn cut(self, line: &[u8]) -> &[u8] {
        match (line.strip_suffix(b"\n"), self) {
            (None, End::Lf | End::CrLf) => line,
            (Some(content), End::Lf) => content,
            (Some(content), End::CrLf) => content.strip_suffix(b"\r").unwrap_or(content),
        }
    }

    /// Returns how many bytes a line that begins with `bytes` and goes on has at least, without its end.
    fn content_of(self, bytes: &[u8]) -> usize {
        match self {
            End::Lf => bytes.len(),
            End::CrLf => bytes.strip_suffix(b"\r").unwrap_or(bytes).len(),
        }
    }
}

impl Source {
    /// Returns the next line with its end (the last one may have none), or `None` at the end. Whether a line is too
    /// long does not depend on how many bytes a read returns.
    async fn line(&self, end: End, limit: usize) -> Result<Option<Bytes>> {
        let mut ahead = self.ahead.lock().await;
        loop {
            let found = ahead.find_line();
            let content = match found {
                Some(len) => end.cut(&ahead.rest()[..len]).len(),
                None => end.content_of(ahead.rest()),
            };
            self.check_len(content, limit)?;
            if let Some(len) = found {
                return Ok(Some(ahead.take(len)));
            }
            if !ahead.fill(&self.file).await? {
                let len = ahead.rest().len();
                self.check_len(len, limit)?;
                return Ok((len > 0).then(|| ahead.take(len)));
            }
        }
    }

    fn check_len(&self, len: usize, limit: usize) -> Result<()> {
        if len <= limit { Ok(()) } else { Err(self.error(Error::too_long(Operation::Read, limit as u64))) }
    }

    async fn some(&self, len: usize) -> Result<Bytes> {
        let mut ahead = self.ahead.lock().await;
        if ahead.rest().is_empty() && len > 0 {
            ahead.fill(&self.file).await?;
        }
        let len = len.min(ahead.rest().len());
        Ok(ahead.take(len))
    }

    async fn all(&self) -> Result<Bytes> {
        let mut ahead = self.ahead.lock().await;
        while ahead.fill(&self.file).await? {}
        let len = ahead.rest().len();
        Ok(ahead.take(len))
    }

    fn error(&self, error: Error) -> Error {
        error.at_path(self.file.path())
    }
}

/// The process's input as text. Made by [`stdin`](crate::stdin); all of them share the stream.
///
/// A line ends at `\n`, and a `\r` before that is part of the end.
#[derive(Clone, Copy, Debug)]
pub struct Input {
    encoding: Encoding,
    errors: Errors,
    line_limit: usize,
}

impl Input {
    pub(super) fn new() -> Input {
        Input { encoding: Encoding::UTF_8, errors: Errors::Strict, line_limit: LINE_LIMIT_BYTES }
    }

    /// Returns a handle that reads `encoding` and treats bytes that are invalid in it as `errors` says.
    ///
    /// ```
    /// # async fn example() -> folio::Result<()> {
    /// use folio::text::{Encoding, Errors};
    ///
    /// let lossy = folio::stdin().with_encoding(Encoding::UTF_8, Errors::Replace);
    /// let line = lossy.next_line().await?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn with_encoding(self, encoding: Encoding, errors: Errors) -> Input {
        Input { encoding, errors, ..self }
    }

    /// Returns a handle whose lines may have at most `bytes` bytes, before decoding and without their ends (64 MiB
    /// unless set).
    ///
    /// ```
    /// # async fn example() -> folio::Result<()> {
    /// let request = folio::stdin().with_line_limit(8 * 1024).next_line().await?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn with_line_limit(self, bytes: usize) -> Input {
        Input { line_limit: bytes, ..self }
    }

    /// Returns the next line without its end, `None` at the end of the input. One line goes to one task.
    ///
    /// # Errors
    ///
    /// Bytes that are invalid in the encoding ([`InvalidData`](std::io::ErrorKind::InvalidData)): that line is
    /// gone, and the next call goes on behind it. [`is_too_long`](Error::is_too_long) for a line above the
    /// [limit](Input::with_line_limit), which stays: [`InputBytes::read_bytes`] gets past it. An encoding whose ends
    /// of lines are not a byte, such as UTF-16, or that a line of it does not begin anew in, such as `iso2022_jp`.
    /// Any failure of reading.
    ///
    /// # Cancellation
    ///
    /// Nothing is lost: the next read returns what was read.
    ///
    /// ```
    /// # async fn example() -> folio::Result<()> {
    /// while let Some(name) = folio::stdin().next_line().await? {
    ///     println!("hello, {name}");
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn next_line(&self) -> Result<Option<String>> {
        let source = INPUT.get()?;
        let mut end = Vec::new();
        let encoded = Encoder::continuing(self.encoding, Errors::Strict).encode("\n", &mut end);
        if encoded.is_err() || end != b"\n" || self.encoding.is_stateful() {
            let why = "this encoding cannot be read line by line; read the whole input";
            return Err(source.error(Error::invalid(Operation::Read, why)));
        }
        let Some(line) = source.line(End::CrLf, self.line_limit).await? else { return Ok(None) };
        self.decode(source, End::CrLf.cut(&line)).map(Some)
    }

    /// Reads everything up to the end of the input; the ends of lines stay as they are.
    ///
    /// # Errors
    ///
    /// Bytes that are invalid in the encoding; the input is gone then. Whatever reading returns.
    ///
    /// # Cancellation
    ///
    /// Nothing is lost: the next read returns what was read.
    ///
    /// ```
    /// # async fn example() -> folio::Result<()> {
    /// let poem = folio::stdin().read_to_string().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn read_to_string(&self) -> Result<String> {
        let source = INPUT.get()?;
        let all = source.all().await?;
        self.decode(source, &all)
    }

    /// Returns whether it is a terminal.
    pub fn is_terminal(&self) -> bool {
        Standard::Input.is_terminal()
    }

    fn decode(&self, source: &Source, bytes: &[u8]) -> Result<String> {
        let mut text = String::with_capacity(bytes.len());
        let decoded = Decoder::new(self.encoding, self.errors)?.decode(bytes, true, &mut text);
        decoded.map_err(|why| source.error(Error::codec(Operation::Read, why)))?;
        Ok(text)
    }
}

/// The process's input as bytes. Made by [`stdin_bytes`](crate::stdin_bytes); all of them share the stream.
#[derive(Clone, Copy, Debug)]
pub struct InputBytes {
    line_limit: usize,
}

impl InputBytes {
    pub(super) fn new() -> InputBytes {
        InputBytes { line_limit: LINE_LIMIT_BYTES }
    }

    /// Returns a handle whose lines may have at most `bytes` bytes, without their ends (64 MiB unless set).
    ///
    /// ```
    /// # async fn example() -> folio::Result<()> {
    /// let request = folio::stdin_bytes().with_line_limit(8 * 1024).read_line().await?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn with_line_limit(self, bytes: usize) -> InputBytes {
        InputBytes { line_limit: bytes }
    }

    /// Reads into `buf`, waiting for the first byte; returns how many bytes it read, 0 at the end of the input.
    ///
    /// # Errors
    ///
    /// Any failure of reading.
    ///
    /// # Cancellation
    ///
    /// Nothing is lost: the next read returns what was read.
    pub async fn read(&self, buf: &mut [u8]) -> Result<usize> {
        let bytes = self.read_bytes(buf.len()).await?;
        buf[..bytes.len()].copy_from_slice(&bytes);
        Ok(bytes.len())
    }

    /// Reads at most `len` bytes, waiting for the first; returns none at the end of the input.
    ///
    /// # Errors
    ///
    /// Any failure of reading.
    ///
    /// # Cancellation
    ///
    /// Nothing is lost: the next read returns what was read.
    pub async fn read_bytes(&self, len: usize) -> Result<Bytes> {
        INPUT.get()?.some(len).await
    }

    /// Reads a line with its end (the last one may have none); returns an empty one at the end of the input.
    ///
    /// # Errors
    ///
    /// [`is_too_long`](Error::is_too_long) for a line above the [limit](InputBytes::with_line_limit), which
    /// is not consumed. Any failure of reading.
    ///
    /// # Cancellation
    ///
    /// Nothing is lost: the next read returns what was read.
    ///
    /// ```
    /// # async fn example() -> folio::Result<()> {
    /// let request = folio::stdin_bytes().read_line().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn read_line(&self) -> Result<Bytes> {
        Ok(INPUT.get()?.line(End::Lf, self.line_limit).await?.unwrap_or_default())
    }

    /// Reads everything up to the end of the input.
    ///
    /// # Errors
    ///
    /// Any failure of reading.
    ///
    /// # Cancellation
    ///
    /// Nothing is lost: the next read returns what was read.
    pub async fn read_to_end(&self) -> Result<Bytes> {
        INPUT.get()?.all().await
    }

    /// Returns whether it is a terminal.
    pub fn is_terminal(&self) -> bool {
        Standard::Input.is_terminal()
    }
}
