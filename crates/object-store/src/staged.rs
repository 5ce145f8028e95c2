//! Files that are written under a staging name and then take the name they are for.

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use folio_engine::op::PathRequest;
use folio_engine::op::tree::{Creation, create_dir, sync_dir};
use folio_engine::storage::{IfTaken, OpenRequest, Storage, StorageFile};

use crate::names::staging;

/// Creates a file beside `path` under the first staging name that is free, and the directories on the way to it.
pub(crate) fn create(
    storage: &dyn Storage,
    path: &Path,
    durable: bool,
) -> io::Result<(Box<dyn StorageFile>, PathBuf)> {
    let request = OpenRequest::default().read(true).write(true).create_new(true);
    first_free(storage, path, durable, |staged| storage.open(staged, &request).map(|opened| opened.file))
}

/// Carries out `take` with the first staging name of `path` that it does not find taken.
pub(crate) fn first_free<T>(
    storage: &dyn Storage,
    path: &Path,
    durable: bool,
    mut take: impl FnMut(&Path) -> io::Result<T>,
) -> io::Result<(T, PathBuf)> {
    let mut number = 1;
    let mut has_parents = false;
    loop {
        let staged = staging(path, number);
        match take(&staged) {
            Ok(taken) => return Ok((taken, staged)),
            Err(error) => match error.kind() {
                ErrorKind::AlreadyExists => number += 1,
                // Once: a directory may be removed again, and then the error is what there is to say.
                ErrorKind::NotFound if !has_parents => {
                    create_parents(storage, path, durable)?;
                    has_parents = true;
                }
                _ => return Err(error),
            },
        }
    }
}

/// Creates the directories on the way to `path`.
pub(crate) fn create_parents(storage: &dyn Storage, path: &Path, durable: bool) -> io::Result<()> {
    let Some(parent) = path.parent() else { return Ok(()) };
    let how = Creation { recursive: true, mode: None, durable };
    create_dir(parent.to_owned(), how).execute(storage).map_err(|error| match error.kind() {
        // It is not the object that is there already.
        ErrorKind::AlreadyExists => io::Error::new(ErrorKind::NotADirectory, error),
        _ => error,
    })
}

/// Gives what was written the name it is for, and makes it durable if that was asked for. A failed close, by which NFS and
/// FUSE say that bytes were lost, comes before the name.
pub(crate) fn publish(
    file: &dyn StorageFile,
    litter: Litter<'_>,
    path: &Path,
    if_taken: IfTaken,
    durable: bool,
) -> io::Result<()> {
    let storage = litter.storage;
    if durable {
        file.sync(true)?;
    }
    file.close()?;
    storage.rename_with(litter.path(), storage, path, if_taken)?;
    // From here on the staging name is free for others, and none of this one's to remove.
    litter.keep();
    if durable { sync_parent(storage, path) } else { Ok(()) }
}

/// Makes the name of a file durable.
pub(crate) fn sync_parent(storage: &dyn Storage, path: &Path) -> io::Result<()> {
    path.parent().map_or(Ok(()), |parent| sync_dir(parent.to_owned()).execute(storage))
}

/// A staging name that goes unless it is kept: at an error, at a panic of the storage.
pub(crate) struct Litter<'a> {
    storage: &'a dyn Storage,
    path: Option<PathBuf>,
}

impl<'a> Litter<'a> {
    pub(crate) fn new(storage: &'a dyn Storage, path: PathBuf) -> Self {
        Litter { storage, path: Some(path) }
    }

    pub(crate) fn path(&self) -> &Path {
        self.path.as_deref().expect("it is taken by `keep`, which consumes it")
    }

    /// Leaves the name as it is.
    pub(crate) fn keep(mut self) {
        self.path = None;
    }
}

impl Drop for Litter<'_> {
    fn drop(&mut self) {
        if let Some(path) = self.path.take() {
            // That it cannot be removed is less than what went wrong before.
            drop(self.storage.remove_file(&path));
        }
    }
}
