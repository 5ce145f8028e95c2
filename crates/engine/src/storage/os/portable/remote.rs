//! Which file systems are remote, by the flag that BSD and Apple's systems have for it.

use rustix::fs::StatFs;

/// `MNT_LOCAL`: what it holds is on a device of this machine.
const LOCAL: u64 = 0x1000;

#[allow(clippy::unnecessary_cast, reason = "the widths differ by system")]
pub(super) fn is_remote(stat: &StatFs) -> bool {
    stat.f_flags as u64 & LOCAL == 0
}
