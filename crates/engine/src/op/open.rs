//! Opening a file.

use std::io;
use std::path::Path;
use std::sync::Arc;

use super::{PathOp, PathRequest, Subject};
use crate::error::Operation;
use crate::exclusive::Exclusive;
use crate::storage::{Identity, Kind, Links, OpenRequest, Opened, Storage, StorageDir, os::Os};

/// Opens a file by its path, or below a directory that must not be left.
pub(crate) fn open(
    path: Arc<Path>,
    below: Option<(Arc<dyn StorageDir>, Arc<Path>)>,
    request: OpenRequest,
) -> impl PathRequest<Reply = Opened> {
    PathOp::new(Operation::Open, Asked { path, below, request }, |storage, asked| match asked.below {
        None => storage.open(&asked.path, &asked.request),
        Some((dir, name)) => dir.open(&name, &asked.request),
    })
    .later(|storage, Asked { path, request, .. }| async move { storage.open(&path, &request).await })
    .in_place(|storage, asked| match asked.below {
        None => storage.open_cached(&asked.path, &asked.request),
        Some(_) => None,
    })
    .again()
}

/// Asks whether what `open` was asked for is a FIFO: sockets and absent devices are refused with the same errno as one
/// without a reader.
pub(crate) fn is_fifo(
    path: Arc<Path>,
    below: Option<(Arc<dyn StorageDir>, Arc<Path>)>,
    request: OpenRequest,
) -> impl PathRequest<Reply = bool> {
    PathOp::new(Operation::Open, Asked { path, below, request }, |storage, asked| {
        let found = match &asked.below {
            None => storage.metadata(&asked.path, Links::Follow),
            Some((dir, name)) => dir.metadata(name, Links::Follow),
        };
        Ok(found?.file_type().kind() == Some(Kind::Fifo))
    })
}

#[derive(Clone)]
struct Asked {
    /// The path to open; for a file below a directory, only the path in messages.
    path: Arc<Path>,
    /// The directory, and the file's name below it.
    below: Option<(Arc<dyn StorageDir>, Arc<Path>)>,
    request: OpenRequest,
}

impl Subject for Asked {
    fn path(&self) -> &Path {
        &self.path
    }

    fn identities(&self, storage: &dyn Storage) -> Vec<Identity> {
        let found = match &self.below {
            None => storage.identity(&self.path),
            Some((dir, name)) => dir.identity(name),
        };
        found.into_iter().collect()
    }
}

/// A user's function that opens a file, given the path and the flags of `open(2)`. It is wrapped so that a future that
/// holds it is `Send`.
pub(crate) type Opener = Exclusive<Box<dyn FnOnce(&Path, i32) -> io::Result<std::fs::File> + Send>>;

/// Opens a file by a user's function, and takes over the file that it returns.
pub(crate) fn open_by(
    path: Arc<Path>,
    flags: i32,
    opener: Opener,
) -> impl PathRequest<Reply = (Opened, OpenRequest, u64)> {
    PathOp::new(Operation::Open, path, move |_, path| Os::new().adopt(opener.into_inner()(&path, flags)?))
}
