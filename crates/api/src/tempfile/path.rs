//! The path of a temporary file, without the open file.

use std::ffi::OsStr;
use std::fmt;
use std::io::{self, ErrorKind};
use std::ops::Deref;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use folio_engine::op::{PathOp, PathRequest};

use super::removal_guard::{Kind, RemovalGuard};
use super::template::Template;
use super::{NamedTemporaryFile, NamedTemporaryFileBuilder};
use crate::checked;
use crate::{Error, File, Operation, Result};
use folio_engine::Engine as Core;

/// `ENOENT` on Linux.
const NOT_THERE: i32 = 2;

/// A path that is removed when this value is closed or dropped, even while the file is open elsewhere.
///
/// [`NamedTemporaryFile::into_temp_path`], [`into_parts`](NamedTemporaryFile::into_parts) and
/// [`NamedTemporaryFileBuilder::make`] return one.
///
/// ```
/// # async fn example() -> folio::Result<()> {
/// let path = folio::tempfile::NamedTemporaryFile::new().await?.into_temp_path();
/// folio::fs::write(&path, b"for another program").await?;
/// # Ok(())
/// # }
/// ```
pub struct TempPath {
    guard: RemovalGuard,
}

impl TempPath {
    /// Makes an existing path temporary. A relative path is resolved now, against the working directory.
    ///
    /// # Errors
    ///
    /// If the path is empty or contains a NUL; if the working directory is gone.
    pub fn from_path(path: impl AsRef<Path>) -> Result<TempPath> {
        let path = checked::path(Operation::RemoveFile, path.as_ref())?;
        let absolute = std::path::absolute(&path);
        let absolute = absolute.map_err(|error| Error::io(Operation::RemoveFile, error).at_path(path))?;
        Ok(TempPath { guard: RemovalGuard::new(&*Core::current()?, &absolute, Kind::File) })
    }

    /// Removes the path now, if it is still temporary.
    ///
    /// # Errors
    ///
    /// Those of the removal; the drop then tries again.
    ///
    /// ```
    /// # async fn example(path: folio::tempfile::TempPath) -> folio::Result<()> {
    /// path.close().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn close(mut self) -> Result<()> {
        if self.guard.is_armed() {
            self.guard.remove().await?;
        }
        Ok(())
    }

    /// Renames the file to `to` and keeps it; see [`NamedTemporaryFile::persist`].
    ///
    /// # Errors
    ///
    /// Any error of the rename; the path is then still temporary.
    ///
    /// # Cancellation
    ///
    /// Like [`NamedTemporaryFile::persist`].
    ///
    /// ```
    /// # async fn example(mut path: folio::tempfile::TempPath) -> folio::Result<()> {
    /// path.persist("report.log").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn persist(&mut self, to: impl AsRef<Path>) -> Result<()> {
        self.guard.persist(to.as_ref()).await
    }

    /// Like [`persist`](TempPath::persist), but refuses a path that exists (`EEXIST`).
    ///
    /// # Errors
    ///
    /// Like [`NamedTemporaryFile::persist_noclobber`].
    ///
    /// # Cancellation
    ///
    /// Like [`NamedTemporaryFile::persist`].
    ///
    /// ```
    /// # async fn example(mut path: folio::tempfile::TempPath) -> folio::Result<()> {
    /// path.persist_noclobber("report.log").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn persist_noclobber(&mut self, to: impl AsRef<Path>) -> Result<()> {
        self.guard.persist_noclobber(to.as_ref()).await
    }

    /// Keeps the file and returns its path.
    ///
    /// # Errors
    ///
    /// None on Linux. Other systems may need a call to mark the file as permanent.
    ///
    /// ```
    /// # async fn example(path: folio::tempfile::TempPath) -> folio::Result<()> {
    /// println!("left for you: {}", path.keep().await?.display());
    /// # Ok(())
    /// # }
    /// ```
    #[expect(clippy::unused_async, reason = "keeping is a call to the kernel on other systems")]
    pub async fn keep(mut self) -> Result<PathBuf> {
        self.guard.keep();
        Ok(self.guard.path().to_owned())
    }
}

impl Deref for TempPath {
    type Target = Path;

    fn deref(&self) -> &Path {
        self.guard.path()
    }
}

impl AsRef<Path> for TempPath {
    fn as_ref(&self) -> &Path {
        self.guard.path()
    }
}

impl AsRef<OsStr> for TempPath {
    fn as_ref(&self) -> &OsStr {
        self.guard.path().as_os_str()
    }
}

impl fmt::Debug for TempPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.guard.path().fmt(f)
    }
}

/// The file and its path as separate values.
impl NamedTemporaryFile {
    /// Returns the open file, like [`file`](NamedTemporaryFile::file); the `tempfile` crate uses this name.
    pub fn as_file(&self) -> &File {
        self.file()
    }

    /// Drops the handle and returns the path, which is still temporary.
    pub fn into_temp_path(self) -> TempPath {
        self.into_parts().1
    }

    /// Returns the open file, and removes the path like a drop.
    pub fn into_file(self) -> File {
        self.into_parts().0
    }

    /// Returns the open file and its path, which is still temporary.
    pub fn into_parts(self) -> (File, TempPath) {
        (self.file, TempPath { guard: self.guard })
    }

    /// Joins a file and its path: the path is removed when the file is closed or this value is dropped.
    pub fn from_parts(file: File, path: TempPath) -> NamedTemporaryFile {
        NamedTemporaryFile { guard: path.guard, file, delete_on_close: true }
    }

    /// Opens the file again by its path, for reading and writing, as an independent file with its own cursor.
    ///
    /// # Errors
    ///
    /// `ENOENT` if the path is gone or now leads to another file; any error of opening.
    ///
    /// ```
    /// # async fn example() -> folio::Result<()> {
    /// let scratch = folio::tempfile::NamedTemporaryFile::new().await?;
    /// let reader = scratch.reopen().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn reopen(&self) -> Result<File> {
        let mut options = File::options();
        options.read(true).write(true).nofollow(true);
        let again = options.open_in(self.guard.engine(), self.path()).await?;
        let (one, other) = (self.file.metadata().await?, again.metadata().await?);
        if (one.dev(), one.ino()) == (other.dev(), other.ino()) {
            return Ok(again);
        }
        let why = "the path leads to another file by now";
        Err(Error::refused(Operation::Open, NOT_THERE, why).at_path(self.path()))
    }

    /// Like [`persist`](NamedTemporaryFile::persist), but refuses a path that exists.
    ///
    /// It is one step if kernel and file system support `RENAME_NOREPLACE`, as most do. Otherwise the file has both
    /// paths for a moment.
    ///
    /// # Errors
    ///
    /// `EEXIST` if the path exists; any error of the rename. The file is then still temporary.
    ///
    /// # Cancellation
    ///
    /// Like [`persist`](NamedTemporaryFile::persist).
    ///
    /// ```
    /// # async fn example() -> folio::Result<()> {
    /// let mut message = folio::tempfile::NamedTemporaryFile::builder().in_dir("inbox").create().await?;
    /// message.file().write_all(b"hello").await?;
    /// message.persist_noclobber("inbox/1").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn persist_noclobber(&mut self, to: impl AsRef<Path>) -> Result<()> {
        self.guard.persist_noclobber(to.as_ref()).await
    }
}

impl NamedTemporaryFileBuilder {
    /// Calls `make` to create something at a new path, such as a Unix socket, and returns it with that path, which is
    /// temporary. A worker calls `make`, and calls it again with another path if it returns
    /// [`AlreadyExists`](ErrorKind::AlreadyExists) or [`AddrInUse`](ErrorKind::AddrInUse).
    ///
    /// Only prefix, suffix and directory are used, no other setting.
    ///
    /// # Errors
    ///
    /// Like [`create`](NamedTemporaryFileBuilder::create); any other error of `make`.
    ///
    /// # Cancellation
    ///
    /// What `make` returned is dropped and its path removed.
    ///
    /// ```
    /// # async fn example() -> folio::Result<()> {
    /// use std::os::unix::net::UnixListener;
    ///
    /// let builder = folio::tempfile::NamedTemporaryFile::builder();
    /// let (listener, path) = builder.make(|path| UnixListener::bind(path)).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn make<R, F>(&self, make: F) -> Result<(R, TempPath)>
    where
        R: Send + 'static,
        F: FnMut(&Path) -> io::Result<R> + Send + 'static,
    {
        self.template.check(Operation::Open)?;
        let engine = Core::current()?;
        engine.call(request((*engine).clone(), self.template.clone(), make)).await
    }
}

/// Its reply removes the path again if the caller has gone.
fn request<R: Send + 'static>(
    engine: Core,
    template: Template,
    mut make: impl FnMut(&Path) -> io::Result<R> + Send + 'static,
) -> impl PathRequest<Reply = (R, TempPath)> {
    PathOp::new(Operation::Open, template.dirs(), move |_, dirs| {
        dirs.first(|dir| {
            template.make(dir, |path| match make(path) {
                Ok(made) => Ok((made, TempPath { guard: RemovalGuard::new(&engine, path, Kind::File) })),
                // A socket reports a taken name by another kind of error.
                Err(error) if error.kind() == ErrorKind::AddrInUse => Err(ErrorKind::AlreadyExists.into()),
                Err(error) => Err(error),
            })
        })
    })
}
