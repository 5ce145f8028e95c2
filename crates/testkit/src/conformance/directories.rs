//! Checks of open directories: what is found below one, and that nothing else is.

use std::fs::Permissions;
use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use folio_engine::storage::{Kind, Links, Mode, Names, Stamp, Stamps, StorageDir};

use super::Check;
use super::ground::{Ground, both, contents, fails, if_supported, ok, reading};
use crate::errno::{EEXIST, EINVAL, ELOOP, ENOENT, ENOTDIR};

pub(super) const CHECKS: &[Check] = &[
    ("an open directory finds what is below it", below),
    ("no path leads out of an open directory", confined),
    ("an open directory makes and removes names", changes),
    ("two open directories exchange names, and no other places do", two_places),
    ("an open directory lists each name once, with its kind", listed),
    ("symbolic links below an open directory are followed as asked", links),
    ("an open directory has descriptors, or says that it has none", descriptors),
];

fn open(on: &Ground, name: &str) -> Option<Box<dyn StorageDir>> {
    if_supported(on.storage.open_dir(&on.path(name), Links::Follow))
}

fn path(name: &str) -> &Path {
    Path::new(name)
}

fn below(on: &Ground) {
    on.dirs("root/inner");
    on.put("root/inner/file", b"abc");
    let Some(root) = open(on, "root") else { return };
    let opened = ok(root.open(path("inner/file"), &reading()));
    assert_eq!(contents(&*opened.file), b"abc");
    let metadata = ok(root.metadata(path("inner/../inner/file"), Links::NotLast));
    assert!(metadata.is_file() && metadata.len() == 3);
    assert_eq!(ok(root.identity(path("inner/file"))), ok(on.storage.identity(&on.path("root/inner/file"))));
    ok(root.access(path("inner/file"), Mode::READ));
    if let Some(way) = if_supported(root.canonicalize(path("inner/../inner/./file"))) {
        assert_eq!(way, path("inner/file"));
        assert_eq!(ok(root.canonicalize(path("inner/.."))), path("."));
    }
    let inner = ok(root.open_dir(path("inner"), Links::Refuse));
    assert!(ok(inner.metadata(path("file"), Links::Follow)).is_file());
    fails(root.open_dir(path("inner/file"), Links::Follow).map(drop), &[ENOTDIR]);
    fails(root.open(path("missing"), &reading()).map(drop), &[ENOENT]);
    fails(on.storage.open_dir(&on.path("missing"), Links::Follow).map(drop), &[ENOENT]);
}

fn confined(on: &Ground) {
    on.dirs("root");
    on.put("outside", b"x");
    let Some(root) = open(on, "root") else { return };
    for out in ["..", "../outside", "/", "/etc"] {
        let out = path(out);
        assert!(root.open(out, &reading()).is_err(), "{out:?} was opened");
        assert!(root.open_dir(out, Links::Follow).is_err(), "{out:?} was opened");
        assert!(root.metadata(out, Links::Follow).is_err(), "{out:?} was seen");
        assert!(root.access(out, Mode::EXISTS).is_err(), "{out:?} was seen");
        assert!(root.create_dir(&out.join("new"), None).is_err(), "{out:?} was changed");
        assert!(root.remove_file(out).is_err() && root.remove_dir(out, true).is_err(), "{out:?} was removed");
        assert!(root.set_permissions(out, Permissions::from_mode(0o000)).is_err(), "{out:?} was changed");
    }
    for dots in [".", "..", "./."] {
        fails(root.remove_dir(path(dots), false), &[EINVAL]);
        fails(root.rename(path(dots), &*root, path("new")), &[EINVAL]);
    }
    assert!(on.exists("outside") && on.exists("root"));
}

fn changes(on: &Ground) {
    on.dirs("root");
    let Some(root) = open(on, "root") else { return };
    ok(root.create_dir(path("dir"), Some(0o700)));
    fails(root.create_dir(path("dir"), None), &[EEXIST]);
    on.put("root/dir/file", b"abc");
    ok(root.set_permissions(path("dir/file"), Permissions::from_mode(0o640)));
    assert_eq!(
        ok(on.storage.metadata(&on.path("root/dir/file"), Links::Follow)).permissions().mode() & 0o777,
        0o640
    );
    let then = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_000);
    let times = Stamps { accessed: Stamp::Keep, modified: then.into() };
    if if_supported(root.set_times(path("dir/file"), &times, Links::Follow)).is_some() {
        assert_eq!(ok(ok(root.metadata(path("dir/file"), Links::Follow)).modified()), then);
    }
    if if_supported(root.make_fifo(path("fifo"), 0o600)).is_some() {
        assert_eq!(ok(root.metadata(path("fifo"), Links::NotLast)).file_type().kind(), Some(Kind::Fifo));
    }
    ok(root.remove_file(path("dir/file")));
    ok(root.remove_dir(path("dir"), false));
    assert!(!on.exists("root/dir"));
    on.dirs("root/tree/inner");
    ok(root.remove_dir(path("tree"), true));
    assert!(!on.exists("root/tree"));
    ok(root.sync());
}

fn two_places(on: &Ground) {
    on.dirs("one");
    on.dirs("two");
    on.put("one/a", b"abc");
    let (Some(one), Some(two)) = (open(on, "one"), open(on, "two")) else { return };
    ok(one.hard_link(path("a"), &*two, path("b")));
    ok(one.rename(path("a"), &*two, path("c")));
    assert!(!on.exists("one/a"));
    assert_eq!((on.contents("two/b"), on.contents("two/c")), (b"abc".to_vec(), b"abc".to_vec()));
    if let Some(bytes) = if_supported(two.copy(path("b"), &*one, path("copy"))) {
        assert_eq!((bytes, on.contents("one/copy")), (3, b"abc".to_vec()));
    }
    let here: &dyn Names = &*on.storage;
    assert!(two.rename(path("b"), here, &on.path("moved")).is_err());
    assert!(here.rename(&on.path("two/b"), &*one, path("moved")).is_err());
    assert!(on.exists("two/b"));
}

fn listed(on: &Ground) {
    on.dirs("root/dir");
    on.put("root/file", b"");
    let Some(root) = open(on, "root") else { return };
    let mut listed: Vec<_> = ok(root.names()).map(ok).map(|one| (one.name, one.kind)).collect();
    listed.sort_by(|(one, _), (other, _)| one.cmp(other));
    assert_eq!(listed, [("dir".into(), Some(Kind::Dir)), ("file".into(), Some(Kind::File))]);
}

fn links(on: &Ground) {
    on.dirs("root/dir");
    on.put("root/file", b"abc");
    let Some(root) = open(on, "root") else { return };
    if if_supported(root.symlink(path("file"), path("link"))).is_none() {
        return;
    }
    assert_eq!(ok(root.read_link(path("link"))), path("file"));
    assert!(ok(root.metadata(path("link"), Links::Follow)).is_file());
    assert!(ok(root.metadata(path("link"), Links::NotLast)).is_symlink());
    on.put("root/dir/file", b"");
    ok(root.symlink(path("dir"), path("way")));
    assert!(ok(root.metadata(path("way/file"), Links::NotLast)).is_file());
    fails(root.metadata(path("way/file"), Links::Refuse).map(drop), &[ELOOP]);
    ok(root.symlink(&on.path(""), path("out")));
    assert!(root.metadata(path("out"), Links::Follow).is_err(), "a link led out");
    let out = root.open(path("out/root/file"), &both()).map(drop).map_err(|error| error.kind());
    assert_eq!(out, Err(ErrorKind::CrossesDevices));
}

fn descriptors(on: &Ground) {
    on.dirs("root");
    on.put("root/file", b"");
    let Some(root) = open(on, "root") else { return };
    if let Some(std) = if_supported(root.to_std()) {
        assert!(ok(std.metadata()).is_dir());
    }
    let Some(descriptor) = if_supported(root.to_fd()) else { return };
    let (adopted, _) = ok(on.storage.adopt_dir(descriptor));
    assert!(ok(adopted.metadata(path("file"), Links::Follow)).is_file());
    let Some(file) = on.file("root/file").as_std().map(|file| ok(file.try_clone())) else { return };
    fails(on.storage.adopt_dir(file.into()).map(drop), &[ENOTDIR]);
}
