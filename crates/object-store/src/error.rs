//! Errors in object_store's words.

use std::fmt;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use object_store::Error;

/// What object_store's errors call this store.
pub(crate) const STORE: &str = "FolioStore";

/// What goes wrong without a failure of the disk.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refused {
    #[error("names that end in `#` and digits are kept for files that are being written: {0}")]
    Name(String),
    #[error("range {start}..{end} is not within the {len} bytes of the file {path}", path = path.display())]
    Range { path: PathBuf, start: u64, end: u64, len: u64 },
    #[error("neither a file nor a directory: {path}", path = .0.display())]
    NotAFile(PathBuf),
    #[error("a symbolic link leads back to a directory above it: {path}", path = .0.display())]
    Circle(PathBuf),
    #[error("the upload has ended")]
    Ended,
    #[error("{0} parts of the upload were not written, or failed")]
    Unwritten(usize),
}

impl From<Refused> for Error {
    fn from(refused: Refused) -> Self {
        generic(refused)
    }
}

/// An error that no other kind of object_store's describes.
pub(crate) fn generic(source: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::Generic { store: STORE, source: Box::new(source) }
}

/// An error of the engine, which names the operation and the path.
pub(crate) fn of_engine(error: folio_engine::Error) -> Error {
    let path = error.path().map(Path::to_owned).unwrap_or_default();
    sort(error.kind(), &path, &path, error)
}

/// An error of a request that leads from one name `to` another, which may be taken.
pub(crate) fn of_two_names(error: folio_engine::Error, to: &Path) -> Error {
    let from = error.path().map(Path::to_owned).unwrap_or_default();
    sort(error.kind(), &from, to, error)
}

/// A failed call within a request that has an answer of its own for it.
pub(crate) fn of_call(path: &Path, error: io::Error) -> Error {
    sort(error.kind(), path, path, error)
}

fn sort(
    kind: ErrorKind,
    missing: &Path,
    taken: &Path,
    error: impl std::error::Error + Send + Sync + 'static,
) -> Error {
    let name = |path: &Path| path.to_string_lossy().into_owned();
    match kind {
        ErrorKind::NotFound => Error::NotFound { path: name(missing), source: Box::new(error) },
        ErrorKind::AlreadyExists => Error::AlreadyExists { path: name(taken), source: Box::new(error) },
        _ => generic(error),
    }
}

/// Says that the store does not have something that object_store foresees, as `LocalFileSystem` says it.
pub(crate) fn not_implemented(what: &str, store: &impl fmt::Display) -> Error {
    Error::NotImplemented { operation: what.to_owned(), implementer: store.to_string() }
}
