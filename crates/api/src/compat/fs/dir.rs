//! Directories: making and removing.

use std::io;
use std::path::Path;

use super::failure::in_std_words;
use crate::fs;

/// Creates one directory, by [`fs::create_dir`].
///
/// # Errors
///
/// Those of [`fs::create_dir`], in std's words.
///
/// ```
/// # async fn example() -> std::io::Result<()> {
/// folio::compat::fs::create_dir("out").await?;
/// # Ok(())
/// # }
/// ```
pub async fn create_dir(path: impl AsRef<Path>) -> io::Result<()> {
    fs::create_dir(path).await.map_err(in_std_words)
}

/// Creates a directory and every missing parent, by [`fs::create_dir_all`].
///
/// # Errors
///
/// Those of [`fs::create_dir_all`], in std's words.
///
/// ```
/// # async fn example() -> std::io::Result<()> {
/// folio::compat::fs::create_dir_all("out/2026/07").await?;
/// # Ok(())
/// # }
/// ```
pub async fn create_dir_all(path: impl AsRef<Path>) -> io::Result<()> {
    fs::create_dir_all(path).await.map_err(in_std_words)
}

/// Removes an empty directory, by [`fs::remove_dir`].
///
/// # Errors
///
/// Those of [`fs::remove_dir`], in std's words.
///
/// ```
/// # async fn example() -> std::io::Result<()> {
/// folio::compat::fs::remove_dir("out").await?;
/// # Ok(())
/// # }
/// ```
pub async fn remove_dir(path: impl AsRef<Path>) -> io::Result<()> {
    fs::remove_dir(path).await.map_err(in_std_words)
}

/// Removes a directory and everything in it, by [`fs::remove_dir_all`].
///
/// # Errors
///
/// Those of [`fs::remove_dir_all`], in std's words.
///
/// ```
/// # async fn example() -> std::io::Result<()> {
/// folio::compat::fs::remove_dir_all("target").await?;
/// # Ok(())
/// # }
/// ```
pub async fn remove_dir_all(path: impl AsRef<Path>) -> io::Result<()> {
    fs::remove_dir_all(path).await.map_err(in_std_words)
}

/// Creates directories with other permissions than the usual, or with their parents.
///
/// ```
/// # async fn example() -> std::io::Result<()> {
/// folio::compat::fs::DirBuilder::new().recursive(true).mode(0o700).create("private/keys").await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Default)]
pub struct DirBuilder {
    inner: fs::DirBuilder,
}

impl DirBuilder {
    /// Starts with one directory and the permissions `0o777` before the umask.
    pub fn new() -> Self {
        DirBuilder::default()
    }

    /// Sets whether missing parents are created too; a directory that exists is then no error.
    pub fn recursive(&mut self, recursive: bool) -> &mut Self {
        self.inner.recursive(recursive);
        self
    }

    /// Sets the permission bits of every directory created, before the umask.
    pub fn mode(&mut self, mode: u32) -> &mut Self {
        self.inner.mode(mode);
        self
    }

    /// Creates the directory.
    ///
    /// # Errors
    ///
    /// Those of [`fs::DirBuilder::create`], in std's words.
    pub async fn create(&self, path: impl AsRef<Path>) -> io::Result<()> {
        self.inner.create(path).await.map_err(in_std_words)
    }
}
