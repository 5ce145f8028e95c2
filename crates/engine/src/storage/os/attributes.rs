//! Owners, times and extended attributes.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use rustix::buffer::spare_capacity;
use rustix::fs::{
    AtFlags, Timespec, Timestamps, UTIME_NOW, UTIME_OMIT, XattrFlags, getxattr, lgetxattr, listxattr,
    llistxattr, lremovexattr, lsetxattr, removexattr, setxattr, utimensat,
};
use rustix::io::Errno;

use crate::storage::{Stamp, Stamps, XattrMode};

/// Most bytes that the kernel returns as the value or as the list of names (`XATTR_SIZE_MAX`, `XATTR_LIST_MAX`),
/// so that one call is enough.
const XATTR_BYTES_MAX: usize = 64 * 1024;

const NANOSECONDS_A_SECOND: i64 = 1_000_000_000;

pub(super) fn set_owner(path: &Path, uid: Option<u32>, gid: Option<u32>, follow: bool) -> io::Result<()> {
    if follow { std::os::unix::fs::chown(path, uid, gid) } else { std::os::unix::fs::lchown(path, uid, gid) }
}

pub(super) fn set_times(dir: impl AsFd, path: &Path, times: &Stamps, follow: bool) -> io::Result<()> {
    let times =
        Timestamps { last_access: timespec(times.accessed)?, last_modification: timespec(times.modified)? };
    let flags = if follow { AtFlags::empty() } else { AtFlags::SYMLINK_NOFOLLOW };
    Ok(utimensat(dir, path, &times, flags)?)
}

fn timespec(stamp: Stamp) -> Result<Timespec, Errno> {
    match stamp {
        Stamp::Keep => Ok(Timespec { tv_sec: 0, tv_nsec: UTIME_OMIT }),
        Stamp::Now => Ok(Timespec { tv_sec: 0, tv_nsec: UTIME_NOW }),
        Stamp::At(moment) => since_epoch(moment).ok_or(Errno::INVAL),
    }
}

/// Seconds count down before 1970, nanoseconds always up.
fn since_epoch(moment: SystemTime) -> Option<Timespec> {
    match moment.duration_since(UNIX_EPOCH) {
        Ok(after) => {
            let tv_sec = i64::try_from(after.as_secs()).ok()?;
            Some(Timespec { tv_sec, tv_nsec: after.subsec_nanos().into() })
        }
        Err(before) => {
            let before = before.duration();
            let seconds = i64::try_from(before.as_secs()).ok()?.checked_neg()?;
            match i64::from(before.subsec_nanos()) {
                0 => Some(Timespec { tv_sec: seconds, tv_nsec: 0 }),
                part => {
                    Some(Timespec { tv_sec: seconds.checked_sub(1)?, tv_nsec: NANOSECONDS_A_SECOND - part })
                }
            }
        }
    }
}

pub(super) fn xattr(path: &Path, name: &OsStr, follow: bool) -> io::Result<Option<Vec<u8>>> {
    let mut value = Vec::with_capacity(XATTR_BYTES_MAX);
    let got = if follow {
        getxattr(path, name, spare_capacity(&mut value))
    } else {
        lgetxattr(path, name, spare_capacity(&mut value))
    };
    match got {
        Ok(_) => {
            value.shrink_to_fit();
            Ok(Some(value))
        }
        Err(Errno::NODATA) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

pub(super) fn set_xattr(
    path: &Path,
    name: &OsStr,
    value: &[u8],
    mode: XattrMode,
    follow: bool,
) -> io::Result<()> {
    let flags = match mode {
        XattrMode::Any => XattrFlags::empty(),
        XattrMode::Create => XattrFlags::CREATE,
        XattrMode::Replace => XattrFlags::REPLACE,
    };
    if follow {
        setxattr(path, name, value, flags)?
    } else {
        lsetxattr(path, name, value, flags)?
    }
    Ok(())
}

pub(super) fn xattrs(path: &Path, follow: bool) -> io::Result<Vec<OsString>> {
    let mut names = Vec::with_capacity(XATTR_BYTES_MAX);
    if follow {
        listxattr(path, spare_capacity(&mut names))?;
    } else {
        llistxattr(path, spare_capacity(&mut names))?;
    }
    let names = names.split(|byte| *byte == 0).filter(|name| !name.is_empty());
    Ok(names.map(|name| OsStr::from_bytes(name).to_owned()).collect())
}

pub(super) fn remove_xattr(path: &Path, name: &OsStr, follow: bool) -> io::Result<()> {
    if follow {
        removexattr(path, name)?
    } else {
        lremovexattr(path, name)?
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::since_epoch;

    #[test]
    fn moments_before_1970_count_seconds_down_and_nanoseconds_up() {
        fn check(nanoseconds: i128, expected: (i64, i64)) {
            let distance = Duration::from_nanos(u64::try_from(nanoseconds.abs()).expect("it is small"));
            let moment = if nanoseconds < 0 { UNIX_EPOCH - distance } else { UNIX_EPOCH + distance };
            let told = since_epoch(moment).expect("it can be told");
            assert_eq!((told.tv_sec, told.tv_nsec), expected, "{nanoseconds}");
        }
        check(0, (0, 0));
        check(1, (0, 1));
        check(1_500_000_000, (1, 500_000_000));
        check(-1, (-1, 999_999_999));
        check(-1_000_000_000, (-1, 0));
        check(-1_500_000_000, (-2, 500_000_000));
    }
}
