//! A path that goes when its owner goes.

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use folio_engine::op::{PathOp, PathRequest, names};
use folio_engine::storage::{Clearing, IfTaken};

use crate::checked;
use crate::{Operation, Result};
use folio_engine::Engine as Core;

/// A path and what is to become of it. Dropping it never blocks.
#[derive(Debug)]
pub(super) struct Doomed {
    engine: Core,
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
    pub(super) fn new(engine: &Core, path: &Path, kind: Kind) -> Self {
        let removal = Removal { path: path.to_owned(), kind, ignores_errors: false };
        Doomed { engine: engine.clone(), removal, fate: Fate::Removed }
    }

    pub(super) fn path(&self) -> &Path {
        &self.removal.path
    }

    pub(super) fn engine(&self) -> &Core {
        &self.engine
    }

    /// Renames what is there to `to`, replacing what is there, and lets it stay.
    pub(super) async fn persist(&mut self, to: &Path) -> Result<()> {
        let to = checked::path(Operation::Rename, to)?;
        let rename = names::rename(self.path().to_owned(), to.clone(), IfTaken::Replace, false);
        self.engine.call(rename).await?;
        self.keep_at(to);
        Ok(())
    }

    /// Renames what is there to `to`, which is free, and lets it stay.
    pub(super) async fn persist_noclobber(&mut self, to: &Path) -> Result<()> {
        let to = checked::path(Operation::Rename, to)?;
        let rename = names::rename(self.path().to_owned(), to.clone(), IfTaken::Refuse, false);
        self.engine.call(rename).await?;
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
            self.engine.call(self.removal.request()).await?;
            self.fate = Fate::Gone;
        }
        Ok(())
    }
}

impl Drop for Doomed {
    fn drop(&mut self) {
        if self.is_doomed() {
            self.engine.call_detached(self.removal.request());
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

/// What is to be removed, and how.
#[derive(Debug)]
struct Removal {
    path: PathBuf,
    kind: Kind,
    ignores_errors: bool,
}

impl Removal {
    /// Removes it; that it is gone already is fine.
    fn request(&self) -> impl PathRequest<Reply = ()> + use<> {
        let (kind, goes_on) = (self.kind, self.ignores_errors);
        let operation = match kind {
            Kind::File => Operation::RemoveFile,
            Kind::Directory => Operation::RemoveDir,
        };
        PathOp::new(operation, self.path.clone(), move |storage, path| {
            let removed = match kind {
                Kind::File => storage.remove_file(&path),
                // As CPython has it since 3.8: a directory in it that was made read-only goes too.
                Kind::Directory => storage.clear(&path, Clearing { makes_removable: true, goes_on }),
            };
            match removed {
                Err(error) if is_gone(&error) || goes_on => Ok(()),
                result => result,
            }
        })
    }
}

/// Whether the path itself is missing. Where something below it is, there is more to the error than its number.
fn is_gone(error: &io::Error) -> bool {
    error.kind() == ErrorKind::NotFound && error.raw_os_error().is_some()
}
