//! Permissions, owners and times, under the names of the system calls.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use folio_engine::Engine;
use folio_engine::op::attributes;
use folio_engine::storage::{Links, Stamp, Stamps};

use crate::checked;
use crate::fs::set_permissions;
use crate::{Operation, Result};

/// Sets the permission bits of what a path names, following symbolic links.
///
/// # Errors
///
/// If the path is missing or this process does not own the file.
///
/// ```
/// # async fn example() -> folio::Result<()> {
/// folio::os::chmod("key.pem", 0o600).await?;
/// # Ok(())
/// # }
/// ```
pub async fn chmod(path: impl AsRef<Path>, mode: u32) -> Result<()> {
    set_permissions(path, Permissions::from_mode(mode)).await
}

/// Changes owner and group of what a path names, following symbolic links; `None` leaves one unchanged.
///
/// # Errors
///
/// If the path is missing, or this process lacks the right: only the superuser may change the owner, and the owner may
/// set only a group that it is a member of.
///
/// ```
/// # async fn example() -> folio::Result<()> {
/// folio::os::chown("mail", Some(1000), None).await?;
/// # Ok(())
/// # }
/// ```
pub async fn chown(path: impl AsRef<Path>, uid: Option<u32>, gid: Option<u32>) -> Result<()> {
    set_owner(path.as_ref(), uid, gid, Links::Follow).await
}

/// Like [`chown`] for a path itself, even where it is a symbolic link.
///
/// # Errors
///
/// Like [`chown`].
///
/// ```
/// # async fn example() -> folio::Result<()> {
/// folio::os::lchown("current", Some(1000), Some(1000)).await?;
/// # Ok(())
/// # }
/// ```
pub async fn lchown(path: impl AsRef<Path>, uid: Option<u32>, gid: Option<u32>) -> Result<()> {
    set_owner(path.as_ref(), uid, gid, Links::NotLast).await
}

async fn set_owner(path: &Path, uid: Option<u32>, gid: Option<u32>, links: Links) -> Result<()> {
    let path = checked::path(Operation::SetOwner, path)?;
    Engine::current()?.call(attributes::set_owner(path, uid, gid, links)).await
}

/// Sets the times of last access and modification of what a path names, following symbolic links.
///
/// # Errors
///
/// If the path is missing or this process does not own the file; [`Stamp::Now`] twice takes only the right to write it.
/// `EINVAL` for a time that the kernel cannot represent.
///
/// ```
/// # async fn example() -> folio::Result<()> {
/// use folio::os::{Stamp, utime};
///
/// utime("stamp", Stamp::Now, Stamp::Now).await?;                          // what `touch` does
/// let when = folio::path::modified("original").await?;
/// utime("copy", Stamp::Keep, when).await?;
/// # Ok(())
/// # }
/// ```
pub async fn utime(
    path: impl AsRef<Path>,
    accessed: impl Into<Stamp>,
    modified: impl Into<Stamp>,
) -> Result<()> {
    set_times(path.as_ref(), Stamps { accessed: accessed.into(), modified: modified.into() }, Links::Follow)
        .await
}

/// Like [`utime`] for a path itself, even where it is a symbolic link.
///
/// # Errors
///
/// Like [`utime`].
///
/// ```
/// # async fn example() -> folio::Result<()> {
/// folio::os::lutime("current", folio::os::Stamp::Keep, std::time::SystemTime::UNIX_EPOCH).await?;
/// # Ok(())
/// # }
/// ```
pub async fn lutime(
    path: impl AsRef<Path>,
    accessed: impl Into<Stamp>,
    modified: impl Into<Stamp>,
) -> Result<()> {
    set_times(path.as_ref(), Stamps { accessed: accessed.into(), modified: modified.into() }, Links::NotLast)
        .await
}

async fn set_times(path: &Path, times: Stamps, links: Links) -> Result<()> {
    let path = checked::path(Operation::SetTimes, path)?;
    Engine::current()?.call(attributes::set_times(path, times, links)).await
}
