//! Tests that need a process of their own run the test binary again; and what a process can see of itself.

use std::fs;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use crate::skip::skip;

/// The variable that names the test which a process is to carry out alone.
pub const ALONE: &str = "FOLIO_TEST_ALONE";

/// The user ID of `nobody`, which owns no files.
pub const NOBODY: u32 = 65_534;

/// Returns the command that runs `test`, by its full name, again and alone.
///
/// # Panics
///
/// If the path of this program is not known.
pub fn again(test: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("a running test has a path"));
    command.args([test, "--exact", "--nocapture", "--test-threads=1"]).env(ALONE, test);
    command
}

/// Whether [`again`] started this process for `test`.
pub fn is_again(test: &str) -> bool {
    std::env::var(ALONE).is_ok_and(|named| named == test)
}

/// Runs the calling test, by its full name, in a process of its own and demands success there; `true` in that process.
/// What one test does to threads, memory and descriptors cannot disturb another's count there.
///
/// # Panics
///
/// If the test fails there.
#[track_caller]
pub fn alone(test: &str) -> bool {
    if is_again(test) {
        return true;
    }
    let status = again(test).status().expect("this very program can be run");
    assert!(status.success(), "{test} failed in a process of its own: {status}");
    false
}

/// Runs the calling test, by its full name, as an ordinary user too if this one is the superuser. `true` where an
/// ordinary user runs it.
///
/// # Panics
///
/// If the test fails as that user.
#[track_caller]
pub fn as_both(test: &str) -> bool {
    if !is_superuser() {
        return true;
    }
    match again(test).uid(NOBODY).gid(NOBODY).current_dir("/").status() {
        Ok(status) => assert!(status.success(), "{test} failed as another user: {status}"),
        Err(error) => {
            skip(&format!("{test} as another user"), &format!("this user cannot run this program: {error}"))
        }
    }
    false
}

/// Whether permissions refuse this process nothing.
pub fn is_superuser() -> bool {
    rustix::process::geteuid().is_root()
}

/// Bytes of this process that are in memory and not a file's.
///
/// # Panics
///
/// If Linux does not say.
pub fn resident_bytes() -> u64 {
    let status = fs::read_to_string("/proc/self/status").expect("Linux describes a process");
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:"));
    let kib = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok());
    kib.expect("Linux counts a process's memory") * 1024
}

/// Counts the descriptors of this process that lead to `path` or below it.
///
/// # Panics
///
/// If `path` does not exist, or Linux does not list descriptors.
pub fn descriptors_below(path: &Path) -> usize {
    let path = path.canonicalize().expect("it exists");
    let all = fs::read_dir("/proc/self/fd").expect("Linux lists a process's descriptors");
    let targets = all.filter_map(|entry| fs::read_link(entry.ok()?.path()).ok());
    targets.filter(|target| target.starts_with(&path)).count()
}
