//! Directories: creating and removing them.

use std::path::Path;

use folio_engine::Engine;
use folio_engine::op::tree;

use crate::checked;
use crate::dir::builder::DirBuilder;
use crate::{Operation, Result};

/// Creates one directory.
///
/// # Errors
///
/// If the path exists or its parent is missing.
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

/// Removes a directory and its contents, at any depth. Symbolic links are removed and never followed, even if one
/// replaces a directory during the removal.
///
/// The path `link/` is refused, because a link is not a directory; std follows it. A path that ends with `.` or `..` is
/// refused too. Nothing is removed then.
///
/// # Errors
///
/// If the path is missing or not a directory. If an entry cannot be removed, the error names it as
/// [`entry`](crate::Error::entry); what was removed before the failure is gone.
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
