//! The line that says what machine a table comes from.

use std::fs;
use std::path::{Path, PathBuf};
use std::thread;

/// Returns cores, processor, kernel, and the file system that holds `dir`.
pub(crate) fn describe(dir: &Path) -> String {
    let cores = thread::available_parallelism().map_or(0, usize::from);
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let cpus = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let mounts = fs::read_to_string("/proc/self/mounts").unwrap_or_default();
    let dir = dir.canonicalize().unwrap_or_else(|_| PathBuf::from(dir));
    format!(
        "{cores} cores ({}), Linux {}, {} below {}",
        cpu_model(&cpus).unwrap_or("unknown processor"),
        kernel.trim(),
        file_system(&mounts, &dir).unwrap_or("unknown file system"),
        dir.display()
    )
}

fn cpu_model(cpus: &str) -> Option<&str> {
    let line = cpus.lines().find(|line| line.starts_with("model name"))?;
    line.split_once(':').map(|(_, model)| model.trim())
}

/// The mount that holds `dir` is the last one of those with the longest prefix: a later mount hides an earlier.
fn file_system<'m>(mounts: &'m str, dir: &Path) -> Option<&'m str> {
    let fields = mounts.lines().map(|line| line.split(' ').collect::<Vec<_>>());
    let holding = fields.filter(|fields| fields.len() > 2 && dir.starts_with(fields[1]));
    holding.max_by_key(|fields| fields[1].len()).map(|fields| fields[2])
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOUNTS: &str = "/dev/a / ext4 rw 0 0\ntmpfs /tmp tmpfs rw 0 0\n/dev/b /tmp/disk xfs rw 0 0\n\
                          /dev/c /tmp/disk btrfs rw 0 0\n";

    fn check(dir: &str, expected: &str) {
        assert_eq!(file_system(MOUNTS, Path::new(dir)), Some(expected), "{dir}");
    }

    #[test]
    fn the_innermost_and_latest_mount_is_named() {
        check("/home", "ext4");
        check("/tmp", "tmpfs");
        check("/tmpfiles", "ext4");
        check("/tmp/disk/a", "btrfs");
    }
}
