//! Small programs on a disk, by the calls of the port.

use std::collections::BTreeSet;
use std::io::IoSlice;
use std::path::Path;

use folio_engine::storage::{Names, OpenRequest, StorageFile};
use folio_testkit::{CrashImage, CrashModel, Disk};

/// The dice of these tests: none of them draws.
pub(crate) const SEED: u64 = 1;

pub(crate) fn open(disk: &Disk, path: &str) -> Box<dyn StorageFile> {
    let request = OpenRequest::default().read(true).write(true).create(true);
    disk.open(Path::new(path), &request).unwrap().file
}

pub(crate) fn write(disk: &Disk, path: &str, offset: u64, bytes: &[u8]) {
    open(disk, path).write_at(&[IoSlice::new(bytes)], offset).unwrap();
}

pub(crate) fn sync(disk: &Disk, path: &str) {
    open(disk, path).sync(true).unwrap();
}

pub(crate) fn sync_dir(disk: &Disk, path: &str) {
    let request = OpenRequest::default().read(true);
    disk.open(Path::new(path), &request).unwrap().file.sync(true).unwrap();
}

pub(crate) fn rename(disk: &Disk, from: &str, to: &str) {
    disk.rename(Path::new(from), disk, Path::new(to)).unwrap();
}

pub(crate) fn remove(disk: &Disk, path: &str) {
    disk.remove_file(Path::new(path)).unwrap();
}

/// The images, which must be all that there are.
pub(crate) fn images(disk: &Disk, model: CrashModel) -> Vec<CrashImage> {
    let images = disk.crash_images(model, SEED);
    assert!(images.exhaustive(), "{images:?}");
    images.collect()
}

/// What a file holds in the images; `None` where there is none.
pub(crate) fn left(disk: &Disk, model: CrashModel, path: &str) -> BTreeSet<Option<Vec<u8>>> {
    let left = |image: CrashImage| {
        let disk = image.disk();
        disk.exists(path).then(|| disk.contents(path))
    };
    images(disk, model).into_iter().map(left).collect()
}

/// The same for text, shortly written: `-` where there is none, `.` for a zero.
pub(crate) fn texts(disk: &Disk, model: CrashModel, path: &str) -> Vec<String> {
    let text = |left: Option<Vec<u8>>| match left {
        Some(bytes) => String::from_utf8(bytes).unwrap().replace('\0', "."),
        None => "-".to_owned(),
    };
    let texts: BTreeSet<_> = left(disk, model, path).into_iter().map(text).collect();
    texts.into_iter().collect()
}

/// The names at the root in the images, joined.
pub(crate) fn listings(disk: &Disk, model: CrashModel) -> Vec<String> {
    let names: BTreeSet<_> =
        images(disk, model).into_iter().map(|image| image.disk().list("/").join(" ")).collect();
    names.into_iter().collect()
}
