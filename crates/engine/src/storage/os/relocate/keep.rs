//! The attributes that a move preserves. Attributes that the other file system does not support, or that this user may
//! not set, are left out; any other failure ends the move.

use std::io;
use std::os::fd::BorrowedFd;

use rustix::fs::{
    AtFlags, FileType, Gid, Mode, Stat, Timespec, Timestamps, Uid, chmodat, chownat, fchmod, fchown, fstat,
    futimens, statat, utimensat,
};
use rustix::io::Errno;

use crate::storage::os::{stat as told, xattr};

const ALL_BITS: u32 = 0o7777;

/// The permission bits that do not depend on the owner.
const SHARED_BITS: u32 = 0o1777;

/// The attribute that gives rights to the process that runs a file.
const CAPABILITY: &[u8] = b"security.capability";

/// Completes the copy of a file, or of a directory after all of its contents.
pub(super) fn of_open(from: BorrowedFd<'_>, stat: &Stat, to: BorrowedFd<'_>) -> io::Result<()> {
    let owned = owner(stat, fstat(to)?, |uid, gid| fchown(to, uid, gid))?;
    // Before the permissions, which may forbid it.
    xattr::copy(from, to, |name| name == CAPABILITY && !owned, lenient)?;
    // After the owner, since changing that clears the set-ID bits.
    lenient(fchmod(to, bits(stat, owned)))?;
    lenient(futimens(to, &times(stat)))?;
    Ok(())
}

/// Completes the copy of a symbolic link or a FIFO, which have no extended attributes.
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

/// Copies owner and group, and returns whether both are those of the original now.
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
    // A user may set any group that the user is in.
    Ok(lenient(change(None, Some(gid)))? && made.st_uid == stat.st_uid)
}

fn bits(stat: &Stat, owned: bool) -> Mode {
    told::bits(told::mode(stat) & if owned { ALL_BITS } else { SHARED_BITS })
}

fn times(stat: &Stat) -> Timestamps {
    let time = |(tv_sec, tv_nsec)| Timespec { tv_sec, tv_nsec };
    Timestamps { last_access: time(told::accessed(stat)), last_modification: time(told::modified(stat)) }
}

/// `false` for what is not supported or not permitted, like CPython's `shutil`.
fn lenient(outcome: Result<(), Errno>) -> Result<bool, Errno> {
    match outcome {
        Ok(()) => Ok(true),
        Err(Errno::PERM | Errno::ACCESS | Errno::OPNOTSUPP | Errno::NOSYS | Errno::INVAL) => Ok(false),
        Err(error) => Err(error),
    }
}
