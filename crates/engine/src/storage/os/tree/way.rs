//! The levels of a tree that one is inside of, each a directory in the one before it.

use std::ffi::{CStr, CString, OsStr};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use rustix::fs::{Mode, OFlags, fstat, openat};
use rustix::io::Errno;

use super::{LISTED, enter};
use crate::limits::TREE_OPEN_MAX;

/// What belongs to one level.
pub(in crate::storage::os) trait Inside {
    /// Takes from the directory what will be needed without it: its descriptor is given up.
    fn hold(&mut self, dir: BorrowedFd<'_>);
}

/// See the module. At most [`TREE_OPEN_MAX`] of them hold a descriptor, the innermost always. What was given up
/// comes back by `..` from below, if that still leads to the same directory.
pub(in crate::storage::os) struct Way<T> {
    levels: Vec<Level<T>>,
    /// How many of the outermost have been given up.
    given_up: usize,
}

pub(in crate::storage::os) struct Level<T> {
    /// Its name in the one before it; empty for the root of the tree.
    pub(in crate::storage::os) name: CString,
    pub(in crate::storage::os) inside: T,
    dir: Dir,
}

enum Dir {
    Open(OwnedFd),
    /// What it was by device and inode, to be known again.
    GivenUp(Identity),
}

pub(in crate::storage::os) type Identity = (u64, u64);

/// Device and inode of what is open.
pub(in crate::storage::os) fn identity(dir: BorrowedFd<'_>) -> Result<Identity, Errno> {
    let stat = fstat(dir)?;
    Ok((stat.st_dev, stat.st_ino))
}

impl<T: Inside> Way<T> {
    /// Stands in the root of a tree.
    pub(in crate::storage::os) fn new(root: OwnedFd, inside: T) -> Self {
        let root = Level { name: CString::default(), inside, dir: Dir::Open(root) };
        Way { levels: vec![root], given_up: 0 }
    }

    /// How many levels there are; the root is one.
    pub(in crate::storage::os) fn depth(&self) -> usize {
        self.levels.len()
    }

    /// The directory one is in.
    pub(in crate::storage::os) fn here(&mut self) -> (BorrowedFd<'_>, &mut T) {
        let Level { dir, inside, .. } = self.levels.last_mut().expect("the root is left last");
        match dir {
            Dir::Open(dir) => (OwnedFd::as_fd(dir), inside),
            Dir::GivenUp(_) => unreachable!("the innermost is open"),
        }
    }

    pub(in crate::storage::os) fn dir(&self) -> BorrowedFd<'_> {
        match self.levels.last().map(|level| &level.dir) {
            Some(Dir::Open(dir)) => dir.as_fd(),
            Some(Dir::GivenUp(_)) | None => unreachable!("the innermost is open, and the root is left last"),
        }
    }

    /// Goes into a directory of the one one is in.
    pub(in crate::storage::os) fn enter(
        &mut self,
        name: CString,
        dir: OwnedFd,
        inside: T,
    ) -> Result<(), Errno> {
        self.levels.push(Level { name, inside, dir: Dir::Open(dir) });
        if self.levels.len() - self.given_up > TREE_OPEN_MAX {
            self.give_up()?;
        }
        Ok(())
    }

    /// Opens a directory in the one one is in, to be entered; `None` if the name is another thing's. In a process that
    /// has no descriptors left, levels are given up for it.
    pub(in crate::storage::os) fn open(&mut self, name: &CStr) -> Result<Option<OwnedFd>, Errno> {
        loop {
            match enter(self.dir(), name) {
                Err(Errno::MFILE | Errno::NFILE) if self.spare_one()? => {}
                opened => return opened,
            }
        }
    }

    /// Gives one descriptor up, for a process that has none left; `false` if there is none but the innermost.
    pub(in crate::storage::os) fn spare_one(&mut self) -> Result<bool, Errno> {
        let can = self.levels.len() - self.given_up > 1;
        if can {
            self.give_up()?;
        }
        Ok(can)
    }

    fn give_up(&mut self) -> Result<(), Errno> {
        let outermost = &mut self.levels[self.given_up];
        if let Dir::Open(dir) = &outermost.dir {
            let identity = identity(dir.as_fd())?;
            outermost.inside.hold(dir.as_fd());
            outermost.dir = Dir::GivenUp(identity);
        }
        self.given_up += 1;
        Ok(())
    }

    /// Goes back to the directory above, and returns the level that was left.
    ///
    /// `ENOENT` if the directory above is not where it was: somebody has moved one of the two.
    pub(in crate::storage::os) fn leave(&mut self) -> Result<Level<T>, Errno> {
        if let [.., above, Level { dir: Dir::Open(here), .. }] = &mut self.levels[..]
            && let Dir::GivenUp(known) = above.dir
        {
            let dir = openat(here.as_fd(), "..", LISTED | OFlags::NOFOLLOW, Mode::empty())?;
            if identity(dir.as_fd())? != known {
                return Err(Errno::NOENT);
            }
            above.dir = Dir::Open(dir);
            self.given_up -= 1;
        }
        Ok(self.levels.pop().expect("the root is left last"))
    }

    /// The way from the root to `name` in the directory one is in, or without one to that directory.
    pub(in crate::storage::os) fn to(&self, name: Option<&CStr>) -> PathBuf {
        let names = self.levels.iter().skip(1).map(|level| level.name.as_c_str()).chain(name);
        names.map(|name| OsStr::from_bytes(name.to_bytes())).collect()
    }
}
