//! Which devices are remote: on a network or in user space, where any call may wait for ever.

use std::os::fd::AsFd;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{PoisonError, RwLock};

use rustix::fs::{Mode, OFlags, Stat, fstat, fstatfs, major, minor, open};

use super::mounts;
use super::remote::is_remote;
use crate::limits::DEVICES_MAX;
use crate::storage::Links;

/// `f_type` of the file systems whose close needs no device, if no blocks have to be freed or written. Others, such as FAT
/// and eCryptfs, may flush at the close.
const QUIET_TYPES: [u32; 9] = [
    0xEF53,      // ext2, ext3, ext4
    0x5846_5342, // XFS
    0x9123_683E, // Btrfs
    0x0102_1994, // tmpfs
    0x8584_58F6, // ramfs
    0xF2F5_2010, // F2FS
    0x2FC1_2FC1, // ZFS
    0xCA45_1A4E, // bcachefs
    0x794C_7630, // overlayfs, which stands on one of them
];

/// Major number of the memory devices.
const MEMORY_MAJOR: u32 = 1;

/// Their minor numbers that never wait: null, zero, full, random and urandom. Not `mem`, `port` and `kmsg`:
/// those reach hardware, or wait for messages.
const MEMORY_MINORS: [u32; 5] = [3, 5, 7, 8, 9];

/// What is known about devices, by `st_dev`.
#[derive(Debug, Default)]
pub(in crate::storage::os) struct Devices {
    known: RwLock<Vec<Device>>,
    /// Whether the mount table was found free of remote file systems. Written whenever a device is
    /// remembered; carries no data, so Relaxed is enough.
    all_local: AtomicBool,
}

#[derive(Clone, Copy, Debug)]
struct Device {
    number: u64,
    remote: bool,
}

impl Devices {
    /// Returns whether a device is remote, if that is known without any system call.
    pub(in crate::storage::os) fn known_remote(&self, number: u64) -> Option<bool> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        known.iter().find(|device| device.number == number).map(|device| device.remote)
    }

    /// Returns whether a path could lead to a remote device, as of the last new device.
    ///
    /// While it cannot, calls in place do not check the device first. A remote file system that is mounted later is noticed
    /// by the first call that reaches it, and that one call may wait for it.
    pub(in crate::storage::os) fn may_be_remote(&self) -> bool {
        !self.all_local.load(Ordering::Relaxed)
    }

    /// Returns whether the device under `file` is remote; may wait for it if that is not known.
    ///
    /// A local device is checked again each time: the number of an unmounted file system is given to the next one, and a
    /// wrong "local" would stop an executor thread. The check takes a fraction of a microsecond. A wrong "remote" only
    /// costs speed, so it is never checked again.
    pub(in crate::storage::os) fn ask_if_remote(&self, number: u64, file: impl AsFd) -> bool {
        match self.known_remote(number) {
            Some(true) => true,
            known @ (Some(false) | None) => {
                // A file system that cannot say what it is gets no in-place calls.
                let remote = fstatfs(file).map_or(true, |stat| is_remote(&stat));
                if known != Some(remote) {
                    self.remember(Device { number, remote });
                }
                remote
            }
        }
    }

    /// Finds out about the device of `path`, if it is not known yet. May wait for it.
    pub(in crate::storage::os) fn learn(&self, number: u64, path: &Path, links: Links) {
        if self.known_remote(number).is_some() {
            return;
        }
        // Through one descriptor: by now the path may lead to another device, and the answer must belong to
        // the number it is kept under.
        let flags = match links {
            Links::Follow => OFlags::PATH | OFlags::CLOEXEC,
            Links::NotLast | Links::Refuse => OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC,
        };
        if let Ok(named) = open(path, flags, Mode::empty())
            && let Ok(stat) = fstat(&named)
        {
            self.ask_if_remote(stat.st_dev, named);
        }
    }

    #[cfg(test)]
    pub(in crate::storage::os) fn pretend_remote(&self, number: u64) {
        self.remember(Device { number, remote: true });
    }

    fn remember(&self, device: Device) {
        let none_mounted = !mounts::any_remote();
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        known.retain(|other| other.number != device.number);
        if known.len() >= DEVICES_MAX {
            known.clear();
        }
        known.push(device);
        let none_known = known.iter().all(|device| !device.remote);
        self.all_local.store(none_mounted && none_known, Ordering::Relaxed);
    }
}

/// Whether a character device is one of memory, whose calls never wait.
pub(in crate::storage::os) fn never_waits(device: &Stat) -> bool {
    major(device.st_rdev) == MEMORY_MAJOR && MEMORY_MINORS.contains(&minor(device.st_rdev))
}

/// Whether a regular file of length 0 could be a generated one of a pseudo file system. Files on a disk cannot, so they
/// cost no further call.
pub(in crate::storage::os) fn may_be_made_up(stat: &Stat) -> bool {
    major(stat.st_dev) == 0
}

/// Whether closing a file needs no device, if no blocks have to be freed or written.
pub(in crate::storage::os) fn closes_quietly(file: impl AsFd) -> bool {
    fstatfs(file).is_ok_and(|found| QUIET_TYPES.contains(&(found.f_type as u32)))
}

#[cfg(test)]
mod tests {
    use super::{DEVICES_MAX, Device, Devices};

    #[test]
    fn memory_for_devices_is_bounded_and_the_last_answer_wins() {
        let devices = Devices::default();
        for number in 0..2 * DEVICES_MAX as u64 {
            devices.remember(Device { number, remote: false });
            devices.remember(Device { number, remote: number % 2 == 0 });
            assert_eq!(devices.known_remote(number), Some(number % 2 == 0));
            assert!(devices.known.read().expect("nothing panics under the lock").len() <= DEVICES_MAX);
        }
        assert_eq!(devices.known_remote(u64::MAX), None);
    }

    #[test]
    fn known_remote_device_is_not_asked_again() {
        let devices = Devices::default();
        let local = tempfile::tempfile().expect("temp file");
        devices.remember(Device { number: 7, remote: true });
        assert!(devices.ask_if_remote(7, &local));
        devices.remember(Device { number: 8, remote: false });
        assert!(!devices.ask_if_remote(8, &local));
    }
}
