//! What is in a tree and is no file.

use std::fs::{self, Permissions};
use std::io::ErrorKind;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt, symlink};
use std::os::unix::net::UnixListener;
use std::path::Path;

use folio_testkit::wait::block_on;
use rustix::fs::{CWD, Mode, mkfifoat};

use crate::ground::empty;

fn furnish(tree: &Path) {
    fs::create_dir_all(tree.join("a/b")).expect("the room takes directories");
    fs::write(tree.join("a/file"), b"contents").expect("the room takes files");
    fs::write(tree.join("z"), b"more").expect("the room takes files");
    symlink("nowhere", tree.join("a/dangling")).expect("the room takes links");
    mkfifoat(CWD, tree.join("a/fifo"), Mode::empty()).expect("the room takes FIFOs");
    fs::set_permissions(tree.join("a/fifo"), Permissions::from_mode(0o622)).expect("it is ours");
    fs::set_permissions(tree.join("a/b"), Permissions::from_mode(0o555)).expect("it is ours");
}

fn check(copy: &Path) {
    assert_eq!(fs::read(copy.join("a/file")).expect("it was copied"), b"contents");
    assert_eq!(fs::read(copy.join("z")).expect("it was copied"), b"more");
    assert_eq!(fs::read_link(copy.join("a/dangling")).expect("it was copied"), Path::new("nowhere"));
    let fifo = fs::symlink_metadata(copy.join("a/fifo")).expect("it was made anew");
    assert!(fifo.file_type().is_fifo() && fifo.mode() & 0o777 == 0o622, "{fifo:?}");
    assert_eq!(fs::metadata(copy.join("a/b")).expect("it was copied").mode() & 0o777, 0o555);
}

#[test]
fn a_fifo_is_made_anew_by_a_copy() {
    let (_dir, room) = empty();
    furnish(&room.join("tree"));
    let bytes =
        block_on(folio::fs::copy_dir(room.join("tree"), room.join("copy"))).expect("all of it is ours");
    assert_eq!(bytes, 12);
    check(&room.join("copy"));
}

#[test]
fn sockets_are_passed_over_and_reported_when_everything_else_is_copied() {
    let (_dir, room) = empty();
    let tree = room.join("tree");
    furnish(&tree);
    for (sockets, name) in [(1, "a/socket"), (2, "a/b.socket"), (3, "socket")] {
        let listener = UnixListener::bind(tree.join(name)).expect("the room takes sockets");
        let copy = room.join(format!("copy{sockets}"));
        let error = block_on(folio::fs::copy_dir(&tree, &copy)).expect_err("it has a socket");
        assert_eq!((error.kind(), error.raw_os_error()), (ErrorKind::InvalidInput, None));
        assert_eq!((error.path(), error.bytes_done()), (Some(tree.as_path()), 12));
        let first = tree.join(error.entry().expect("it names one"));
        assert!(fs::symlink_metadata(&first).expect("it is there").file_type().is_socket(), "{first:?}");
        let words = error.to_string();
        assert!(sockets == 1 || words.contains(&format!("it and {} more", sockets - 1)), "{words}");
        check(&copy);
        drop(listener);
    }
}

#[test]
fn a_tree_with_everything_in_it_is_removed() {
    let (_dir, room) = empty();
    furnish(&room.join("tree"));
    let _listener = UnixListener::bind(room.join("tree/a/socket")).expect("the room takes sockets");
    // The superuser alone may be in there.
    fs::set_permissions(room.join("tree/a/b"), Permissions::from_mode(0o755)).expect("it is ours");
    block_on(folio::fs::remove_dir_all(room.join("tree"))).expect("all of it is ours");
    assert!(!room.join("tree").exists());
}

/// A copy gives its files to whoever makes it; the bits that lend an owner's rights must not go along.
#[test]
fn a_directory_is_copied_without_the_group_of_its_own() {
    let (_dir, room) = empty();
    fs::create_dir_all(room.join("tree/given")).expect("the room takes directories");
    fs::set_permissions(room.join("tree/given"), Permissions::from_mode(0o2775)).expect("it is ours");
    fs::set_permissions(room.join("tree"), Permissions::from_mode(0o1777)).expect("it is ours");
    block_on(folio::fs::copy_dir(room.join("tree"), room.join("copy"))).expect("all of it is ours");
    let mode = |name: &str| fs::metadata(room.join(name)).expect("it was copied").mode() & 0o7777;
    assert_eq!((mode("copy"), mode("copy/given")), (0o1777, 0o775));
}
