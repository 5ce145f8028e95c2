//! Options to open a text file with.

use std::fmt;
use std::io::SeekFrom;
use std::path::Path;

use folio_engine::{Engine as Core, Handle, LINE_LIMIT_BYTES};

use super::file::Settings;
use super::io::TextIo;
use super::{Encoding, Errors, Newline, TextFile};
use crate::engine::Engine;
use crate::{Buffering, Error, File, OpenMode, OpenOptions, Operation, Result};

/// Options to open a text file with: those of [`OpenOptions`], the encoding and the ends of lines.
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
#[derive(Clone)]
pub struct Options {
    open: OpenOptions,
    access: Access,
    mode: Option<OpenMode>,
    buffering: Option<Buffering>,
    encoding: Encoding,
    errors: Errors,
    newline: Newline,
    line_limit: usize,
    /// The first invalid setting; opening returns it, before the file is touched.
    refused: Option<Error>,
}

/// The flags that say what the file is opened for.
#[derive(Clone, Copy, Default)]
struct Access {
    read: bool,
    write: bool,
    append: bool,
    truncate: bool,
    create_new: bool,
}

impl Access {
    /// Returns the closest mode string.
    fn mode(self) -> &'static str {
        match (self.read, self.append, self.write, self.create_new, self.truncate) {
            (true, true, ..) => "a+",
            (false, true, ..) => "a",
            (true, false, false, ..) => "r",
            (true, false, true, true, _) => "x+",
            (true, false, true, false, true) => "w+",
            (true, false, true, false, false) => "r+",
            (false, false, _, true, _) => "x",
            (false, false, _, false, _) => "w",
        }
    }
}

macro_rules! flags {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {
        $($(#[$doc])*
        pub fn $name(&mut self, $name: bool) -> &mut Self {
            self.open.$name($name);
            self.access.$name = $name;
            self
        })*
    };
}

impl Options {
    /// Returns options with nothing set: UTF-8, strict, universal newlines, lines of at most 64 MiB, no buffer.
    pub fn new() -> Self {
        Options {
            open: OpenOptions::new(),
            access: Access::default(),
            mode: None,
            buffering: None,
            encoding: Encoding::UTF_8,
            errors: Errors::Strict,
            newline: Newline::Universal,
            line_limit: LINE_LIMIT_BYTES,
            refused: None,
        }
    }

    flags! {
        /// Opens for reading.
        read,
        /// Opens for writing.
        write,
        /// Sends every write to the end of the file, even against other processes. No byte order mark is written
        /// behind text that is there already.
        append,
        /// Cuts the file to length 0; needs write access.
        truncate,
        /// Creates the file and fails if anything has its name already.
        create_new,
    }

    /// Creates the file if it is missing; needs write or append access.
    pub fn create(&mut self, create: bool) -> &mut Self {
        self.open.create(create);
        self
    }

    /// Sets everything that one of Python's mode strings means, such as `"r+"`. What is written is buffered then,
    /// as [`Buffering::Default`] says, unless [`buffering`](Options::buffering) says otherwise; and a file that is
    /// appended to is read from its end on, until a seek.
    ///
    /// An invalid mode, or one for bytes, is refused by [`open`](Options::open), before the file is touched.
    ///
    /// ```
    /// # async fn example() -> folio::Result<()> {
    /// let mut notes = folio::text::Options::new().python_mode("a+").encoding_name("utf-8").open("notes.txt").await?;
    /// notes.write("done\n").await?;
    /// notes.close().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn python_mode(&mut self, mode: impl AsRef<str>) -> &mut Self {
        let mode = OpenMode::parse(mode.as_ref()).and_then(|mode| match mode.is_text() {
            true => Ok(mode),
            false => Err(refuse("text::Options opens text; use folio::open for a binary mode")),
        });
        if let Some(mode) = self.or_refuse(mode) {
            self.open.python_mode(mode);
            self.mode = Some(mode);
        }
        self
    }

    /// Sets how many written bytes may be buffered; see [`OpenOptions::buffering`]. With line buffering, a write with an
    /// end of line is flushed.
    ///
    /// [`open`](Options::open) refuses [`Buffering::Unbuffered`], as Python does. Without this and without a mode string
    /// nothing is buffered.
    pub fn buffering(&mut self, buffering: impl Into<Buffering>) -> &mut Self {
        let buffering = match buffering.into() {
            Buffering::Unbuffered => Err(refuse("can't have unbuffered text I/O")),
            buffering @ (Buffering::Default | Buffering::Line | Buffering::Bytes(_)) => Ok(buffering),
        };
        if let Some(buffering) = self.or_refuse(buffering) {
            self.buffering = Some(buffering);
        }
        self
    }

    /// Sets the encoding; UTF-8 unless set.
    pub fn encoding(&mut self, encoding: Encoding) -> &mut Self {
        self.encoding = encoding;
        self
    }

    /// Sets the encoding by Python's name for it; [`open`](Options::open) refuses one that is unknown.
    pub fn encoding_name(&mut self, name: &str) -> &mut Self {
        if let Some(encoding) = self.or_refuse(Encoding::for_name(name)) {
            self.encoding = encoding;
        }
        self
    }

    /// Sets how bytes and characters that cannot be converted are treated; an error unless set.
    pub fn errors(&mut self, errors: Errors) -> &mut Self {
        self.errors = errors;
        self
    }

    /// Sets the same by Python's name for it; [`open`](Options::open) refuses one that is unknown, and those that
    /// make lone surrogates.
    pub fn errors_name(&mut self, name: &str) -> &mut Self {
        if let Some(errors) = self.or_refuse(Errors::for_name(name)) {
            self.errors = errors;
        }
        self
    }

    /// Sets what ends a line; universal newlines unless set.
    pub fn newline(&mut self, newline: Newline) -> &mut Self {
        self.newline = newline;
        self
    }

    /// Sets the same by what Python's `newline` takes: nothing, or one of `""`, `"\n"`, `"\r"` and `"\r\n"`;
    /// [`open`](Options::open) refuses everything else.
    pub fn newline_name(&mut self, newline: Option<&str>) -> &mut Self {
        if let Some(newline) = self.or_refuse(Newline::for_name(newline)) {
            self.newline = newline;
        }
        self
    }

    /// Sets how many bytes of UTF-8 a line may have, without its end; 64 MiB unless set. A line takes memory as it is
    /// read, so a smaller limit is for text that comes from strangers.
    pub fn line_limit(&mut self, bytes: usize) -> &mut Self {
        self.line_limit = bytes;
        self
    }

    /// Opens `path`.
    ///
    /// # Errors
    ///
    /// An invalid setting, before anything is touched; like [`OpenOptions::open`]. With a mode string also what Python
    /// refuses: a directory is `EISDIR`; a file without positions that is opened for both reading and writing is
    /// [`is_unsupported`](crate::Error::is_unsupported).
    ///
    /// # Cancellation
    ///
    /// No descriptor is left behind; the file may have been created or cut.
    pub async fn open(&self, path: impl AsRef<Path>) -> Result<TextFile> {
        self.open_in(&*Core::current()?, path).await
    }

    /// Opens `path` on `engine`; every operation of the file stays there.
    ///
    /// # Errors
    ///
    /// Like [`open`](Options::open).
    ///
    /// # Cancellation
    ///
    /// Like [`open`](Options::open).
    pub async fn open_on(&self, engine: &Engine, path: impl AsRef<Path>) -> Result<TextFile> {
        self.open_in(engine.core(), path).await
    }

    pub(crate) async fn open_in(&self, engine: &Core, path: impl AsRef<Path>) -> Result<TextFile> {
        if let Some(error) = &self.refused {
            return Err(error.clone().at_path(path.as_ref()));
        }
        let mut open = self.open.clone();
        if let Some(buffering) = self.effective_buffering() {
            open.buffering(buffering);
        }
        let file = Box::pin(open.open_in(engine, path)).await?;
        if let Some(mode) = self.mode {
            file.check_nature(mode, self.buffering.unwrap_or_default()).await?;
            if mode.appends() && !file.is_stream() {
                file.seek(SeekFrom::End(0)).await?;
            }
        }
        self.open_file(file)
    }

    /// Makes a text file of an open file, from its cursor on. The text file allows what both the file and the mode or
    /// flags set here allow; the buffering of the file stays.
    ///
    /// # Errors
    ///
    /// An invalid setting.
    ///
    /// ```
    /// # async fn example() -> folio::Result<()> {
    /// let file = folio::File::open("mail.eml").await?;
    /// file.seek(std::io::SeekFrom::Start(512)).await?;
    /// let text = folio::text::Options::new().encoding_name("latin-1").open_file(file)?.read_to_string().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn open_file(&self, file: File) -> Result<TextFile> {
        if let Some(error) = &self.refused {
            return Err(error.clone().at_path(file.path()));
        }
        let appends = match &file.handle {
            Handle::Plain(file) => file.is_append(),
            Handle::Stream(_) => false,
        };
        let is_terminal = file.is_terminal();
        Ok(self.above(file, appends, is_terminal))
    }

    /// Makes a text file of an open file, which may be a terminal or opened for appending.
    pub(crate) fn above<F: TextIo>(&self, file: F, appends: bool, is_terminal: bool) -> TextFile<F> {
        let Access { read, write, append, .. } = self.access;
        let (reads, writes) = match self.mode {
            Some(mode) => (mode.reads(), mode.writes()),
            None if read || write || append => (read, write || append),
            // Nothing was set: the file itself refuses what it was not opened for.
            None => (true, true),
        };
        let mode = match self.mode {
            Some(mode) => mode.to_string(),
            None if reads && writes && !(read || write || append) => "r+".to_owned(),
            None => self.access.mode().to_owned(),
        };
        let line_buffering = match self.effective_buffering() {
            Some(Buffering::Line) => true,
            Some(Buffering::Default) => is_terminal,
            Some(Buffering::Unbuffered | Buffering::Bytes(_)) | None => false,
        };
        let settings = Settings {
            mode,
            encoding: self.encoding,
            errors: self.errors,
            newline: self.newline,
            line_limit: self.line_limit,
            line_buffering,
            reads,
            writes,
            appends,
        };
        TextFile::new(file, settings)
    }

    /// Returns how much a file made by these options may buffer, if they set it.
    pub(crate) fn effective_buffering(&self) -> Option<Buffering> {
        self.buffering.or(self.mode.map(|_| Buffering::Default))
    }

    /// Returns the first invalid setting, for callers that create the file themselves.
    #[cfg(feature = "tempfile")]
    pub(crate) fn check(&self) -> Result<()> {
        self.refused.clone().map_or(Ok(()), Err)
    }

    /// Keeps the first error, which opening the file returns.
    fn or_refuse<T, E: Into<Error>>(&mut self, setting: Result<T, E>) -> Option<T> {
        setting.map_err(|error| self.refused.get_or_insert(error.into())).ok()
    }
}

fn refuse(why: &'static str) -> Error {
    Error::invalid(Operation::Open, why)
}

impl Default for Options {
    fn default() -> Self {
        Options::new()
    }
}

impl fmt::Debug for Options {
    /// Shows the settings of text, and the others as a mode.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("mode", &self.mode.map_or_else(|| self.access.mode().to_owned(), |mode| mode.to_string()))
            .field("encoding", &self.encoding)
            .field("errors", &self.errors)
            .field("newline", &self.newline)
            .field("line_limit", &self.line_limit)
            .finish_non_exhaustive()
    }
}
