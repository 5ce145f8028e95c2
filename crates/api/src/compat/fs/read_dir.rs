//! Listing a directory.

use std::ffi::OsString;
use std::fs::{FileType, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::task::{Context, Poll};

use super::failure::{in_std_words, std_own};
use crate::fs;

/// Opens a directory for listing, by [`fs::read_dir`].
///
/// # Errors
///
/// Those of [`fs::read_dir`], in std's words.
///
/// ```
/// # async fn example() -> std::io::Result<()> {
/// let mut entries = folio::compat::fs::read_dir(".").await?;
/// while let Some(entry) = entries.next_entry().await? {
///     println!("{:?}", entry.file_name());
/// }
/// # Ok(())
/// # }
/// ```
pub async fn read_dir(path: impl AsRef<Path>) -> io::Result<ReadDir> {
    fs::read_dir(path).await.map(ReadDir).map_err(in_std_words)
}

/// The entries of a directory, in no particular order and without `.` and `..`.
#[derive(Debug)]
#[must_use = "streams do nothing unless polled"]
pub struct ReadDir(fs::ReadDir);

impl ReadDir {
    /// Returns the next entry, or `None` at the end.
    ///
    /// # Errors
    ///
    /// Those of [`fs::ReadDir::next_entry`], in std's words.
    ///
    /// # Cancellation
    ///
    /// No entry is lost.
    pub async fn next_entry(&mut self) -> io::Result<Option<DirEntry>> {
        self.0.next_entry().await.map(|entry| entry.map(DirEntry)).map_err(in_std_words)
    }

    /// Polls for the next entry: `Ready(Ok(None))` is the end. After `Pending`, the waker of the last call alone is woken.
    ///
    /// # Errors
    ///
    /// As [`next_entry`](ReadDir::next_entry).
    pub fn poll_next_entry(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Option<DirEntry>>> {
        self.0.poll_next_entry(cx).map(|next| next.map(|entry| entry.map(DirEntry)).map_err(in_std_words))
    }
}

/// One entry of a directory.
#[derive(Debug)]
pub struct DirEntry(fs::DirEntry);

impl DirEntry {
    /// Returns the path given to [`read_dir`] with the entry's name joined.
    pub fn path(&self) -> PathBuf {
        self.0.path()
    }

    /// Returns the entry's name.
    pub fn file_name(&self) -> OsString {
        self.0.file_name()
    }

    /// Returns the inode number, which the directory itself tells.
    pub fn ino(&self) -> u64 {
        self.0.ino()
    }

    /// Returns the attributes of the entry itself, even where it is a symbolic link.
    ///
    /// # Errors
    ///
    /// Those of [`fs::DirEntry::metadata`], in std's words.
    pub async fn metadata(&self) -> io::Result<Metadata> {
        std_own(self.0.metadata().await.map_err(in_std_words)?.into_std())
    }

    /// Returns the type of the entry itself, even where it is a symbolic link.
    ///
    /// # Errors
    ///
    /// Those of [`fs::DirEntry::file_type`], in std's words.
    pub async fn file_type(&self) -> io::Result<FileType> {
        std_own(self.0.file_type().await.map_err(in_std_words)?.into_std())
    }
}
