//! A directory that goes with all that it holds.

use std::fmt;
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use folio_engine::op::{PathOp, PathRequest};

use super::removed_on_drop::{Kind, RemovedOnDrop};
use super::template::{Template, name_setters};
use crate::engine::Engine;
use crate::{Operation, Result};
use folio_engine::Engine as Core;

/// Permission bits of a directory for its owner alone.
const DIRECTORY_MODE: u32 = 0o700;

/// A new directory, removed with everything in it when it is cleaned up or dropped.
///
/// Symbolic links in it are removed and never followed. A directory in it that was made read-only is made writable
/// where it is in the way.
pub struct TemporaryDirectory {
    name: RemovedOnDrop,
}

impl TemporaryDirectory {
    /// Creates a directory in the directory for temporary files (`TMPDIR`, else `/tmp`).
    ///
    /// # Errors
    ///
    /// Whatever creating a directory there returns; the error names the directory above.
    ///
    /// # Cancellation
    ///
    /// No directory is left behind.
    ///
    /// ```
    /// # async fn example() -> folio::Result<()> {
    /// let room = folio::tempfile::TemporaryDirectory::new().await?;
    /// folio::fs::write(room.path().join("part-1"), b"contents").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn new() -> Result<TemporaryDirectory> {
        TemporaryDirectory::builder().create().await
    }

    /// Returns a builder: the prefix `tmp`, no suffix, and the directory goes with its owner.
    pub fn builder() -> TemporaryDirectoryBuilder {
        let template = Template::default();
        let mode = DIRECTORY_MODE;
        TemporaryDirectoryBuilder { template, delete: true, ignore_cleanup_errors: false, mode }
    }

    /// Returns the path, which is absolute.
    pub fn path(&self) -> &Path {
        self.name.path()
    }

    /// Lets the directory stay, and returns its path.
    ///
    /// # Errors
    ///
    /// None on Linux; elsewhere a temporary directory may have to be marked as a lasting one.
    ///
    /// # Cancellation
    ///
    /// Nothing to cancel: it is done with the first poll.
    ///
    /// ```
    /// # async fn example() -> folio::Result<()> {
    /// let path = folio::tempfile::TemporaryDirectory::new().await?.keep().await?;
    /// # Ok(())
    /// # }
    /// ```
    #[expect(clippy::unused_async, reason = "keeping is a call to the kernel on other systems")]
    pub async fn keep(mut self) -> Result<PathBuf> {
        self.name.keep();
        Ok(self.path().to_owned())
    }

    /// Removes the directory and everything in it now, even one that was to stay; a second time does nothing.
    ///
    /// # Errors
    ///
    /// Whatever the removal returns, unless
    /// [`ignore_cleanup_errors`](TemporaryDirectoryBuilder::ignore_cleanup_errors) is set. What was removed
    /// before the failure is gone; calling again, or the drop, tries the rest.
    ///
    /// # Cancellation
    ///
    /// Before it began: nothing happens, and the drop removes the directory. After: it finishes.
    ///
    /// ```
    /// # async fn example() -> folio::Result<()> {
    /// let mut room = folio::tempfile::TemporaryDirectory::new().await?;
    /// room.cleanup().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn cleanup(&mut self) -> Result<()> {
        self.name.remove().await
    }
}

/// How a [`TemporaryDirectory`] is to be made.
///
/// ```
/// # async fn example() -> folio::Result<()> {
/// use folio::tempfile::TemporaryDirectory;
///
/// let room = TemporaryDirectory::builder().prefix("build-").ignore_cleanup_errors(true).create().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct TemporaryDirectoryBuilder {
    template: Template,
    delete: bool,
    ignore_cleanup_errors: bool,
    mode: u32,
}

name_setters!(TemporaryDirectoryBuilder, template);

impl TemporaryDirectoryBuilder {
    /// Sets the permissions of the directory, less what the umask takes; those of the owner alone (0700) unless
    /// set.
    pub fn permissions(&mut self, permissions: Permissions) -> &mut Self {
        self.mode = permissions.mode();
        self
    }

    /// Sets whether the drop removes the directory; on unless set.
    pub fn delete(&mut self, delete: bool) -> &mut Self {
        self.delete = delete;
        self
    }

    /// Sets whether a removal that fails is a success all the same, neither returned nor counted; off unless
    /// set. It goes on past what cannot be removed, and leaves that where it is.
    pub fn ignore_cleanup_errors(&mut self, ignore: bool) -> &mut Self {
        self.ignore_cleanup_errors = ignore;
        self
    }

    /// Creates the directory on the default engine.
    ///
    /// # Errors
    ///
    /// A prefix or suffix with a slash, before anything is touched; whatever creating a directory there
    /// returns, and then the error names the directory above.
    ///
    /// # Cancellation
    ///
    /// No directory is left behind, not even one that was to stay.
    pub async fn create(&self) -> Result<TemporaryDirectory> {
        self.create_in(&*Core::current()?).await
    }

    /// Creates the directory on `engine`, which also removes it.
    ///
    /// # Errors
    ///
    /// Like [`create`](TemporaryDirectoryBuilder::create).
    ///
    /// # Cancellation
    ///
    /// Like [`create`](TemporaryDirectoryBuilder::create).
    pub async fn create_on(&self, engine: &Engine) -> Result<TemporaryDirectory> {
        self.create_in(engine.core()).await
    }

    pub(crate) async fn create_in(&self, engine: &Core) -> Result<TemporaryDirectory> {
        self.template.check(Operation::CreateDir)?;
        let mut name = engine.call(self.request(engine.clone())).await?;
        if self.ignore_cleanup_errors {
            name.ignore_errors();
        }
        // Not before: a caller that gives up until here must not leave the directory behind.
        if !self.delete {
            name.keep();
        }
        Ok(TemporaryDirectory { name })
    }

    /// What it creates removes itself when no caller waits for it any more.
    fn request(&self, engine: Core) -> impl PathRequest<Reply = RemovedOnDrop> + use<> {
        let (template, mode) = (self.template.clone(), self.mode);
        PathOp::new(Operation::CreateDir, self.template.dirs(), move |storage, dirs| {
            dirs.first(|dir| {
                template.make(dir, |path| {
                    storage.create_dir(path, Some(mode))?;
                    Ok(RemovedOnDrop::new(&engine, path, Kind::Directory))
                })
            })
        })
    }
}

impl fmt::Debug for TemporaryDirectory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TemporaryDirectory").field("path", &self.path()).finish_non_exhaustive()
    }
}
