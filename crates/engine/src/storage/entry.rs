//! One entry of a listing.

use std::ffi::OsString;
use std::fmt;
use std::io;
use std::os::unix::fs::DirEntryExt;
use std::path::{Path, PathBuf};

use super::{FileType, Links, Listed, Metadata, Storage};

/// The entries of a directory, one by one.
pub type Listing = Box<dyn Iterator<Item = io::Result<Entry>> + Send>;

/// One entry of a directory, with the way back to the directory.
pub struct Entry(Source);

enum Source {
    /// Finds the entry even after the directory was renamed.
    Os(std::fs::DirEntry),
    Other {
        directory: PathBuf,
        listed: Listed,
    },
}

impl From<std::fs::DirEntry> for Entry {
    fn from(entry: std::fs::DirEntry) -> Self {
        Entry(Source::Os(entry))
    }
}

impl Entry {
    /// Makes an entry for a storage other than the operating system.
    pub fn new(directory: &Path, listed: Listed) -> Self {
        Entry(Source::Other { directory: directory.to_owned(), listed })
    }

    /// Returns the path: the listed directory's, joined with the entry's name.
    pub fn path(&self) -> PathBuf {
        match &self.0 {
            Source::Os(entry) => entry.path(),
            Source::Other { directory, listed } => directory.join(&listed.name),
        }
    }

    /// Returns the entry's name.
    pub fn file_name(&self) -> OsString {
        match &self.0 {
            Source::Os(entry) => entry.file_name(),
            Source::Other { listed, .. } => listed.name.clone(),
        }
    }

    /// Returns the inode number, which the directory itself keeps.
    pub fn ino(&self) -> u64 {
        match &self.0 {
            Source::Os(entry) => entry.ino(),
            Source::Other { listed, .. } => listed.ino,
        }
    }

    /// Returns the type of the entry itself; `None` if it cannot be found. May block.
    pub fn file_type(&self) -> Option<FileType> {
        match &self.0 {
            Source::Os(entry) => entry.file_type().ok().map(FileType::from),
            Source::Other { listed, .. } => listed.kind.map(FileType::from),
        }
    }

    /// Returns the attributes of the entry itself. May block.
    ///
    /// # Errors
    ///
    /// If the entry is gone, or whatever else the storage returns.
    pub fn metadata(&self, storage: &dyn Storage) -> io::Result<Metadata> {
        match &self.0 {
            Source::Os(entry) => entry.metadata().map(Metadata::from),
            Source::Other { .. } => storage.metadata(&self.path(), Links::NotLast),
        }
    }
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Entry").field(&self.path()).finish()
    }
}
