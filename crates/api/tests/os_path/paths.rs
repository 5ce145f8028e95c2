//! `folio::path` answers what std answers, and what CPython documents where std has nothing.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use folio::{File, path};

use crate::ground::{NAMES, empty, furnished, is_refused_anything, wait};

#[test]
fn questions_with_a_yes_or_no_are_answered_as_std_does() {
    let (_dir, room) = furnished();
    let check = |path: &Path| {
        let ours = wait(async {
            [
                path::exists(path).await,
                path::is_file(path).await,
                path::is_dir(path).await,
                path::is_symlink(path).await,
            ]
        });
        assert_eq!(ours, [path.exists(), path.is_file(), path.is_dir(), path.is_symlink()], "{path:?}");
    };
    for name in NAMES {
        check(&room.join(name));
        // The second time the kernel knows it, and the answer comes in place.
        check(&room.join(name));
    }
    for path in ["", "/", "/dev/null", "with\0nul"] {
        check(Path::new(path));
    }
    if is_refused_anything(&room) {
        fs::set_permissions(room.join("dir"), fs::Permissions::from_mode(0o000)).expect("it is ours");
        check(&room.join("dir/inside"));
        fs::set_permissions(room.join("dir"), fs::Permissions::from_mode(0o700)).expect("it is ours");
    }
}

#[test]
fn lengths_and_times_are_those_of_the_metadata_and_errors_name_the_path() {
    let (_dir, room) = furnished();
    let old = SystemTime::UNIX_EPOCH - Duration::from_millis(1_500);
    let file = fs::File::options().write(true).open(room.join("file")).expect("it is there");
    file.set_times(fs::FileTimes::new().set_modified(old)).expect("it is ours");
    for path in NAMES.map(|name| room.join(name)) {
        let ours = wait(async {
            let changed = path::changed(&path).await;
            (path::len(&path).await, path::accessed(&path).await, path::modified(&path).await, changed)
        });
        match (fs::metadata(&path), ours) {
            (Ok(std), (Ok(len), Ok(accessed), Ok(modified), Ok(changed))) => {
                assert_eq!((len, accessed), (std.len(), std.accessed().expect("Linux tells")), "{path:?}");
                assert_eq!(modified, std.modified().expect("Linux tells"), "{path:?}");
                let seconds = changed.duration_since(SystemTime::UNIX_EPOCH).expect("it was just made");
                assert_eq!(seconds.as_secs() as i64, std.ctime(), "{path:?}");
            }
            (Err(std), (Err(ours), Err(_), Err(_), Err(_))) => {
                assert_eq!((ours.raw_os_error(), ours.path()), (std.raw_os_error(), Some(path.as_path())));
            }
            (std, ours) => panic!("{path:?}: {std:?} {ours:?}"),
        }
    }
    assert_eq!(wait(path::modified(room.join("file"))).expect("it is there"), old);
}

#[test]
fn mount_points_are_what_the_kernel_lists() {
    let (_dir, room) = furnished();
    symlink("/", room.join("to_root")).expect("the room takes links");
    let check = |path: &Path, expected| {
        assert_eq!(wait(path::is_mount(path)), expected, "{path:?}");
    };
    check(Path::new("/"), true);
    check(Path::new("/.."), true);
    check(&room.join("to_root"), false);
    check(Path::new("with\0nul"), false);
    for name in NAMES {
        check(&room.join(name), false);
    }
    if Path::new("/proc/self").exists() {
        check(Path::new("/proc"), true);
        check(Path::new("/proc/./self/.."), true);
        check(Path::new("/proc/self/status"), false);
    }
}

#[test]
fn sameness_is_by_device_and_inode_through_paths_and_handles() {
    let (_dir, room) = furnished();
    fs::hard_link(room.join("file"), room.join("second")).expect("the room takes links");
    let check = |one: &str, other: &str, expected: Option<bool>| {
        let same = wait(path::is_same_file(room.join(one), room.join(other)));
        assert_eq!(same.as_ref().ok().copied(), expected, "{one} {other}: {same:?}");
        let (Some(expected), true) = (expected, room.join(one).is_file() && room.join(other).is_file())
        else {
            return;
        };
        let same = wait(async {
            let (one, other) = (File::open(room.join(one)).await?, File::open(room.join(other)).await?);
            path::is_same_open_file(&one, &other).await
        });
        assert_eq!(same.expect("both are there"), expected, "{one} {other}");
    };
    check("file", "file", Some(true));
    check("file", "second", Some(true));
    check("to_file", "second", Some(true));
    check("dir", "to_dir/../dir", Some(true));
    check("file", "dir/inside", Some(false));
    check("file", "missing", None);
    check("dangling", "file", None);
    check("loop", "loop", None);
    let error = wait(path::is_same_file(room.join("missing"), room.join("file"))).expect_err("missing");
    assert_eq!((error.path(), error.raw_os_error()), (Some(room.join("missing").as_path()), Some(2)));
}

#[test]
fn absolute_forms_are_made_from_the_text_alone() {
    let here = std::env::current_dir().expect("the tests run somewhere");
    let check = |path: &str, expected: PathBuf| {
        assert_eq!(path::absolute(path).expect("a path"), expected, "{path:?}");
    };
    check("", here.clone());
    check(".", here.clone());
    check("a//b/", here.join("a/b"));
    check("a/../b/./c", here.join("b/c"));
    check("..", here.parent().map_or(here.clone(), Path::to_path_buf));
    check("/", "/".into());
    check("/../..", "/".into());
    check("/a/b/../../../c", "/c".into());
    assert!(path::absolute("a\0b").is_err());
    let (_dir, room) = empty();
    assert_eq!(path::absolute(room.join("missing/..")).expect("a path"), room);
}
