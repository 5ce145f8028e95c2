//! Which file systems may keep a call waiting, by the flag that BSD and Apple's systems have for it.

use rustix::fs::StatFs;

use crate::storage::os::waits::Waits;

/// `MNT_LOCAL`: what it holds is on a device of this machine.
const LOCAL: u64 = 0x1000;

#[allow(clippy::unnecessary_cast, reason = "the widths differ by system")]
pub(super) fn waits(stat: &StatFs) -> Waits {
    if stat.f_flags as u64 & LOCAL == 0 { Waits::Always } else { Waits::Never }
}

/// Whether the kernel itself keeps the locks of a file.
pub(super) fn keeps_locks(stat: &StatFs) -> bool {
    waits(stat) == Waits::Never
}
