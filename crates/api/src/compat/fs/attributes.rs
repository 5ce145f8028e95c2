//! Attributes of what a path names.

use std::fs::{Metadata, Permissions};
use std::io;
use std::path::Path;

use super::failure::{in_std_words, std_own};
use crate::fs;

/// Returns the attributes of what a path names, by [`fs::metadata`].
///
/// # Errors
///
/// Those of [`fs::metadata`], in std's words.
///
/// ```
/// # async fn example() -> std::io::Result<()> {
/// let len = folio::compat::fs::metadata("data.bin").await?.len();
/// # Ok(())
/// # }
/// ```
pub async fn metadata(path: impl AsRef<Path>) -> io::Result<Metadata> {
    std_own(fs::metadata(path).await.map_err(in_std_words)?.into_std())
}

/// Returns the attributes of a path itself, by [`fs::symlink_metadata`].
///
/// # Errors
///
/// Those of [`fs::symlink_metadata`], in std's words.
///
/// ```
/// # async fn example() -> std::io::Result<()> {
/// let is_link = folio::compat::fs::symlink_metadata("current").await?.is_symlink();
/// # Ok(())
/// # }
/// ```
pub async fn symlink_metadata(path: impl AsRef<Path>) -> io::Result<Metadata> {
    std_own(fs::symlink_metadata(path).await.map_err(in_std_words)?.into_std())
}

/// Changes the permissions of what a path names, by [`fs::set_permissions`].
///
/// # Errors
///
/// Those of [`fs::set_permissions`], in std's words.
///
/// ```
/// # async fn example() -> std::io::Result<()> {
/// use folio::compat::fs;
///
/// let mut permissions = fs::metadata("key.pem").await?.permissions();
/// permissions.set_readonly(true);
/// fs::set_permissions("key.pem", permissions).await?;
/// # Ok(())
/// # }
/// ```
pub async fn set_permissions(path: impl AsRef<Path>, perm: Permissions) -> io::Result<()> {
    fs::set_permissions(path, perm).await.map_err(in_std_words)
}

/// Returns whether a path names something, by [`fs::try_exists`].
///
/// # Errors
///
/// Those of [`fs::try_exists`], in std's words.
///
/// ```
/// # async fn example() -> std::io::Result<()> {
/// let is_there = folio::compat::fs::try_exists("config.toml").await?;
/// # Ok(())
/// # }
/// ```
pub async fn try_exists(path: impl AsRef<Path>) -> io::Result<bool> {
    fs::try_exists(path).await.map_err(in_std_words)
}
