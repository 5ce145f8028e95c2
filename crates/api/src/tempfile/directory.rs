//! A directory that is removed with its contents.

use std::fmt;
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use folio_engine::op::{PathOp, PathRequest};

use super::removal_guard::{Kind, RemovalGuard};
use super::template::{Template, name_setters};
use crate::engine::Engine;
use crate::{Operation, Result};
use folio_engine::Engine as Core;

/// Permission bits of a directory for its owner alone.
const DIRECTORY_MODE: u32 = 0o700;

/// A new directory, which is removed with its contents when it is cleaned up or dropped.
///
/// Symbolic links in it are removed and never followed. Read-only directories in it are made writable if their entries
/// cannot be removed otherwise.
pub struct TemporaryDirectory {
    guard: RemovalGuard,
}

impl TemporaryDirectory {
    /// Creates a directory in the directory for temporary files (`TMPDIR`, else `/tmp`).
    ///
    /// # Errors
    ///
    /// Any error of creating the directory; it names the parent directory.
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

    /// Returns a builder with the prefix `tmp` and no suffix; the drop removes the directory.
    pub fn builder() -> TemporaryDirectoryBuilder {
        let template = Template::default();
        let mode = DIRECTORY_MODE;
        TemporaryDirectoryBuilder { template, delete: true, ignore_cleanup_errors: false, mode }
    }

    /// Returns the path, which is absolute.
    pub fn path(&self) -> &Path {
        self.guard.path()
    }

    /// Keeps the directory and returns its path.
    ///
    /// # Errors
    ///
    /// None on Linux. Other systems may need a call to mark the directory as permanent.
    ///
    /// ```
    /// # async fn example() -> folio::Result<()> {
    /// let path = folio::tempfile::TemporaryDirectory::new().await?.keep().await?;
    /// # Ok(())
    /// # }
    /// ```
    #[expect(clippy::unused_async, reason = "keeping is a call to the kernel on other systems")]
    pub async fn keep(mut self) -> Result<PathBuf> {
        self.guard.keep();
        Ok(self.path().to_owned())
    }

    /// Removes the directory and its contents now, even if [`delete`](TemporaryDirectoryBuilder::delete) is off. A second
    /// call does nothing.
    ///
    /// # Errors
    ///
    /// Any error of the removal, unless
    /// [`ignore_cleanup_errors`](TemporaryDirectoryBuilder::ignore_cleanup_errors) is set. What was removed before the
    /// failure is gone; the next call or the drop tries to remove the rest.
    ///
    /// ```
    /// # async fn example() -> folio::Result<()> {
    /// let mut room = folio::tempfile::TemporaryDirectory::new().await?;
    /// room.cleanup().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn cleanup(&mut self) -> Result<()> {
        self.guard.remove().await
    }
}

/// Options to create a [`TemporaryDirectory`] with.
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
    /// Sets the permissions of the directory, before the umask; 0700 (the owner alone) unless set.
    pub fn permissions(&mut self, permissions: Permissions) -> &mut Self {
        self.mode = permissions.mode();
        self
    }

    /// Sets whether the drop removes the directory; on unless set.
    pub fn delete(&mut self, delete: bool) -> &mut Self {
        self.delete = delete;
        self
    }

    /// Sets whether failures of the removal are ignored, neither returned nor counted; off unless set. The removal then
    /// skips what cannot be removed.
    pub fn ignore_cleanup_errors(&mut self, ignore: bool) -> &mut Self {
        self.ignore_cleanup_errors = ignore;
        self
    }

    /// Creates the directory on the default engine.
    ///
    /// # Errors
    ///
    /// If the prefix or suffix contains a slash, before anything is touched; any error of creating the directory, which
    /// names the parent directory.
    pub async fn create(&self) -> Result<TemporaryDirectory> {
        self.create_in(&*Core::current()?).await
    }

    /// Creates the directory on `engine`, which also removes it.
    ///
    /// # Errors
    ///
    /// Like [`create`](TemporaryDirectoryBuilder::create).
    pub async fn create_on(&self, engine: &Engine) -> Result<TemporaryDirectory> {
        self.create_in(engine.core()).await
    }

    pub(crate) async fn create_in(&self, engine: &Core) -> Result<TemporaryDirectory> {
        self.template.check(Operation::CreateDir)?;
        let mut guard = engine.call(self.request(engine.clone())).await?;
        if self.ignore_cleanup_errors {
            guard.ignore_errors();
        }
        // Only now: a caller that is dropped before this must not leave the directory behind.
        if !self.delete {
            guard.keep();
        }
        Ok(TemporaryDirectory { guard })
    }

    /// Its reply removes the directory again if the caller has gone.
    fn request(&self, engine: Core) -> impl PathRequest<Reply = RemovalGuard> + use<> {
        let (template, mode) = (self.template.clone(), self.mode);
        PathOp::new(Operation::CreateDir, self.template.dirs(), move |storage, dirs| {
            dirs.first(|dir| {
                template.make(dir, |path| {
                    storage.create_dir(path, Some(mode))?;
                    Ok(RemovalGuard::new(&engine, path, Kind::Directory))
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
