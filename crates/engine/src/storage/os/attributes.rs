//! Owners and times.

use std::fs::FileTimes;
use std::io;
use std::os::fd::AsFd;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustix::fs::{AtFlags, Timespec, Timestamps, UTIME_NOW, UTIME_OMIT, utimensat};

use super::platform::names::scratch;
use crate::storage::metadata::since_epoch;
use crate::storage::{Stamp, Stamps};

pub(super) fn set_owner(path: &Path, uid: Option<u32>, gid: Option<u32>, follow: bool) -> io::Result<()> {
    if follow { std::os::unix::fs::chown(path, uid, gid) } else { std::os::unix::fs::lchown(path, uid, gid) }
}

pub(super) fn set_times(dir: impl AsFd, path: &Path, times: &Stamps, follow: bool) -> io::Result<()> {
    let times =
        Timestamps { last_access: timespec(times.accessed), last_modification: timespec(times.modified) };
    let flags = if follow { AtFlags::empty() } else { AtFlags::SYMLINK_NOFOLLOW };
    Ok(utimensat(dir, path, &times, flags)?)
}

/// Std's times have no getters, so they are set on a scratch file and read back; this takes system calls and may block.
impl TryFrom<FileTimes> for Stamps {
    type Error = io::Error;

    fn try_from(times: FileTimes) -> io::Result<Self> {
        stamps_of(times)
    }
}

/// Sets the times twice, over different old times, to find those that they leave unchanged.
fn stamps_of(times: FileTimes) -> io::Result<Stamps> {
    let file = scratch()?;
    let seen = |from: SystemTime| {
        file.set_times(FileTimes::new().set_accessed(from).set_modified(from))?;
        file.set_times(times)?;
        let seen = file.metadata()?;
        Ok::<_, io::Error>((seen.accessed()?, seen.modified()?))
    };
    let (one, other) = (seen(UNIX_EPOCH)?, seen(UNIX_EPOCH + Duration::from_secs(1))?);
    let stamp = |one, other| if one == other { Stamp::At(one) } else { Stamp::Keep };
    Ok(Stamps { accessed: stamp(one.0, other.0), modified: stamp(one.1, other.1) })
}

fn timespec(stamp: Stamp) -> Timespec {
    match stamp {
        Stamp::Keep => Timespec { tv_sec: 0, tv_nsec: UTIME_OMIT },
        Stamp::Now => Timespec { tv_sec: 0, tv_nsec: UTIME_NOW },
        Stamp::At(moment) => {
            let (tv_sec, tv_nsec) = since_epoch(moment);
            Timespec { tv_sec, tv_nsec }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::stamps_of;
    use crate::storage::{Stamp, Stamps};
    use std::fs::FileTimes;

    #[test]
    fn times_of_std_are_told_to_the_nanosecond_and_what_they_leave_alone_too() {
        let moments = [
            UNIX_EPOCH,
            UNIX_EPOCH + Duration::from_secs(1),
            UNIX_EPOCH + Duration::new(1 << 33, 123_456_789),
            UNIX_EPOCH - Duration::new(77, 1),
        ];
        let keep = Stamps { accessed: Stamp::Keep, modified: Stamp::Keep };
        assert_eq!(stamps_of(FileTimes::new()).expect("they are told"), keep);
        for moment in moments {
            let at = Stamp::At(moment);
            let times = FileTimes::new().set_accessed(moment);
            assert_eq!(stamps_of(times).expect("they are told"), Stamps { accessed: at, ..keep });
            let times = FileTimes::new().set_modified(moment);
            assert_eq!(stamps_of(times).expect("they are told"), Stamps { modified: at, ..keep });
            let times = times.set_accessed(UNIX_EPOCH);
            let both = Stamps { accessed: Stamp::At(UNIX_EPOCH), modified: at };
            assert_eq!(stamps_of(times).expect("they are told"), both);
        }
    }
}
