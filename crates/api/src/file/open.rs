//! How a file is opened: std's and tokio's options.

use std::path::Path;

use folio_engine::Engine;
use folio_engine::storage::OpenRequest;

use crate::{Buffering, Error, File, ModeArgument, Result};

/// Options to open a file with, by the names of std and tokio.
///
/// ```
/// # async fn example() -> folio::Result<()> {
/// let log = folio::OpenOptions::new().append(true).create(true).mode(0o640).open("app.log").await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default)]
pub struct OpenOptions {
    request: OpenRequest,
    /// A setting that makes no sense, told when the file is to be opened and before it is touched.
    refused: Option<Error>,
}

macro_rules! flags {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {
        $($(#[$doc])*
        pub fn $name(&mut self, $name: bool) -> &mut Self {
            self.request.$name = $name;
            self
        })*
    };
}

impl OpenOptions {
    /// Returns options with nothing set.
    pub fn new() -> Self {
        OpenOptions::default()
    }

    flags! {
        /// Opens for reading.
        read,
        /// Opens for writing.
        write,
        /// Sends every write to the end of the file, even against other processes.
        append,
        /// Cuts the file to length 0; needs write access.
        truncate,
        /// Creates the file if it is missing; needs write or append access.
        create,
        /// Creates the file and fails if anything has its name already.
        create_new,
    }

    /// Sets the permission bits of a file that is created, before the umask (0o666 unless set), or everything
    /// that one of Python's mode strings means, such as `"r+b"`. Bytes are what a [`File`] is made of, so `b` and
    /// `t` make no difference here.
    ///
    /// A string that is no mode is refused by [`open`](OpenOptions::open), before the file is touched.
    ///
    /// ```
    /// # async fn example() -> folio::Result<()> {
    /// let data = folio::OpenOptions::new().mode("r+b").open("data.bin").await?;
    /// let secret = folio::OpenOptions::new().mode("w").mode(0o600).open("secret").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn mode(&mut self, mode: impl ModeArgument) -> &mut Self {
        if let Err(error) = mode.set(self) {
            self.refused.get_or_insert(error);
        }
        self
    }

    pub(crate) fn permission_bits(&mut self, bits: u32) {
        self.request.mode = Some(bits);
    }

    /// Sets how much of what is written at the cursor may be kept back, to be written out together; nothing
    /// unless set. A number is Python's `buffering`.
    ///
    /// `Ok` from a write then means that the bytes are in the file's buffer: every operation on the file, by
    /// any clone, sees them. They are written out when the buffer is full, by [`flush`](File::flush), syncs,
    /// seeks, `close`, the last drop and the end of the process, and before an operation that needs them.
    pub fn buffering(&mut self, buffering: impl Into<Buffering>) -> &mut Self {
        self.request.buffer_bytes = buffering.into().bytes();
        self
    }

    /// Adds `O_*` flags to those that the other options mean. With `O_NONBLOCK`, a FIFO without a reader is an
    /// error instead of a wait.
    pub fn custom_flags(&mut self, flags: i32) -> &mut Self {
        self.request.custom_flags = flags;
        self
    }

    /// Opens `path` on the default engine.
    ///
    /// # Errors
    ///
    /// A contradiction among the options, before anything is touched; otherwise whatever opening returns.
    ///
    /// # Cancellation
    ///
    /// No descriptor is left behind; the file may have been created or cut.
    pub async fn open(&self, path: impl AsRef<Path>) -> Result<File> {
        self.open_on(&*Engine::current()?, path).await
    }

    /// Opens `path` on `engine`; every operation of the file stays there.
    ///
    /// # Errors
    ///
    /// Like [`open`](OpenOptions::open).
    ///
    /// # Cancellation
    ///
    /// Like [`open`](OpenOptions::open).
    pub async fn open_on(&self, engine: &Engine, path: impl AsRef<Path>) -> Result<File> {
        engine.open(path.as_ref(), self.checked(path.as_ref())?).await.map(File::new)
    }

    pub(crate) fn checked(&self, path: &Path) -> Result<OpenRequest> {
        match &self.refused {
            Some(error) => Err(error.clone().at_path(path)),
            None => Ok(self.request.clone()),
        }
    }
}
