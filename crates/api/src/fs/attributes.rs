//! Attributes: reading them, setting permissions and times, testing for existence.

use std::fs::{FileTimes, Permissions};
use std::path::Path;

use folio_engine::Engine;
use folio_engine::op::attributes;
use folio_engine::storage::Links;

use crate::checked;
use crate::{Metadata, Operation, Result};

/// Returns the attributes of what a path names, following symbolic links.
///
/// # Errors
///
/// If the path is missing, or a directory on the way may not be searched.
///
/// ```
/// # async fn example() -> folio::Result<()> {
/// let len = folio::fs::metadata("data.bin").await?.len();
/// # Ok(())
/// # }
/// ```
pub async fn metadata(path: impl AsRef<Path>) -> Result<Metadata> {
    let path = checked::path(Operation::Metadata, path)?;
    Engine::current()?.call(attributes::metadata(path, Links::Follow)).await
}

/// Returns the attributes of a path itself, even where it is a symbolic link.
///
/// # Errors
///
/// If the path is missing, or a directory on the way may not be searched.
///
/// ```
/// # async fn example() -> folio::Result<()> {
/// let is_link = folio::fs::symlink_metadata("current").await?.is_symlink();
/// # Ok(())
/// # }
/// ```
pub async fn symlink_metadata(path: impl AsRef<Path>) -> Result<Metadata> {
    let path = checked::path(Operation::Metadata, path)?;
    Engine::current()?.call(attributes::metadata(path, Links::NotLast)).await
}

/// Changes the permissions of what a path names, following symbolic links.
///
/// # Errors
///
/// If the path is missing or this process does not own the file.
///
/// ```
/// # async fn example() -> folio::Result<()> {
/// let mut permissions = folio::fs::metadata("key.pem").await?.permissions();
/// permissions.set_readonly(true);
/// folio::fs::set_permissions("key.pem", permissions).await?;
/// # Ok(())
/// # }
/// ```
pub async fn set_permissions(path: impl AsRef<Path>, permissions: Permissions) -> Result<()> {
    let path = checked::path(Operation::SetPermissions, path)?;
    Engine::current()?.call(attributes::set_permissions(path, permissions)).await
}

/// Sets the times of what a path names, following symbolic links. Times that `times` leaves out stay.
///
/// [`os::utime`](crate::os::utime) can also set the current time.
///
/// # Errors
///
/// If the path is missing or this process does not own the file.
///
/// ```
/// # async fn example() -> folio::Result<()> {
/// use std::{fs::FileTimes, time::SystemTime};
///
/// folio::fs::set_times("stamp", FileTimes::new().set_modified(SystemTime::UNIX_EPOCH)).await?;
/// # Ok(())
/// # }
/// ```
pub async fn set_times(path: impl AsRef<Path>, times: FileTimes) -> Result<()> {
    let path = checked::path(Operation::SetTimes, path)?;
    Engine::current()?.call(attributes::set_file_times(path, times, Links::Follow)).await
}

/// Like [`set_times`] for a path itself, even where it is a symbolic link.
///
/// # Errors
///
/// Like [`set_times`].
///
/// ```
/// # async fn example() -> folio::Result<()> {
/// use std::{fs::FileTimes, time::SystemTime};
///
/// let times = FileTimes::new().set_accessed(SystemTime::UNIX_EPOCH);
/// folio::fs::set_times_nofollow("current", times).await?;
/// # Ok(())
/// # }
/// ```
pub async fn set_times_nofollow(path: impl AsRef<Path>, times: FileTimes) -> Result<()> {
    let path = checked::path(Operation::SetTimes, path)?;
    Engine::current()?.call(attributes::set_file_times(path, times, Links::NotLast)).await
}

/// Returns whether a path names something, following symbolic links: `false` for a dangling link.
///
/// The answer may be outdated when it arrives; to create a file only if it is missing, open it with
/// `create_new`.
///
/// # Errors
///
/// If existence cannot be determined, for instance below a directory that may not be searched.
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
    Engine::current()?.call(attributes::exists(path)).await
}
