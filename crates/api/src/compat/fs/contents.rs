//! Whole files: read all, write all, copy.

use std::io;
use std::path::Path;

use super::failure::in_std_words;
use crate::fs;

/// Copies the contents and the permissions of a file, by [`fs::copy`]; returns the bytes copied.
///
/// # Errors
///
/// Those of [`fs::copy`], in std's words.
///
/// ```
/// # async fn example() -> std::io::Result<()> {
/// let bytes = folio::compat::fs::copy("data.bin", "data.backup").await?;
/// # Ok(())
/// # }
/// ```
pub async fn copy(from: impl AsRef<Path>, to: impl AsRef<Path>) -> Result<u64, io::Error> {
    fs::copy(from, to).await.map_err(in_std_words)
}

/// Reads a file from its beginning to its end, by [`fs::read`].
///
/// # Errors
///
/// Those of [`fs::read`], in std's words.
///
/// ```
/// # async fn example() -> std::io::Result<()> {
/// let image: Vec<u8> = folio::compat::fs::read("photo.jpg").await?;
/// # Ok(())
/// # }
/// ```
pub async fn read(path: impl AsRef<Path>) -> io::Result<Vec<u8>> {
    fs::read(path).await.map_err(in_std_words)
}

/// Reads a file of UTF-8 text, by [`fs::read_to_string`].
///
/// # Errors
///
/// Those of [`fs::read_to_string`], in std's words.
///
/// ```
/// # async fn example() -> std::io::Result<()> {
/// let config: String = folio::compat::fs::read_to_string("config.toml").await?;
/// # Ok(())
/// # }
/// ```
pub async fn read_to_string(path: impl AsRef<Path>) -> io::Result<String> {
    fs::read_to_string(path).await.map_err(in_std_words)
}

/// Makes a file hold exactly `contents`, by [`fs::write`].
///
/// # Errors
///
/// Those of [`fs::write`], in std's words.
///
/// ```
/// # async fn example() -> std::io::Result<()> {
/// folio::compat::fs::write("greeting.txt", "Hello").await?;
/// # Ok(())
/// # }
/// ```
pub async fn write(path: impl AsRef<Path>, contents: impl AsRef<[u8]>) -> io::Result<()> {
    fs::write(path, contents).await.map_err(in_std_words)
}
