//! Whether any remote file system is mounted, from the mount table: asking the file systems themselves could
//! wait for a server that is gone.

use std::fs;

/// The mount table of this process.
const MOUNT_TABLE: &str = "/proc/self/mountinfo";

/// Names of the file systems of [`super::remote`] in the mount table. FUSE's carry a suffix (`fuse.sshfs`).
const REMOTE_NAMES: [&str; 24] = [
    "nfs", "nfs4", "fuse", "fuseblk", "virtiofs", "cifs", "smb3", "smbfs", "9p", "ceph", "afs", "coda",
    "ncpfs", "autofs", "gfs2", "ocfs2", "lustre", "gpfs", "orangefs", "pvfs2", "vboxsf", "vmhgfs", "fhgfs",
    "beegfs",
];

/// Returns whether a remote file system is mounted; `true` if the mount table cannot be read.
pub(in crate::storage::os) fn any_remote() -> bool {
    fs::read(MOUNT_TABLE).map_or(true, |table| names_remote(&String::from_utf8_lossy(&table)))
}

fn names_remote(table: &str) -> bool {
    table.lines().any(|line| {
        // The type follows a lone hyphen, after a varying number of fields; blanks in paths are escaped.
        let name = line.split_once(" - ").and_then(|(_, rest)| rest.split(' ').next());
        let name = name.map(|name| name.split('.').next().unwrap_or(name));
        name.is_none_or(|name| REMOTE_NAMES.contains(&name))
    })
}

#[cfg(test)]
mod tests {
    use super::names_remote;

    #[test]
    fn remote_mounts_are_told_from_local_ones() {
        fn check(line: &str, expected: bool) {
            let root = "22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw";
            assert_eq!(names_remote(&format!("{root}\n{line}\n{root}\n")), expected, "{line}");
        }
        check("23 22 0:5 / /proc rw,nosuid shared:2 master:3 - proc proc rw", false);
        check("24 22 0:6 / /mnt/with\\040blank rw - tmpfs none rw", false);
        check("25 22 0:7 / /sys/fs/fuse/connections rw - fusectl fusectl rw", false);
        check("26 22 0:8 / /mnt rw - fuse.sshfs host: rw", true);
        check("27 22 0:9 / /mnt rw shared:9 - nfs4 host:/ rw", true);
        check("28 22 0:10 / /mnt rw - 9p share rw", true);
        check("a line of another shape", true);
        assert!(!names_remote(""));
    }
}
