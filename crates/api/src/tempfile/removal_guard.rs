//! A guard that removes a path when it is dropped.

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use folio_engine::op::{PathOp, PathRequest, names};
use folio_engine::storage::{Clearing, IfTaken};

use crate::checked;
use crate::{Operation, Result};
use folio_engine::Engine as Core;

/// Removes a path when it is dropped, while it is armed. The drop never blocks.
#[derive(Debug)]
pub(super) struct RemovalGuard {
    engine: Core,
    removal: Removal,
    state: State,
}

/// What becomes of the path when the guard is dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// A worker removes the path.
    Armed,
    /// The path stays.
    Kept,
    /// The path has been removed already.
    Removed,
}

impl RemovalGuard {
    /// Arms a guard for what has just been created at `path`.
    pub(super) fn new(engine: &Core, path: &Path, kind: Kind) -> Self {
        let removal = Removal { path: path.to_owned(), kind, ignores_errors: false };
        RemovalGuard { engine: engine.clone(), removal, state: State::Armed }
    }

    pub(super) fn path(&self) -> &Path {
        &self.removal.path
    }

    pub(super) fn engine(&self) -> &Core {
        &self.engine
    }

    /// Renames the path to `to`, which may exist, and keeps it.
    pub(super) async fn persist(&mut self, to: &Path) -> Result<()> {
        let to = checked::path(Operation::Rename, to)?;
        let rename = names::rename(self.path().to_owned(), to.clone(), IfTaken::Replace, false);
        self.engine.call(rename).await?;
        self.keep_at(to);
        Ok(())
    }

    /// Renames the path to `to`, which must not exist, and keeps it.
    pub(super) async fn persist_noclobber(&mut self, to: &Path) -> Result<()> {
        let to = checked::path(Operation::Rename, to)?;
        let rename = names::rename(self.path().to_owned(), to.clone(), IfTaken::Refuse, false);
        self.engine.call(rename).await?;
        self.keep_at(to);
        Ok(())
    }

    /// Whether the drop removes the path.
    pub(super) fn is_armed(&self) -> bool {
        self.state == State::Armed
    }

    pub(super) fn ignore_errors(&mut self) {
        self.removal.ignores_errors = true;
    }

    /// Disarms the guard: the path stays.
    pub(super) fn keep(&mut self) {
        self.state = State::Kept;
    }

    /// Disarms the guard of a file that was renamed to `path`.
    fn keep_at(&mut self, path: PathBuf) {
        self.removal.path = path;
        self.state = State::Kept;
    }

    /// Removes the path now, at most once. After a failure, the next call or the drop tries again.
    pub(super) async fn remove(&mut self) -> Result<()> {
        if self.state != State::Removed {
            self.engine.call(self.removal.request()).await?;
            self.state = State::Removed;
        }
        Ok(())
    }
}

impl Drop for RemovalGuard {
    fn drop(&mut self) {
        if self.is_armed() {
            self.engine.call_detached(self.removal.request());
        }
    }
}

/// What a guard removes.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    /// One name of a file.
    File,
    /// A directory and its contents.
    Directory,
}

/// How a path is removed.
#[derive(Debug)]
struct Removal {
    path: PathBuf,
    kind: Kind,
    ignores_errors: bool,
}

impl Removal {
    /// Builds the request that removes the path; a path that is gone already is no failure.
    fn request(&self) -> impl PathRequest<Reply = ()> + use<> {
        let (kind, goes_on) = (self.kind, self.ignores_errors);
        let operation = match kind {
            Kind::File => Operation::RemoveFile,
            Kind::Directory => Operation::RemoveDir,
        };
        PathOp::new(operation, self.path.clone(), move |storage, path| {
            let removed = match kind {
                Kind::File => storage.remove_file(&path),
                // Like CPython since 3.8: read-only directories in it are removed too.
                Kind::Directory => storage.clear(&path, Clearing { makes_removable: true, goes_on }),
            };
            match removed {
                Err(error) if is_gone(&error) || goes_on => Ok(()),
                result => result,
            }
        })
    }
}

/// Whether the path itself is missing. An error about an entry below it has no bare errno.
fn is_gone(error: &io::Error) -> bool {
    error.kind() == ErrorKind::NotFound && error.raw_os_error().is_some()
}
