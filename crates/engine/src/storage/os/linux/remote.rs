//! Which file systems are remote: on a network or in user space, where any call may wait for ever.

use rustix::fs::StatFs;

/// `f_type` of the file systems whose calls wait for a server, a cluster or another process.
const REMOTE_TYPES: [u32; 20] = [
    0x6969,      // NFS
    0x6573_5546, // FUSE, virtiofs
    0xFF53_4D42, // CIFS
    0x517B,      // SMB
    0xFE53_4D42, // SMB2
    0x0102_1997, // 9p
    0x00C3_6400, // Ceph
    0x6B41_4653, // AFS in the kernel
    0x5346_414F, // OpenAFS
    0x7375_7245, // Coda
    0x564C,      // NCP
    0x0187,      // autofs
    0x0116_1970, // GFS2
    0x7461_636F, // OCFS2
    0x0BD0_0BD0, // Lustre
    0x4750_4653, // GPFS
    0x2003_0528, // OrangeFS
    0x786F_4256, // VirtualBox shared folders
    0xBACB_ACBC, // VMware shared folders
    0x1983_0326, // FhGFS, BeeGFS
];

pub(super) fn is_remote(stat: &StatFs) -> bool {
    // `f_type` is signed and of different widths on different machines; the magic numbers have 32 bits.
    REMOTE_TYPES.contains(&(stat.f_type as u32))
}
