//! `File`: an open file as an async program sees it.
//!
//! `open` opens files; `read`, `write`, `attributes` and `locks` hold the operations; `poll` holds tokio's `AsyncRead`,
//! `AsyncWrite` and `AsyncSeek`; `reader` is an independent cursor; `replacement` is new contents for a file.

#[cfg(feature = "actor")]
mod actor;
mod attributes;
mod locks;
mod nature;
mod open;
mod pending;
mod poll;
mod read;
mod reader;
mod replace;
mod replacement;
mod write;

use std::fmt;
use std::path::Path;
use std::time::Duration;

use folio_engine::{Engine, Handle};

use crate::Result;
use pending::Pending;

pub use open::OpenOptions;
pub use reader::Reader;
pub use replace::ReplaceOptions;
pub use replacement::Replacement;

/// An open file. Clones share it: one file, one actor, one cursor.
///
/// Methods take `&self` and may be called from any number of tasks; each call is one operation in the file's order.
/// `Ok` from a write means that the system call has returned and every reader sees the bytes.
///
/// Dropping the last clone closes the file without blocking: at once if no operation is pending and closing takes no
/// time, otherwise on a worker. An error of that close is logged; [`close`](File::close) returns it instead.
///
/// A FIFO, socket or terminal is a stream: it is driven by readiness and has no position. Seeks and positioned calls fail
/// with `ESPIPE`; syncs, locks and length changes fail with `EINVAL`, like in the kernel.
///
/// # Failure
///
/// Errors name the operation and the path. After a failed sync the file is
/// [poisoned](crate::Error::is_poisoned): the contents of the device are unknown, no sync is tried again, and writes
/// are refused until every handle on the file is gone and it is opened anew.
///
/// # Cancellation
///
/// A call that is dropped before it began does nothing; after that it finishes in the background, and an error that no
/// caller receives is reported by the next sync or close. Opening leaves no descriptor behind. Methods with another rule
/// say so.
pub struct File {
    pub(crate) handle: Handle,
    /// The pending operations of this handle's `poll_*` functions. Not shared with clones.
    pending: Pending,
}

impl File {
    pub(crate) fn new(handle: Handle) -> Self {
        File { handle, pending: Pending::default() }
    }

    /// Opens a file for reading.
    ///
    /// # Errors
    ///
    /// If the path is missing or may not be read; any other error of opening.
    ///
    /// ```
    /// # async fn example() -> folio::Result<()> {
    /// let file = folio::File::open("data.bin").await?;
    /// let head = file.read_bytes(16).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn open(path: impl AsRef<Path>) -> Result<File> {
        File::options().read(true).open(path).await
    }

    /// Opens a file for writing, creating it or truncating it to length 0.
    ///
    /// # Errors
    ///
    /// If the path cannot be created or written.
    ///
    /// # Cancellation
    ///
    /// No descriptor is left behind; the file may have been created or cut.
    ///
    /// ```
    /// # async fn example() -> folio::Result<()> {
    /// let file = folio::File::create("report.txt").await?;
    /// file.write_all(b"done\n").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn create(path: impl AsRef<Path>) -> Result<File> {
        File::options().write(true).create(true).truncate(true).open(path).await
    }

    /// Creates a file for reading and writing that must not exist yet.
    ///
    /// # Errors
    ///
    /// If the path exists, even as a dangling symbolic link, or cannot be created.
    ///
    /// # Cancellation
    ///
    /// No descriptor is left behind; the file may have been created.
    ///
    /// ```
    /// # async fn example() -> folio::Result<()> {
    /// let lock = folio::File::create_new("job.lock").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn create_new(path: impl AsRef<Path>) -> Result<File> {
        File::options().read(true).write(true).create_new(true).open(path).await
    }

    /// Begins to replace a file: what is written to the [`Replacement`] becomes the contents of the file at `path` in one
    /// step, when it is committed. [`ReplaceOptions`] say how, and [`fs::replace`](crate::fs::replace) does all at once.
    ///
    /// # Errors
    ///
    /// If no file can be created beside it; if it is a directory, a FIFO, a socket or a device.
    ///
    /// # Cancellation
    ///
    /// Nothing is left behind.
    ///
    /// ```
    /// # async fn example() -> folio::Result<()> {
    /// let report = folio::File::replace("report.csv").await?;
    /// report.write_all(b"id,name\n").await?;
    /// report.commit().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn replace(path: impl AsRef<Path>) -> Result<Replacement> {
        ReplaceOptions::new().begin(path).await
    }

    /// Returns options to open a file with; nothing is set.
    pub fn options() -> OpenOptions {
        OpenOptions::new()
    }

    /// Takes over a std file and its position.
    ///
    /// # Panics
    ///
    /// If the kernel refuses `fstat` or `fcntl`, which succeed for every open descriptor.
    ///
    /// ```
    /// # fn example() -> std::io::Result<()> {
    /// let file = folio::File::from_std(std::fs::File::open("data.bin")?);
    /// # Ok(())
    /// # }
    /// ```
    pub fn from_std(file: std::fs::File) -> File {
        let handle = Engine::current().and_then(|engine| engine.adopt(file, "<from std>"));
        File::new(handle.expect("an open descriptor answers fstat and fcntl"))
    }

    /// Waits for all earlier operations, then returns the file's descriptor. If clones exist, returns a duplicate, and the
    /// clones keep working.
    ///
    /// # Errors
    ///
    /// If the storage has no descriptor, or a duplicate is needed and the process is out of descriptors.
    ///
    /// # Cancellation
    ///
    /// This handle is dropped; clones keep working.
    ///
    /// ```
    /// # async fn example() -> folio::Result<()> {
    /// let std = folio::File::open("data.bin").await?.into_std().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn into_std(self) -> Result<std::fs::File> {
        let settled = Box::pin(self.settle_polled()).await;
        let File { handle, pending } = self;
        // It may hold clones of its own.
        drop(pending);
        settled?;
        match handle {
            Handle::Plain(file) => file.into_std().await,
            Handle::Stream(stream) => stream.into_std(),
        }
    }

    /// Like [`into_std`](File::into_std), but returns the handle at once if it would have to wait.
    ///
    /// # Errors
    ///
    /// The handle itself, if an operation is queued or running, or if a duplicate is needed and the process is out of
    /// descriptors.
    pub fn try_into_std(self) -> std::result::Result<std::fs::File, File> {
        // An accepted write may be pending, or may have failed with no caller to receive the error.
        if self.pending.is_busy() {
            return Err(self);
        }
        let File { handle, pending } = self;
        match handle {
            Handle::Plain(file) => {
                file.try_into_std().map_err(|file| File { handle: Handle::Plain(file), pending })
            }
            Handle::Stream(stream) => {
                stream.to_std().map_err(|_| File { handle: Handle::Stream(stream), pending })
            }
        }
    }

    /// Returns another handle on the same file, like `clone`. It exists for programs written for tokio.
    ///
    /// # Errors
    ///
    /// None; the type is tokio's.
    #[expect(clippy::unused_async, reason = "tokio's signature")]
    pub async fn try_clone(&self) -> Result<File> {
        Ok(self.clone())
    }

    /// Returns the path the file was opened by.
    pub fn path(&self) -> &Path {
        match &self.handle {
            Handle::Plain(file) => file.path(),
            Handle::Stream(stream) => stream.path(),
        }
    }

    /// Returns a handle on the same file whose operations fail after `limit`, with
    /// [`is_timed_out`](crate::Error::is_timed_out). The error's
    /// [`may_have_happened`](crate::Error::may_have_happened) returns whether the operation had begun.
    ///
    /// The limit is measured by the system's clock, which pausing tokio's clock in a test does not affect.
    ///
    /// It does not apply to streams: wrap their calls in `tokio::time::timeout`.
    ///
    /// ```
    /// # async fn example() -> folio::Result<()> {
    /// use std::time::Duration;
    ///
    /// let file = folio::File::create("slow.bin").await?;
    /// let hasty = file.with_time_limit(Duration::from_millis(50));
    /// match hasty.write_all(b"now or never").await {
    ///     Err(error) if error.is_timed_out() && !error.may_have_happened() => println!("nothing was written"),
    ///     other => other?,
    /// }
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn with_time_limit(&self, limit: Duration) -> File {
        match &self.handle {
            Handle::Plain(file) => File::new(Handle::Plain(file.with_time_limit(limit))),
            Handle::Stream(stream) => File::new(Handle::Stream(stream.clone())),
        }
    }

    /// Waits for all earlier operations and ends this handle; the last handle closes the file. When that returns, the
    /// descriptor is gone: the file can be executed, its lock is free, its file system can be unmounted.
    ///
    /// While clones or a reference to its [`actor`](File::actor) exist, the file stays open for them, and this call only
    /// reports failures that no caller has received so far. [`close_all`](File::close_all) closes it for all of them.
    ///
    /// # Errors
    ///
    /// Errors of the close (from network and user-space file systems), and failures that no caller has received. The
    /// handle has ended even then.
    ///
    /// # Cancellation
    ///
    /// The handle is dropped; if it is the last one, the file is closed and an error is logged.
    ///
    /// ```
    /// # async fn example() -> folio::Result<()> {
    /// let file = folio::File::create("report.txt").await?;
    /// file.write_all(b"done\n").await?;
    /// file.close().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn close(self) -> Result<()> {
        let settled = Box::pin(self.settle_polled()).await;
        let File { handle, pending } = self;
        // It may hold clones of its own.
        drop(pending);
        match handle {
            Handle::Plain(file) => {
                let closed = file.close().await;
                settled.and(closed)
            }
            Handle::Stream(_) => Ok(()),
        }
    }

    /// Waits for all earlier operations, then closes the file for all clones and its actor, whose later calls fail with
    /// [`is_closed`](crate::Error::is_closed). When it returns, the descriptor is gone.
    ///
    /// A FIFO, socket or terminal stays open until its last handle is dropped.
    ///
    /// # Errors
    ///
    /// Like [`close`](File::close).
    ///
    /// # Cancellation
    ///
    /// Before it began, the file stays open for its clones; after that it is closed, and an error is logged.
    ///
    /// ```
    /// # async fn example() -> folio::Result<()> {
    /// let file = folio::File::create("report.txt").await?;
    /// let other = file.clone();
    /// file.close_all().await?;
    /// assert!(other.write_all(b"late").await.unwrap_err().is_closed());
    /// # Ok(())
    /// # }
    /// ```
    pub async fn close_all(self) -> Result<()> {
        self.end().await
    }

    /// Like [`close_all`](File::close_all), for a caller that keeps the handle.
    pub(crate) async fn end(&self) -> Result<()> {
        match &self.handle {
            Handle::Plain(file) => {
                let settled = self.settle_to_vouch().await;
                let closed = file.close_all().await;
                settled.and(closed)
            }
            Handle::Stream(_) => Ok(()),
        }
    }
}

impl Clone for File {
    /// Shares the file. Pending operations of the original's `poll_*` functions stay with the original.
    fn clone(&self) -> Self {
        File::new(self.handle.clone())
    }
}

impl From<std::fs::File> for File {
    fn from(file: std::fs::File) -> Self {
        File::from_std(file)
    }
}

impl fmt::Debug for File {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("File").field("path", &self.path()).finish_non_exhaustive()
    }
}
