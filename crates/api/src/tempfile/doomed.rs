//! A path that goes when its owner goes.

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use folio_engine::op::PathRequest;
use folio_engine::op::names::{Rename, RenameNoclobber};
use folio_engine::storage::{Clearing, Storage};

use crate::checked;
use crate::{Engine, Operation, Result};

/// A path and what is to become of it. Dropping it never blocks.
#[derive(Debug)]
pub(super) struct Doomed {
    engine: Engine,
    removal: Removal,
    fate: Fate,
}

/// What dropping does to the path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    /// A worker removes it.
    Removed,
    /// It stays.
    Kept,
    /// Nothing: it has been removed.
    Gone,
}

impl Doomed {
    /// Takes charge of what has just been created at `path`.
    pub(super) fn new(engine: &Engine, path: &Path, kind: Kind) -> Self {
        let removal = Removal { path: path.to_owned(), kind, ignores_errors: false };
        Doomed { engine: engine.clone(), removal, fate: Fate::Removed }
    }

    pub(super) fn path(&self) -> &Path {
        &self.removal.path
    }

    pub(super) fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Renames what is there to `to`, replacing what is there, and lets it stay.
    pub(super) async fn persist(&mut self, to: &Path) -> Result<()> {
        let to = checked::path(Operation::Rename, to)?;
        self.engine.call(Rename { from: self.path().to_owned(), to: to.clone() }).await?;
        self.keep_at(to);
        Ok(())
    }

    /// Renames what is there to `to`, which is free, and lets it stay.
    pub(super) async fn persist_noclobber(&mut self, to: &Path) -> Result<()> {
        let to = checked::path(Operation::Rename, to)?;
        self.engine.call(RenameNoclobber { from: self.path().to_owned(), to: to.clone() }).await?;
        self.keep_at(to);
        Ok(())
    }

    /// Whether dropping removes the path.
    pub(super) fn is_doomed(&self) -> bool {
        self.fate == Fate::Removed
    }

    pub(super) fn ignore_errors(&mut self) {
        self.removal.ignores_errors = true;
    }

    /// Lets the path stay.
    pub(super) fn keep(&mut self) {
        self.fate = Fate::Kept;
    }

    /// Lets what was there stay, which has moved to `path`.
    fn keep_at(&mut self, path: PathBuf) {
        self.removal.path = path;
        self.fate = Fate::Kept;
    }

    /// Removes the path now, once. A failure leaves it to the next attempt or to the drop.
    pub(super) async fn remove(&mut self) -> Result<()> {
        if self.fate != Fate::Gone {
            self.engine.call(self.removal.clone()).await?;
            self.fate = Fate::Gone;
        }
        Ok(())
    }
}

impl Drop for Doomed {
    fn drop(&mut self) {
        if self.is_doomed() {
            self.engine.call_detached(self.removal.clone());
        }
    }
}

/// What kind of thing is to be removed.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    /// One name of a file.
    File,
    /// A directory and all that it holds.
    Directory,
}

/// Removes a path; that it is gone already is fine.
#[derive(Clone, Debug)]
struct Removal {
    path: PathBuf,
    kind: Kind,
    ignores_errors: bool,
}

impl PathRequest for Removal {
    type Reply = ();

    fn operation(&self) -> Operation {
        match self.kind {
            Kind::File => Operation::RemoveFile,
            Kind::Directory => Operation::RemoveDir,
        }
    }

    fn path(&self) -> &Path {
        &self.path
    }

    fn execute(self, storage: &dyn Storage) -> io::Result<()> {
        let removed = match self.kind {
            Kind::File => storage.remove_file(&self.path),
            // As CPython has it since 3.8: a directory in it that was made read-only goes too.
            Kind::Directory => {
                let how = Clearing { makes_removable: true, goes_on: self.ignores_errors };
                storage.clear(&self.path, how)
            }
        };
        match removed {
            Err(error) if is_gone(&error) || self.ignores_errors => Ok(()),
            result => result,
        }
    }
}

/// Whether the path itself is missing. Where something below it is, there is more to the error than its number.
fn is_gone(error: &io::Error) -> bool {
    error.kind() == ErrorKind::NotFound && error.raw_os_error().is_some()
}
