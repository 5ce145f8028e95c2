//! Names: renaming, linking, removing and resolving them.

use std::path::{Path, PathBuf};

use folio_engine::Engine;
use folio_engine::op::names;

use crate::checked;
use crate::dir::options::{RemoveOptions, RenameOptions};
use crate::{Operation, Result};

/// Returns the absolute form of a path with all symbolic links and `..` resolved.
///
/// # Errors
///
/// If the path does not exist, or a component other than the last is not a directory.
///
/// ```
/// # async fn example() -> folio::Result<()> {
/// let absolute = folio::fs::canonicalize("../config.toml").await?;
/// # Ok(())
/// # }
/// ```
pub async fn canonicalize(path: impl AsRef<Path>) -> Result<PathBuf> {
    let path = checked::path(Operation::Canonicalize, path)?;
    Engine::current()?.call(names::canonicalize(path)).await
}

/// Gives the file at `original` the second name `link`.
///
/// # Errors
///
/// If `original` is missing or a directory, `link` exists, or the two are on different file systems.
///
/// ```
/// # async fn example() -> folio::Result<()> {
/// folio::fs::hard_link("report.txt", "report-backup.txt").await?;
/// # Ok(())
/// # }
/// ```
pub async fn hard_link(original: impl AsRef<Path>, link: impl AsRef<Path>) -> Result<()> {
    let original = checked::path(Operation::HardLink, original)?;
    let link = checked::path(Operation::HardLink, link)?;
    Engine::current()?.call(names::hard_link(original, link)).await
}

/// Returns the path that a symbolic link contains, unresolved.
///
/// # Errors
///
/// If the path is missing or not a symbolic link.
///
/// ```
/// # async fn example() -> folio::Result<()> {
/// let target = folio::fs::read_link("current").await?;
/// # Ok(())
/// # }
/// ```
pub async fn read_link(path: impl AsRef<Path>) -> Result<PathBuf> {
    let path = checked::path(Operation::ReadLink, path)?;
    Engine::current()?.call(names::read_link(path)).await
}

/// Removes the name of a file; the file itself is freed with its last name and last open handle.
///
/// # Errors
///
/// If the path is missing or a directory, or its directory may not be changed.
///
/// ```
/// # async fn example() -> folio::Result<()> {
/// folio::fs::remove_file("old.log").await?;
/// # Ok(())
/// # }
/// ```
pub async fn remove_file(path: impl AsRef<Path>) -> Result<()> {
    RemoveOptions::new().remove_file(path).await
}

/// Renames a file or directory, replacing what `to` named in one step.
///
/// The new name survives a power cut only once its directory has been synced: [`RenameOptions`] can see to that.
///
/// # Errors
///
/// If `from` is missing, the two are on different file systems, or `to` is a directory that is not empty or
/// not a directory while `from` is one.
///
/// ```
/// # async fn example() -> folio::Result<()> {
/// folio::fs::rename("upload.part", "upload.bin").await?;
/// # Ok(())
/// # }
/// ```
pub async fn rename(from: impl AsRef<Path>, to: impl AsRef<Path>) -> Result<()> {
    RenameOptions::new().rename(from, to).await
}

/// Creates the symbolic link `link` containing `original`, which need not exist.
///
/// A relative `original` is resolved from the directory of the link, not from the working directory.
///
/// # Errors
///
/// If `link` exists or `original` is empty.
///
/// ```
/// # async fn example() -> folio::Result<()> {
/// folio::fs::symlink("release-7", "current").await?;
/// # Ok(())
/// # }
/// ```
pub async fn symlink(original: impl AsRef<Path>, link: impl AsRef<Path>) -> Result<()> {
    let original = checked::path(Operation::Symlink, original)?;
    let link = checked::path(Operation::Symlink, link)?;
    Engine::current()?.call(names::symlink(original, link)).await
}
