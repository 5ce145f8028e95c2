//! An entry of a directory, held by a descriptor that needs no permission (`O_PATH`): calls go to the same file even if
//! its name changes. Calls that take no such descriptor get its path in `/proc/self/fd`.

use std::ffi::{CStr, OsStr, OsString};
use std::fs::{File, Permissions};
use std::io;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, CWD, FileType, Mode as Bits, OFlags, chmod, fstat, openat, readlinkat};
use rustix::io::Errno;

use super::in_proc;
use crate::storage::os::{access, attributes, xattr};
use crate::storage::{Metadata, Mode, Stamps};

#[derive(Debug)]
pub(in crate::storage::os) struct Found(OwnedFd);

impl Found {
    /// Takes over what was opened with `O_PATH`.
    pub(super) fn new(opened: OwnedFd) -> Self {
        Found(opened)
    }

    /// Finds a name in a directory, a link itself.
    pub(in crate::storage::os) fn look(dir: BorrowedFd<'_>, name: &OsStr) -> Result<Self, Errno> {
        let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        openat(dir, name, flags, Bits::empty()).map(Found)
    }

    pub(in crate::storage::os) fn kind(&self) -> Result<FileType, Errno> {
        Ok(FileType::from_raw_mode(fstat(&self.0)?.st_mode))
    }

    /// The contents of a link.
    pub(in crate::storage::os) fn contents(&self) -> Result<Vec<u8>, Errno> {
        Ok(readlinkat(&self.0, "", Vec::new())?.into_bytes())
    }

    /// Opened as a directory is that one stands in.
    pub(in crate::storage::os) fn into_fd(self) -> Result<OwnedFd, Errno> {
        Ok(self.0)
    }

    pub(in crate::storage::os) fn metadata(self) -> io::Result<Metadata> {
        File::from(self.0).metadata().map(Metadata::from)
    }

    pub(in crate::storage::os) fn access(&self, mode: Mode) -> io::Result<()> {
        self.through_proc(|path| access::of(CWD, path, mode, AtFlags::empty()))
    }

    pub(in crate::storage::os) fn set_permissions(&self, permissions: Permissions) -> io::Result<()> {
        self.through_proc(|path| std::fs::set_permissions(path, permissions))
    }

    pub(in crate::storage::os) fn set_times(&self, times: &Stamps) -> io::Result<()> {
        self.through_proc(|path| attributes::set_times(CWD, path, times, true))
    }

    pub(in crate::storage::os) fn xattr(&self, name: &OsStr) -> io::Result<Option<Vec<u8>>> {
        self.through_proc(|path| xattr::get(path, name, true))
    }

    pub(in crate::storage::os) fn xattrs(&self) -> io::Result<Vec<OsString>> {
        self.through_proc(|path| xattr::list(path, true))
    }

    fn through_proc<T>(&self, call: impl FnOnce(&Path) -> io::Result<T>) -> io::Result<T> {
        call(&in_proc(&self.0)).map_err(|error| match error.kind() {
            // The thing is there, since it is open.
            io::ErrorKind::NotFound => {
                io::Error::new(io::ErrorKind::Unsupported, "this takes a mounted /proc")
            }
            _ => error,
        })
    }
}

/// The attributes of the file at a path below a directory.
pub(in crate::storage::os) fn metadata(
    dir: BorrowedFd<'_>,
    path: &Path,
    follow: bool,
) -> io::Result<Metadata> {
    let links = if follow { OFlags::empty() } else { OFlags::NOFOLLOW };
    let flags = OFlags::PATH | OFlags::CLOEXEC | links;
    File::from(openat(dir, path, flags, Bits::empty())?).metadata().map(Metadata::from)
}

/// The current path of an open directory; `None` if it cannot be found.
pub(in crate::storage::os) fn path_of(dir: &OwnedFd) -> Option<PathBuf> {
    std::fs::read_link(in_proc(dir)).ok()
}

/// Changes the permissions of a directory that may not be opened. Never follows a link in its place.
pub(in crate::storage::os) fn set_bits(dir: BorrowedFd<'_>, name: &CStr, bits: Bits) -> Result<(), Errno> {
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let found = openat(dir, name, flags, Bits::empty())?;
    chmod(in_proc(&found), bits)
}
