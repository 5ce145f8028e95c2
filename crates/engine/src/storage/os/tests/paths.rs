//! Calls on paths: in place, by a worker, and on odd paths.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::{errno, reading, room, symlink};
use crate::storage::{Links, Names, Storage};

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
