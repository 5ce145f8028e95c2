//! A copied or moved tree is the tree it was, and a failure leaves the original alone.

use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::{fs, io};

use folio::fs::{copy_dir, move_path};
use folio_testkit::skip;
use folio_testkit::wait::block_on;
use walkdir::WalkDir;

use crate::ground::{empty, furnished};

/// Where a second file system is, on nearly every Linux.
const ELSEWHERE: &str = "/dev/shm";

/// Everything in a tree: way from the root, permissions, contents or target.
fn tree(root: &Path) -> Vec<(PathBuf, u32, Vec<u8>)> {
    let entries = WalkDir::new(root).sort_by_file_name().into_iter();
    let told = entries.map(|entry| {
        let entry = entry.expect("the tree can be walked");
        let way = entry.path().strip_prefix(root).expect("it is below").to_path_buf();
        let metadata = entry.path().symlink_metadata().expect("it is there");
        let inside = match (metadata.is_symlink(), metadata.is_file()) {
            (true, _) => entry.path().read_link().expect("a link").into_os_string().into_encoded_bytes(),
            (_, true) => fs::read(entry.path()).expect("it can be read"),
            (false, false) => Vec::new(),
        };
        (way, metadata.permissions().mode(), inside)
    });
    told.collect()
}

/// A furnished tree with unusual permissions.
fn guarded() -> (tempfile::TempDir, PathBuf) {
    let (dir, room) = furnished();
    fs::set_permissions(room.join("file"), fs::Permissions::from_mode(0o640)).expect("it is ours");
    fs::create_dir_all(room.join("closed/below")).expect("the room takes directories");
    fs::write(room.join("closed/below/file"), vec![b'x'; 100_000]).expect("the room takes files");
    fs::set_permissions(room.join("closed"), fs::Permissions::from_mode(0o555)).expect("it is ours");
    (dir, room)
}

fn reopen(room: &Path) {
    fs::set_permissions(room.join("closed"), fs::Permissions::from_mode(0o755)).expect("it is ours");
}

#[test]
fn a_copied_directory_is_equal_down_to_links_and_permissions() {
    let (_dir, room) = guarded();
    let (_other, other) = empty();
    let bytes = block_on(copy_dir(&room, other.join("copy"))).expect("the name is free");
    assert_eq!(bytes, 8 + 1 + 100_000);
    assert_eq!(tree(&room), tree(&other.join("copy")));
    reopen(&room);
    reopen(&other.join("copy"));
}

#[test]
fn what_cannot_be_copied_is_refused_before_anything_is_touched() {
    let (_dir, room) = furnished();
    symlink("dir", room.join("inside")).expect("the room takes links");
    let before = tree(&room);
    let check = |from: &str, to: &str, errno: i32| {
        let error = block_on(copy_dir(room.join(from), room.join(to))).expect_err("it makes no sense");
        assert_eq!(error.raw_os_error(), Some(errno), "{from} to {to}: {error}");
        assert_eq!(error.kind(), io::Error::from_raw_os_error(errno).kind(), "{from} to {to}: {error}");
        assert!(tree(&room) == before, "{from} to {to}");
    };
    check("missing", "new", 2);
    check("file", "new", 20);
    check("to_file", "new", 20);
    check("dir", "file", 17);
    check("dir", "to_file", 17);
    check("dir", "dangling", 17);
    check("dir", "dir/new", 22);
    check("dir", "inside/new", 22);
    check("dir", "missing/new", 2);
    let error = block_on(copy_dir(room.join("dir"), room.join("file"))).expect_err("the name is taken");
    let words = error.to_string();
    assert!(words.contains("the target exists (os error 17)") && !error.may_have_happened(), "{words}");
}

#[test]
fn a_move_to_another_file_system_leaves_one_complete_tree() {
    let (_dir, room) = guarded();
    let Ok(other) = tempfile::tempdir_in(ELSEWHERE) else {
        return skip("moves to another file system", &format!("there is no {ELSEWHERE}"));
    };
    let device = |path: &Path| fs::metadata(path).expect("it is there").dev();
    if device(other.path()) == device(&room) {
        return skip("moves to another file system", &format!("{ELSEWHERE} is none"));
    }
    let before = tree(&room);
    reopen(&room);
    for name in ["file", "to_dir", "dangling", "dir", "closed"] {
        let (from, to) = (room.join(name), other.path().join(name));
        if name == "file" {
            fs::write(&to, b"replaced").expect("the room takes files");
        }
        block_on(move_path(&from, &to)).expect("both can be changed");
        assert!(from.symlink_metadata().is_err(), "{name} is still there");
    }
    fs::set_permissions(other.path().join("closed"), fs::Permissions::from_mode(0o555)).expect("it is ours");
    let moved: Vec<_> = before.into_iter().filter(|(way, ..)| other.path().join(way).is_there()).collect();
    assert_eq!(tree(other.path())[1..], moved[1..]);
    reopen(other.path());
    // A directory that is not empty is not replaced, and nothing is left beside it.
    fs::create_dir(room.join("dir")).expect("the name is free");
    let error = block_on(move_path(room.join("dir"), other.path().join("dir"))).expect_err("it is not empty");
    assert_eq!(error.raw_os_error(), Some(39), "{error}");
    assert!(room.join("dir").exists());
    assert_eq!(tree(other.path()).len(), moved.len());
}

#[test]
fn a_move_within_a_file_system_is_a_rename() {
    let (_dir, room) = furnished();
    let before = fs::metadata(room.join("dir")).expect("it is there").ino();
    block_on(move_path(room.join("dir"), room.join("moved"))).expect("the name is free");
    assert_eq!(fs::metadata(room.join("moved")).expect("it is there").ino(), before);
    let error = block_on(move_path(room.join("dir"), room.join("again"))).expect_err("it is gone");
    assert_eq!((error.raw_os_error(), error.path()), (Some(2), Some(room.join("dir").as_path())));
}

/// Whether something has this name, be it a dangling link.
trait IsThere {
    fn is_there(&self) -> bool;
}

impl IsThere for PathBuf {
    fn is_there(&self) -> bool {
        self.symlink_metadata().is_ok()
    }
}
