//! Moves to another file system. Until it is complete, the copy is beside the target, under an unpredictable name and
//! with no access for other users. The directories of both ends are open.
//!
//! ```text
//!   mod.rs ──▶ tree.rs    directories: what was copied, links among it, removal of that and nothing else
//!     │          │
//!     │          └──▶ keep.rs    owners, permissions, times, attributes
//!     └────────────▶ place.rs   names in open directories
//! ```

mod keep;
mod place;
mod tree;

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;

use rustix::fs::{
    AtFlags, FileType, Mode, OFlags, Stat, fstat, mkdirat, openat, readlinkat, renameat, symlinkat, unlinkat,
};
use rustix::io::Errno;

use super::copy;
use super::descriptor::Descriptor;
use super::platform::{names, open_file::sync_all};
use super::stat::{self, Identity};
use super::tree::LISTED;
use super::tree::clear;
use crate::error::Worded;
use crate::storage::{Clearing, Mover};
use place::Place;
use tree::Tree;

/// Permissions of a file and of a directory until they are complete: no access for other users.
const FILE_FILLING: Mode = Mode::RUSR.union(Mode::WUSR);
const FILE_FILLING_BITS: u32 = 0o600;
const DIR_FILLING: Mode = Mode::RWXU;

/// A fingerprint of a file, to detect changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Seen {
    identity: Identity,
    mode: u32,
    owner: (u32, u32),
    len: i64,
    modified: (i64, i64),
}

impl Seen {
    fn of(stat: &Stat) -> Seen {
        Seen {
            identity: stat::identity(stat),
            mode: stat::mode(stat),
            owner: (stat.st_uid, stat.st_gid),
            len: stat.st_size,
            modified: stat::modified(stat),
        }
    }

    fn kind(&self) -> FileType {
        stat::kind_of(self.mode)
    }
}

/// A move under way.
pub(super) struct Relocation {
    source: Place,
    target: Place,
    seen: Seen,
    /// The name of the copy beside the target, once it exists.
    beside: Option<String>,
    /// `None` unless the original is a directory.
    tree: Option<Tree>,
    /// The target's directory, for a sync; opened before the move changes anything.
    synced: Option<OwnedFd>,
}

impl Relocation {
    /// `None` if both paths lead to the same file, for example through another mount of the file system.
    pub(super) fn begin(from: &Path, to: &Path) -> io::Result<Option<Relocation>> {
        let (source, target) = (Place::of(from)?, Place::of(to)?);
        let seen = Seen::of(&source.stat()?.ok_or(Errno::NOENT)?);
        let is_dir = seen.kind() == FileType::Directory;
        if (source.slash || target.slash) && !is_dir {
            return Err(Errno::NOTDIR.into());
        }
        if let Some(taken) = target.stat()? {
            match FileType::from_raw_mode(taken.st_mode) {
                _ if Seen::of(&taken).identity == seen.identity => return Ok(None),
                FileType::Directory if !is_dir => return Err(Errno::ISDIR.into()),
                FileType::Directory => {}
                _ if is_dir => return Err(Errno::NOTDIR.into()),
                _ => {}
            }
        }
        // Checked before the copy: an original that cannot be removed would exist twice.
        source.check_removable()?;
        let synced = target.synced()?;
        let mut relocation = Relocation { source, target, seen, beside: None, tree: None, synced };
        match seen.kind() {
            FileType::Directory => relocation.begin_tree()?,
            FileType::RegularFile | FileType::Symlink | FileType::Fifo => {}
            _ => return Err(not_movable()),
        }
        Ok(Some(relocation))
    }

    fn begin_tree(&mut self) -> io::Result<()> {
        if self.target.is_inside(self.seen.identity)? {
            let why = "the target lies inside of the source";
            return Err(Worded::error(Errno::INVAL.raw_os_error(), why));
        }
        let flags = LISTED | OFlags::NOFOLLOW;
        let from = openat(self.source.parent(), self.source.name(), flags, Mode::empty())?;
        if Seen::of(&fstat(&from)?).identity != self.seen.identity {
            return Err(changed());
        }
        let ((), name) = self.target.beside(|parent, name| mkdirat(parent, name, DIR_FILLING))?;
        let begun = openat(self.target.parent(), &name, flags, Mode::empty());
        self.beside = Some(name);
        match begun.map_err(io::Error::from).and_then(|to| Tree::begin(from, to)) {
            Ok(tree) => {
                self.tree = Some(tree);
                Ok(())
            }
            Err(error) => {
                drop(self.undo());
                Err(error)
            }
        }
    }

    /// Copies anything but a directory, in one job.
    fn copy(&mut self) -> io::Result<()> {
        match self.seen.kind() {
            FileType::Symlink => {
                let contents = readlinkat(self.source.parent(), self.source.name(), Vec::new())?;
                self.make(|parent, name| symlinkat(&contents, parent, name))?;
                self.keep_by_name()
            }
            FileType::Fifo => {
                self.make(|parent, name| names::make_fifo(parent, name, FILE_FILLING))?;
                self.keep_by_name()
            }
            _ => self.copy_file(),
        }
    }

    fn make<T>(&mut self, make: impl FnMut(BorrowedFd<'_>, &str) -> Result<T, Errno>) -> Result<T, Errno> {
        let (made, name) = self.target.beside(make)?;
        self.beside = Some(name);
        Ok(made)
    }

    fn keep_by_name(&self) -> io::Result<()> {
        let stat = self.source.stat()?.ok_or(Errno::NOENT)?;
        let name = self.beside.as_deref().expect("it was just made");
        keep::of_name(&stat, self.target.parent(), name)
    }

    fn copy_file(&mut self) -> io::Result<()> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        // Without waiting: the file may have been replaced by a FIFO.
        let flags = flags | OFlags::NONBLOCK | OFlags::NOCTTY;
        let from = File::from(openat(self.source.parent(), self.source.name(), flags, Mode::empty())?);
        let stat = fstat(&from)?;
        if Seen::of(&stat) != self.seen {
            return Err(changed());
        }
        let to = self.make(|parent, name| create(parent, name))?;
        fill(&from, &stat, &to)?;
        // Before the original is removed; NFS and FUSE report late errors at one of these two calls.
        sync_all(&*to)?;
        to.close()
    }
}

impl Mover for Relocation {
    fn more(&mut self) -> io::Result<bool> {
        match &mut self.tree {
            Some(tree) => tree.more(),
            None => self.copy().map(|()| false),
        }
    }

    fn check(&mut self) -> io::Result<()> {
        let now = self.source.stat()?.map(|stat| Seen::of(&stat));
        match &mut self.tree {
            Some(tree) if now.is_some_and(|now| now.identity == self.seen.identity) => tree.check(),
            None if now == Some(self.seen) => Ok(()),
            Some(_) | None => Err(changed()),
        }
    }

    fn give_name(&mut self) -> io::Result<()> {
        let beside = self.beside.as_deref().expect("it was copied");
        let parent = self.target.parent();
        renameat(parent, beside, parent, self.target.name())?;
        self.beside = None;
        match self.synced.as_ref().map(sync_all) {
            // A file system that cannot sync directories keeps no names on a device.
            None | Some(Ok(()) | Err(Errno::INVAL | Errno::OPNOTSUPP)) => Ok(()),
            Some(Err(error)) => Err(error.into()),
        }
    }

    fn remove_original(&mut self) -> io::Result<()> {
        let (parent, name) = (self.source.parent(), self.source.name());
        match &mut self.tree {
            Some(tree) => {
                tree.remove()?;
                Ok(unlinkat(parent, name, AtFlags::REMOVEDIR)?)
            }
            None if self.source.stat()?.map(|stat| Seen::of(&stat)) == Some(self.seen) => {
                Ok(unlinkat(parent, name, AtFlags::empty())?)
            }
            None => Err(changed()),
        }
    }

    fn undo(&mut self) -> io::Result<()> {
        let Some(name) = self.beside.take() else { return Ok(()) };
        let parent = self.target.parent();
        match unlinkat(parent, &name, AtFlags::empty()) {
            Err(Errno::ISDIR | Errno::PERM) => {
                // Copied directories may be read-only.
                clear::tree(parent, name.as_ref(), Clearing { makes_removable: true, goes_on: true })
            }
            removed => Ok(removed?),
        }
    }
}

/// Creates a file for its owner alone, under a name that is free.
fn create<P: rustix::path::Arg>(dir: BorrowedFd<'_>, name: P) -> Result<Descriptor, Errno> {
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    Ok(Descriptor::new(File::from(openat(dir, name, flags, FILE_FILLING)?)))
}

/// Copies contents and attributes into a file that has just been created. Fails if the source was changed meanwhile.
fn fill(from: &File, stat: &Stat, to: &File) -> io::Result<u64> {
    let copied = copy::contents(from, &from.metadata()?, to)?;
    keep::of_open(from.as_fd(), stat, to.as_fd())?;
    if Seen::of(&fstat(from)?) != Seen::of(stat) {
        return Err(changed());
    }
    Ok(copied)
}

fn changed() -> io::Error {
    let why = "it was changed while it was moved, so the original stays";
    Worded::error(Errno::BUSY.raw_os_error(), why)
}

fn not_movable() -> io::Error {
    let why = "a socket or a device cannot be moved to another file system";
    io::Error::new(io::ErrorKind::InvalidInput, why)
}
