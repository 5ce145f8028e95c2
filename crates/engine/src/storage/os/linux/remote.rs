//! Which file systems may keep a call waiting: on a network, in user space, above layers of others, or unknown.

use rustix::fs::StatFs;

use crate::storage::os::waits::Waits;

/// `f_type` of the file systems that answer from the kernel's memory. Others are left to workers: those of this list
/// stand on nothing but a device of this machine, or on nothing at all.
const NEVER: [u32; 32] = [
    0xEF53,      // ext2, ext3, ext4
    0x5846_5342, // XFS
    0x9123_683E, // Btrfs
    0x0102_1994, // tmpfs, devtmpfs
    0x8584_58F6, // ramfs
    0xF2F5_2010, // F2FS
    0x2FC1_2FC1, // ZFS
    0xCA45_1A4E, // bcachefs
    0x7371_7368, // squashfs
    0xE0F5_E1E2, // EROFS
    0x28CD_3D45, // cramfs
    0x9660,      // ISO 9660
    0x1501_3346, // UDF
    0x4D44,      // FAT
    0x2011_BAB0, // exFAT
    0x7366_746E, // NTFS
    0x482B,      // HFS+
    0x3153_464A, // JFS
    0x3434,      // NILFS
    0x5265_4973, // ReiserFS
    0x9FA0,      // proc
    0x6265_6572, // sysfs
    0x1CD1,      // devpts
    0x0027_E0EB, // cgroup
    0x6367_7270, // cgroup2
    0x9584_58F6, // hugetlbfs
    0x1980_0202, // message queues
    0x5049_5045, // pipes
    0x534F_434B, // sockets
    0x0904_1934, // eventfds and others
    0x6E73_6673, // namespaces
    0x7363_6673, // securityfs
];

/// `f_type` of those whose opens may wait, but which tell a file's device and cached attributes from memory when asked so
/// (`AT_STATX_DONT_SYNC`).
const AT_OPEN: [u32; 4] = [
    0x6573_5546, // FUSE, virtiofs
    0x6969,      // NFS
    0x00C3_6400, // Ceph
    OVERLAY,
];

/// Overlayfs stands on other file systems, which cannot be found out: the options in the mount table are the paths of the
/// process that mounted it, in a container those of its host.
const OVERLAY: u32 = 0x794C_7630;

/// What the file system of an open file may keep waiting.
pub(super) fn waits(stat: &StatFs) -> Waits {
    // `f_type` is signed and of different widths on different machines; the magic numbers have 32 bits.
    let kind = stat.f_type as u32;
    match (NEVER.contains(&kind), AT_OPEN.contains(&kind)) {
        (true, _) => Waits::Never,
        (false, true) => Waits::AtOpen,
        (false, false) => Waits::Always,
    }
}

/// Whether the kernel itself keeps the locks of a file, whatever else its file system may wait for.
pub(super) fn keeps_locks(stat: &StatFs) -> bool {
    waits(stat) == Waits::Never || stat.f_type as u32 == OVERLAY
}
