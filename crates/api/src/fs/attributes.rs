//! Functions on attributes: asking for them, changing permissions, existence.

use std::fs::{Metadata, Permissions};
use std::path::Path;

use folio_engine::Engine;
use folio_engine::op::attributes::{Exists, SetPermissions, Stat};

use super::checked;
use crate::{Operation, Result};

/// Returns the attributes of what a path names, following symbolic links.
///
/// # Errors
///
/// If the path is missing, or a directory on the way may not be searched.
///
/// # Cancellation
///
/// Nothing is changed in any case.
///
/// ```
/// # async fn example() -> folio::Result<()> {
/// let len = folio::fs::metadata("data.bin").await?.len();
/// # Ok(())
/// # }
/// ```
pub async fn metadata(path: impl AsRef<Path>) -> Result<Metadata> {
    let path = checked::path(Operation::Metadata, path)?;
    Engine::current()?.call(Stat { path, follow: true }).await
}

/// Returns the attributes of a path itself, even where it is a symbolic link.
///
/// # Errors
///
/// If the path is missing, or a directory on the way may not be searched.
///
/// # Cancellation
///
/// Nothing is changed in any case.
///
/// ```
/// # async fn example() -> folio::Result<()> {
/// let is_link = folio::fs::symlink_metadata("current").await?.is_symlink();
/// # Ok(())
/// # }
/// ```
pub async fn symlink_metadata(path: impl AsRef<Path>) -> Result<Metadata> {
    let path = checked::path(Operation::Metadata, path)?;
    Engine::current()?.call(Stat { path, follow: false }).await
}

/// Changes the permissions of what a path names, following symbolic links.
///
/// # Errors
///
/// If the path is missing or belongs to somebody else.
///
/// # Cancellation
///
/// Dropped before it began, nothing happened; after that it finishes in the background.
///
/// ```
/// # async fn example() -> folio::Result<()> {
/// let mut permissions = folio::fs::metadata("key.pem").await?.permissions();
/// permissions.set_readonly(true);
/// folio::fs::set_permissions("key.pem", permissions).await?;
/// # Ok(())
/// # }
/// ```
pub async fn set_permissions(path: impl AsRef<Path>, perm: Permissions) -> Result<()> {
    let path = checked::path(Operation::SetPermissions, path)?;
    Engine::current()?.call(SetPermissions { path, permissions: perm }).await
}

/// Returns whether a path names something, following symbolic links: a dangling link is a no.
///
/// The answer may be outdated when it arrives; to create a file only if it is missing, open it with
/// `create_new`.
///
/// # Errors
///
/// If it cannot be told, such as behind a directory that may not be searched.
///
/// # Cancellation
///
/// Nothing is changed in any case.
///
/// ```
/// # async fn example() -> folio::Result<()> {
/// if !folio::fs::try_exists("config.toml").await? {
///     println!("using the defaults");
/// }
/// # Ok(())
/// # }
/// ```
pub async fn try_exists(path: impl AsRef<Path>) -> Result<bool> {
    let path = checked::path(Operation::Metadata, path)?;
    Engine::current()?.call(Exists { path }).await
}
