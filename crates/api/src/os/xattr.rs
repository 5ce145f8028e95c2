//! Extended attributes: named values that the file system stores with a file.
//!
//! Users may set attributes whose names start with `user.`, on files and directories only. A symbolic link itself can have
//! only `security.` and `trusted.` ones on Linux.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use bytes::Bytes;
use folio_engine::Engine;
use folio_engine::op::xattr;
use folio_engine::storage::{Links, XattrMode};

use crate::checked;
use crate::{Error, Operation, Result};

/// Returns the value of an extended attribute of what a path names, following symbolic links; `None` if it is not set.
///
/// # Errors
///
/// If the path is missing or may not be read; `EOPNOTSUPP` if the file system does not support them.
///
/// ```
/// # async fn example() -> folio::Result<()> {
/// let digest = folio::os::getxattr("data.bin", "user.sha256").await?;
/// # Ok(())
/// # }
/// ```
pub async fn getxattr(path: impl AsRef<Path>, name: impl AsRef<OsStr>) -> Result<Option<Vec<u8>>> {
    get(path.as_ref(), name.as_ref(), Links::Follow).await
}

/// Like [`getxattr`] for a path itself, even where it is a symbolic link.
///
/// # Errors
///
/// Like [`getxattr`].
///
/// ```
/// # async fn example() -> folio::Result<()> {
/// let label = folio::os::lgetxattr("current", "security.selinux").await?;
/// # Ok(())
/// # }
/// ```
pub async fn lgetxattr(path: impl AsRef<Path>, name: impl AsRef<OsStr>) -> Result<Option<Vec<u8>>> {
    get(path.as_ref(), name.as_ref(), Links::NotLast).await
}

async fn get(path: &Path, name: &OsStr, links: Links) -> Result<Option<Vec<u8>>> {
    let (path, name) =
        (checked::path(Operation::GetXattr, path)?, checked_name(Operation::GetXattr, path, name)?);
    Engine::current()?.call(xattr::get(path, name, links)).await
}

/// Sets an extended attribute of what a path names, following symbolic links.
///
/// # Errors
///
/// If the path is missing or may not be written, or [`XattrMode`] refuses; `EOPNOTSUPP` if the file system does not
/// support them, `ENOSPC` or `E2BIG` if the value is too long for it.
///
/// ```
/// # async fn example() -> folio::Result<()> {
/// use folio::os::{XattrMode, setxattr};
///
/// setxattr("data.bin", "user.origin", "camera 7", XattrMode::Any).await?;
/// # Ok(())
/// # }
/// ```
pub async fn setxattr(
    path: impl AsRef<Path>,
    name: impl AsRef<OsStr>,
    value: impl AsRef<[u8]>,
    mode: XattrMode,
) -> Result<()> {
    set(path.as_ref(), name.as_ref(), value.as_ref(), mode, Links::Follow).await
}

/// Like [`setxattr`] for a path itself, even where it is a symbolic link.
///
/// # Errors
///
/// Like [`setxattr`].
///
/// ```
/// # async fn example() -> folio::Result<()> {
/// use folio::os::{XattrMode, lsetxattr};
///
/// lsetxattr("current", "trusted.origin", "release", XattrMode::Create).await?;
/// # Ok(())
/// # }
/// ```
pub async fn lsetxattr(
    path: impl AsRef<Path>,
    name: impl AsRef<OsStr>,
    value: impl AsRef<[u8]>,
    mode: XattrMode,
) -> Result<()> {
    set(path.as_ref(), name.as_ref(), value.as_ref(), mode, Links::NotLast).await
}

async fn set(path: &Path, name: &OsStr, value: &[u8], mode: XattrMode, links: Links) -> Result<()> {
    let name = checked_name(Operation::SetXattr, path, name)?;
    let path = checked::path(Operation::SetXattr, path)?;
    let value = Bytes::copy_from_slice(value);
    Engine::current()?.call(xattr::set(path, name, value, mode, links)).await
}

/// Returns the names of the extended attributes of what a path names, following symbolic links, in no particular
/// order.
///
/// # Errors
///
/// If the path is missing; `EOPNOTSUPP` if the file system does not support them.
///
/// ```
/// # async fn example() -> folio::Result<()> {
/// for name in folio::os::listxattr("data.bin").await? {
///     println!("{}", name.display());
/// }
/// # Ok(())
/// # }
/// ```
pub async fn listxattr(path: impl AsRef<Path>) -> Result<Vec<OsString>> {
    list(path.as_ref(), Links::Follow).await
}

/// Like [`listxattr`] for a path itself, even where it is a symbolic link.
///
/// # Errors
///
/// Like [`listxattr`].
///
/// ```
/// # async fn example() -> folio::Result<()> {
/// let names = folio::os::llistxattr("current").await?;
/// # Ok(())
/// # }
/// ```
pub async fn llistxattr(path: impl AsRef<Path>) -> Result<Vec<OsString>> {
    list(path.as_ref(), Links::NotLast).await
}

async fn list(path: &Path, links: Links) -> Result<Vec<OsString>> {
    let path = checked::path(Operation::ListXattr, path)?;
    Engine::current()?.call(xattr::list(path, links)).await
}

/// Removes an extended attribute of what a path names, following symbolic links.
///
/// # Errors
///
/// If the path is missing or may not be written; `ENODATA` if it is not set.
///
/// ```
/// # async fn example() -> folio::Result<()> {
/// folio::os::removexattr("data.bin", "user.origin").await?;
/// # Ok(())
/// # }
/// ```
pub async fn removexattr(path: impl AsRef<Path>, name: impl AsRef<OsStr>) -> Result<()> {
    remove(path.as_ref(), name.as_ref(), Links::Follow).await
}

/// Like [`removexattr`] for a path itself, even where it is a symbolic link.
///
/// # Errors
///
/// Like [`removexattr`].
///
/// ```
/// # async fn example() -> folio::Result<()> {
/// folio::os::lremovexattr("current", "trusted.origin").await?;
/// # Ok(())
/// # }
/// ```
pub async fn lremovexattr(path: impl AsRef<Path>, name: impl AsRef<OsStr>) -> Result<()> {
    remove(path.as_ref(), name.as_ref(), Links::NotLast).await
}

async fn remove(path: &Path, name: &OsStr, links: Links) -> Result<()> {
    let name = checked_name(Operation::RemoveXattr, path, name)?;
    let path = checked::path(Operation::RemoveXattr, path)?;
    Engine::current()?.call(xattr::remove(path, name, links)).await
}

fn checked_name(operation: Operation, path: &Path, name: &OsStr) -> Result<OsString> {
    if name.as_bytes().contains(&0) {
        let why = "the name of the attribute contains a NUL byte";
        return Err(Error::invalid(operation, why).at_path(path));
    }
    Ok(name.to_owned())
}
