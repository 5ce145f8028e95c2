//! How a file is opened: tokio's options.

use std::fmt;
use std::io;
use std::io::ErrorKind;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use folio_engine::Engine;

use super::File;
use super::failure::in_std_words;

/// Options to open a file with, by the names of tokio.
///
/// ```
/// # async fn example() -> std::io::Result<()> {
/// let log = folio::compat::fs::OpenOptions::new().append(true).create(true).mode(0o640).open("app.log").await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct OpenOptions {
    inner: Settings,
}

#[derive(Clone)]
enum Settings {
    /// Set one by one: folio opens by them, in place where it can.
    Known(crate::OpenOptions),
    /// A value of std, whose settings cannot be read: std opens by it, on a worker.
    Std(std::fs::OpenOptions),
}

macro_rules! setters {
    ($($(#[$doc:meta])* $name:ident: $type:ty),* $(,)?) => {
        $($(#[$doc])*
        pub fn $name(&mut self, $name: $type) -> &mut OpenOptions {
            match &mut self.inner {
                Settings::Known(options) => drop(options.$name($name)),
                Settings::Std(options) => drop(options.$name($name)),
            }
            self
        })*
    };
}

impl File {
    /// Opens a file for reading.
    ///
    /// # Errors
    ///
    /// Those of [`crate::File::open`], in std's words.
    ///
    /// # Cancellation
    ///
    /// No descriptor is left behind.
    pub async fn open(path: impl AsRef<Path>) -> io::Result<File> {
        File::options().read(true).open(path).await
    }

    /// Opens a file for writing, creating it or cutting it to length 0.
    ///
    /// # Errors
    ///
    /// Those of [`crate::File::create`], in std's words.
    ///
    /// # Cancellation
    ///
    /// No descriptor is left behind; the file may have been created or cut.
    pub async fn create(path: impl AsRef<Path>) -> io::Result<File> {
        File::options().write(true).create(true).truncate(true).open(path).await
    }

    /// Creates a file for reading and writing that must not exist yet.
    ///
    /// # Errors
    ///
    /// Those of [`crate::File::create_new`], in std's words.
    ///
    /// # Cancellation
    ///
    /// No descriptor is left behind; the file may have been created.
    pub async fn create_new<P: AsRef<Path>>(path: P) -> io::Result<File> {
        File::options().read(true).write(true).create_new(true).open(path).await
    }

    /// Returns options to open a file with; nothing is set.
    #[must_use]
    pub fn options() -> OpenOptions {
        OpenOptions::new()
    }
}

impl OpenOptions {
    /// Returns options with nothing set.
    pub fn new() -> OpenOptions {
        OpenOptions { inner: Settings::Known(crate::OpenOptions::new()) }
    }

    setters! {
        /// Opens for reading.
        read: bool,
        /// Opens for writing.
        write: bool,
        /// Sends every write to the end of the file, even against other processes.
        append: bool,
        /// Cuts the file to length 0; needs write access.
        truncate: bool,
        /// Creates the file if it is missing; needs write or append access.
        create: bool,
        /// Creates the file and fails if anything has its name already.
        create_new: bool,
        /// Sets the permission bits of a file that is created, before the umask (0o666 unless set).
        mode: u32,
        /// Adds `O_*` flags to those that the other options mean.
        custom_flags: i32,
    }

    /// Opens `path`.
    ///
    /// Made of a std value, the options open as std does, which for a FIFO means that a worker waits for its peer.
    ///
    /// # Errors
    ///
    /// What std says of options that contradict each other, before anything is touched; otherwise whatever opening
    /// returns.
    ///
    /// # Cancellation
    ///
    /// No descriptor is left behind; the file may have been created or cut.
    pub async fn open(&self, path: impl AsRef<Path>) -> io::Result<File> {
        let path = path.as_ref();
        match &self.inner {
            Settings::Known(options) => match options.open(path).await {
                // Refused before anything was touched. std refuses the same and has its own texts for it, which differ
                // from version to version.
                Err(error) if error.kind() == ErrorKind::InvalidInput && error.raw_os_error().is_none() => {
                    Box::pin(open_by_std(path, options.to_std())).await
                }
                opened => opened.map(File::new).map_err(in_std_words),
            },
            Settings::Std(options) => Box::pin(open_by_std(path, options.clone())).await,
        }
    }
}

async fn open_by_std(path: &Path, options: std::fs::OpenOptions) -> io::Result<File> {
    let engine = Engine::current().map_err(in_std_words)?;
    let handle = engine.open_by_std(path, options).await;
    handle.map(|handle| File::new(crate::File::new(handle))).map_err(in_std_words)
}

impl fmt::Debug for Settings {
    /// As tokio has it: there the settings are std's in any case.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut settings = f.debug_tuple("Std");
        match self {
            Settings::Known(options) => settings.field(&options.to_std()),
            Settings::Std(options) => settings.field(options),
        };
        settings.finish()
    }
}

impl From<std::fs::OpenOptions> for OpenOptions {
    fn from(options: std::fs::OpenOptions) -> OpenOptions {
        OpenOptions { inner: Settings::Std(options) }
    }
}

impl Default for OpenOptions {
    fn default() -> Self {
        OpenOptions::new()
    }
}
