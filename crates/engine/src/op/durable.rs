//! Names that survive a power cut: the directory that holds a name is what has to be synced.

use std::io;
use std::path::Path;

use crate::storage::{Names, OpenRequest, StorageFile};

/// The directory that holds a name, open to be synced.
pub(super) struct Parent(Box<dyn StorageFile>);

impl Parent {
    /// Opens it before its names are changed, so that a directory that cannot be synced fails while nothing has happened.
    pub(super) fn of(names: &dyn Names, path: &Path) -> io::Result<Parent> {
        Parent::open(names, directory(path))
    }

    /// Opens a directory itself.
    pub(super) fn open(names: &dyn Names, directory: &Path) -> io::Result<Parent> {
        let reading = OpenRequest::default().read(true);
        names.open(directory, &reading).map(|opened| Parent(opened.file))
    }

    /// Makes the names in it survive a power cut. `EINVAL` is what Linux says for a file system that has no sync of
    /// directories at all: there is nothing more to be had from it.
    pub(super) fn sync(&self) -> io::Result<()> {
        match self.0.sync(true) {
            Err(error) if error.kind() == io::ErrorKind::InvalidInput => Ok(()),
            synced => synced,
        }
    }
}

/// The directory that holds a name. That of a bare name is where the name is looked up from.
pub(super) fn directory(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}
