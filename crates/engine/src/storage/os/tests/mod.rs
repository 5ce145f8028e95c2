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
use crate::storage::OpenRequest;

fn reading() -> OpenRequest {
    OpenRequest { read: true, ..OpenRequest::default() }
}

fn creating() -> OpenRequest {
    OpenRequest { read: true, write: true, create: true, ..OpenRequest::default() }
}

fn appending() -> OpenRequest {
    OpenRequest { append: true, create: true, ..OpenRequest::default() }
}

fn errno<T>(result: io::Result<T>) -> Option<i32> {
    result.err().expect("must fail").raw_os_error()
}

fn room() -> (tempfile::TempDir, Os) {
    (tempfile::tempdir().expect("temp dir"), Os::new())
}

/// Makes a FIFO that nobody has open.
fn make_fifo(dir: &Path) -> PathBuf {
    let path = dir.join("fifo");
    mknodat(CWD, &path, FileType::Fifo, Mode::from_raw_mode(0o600), 0).expect("mkfifo");
    path
}
