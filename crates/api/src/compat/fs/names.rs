//! Names: rename, links, removal of files, resolution.

use std::io;
use std::path::{Path, PathBuf};

use super::failure::in_std_words;
use crate::fs;

/// Returns the absolute form of a path with all symbolic links and `..` resolved, by [`fs::canonicalize`].
///
/// # Errors
///
/// Those of [`fs::canonicalize`], in std's words.
///
/// ```
/// # async fn example() -> std::io::Result<()> {
/// let absolute = folio::compat::fs::canonicalize("../config.toml").await?;
/// # Ok(())
/// # }
/// ```
pub async fn canonicalize(path: impl AsRef<Path>) -> io::Result<PathBuf> {
    fs::canonicalize(path).await.map_err(in_std_words)
}

/// Gives the file at `original` the second name `link`, by [`fs::hard_link`].
///
/// # Errors
///
/// Those of [`fs::hard_link`], in std's words.
///
/// ```
/// # async fn example() -> std::io::Result<()> {
/// folio::compat::fs::hard_link("report.txt", "report-backup.txt").await?;
/// # Ok(())
/// # }
/// ```
pub async fn hard_link(original: impl AsRef<Path>, link: impl AsRef<Path>) -> io::Result<()> {
    fs::hard_link(original, link).await.map_err(in_std_words)
}

/// Returns what a symbolic link contains, by [`fs::read_link`].
///
/// # Errors
///
/// Those of [`fs::read_link`], in std's words.
///
/// ```
/// # async fn example() -> std::io::Result<()> {
/// let target = folio::compat::fs::read_link("current").await?;
/// # Ok(())
/// # }
/// ```
pub async fn read_link(path: impl AsRef<Path>) -> io::Result<PathBuf> {
    fs::read_link(path).await.map_err(in_std_words)
}

/// Removes the name of a file, by [`fs::remove_file`].
///
/// # Errors
///
/// Those of [`fs::remove_file`], in std's words.
///
/// ```
/// # async fn example() -> std::io::Result<()> {
/// folio::compat::fs::remove_file("old.log").await?;
/// # Ok(())
/// # }
/// ```
pub async fn remove_file(path: impl AsRef<Path>) -> io::Result<()> {
    fs::remove_file(path).await.map_err(in_std_words)
}

/// Renames a file or directory, replacing what `to` named in one step, by [`fs::rename`].
///
/// # Errors
///
/// Those of [`fs::rename`], in std's words.
///
/// ```
/// # async fn example() -> std::io::Result<()> {
/// folio::compat::fs::rename("upload.part", "upload.bin").await?;
/// # Ok(())
/// # }
/// ```
pub async fn rename(from: impl AsRef<Path>, to: impl AsRef<Path>) -> io::Result<()> {
    fs::rename(from, to).await.map_err(in_std_words)
}

/// Creates the symbolic link `link` containing `original`, by [`fs::symlink`].
///
/// # Errors
///
/// Those of [`fs::symlink`], in std's words.
///
/// ```
/// # async fn example() -> std::io::Result<()> {
/// folio::compat::fs::symlink("release-7", "current").await?;
/// # Ok(())
/// # }
/// ```
pub async fn symlink(original: impl AsRef<Path>, link: impl AsRef<Path>) -> io::Result<()> {
    fs::symlink(original, link).await.map_err(in_std_words)
}
