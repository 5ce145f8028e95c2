//! Functions on directories: making and removing.

use std::path::Path;

use folio_engine::Engine;
use folio_engine::op::tree;

use super::checked;
use crate::{Operation, Result};

/// Creates one directory.
///
/// # Errors
///
/// If the path exists or its parent is missing.
///
/// # Cancellation
///
/// Dropped before it began, nothing happened; after that it finishes in the background.
///
/// ```
/// # async fn example() -> folio::Result<()> {
/// folio::fs::create_dir("out").await?;
/// # Ok(())
/// # }
/// ```
pub async fn create_dir(path: impl AsRef<Path>) -> Result<()> {
    DirBuilder::new().create(path).await
}

/// Creates a directory and every missing parent; a directory that exists is no error.
///
/// # Errors
///
/// If something on the way exists and is not a directory, or may not be changed. Parents that were created
/// before the failure stay.
///
/// # Cancellation
///
/// Dropped before it began, nothing happened; after that it finishes in the background.
///
/// ```
/// # async fn example() -> folio::Result<()> {
/// folio::fs::create_dir_all("out/2026/07").await?;
/// # Ok(())
/// # }
/// ```
pub async fn create_dir_all(path: impl AsRef<Path>) -> Result<()> {
    DirBuilder::new().recursive(true).create(path).await
}

/// Removes an empty directory.
///
/// # Errors
///
/// If the path is missing, not a directory, or not empty.
///
/// # Cancellation
///
/// Dropped before it began, nothing happened; after that it finishes in the background.
///
/// ```
/// # async fn example() -> folio::Result<()> {
/// folio::fs::remove_dir("out").await?;
/// # Ok(())
/// # }
/// ```
pub async fn remove_dir(path: impl AsRef<Path>) -> Result<()> {
    let path = checked::path(Operation::RemoveDir, path)?;
    Engine::current()?.call(tree::remove_dir(path, false)).await
}

/// Removes a directory and everything in it, however deep; symbolic links are removed and never followed, even if they
/// take a directory's place meanwhile.
///
/// Neither is `link/`, which std takes for what the link leads to: it is no directory. A path that ends with `.` or
/// `..` is refused. Nothing is touched then.
///
/// # Errors
///
/// If the path is missing or not a directory, or something in it cannot be removed, which is named as the error's
/// [`entry`](crate::Error::entry). What was removed before the failure is gone.
///
/// # Cancellation
///
/// Dropped before it began, nothing happened; after that it finishes in the background.
///
/// ```
/// # async fn example() -> folio::Result<()> {
/// folio::fs::remove_dir_all("target").await?;
/// # Ok(())
/// # }
/// ```
pub async fn remove_dir_all(path: impl AsRef<Path>) -> Result<()> {
    let path = checked::path(Operation::RemoveDir, path)?;
    Engine::current()?.call(tree::remove_dir(path, true)).await
}

/// Creates directories with other permissions than the usual, or with their parents.
///
/// ```
/// # async fn example() -> folio::Result<()> {
/// folio::fs::DirBuilder::new().recursive(true).mode(0o700).create("private/keys").await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default)]
pub struct DirBuilder {
    pub(crate) recursive: bool,
    pub(crate) mode: Option<u32>,
}

impl DirBuilder {
    /// Starts with one directory and the permissions `0o777` before the umask.
    pub fn new() -> Self {
        DirBuilder::default()
    }

    /// Sets whether missing parents are created too; a directory that exists is then no error.
    pub fn recursive(&mut self, recursive: bool) -> &mut Self {
        self.recursive = recursive;
        self
    }

    /// Sets the permission bits of every directory created, before the umask.
    pub fn mode(&mut self, mode: u32) -> &mut Self {
        self.mode = Some(mode);
        self
    }

    /// Creates the directory.
    ///
    /// # Errors
    ///
    /// If the path exists and [`recursive`](DirBuilder::recursive) is off, its parent is missing likewise,
    /// or something on the way is not a directory.
    ///
    /// # Cancellation
    ///
    /// Dropped before it began, nothing happened; after that it finishes in the background.
    pub async fn create(&self, path: impl AsRef<Path>) -> Result<()> {
        let path = checked::path(Operation::CreateDir, path)?;
        Engine::current()?.call(tree::create_dir(path, self.recursive, self.mode)).await
    }
}
