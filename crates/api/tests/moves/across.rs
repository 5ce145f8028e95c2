//! What was moved to another device is what it was, in everything that both devices can keep.

use std::ffi::OsStr;
use std::fs::{self, FileTimes, Permissions};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileExt, MetadataExt, PermissionsExt, chown, symlink};
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use folio::fs::move_path;
use folio_testkit::process::is_superuser;
use folio_testkit::process::{NOBODY, as_both};
use folio_testkit::skip;
use folio_testkit::wait::block_on;

use crate::ground::{Rooms, kept, mark, names, untouched};

const EISDIR: i32 = 21;
const ENOTDIR: i32 = 20;
const ENOENT: i32 = 2;
const EBUSY: i32 = 16;

/// A moment with nanoseconds, as long ago as the device keeps.
fn moment(seconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::new(seconds, 123_456_789)
}

fn date(path: &Path) {
    let times = FileTimes::new().set_accessed(moment(1_000_000_000)).set_modified(moment(981_173_106));
    fs::File::open(path).unwrap().set_times(times).unwrap();
}

#[test]
fn a_file_keeps_its_permissions_times_attributes_and_owner() {
    let check = |mode: u32, owner: Option<u32>, over: bool| {
        let Some(rooms) = Rooms::two() else { return };
        let (from, to) = (rooms.from("file"), rooms.to("file"));
        fs::write(&from, b"contents").unwrap();
        mark(&from, b"mail");
        if let Some(owner) = owner {
            chown(&from, Some(owner), Some(owner)).unwrap();
        }
        fs::set_permissions(&from, Permissions::from_mode(mode)).unwrap();
        date(&from);
        if over {
            fs::write(&to, b"what is replaced").unwrap();
        }
        let before = kept(&from);
        block_on(move_path(&from, &to)).unwrap();
        assert_eq!(kept(&to), before, "{mode:o} of {owner:?}, over {over}");
        assert!(names(rooms.here.path()).is_empty());
        assert_eq!(names(rooms.there.path()), ["file"]);
    };
    for over in [false, true] {
        for mode in [0o644, 0o400, 0o600, 0o4755, 0o6755, 0o1644] {
            check(mode, None, over);
            if is_superuser() {
                check(mode, Some(1234), over);
            }
        }
    }
    as_both("across::a_file_keeps_its_permissions_times_attributes_and_owner");
}

/// Somebody else's file, in a folder where this user may take it from.
#[test]
fn without_its_owner_a_file_loses_its_set_id_bits() {
    if !is_superuser() {
        return skip("moving another user's file", "only the superuser can give files away");
    }
    let Some(rooms) = Rooms::two() else { return };
    for room in [rooms.here.path(), rooms.there.path()] {
        fs::set_permissions(room, Permissions::from_mode(0o777)).unwrap();
    }
    let (from, to) = (rooms.from("file"), rooms.to("file"));
    fs::write(&from, b"#!/bin/sh").unwrap();
    fs::set_permissions(&from, Permissions::from_mode(0o6755)).unwrap();
    date(&from);
    // Another user does it in a process of their own.
    let mut mover = crate::ground::mover(&from, &to);
    match mover.status() {
        Ok(status) => assert!(status.success(), "{status}"),
        Err(error) => {
            return skip("moving another user's file", &format!("he cannot run this program: {error}"));
        }
    }
    let moved = fs::metadata(&to).unwrap();
    assert_eq!((moved.uid(), moved.mode() & 0o7777), (NOBODY, 0o755));
    assert_eq!(moved.modified().unwrap(), moment(981_173_106));
    assert!(!from.exists());
}

#[test]
fn holes_stay_holes() {
    let Some(rooms) = Rooms::two() else { return };
    let (from, to) = (rooms.from("file"), rooms.to("file"));
    let file = fs::File::create(&from).unwrap();
    file.set_len(100 << 20).unwrap();
    file.write_all_at(b"in the middle", 50 << 20).unwrap();
    block_on(move_path(&from, &to)).unwrap();
    let moved = fs::metadata(&to).unwrap();
    assert_eq!(moved.len(), 100 << 20);
    assert!(moved.blocks() <= 2048, "{} blocks", moved.blocks());
    let mut middle = [0; 13];
    fs::File::open(&to).unwrap().read_exact_at(&mut middle, 50 << 20).unwrap();
    assert_eq!(&middle, b"in the middle");
}

#[test]
fn links_and_fifos_are_moved_themselves() {
    let Some(rooms) = Rooms::two() else { return };
    symlink("no/where", rooms.from("link")).unwrap();
    rustix::fs::mknodat(
        rustix::fs::CWD,
        rooms.from("fifo"),
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::RWXU,
        0,
    )
    .unwrap();
    fs::set_permissions(rooms.from("fifo"), Permissions::from_mode(0o620)).unwrap();
    for name in ["link", "fifo"] {
        let (from, to) = (rooms.from(name), rooms.to(name));
        if is_superuser() {
            std::os::unix::fs::lchown(&from, Some(1234), Some(4321)).unwrap();
        }
        let before = kept(&from);
        block_on(move_path(&from, &to)).unwrap();
        assert_eq!(kept(&to), before, "{name}");
        assert!(from.symlink_metadata().is_err());
    }
}

#[test]
fn names_of_any_length_are_moved() {
    let check = |name: &OsStr| {
        let Some(rooms) = Rooms::two() else { return };
        let (from, to) = (rooms.from(name), rooms.to(name));
        fs::write(&from, b"x").unwrap();
        block_on(move_path(&from, &to)).unwrap();
        assert_eq!((fs::read(&to).unwrap(), from.exists()), (b"x".to_vec(), false));
        fs::remove_file(&to).unwrap();
        fs::create_dir(&from).unwrap();
        fs::write(from.join(name), b"x").unwrap();
        block_on(move_path(&from, &to)).unwrap();
        assert_eq!((fs::read(to.join(name)).unwrap(), from.exists()), (b"x".to_vec(), false));
    };
    for name in ["n".repeat(235), "n".repeat(255), "あ".repeat(80), "あ".repeat(85), "-".into()] {
        check(OsStr::new(&name));
    }
    check(OsStr::from_bytes(&[0xFF; 255]));
}

#[test]
fn what_cannot_be_moved_is_refused_as_a_rename_would_and_nothing_is_touched() {
    let Some(rooms) = Rooms::two() else { return };
    for room in [rooms.here.path(), rooms.there.path()] {
        fs::create_dir(room.join("dir")).unwrap();
        fs::write(room.join("dir/file"), b"x").unwrap();
        fs::write(room.join("file"), b"x").unwrap();
        symlink("dir", room.join("link")).unwrap();
    }
    let _socket = std::os::unix::net::UnixListener::bind(rooms.from("socket")).unwrap();
    let before = (untouched(rooms.here.path()), untouched(rooms.there.path()));
    let check = |from: &str, to: &str, errno: Option<i32>| {
        let error = block_on(move_path(rooms.from(from), rooms.to(to))).expect_err(from);
        assert_eq!(error.raw_os_error(), errno, "{from} to {to}: {error}");
        assert_eq!(error.path(), Some(rooms.from(from).as_path()), "{error}");
        assert!(before == (untouched(rooms.here.path()), untouched(rooms.there.path())), "{from} to {to}");
    };
    check("missing", "new", Some(ENOENT));
    check("file", "missing/new", Some(ENOENT));
    check("file", "dir", Some(EISDIR));
    check("dir", "file", Some(ENOTDIR));
    check("dir", "dir", Some(39));
    check("dir", "link", Some(ENOTDIR));
    check("file/", "new", Some(ENOTDIR));
    check("file", "new/", Some(ENOTDIR));
    check("link/", "new", Some(ENOTDIR));
    check("dir/.", "new", Some(EBUSY));
    check("dir/..", "new", Some(EBUSY));
    check("dir", "dir/.", Some(EBUSY));
    check("socket", "new", None);
}

/// A rename would not be allowed either, and a copy would be there twice.
#[test]
fn from_where_nothing_can_be_removed_nothing_is_copied() {
    if !as_both("across::from_where_nothing_can_be_removed_nothing_is_copied") {
        return;
    }
    let Some(rooms) = Rooms::two() else { return };
    let (from, to) = (rooms.from("shut/file"), rooms.to("file"));
    fs::create_dir(rooms.from("shut")).unwrap();
    fs::write(&from, b"x").unwrap();
    fs::write(&to, b"what is there").unwrap();
    fs::set_permissions(rooms.from("shut"), Permissions::from_mode(0o555)).unwrap();
    let error = block_on(move_path(&from, &to)).expect_err("it is shut");
    fs::set_permissions(rooms.from("shut"), Permissions::from_mode(0o755)).unwrap();
    assert_eq!(error.raw_os_error(), Some(13), "{error}");
    assert_eq!(
        (fs::read(&from).unwrap(), fs::read(&to).unwrap()),
        (b"x".to_vec(), b"what is there".to_vec())
    );
    assert_eq!(names(rooms.there.path()), ["file"]);
}
