//! A directory that was moved to another device, with everything in it.

use std::fs::{self, FileTimes, Permissions};
use std::future::Future;
use std::os::fd::OwnedFd;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::task::{Context, Waker};
use std::time::{Duration, UNIX_EPOCH};

use folio::fs::move_path;
use folio_testkit::process::as_both;
use folio_testkit::process::is_superuser;
use folio_testkit::skip;
use folio_testkit::wait::block_on;
use rustix::fs::{AtFlags, Mode, OFlags, linkat, mkdirat, openat, statat};

use crate::ground::{Rooms, kept, mark, names, untouched};

/// A tree with everything a move is to keep.
fn furnish(root: &Path) {
    let superuser = is_superuser();
    fs::create_dir_all(root.join("closed/below")).unwrap();
    fs::create_dir(root.join("empty")).unwrap();
    fs::write(root.join("file"), b"contents").unwrap();
    fs::write(root.join("closed/below/file"), vec![b'x'; 100_000]).unwrap();
    fs::hard_link(root.join("file"), root.join("closed/same")).unwrap();
    fs::hard_link(root.join("file"), root.join("closed/below/same")).unwrap();
    fs::File::create(root.join("sparse")).unwrap().set_len(50 << 20).unwrap();
    symlink("../file", root.join("closed/link")).unwrap();
    symlink("no/where", root.join("dangling")).unwrap();
    let fifo = rustix::fs::FileType::Fifo;
    rustix::fs::mknodat(rustix::fs::CWD, root.join("fifo"), fifo, rustix::fs::Mode::RUSR, 0).unwrap();
    mark(&root.join("file"), b"mail");
    mark(&root.join("closed"), b"of a folder");
    if superuser {
        chown(root.join("file"), Some(1234), Some(4321)).unwrap();
        chown(root.join("closed"), Some(1234), Some(4321)).unwrap();
    }
    fs::set_permissions(root.join("file"), Permissions::from_mode(0o4711)).unwrap();
    fs::set_permissions(root.join("empty"), Permissions::from_mode(0o1777)).unwrap();
    fs::set_permissions(root.join("closed"), Permissions::from_mode(0o2750)).unwrap();
    for (index, name) in
        ["file", "closed/below/file", "closed/below", "closed", "empty", ""].iter().enumerate()
    {
        let moment = |seconds| UNIX_EPOCH + Duration::new(seconds + index as u64, 123_456_789);
        let times = FileTimes::new().set_accessed(moment(1_000_000_000)).set_modified(moment(900_000_000));
        fs::File::open(root.join(name)).unwrap().set_times(times).unwrap();
    }
}

#[test]
fn a_tree_keeps_everything() {
    let Some(rooms) = Rooms::two() else { return };
    let (from, to) = (rooms.from("tree"), rooms.to("tree"));
    fs::create_dir(&from).unwrap();
    furnish(&from);
    let accessed = fs::metadata(&from).unwrap().accessed().unwrap();
    let before = kept(&from);
    assert_eq!(before.len(), 12);
    // Looking at it has changed when it was accessed.
    fs::File::open(&from).unwrap().set_times(FileTimes::new().set_accessed(accessed)).unwrap();
    block_on(move_path(&from, &to)).unwrap();
    assert_eq!(fs::metadata(&to).unwrap().accessed().unwrap(), accessed, "of a folder that was read");
    let after = kept(&to);
    for (before, after) in before.iter().zip(&after) {
        assert_eq!(after, before);
    }
    assert_eq!(after.len(), before.len());
    assert!(fs::metadata(to.join("sparse")).unwrap().blocks() < 16);
    assert!(names(rooms.here.path()).is_empty());
    assert_eq!(names(rooms.there.path()), ["tree"]);
    as_both("trees::a_tree_keeps_everything");
}

#[test]
fn an_empty_directory_is_replaced_and_a_full_one_not() {
    let Some(rooms) = Rooms::two() else { return };
    let (from, to) = (rooms.from("tree"), rooms.to("tree"));
    fs::create_dir(&from).unwrap();
    fs::write(from.join("file"), b"x").unwrap();
    fs::create_dir(&to).unwrap();
    block_on(move_path(&from, to.join(""))).unwrap();
    assert_eq!((names(&to), from.exists()), (vec!["file".into()], false));
}

#[test]
fn what_is_not_copied_is_not_removed() {
    let check = |spoil: &dyn Fn(&Path), way: &str| {
        let Some(rooms) = Rooms::two() else { return };
        let (from, to) = (rooms.from("tree"), rooms.to("tree"));
        fs::create_dir(&from).unwrap();
        furnish(&from);
        spoil(&from);
        let before = untouched(&from);
        let error = block_on(move_path(&from, &to)).expect_err(way);
        assert_eq!(error.entry(), Some(Path::new(way)), "{error}");
        assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput, "{error}");
        assert!(untouched(&from) == before, "{error}");
        assert!(names(rooms.there.path()).is_empty(), "{error}: {:?}", names(rooms.there.path()));
    };
    check(&|root| drop(UnixListener::bind(root.join("closed/socket")).unwrap()), "closed/socket");
    if is_superuser() {
        let char_device = rustix::fs::FileType::CharacterDevice;
        let null = rustix::fs::makedev(1, 3);
        check(
            &|root| {
                let (mode, path) = (rustix::fs::Mode::RUSR, root.join("closed/null"));
                rustix::fs::mknodat(rustix::fs::CWD, path, char_device, mode, null).unwrap();
            },
            "closed/null",
        );
    }
}

#[test]
fn a_tree_is_not_moved_into_itself_by_another_way() {
    if !is_superuser() {
        return skip("moving a tree into itself through a mount", "only the superuser can mount");
    }
    let Some(rooms) = Rooms::two() else { return };
    let (tree, bound) = (rooms.from("tree"), rooms.to("bound"));
    fs::create_dir_all(tree.join("below")).unwrap();
    fs::write(tree.join("file"), b"x").unwrap();
    fs::create_dir(&bound).unwrap();
    let mount = |arguments: &[&Path]| {
        std::process::Command::new("mount")
            .arg("--bind")
            .args(arguments)
            .status()
            .is_ok_and(|it| it.success())
    };
    if !mount(&[&tree, &bound]) {
        return skip("moving a tree into itself through a mount", "this process may not mount");
    }
    let before = untouched(&tree);
    let inside = block_on(move_path(&tree, bound.join("below/new")));
    let onto_itself = block_on(move_path(tree.join("file"), bound.join("file")));
    let around = block_on(move_path(rooms.there.path(), rooms.from("around")));
    drop(std::process::Command::new("umount").arg(&bound).status());
    let error = inside.expect_err("it would never end");
    assert_eq!(error.raw_os_error(), Some(22), "{error}");
    // As `rename` has it: both names are the file's, and stay.
    onto_itself.expect("there is nothing to do");
    let error = around.expect_err("what is mounted cannot be removed");
    assert_eq!((error.raw_os_error(), error.entry()), (Some(16), Some(Path::new("bound"))), "{error}");
    assert_eq!(untouched(&tree), before);
    assert!(!rooms.from("around").exists());
}

/// So many files take several jobs, and nothing goes on while nobody polls.
#[tokio::test]
async fn what_is_added_or_changed_meanwhile_stays_with_everything_else() {
    let check = async |spoil: &dyn Fn(&Path), way: Option<&str>| {
        let Some(rooms) = Rooms::two() else { return };
        let (from, to) = (rooms.from("tree"), rooms.to("tree"));
        fs::create_dir(&from).unwrap();
        (0..300).for_each(|n| fs::write(from.join(n.to_string()), b"copied").unwrap());
        let mut moving = Box::pin(move_path(&from, &to));
        while copied(rooms.there.path()) == 0 {
            if moving.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready() {
                return skip(
                    "a tree that changes while it is moved",
                    "it was moved before it could be changed",
                );
            }
            tokio::task::yield_now().await;
        }
        spoil(&from);
        let before = untouched(&from);
        let error = moving.await.expect_err("it is not what was copied");
        assert_eq!(error.raw_os_error(), Some(16), "{error}");
        assert!(error.entry().is_some_and(|entry| way.is_none_or(|way| entry == Path::new(way))), "{error}");
        assert!(untouched(&from) == before, "{error}");
        assert!(names(rooms.there.path()).is_empty(), "{error}");
    };
    check(&|from| fs::write(from.join("late"), b"not copied").unwrap(), Some("late")).await;
    check(&|from| fs::create_dir(from.join("late")).unwrap(), Some("late")).await;
    check(&|from| symlink("somewhere", from.join("late")).unwrap(), Some("late")).await;
    // All of them, of which some are copied.
    check(&|from| (0..300).for_each(|n| fs::write(from.join(n.to_string()), b"written on").unwrap()), None)
        .await;
}

/// How many files are in the copy that is under way.
fn copied(room: &Path) -> usize {
    names(room).first().map_or(0, |copy| names(&room.join(copy)).len())
}

/// Deeper than a path is long, with a file that has a name at either end.
#[test]
fn a_deep_tree_is_moved_with_its_links() {
    const LEVELS: usize = 3_000;
    let Some(rooms) = Rooms::two() else { return };
    // From memory, whose folders tell last what they got first: the inner name comes first.
    let (from, to) = (rooms.to("tree"), rooms.from("tree"));
    fs::create_dir(&from).unwrap();
    fs::write(from.join("top"), b"x").unwrap();
    let top = opened(&from);
    let mut here = opened(&from);
    for _ in 0..LEVELS {
        mkdirat(&here, "d", Mode::RWXU).unwrap();
        here = openat(&here, "d", OFlags::DIRECTORY, Mode::empty()).unwrap();
    }
    linkat(&top, "top", &here, "bottom", AtFlags::empty()).unwrap();
    block_on(move_path(&from, &to)).unwrap();
    assert!(!from.exists());
    let (mut levels, mut here) = (0, opened(&to));
    while let Ok(below) = openat(&here, "d", OFlags::DIRECTORY, Mode::empty()) {
        (levels, here) = (levels + 1, below);
    }
    let inode = |dir: &OwnedFd, name: &str| statat(dir, name, AtFlags::empty()).unwrap().st_ino;
    assert_eq!((levels, inode(&here, "bottom")), (LEVELS, inode(&opened(&to), "top")));
    block_on(folio::fs::remove_dir_all(&to)).unwrap();
}

fn opened(dir: &Path) -> OwnedFd {
    openat(rustix::fs::CWD, dir, OFlags::DIRECTORY, Mode::empty()).unwrap()
}
