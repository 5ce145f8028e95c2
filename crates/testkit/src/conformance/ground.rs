//! What a check stands on: a storage, an empty directory, and whole-file calls made from the port's.

use std::fmt::Debug;
use std::io::{self, IoSlice};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use folio_engine::storage::{Links, OpenRequest, Opened, Storage, StorageFile};

use crate::errno::EEXIST;

#[derive(Debug)]
pub(super) struct Ground {
    pub(super) storage: Arc<dyn Storage>,
    root: PathBuf,
}

impl Ground {
    pub(super) fn new(storage: Arc<dyn Storage>, root: PathBuf) -> Ground {
        Ground { storage, root }
    }

    pub(super) fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.root.join(name)
    }

    pub(super) fn open(&self, name: &str, request: &OpenRequest) -> Opened {
        let opened = self.storage.open(&self.path(name), request);
        opened.unwrap_or_else(|error| panic!("open {name} with {request:?}: {error}"))
    }

    pub(super) fn open_error(&self, name: &str, request: &OpenRequest) -> io::Error {
        self.storage.open(&self.path(name), request).expect_err("this open must fail")
    }

    pub(super) fn file(&self, name: &str) -> Box<dyn StorageFile> {
        self.open(name, &both()).file
    }

    pub(super) fn put(&self, name: &str, bytes: &[u8]) {
        let request = both().create(true).truncate(true);
        write_all(&*self.open(name, &request).file, bytes, 0);
    }

    pub(super) fn contents(&self, name: &str) -> Vec<u8> {
        contents(&*self.open(name, &reading()).file)
    }

    /// Creates a directory and those above it that are missing.
    pub(super) fn dirs(&self, name: &str) {
        let mut path = self.path("");
        for part in Path::new(name) {
            path.push(part);
            match self.storage.create_dir(&path, None) {
                Err(error) if error.raw_os_error() == Some(EEXIST) => {}
                created => ok(created),
            }
        }
    }

    pub(super) fn exists(&self, name: &str) -> bool {
        self.storage.metadata(&self.path(name), Links::NotLast).is_ok()
    }
}

pub(super) fn reading() -> OpenRequest {
    OpenRequest::default().read(true)
}

pub(super) fn writing() -> OpenRequest {
    OpenRequest::default().write(true)
}

pub(super) fn both() -> OpenRequest {
    OpenRequest::default().read(true).write(true)
}

pub(super) fn appending() -> OpenRequest {
    OpenRequest::default().append(true).create(true)
}

pub(super) fn contents(file: &dyn StorageFile) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut buf = [0; 1024];
    loop {
        match ok(file.read_at(&mut buf, bytes.len() as u64)) {
            0 => return bytes,
            count => bytes.extend_from_slice(&buf[..count]),
        }
    }
}

pub(super) fn write_all(file: &dyn StorageFile, bytes: &[u8], offset: u64) {
    let mut done = 0;
    while done < bytes.len() {
        let count = ok(file.write_at(&[IoSlice::new(&bytes[done..])], offset + done as u64));
        assert!(0 < count && count <= bytes.len() - done, "a write of {} wrote {count}", bytes.len() - done);
        done += count;
    }
}

/// Returns the value of a call that must succeed.
pub(super) fn ok<T>(result: io::Result<T>) -> T {
    result.unwrap_or_else(|error| panic!("this call must succeed: {error}"))
}

/// Checks that a call fails with one of these errnos, kept in the error.
pub(super) fn fails<T: Debug>(result: io::Result<T>, errnos: &[i32]) {
    let error = result.expect_err("this call must fail");
    let errno = error.raw_os_error().unwrap_or_else(|| panic!("no errno in {error:?}"));
    assert!(errnos.contains(&errno), "errno {errno} and not one of {errnos:?}: {error}");
}

/// Returns the value, or `None` where the storage says that it has no such thing.
pub(super) fn if_supported<T>(result: io::Result<T>) -> Option<T> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::Unsupported => None,
        result => Some(ok(result)),
    }
}
