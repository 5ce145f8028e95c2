//! The path of a temporary file apart from the file.

use std::ffi::OsStr;
use std::fmt;
use std::io::{self, ErrorKind};
use std::ops::Deref;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use folio_engine::op::{PathOp, PathRequest};

use super::removed_on_drop::{Kind, RemovedOnDrop};
use super::template::Template;
use super::{NamedTemporaryFile, NamedTemporaryFileBuilder};
use crate::checked;
use crate::{Error, File, Operation, Result};
use folio_engine::Engine as Core;

/// `ENOENT`, as Linux has it.
const NOT_THERE: i32 = 2;

/// A path of a file that is removed when this is closed or dropped, however often the file is open.
///
/// Made by [`NamedTemporaryFile::into_temp_path`], [`into_parts`](NamedTemporaryFile::into_parts) and
/// [`NamedTemporaryFileBuilder::make`].
///
/// ```
/// # async fn example() -> folio::Result<()> {
/// let path = folio::tempfile::NamedTemporaryFile::new().await?.into_temp_path();
/// folio::fs::write(&path, b"for another program").await?;
/// # Ok(())
/// # }
/// ```
pub struct TempPath {
    name: RemovedOnDrop,
}

impl TempPath {
    /// Takes charge of a path: it goes with what is returned. A relative one means where it leads to now.
    ///
    /// # Errors
    ///
    /// An empty path or one with a NUL; a working directory that is gone.
    pub fn from_path(path: impl AsRef<Path>) -> Result<TempPath> {
        let path = checked::path(Operation::RemoveFile, path.as_ref())?;
        let absolute = std::path::absolute(&path);
        let absolute = absolute.map_err(|error| Error::io(Operation::RemoveFile, error).at_path(path))?;
        Ok(TempPath { name: RemovedOnDrop::new(&*Core::current()?, &absolute, Kind::File) })
    }

    /// Removes the path now, if it is still temporary.
    ///
    /// # Errors
    ///
    /// Those of the removal, which the drop then tries again.
    ///
    /// # Cancellation
    ///
    /// Before it began: nothing happens, and the drop removes the path. After: it finishes.
    ///
    /// ```
    /// # async fn example(path: folio::tempfile::TempPath) -> folio::Result<()> {
    /// path.close().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn close(mut self) -> Result<()> {
        if self.name.is_removed_on_drop() {
            self.name.remove().await?;
        }
        Ok(())
    }

    /// Renames the file to `to`, replacing what is there in one step, and lets it stay; see
    /// [`NamedTemporaryFile::persist`].
    ///
    /// # Errors
    ///
    /// Whatever the rename returns; the path is then as temporary as before.
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
        self.name.persist(to.as_ref()).await
    }

    /// Like [`persist`](TempPath::persist), but refuses a path that anything has (`EEXIST`).
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
        self.name.persist_noclobber(to.as_ref()).await
    }

    /// Lets the file stay where it is, and returns its path.
    ///
    /// # Errors
    ///
    /// None on Linux; elsewhere a temporary file may have to be marked as a lasting one.
    ///
    /// # Cancellation
    ///
    /// Nothing to cancel: it is done with the first poll.
    ///
    /// ```
    /// # async fn example(path: folio::tempfile::TempPath) -> folio::Result<()> {
    /// println!("left for you: {}", path.keep().await?.display());
    /// # Ok(())
    /// # }
    /// ```
    #[expect(clippy::unused_async, reason = "keeping is a call to the kernel on other systems")]
    pub async fn keep(mut self) -> Result<PathBuf> {
        self.name.keep();
        Ok(self.name.path().to_owned())
    }
}

impl Deref for TempPath {
    type Target = Path;

    fn deref(&self) -> &Path {
        self.name.path()
    }
}

impl AsRef<Path> for TempPath {
    fn as_ref(&self) -> &Path {
        self.name.path()
    }
}

impl AsRef<OsStr> for TempPath {
    fn as_ref(&self) -> &OsStr {
        self.name.path().as_os_str()
    }
}

impl fmt::Debug for TempPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.name.path().fmt(f)
    }
}

/// The file and its path apart.
impl NamedTemporaryFile {
    /// Returns the open file, by the name that other libraries have for [`file`](NamedTemporaryFile::file).
    pub fn as_file(&self) -> &File {
        self.file()
    }

    /// Lets the handle go and returns the path, which goes with what is returned.
    pub fn into_temp_path(self) -> TempPath {
        TempPath { name: self.name }
    }

    /// Returns the open file; the path goes, as with a drop.
    pub fn into_file(self) -> File {
        self.into_parts().0
    }

    /// Returns the open file and the path, which goes with the latter.
    pub fn into_parts(self) -> (File, TempPath) {
        (self.file, TempPath { name: self.name })
    }

    /// Puts a file and its path together again: the path goes when the file is closed or this is dropped.
    pub fn from_parts(file: File, path: TempPath) -> NamedTemporaryFile {
        NamedTemporaryFile { name: path.name, file, delete_on_close: true }
    }

    /// Opens the file once more by its path, for reading and writing: an independent handle, with its own cursor.
    ///
    /// # Errors
    ///
    /// `ENOENT` if the path is gone or leads to another file by now; whatever opening returns.
    ///
    /// # Cancellation
    ///
    /// No descriptor is left behind.
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
        let again = options.open_in(self.name.engine(), self.path()).await?;
        let (one, other) = (self.file.metadata().await?, again.metadata().await?);
        if (one.dev(), one.ino()) == (other.dev(), other.ino()) {
            return Ok(again);
        }
        let why = "the path leads to another file by now";
        Err(Error::refused(Operation::Open, NOT_THERE, why).at_path(self.path()))
    }

    /// Like [`persist`](NamedTemporaryFile::persist), but refuses a path that anything has.
    ///
    /// It is one step where kernel and file system can refuse to replace (`RENAME_NOREPLACE`), as most can; else the
    /// file has both paths for a moment.
    ///
    /// # Errors
    ///
    /// `EEXIST` if the path is taken; whatever the rename returns. The file is then as temporary as before.
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
        self.name.persist_noclobber(to.as_ref()).await
    }
}

impl NamedTemporaryFileBuilder {
    /// Has `make` create something under a new name, such as a Unix socket, and removes it as a temporary file. A
    /// worker calls it, again with another name as long as it says that one is taken
    /// ([`AlreadyExists`](ErrorKind::AlreadyExists), [`AddrInUse`](ErrorKind::AddrInUse)).
    ///
    /// Of the settings, those of the name count and [`delete`](NamedTemporaryFileBuilder::delete) does not.
    ///
    /// # Errors
    ///
    /// Like [`create`](NamedTemporaryFileBuilder::create); what `make` returns.
    ///
    /// # Cancellation
    ///
    /// What was made is dropped and its path removed.
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

/// What it creates removes itself when no caller waits for it any more.
fn request<R: Send + 'static>(
    engine: Core,
    template: Template,
    mut make: impl FnMut(&Path) -> io::Result<R> + Send + 'static,
) -> impl PathRequest<Reply = (R, TempPath)> {
    PathOp::new(Operation::Open, template.dirs(), move |_, dirs| {
        dirs.first(|dir| {
            template.make(dir, |path| match make(path) {
                Ok(made) => Ok((made, TempPath { name: RemovedOnDrop::new(&engine, path, Kind::File) })),
                // A socket says by another kind that its name is taken.
                Err(error) if error.kind() == ErrorKind::AddrInUse => Err(ErrorKind::AlreadyExists.into()),
                Err(error) => Err(error),
            })
        })
    })
}
