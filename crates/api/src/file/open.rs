//! How a file is opened: std's and tokio's options.

use std::fmt;
use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::sync::Arc;

use folio_engine::Engine as Core;
use folio_engine::storage::{OpenRequest, os::NOFOLLOW};

use crate::engine::Engine;
use crate::{Buffering, Error, File, OpenMode, Result};

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
    /// Apart from the other flags, which are set all at once.
    nofollow: bool,
    /// What was asked for, if anything was: what nothing means depends on what is made of the file.
    buffering: Option<Buffering>,
    opener: Option<Opener>,
    /// The first setting that makes no sense; opening returns it, before the file is touched.
    refused: Option<Error>,
}

type OpenFn = dyn Fn(&Path, i32) -> io::Result<std::fs::File> + Send + Sync;

/// A user's own way of opening.
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

    /// Sets everything that one of Python's mode strings means, such as `"r+b"`. A [`File`] is made of bytes, so `b`
    /// and `t` make no difference to it.
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

    /// Sets how much of what is written at the cursor may be buffered, to be written out together; nothing is
    /// buffered unless set. A number is Python's `buffering`.
    ///
    /// `Ok` from a write then means that the bytes are in the file's buffer: every operation on the file, by
    /// any clone, sees them. They are written out when the buffer is full, by [`flush`](File::flush), syncs,
    /// seeks, `close`, the last drop and the end of the process, and before an operation that needs them.
    pub fn buffering(&mut self, buffering: impl Into<Buffering>) -> &mut Self {
        let buffering = buffering.into();
        self.request.buffer_bytes = buffering.bytes();
        self.buffering = Some(buffering);
        self
    }

    /// Lets `opener` open the file, on a worker. It gets the path and the `O_*` flags that the other options mean
    /// and returns an open file, whose position and access are taken over; permission bits are its own affair.
    ///
    /// # Errors
    ///
    /// None here; what `opener` returns is what [`open`](OpenOptions::open) fails with.
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

    /// Adds `O_*` flags to those that the other options mean. With `O_NONBLOCK`, a FIFO without a reader is an
    /// error instead of a wait.
    pub fn custom_flags(&mut self, flags: i32) -> &mut Self {
        self.request.custom_flags = flags;
        self
    }

    /// Refuses a symbolic link in the last part of the path (`ELOOP`), wherever it leads. Links on the way are
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
    /// A contradiction among the options, before anything is touched; otherwise whatever opening returns.
    ///
    /// # Cancellation
    ///
    /// No descriptor is left behind; the file may have been created or cut.
    pub async fn open(&self, path: impl AsRef<Path>) -> Result<File> {
        self.open_in(&*Core::current()?, path).await
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

    /// What a binary file is opened with: options that have its buffering, and what it is to say of itself.
    pub(crate) fn for_binary(&self) -> (OpenOptions, OpenMode, Buffering) {
        let buffering = self.buffering.unwrap_or_default();
        let mut options = self.clone();
        options.request.buffer_bytes = buffering.bytes();
        (options, OpenMode::of(&self.request), buffering)
    }

    /// Takes over a descriptor that is open already, on a worker, as if it had been opened by these options.
    pub(crate) async fn take_over(&self, engine: &Core, descriptor: OwnedFd, path: &Path) -> Result<File> {
        let request = self.checked(path)?;
        engine.open_by(path, request, move |_, _| Ok(descriptor.into())).await.map(File::new)
    }

    /// What std would open the file by.
    pub(crate) fn to_std(&self) -> std::fs::OpenOptions {
        (&self.request).into()
    }

    /// The request, if no setting makes it senseless.
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
    /// Opens a file for reading on this engine. [`OpenOptions::open_on`] opens one in any other way.
    ///
    /// # Errors
    ///
    /// Whatever opening returns.
    ///
    /// # Cancellation
    ///
    /// No descriptor is left behind.
    pub async fn open(&self, path: impl AsRef<Path>) -> Result<File> {
        OpenOptions::new().read(true).open_in(self.core(), path).await
    }
}
