//! Calls on paths: in place, by a worker, and on odd paths.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;

use super::{Os, appending, creating, errno, make_fifo, reading, room};
use crate::storage::{Links, Names, Nature, OpenRequest, Storage};

#[test]
fn cached_paths_answer_what_the_blocking_calls_answer() {
    let (dir, os) = room();
    let file = dir.path().join("file");
    fs::write(&file, b"12345").expect("write");
    symlink(&os, "file", &dir.path().join("link"));
    symlink(&os, "loop", &dir.path().join("loop"));
    let before = Os::new();
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
    assert!(os.devices.may_be_remote());
    assert_eq!(os.metadata_cached(&path, Links::Follow).map(|m| m.expect("metadata").len()), Some(5));
    assert_eq!(os.open_cached(&path, &reading()).map(|o| o.expect("open").len), Some(5));

    let device = std::os::unix::fs::MetadataExt::dev(&fs::metadata(&path).expect("metadata"));
    os.devices.pretend_remote(device);
    assert!(os.metadata_cached(&path, Links::Follow).is_none());
    assert!(os.open_cached(&path, &reading()).is_none());
    let opened = os.open(&path, &reading()).expect("open");
    assert!(opened.remote && opened.file.read_now(&mut [0; 8], 0).is_none());
}

fn symlink(os: &Os, original: &str, link: &Path) {
    os.symlink(Path::new(original), link).expect("symlink");
}

#[test]
fn names_are_made_changed_and_removed() {
    let (dir, os) = room();
    let at = |name: &str| dir.path().join(name);
    for dir in ["a", "a/b", "a/b/c"] {
        os.create_dir(&at(dir), Some(0o700)).expect("create_dir");
    }
    assert_eq!(
        os.metadata(&at("a/b/c"), Links::Follow).expect("metadata").permissions().mode() & 0o777,
        0o700
    );
    assert_eq!(errno(os.create_dir(&at("a"), None)), Some(17), "EEXIST");
    assert_eq!(errno(os.remove_dir(&at("a"), false)), Some(39), "ENOTEMPTY");
    fs::write(at("a/file"), b"kept").expect("write");
    symlink(&os, "file", &at("a/link"));
    os.hard_link(&at("a/file"), &os, &at("a/hard")).expect("hard_link");
    assert_eq!(os.read_link(&at("a/link")).expect("read_link"), Path::new("file"));
    assert!(os.metadata(&at("a/link"), Links::NotLast).expect("metadata").is_symlink());
    let real = fs::canonicalize(at("a/file")).expect("canonicalize");
    assert_eq!(os.canonicalize(&at("a/../a/link")).expect("canonicalize"), real);
    os.set_permissions(&at("a/link"), fs::Permissions::from_mode(0o640)).expect("chmod");
    assert_eq!(os.copy(&at("a/link"), &os, &at("copy")).expect("copy"), 4);
    assert_eq!(
        os.metadata(&at("copy"), Links::Follow).expect("metadata").permissions().mode() & 0o777,
        0o640
    );
    os.rename(&at("copy"), &os, &at("a/file")).expect("rename");
    let mut names: Vec<_> =
        os.read_dir(&at("a")).expect("list").map(|e| e.expect("entry").file_name()).collect();
    names.sort();
    assert_eq!(names, ["b", "file", "hard", "link"]);
    os.remove_file(&at("a/hard")).expect("remove_file");
    fs::create_dir(at("outside")).expect("mkdir");
    fs::write(at("outside/safe"), b"").expect("write");
    symlink(&os, "../outside", &at("a/out"));
    os.remove_dir(&at("a"), true).expect("remove all");
    assert!(at("outside/safe").exists() && !at("a").exists());
}

/// `std::fs::copy` leaves an empty file here.
#[test]
fn copying_a_file_onto_itself_keeps_it() {
    let (dir, os) = room();
    let path = dir.path().join("file");
    fs::write(&path, b"kept").expect("write");
    os.hard_link(&path, &os, &dir.path().join("hard")).expect("hard_link");
    symlink(&os, "file", &dir.path().join("link"));
    for to in ["file", "hard", "link"] {
        let error = os.copy(&path, &os, &dir.path().join(to)).expect_err("refused");
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{to}");
        assert_eq!(fs::read(&path).expect("read"), b"kept", "{to}");
    }
    fs::write(dir.path().join("longer"), b"a longer text").expect("write");
    assert_eq!(os.copy(&path, &os, &dir.path().join("longer")).expect("copy"), 4);
    assert_eq!(fs::read(dir.path().join("longer")).expect("read"), b"kept");
}

/// X6: whatever the path, every call answers, and answers what std answers.
#[test]
fn any_path_is_an_answer() {
    let (dir, os) = room();
    let base = dir.path();
    fs::write(base.join("file"), b"x").expect("write");
    os.metadata(base, Links::Follow).expect("learn the device");
    let odd: Vec<PathBuf> = vec![
        "".into(),
        base.join("nul\0byte"),
        base.join("n".repeat(256)),
        base.join("d/".repeat(2_100)),
        base.join(OsStr::from_bytes(b"not \xff utf-8")),
        base.join(".."),
        base.join("file/"),
        base.join("missing/"),
        base.join("file/.."),
        "/".into(),
        "\0".into(),
    ];
    type Told = Result<(), (ErrorKind, Option<i32>)>;
    fn told<T>(result: io::Result<T>) -> Told {
        result.map(drop).map_err(|e| (e.kind(), e.raw_os_error()))
    }
    for path in &odd {
        let check = |call: &str, got: Told, std: Told| assert_eq!(got, std, "{call} {path:?}");
        check("open", told(os.open(path, &reading())), told(File::open(path)));
        check("metadata", told(os.metadata(path, Links::Follow)), told(fs::metadata(path)));
        if let Some(now) = os.open_cached(path, &reading()) {
            check("open_cached", told(now), told(File::open(path)));
        }
        if let Some(now) = os.metadata_cached(path, Links::Follow) {
            check("metadata_cached", told(now), told(fs::metadata(path)));
        }
        check("symlink_metadata", told(os.metadata(path, Links::NotLast)), told(fs::symlink_metadata(path)));
        check("canonicalize", told(os.canonicalize(path)), told(fs::canonicalize(path)));
        check("read_link", told(os.read_link(path)), told(fs::read_link(path)));
        check("read_dir", told(os.read_dir(path)), told(fs::read_dir(path)));
        check("remove_file", told(os.remove_file(path)), told(fs::remove_file(path)));
        check("remove_dir", told(os.remove_dir(path, false)), told(fs::remove_dir(path)));
        let missing = base.join("gone");
        check("rename", told(os.rename(&missing, &os, path)), told(fs::rename(&missing, path)));
        check("hard_link", told(os.hard_link(&missing, &os, path)), told(fs::hard_link(&missing, path)));
        check("copy", told(os.copy(&missing, &os, path)), told(fs::copy(&missing, path)));
    }
    assert!(base.join("file").exists());
}
