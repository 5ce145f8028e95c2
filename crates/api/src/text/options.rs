//! How a text file is opened.

use std::path::Path;

use super::{Decoder, Encoding, Errors, Newline, TextFile};
use crate::{OpenOptions, Result};

/// Bytes of UTF-8 that a line may have unless told otherwise: far above any text meant for people, and small
/// enough to be held for each of many open files.
const LINE_BYTES: usize = 1024 * 1024;

/// Options to open a text file with: those of [`OpenOptions`], and how bytes and text go together.
///
/// ```
/// # async fn example() -> folio::Result<()> {
/// use folio::text::{Encoding, Newline, Options};
///
/// let western = Encoding::for_name("cp1252")?;
/// let mut report = Options::new()
///     .write(true)
///     .create(true)
///     .truncate(true)
///     .encoding(western)
///     .newline(Newline::CrLf)
///     .open("report.txt")
///     .await?;
/// report.write_line("5 €").await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Options {
    open: OpenOptions,
    pub(super) append: bool,
    pub(super) encoding: Encoding,
    pub(super) errors: Errors,
    pub(super) newline: Newline,
    pub(super) line_limit: usize,
}

macro_rules! flags {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {
        $($(#[$doc])*
        pub fn $name(&mut self, $name: bool) -> &mut Self {
            self.open.$name($name);
            self
        })*
    };
}

impl Options {
    /// Returns options with nothing set: UTF-8, strict, universal newlines, lines of at most 1 MiB.
    pub fn new() -> Self {
        Options {
            open: OpenOptions::new(),
            append: false,
            encoding: Encoding::UTF_8,
            errors: Errors::Strict,
            newline: Newline::Universal,
            line_limit: LINE_BYTES,
        }
    }

    flags! {
        /// Opens for reading.
        read,
        /// Opens for writing.
        write,
        /// Cuts the file to length 0; needs write access.
        truncate,
        /// Creates the file if it is missing; needs write or append access.
        create,
        /// Creates the file and fails if anything has its name already.
        create_new,
    }

    /// Sends every write to the end of the file, even against other processes. No byte order mark is written
    /// behind text that is there already.
    pub fn append(&mut self, append: bool) -> &mut Self {
        self.open.append(append);
        self.append = append;
        self
    }

    /// Sets the encoding; UTF-8 unless set.
    pub fn encoding(&mut self, encoding: Encoding) -> &mut Self {
        self.encoding = encoding;
        self
    }

    /// Sets what happens to what cannot be converted; an error unless set.
    pub fn errors(&mut self, errors: Errors) -> &mut Self {
        self.errors = errors;
        self
    }

    /// Sets what ends a line; universal newlines unless set.
    pub fn newline(&mut self, newline: Newline) -> &mut Self {
        self.newline = newline;
        self
    }

    /// Sets how many bytes of UTF-8 a line may have, without its end; 1 MiB unless set.
    pub fn line_limit(&mut self, bytes: usize) -> &mut Self {
        self.line_limit = bytes;
        self
    }

    /// Opens `path`.
    ///
    /// # Errors
    ///
    /// Like [`OpenOptions::open`].
    ///
    /// # Cancellation
    ///
    /// No descriptor is left behind; the file may have been created or cut.
    pub async fn open(&self, path: impl AsRef<Path>) -> Result<TextFile> {
        // A handler for writing only is refused at the first read, so that the file can be written.
        let errors = if self.errors == Errors::XmlCharRefReplace { Errors::Strict } else { self.errors };
        let decoder = Decoder::new(self.encoding, errors)?;
        Ok(TextFile::new(self.open.open(path).await?, self, decoder))
    }
}

impl Default for Options {
    fn default() -> Self {
        Options::new()
    }
}
