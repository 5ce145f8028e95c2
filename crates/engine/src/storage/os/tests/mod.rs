//! What the port promises, shown on the machine's own files.

mod copying;
mod open_file;
mod opening;
mod paths;
mod standard;

use std::io;
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, FileType, Mode, mknodat};

use super::Os;
use crate::storage::{Names, OpenRequest};

pub(super) fn reading() -> OpenRequest {
    OpenRequest { read: true, ..OpenRequest::default() }
}

pub(super) fn creating() -> OpenRequest {
    OpenRequest { read: true, write: true, create: true, ..OpenRequest::default() }
}

pub(super) fn appending() -> OpenRequest {
    OpenRequest { append: true, create: true, ..OpenRequest::default() }
}

fn errno<T>(result: io::Result<T>) -> Option<i32> {
    result.err().expect("must fail").raw_os_error()
}

pub(super) fn room() -> (tempfile::TempDir, Os) {
    (tempfile::tempdir().expect("temp dir"), watched())
}

/// A storage that may use what it knows of the mounts: no test of its own changes them.
pub(super) fn watched() -> Os {
    let os = Os::new();
    std::mem::forget(crate::storage::Storage::watch_mounts(&os));
    os
}

/// Makes a FIFO that nobody has open.
pub(super) fn make_fifo(dir: &Path) -> PathBuf {
    let path = dir.join("fifo");
    mknodat(CWD, &path, FileType::Fifo, Mode::from_raw_mode(0o600), 0).expect("mkfifo");
    path
}

pub(super) fn symlink(os: &Os, original: &str, link: &Path) {
    os.symlink(Path::new(original), link).expect("symlink");
}
