//! Removing a tree through descriptors: no name in it is ever looked up through another, so that a link put in
//! a directory's place leads nowhere.

use std::ffi::{CStr, CString, OsStr};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags, openat, statat, unlinkat};
use rustix::io::Errno;

/// Removes the directory `name` in `parent` and everything in it; a link is removed itself.
///
/// What others remove at the same time is no error. Not recursive: the depth of a tree is anybody's choice, and
/// a worker's stack is small. Each level holds a descriptor, so that a tree deeper than the process may open is
/// refused with `EMFILE` and stays as far as it was not removed.
pub(super) fn tree(parent: BorrowedFd<'_>, name: &OsStr) -> Result<(), Errno> {
    let Some(top) = enter(parent, name)? else {
        let stat = statat(parent, name, AtFlags::SYMLINK_NOFOLLOW)?;
        return match FileType::from_raw_mode(stat.st_mode) {
            FileType::Symlink => unlinkat(parent, name, AtFlags::empty()),
            _ => Err(Errno::NOTDIR),
        };
    };
    let mut levels: Vec<(Dir, Option<CString>)> = vec![(top, None)];
    while let Some((dir, _)) = levels.last_mut() {
        match dir.read() {
            Some(entry) => {
                let entry = entry?;
                let name = entry.file_name();
                if name == c"." || name == c".." {
                    continue;
                }
                let may_be_dir = matches!(entry.file_type(), FileType::Directory | FileType::Unknown);
                if let Some(below) = remove_or_enter(dir.fd()?, name, may_be_dir)? {
                    levels.push((below, Some(name.to_owned())));
                }
            }
            None => {
                let (_, name) = levels.pop().expect("it was just looked at");
                if let (Some((above, _)), Some(name)) = (levels.last(), name) {
                    gone_is_fine(unlinkat(above.fd()?, name.as_c_str(), AtFlags::REMOVEDIR))?;
                }
            }
        }
    }
    unlinkat(parent, name, AtFlags::REMOVEDIR)
}

fn remove_or_enter(dir: BorrowedFd<'_>, name: &CStr, may_be_dir: bool) -> Result<Option<Dir>, Errno> {
    if may_be_dir {
        match enter(dir, name) {
            Ok(Some(below)) => return Ok(Some(below)),
            Ok(None) => {}
            Err(Errno::NOENT) => return Ok(None),
            Err(error) => return Err(error),
        }
    }
    gone_is_fine(unlinkat(dir, name, AtFlags::empty())).map(|()| None)
}

/// Opens a directory to be listed; `None` if the name is another thing's, a link's among them.
fn enter<P: rustix::path::Arg>(dir: BorrowedFd<'_>, name: P) -> Result<Option<Dir>, Errno> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let opened: Result<OwnedFd, Errno> = openat(dir.as_fd(), name, flags, Mode::empty());
    match opened {
        Ok(opened) => Dir::new(opened).map(Some),
        Err(Errno::NOTDIR | Errno::LOOP) => Ok(None),
        Err(error) => Err(error),
    }
}

fn gone_is_fine(removed: Result<(), Errno>) -> Result<(), Errno> {
    match removed {
        Err(Errno::NOENT) => Ok(()),
        other => other,
    }
}
