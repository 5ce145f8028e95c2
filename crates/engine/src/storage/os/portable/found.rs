//! An entry of an open directory. No portable call opens a file without a permission for it, so each call looks the name
//! up again, in that very directory, and refuses a link that has been put in its place.

use std::ffi::{CStr, OsStr, OsString};
use std::fs::{File, Permissions};
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use nix::sys::stat::{FchmodatFlags, fchmodat};
use rustix::fs::{AtFlags, FileType, Mode as Bits, OFlags, Stat, fchmod, openat, readlinkat, statat};
use rustix::io::Errno;

use crate::storage::os::{access, attributes, stat};
use crate::storage::{Attributes, Kind, Metadata, Mode, Stamps};

/// Bits of a mode beside those of the kind.
const PERMISSION_BITS: u32 = 0o7777;

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

    /// The contents of a link.
    pub(in crate::storage::os) fn contents(&self) -> Result<Vec<u8>, Errno> {
        Ok(readlinkat(&self.dir, &self.name, Vec::new())?.into_bytes())
    }

    /// Opened as a directory is that one stands in.
    pub(in crate::storage::os) fn into_fd(self) -> Result<OwnedFd, Errno> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        openat(&self.dir, &self.name, flags, Bits::empty())
    }

    pub(in crate::storage::os) fn metadata(self) -> io::Result<Metadata> {
        Ok(metadata_of(&self.stat))
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
            Err(error) if [Errno::OPNOTSUPP, Errno::NOTSUP, Errno::INVAL, Errno::NOSYS].contains(&error) => {
                Ok(fchmod(opened(&self.dir, &self.name)?, bits)?)
            }
            changed => Ok(changed?),
        }
    }

    /// Both take a descriptor of the thing, which only Linux gives without a right to it.
    pub(in crate::storage::os) fn xattr(&self, _: &OsStr) -> io::Result<Option<Vec<u8>>> {
        Err(io::ErrorKind::Unsupported.into())
    }

    pub(in crate::storage::os) fn xattrs(&self) -> io::Result<Vec<OsString>> {
        Err(io::ErrorKind::Unsupported.into())
    }

    pub(in crate::storage::os) fn set_times(&self, times: &Stamps) -> io::Result<()> {
        attributes::set_times(&self.dir, Path::new(&self.name), times, false)
    }
}

/// The attributes of the file at a path below a directory.
pub(in crate::storage::os) fn metadata(
    dir: BorrowedFd<'_>,
    path: &Path,
    follow: bool,
) -> io::Result<Metadata> {
    let flags = if follow { AtFlags::empty() } else { NOFOLLOW };
    Ok(metadata_of(&statat(dir, path, flags)?))
}

/// The current path of an open directory; `None` if it cannot be found.
pub(in crate::storage::os) fn path_of(dir: &OwnedFd) -> Option<PathBuf> {
    #[cfg(target_vendor = "apple")]
    let path = rustix::fs::getpath(dir).ok().map(|path| {
        let path: OsString = std::os::unix::ffi::OsStringExt::from_vec(path.into_bytes());
        path.into()
    });
    #[cfg(not(target_vendor = "apple"))]
    let path = std::fs::read_link(format!("/dev/fd/{}", std::os::fd::AsRawFd::as_raw_fd(dir))).ok();
    path
}

/// Changes the permissions of a directory that may not be opened. Never follows a link in its place.
pub(in crate::storage::os) fn set_bits(dir: BorrowedFd<'_>, name: &CStr, bits: Bits) -> Result<(), Errno> {
    change(dir, name, bits)
}

/// By the C library, which finds a way where the kernel has no flag for it; rustix refuses the flag on Linux.
fn change<P: nix::NixPath + ?Sized>(dir: impl AsFd, name: &P, bits: Bits) -> Result<(), Errno> {
    let bits = nix::sys::stat::Mode::from_bits_truncate(bits.bits());
    let changed = fchmodat(dir, name, bits, FchmodatFlags::NoFollowSymlink);
    changed.map_err(|error| Errno::from_raw_os_error(error as i32))
}

/// Std makes its attributes by a path or an open file only, and neither may be had here.
#[allow(clippy::unnecessary_cast, reason = "the widths differ by system")]
fn metadata_of(found: &Stat) -> Metadata {
    let kind = stat::kind(FileType::from_raw_mode(found.st_mode)).unwrap_or(Kind::File);
    let mut attributes = Attributes::new(kind);
    attributes.permissions = stat::mode(found) & PERMISSION_BITS;
    (attributes.device, attributes.inode) = stat::identity(found);
    attributes.len = found.st_size as u64;
    attributes.links = found.st_nlink as u64;
    (attributes.uid, attributes.gid) = (found.st_uid, found.st_gid);
    attributes.rdev = found.st_rdev as u64;
    attributes.block_size = found.st_blksize as u64;
    attributes.blocks = found.st_blocks as u64;
    attributes.accessed = moment(stat::accessed(found));
    attributes.modified = moment(stat::modified(found));
    attributes.changed = moment((found.st_ctime as i64, found.st_ctime_nsec as i64));
    attributes.into()
}

/// As in the kernel, nanoseconds count forward before 1970 too.
fn moment((seconds, nanoseconds): (i64, i64)) -> SystemTime {
    let whole = Duration::from_secs(seconds.unsigned_abs());
    let second = if seconds < 0 { UNIX_EPOCH - whole } else { UNIX_EPOCH + whole };
    second + Duration::from_nanos(nanoseconds as u64)
}

fn opened(dir: &OwnedFd, path: &OsStr) -> io::Result<File> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    Ok(File::from(openat(dir, path, flags, Bits::empty())?))
}
