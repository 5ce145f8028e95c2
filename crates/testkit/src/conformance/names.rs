//! Checks of calls on names: directories, links, renames, removals, copies, odd paths.

use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use folio_engine::storage::Links;

use super::Check;
use super::ground::{Ground, contents, fails, if_supported, ok, reading};
use crate::errno::{EEXIST, EINVAL, EISDIR, ENOENT, ENOTDIR, ENOTEMPTY, EPERM};

pub(super) const CHECKS: &[Check] = &[
    ("create_dir makes one directory, and no parents", dirs),
    ("remove_dir takes empty directories, or whole trees", dir_removals),
    ("a removed file stays readable where it is open", file_removals),
    ("a rename replaces what was there, in one step", renames),
    ("a rename of what cannot replace fails and changes nothing", bad_renames),
    ("a hard link is another name of one file", hard_links),
    ("a symbolic link is followed, read and removed as itself", symlinks),
    ("a listing has every name once", listings),
    ("a copy has contents and permissions", copies),
    ("canonicalize resolves dots and needs the path to exist", canonical),
    ("a cached answer is the answer", cached),
    ("mounts may change", mounts),
    ("any path is an answer, never a panic", odd_paths),
];

fn dirs(on: &Ground) {
    let create = |name: &str| on.storage.create_dir(&on.path(name), None);
    ok(create("a"));
    fails(create("a"), &[EEXIST]);
    fails(create("x/y"), &[ENOENT]);
    on.put("file", b"");
    fails(create("file"), &[EEXIST]);
    fails(create("file/z"), &[ENOTDIR]);
}

fn dir_removals(on: &Ground) {
    let remove = |name: &str, recursive| on.storage.remove_dir(&on.path(name), recursive);
    on.dirs("a/b");
    on.put("a/b/file", b"x");
    on.put("file", b"x");
    fails(remove("a", false), &[ENOTEMPTY, EEXIST]);
    fails(remove("missing", false), &[ENOENT]);
    fails(remove("file", false), &[ENOTDIR]);
    ok(remove("a", true));
    assert!(!on.exists("a") && on.exists("file"));
    ok(on.storage.create_dir(&on.path("empty"), None));
    ok(remove("empty", false));
    assert!(!on.exists("empty"));
}

fn file_removals(on: &Ground) {
    on.put("a", b"abc");
    ok(on.storage.create_dir(&on.path("dir"), None));
    let file = on.file("a");
    ok(on.storage.remove_file(&on.path("a")));
    assert!(!on.exists("a"));
    assert_eq!(contents(&*file), b"abc");
    fails(on.storage.remove_file(&on.path("a")), &[ENOENT]);
    fails(on.storage.remove_file(&on.path("dir")), &[EISDIR, EPERM]);
}

fn renames(on: &Ground) {
    on.put("a", b"new");
    on.put("b", b"old");
    let old = on.file("b");
    ok(on.storage.rename(&on.path("a"), &*on.storage, &on.path("b")));
    assert!(!on.exists("a"));
    assert_eq!((on.contents("b"), contents(&*old)), (b"new".to_vec(), b"old".to_vec()));
    ok(on.storage.create_dir(&on.path("dir"), None));
    ok(on.storage.create_dir(&on.path("empty"), None));
    on.put("dir/file", b"x");
    ok(on.storage.rename(&on.path("dir"), &*on.storage, &on.path("empty")));
    assert_eq!(on.contents("empty/file"), b"x");
}

fn bad_renames(on: &Ground) {
    on.put("file", b"x");
    for dir in ["dir", "full/inner"] {
        on.dirs(dir);
    }
    for (from, to, errnos) in [
        ("missing", "b", &[ENOENT][..]),
        ("file", "missing/b", &[ENOENT]),
        ("file", "dir", &[EISDIR]),
        ("dir", "file", &[ENOTDIR]),
        ("dir", "full", &[ENOTEMPTY, EEXIST]),
        ("full", "full/inner/deeper", &[EINVAL]),
    ] {
        fails(on.storage.rename(&on.path(from), &*on.storage, &on.path(to)), errnos);
    }
    assert!(["file", "dir", "full/inner"].iter().all(|name| on.exists(name)));
}

fn hard_links(on: &Ground) {
    on.put("a", b"abc");
    let link = |from: &str, to: &str| on.storage.hard_link(&on.path(from), &*on.storage, &on.path(to));
    if if_supported(link("a", "b")).is_none() {
        return;
    }
    assert_eq!(on.open("a", &reading()).inode, on.open("b", &reading()).inode);
    fails(link("a", "b"), &[EEXIST]);
    fails(link("missing", "c"), &[ENOENT]);
    ok(on.storage.rename(&on.path("a"), &*on.storage, &on.path("b")));
    assert!(on.exists("a") && on.exists("b"), "two names of one file both stay");
    ok(on.storage.remove_file(&on.path("a")));
    assert_eq!(on.contents("b"), b"abc");
}

fn symlinks(on: &Ground) {
    on.put("a", b"abc");
    if if_supported(on.storage.symlink(Path::new("a"), &on.path("link"))).is_none() {
        return;
    }
    assert_eq!(ok(on.storage.read_link(&on.path("link"))), Path::new("a"));
    assert_eq!(on.contents("link"), b"abc");
    assert!(ok(on.storage.metadata(&on.path("link"), Links::NotLast)).is_symlink());
    assert!(ok(on.storage.metadata(&on.path("link"), Links::Follow)).is_file());
    fails(on.storage.read_link(&on.path("a")), &[EINVAL]);
    ok(on.storage.create_dir(&on.path("tree"), None));
    ok(on.storage.create_dir(&on.path("kept"), None));
    on.put("kept/file", b"x");
    ok(on.storage.symlink(&on.path("kept"), &on.path("tree/out")));
    ok(on.storage.remove_dir(&on.path("tree"), true));
    assert!(on.exists("kept/file"), "a tree is never removed through a link");
    ok(on.storage.remove_file(&on.path("link")));
    assert!(on.exists("a"));
}

fn listings(on: &Ground) {
    on.put("b", b"");
    on.put("a", b"");
    ok(on.storage.create_dir(&on.path("c"), None));
    let Some(listing) = if_supported(on.storage.read_dir(&on.path(""))) else { return };
    let mut names: Vec<_> = listing.map(|entry| ok(entry).file_name()).collect();
    names.sort();
    assert_eq!(names, ["a", "b", "c"]);
    assert!(on.storage.read_dir(&on.path("missing")).is_err());
}

fn copies(on: &Ground) {
    on.put("a", b"abc");
    on.put("b", b"something longer");
    let mut permissions = ok(on.storage.metadata(&on.path("a"), Links::Follow)).permissions();
    permissions.set_readonly(true);
    ok(on.storage.set_permissions(&on.path("a"), permissions.clone()));
    for to in ["b", "fresh"] {
        assert_eq!(ok(on.storage.copy(&on.path("a"), &*on.storage, &on.path(to))), 3);
        assert_eq!(on.contents(to), b"abc");
        assert_eq!(ok(on.storage.metadata(&on.path(to), Links::Follow)).permissions(), permissions);
    }
    fails(on.storage.copy(&on.path("missing"), &*on.storage, &on.path("c")), &[ENOENT]);
    assert!(!on.exists("c"));
}

fn canonical(on: &Ground) {
    ok(on.storage.create_dir(&on.path("dir"), None));
    on.put("a", b"");
    let canonical = |name: &str| on.storage.canonicalize(&on.path(name));
    assert_eq!(ok(canonical("./dir/../a")), ok(canonical("")).join("a"));
    fails(canonical("missing"), &[ENOENT]);
}

fn cached(on: &Ground) {
    on.put("a", b"abc");
    if let Some(opened) = on.storage.open_cached(&on.path("a"), &reading()) {
        assert_eq!(contents(&*ok(opened).file), b"abc");
    }
    if let Some(metadata) = on.storage.metadata_cached(&on.path("a"), Links::Follow) {
        assert_eq!(ok(metadata).len(), 3);
    }
    let device = ok(on.storage.open(&on.path("a"), &reading())).device;
    // What is missing would be on the device of its directory.
    for name in ["a", "missing"] {
        if let Some(guess) = on.storage.device_cached(&on.path(name)) {
            assert_eq!(guess, device, "the device of {name:?}");
        }
    }
    ok(on.storage.remove_file(&on.path("a")));
    if let Some(opened) = on.storage.open_cached(&on.path("a"), &reading()) {
        fails(opened, &[ENOENT]);
    }
    if let Some(metadata) = on.storage.metadata_cached(&on.path("a"), Links::Follow) {
        fails(metadata, &[ENOENT]);
    }
}

/// A change that is noticed changes no answer.
fn mounts(on: &Ground) {
    on.put("a", b"abc");
    if let Some(watch) = on.storage.watch_mounts() {
        watch.changed();
    }
    assert_eq!(on.contents("a"), b"abc");
}

fn odd_paths(on: &Ground) {
    on.put("file", b"");
    let long = "n".repeat(300);
    let deep = "d/".repeat(3000);
    for path in [
        Path::new("").to_owned(),
        on.path(&long),
        on.path(&deep),
        on.path("file/below"),
        on.path(OsStr::from_bytes(b"nul\0inside")),
        on.path(OsStr::from_bytes(b"not utf-8 \xFF")),
    ] {
        let results: [io::Result<()>; 6] = [
            on.storage.open(&path, &reading()).map(drop),
            on.storage.metadata(&path, Links::Follow).map(drop),
            on.storage.canonicalize(&path).map(drop),
            on.storage.remove_file(&path),
            on.storage.remove_dir(&path, true),
            on.storage.rename(&path, &*on.storage, &on.path("target")),
        ];
        assert!(results.iter().all(Result::is_err), "{path:?}: {results:?}");
    }
}
