//! Moving whole trees.

use std::ffi::OsString;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use super::{copy, copy_dir, read_link, remove_dir_all, remove_file, rename, symlink, symlink_metadata};
use crate::{Error, Operation, Result};

/// `ENOTDIR`, as Linux has it.
const NOT_A_DIRECTORY: i32 = 20;

/// Moves a file, link or directory, to another file system if need be.
///
/// Within one file system it is [`rename`]. To another, a copy is made beside `to`, takes its name in one step,
/// and only then the original is removed; the copy is as [`copy_dir`] and [`copy`] make it.
///
/// # Errors
///
/// Those of [`rename`]; to another file system also those of copying, after which the original is untouched,
/// and those of removing the original, after which both may be there.
///
/// # Cancellation
///
/// Either name may be complete, or both; a copy that was not complete stays beside `to` with `.moving` in its
/// name.
///
/// ```
/// # async fn example() -> folio::Result<()> {
/// folio::fs::move_path("/tmp/upload", "/srv/files/upload").await?;
/// # Ok(())
/// # }
/// ```
pub async fn move_path(from: impl AsRef<Path>, to: impl AsRef<Path>) -> Result<()> {
    let (from, to) = (from.as_ref(), to.as_ref());
    match rename(from, to).await {
        Err(error) if error.kind() == ErrorKind::CrossesDevices => {}
        other => return other,
    }
    let is_dir = symlink_metadata(from).await?.is_dir();
    if is_dir && is_link_with_slash(from).await? {
        // As `rename` says on one file system. What the link leads to is not what was to be moved.
        let error = Error::io(Operation::Rename, io::Error::from_raw_os_error(NOT_A_DIRECTORY));
        return Err(error.at_path(from).with_target(to));
    }
    let beside = beside(to);
    if let Err(error) = copy_any(from, &beside).await {
        clear_away(&beside).await;
        return Err(error);
    }
    if let Err(error) = rename(&beside, to).await {
        clear_away(&beside).await;
        return Err(error);
    }
    if is_dir { remove_dir_all(from).await } else { remove_file(from).await }
}

/// Whether a path names a link, and by a slash behind it asks for what that leads to.
async fn is_link_with_slash(path: &Path) -> Result<bool> {
    // The parts of a path know nothing of a slash at its end.
    let bare: PathBuf = path.components().collect();
    Ok(bare != Path::new("") && symlink_metadata(bare).await?.is_symlink())
}

async fn copy_any(from: &Path, to: &Path) -> Result<()> {
    let kind = symlink_metadata(from).await?.file_type();
    if kind.is_dir() {
        copy_dir(from, to).await.map(drop)
    } else if kind.is_symlink() {
        symlink(read_link(from).await?, to).await
    } else {
        copy(from, to).await.map(drop)
    }
}

/// A name in the target's directory that nobody uses: by process and number.
fn beside(to: &Path) -> PathBuf {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let mut name = OsString::from(".");
    name.push(to.file_name().unwrap_or_default());
    name.push(format!(".{}-{}.moving", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed)));
    to.with_file_name(name)
}

/// What keeps it from going is less than what went wrong before, which the caller hears of.
async fn clear_away(path: &Path) {
    match symlink_metadata(path).await {
        Ok(metadata) if metadata.is_dir() => drop(remove_dir_all(path).await),
        Ok(_) => drop(remove_file(path).await),
        Err(_) => {}
    }
}
