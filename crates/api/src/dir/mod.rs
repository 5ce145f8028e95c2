//! `Dir`: an open directory, and operations on the names in it that never leave it.

pub(crate) mod builder;
mod copy;
mod descriptor;
mod entries;
mod names;
pub(crate) mod options;
mod replace;

use std::fmt;
use std::path::Path;

use folio_engine::op::dir::{self, OpenDir};
use folio_engine::op::{access, attributes};
use folio_engine::storage::{Links, Mode};
use folio_engine::{Current, Engine};

use crate::checked;
use crate::{File, Metadata, OpenOptions, Operation, Result};

pub use entries::{Entries, Entry};
pub use folio_engine::storage::Kind;

/// An open directory (`dir_fd` to CPython, `O_PATH` to Linux). Clones share it.
///
/// Every path given to its methods is relative to it and stays below it, even if other processes rename directories at the
/// same time. A `..` that goes above it, an absolute path, and a symbolic link to either are refused ("the path leads out of
/// the directory", `EXDEV`). A `/proc` link that is not a path is refused with `ELOOP` or another error. Links that stay
/// inside are followed. So names chosen by strangers are safe without further checks. Each name takes one look-up
/// (`openat2`), or one per component on kernels before 5.6.
///
/// A directory that is renamed or moved is still this directory; its [path](Dir::path) in messages stays the one it was
/// opened by. Only listing and syncing take the right to read the directory; opening does not.
///
/// ```
/// # async fn example(name: &str) -> folio::Result<()> {
/// let uploads = folio::Dir::open("/srv/uploads").await?;
/// let file = uploads.open_file(name).await?;                  // never a file elsewhere, whatever `name` is
/// # Ok(())
/// # }
/// ```
///
/// # Failure
///
/// Methods that change a name do not follow a link in its last part, and refuse a last part of `.` or `..` with
/// `EINVAL`. On storages without directories every call is refused as unsupported.
///
/// # Cancellation
///
/// A call that is dropped before it began does nothing; after that it finishes in the background. A dropped call leaves no
/// descriptor open. Methods with another rule say so.
#[derive(Clone)]
pub struct Dir {
    open: OpenDir,
    engine: Current,
}

impl Dir {
    pub(crate) fn new(open: OpenDir, engine: Current) -> Dir {
        Dir { open, engine }
    }

    /// Opens a directory by any path, which may be absolute.
    ///
    /// # Errors
    ///
    /// If the path is missing or not a directory.
    ///
    /// ```
    /// # async fn example() -> folio::Result<()> {
    /// let cache = folio::Dir::open("cache").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn open(path: impl AsRef<Path>) -> Result<Dir> {
        let path = checked::path(Operation::Open, path)?;
        let engine = Engine::current()?;
        let open = engine.call(dir::open(path)).await?;
        Ok(Dir { open, engine })
    }

    /// Opens a directory below this one. Its own names cannot lead out of it, not even into this one.
    ///
    /// # Errors
    ///
    /// If the name is missing, not a directory, or leads out.
    ///
    /// ```
    /// # async fn example(cache: folio::Dir) -> folio::Result<()> {
    /// let pages = cache.open_dir("pages").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn open_dir(&self, name: impl AsRef<Path>) -> Result<Dir> {
        let name = checked::path(Operation::Open, name)?;
        let open = self.engine.call(self.open.open_dir(name, Links::Follow)).await?;
        Ok(Dir { open, engine: self.engine.clone() })
    }

    /// Like [`open_dir`](Dir::open_dir), but refuses a symbolic link as the last component (`ENOTDIR`). Links in other
    /// components are followed. [`OpenOptions::nofollow`](crate::OpenOptions::nofollow) does the same for files.
    ///
    /// # Errors
    ///
    /// Like [`open_dir`](Dir::open_dir).
    ///
    /// ```
    /// # async fn example(cache: folio::Dir) -> folio::Result<()> {
    /// let pages = cache.open_dir_nofollow("pages").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn open_dir_nofollow(&self, name: impl AsRef<Path>) -> Result<Dir> {
        let name = checked::path(Operation::Open, name)?;
        let open = self.engine.call(self.open.open_dir(name, Links::NotLast)).await?;
        Ok(Dir { open, engine: self.engine.clone() })
    }

    /// Returns the path the directory was opened by.
    pub fn path(&self) -> &Path {
        self.open.path()
    }

    /// Opens a file for reading.
    ///
    /// # Errors
    ///
    /// Like [`File::open`]; `EXDEV` for a name that leads out.
    ///
    /// ```
    /// # async fn example(cache: folio::Dir) -> folio::Result<()> {
    /// let page = cache.open_file("pages/1").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn open_file(&self, name: impl AsRef<Path>) -> Result<File> {
        self.open_with(name, File::options().read(true)).await
    }

    /// Opens a file for writing, creating it or truncating it to length 0.
    ///
    /// # Errors
    ///
    /// Like [`File::create`]; `EXDEV` for a name that leads out.
    ///
    /// # Cancellation
    ///
    /// No descriptor is left behind; the file may have been created or cut.
    ///
    /// ```
    /// # async fn example(cache: folio::Dir) -> folio::Result<()> {
    /// cache.create("pages/2").await?.write_all(b"contents").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn create(&self, name: impl AsRef<Path>) -> Result<File> {
        self.open_with(name, File::options().write(true).create(true).truncate(true)).await
    }

    /// Opens a file with the given options.
    ///
    /// # Errors
    ///
    /// Like [`OpenOptions::open`]; `EXDEV` for a name that leads out.
    ///
    /// # Cancellation
    ///
    /// No descriptor is left behind; the file may have been created or cut.
    ///
    /// ```
    /// # async fn example(logs: folio::Dir) -> folio::Result<()> {
    /// let log = logs.open_with("app.log", folio::File::options().append(true).create(true)).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn open_with(&self, name: impl AsRef<Path>, options: &OpenOptions) -> Result<File> {
        let name = checked::path(Operation::Open, name)?;
        let request = options.checked(&self.path().join(&name))?;
        self.engine.open_below(&self.open, name, request).await.map(File::new)
    }

    /// Returns the attributes of what a name leads to; `.` is the directory itself.
    ///
    /// # Errors
    ///
    /// If the name is missing or leads out.
    ///
    /// ```
    /// # async fn example(cache: folio::Dir) -> folio::Result<()> {
    /// let len = cache.metadata("pages/1").await?.len();
    /// # Ok(())
    /// # }
    /// ```
    pub async fn metadata(&self, name: impl AsRef<Path>) -> Result<Metadata> {
        let name = checked::path(Operation::Metadata, name)?;
        self.engine.call(attributes::metadata(self.open.at(name), Links::Follow)).await
    }

    /// Returns the attributes of a name itself, even if it is a symbolic link.
    ///
    /// # Errors
    ///
    /// If the name is missing, or the way to it leads out.
    ///
    /// ```
    /// # async fn example(releases: folio::Dir) -> folio::Result<()> {
    /// let is_link = releases.symlink_metadata("current").await?.is_symlink();
    /// # Ok(())
    /// # }
    /// ```
    pub async fn symlink_metadata(&self, name: impl AsRef<Path>) -> Result<Metadata> {
        let name = checked::path(Operation::Metadata, name)?;
        self.engine.call(attributes::metadata(self.open.at(name), Links::NotLast)).await
    }

    /// Returns whether a name leads to something.
    ///
    /// # Errors
    ///
    /// If existence cannot be determined: the name leads out, or through a directory that may not be searched.
    ///
    /// ```
    /// # async fn example(cache: folio::Dir) -> folio::Result<()> {
    /// let cached = cache.try_exists("pages/1").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn try_exists(&self, name: impl AsRef<Path>) -> Result<bool> {
        let name = checked::path(Operation::Metadata, name)?;
        self.engine.call(attributes::exists(self.open.at(name))).await
    }

    /// Returns whether this process may use what a name leads to in every way of `mode`; `false` if the name leads out.
    ///
    /// # Errors
    ///
    /// If the name contains a NUL; if the engine has stopped.
    ///
    /// ```
    /// # async fn example(cache: folio::Dir) -> folio::Result<()> {
    /// let mine = cache.access("pages", folio::os::Mode::WRITE).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn access(&self, name: impl AsRef<Path>, mode: Mode) -> Result<bool> {
        let name = checked::path(Operation::Access, name)?;
        self.engine.call(access::access(self.open.at(name), mode)).await
    }

    /// Starts a listing of the directory itself; no I/O happens before the first entry is requested.
    ///
    /// ```
    /// # async fn example(cache: folio::Dir) -> folio::Result<()> {
    /// let mut entries = cache.entries();
    /// while let Some(entry) = entries.next().await {
    ///     println!("{}", entry?.file_name().display());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn entries(&self) -> Entries {
        Entries::new(self.open.clone(), self.engine.clone())
    }

    /// Starts a listing of a directory below this one; `.` is this one.
    ///
    /// # Errors
    ///
    /// Like [`open_dir`](Dir::open_dir). If the directory may not be read, the first entry is the error.
    ///
    /// ```
    /// # async fn example(cache: folio::Dir) -> folio::Result<()> {
    /// let mut pages = cache.read_dir("pages").await?;
    /// while let Some(page) = pages.next().await {
    ///     println!("{}", page?.file_name().display());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn read_dir(&self, name: impl AsRef<Path>) -> Result<Entries> {
        Ok(self.open_dir(name).await?.entries())
    }

    /// Syncs the directory itself: names that were created, renamed or removed in it before survive a power cut.
    ///
    /// # Errors
    ///
    /// Those of the device; `EACCES` if the directory may not be read.
    ///
    /// ```
    /// # async fn example(cache: folio::Dir) -> folio::Result<()> {
    /// cache.rename("page.new", &cache, "page").await?;
    /// cache.sync().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn sync(&self) -> Result<()> {
        self.engine.call(self.open.sync()).await
    }
}

impl fmt::Debug for Dir {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dir").field("path", &self.path()).finish_non_exhaustive()
    }
}
