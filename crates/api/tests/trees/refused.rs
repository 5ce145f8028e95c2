//! Folders and files that refuse: what of them goes, and what an error says.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use folio::tempfile::TemporaryDirectory;
use folio::{Dir, Error, Operation};
use folio_testkit::process::as_both;
use folio_testkit::skip;
use folio_testkit::wait::{block_on, eventually_blocking};
use rustix::fs::{IFlags, ioctl_setflags};

use crate::ground::empty;

fn allow(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).expect("it is ours");
}

/// A folder in which nothing may be changed, one that may not even be entered, and one in each of these.
fn shut(room: &Path) {
    for (name, mode) in [("readonly", 0o555), ("unreadable", 0o300), ("unsearchable", 0o600), ("shut", 0)] {
        fs::create_dir_all(room.join(name).join("inner")).expect("the room takes directories");
        fs::write(room.join(name).join("inner/file"), b"x").expect("the room takes files");
        fs::write(room.join(name).join("file"), b"x").expect("the room takes files");
        allow(&room.join(name).join("inner"), mode);
        allow(&room.join(name), mode);
    }
}

#[test]
fn a_temporary_directory_takes_folders_that_refuse_along() {
    as_both("refused::a_temporary_directory_takes_folders_that_refuse_along");
    let (_dir, room) = empty();
    let outside = room.join("outside");
    fs::create_dir(&outside).expect("the room takes directories");
    fs::write(outside.join("file"), b"x").expect("the room takes files");
    allow(&outside, 0o500);
    block_on(async {
        for ignores in [false, true] {
            let mut builder = TemporaryDirectory::builder();
            builder.in_dir(&room).ignore_cleanup_errors(ignores);
            let mut doomed = builder.create().await.expect("it can be made");
            shut(doomed.path());
            symlink(&outside, doomed.path().join("link")).expect("the room takes links");
            doomed.cleanup().await.unwrap_or_else(|error| panic!("{error}"));
            assert!(!doomed.path().exists(), "ignoring: {ignores}");
            let dropped = builder.create().await.expect("it can be made");
            let path = dropped.path().to_owned();
            shut(&path);
            allow(&path, 0);
            drop(dropped);
            // It goes behind the drop, on the same engine.
            eventually_blocking("it is gone", || !path.exists());
        }
    });
    assert_eq!(fs::metadata(&outside).expect("it is there").permissions().mode() & 0o777, 0o500);
    assert!(outside.join("file").exists());
    allow(&outside, 0o700);
}

/// What an error has to say: where it was, by which number, and all of it in words.
fn check(error: &Error, operation: Operation, path: &Path, entry: Option<&str>, errno: i32) {
    let told = (error.operation(), error.path(), error.entry(), error.raw_os_error());
    assert_eq!(told, (operation, Some(path), entry.map(Path::new), Some(errno)), "{error}");
    let words = error.to_string();
    assert!(entry.is_none_or(|entry| words.contains(&format!(": {entry}: "))), "{words}");
    let std = std::io::Error::from(error.clone());
    assert_eq!((std.to_string(), std.kind()), (words, error.kind()));
}

#[test]
fn an_error_names_what_is_in_the_way_and_nothing_is_made_removable_unasked() {
    if !as_both("refused::an_error_names_what_is_in_the_way_and_nothing_is_made_removable_unasked") {
        return;
    }
    let cases: [(&str, u32, &str); 3] =
        [("a/b/shut", 0, "a/b/shut"), ("a/readonly", 0o500, "a/readonly/file"), ("x", 0o600, "x/file")];
    for (name, mode, entry) in cases {
        let (_dir, room) = empty();
        let tree = room.join("tree");
        fs::create_dir_all(tree.join(name)).expect("the room takes directories");
        fs::write(tree.join(name).join("file"), b"x").expect("the room takes files");
        allow(&tree.join(name), mode);
        block_on(async {
            let error = folio::fs::remove_dir_all(&tree).await.expect_err("it refuses");
            check(&error, Operation::RemoveDir, &tree, Some(entry), 13);
            let dir = Dir::open(&room).await.expect("it is there");
            let error = dir.remove_dir_all("tree").await.expect_err("it refuses");
            check(&error, Operation::RemoveDir, &tree, Some(entry), 13);
        });
        assert_eq!(fs::metadata(tree.join(name)).expect("it is there").permissions().mode() & 0o777, mode);
        allow(&tree.join(name), 0o700);
    }
}

#[test]
fn a_copy_names_what_it_cannot_read() {
    if !as_both("refused::a_copy_names_what_it_cannot_read") {
        return;
    }
    let (_dir, room) = empty();
    let tree = room.join("tree");
    fs::create_dir_all(tree.join("a/shut")).expect("the room takes directories");
    allow(&tree.join("a/shut"), 0o300);
    let copied = || block_on(folio::fs::copy_dir(&tree, room.join("copy")));
    check(&copied().expect_err("it refuses"), Operation::Copy, &tree, Some("a/shut"), 13);
    allow(&tree.join("a/shut"), 0o700);
    fs::remove_dir_all(room.join("copy")).expect("it is ours");
    fs::write(tree.join("a/file"), b"x").expect("the room takes files");
    allow(&tree.join("a/file"), 0o200);
    check(&copied().expect_err("it refuses"), Operation::Copy, &tree, Some("a/file"), 13);
}

#[test]
fn what_is_in_the_way_of_the_path_itself_has_no_entry() {
    let (_dir, room) = empty();
    fs::write(room.join("file"), b"x").expect("the room takes files");
    block_on(async {
        let cases =
            [("missing", 2), ("file", 20), ("missing/below", 2), ("file/below", 20), (".", 22), ("/", 16)];
        for (name, errno) in cases {
            let path = if name == "/" { PathBuf::from("/") } else { room.join(name) };
            let error = folio::fs::remove_dir_all(&path).await.expect_err("there is no tree");
            check(&error, Operation::RemoveDir, &path, None, errno);
        }
    });
}

/// What cannot be removed stays with the directories above it, and everything else goes, as CPython's
/// `ignore_cleanup_errors` has it.
#[test]
fn a_cleanup_that_ignores_errors_goes_on_past_them() {
    let (_dir, room) = empty();
    for ignores in [false, true] {
        let mut builder = TemporaryDirectory::builder();
        builder.in_dir(&room).ignore_cleanup_errors(ignores);
        let mut doomed = block_on(builder.create()).expect("it can be made");
        let path = doomed.path().to_owned();
        fs::create_dir_all(path.join("a/kept")).expect("the room takes directories");
        for index in 0..40 {
            fs::create_dir(path.join(format!("dir{index}"))).expect("the room takes directories");
            fs::write(path.join(format!("a/file{index}")), b"x").expect("the room takes files");
        }
        let kept = fs::File::create(path.join("a/kept/file")).expect("the room takes files");
        if let Err(error) = ioctl_setflags(&kept, IFlags::IMMUTABLE) {
            return skip(
                "a tree that cannot be removed",
                &format!("nothing can be made unremovable here: {error}"),
            );
        }
        let told = block_on(doomed.cleanup());
        let left: Vec<_> = walkdir::WalkDir::new(&path).into_iter().map(Result::unwrap).collect();
        ioctl_setflags(&kept, IFlags::empty()).expect("it could be set");
        if ignores {
            told.expect("errors are ignored");
            assert_eq!(left.len(), 4, "{left:?}");
        } else {
            check(&told.expect_err("it refuses"), Operation::RemoveDir, &path, Some("a/kept/file"), 1);
            block_on(doomed.cleanup()).expect("now it can go");
            assert!(!path.exists());
        }
    }
}
