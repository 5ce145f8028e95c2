//! Which devices are remote, found for each opened file.

use std::os::fd::AsFd;
use std::path::Path;

use rustix::fs::{FileType, Stat, fstatfs, stat};

use super::remote;
use crate::storage::Links;
use crate::storage::os::waits::Waits;

/// Devices whose calls never wait.
const NEVER_WAIT: [&str; 5] = ["/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom"];

#[derive(Debug, Default)]
pub(in crate::storage::os) struct Devices;

impl Devices {
    pub(in crate::storage::os) fn known_remote(&self, _: u64) -> Option<bool> {
        None
    }

    pub(in crate::storage::os) fn paths_wait(&self) -> Waits {
        Waits::Always
    }

    pub(in crate::storage::os) fn ask_if_remote(&self, _: u64, file: impl AsFd) -> bool {
        fstatfs(file).map_or(true, |stat| remote::waits(&stat).is_remote())
    }

    pub(in crate::storage::os) fn learn(&self, _: u64, _: &Path, _: Links) {}
}

/// Whether the kernel itself keeps the locks of a file.
pub(in crate::storage::os) fn keeps_locks(file: impl AsFd) -> bool {
    fstatfs(file).is_ok_and(|stat| remote::keeps_locks(&stat))
}

/// Whether a character device is one of memory. Its number differs by system; its name does not.
pub(in crate::storage::os) fn never_waits(device: &Stat) -> bool {
    NEVER_WAIT.into_iter().any(|path| {
        stat(path).is_ok_and(|known| {
            FileType::from_raw_mode(known.st_mode) == FileType::CharacterDevice
                && known.st_rdev == device.st_rdev
        })
    })
}

/// Whether a regular file of length 0 could be a generated one of a pseudo file system.
pub(in crate::storage::os) fn may_be_made_up(_: &Stat) -> bool {
    true
}

/// Whether closing a file needs no device, if no blocks have to be freed or written.
pub(in crate::storage::os) fn closes_quietly(_: impl AsFd) -> bool {
    false
}
