//! The process's output and error stream: each call writes in one piece.

use bytes::Bytes;

use super::kept::Kept;
use crate::text::{Encoder, Encoding, Errors};
use crate::{Error, File, Operation, Result};

/// The process's output or error stream as text. Made by [`stdout`](crate::stdout) and [`stderr`](crate::stderr);
/// all of them share the stream.
#[derive(Clone, Copy, Debug)]
pub struct Output {
    stream: &'static Kept<File>,
    encoding: Encoding,
    errors: Errors,
}

impl Output {
    pub(super) fn new(stream: &'static Kept<File>) -> Output {
        Output { stream, encoding: Encoding::UTF_8, errors: Errors::Strict }
    }

    /// Returns a handle that writes `encoding` and treats characters that are missing in it as `errors` says. No byte
    /// order mark is written.
    ///
    /// ```
    /// # async fn example() -> folio::Result<()> {
    /// use folio::text::{Encoding, Errors};
    ///
    /// let plain = folio::stdout().with_encoding(Encoding::for_name("ascii")?, Errors::BackslashReplace);
    /// plain.write_line("5 €").await?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn with_encoding(self, encoding: Encoding, errors: Errors) -> Output {
        Output { encoding, errors, ..self }
    }

    /// Writes `text` in one piece.
    ///
    /// # Errors
    ///
    /// A character that the encoding does not have, before anything is written. Any failure of writing: `EPIPE` if the
    /// reader has gone, with the [`bytes_done`](Error::bytes_done) before that.
    ///
    /// ```
    /// # async fn example() -> folio::Result<()> {
    /// folio::stdout().write("working...\n").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn write(&self, text: &str) -> Result<()> {
        let mut bytes = Vec::with_capacity(text.len());
        self.encode(text, &mut bytes)?;
        self.stream.get()?.write_bytes(bytes).await
    }

    /// Writes `line` and an end of line in one piece.
    ///
    /// # Errors
    ///
    /// Like [`write`](Output::write).
    pub async fn write_line(&self, line: &str) -> Result<()> {
        let mut bytes = Vec::with_capacity(line.len() + 1);
        self.encode(line, &mut bytes)?;
        self.encode("\n", &mut bytes)?;
        self.stream.get()?.write_bytes(bytes).await
    }

    /// Does nothing: a write that returned `Ok` is written already.
    ///
    /// # Errors
    ///
    /// None.
    pub async fn flush(&self) -> Result<()> {
        self.stream.get()?.flush().await
    }

    /// Returns whether it is a terminal.
    pub fn is_terminal(&self) -> bool {
        self.stream.stream.is_terminal()
    }

    fn encode(&self, text: &str, bytes: &mut Vec<u8>) -> Result<()> {
        let encoded = Encoder::continuing(self.encoding, self.errors).encode(text, bytes);
        let path = std::path::Path::new(self.stream.stream.name());
        encoded.map_err(|why| Error::codec(Operation::Write, why).at_path(path))
    }
}

/// The process's output or error stream as bytes. Made by [`stdout_bytes`](crate::stdout_bytes) and
/// [`stderr_bytes`](crate::stderr_bytes); all of them share the stream.
#[derive(Clone, Copy, Debug)]
pub struct OutputBytes {
    stream: &'static Kept<File>,
}

impl OutputBytes {
    pub(super) fn new(stream: &'static Kept<File>) -> OutputBytes {
        OutputBytes { stream }
    }

    /// Writes all of `bytes` in one piece.
    ///
    /// # Errors
    ///
    /// Any failure of writing: `EPIPE` if the reader has gone, with the [`bytes_done`](Error::bytes_done) before that.
    pub async fn write_all(&self, bytes: &[u8]) -> Result<()> {
        self.stream.get()?.write_all(bytes).await
    }

    /// Writes all of `bytes` in one piece, without a copy.
    ///
    /// # Errors
    ///
    /// Like [`write_all`](OutputBytes::write_all).
    pub async fn write_bytes(&self, bytes: impl Into<Bytes>) -> Result<()> {
        self.stream.get()?.write_bytes(bytes).await
    }

    /// Does nothing: a write that returned `Ok` is written already.
    ///
    /// # Errors
    ///
    /// None.
    pub async fn flush(&self) -> Result<()> {
        self.stream.get()?.flush().await
    }

    /// Returns a file of the same stream, for code that needs tokio's `AsyncWrite`.
    ///
    /// # Errors
    ///
    /// Any failure of duplicating the descriptor.
    ///
    /// ```
    /// # async fn example(mut report: folio::File) -> std::io::Result<()> {
    /// tokio::io::copy(&mut report, &mut folio::stdout_bytes().file()?).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn file(&self) -> Result<File> {
        self.stream.get().cloned()
    }

    /// Returns whether it is a terminal.
    pub fn is_terminal(&self) -> bool {
        self.stream.stream.is_terminal()
    }
}
