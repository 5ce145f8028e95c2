//! Options to open a file with, like std's and tokio's.

use std::fmt;
use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::sync::Arc;

use folio_engine::Engine as Core;
use folio_engine::storage::{OpenRequest, os::NOFOLLOW};

use crate::engine::Engine;
use crate::{Buffering, Error, File, OpenMode, Result};

/// Options to open a file with, under the names of std and tokio.
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
    /// Separate from the other flags, because `custom_flags` replaces those.
    nofollow: bool,
    /// `None` unless set, because the default depends on the kind of file: plain, binary or text.
    buffering: Option<Buffering>,
    opener: Option<Opener>,
    /// The first invalid setting; opening returns it before the file is touched.
    refused: Option<Error>,
}

type OpenFn = dyn Fn(&Path, i32) -> io::Result<std::fs::File> + Send + Sync;

/// A user's function that opens the file.
#[derive(Clone)]
struct Opener(Arc<OpenFn>);

impl fmt::Debug for Opener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Opener")
    }
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
        /// Writes always at the end of the file, even if other processes append to it too.
        append,
        /// Truncates the file to length 0; needs write access.
        truncate,
        /// Creates the file if it is missing; needs write or append access.
        create,
        /// Creates the file and fails if the path exists.
        create_new,
    }

    /// Sets the permission bits of a file that is created, before the umask; 0o666 unless set.
    ///
    /// ```
    /// # async fn example() -> folio::Result<()> {
    /// let secret = folio::OpenOptions::new().write(true).create(true).mode(0o600).open("secret").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn mode(&mut self, bits: u32) -> &mut Self {
        self.request.mode = Some(bits);
        self
    }

    /// Sets the options that one of Python's mode strings means, such as `"r+b"`. A [`File`] holds bytes, so `b` and `t`
    /// make no difference.
    ///
    /// [`open`](OpenOptions::open) refuses any other string, before the file is touched.
    ///
    /// ```
    /// # async fn example() -> folio::Result<()> {
    /// let data = folio::OpenOptions::new().python_mode("r+b").open("data.bin").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn python_mode(&mut self, mode: impl AsRef<str>) -> &mut Self {
        match OpenMode::parse(mode.as_ref()) {
            Ok(mode) => mode.apply(&mut self.request),
            Err(error) => drop(self.refused.get_or_insert(error)),
        }
        self
    }

    /// Sets the size of the buffer for writes at the cursor; unbuffered unless set. A number is Python's `buffering`.
    ///
    /// `Ok` from a buffered write means that the bytes are in the file's write buffer, where every operation on the file,
    /// by any clone, sees them. They are written out when the buffer is full, by [`flush`](File::flush), syncs,
    /// seeks, `close`, the last drop and the end of the process, and before an operation that needs them.
    pub fn buffering(&mut self, buffering: impl Into<Buffering>) -> &mut Self {
        let buffering = buffering.into();
        self.request.buffer_bytes = buffering.bytes();
        self.buffering = Some(buffering);
        self
    }

    /// Sets a function that opens the file, on a worker. It gets the path and the `O_*` flags of the other options and
    /// returns an open file, whose position and access are kept. Permission bits are not passed to it.
    ///
    /// # Errors
    ///
    /// None here; [`open`](OpenOptions::open) returns the errors of `opener`.
    ///
    /// ```
    /// # async fn example() -> folio::Result<()> {
    /// use std::fs::File;
    ///
    /// let public = folio::OpenOptions::new()
    ///     .python_mode("rb")
    ///     .opener(|path, _flags| if path.starts_with("public") { File::open(path) } else { File::open("none") })
    ///     .open_binary("public/index.html")
    ///     .await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn opener<F, R>(&mut self, opener: F) -> &mut Self
    where
        F: Fn(&Path, i32) -> io::Result<R> + Send + Sync + 'static,
        R: Into<OwnedFd>,
    {
        self.opener = Some(Opener(Arc::new(move |path, flags| {
            let descriptor: OwnedFd = opener(path, flags)?.into();
            Ok(descriptor.into())
        })));
        self
    }

    /// Sets `O_*` flags in addition to those of the other options. With `O_NONBLOCK`, opening a FIFO without a reader
    /// fails instead of waiting.
    pub fn custom_flags(&mut self, flags: i32) -> &mut Self {
        self.request.custom_flags = flags;
        self
    }

    /// Sets whether a symbolic link as the last component of the path is refused (`ELOOP`). Links in other components are
    /// followed.
    ///
    /// ```
    /// # async fn example(uploads: folio::Dir) -> folio::Result<()> {
    /// let file = uploads.open_with("report", folio::File::options().read(true).nofollow(true)).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn nofollow(&mut self, nofollow: bool) -> &mut Self {
        self.nofollow = nofollow;
        self
    }

    /// Opens `path` on the default engine.
    ///
    /// # Errors
    ///
    /// If the options contradict each other, before anything is touched; any error of opening.
    ///
    /// # Cancellation
    ///
    /// No descriptor is left behind; the file may have been created or truncated.
    pub async fn open(&self, path: impl AsRef<Path>) -> Result<File> {
        self.open_in(&*Core::current()?, path).await
    }

    /// Opens `path` on `engine`, which also runs every operation of the file.
    ///
    /// # Errors
    ///
    /// Like [`open`](OpenOptions::open).
    ///
    /// # Cancellation
    ///
    /// Like [`open`](OpenOptions::open).
    pub async fn open_on(&self, engine: &Engine, path: impl AsRef<Path>) -> Result<File> {
        self.open_in(engine.core(), path).await
    }

    pub(crate) async fn open_in(&self, engine: &Core, path: impl AsRef<Path>) -> Result<File> {
        let path = path.as_ref();
        let request = self.checked(path)?;
        let handle = match self.opener.clone() {
            None => engine.open(path, request).await,
            Some(Opener(opener)) => {
                Box::pin(engine.open_by(path, request, move |path, flags| opener(path, flags))).await
            }
        };
        handle.map(File::new)
    }

    /// The options, mode and buffering of a binary file.
    pub(crate) fn for_binary(&self) -> (OpenOptions, OpenMode, Buffering) {
        let buffering = self.buffering.unwrap_or_default();
        let mut options = self.clone();
        options.request.buffer_bytes = buffering.bytes();
        (options, OpenMode::of(&self.request), buffering)
    }

    /// Takes over an open descriptor, on a worker, as if it had been opened with these options.
    pub(crate) async fn take_over(&self, engine: &Core, descriptor: OwnedFd, path: &Path) -> Result<File> {
        let request = self.checked(path)?;
        engine.open_by(path, request, move |_, _| Ok(descriptor.into())).await.map(File::new)
    }

    /// The same options for std.
    pub(crate) fn to_std(&self) -> std::fs::OpenOptions {
        (&self.request).into()
    }

    /// The request, unless a setting is invalid.
    pub(crate) fn checked(&self, path: &Path) -> Result<OpenRequest> {
        match &self.refused {
            Some(error) => Err(error.clone().at_path(path)),
            None => {
                let mut request = self.request.clone();
                if self.nofollow {
                    request.custom_flags |= NOFOLLOW;
                }
                Ok(request)
            }
        }
    }
}

impl Engine {
    /// Opens a file for reading on this engine. [`OpenOptions::open_on`] opens one with other options.
    ///
    /// # Errors
    ///
    /// Any error of opening.
    ///
    /// # Cancellation
    ///
    /// No descriptor is left behind.
    pub async fn open(&self, path: impl AsRef<Path>) -> Result<File> {
        OpenOptions::new().read(true).open_in(self.core(), path).await
    }
}
