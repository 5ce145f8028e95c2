//! The ground the tests stand on: trees that no path is long enough for, other users, processes of their own.

use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, Mode, OFlags, mkdirat, openat};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tempfile::TempDir;

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
