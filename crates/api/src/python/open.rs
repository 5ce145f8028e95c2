//! Python's `open`: a path, a mode string, and a file of bytes or of text.

use std::path::Path;

use crate::text::{Options, TextFile};
use crate::{BinaryFile, Error, Name, OpenMode, OpenOptions, Operation, Result};

/// Opens a file as Python's `open` does: `r w a x`, `+`, and `b` or `t`, in any order. What is written is buffered;
/// text is UTF-8, strict, with universal newlines. [`OpenOptions`] and [`text::Options`](Options) have other settings.
///
/// # Errors
///
/// An invalid mode, before the file is touched. `EISDIR` for a directory;
/// [`is_unsupported`](crate::Error::is_unsupported) for a FIFO, a socket or a terminal that is to be both read and
/// written; any other failure of opening.
///
/// # Cancellation
///
/// No descriptor is left behind; the file may have been created or cut.
///
/// ```
/// # async fn example() -> folio::Result<()> {
/// let data = folio::open("data.bin", "r+b").await?.binary()?;
/// let mut notes = folio::open("notes.txt", "a").await?.text()?;
/// notes.write("seen\n").await?;
/// # Ok(())
/// # }
/// ```
pub async fn open(path: impl AsRef<Path>, mode: &str) -> Result<Opened> {
    let path = path.as_ref();
    let parsed = OpenMode::parse(mode).map_err(|error| error.at_path(path))?;
    if !parsed.is_text() {
        let file = Box::pin(OpenOptions::new().python_mode(parsed).open_binary(path)).await?;
        return Ok(Opened::Binary(file));
    }
    let file = Box::pin(Options::new().python_mode(parsed).open(path)).await?;
    Ok(Opened::Text(file))
}

/// A file that [`open`] has opened: of bytes or of text, as its mode says.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "it lives until the caller matches it")]
pub enum Opened {
    /// The mode had a `b`.
    Binary(BinaryFile),
    /// The mode had no `b`.
    Text(TextFile),
}

/// Does the same with a file of either kind.
macro_rules! either {
    ($opened:expr, $file:ident => $answer:expr) => {
        match $opened {
            Opened::Binary($file) => $answer,
            Opened::Text($file) => $answer,
        }
    };
}

impl Opened {
    /// Returns the file of bytes.
    ///
    /// # Errors
    ///
    /// If the mode was for text.
    pub fn binary(self) -> Result<BinaryFile> {
        match self {
            Opened::Binary(file) => Ok(file),
            Opened::Text(file) => {
                let why = format!("the mode '{}' opens text; for bytes it takes a 'b'", file.mode());
                Err(Error::invalid(Operation::Open, why).at_path(file.name()))
            }
        }
    }

    /// Returns the file of text.
    ///
    /// # Errors
    ///
    /// If the mode was for bytes.
    pub fn text(self) -> Result<TextFile> {
        match self {
            Opened::Text(file) => Ok(file),
            Opened::Binary(file) => {
                let why = format!("the mode '{}' opens bytes; for text it takes no 'b'", file.mode());
                Err(file.at_path(Error::invalid(Operation::Open, why)))
            }
        }
    }

    /// Writes out what is buffered and closes the file. A second call does nothing.
    ///
    /// # Errors
    ///
    /// Like [`BinaryFile::close`] and [`TextFile::close`].
    ///
    /// # Cancellation
    ///
    /// Like [`BinaryFile::close`] and [`TextFile::close`].
    pub async fn close(&mut self) -> Result<()> {
        either!(self, file => file.close().await)
    }

    /// Writes out what is buffered.
    ///
    /// # Errors
    ///
    /// Like [`BinaryFile::flush`] and [`TextFile::flush`].
    ///
    /// # Cancellation
    ///
    /// Like [`BinaryFile::flush`] and [`TextFile::flush`].
    pub async fn flush(&mut self) -> Result<()> {
        either!(self, file => file.flush().await)
    }

    /// Returns what the file was opened by.
    pub fn name(&self) -> Name {
        match self {
            Opened::Binary(file) => file.name().clone(),
            Opened::Text(file) => Name::Path(file.name().into()),
        }
    }

    /// Returns the mode: of a text file as it was given, of a binary file as Python names it.
    pub fn mode(&self) -> &str {
        either!(self, file => file.mode())
    }

    /// Returns whether it has been closed.
    pub fn closed(&self) -> bool {
        either!(self, file => file.closed())
    }

    /// Returns whether it is a terminal.
    ///
    /// # Errors
    ///
    /// If the file is closed.
    pub fn isatty(&self) -> Result<bool> {
        either!(self, file => file.isatty())
    }

    /// Returns whether the file has positions, which a FIFO, a socket and a terminal have not.
    ///
    /// # Errors
    ///
    /// If the file is closed.
    pub fn seekable(&self) -> Result<bool> {
        either!(self, file => file.seekable())
    }

    /// Returns whether the file is open for reading.
    ///
    /// # Errors
    ///
    /// If the file is closed.
    pub fn readable(&self) -> Result<bool> {
        either!(self, file => file.readable())
    }

    /// Returns whether the file is open for writing.
    ///
    /// # Errors
    ///
    /// If the file is closed.
    pub fn writable(&self) -> Result<bool> {
        either!(self, file => file.writable())
    }
}
