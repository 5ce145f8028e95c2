//! What is done in place, and what is told local and quiet.

use std::fs;
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;

use crate::limits::CLOSE_IN_PLACE_BYTES_MAX;
use crate::storage::os::descriptor::Descriptor;
use crate::storage::os::tests::{appending, creating, make_fifo, reading, room, symlink, watched};
use crate::storage::os::waits::Waits;
use crate::storage::{Links, Names, Nature, OpenRequest, Storage};

#[test]
fn files_of_the_machine_are_local() {
    let (dir, os) = room();
    let fifo = make_fifo(dir.path());
    for path in [dir.path(), &fifo, Path::new("/dev/null"), Path::new("/proc/self/status")] {
        assert!(!os.open(path, &reading()).expect("it is there").remote, "{}", path.display());
    }
}

#[test]
fn cached_paths_answer_what_the_blocking_calls_answer() {
    let (dir, os) = room();
    let file = dir.path().join("file");
    fs::write(&file, b"12345").expect("write");
    symlink(&os, "file", &dir.path().join("link"));
    symlink(&os, "loop", &dir.path().join("loop"));
    let before = watched();
    assert!(before.metadata_cached(&file, Links::Follow).is_none(), "an unknown device is not trusted");
    assert!(before.open_cached(&file, &reading()).is_none(), "an unknown device is not trusted");

    os.metadata(&file, Links::Follow).expect("learn the device");
    let check = |path: PathBuf, expected: Result<u64, i32>| {
        let blocking = os.metadata(&path, Links::Follow).map(|m| m.len()).map_err(|e| e.raw_os_error());
        assert_eq!(blocking, expected.map_err(Some), "{}", path.display());
        // `None` is always allowed; a second look after a blocking one finds everything in memory.
        if let Some(now) = os.metadata_cached(&path, Links::Follow) {
            assert_eq!(now.map(|m| m.len()).map_err(|e| e.raw_os_error()), blocking, "{}", path.display());
        }
        if let Some(now) = os.open_cached(&path, &reading()) {
            assert_eq!(now.map(|o| o.len).map_err(|e| e.raw_os_error()), blocking, "{}", path.display());
        }
    };
    check(file.clone(), Ok(5));
    check(dir.path().join("link"), Ok(5));
    check(dir.path().join("missing"), Err(2));
    check(dir.path().join("file/below"), Err(20));
    check(dir.path().join("loop"), Err(40));
    assert!(
        os.metadata_cached(&file, Links::Follow).is_some(),
        "kernels from 5.12 on answer this from memory"
    );
    assert!(os.open_cached(&file, &reading()).is_some());
}

#[test]
fn cached_opening_is_for_plain_reads_only() {
    let (dir, os) = room();
    let path = dir.path().join("file");
    os.open(&path, &creating()).expect("create");
    let check = |request: OpenRequest| assert!(os.open_cached(&path, &request).is_none(), "{request:?}");
    check(creating());
    check(appending());
    check(OpenRequest { write: true, ..reading() });
    check(OpenRequest { create_new: true, write: true, ..reading() });
    check(OpenRequest { truncate: true, write: true, ..reading() });
    check(OpenRequest { custom_flags: OFlags::NOFOLLOW.bits() as i32, ..reading() });
}

/// Letting a FIFO go after opening it would leave the writer it woke without a reader.
#[test]
fn cached_opening_keeps_a_fifo() {
    let (dir, os) = room();
    let fifo = make_fifo(dir.path());
    assert!(os.open_cached(&fifo, &reading()).is_none(), "not even opened before the mounts are known");
    os.metadata(&fifo, Links::Follow).expect("learn the device");
    let opened = os.open_cached(&fifo, &reading()).expect("in memory").expect("open");
    assert_eq!(opened.nature, Nature::Stream);
}

/// With a remote file system about, the device is looked at before the opening, and local files still open.
#[test]
fn cached_calls_work_beside_remote_file_systems() {
    let (dir, os) = room();
    let path = dir.path().join("file");
    fs::write(&path, b"12345").expect("write");
    os.metadata(&path, Links::Follow).expect("learn the device");
    os.devices.pretend_remote(u64::MAX);
    assert_eq!(os.devices.paths_wait(), Waits::AtOpen);
    assert_eq!(os.metadata_cached(&path, Links::Follow).map(|m| m.expect("metadata").len()), Some(5));
    assert_eq!(os.open_cached(&path, &reading()).map(|o| o.expect("open").len), Some(5));

    let device = std::os::unix::fs::MetadataExt::dev(&fs::metadata(&path).expect("metadata"));
    os.devices.pretend_remote(device);
    assert!(os.metadata_cached(&path, Links::Follow).is_none());
    assert!(os.open_cached(&path, &reading()).is_none());
    let opened = os.open(&path, &reading()).expect("open");
    assert!(opened.remote && opened.file.read_now(&mut [0; 8], 0).is_none());
}

#[test]
fn cached_file_is_read_in_place() {
    let (dir, os) = room();
    let path = dir.path().join("file");
    fs::write(&path, vec![7; 5_000]).expect("write");
    let file = os.open(&path, &reading()).expect("open").file;
    let mut buf = [0; 8_192];
    file.read_at(&mut buf, 0).expect("warm");
    assert_eq!(file.read_now(&mut buf, 0).map(|r| r.expect("read")), Some(5_000));
    assert_eq!(file.read_now(&mut buf, 5_000).map(|r| r.expect("read")), Some(0), "the end is an answer");
}

#[test]
fn what_may_wait_is_told_from_what_does_not() {
    fn check(bytes: u64, named: bool, cut: bool, expected: bool) {
        let named_file = tempfile::NamedTempFile::new_in("/dev/shm").expect("temp file");
        let file = named_file.reopen().expect("it is there");
        rustix::fs::fallocate(&file, rustix::fs::FallocateFlags::empty(), 0, bytes).expect("room");
        if !named {
            named_file.close().expect("it goes");
        }
        let descriptor = Descriptor::new(file);
        assert_eq!(descriptor.closes_at_once(cut), expected, "{bytes} bytes, named {named}, cut {cut}");
    }
    let much = 2 * CLOSE_IN_PLACE_BYTES_MAX;
    check(4096, true, false, true);
    check(4096, true, true, true);
    check(4096, false, false, true);
    check(much, true, false, true);
    check(much, true, true, false);
    check(much, false, false, false);
    let null = std::fs::File::options().write(true).open("/dev/null").expect("null");
    assert!(!Descriptor::new(null).closes_at_once(false), "a device may do anything");
}
