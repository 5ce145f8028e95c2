//! The two ends of a move: names in open directories, so that no path is looked up twice.

use std::ffi::OsStr;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use rustix::fs::{Access, AtFlags, CWD, Mode, OFlags, Stat, accessat, openat, statat};
use rustix::io::Errno;

use crate::limits::BESIDE_NAMES_MAX;
use crate::storage::names::unpredictable;
use crate::storage::os::platform::{EFFECTIVE, PATH};
use crate::storage::os::stat::Identity;
use crate::storage::os::tree::way::identity;

/// A name in an open directory.
pub(super) struct Place {
    parent: OwnedFd,
    pub(super) name: Vec<u8>,
    /// Whether a slash follows the name, which requires a directory.
    pub(super) slash: bool,
}

impl Place {
    pub(super) fn of(path: &Path) -> io::Result<Place> {
        let bytes = path.as_os_str().as_bytes();
        let len = bytes.iter().rposition(|byte| *byte != b'/').map_or(0, |last| last + 1);
        let above = bytes[..len].iter().rposition(|byte| *byte == b'/').map_or(0, |slash| slash + 1);
        let (above, name) = (&bytes[..above], &bytes[above..len]);
        match name {
            b"" if bytes.is_empty() => return Err(Errno::NOENT.into()),
            // Like `rename` within one file system.
            b"" | b"." | b".." => return Err(Errno::BUSY.into()),
            _ => {}
        }
        let above = if above.is_empty() { b"." } else { above };
        let flags = PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let parent = openat(CWD, above, flags, Mode::empty())?;
        Ok(Place { parent, name: name.to_vec(), slash: len < bytes.len() })
    }

    pub(super) fn parent(&self) -> BorrowedFd<'_> {
        self.parent.as_fd()
    }

    pub(super) fn name(&self) -> &OsStr {
        OsStr::from_bytes(&self.name)
    }

    /// The attributes of the file of this name, without following a link; `None` if there is none.
    pub(super) fn stat(&self) -> Result<Option<Stat>, Errno> {
        match statat(self.parent(), self.name(), AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => Ok(Some(stat)),
            Err(Errno::NOENT) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Refuses where nothing can be removed from the directory.
    pub(super) fn check_removable(&self) -> Result<(), Errno> {
        accessat(self.parent(), ".", Access::WRITE_OK | Access::EXEC_OK, EFFECTIVE)
    }

    /// Opens the directory once more, to be synced; `None` where that takes a right that naming does not.
    pub(super) fn synced(&self) -> Result<Option<OwnedFd>, Errno> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        match openat(self.parent(), ".", flags, Mode::empty()) {
            Ok(dir) => Ok(Some(dir)),
            Err(Errno::ACCESS) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Whether it is inside `dir`, directly or not.
    pub(super) fn is_inside(&self, dir: Identity) -> Result<bool, Errno> {
        let flags = PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let mut here = openat(self.parent(), ".", flags, Mode::empty())?;
        let mut known = identity(here.as_fd())?;
        loop {
            if known == dir {
                return Ok(true);
            }
            here = openat(&here, "..", flags, Mode::empty())?;
            let above = identity(here.as_fd())?;
            // The root of the file system is its own parent.
            if above == known {
                return Ok(false);
            }
            known = above;
        }
    }

    /// Makes a file beside it, under a free name. `make` must fail with `EEXIST` if the name is taken.
    pub(super) fn beside<T>(
        &self,
        mut make: impl FnMut(BorrowedFd<'_>, &str) -> Result<T, Errno>,
    ) -> Result<(T, String), Errno> {
        let mut tries = 0;
        loop {
            let name = format!(".moving-{}", unpredictable());
            match make(self.parent(), &name) {
                Err(Errno::EXIST) if tries < BESIDE_NAMES_MAX => tries += 1,
                made => return made.map(|made| (made, name)),
            }
        }
    }
}
