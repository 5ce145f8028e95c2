//! Open directories: requests about one, and about the names below it, which no path leaves.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::pages::Pages;
use super::{At, PathOp, PathRequest, at};
use crate::error::{Error, Operation, Result};
use crate::limits::{PATH_BYTES_MAX, WAY_STEP_BYTES};
use crate::storage::{Kind, Links, Listed, StorageDir};

pub use crate::limits::NAMES_BATCH_MAX;

/// An open directory and the path it was opened by, which only messages use. Clones share the directory.
#[derive(Clone)]
pub struct OpenDir {
    dir: Arc<dyn StorageDir>,
    path: Arc<Path>,
}

/// Takes over a directory that is open already.
pub fn adopt(descriptor: OwnedFd) -> impl PathRequest<Reply = OpenDir> {
    PathOp::new(Operation::Open, Path::new("<directory>"), |storage, _| {
        let (dir, path) = storage.adopt_dir(descriptor)?;
        Ok(OpenDir { dir: dir.into(), path: path.into() })
    })
}

/// Opens a directory by its path, following symbolic links.
pub fn open(path: PathBuf) -> impl PathRequest<Reply = OpenDir> {
    PathOp::new(Operation::Open, path, |storage, path| {
        let dir = storage.open_dir(&path, Links::Follow)?.into();
        Ok(OpenDir { dir, path: path.into() })
    })
}

impl fmt::Debug for OpenDir {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenDir").field("path", &self.path).finish_non_exhaustive()
    }
}

/// The operations. Each looks up each of its names once.
impl OpenDir {
    /// A name below the directory.
    pub fn at(&self, name: PathBuf) -> At {
        At::below(self.dir.clone(), self.path.join(&name), name)
    }

    /// Returns the path the directory was opened by.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the port's own handle.
    pub(crate) fn storage(&self) -> Arc<dyn StorageDir> {
        self.dir.clone()
    }

    /// Makes a request about the directory itself; its messages name the directory.
    fn itself<T: Send + 'static, W>(
        &self,
        operation: Operation,
        work: W,
    ) -> impl PathRequest<Reply = T> + use<T, W>
    where
        W: FnOnce(&dyn StorageDir) -> io::Result<T> + Send + 'static,
    {
        let dir = self.dir.clone();
        PathOp::new(operation, self.at(PathBuf::new()), move |_, _| work(&*dir))
    }

    /// Opens the directory once more, for reading.
    pub fn to_std(&self) -> impl PathRequest<Reply = std::fs::File> + use<> {
        self.itself(Operation::Open, |dir| dir.to_std())
    }

    /// Makes the names in the directory survive a power cut.
    pub fn sync(&self) -> impl PathRequest<Reply = ()> + use<> {
        self.itself(Operation::SyncAll, |dir| dir.sync())
    }

    /// Fetches the next names in the directory itself; `None` starts the listing.
    pub fn names(&self, from: Option<OpenNames>) -> impl PathRequest<Reply = NameBatch> + use<> {
        self.itself(Operation::ReadDir, |dir| {
            let listing = match from {
                Some(listing) => listing,
                None => OpenNames::new(dir.names()?),
            };
            let (names, next) = listing.batch(NAMES_BATCH_MAX)?;
            Ok(NameBatch { names, next })
        })
    }

    /// Opens a directory below this one as a root of its own.
    pub fn open_dir(&self, name: PathBuf, links: Links) -> impl PathRequest<Reply = OpenDir> + use<> {
        let path = self.path.join(&name);
        at::on(Operation::Open, self.at(name), move |names, name| {
            Ok(OpenDir { dir: names.open_dir(name, links)?.into(), path: path.into() })
        })
    }

    /// Copies a file to a name below the same or another directory, following symbolic links to both.
    pub fn copy(
        &self,
        from: PathBuf,
        target: &OpenDir,
        to: PathBuf,
    ) -> impl PathRequest<Reply = u64> + use<> {
        at::between(Operation::Copy, self.at(from), target.at(to), |names, from, target, to| {
            names.copy(from, target, to)
        })
    }

    /// Creates the symbolic link `link` containing `original`, which may lead anywhere.
    pub fn symlink(&self, original: PathBuf, link: PathBuf) -> impl PathRequest<Reply = ()> + use<> {
        at::on(Operation::Symlink, self.at(link), move |names, link| names.symlink(&original, link))
    }

    /// Opens a directory and lists all of it. Follows no link on the way; the way may be of any length.
    pub fn step(&self, name: PathBuf) -> impl PathRequest<Reply = Step> + use<> {
        let path = if name.as_os_str().is_empty() { self.path.clone() } else { self.path.join(&name).into() };
        let dir = self.dir.clone();
        PathOp::new(Operation::ReadDir, self.at(name.clone()), move |_, _| {
            let dir: Arc<dyn StorageDir> = open_in_steps(&*dir, &name)?.into();
            let (mut dirs, mut files) = (Vec::new(), Vec::new());
            for listed in dir.names()? {
                let Listed { name, kind, .. } = listed?;
                if kind == Some(Kind::Dir) { dirs.push(name) } else { files.push(name) }
            }
            Ok(Step { dir: OpenDir { dir, path }, dirs, files })
        })
    }

    /// A second descriptor of the directory. Does not block.
    ///
    /// # Errors
    ///
    /// Whatever duplicating it returns; unsupported where the storage has no descriptors.
    pub fn to_fd(&self) -> Result<OwnedFd> {
        self.dir.to_fd().map_err(|error| Error::io(Operation::Open, error).at_path(self.path.clone()))
    }
}

/// Opens a directory without following links. A way that is too long for the kernel is opened part by part.
fn open_in_steps(dir: &dyn StorageDir, way: &Path) -> io::Result<Box<dyn StorageDir>> {
    let mut rest = way.as_os_str().as_bytes();
    let mut reached: Option<Box<dyn StorageDir>> = None;
    loop {
        let here = reached.as_deref().unwrap_or(dir);
        let slash = rest.iter().take(WAY_STEP_BYTES).rposition(|byte| *byte == b'/');
        let (part, behind) = match slash.filter(|_| rest.len() >= PATH_BYTES_MAX) {
            Some(slash) => (&rest[..slash], &rest[slash + 1..]),
            None => (rest, &[][..]),
        };
        let part = if part.is_empty() { b"." } else { part };
        reached = Some(here.open_dir(Path::new(OsStr::from_bytes(part)), Links::Refuse)?);
        match (reached, behind) {
            (Some(dir), []) => return Ok(dir),
            (dir, behind) => (reached, rest) = (dir, behind),
        }
    }
}

/// A directory of a tree, with its entries.
#[derive(Debug)]
pub struct Step {
    /// The directory.
    pub dir: OpenDir,
    /// The names of the directories in it.
    pub dirs: Vec<OsString>,
    /// All other names in it.
    pub files: Vec<OsString>,
}

/// A listing of names between two batches.
pub type OpenNames = Pages<Listed>;

/// Some names, in the directory's order.
#[derive(Debug)]
pub struct NameBatch {
    /// At most [`NAMES_BATCH_MAX`] of them.
    pub names: Vec<Listed>,
    /// How to go on; `None` at the end.
    pub next: Option<OpenNames>,
}
