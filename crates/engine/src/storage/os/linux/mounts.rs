//! What is mounted, from the mount table: asking the file systems themselves could wait for a server that is gone.

use std::fs::{self, File};
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;

use super::devices::Devices;
use crate::storage::MountWatch;
use crate::storage::os::waits::Waits;

/// The mount table of this process.
const MOUNT_TABLE: &str = "/proc/self/mountinfo";

/// The file systems of [`super::remote`] by their names in the mount table; FUSE's carry a suffix (`fuse.sshfs`). An automount
/// point is not triggered by a look-up in the cache.
const NEVER: [&str; 47] = [
    "ext2",
    "ext3",
    "ext4",
    "xfs",
    "btrfs",
    "tmpfs",
    "devtmpfs",
    "ramfs",
    "rootfs",
    "nullfs",
    "f2fs",
    "zfs",
    "bcachefs",
    "squashfs",
    "erofs",
    "cramfs",
    "iso9660",
    "udf",
    "vfat",
    "msdos",
    "exfat",
    "ntfs3",
    "hfsplus",
    "jfs",
    "nilfs2",
    "reiserfs",
    "proc",
    "sysfs",
    "devpts",
    "cgroup",
    "cgroup2",
    "cpuset",
    "hugetlbfs",
    "mqueue",
    "nsfs",
    "securityfs",
    "autofs",
    "binfmt_misc",
    "bpf",
    "configfs",
    "debugfs",
    "efivarfs",
    "fusectl",
    "pstore",
    "rpc_pipefs",
    "selinuxfs",
    "tracefs",
];

/// See [`NEVER`].
const AT_OPEN: [&str; 7] = ["fuse", "fuseblk", "virtiofs", "nfs", "nfs4", "ceph", "overlay"];

/// Returns what any path may wait for; [`Waits::Always`] if the mount table cannot be read.
pub(super) fn wait() -> Waits {
    fs::read(MOUNT_TABLE).map_or(Waits::Always, |table| of_table(&String::from_utf8_lossy(&table)))
}

fn of_table(table: &str) -> Waits {
    let mounts = table.lines().map(|line| {
        // The type follows a lone hyphen, after a varying number of fields; blanks in paths are escaped.
        let name = line.split_once(" - ").and_then(|(_, rest)| rest.split(' ').next());
        name.map_or(Waits::Always, waits_by_name)
    });
    mounts.max().unwrap_or(Waits::Always)
}

/// What a file system of this name may keep waiting.
fn waits_by_name(name: &str) -> Waits {
    let family = name.split('.').next().unwrap_or(name);
    match (NEVER.contains(&name), AT_OPEN.contains(&family)) {
        (true, _) => Waits::Never,
        (false, true) => Waits::AtOpen,
        (false, false) => Waits::Always,
    }
}

/// The open mount table, which the kernel marks whenever it changes. As long as it lives, what is known of the mounts
/// is used.
#[derive(Debug)]
pub(in crate::storage::os) struct MountTable {
    file: File,
    devices: Arc<Devices>,
}

impl MountTable {
    pub(in crate::storage::os) fn watch(devices: &Arc<Devices>) -> Option<Self> {
        let file = File::open(MOUNT_TABLE).ok()?;
        devices.watched();
        Some(MountTable { file, devices: devices.clone() })
    }
}

impl MountWatch for MountTable {
    fn changes(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }

    fn changed(&self) {
        self.devices.forget();
    }
}

impl Drop for MountTable {
    fn drop(&mut self) {
        self.devices.unwatched();
    }
}

#[cfg(test)]
mod tests {
    use super::{Waits, of_table};

    #[test]
    fn mounts_are_judged_by_the_one_that_waits_longest() {
        fn check(line: &str, expected: Waits) {
            let root = "22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw";
            assert_eq!(of_table(&format!("{root}\n{line}\n{root}\n")), expected, "{line}");
        }
        check("23 22 0:5 / /proc rw,nosuid shared:2 master:3 - proc proc rw", Waits::Never);
        check("24 22 0:6 / /mnt/with\\040blank rw - tmpfs none rw", Waits::Never);
        check("25 22 0:7 / /sys/fs/fuse/connections rw - fusectl fusectl rw", Waits::Never);
        check("26 22 0:8 / /mnt rw - fuse.sshfs host: rw", Waits::AtOpen);
        check("27 22 0:9 / /mnt rw shared:9 - nfs4 host:/ rw", Waits::AtOpen);
        check("28 22 0:11 / / rw - overlay overlay rw,lowerdir=/lower,upperdir=/upper", Waits::AtOpen);
        check("29 22 0:10 / /mnt rw - 9p share rw", Waits::Always);
        check("30 22 0:12 / /mnt rw - a-type-of-tomorrow none rw", Waits::Always);
        check("31 22 0:13 / /mnt rw - ext4.sshfs none rw", Waits::Always);
        check("a line of another shape", Waits::Always);
        assert_eq!(of_table(""), Waits::Always, "a process without a root");
    }
}
