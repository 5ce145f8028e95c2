//! Which devices are remote: on a network or in user space, where any call may wait for ever.

use std::os::fd::AsFd;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{PoisonError, RwLock};

use rustix::fs::{Mode, OFlags, Stat, fstat, fstatfs, major, minor, open};

use super::{mounts, remote};
use crate::limits::DEVICES_MAX;
use crate::storage::Links;
use crate::storage::os::waits::Waits;

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

/// What is known about devices and mounts.
///
/// Nothing is done in place by a path before the mounts are watched and have been read, nor between a change of them and
/// the next reading. The first worker that meets a device after that reads them again.
#[derive(Debug, Default)]
pub(in crate::storage::os) struct Devices {
    known: RwLock<Known>,
    /// What a path may wait for, as a number of [`PATHS_WAIT`]. Written under the lock; read without it and without an
    /// order to anything else, so Relaxed is enough.
    paths_wait: AtomicUsize,
    /// How many watch the mounts.
    watches: AtomicUsize,
}

/// The states of [`Devices::paths_wait`]; the first until the mounts are known.
const PATHS_WAIT: [Waits; 3] = [Waits::Always, Waits::AtOpen, Waits::Never];

#[derive(Debug, Default)]
struct Known {
    /// By `st_dev`.
    devices: Vec<Device>,
    /// How often the mounts have changed: what was asked before that does not count any more.
    changes: u64,
}

#[derive(Clone, Copy, Debug)]
struct Device {
    number: u64,
    waits: Waits,
}

impl Known {
    fn waits(&self, number: u64) -> Option<Waits> {
        self.devices.iter().find(|device| device.number == number).map(|device| device.waits)
    }
}

impl Devices {
    /// Returns whether a device is remote, if that is known without any system call.
    pub(in crate::storage::os) fn known_remote(&self, number: u64) -> Option<bool> {
        self.look(number).0.map(Waits::is_remote)
    }

    /// Returns what a path may wait for: a call in place by that path must not.
    pub(in crate::storage::os) fn paths_wait(&self) -> Waits {
        PATHS_WAIT[self.paths_wait.load(Ordering::Relaxed)]
    }

    /// Returns whether the device under `file` is remote; may wait for it if that is not known.
    ///
    /// A local device is checked again each time: the number of an unmounted file system is given to the next one, and a
    /// wrong "local" would stop an executor thread. The check takes a fraction of a microsecond. A wrong "remote" only
    /// costs speed, so it is checked again after the next change of the mounts.
    pub(in crate::storage::os) fn ask_if_remote(&self, number: u64, file: impl AsFd) -> bool {
        match self.look(number) {
            (Some(Waits::AtOpen | Waits::Always), _) => true,
            (known @ (Some(Waits::Never) | None), changes) => {
                // A file system that cannot say what it is gets no in-place calls.
                let waits = fstatfs(file).map_or(Waits::Always, |stat| remote::waits(&stat));
                if known != Some(waits) {
                    self.remember(Device { number, waits }, changes);
                }
                waits.is_remote()
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

    /// Forgets everything, because the mounts have changed: a path may lead elsewhere, and a number may be given to another
    /// device.
    pub(super) fn forget(&self) {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        self.paths_wait.store(0, Ordering::Relaxed);
        known.devices.clear();
        known.changes += 1;
    }

    /// Notes that [`forget`](Self::forget) will be called from now on.
    pub(super) fn watched(&self) {
        self.watches.fetch_add(1, Ordering::Relaxed);
    }

    /// Notes that one of those that call it is gone.
    pub(super) fn unwatched(&self) {
        self.watches.fetch_sub(1, Ordering::Relaxed);
        self.forget();
    }

    #[cfg(test)]
    pub(in crate::storage::os) fn pretend_remote(&self, number: u64) {
        let changes = self.look(number).1;
        self.remember(Device { number, waits: Waits::AtOpen }, changes);
    }

    /// What is known of a device, and how often the mounts have changed so far.
    fn look(&self, number: u64) -> (Option<Waits>, u64) {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        (known.waits(number), known.changes)
    }

    /// Remembers what was found out after so many changes of the mounts, and reads these.
    fn remember(&self, device: Device, changes: u64) {
        let mounted = mounts::wait();
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        if known.changes != changes {
            return;
        }
        known.devices.retain(|other| other.number != device.number);
        if known.devices.len() >= DEVICES_MAX {
            known.devices.clear();
        }
        known.devices.push(device);
        let is_watched = self.watches.load(Ordering::Relaxed) > 0;
        let mounted = if is_watched { mounted } else { Waits::Always };
        // A device may be in use without a mount in the table.
        let waits = known.devices.iter().map(|device| device.waits).fold(mounted, Waits::max);
        let state = PATHS_WAIT.iter().position(|state| *state == waits).unwrap_or_default();
        self.paths_wait.store(state, Ordering::Relaxed);
    }
}

/// Whether the kernel itself keeps the locks of a file.
pub(in crate::storage::os) fn keeps_locks(file: impl AsFd) -> bool {
    fstatfs(file).is_ok_and(|stat| remote::keeps_locks(&stat))
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
    use super::{DEVICES_MAX, Device, Devices, Waits};

    #[test]
    fn memory_for_devices_is_bounded_and_the_last_answer_wins() {
        let devices = Devices::default();
        for number in 0..2 * DEVICES_MAX as u64 {
            let waits = if number % 2 == 0 { Waits::AtOpen } else { Waits::Never };
            devices.remember(Device { number, waits: Waits::Never }, 0);
            devices.remember(Device { number, waits }, 0);
            assert_eq!(devices.known_remote(number), Some(number % 2 == 0));
            assert!(
                devices.known.read().expect("nothing panics under the lock").devices.len() <= DEVICES_MAX
            );
        }
        assert_eq!(devices.known_remote(u64::MAX), None);
    }

    #[test]
    fn known_remote_device_is_not_asked_again() {
        let devices = Devices::default();
        let local = tempfile::tempfile().expect("temp file");
        devices.remember(Device { number: 7, waits: Waits::AtOpen }, 0);
        assert!(devices.ask_if_remote(7, &local));
        devices.remember(Device { number: 8, waits: Waits::Never }, 0);
        assert!(!devices.ask_if_remote(8, &local));
    }

    #[test]
    fn nothing_is_done_in_place_by_a_path_unless_the_mounts_are_watched_and_known() {
        let devices = Devices::default();
        let local = Device { number: 8, waits: Waits::Never };
        devices.remember(local, 0);
        assert_eq!(devices.paths_wait(), Waits::Always, "unwatched");
        devices.watched();
        assert_eq!(devices.paths_wait(), Waits::Always, "not read since");
        devices.remember(local, 0);
        let read = devices.paths_wait();
        devices.forget();
        assert_eq!((devices.paths_wait(), devices.known_remote(8)), (Waits::Always, None));
        devices.remember(local, 0);
        assert_eq!(devices.known_remote(8), None, "what was asked before the change does not count");
        devices.remember(local, 1);
        assert_eq!((devices.paths_wait(), devices.known_remote(8)), (read, Some(false)));
        devices.remember(Device { number: 9, waits: Waits::AtOpen }, 1);
        assert_eq!(devices.paths_wait(), Waits::AtOpen.max(read), "one in no table counts too");
        devices.unwatched();
        devices.remember(local, 2);
        assert_eq!(devices.paths_wait(), Waits::Always, "unwatched again");
    }
}
