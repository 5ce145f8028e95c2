//! Operations below an open directory: whatever has a name there, and nothing else.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::fs::Permissions;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::whole::{Whole, read_opened, reading};
use super::{PathOp, PathRequest, Subject};
use crate::error::{Error, Operation, Result, Worded};
use crate::exclusive::Exclusive;
use crate::limits::{CREATES_MAX, PATH_BYTES_MAX, WAY_STEP_BYTES};
use crate::storage::{
    Identity, Kind, Links, Listed, Metadata, Mode, NameListing, Stamps, Storage, StorageDir,
};

pub use crate::limits::NAMES_BATCH_MAX;

/// An open directory and the path it was opened by, which is for messages alone. Clones share it.
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
        let dir = storage.open_dir(&path)?.into();
        Ok(OpenDir { dir, path: path.into() })
    })
}

/// A name below an open directory.
struct Below {
    dir: Arc<dyn StorageDir>,
    name: PathBuf,
    /// For messages.
    path: PathBuf,
}

impl Subject for Below {
    fn path(&self) -> &Path {
        &self.path
    }

    fn identities(&self, _storage: &dyn Storage) -> Vec<Identity> {
        let metadata = self.dir.metadata(&self.name, Links::Follow);
        metadata.map(|metadata| Identity::of(&metadata)).into_iter().collect()
    }
}

/// From one name to another.
impl Subject for (Below, Below) {
    fn path(&self) -> &Path {
        &self.0.path
    }

    fn target(&self) -> Option<&Path> {
        Some(&self.1.path)
    }

    fn identities(&self, storage: &dyn Storage) -> Vec<Identity> {
        [&self.0, &self.1].into_iter().flat_map(|below| below.identities(storage)).collect()
    }
}

impl fmt::Debug for OpenDir {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenDir").field("path", &self.path).finish_non_exhaustive()
    }
}

/// The operations. Each is one look-up of each of its names.
impl OpenDir {
    fn at(&self, name: PathBuf) -> Below {
        Below { dir: self.dir.clone(), path: self.path.join(&name), name }
    }

    fn below<T: Send + 'static, W>(
        &self,
        operation: Operation,
        name: PathBuf,
        work: W,
    ) -> impl PathRequest<Reply = T> + use<T, W>
    where
        W: FnOnce(&dyn StorageDir, &Path) -> io::Result<T> + Send + 'static,
    {
        PathOp::new(operation, self.at(name), |_, Below { dir, name, .. }| work(&*dir, &name))
    }

    fn between<T: Send + 'static, W>(
        &self,
        operation: Operation,
        from: PathBuf,
        target: &OpenDir,
        to: PathBuf,
        work: W,
    ) -> impl PathRequest<Reply = T> + use<T, W>
    where
        W: FnOnce(&dyn StorageDir, &Path, &dyn StorageDir, &Path) -> io::Result<T> + Send + 'static,
    {
        PathOp::new(operation, (self.at(from), target.at(to)), |_, (from, to)| {
            work(&*from.dir, &from.name, &*to.dir, &to.name)
        })
    }

    /// Returns the path the directory was opened by.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the port's own handle.
    pub(crate) fn storage(&self) -> Arc<dyn StorageDir> {
        self.dir.clone()
    }

    /// Opens a directory as a root of its own.
    pub fn open_dir(&self, name: PathBuf, links: Links) -> impl PathRequest<Reply = OpenDir> + use<> {
        let path = self.path.join(&name);
        self.below(Operation::Open, name, move |dir, name| {
            Ok(OpenDir { dir: dir.open_dir(name, links)?.into(), path: path.into() })
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

    /// Opens the directory once more, for reading.
    pub fn to_std(&self) -> impl PathRequest<Reply = std::fs::File> + use<> {
        self.below(Operation::Open, PathBuf::new(), |dir, _| dir.to_std())
    }

    /// Resolves a name to the way to it from the directory.
    pub fn canonicalize(&self, name: PathBuf) -> impl PathRequest<Reply = PathBuf> + use<> {
        self.below(Operation::Canonicalize, name, |dir, name| dir.canonicalize(name))
    }

    /// Copies a file to a name below the same or another directory.
    pub fn copy(
        &self,
        from: PathBuf,
        target: &OpenDir,
        to: PathBuf,
    ) -> impl PathRequest<Reply = u64> + use<> {
        self.between(Operation::Copy, from, target, to, |dir, from, target, to| dir.copy(from, target, to))
    }

    /// Asks for attributes.
    pub fn metadata(&self, name: PathBuf, links: Links) -> impl PathRequest<Reply = Metadata> + use<> {
        self.below(Operation::Metadata, name, move |dir, name| dir.metadata(name, links))
    }

    /// Asks whether a name leads to something; only "not found" is a no.
    pub fn exists(&self, name: PathBuf) -> impl PathRequest<Reply = bool> + use<> {
        self.below(Operation::Metadata, name, |dir, name| match dir.metadata(name, Links::Follow) {
            Ok(_) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        })
    }

    /// Asks whether a name may be used in certain ways. What leads out of the directory is a no as well.
    pub fn access(&self, name: PathBuf, mode: Mode) -> impl PathRequest<Reply = bool> + use<> {
        self.below(Operation::Access, name, move |dir, name| match dir.access(name, mode) {
            Ok(()) => Ok(true),
            // Not a no of the kernel's: this storage cannot tell.
            Err(error) if Worded::errno_of(&error).is_none() => Err(error),
            Err(_) => Ok(false),
        })
    }

    /// Creates a directory, or with `recursive` every missing parent too.
    pub fn create_dir(
        &self,
        name: PathBuf,
        recursive: bool,
        mode: Option<u32>,
    ) -> impl PathRequest<Reply = ()> + use<> {
        self.below(Operation::CreateDir, name, move |dir, name| {
            if recursive { create_dirs(dir, name, mode) } else { dir.create_dir(name, mode) }
        })
    }

    /// Removes a directory, or with `recursive` everything in it too.
    pub fn remove_dir(&self, name: PathBuf, recursive: bool) -> impl PathRequest<Reply = ()> + use<> {
        self.below(Operation::RemoveDir, name, move |dir, name| dir.remove_dir(name, recursive))
    }

    /// Removes the name of a file.
    pub fn remove_file(&self, name: PathBuf) -> impl PathRequest<Reply = ()> + use<> {
        self.below(Operation::RemoveFile, name, |dir, name| dir.remove_file(name))
    }

    /// Renames to a name below the same or another directory.
    pub fn rename(
        &self,
        from: PathBuf,
        target: &OpenDir,
        to: PathBuf,
    ) -> impl PathRequest<Reply = ()> + use<> {
        self.between(Operation::Rename, from, target, to, |dir, from, target, to| {
            dir.rename(from, target, to)
        })
    }

    /// Gives a file a second name below the same or another directory.
    pub fn hard_link(
        &self,
        original: PathBuf,
        target: &OpenDir,
        link: PathBuf,
    ) -> impl PathRequest<Reply = ()> + use<> {
        self.between(Operation::HardLink, original, target, link, |dir, from, target, to| {
            dir.hard_link(from, target, to)
        })
    }

    /// Creates the symbolic link `link` containing `original`.
    pub fn symlink(&self, original: PathBuf, link: PathBuf) -> impl PathRequest<Reply = ()> + use<> {
        self.below(Operation::Symlink, link, move |dir, link| dir.symlink(&original, link))
    }

    /// Reads what a symbolic link contains.
    pub fn read_link(&self, name: PathBuf) -> impl PathRequest<Reply = PathBuf> + use<> {
        self.below(Operation::ReadLink, name, |dir, name| dir.read_link(name))
    }

    /// Changes permissions.
    pub fn set_permissions(
        &self,
        name: PathBuf,
        permissions: Permissions,
    ) -> impl PathRequest<Reply = ()> + use<> {
        self.below(Operation::SetPermissions, name, |dir, name| dir.set_permissions(name, permissions))
    }

    /// Changes times.
    pub fn set_times(
        &self,
        name: PathBuf,
        times: Stamps,
        links: Links,
    ) -> impl PathRequest<Reply = ()> + use<> {
        self.below(Operation::SetTimes, name, move |dir, name| dir.set_times(name, &times, links))
    }

    /// Creates a FIFO.
    pub fn make_fifo(&self, name: PathBuf, mode: u32) -> impl PathRequest<Reply = ()> + use<> {
        self.below(Operation::MakeFifo, name, move |dir, name| dir.make_fifo(name, mode))
    }

    /// Reads a file from its beginning to its end.
    pub fn read(&self, name: PathBuf) -> impl PathRequest<Reply = Whole<Vec<u8>>> + use<> {
        self.below(Operation::Read, name, |dir, name| read_opened(dir.open(name, &reading())?, None))
    }

    /// Makes the names in the directory survive a power cut.
    pub fn sync(&self) -> impl PathRequest<Reply = ()> + use<> {
        self.below(Operation::SyncAll, PathBuf::new(), |dir, _| dir.sync())
    }

    /// Fetches the next names of the directory itself; `None` begins.
    pub fn names(&self, from: Option<OpenNames>) -> impl PathRequest<Reply = NameBatch> + use<> {
        self.below(Operation::ReadDir, PathBuf::new(), move |dir, _| match from {
            None => Ok(OpenNames { rest: Exclusive::new(dir.names()?), failed: None }.batch()),
            Some(OpenNames { failed: Some(error), .. }) => Err(error),
            Some(names) => Ok(names.batch()),
        })
    }

    /// Opens a directory and lists it whole, following no link on the way, which may be of any length.
    pub fn step(&self, name: PathBuf) -> impl PathRequest<Reply = Step> + use<> {
        let path = if name.as_os_str().is_empty() { self.path.clone() } else { self.path.join(&name).into() };
        self.below(Operation::ReadDir, name, move |dir, name| {
            let dir: Arc<dyn StorageDir> = open_in_steps(dir, name)?.into();
            let (mut dirs, mut files) = (Vec::new(), Vec::new());
            for listed in dir.names()? {
                let Listed { name, kind, .. } = listed?;
                if kind == Some(Kind::Dir) { dirs.push(name) } else { files.push(name) }
            }
            Ok(Step { dir: OpenDir { dir, path }, dirs, files })
        })
    }
}

/// Opens what a way without links leads to. One that is too long for the kernel is the same way in parts.
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

/// A directory of a tree with what is in it.
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
pub struct OpenNames {
    rest: Exclusive<NameListing>,
    /// What ended the batch before this one early: told only after the names that came before it.
    failed: Option<io::Error>,
}

/// Some names, in the directory's order.
#[derive(Debug)]
pub struct NameBatch {
    /// At most [`NAMES_BATCH_MAX`] of them.
    pub names: Vec<Listed>,
    /// How to go on; `None` at the end.
    pub next: Option<OpenNames>,
}

impl OpenNames {
    fn batch(mut self) -> NameBatch {
        let mut names = Vec::new();
        while names.len() < NAMES_BATCH_MAX {
            match self.rest.get_mut().next() {
                Some(Ok(listed)) => names.push(listed),
                Some(Err(error)) => {
                    self.failed = Some(error);
                    break;
                }
                None => return NameBatch { names, next: None },
            }
        }
        NameBatch { names, next: Some(self) }
    }
}

impl fmt::Debug for OpenNames {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenNames").field("failed", &self.failed).finish_non_exhaustive()
    }
}

/// Tries the whole path first, as most parents exist, then makes what turns out to be missing from the top.
fn create_dirs(dir: &dyn StorageDir, path: &Path, mode: Option<u32>) -> io::Result<()> {
    // As std has it: the directory itself is there.
    if path.as_os_str().is_empty() {
        return Ok(());
    }
    let mut missing = vec![path];
    for _ in 0..CREATES_MAX {
        let Some(next) = missing.last() else { return Ok(()) };
        match dir.create_dir(next, mode) {
            Ok(()) => drop(missing.pop()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => match next.parent() {
                Some(parent) if !parent.as_os_str().is_empty() => missing.push(parent),
                Some(_) | None => return Err(error),
            },
            Err(error) => {
                let there = dir.metadata(next, Links::Follow).is_ok_and(|metadata| metadata.is_dir());
                if !there {
                    return Err(error);
                }
                missing.pop();
            }
        }
    }
    Err(io::Error::new(io::ErrorKind::NotFound, "its parents are removed while they are made"))
}
