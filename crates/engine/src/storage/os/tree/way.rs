//! The current levels of a tree, each a directory inside the one before.

use std::ffi::{CStr, CString, OsStr};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use rustix::fs::{Mode, OFlags, fstat, openat};
use rustix::io::Errno;

use super::{LISTED, enter};
use crate::limits::TREE_OPEN_MAX;
use crate::storage::os::stat::{self, Identity};

/// The state of one level.
pub(in crate::storage::os) trait Inside {
    /// Reads everything that is still needed from the directory, whose descriptor is about to be closed.
    fn hold(&mut self, dir: BorrowedFd<'_>);
}

/// The current levels. At most [`TREE_OPEN_MAX`] of them hold a descriptor, always including the innermost. A closed
/// level is opened again by `..` from below, if that still leads to the same directory.
pub(in crate::storage::os) struct Way<T> {
    levels: Vec<Level<T>>,
    /// The number of outermost levels whose descriptors are closed.
    given_up: usize,
}

pub(in crate::storage::os) struct Level<T> {
    /// Its name in the level before; empty for the root of the tree.
    pub(in crate::storage::os) name: CString,
    pub(in crate::storage::os) inside: T,
    dir: Dir,
}

enum Dir {
    Open(OwnedFd),
    /// The identity of the closed directory, to recognise it.
    GivenUp(Identity),
}

pub(in crate::storage::os) fn identity(dir: BorrowedFd<'_>) -> Result<Identity, Errno> {
    Ok(stat::identity(&fstat(dir)?))
}

impl<T: Inside> Way<T> {
    /// Starts in the root of a tree.
    pub(in crate::storage::os) fn new(root: OwnedFd, inside: T) -> Self {
        let root = Level { name: CString::default(), inside, dir: Dir::Open(root) };
        Way { levels: vec![root], given_up: 0 }
    }

    /// The number of levels, including the root.
    pub(in crate::storage::os) fn depth(&self) -> usize {
        self.levels.len()
    }

    /// The innermost directory and its state.
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

    /// Adds a level.
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

    /// Opens a directory in the innermost one; `None` if the name is no directory. If the process has no descriptors left,
    /// levels are closed for it.
    pub(in crate::storage::os) fn open(&mut self, name: &CStr) -> Result<Option<OwnedFd>, Errno> {
        loop {
            match enter(self.dir(), name) {
                Err(Errno::MFILE | Errno::NFILE) if self.spare_one()? => {}
                opened => return opened,
            }
        }
    }

    /// Closes one descriptor, for a process that has none left; `false` if only the innermost is open.
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
    /// `ENOENT` if the directory above is not the same any more: another process has moved one of the two.
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

    /// The path from the root to `name` in the innermost directory, or to that directory itself.
    pub(in crate::storage::os) fn to(&self, name: Option<&CStr>) -> PathBuf {
        let names = self.levels.iter().skip(1).map(|level| level.name.as_c_str()).chain(name);
        names.map(|name| OsStr::from_bytes(name.to_bytes())).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;

    /// Counts the levels that were closed.
    struct Counted<'a>(&'a std::cell::Cell<usize>);

    impl Inside for Counted<'_> {
        fn hold(&mut self, _dir: BorrowedFd<'_>) {
            self.0.set(self.0.get() + 1);
        }
    }

    /// Makes nested directories and enters them.
    fn dig<'a>(root: &Path, levels: usize, held: &'a std::cell::Cell<usize>) -> Way<Counted<'a>> {
        let opened = openat(rustix::fs::CWD, root, LISTED, Mode::empty()).expect("it is there");
        let mut way = Way::new(opened, Counted(held));
        for _ in 0..levels {
            rustix::fs::mkdirat(way.dir(), c"d", Mode::RWXU).expect("the room takes directories");
            let below = way.open(c"d").expect("it can be read").expect("it is a directory");
            way.enter(c"d".to_owned(), below, Counted(held)).expect("those above can be given up");
        }
        way
    }

    #[test]
    fn every_level_is_come_back_to_though_few_are_open() {
        let (room, held) = (tempfile::tempdir().expect("temp dir"), std::cell::Cell::new(0));
        let levels = 3 * TREE_OPEN_MAX;
        let mut way = dig(room.path(), levels, &held);
        assert_eq!((way.depth(), held.get()), (levels + 1, levels + 1 - TREE_OPEN_MAX));
        assert_eq!(way.to(Some(c"name")).components().count(), levels + 1);
        let open = way.levels.iter().filter(|level| matches!(level.dir, Dir::Open(_))).count();
        assert_eq!(open, TREE_OPEN_MAX);
        for depth in (1..=levels).rev() {
            let left = way.leave().expect("nobody has moved anything").name;
            assert_eq!((way.depth(), left.as_c_str()), (depth, c"d"));
            // The name is in the directory above, and its own directory is empty.
            rustix::fs::unlinkat(way.dir(), &left, rustix::fs::AtFlags::REMOVEDIR).expect("it is in here");
        }
        assert_eq!(fs::read_dir(room.path()).expect("it is there").count(), 0);
    }

    /// Where `..` leads elsewhere, names would be looked up, and removed, in a directory outside of the tree.
    #[test]
    fn a_directory_that_was_moved_leads_to_no_other() {
        let (room, held) = (tempfile::tempdir().expect("temp dir"), std::cell::Cell::new(0));
        fs::create_dir(room.path().join("elsewhere")).expect("the room takes directories");
        fs::create_dir(room.path().join("tree")).expect("the room takes directories");
        let mut way = dig(&room.path().join("tree"), 2 * TREE_OPEN_MAX, &held);
        fs::rename(room.path().join("tree/d/d/d"), room.path().join("elsewhere/d")).expect("both are ours");
        let left = (0..2 * TREE_OPEN_MAX).map_while(|_| way.leave().ok()).count();
        assert_eq!((left, way.leave().err()), (2 * TREE_OPEN_MAX - 3, Some(Errno::NOENT)));
    }
}
