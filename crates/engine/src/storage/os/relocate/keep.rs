//! What a move keeps besides contents and names. What the other file system has no place for, or what this user may not
//! give, is left out; everything else that fails ends the move.

use std::io;
use std::os::fd::BorrowedFd;

use rustix::buffer::spare_capacity;
use rustix::fs::{
    AtFlags, FileType, Gid, Mode, Stat, Timespec, Timestamps, Uid, XattrFlags, chmodat, chownat, fchmod,
    fchown, fgetxattr, flistxattr, fsetxattr, fstat, futimens, statat, utimensat,
};
use rustix::io::Errno;

use crate::limits::XATTR_BYTES_MAX;

/// All permission bits.
const ALL_BITS: u32 = 0o7777;

/// Permission bits that mean the same whoever the owner is.
const SHARED_BITS: u32 = 0o1777;

/// The attribute that lends rights to whoever runs a file.
const CAPABILITY: &[u8] = b"security.capability";

/// Completes the copy of a file or a directory with everything in it.
pub(super) fn of_open(from: BorrowedFd<'_>, stat: &Stat, to: BorrowedFd<'_>) -> io::Result<()> {
    let owned = owner(stat, fstat(to)?, |uid, gid| fchown(to, uid, gid))?;
    // Before the permissions, under which the owner may not be allowed to.
    attributes(from, to, owned)?;
    // After the owner, whose change takes the set-ID bits away.
    lenient(fchmod(to, bits(stat, owned)))?;
    lenient(futimens(to, &times(stat)))?;
    Ok(())
}

/// Completes the copy of a symbolic link or a FIFO, which have no attributes of a user's.
pub(super) fn of_name<P: rustix::path::Arg + Copy>(
    stat: &Stat,
    dir: BorrowedFd<'_>,
    name: P,
) -> io::Result<()> {
    let nofollow = AtFlags::SYMLINK_NOFOLLOW;
    let made = statat(dir, name, nofollow)?;
    let owned = owner(stat, made, |uid, gid| chownat(dir, name, uid, gid, nofollow))?;
    if FileType::from_raw_mode(stat.st_mode) != FileType::Symlink {
        lenient(chmodat(dir, name, bits(stat, owned), AtFlags::empty()))?;
    }
    lenient(utimensat(dir, name, &times(stat), nofollow))?;
    Ok(())
}

/// Whether the owner and the group are those of the original now.
fn owner(
    stat: &Stat,
    made: Stat,
    change: impl Fn(Option<Uid>, Option<Gid>) -> Result<(), Errno>,
) -> Result<bool, Errno> {
    if (made.st_uid, made.st_gid) == (stat.st_uid, stat.st_gid) {
        return Ok(true);
    }
    let (uid, gid) = (Uid::from_raw(stat.st_uid), Gid::from_raw(stat.st_gid));
    if lenient(change(Some(uid), Some(gid)))? {
        return Ok(true);
    }
    // Of the groups one is in each can be given.
    Ok(lenient(change(None, Some(gid)))? && made.st_uid == stat.st_uid)
}

fn bits(stat: &Stat, owned: bool) -> Mode {
    Mode::from_raw_mode(stat.st_mode & if owned { ALL_BITS } else { SHARED_BITS })
}

fn times(stat: &Stat) -> Timestamps {
    let time = |tv_sec, tv_nsec: u64| Timespec { tv_sec, tv_nsec: tv_nsec as _ };
    Timestamps {
        last_access: time(stat.st_atime, stat.st_atime_nsec),
        last_modification: time(stat.st_mtime, stat.st_mtime_nsec),
    }
}

/// Access lists are among them.
fn attributes(from: BorrowedFd<'_>, to: BorrowedFd<'_>, owned: bool) -> Result<(), Errno> {
    let mut names = Vec::with_capacity(XATTR_BYTES_MAX);
    lenient(flistxattr(from, spare_capacity(&mut names)).map(drop))?;
    if names.is_empty() {
        return Ok(());
    }
    let mut value = Vec::with_capacity(XATTR_BYTES_MAX);
    for name in names.split(|byte| *byte == 0).filter(|name| !name.is_empty()) {
        if name == CAPABILITY && !owned {
            continue;
        }
        value.clear();
        if lenient(fgetxattr(from, name, spare_capacity(&mut value)).map(drop))? {
            lenient(fsetxattr(to, name, &value, XattrFlags::empty()))?;
        }
    }
    Ok(())
}

/// `false` for what there is no place for, or no right to, as CPython's `shutil` has it.
fn lenient(outcome: Result<(), Errno>) -> Result<bool, Errno> {
    match outcome {
        Ok(()) => Ok(true),
        Err(Errno::PERM | Errno::ACCESS | Errno::OPNOTSUPP | Errno::NOSYS | Errno::INVAL | Errno::NODATA) => {
            Ok(false)
        }
        Err(error) => Err(error),
    }
}
