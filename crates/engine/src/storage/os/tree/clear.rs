//! Removing a tree.

use std::ffi::{CStr, CString, OsStr};
use std::io;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;

use rustix::fs::{AtFlags, FileType, Mode, fchmod, fstat, statat, unlinkat};
use rustix::io::Errno;

use super::enter;
use super::names::{Named, Names, may_be_dir};
use super::way::Way;
use crate::error::InTheWay;
use crate::storage::Clearing;
use crate::storage::os::platform::found::set_bits;

/// The permissions for the owner that removing a directory's contents takes.
const CLEARABLE: Mode = Mode::RWXU;

/// Removes the directory `name` in `parent` and everything in it; of a link, only the link.
///
/// Entries that other processes remove meanwhile are no error. An error in the tree names the entry.
pub(in crate::storage::os) fn tree(parent: BorrowedFd<'_>, name: &OsStr, how: Clearing) -> io::Result<()> {
    let name = CString::new(name.as_bytes())?;
    let opened = match enter(parent, &name) {
        Err(Errno::ACCESS) if how.makes_removable && unlock(parent, &name) => enter(parent, &name),
        opened => opened,
    };
    let Some(root) = opened? else {
        let stat = statat(parent, &name, AtFlags::SYMLINK_NOFOLLOW)?;
        return match FileType::from_raw_mode(stat.st_mode) {
            FileType::Symlink => Ok(unlinkat(parent, &name, AtFlags::empty())?),
            _ => Err(Errno::NOTDIR.into()),
        };
    };
    Clear { way: Way::new(root, Names::new()), how }.all()?;
    Ok(gone_is_fine(unlinkat(parent, &name, AtFlags::REMOVEDIR))?)
}

/// A removal under way.
struct Clear {
    way: Way<Names>,
    how: Clearing,
}

impl Clear {
    /// Removes everything below the root.
    fn all(&mut self) -> io::Result<()> {
        loop {
            match self.way.next_name() {
                Some(Ok(Named { name, kind })) => {
                    let cleared = self.remove_or_enter(&name, may_be_dir(kind));
                    self.judge(cleared, Some(&name))?;
                }
                Some(Err(error)) => self.judge(Err(error), None)?,
                None if self.way.depth() == 1 => return Ok(()),
                None => self.leave()?,
            }
        }
    }

    fn leave(&mut self) -> io::Result<()> {
        // Without the directory above the removal cannot continue, even if it may skip entries.
        let left = self.way.leave().map(|left| left.name);
        let name = left.map_err(|error| InTheWay::error(self.way.to(None), error.into()))?;
        let removed = self.unlink(&name, AtFlags::REMOVEDIR);
        self.judge(removed, Some(&name))
    }

    /// Adds the path to an error, or ignores the error if entries may be skipped.
    fn judge(&self, outcome: Result<(), Errno>, name: Option<&CStr>) -> io::Result<()> {
        match outcome {
            Err(error) if !self.how.goes_on => Err(InTheWay::error(self.way.to(name), error.into())),
            Ok(()) | Err(_) => Ok(()),
        }
    }

    fn remove_or_enter(&mut self, name: &CStr, may_be_dir: bool) -> Result<(), Errno> {
        if may_be_dir {
            match self.open(name) {
                Ok(Some(below)) => return self.way.enter(name.to_owned(), below, Names::new()),
                Ok(None) => {}
                Err(error) => return gone_is_fine(Err(error)),
            }
        }
        self.unlink(name, AtFlags::empty())
    }

    fn open(&mut self, name: &CStr) -> Result<Option<OwnedFd>, Errno> {
        match self.way.open(name) {
            Err(Errno::ACCESS) if self.how.makes_removable => {
                let dir = self.way.dir();
                // The permissions of either directory may be the reason, or both.
                let eased = ease(dir);
                if unlock(dir, name) || eased { enter(dir, name) } else { Err(Errno::ACCESS) }
            }
            opened => opened,
        }
    }

    fn unlink(&self, name: &CStr, flags: AtFlags) -> Result<(), Errno> {
        let dir = self.way.dir();
        let removed = match unlinkat(dir, name, flags) {
            Err(Errno::ACCESS | Errno::PERM) if self.how.makes_removable && ease(dir) => {
                unlinkat(dir, name, flags)
            }
            removed => removed,
        };
        gone_is_fine(removed)
    }
}

/// Gives the owner all permissions for an open directory; `false` if that changes nothing or fails.
fn ease(dir: BorrowedFd<'_>) -> bool {
    let shut = fstat(dir).is_ok_and(|stat| !Mode::from_raw_mode(stat.st_mode).contains(CLEARABLE));
    shut && fchmod(dir, CLEARABLE).is_ok()
}

/// Gives the owner all permissions for a directory that could not be opened.
fn unlock(dir: BorrowedFd<'_>, name: &CStr) -> bool {
    set_bits(dir, name, CLEARABLE).is_ok()
}

fn gone_is_fine(removed: Result<(), Errno>) -> Result<(), Errno> {
    match removed {
        Err(Errno::NOENT) => Ok(()),
        other => other,
    }
}
