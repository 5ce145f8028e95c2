//! What a name in an open directory names. No common call opens a thing without a right to it, so that each call looks
//! the name up again, in that very directory, and refuses a link that has been put in its place.

use std::ffi::{CStr, OsStr, OsString};
use std::fs::{self, File, Metadata, Permissions};
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use nix::sys::stat::{FchmodatFlags, fchmodat};
use rustix::fs::{AtFlags, FileType, Mode as Bits, OFlags, Stat, fchmod, openat, readlinkat, statat};
use rustix::io::Errno;

use crate::storage::os::{access, attributes, stat};
use crate::storage::{Mode, Stamps};

const NOFOLLOW: AtFlags = AtFlags::SYMLINK_NOFOLLOW;

#[derive(Debug)]
pub(in crate::storage::os) struct Found {
    dir: OwnedFd,
    name: OsString,
    stat: Stat,
}

impl Found {
    /// Finds a name in a directory, a link itself.
    pub(in crate::storage::os) fn look(dir: BorrowedFd<'_>, name: &OsStr) -> Result<Self, Errno> {
        let stat = statat(dir, name, NOFOLLOW)?;
        let dir = rustix::io::fcntl_dupfd_cloexec(dir, 0)?;
        Ok(Found { dir, name: name.to_owned(), stat })
    }

    pub(in crate::storage::os) fn kind(&self) -> Result<FileType, Errno> {
        Ok(FileType::from_raw_mode(self.stat.st_mode))
    }

    /// What a link contains.
    pub(in crate::storage::os) fn contents(&self) -> Result<Vec<u8>, Errno> {
        Ok(readlinkat(&self.dir, &self.name, Vec::new())?.into_bytes())
    }

    /// Opened as a directory is that one stands in.
    pub(in crate::storage::os) fn into_fd(self) -> Result<OwnedFd, Errno> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        openat(&self.dir, &self.name, flags, Bits::empty())
    }

    pub(in crate::storage::os) fn metadata(self) -> io::Result<Metadata> {
        same(&self.dir, Path::new(&self.name), &self.stat, false)
    }

    pub(in crate::storage::os) fn access(&self, mode: Mode) -> io::Result<()> {
        access::of(&self.dir, Path::new(&self.name), mode, NOFOLLOW).map_err(|error| match error.kind() {
            // Of the flag: without it a link put in the name's place would be followed.
            io::ErrorKind::InvalidInput => io::ErrorKind::Unsupported.into(),
            _ => error,
        })
    }

    pub(in crate::storage::os) fn set_permissions(&self, permissions: Permissions) -> io::Result<()> {
        let bits = stat::bits(permissions.mode());
        match change(&self.dir, &*self.name, bits) {
            Err(Errno::OPNOTSUPP | Errno::NOTSUP | Errno::INVAL | Errno::NOSYS) => {
                Ok(fchmod(opened(&self.dir, &self.name)?, bits)?)
            }
            changed => Ok(changed?),
        }
    }

    pub(in crate::storage::os) fn set_times(&self, times: &Stamps) -> io::Result<()> {
        attributes::set_times(&self.dir, Path::new(&self.name), times, false)
    }
}

/// The attributes of what a path names below a directory.
pub(in crate::storage::os) fn metadata(
    dir: BorrowedFd<'_>,
    path: &Path,
    follow: bool,
) -> io::Result<Metadata> {
    let stat = statat(dir, path, if follow { AtFlags::empty() } else { NOFOLLOW })?;
    same(&dir.try_clone_to_owned()?, path, &stat, follow)
}

/// Where an open directory is at this moment; `None` if that cannot be told.
pub(in crate::storage::os) fn path_of(dir: &OwnedFd) -> Option<PathBuf> {
    #[cfg(target_vendor = "apple")]
    let path = rustix::fs::getpath(dir).ok().map(|path| {
        let path: OsString = std::os::unix::ffi::OsStringExt::from_vec(path.into_bytes());
        path.into()
    });
    #[cfg(not(target_vendor = "apple"))]
    let path = fs::read_link(in_dev(dir)).ok();
    path
}

/// A path by which an open directory is reached. Where it is not, the system refuses it.
fn in_dev(dir: &OwnedFd) -> PathBuf {
    format!("/dev/fd/{}", dir.as_raw_fd()).into()
}

/// Changes the permissions of a directory that may not be opened, and never of what a link in its place leads to.
pub(in crate::storage::os) fn set_bits(dir: BorrowedFd<'_>, name: &CStr, bits: Bits) -> Result<(), Errno> {
    change(dir, name, bits)
}

/// By the C library, which finds a way where the kernel has no flag for it; rustix refuses the flag on Linux.
fn change<P: nix::NixPath + ?Sized>(dir: impl AsFd, name: &P, bits: Bits) -> Result<(), Errno> {
    let bits = nix::sys::stat::Mode::from_bits_truncate(bits.bits());
    let changed = fchmodat(dir, name, bits, FchmodatFlags::NoFollowSymlink);
    changed.map_err(|error| Errno::from_raw_os_error(error as i32))
}

/// Std makes its attributes by a path or an open file only: by whichever leads to the thing that has been found.
fn same(dir: &OwnedFd, path: &Path, found: &Stat, follow: bool) -> io::Result<Metadata> {
    let here = if cfg!(target_vendor = "apple") { path_of(dir) } else { Some(in_dev(dir)) };
    let whole = here.map(|here| here.join(path));
    let named = whole.map(|whole| if follow { fs::metadata(whole) } else { fs::symlink_metadata(whole) });
    match named {
        Some(Ok(named)) if (named.dev(), named.ino()) == stat::identity(found) => Ok(named),
        Some(_) | None => match FileType::from_raw_mode(found.st_mode) {
            FileType::RegularFile | FileType::Directory => opened(dir, path.as_os_str())?.metadata(),
            _ => Err(io::ErrorKind::Unsupported.into()),
        },
    }
}

fn opened(dir: &OwnedFd, path: &OsStr) -> io::Result<File> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    Ok(File::from(openat(dir, path, flags, Bits::empty())?))
}
