//! How a file is opened: std's and tokio's options.

use std::path::Path;

use folio_engine::Engine;
use folio_engine::storage::OpenRequest;

use crate::{File, Result};

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

    /// Sets the permission bits of a file that is created, before the umask; 0o666 unless set.
    pub fn mode(&mut self, mode: u32) -> &mut Self {
        self.request.mode = Some(mode);
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
        self.open_on(Engine::try_global()?, path).await
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
        engine.open(path, self.request.clone()).await.map(File::new)
    }
}
