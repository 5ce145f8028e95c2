//! What is read: one look-ahead for all tasks, given out in whole lines.

use bytes::Bytes;
use folio_engine::storage::os::Standard;
use tokio::sync::Mutex;

use super::INPUT;
use crate::text::{Decoder, Encoder, Encoding, Errors};
use crate::{Error, File, Operation, Result};

/// Bytes asked for at a time: what a pipe holds.
const READ_BYTES: usize = 64 * 1024;

/// Bytes that a line may have: as many as a line of a text file may have unless told otherwise.
const LINE_BYTES_MAX: usize = 1024 * 1024;

/// The stream and what was read ahead of it.
#[derive(Debug)]
pub(super) struct Source {
    file: File,
    /// Held by whoever reads, first come first served. What a reader that gives up had read stays here.
    ahead: Mutex<Ahead>,
}

/// Bytes that nobody has been given yet.
#[derive(Debug, Default)]
struct Ahead {
    bytes: Vec<u8>,
    /// Where they begin in `bytes`.
    at: usize,
    /// Bytes from there that are known to hold no end of a line.
    searched: usize,
}

impl Ahead {
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

    /// The next line with its end.
    fn take_line(&mut self) -> Option<Bytes> {
        let found = memchr::memchr(b'\n', &self.rest()[self.searched..]);
        match found {
            Some(end) => Some(self.take(self.searched + end + 1)),
            None => {
                self.searched = self.rest().len();
                None
            }
        }
    }

    /// Reads more; `false` at the end. No await after the bytes have come, so that they are either the stream's
    /// or here.
    async fn fill(&mut self, file: &File) -> Result<bool> {
        let more = file.read_bytes(READ_BYTES).await?;
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

impl Source {
    /// The next line with its end; the last one may have none. `None` at the end.
    async fn line(&self) -> Result<Option<Bytes>> {
        let mut ahead = self.ahead.lock().await;
        loop {
            if let Some(line) = ahead.take_line() {
                return Ok(Some(line));
            }
            let len = ahead.rest().len();
            if len > LINE_BYTES_MAX {
                return Err(self.error(Error::too_long(Operation::Read, LINE_BYTES_MAX as u64)));
            }
            if !ahead.fill(&self.file).await? {
                return Ok((len > 0).then(|| ahead.take(len)));
            }
        }
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
/// A line ends at `\n`, and a `\r` before that is part of the end. Lines have at most 1 MiB.
#[derive(Clone, Copy, Debug)]
pub struct Input {
    encoding: Encoding,
    errors: Errors,
}

impl Input {
    pub(super) fn new() -> Input {
        Input { encoding: Encoding::UTF_8, errors: Errors::Strict }
    }

    /// Returns a handle that reads this encoding, and does so with what means nothing in it.
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
        Input { encoding, errors }
    }

    /// Returns the next line without its end, `None` at the end of the input. One line goes to one task.
    ///
    /// # Errors
    ///
    /// Bytes that mean nothing in the encoding ([`InvalidData`](std::io::ErrorKind::InvalidData)): that line is
    /// gone, and the next call goes on behind it. [`is_too_long`](Error::is_too_long) for a line above 1 MiB, which
    /// stays: [`InputBytes::read_bytes`] gets past it. An encoding whose ends of lines are not a byte, such as
    /// UTF-16, or that a line of it does not begin anew in, such as `iso2022_jp`. Whatever reading returns.
    ///
    /// # Cancellation
    ///
    /// Nothing is lost: what was read stays for whoever reads next.
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
        let Some(line) = source.line().await? else { return Ok(None) };
        let line = line.strip_suffix(b"\n").map_or(&*line, |line| line.strip_suffix(b"\r").unwrap_or(line));
        self.decode(source, line).map(Some)
    }

    /// Reads everything up to the end of the input, ends of lines as they came.
    ///
    /// # Errors
    ///
    /// Bytes that mean nothing in the encoding; the input is gone then. Whatever reading returns.
    ///
    /// # Cancellation
    ///
    /// Nothing is lost: what was read stays for whoever reads next.
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
pub struct InputBytes;

impl InputBytes {
    /// Reads into `buf`, waiting until something is there; returns the bytes read, 0 at the end of the input.
    ///
    /// # Errors
    ///
    /// Whatever reading returns.
    ///
    /// # Cancellation
    ///
    /// Nothing is lost.
    pub async fn read(&self, buf: &mut [u8]) -> Result<usize> {
        let bytes = self.read_bytes(buf.len()).await?;
        buf[..bytes.len()].copy_from_slice(&bytes);
        Ok(bytes.len())
    }

    /// Reads at most `len` bytes, waiting until something is there; empty at the end of the input.
    ///
    /// # Errors
    ///
    /// Whatever reading returns.
    ///
    /// # Cancellation
    ///
    /// Nothing is lost.
    pub async fn read_bytes(&self, len: usize) -> Result<Bytes> {
        INPUT.get()?.some(len).await
    }

    /// Reads a line with its end (the last one may have none); empty at the end of the input.
    ///
    /// # Errors
    ///
    /// [`is_too_long`](Error::is_too_long) for a line above 1 MiB, which stays. Whatever reading returns.
    ///
    /// # Cancellation
    ///
    /// Nothing is lost: what was read stays for whoever reads next.
    ///
    /// ```
    /// # async fn example() -> folio::Result<()> {
    /// let request = folio::stdin_bytes().read_line().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn read_line(&self) -> Result<Bytes> {
        Ok(INPUT.get()?.line().await?.unwrap_or_default())
    }

    /// Reads everything up to the end of the input.
    ///
    /// # Errors
    ///
    /// Whatever reading returns.
    ///
    /// # Cancellation
    ///
    /// Nothing is lost: what was read stays for whoever reads next.
    pub async fn read_to_end(&self) -> Result<Bytes> {
        INPUT.get()?.all().await
    }

    /// Returns whether it is a terminal.
    pub fn is_terminal(&self) -> bool {
        Standard::Input.is_terminal()
    }
}
