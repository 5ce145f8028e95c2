//! The ground the tests stand on: trees that no path is long enough for, other users, processes of their own.

use std::future::Future;
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use rustix::fs::{CWD, Mode, OFlags, mkdirat, openat};
use rustix::process::{Resource, Rlimit, geteuid, getrlimit, setrlimit};
use tempfile::TempDir;

/// Names the test that this process is to carry out alone.
const ALONE: &str = "FOLIO_TREES_ALONE";

/// The user that nobody is.
const NOBODY: u32 = 65_534;

/// Runs a future to its end.
pub(crate) fn wait<F: Future>(future: F) -> F::Output {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime starts");
    runtime.block_on(future)
}

pub(crate) fn empty() -> (TempDir, PathBuf) {
    let dir = tempfile::tempdir().expect("the system has room for temporary files");
    let room = dir.path().canonicalize().expect("it was just made");
    (dir, room)
}

/// An empty directory where making twenty thousand directories takes no time, if there is such a place: a journal
/// takes seconds for them.
pub(crate) fn quick() -> (TempDir, PathBuf) {
    match tempfile::tempdir_in("/dev/shm") {
        Ok(dir) => {
            let room = dir.path().to_owned();
            (dir, room)
        }
        Err(_) => empty(),
    }
}

/// Opens a directory.
pub(crate) fn opened(path: &Path) -> OwnedFd {
    openat(CWD, path, OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty()).expect("it is there")
}

/// Makes so many directories below `root`, each in the one before it, and returns the innermost.
pub(crate) fn dig(root: &Path, levels: usize, name: &str) -> OwnedFd {
    let mut here = opened(root);
    for _ in 0..levels {
        mkdirat(&here, name, Mode::RWXU).expect("the room takes directories");
        here = openat(&here, name, OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty()).expect("it was made");
    }
    here
}

/// How many directories are below `root`, each in the one before it, and the innermost.
pub(crate) fn depth(root: &Path, name: &str) -> (usize, OwnedFd) {
    let (mut levels, mut here) = (0, opened(root));
    while let Ok(below) = openat(&here, name, OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty()) {
        (levels, here) = (levels + 1, below);
    }
    (levels, here)
}

/// Lets this process hold so many descriptors.
pub(crate) fn squeeze(descriptors: u64) {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: Some(descriptors), maximum }).expect("less is allowed");
}

/// Runs the calling test (by its full name) in a process of its own and demands success there; `true` in that
/// process.
pub(crate) fn alone(test: &str) -> bool {
    if std::env::var_os(ALONE).is_some() {
        return true;
    }
    let status = again(test).status().expect("this very program can be run");
    assert!(status.success(), "{test} failed in a process of its own: {status}");
    false
}

/// Runs the calling test (by its full name) as an ordinary user too, if this one is the superuser. Says whether this
/// process is an ordinary user's.
pub(crate) fn as_both(test: &str) -> bool {
    if !geteuid().is_root() {
        return true;
    }
    match again(test).uid(NOBODY).gid(NOBODY).current_dir("/").status() {
        Ok(status) => assert!(status.success(), "{test} failed as another user: {status}"),
        Err(error) => eprintln!("skipped as another user, who cannot run this program: {error}"),
    }
    false
}

fn again(test: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("it runs"));
    command.args([test, "--exact", "--nocapture", "--test-threads=1"]).env(ALONE, test);
    command
}
