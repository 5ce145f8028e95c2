//! `folio::path` answers what std answers, and what CPython documents where std has nothing.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use folio::{File, path};
use folio_testkit::wait::block_on;

use crate::ground::{NAMES, empty, furnished, is_refused_anything};

#[test]
fn questions_with_a_yes_or_no_are_answered_as_std_does() {
    let (_dir, room) = furnished();
    let check = |path: &Path| {
        let ours = block_on(async {
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
        let ours = block_on(async {
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
    assert_eq!(block_on(path::modified(room.join("file"))).expect("it is there"), old);
}

#[test]
fn mount_points_are_what_the_kernel_lists() {
    let (_dir, room) = furnished();
    symlink("/", room.join("to_root")).expect("the room takes links");
    let check = |path: &Path, expected| {
        assert_eq!(block_on(path::is_mount(path)), expected, "{path:?}");
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
        let same = block_on(path::is_same_file(room.join(one), room.join(other)));
        assert_eq!(same.as_ref().ok().copied(), expected, "{one} {other}: {same:?}");
        let (Some(expected), true) = (expected, room.join(one).is_file() && room.join(other).is_file())
        else {
            return;
        };
        let same = block_on(async {
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
    let error = block_on(path::is_same_file(room.join("missing"), room.join("file"))).expect_err("missing");
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

#[test]
fn a_dangling_link_is_there_for_the_one_that_asks_about_links() {
    let (_dir, room) = furnished();
    for name in NAMES {
        let path = room.join(name);
        assert_eq!(block_on(path::lexists(&path)), path.symlink_metadata().is_ok(), "{name}");
    }
    assert!(block_on(path::lexists(room.join("dangling"))) && !block_on(path::exists(room.join("dangling"))));
    assert!(!block_on(path::lexists("a\0b")));
}

#[test]
fn links_are_resolved_as_far_as_the_path_leads() {
    let (_dir, room) = furnished();
    fs::create_dir(room.join("dir/below")).expect("the room takes directories");
    for (target, link) in [
        ("../to_dir/below", "dir/around"),
        ("one", "two"),
        ("two", "one"),
        ("to_dir/../dir/missing", "half"),
        ("to_file/", "slashed"),
    ] {
        symlink(target, room.join(link)).expect("the room takes links");
    }
    symlink(room.join("dir"), room.join("absolute")).expect("the room takes links");
    let check = |path: &str, expected: &str| {
        let resolved = block_on(path::realpath(room.join(path))).expect("a path");
        assert_eq!(resolved, room.join(expected), "{path}");
        if let Ok(strict) = fs::canonicalize(room.join(path)) {
            assert_eq!(resolved, strict, "{path}");
        }
    };
    check("file", "file");
    check("to_file", "file");
    check("to_dir/inside", "dir/inside");
    check("dir/around/..", "dir");
    check("absolute/around", "dir/below");
    check("to_dir/./../to_dir//around/", "dir/below");
    check("dangling", "nothing");
    check("dangling/x/../y", "nothing/y");
    check("half/more", "dir/missing/more");
    check("missing/../to_file", "file");
    check("file/below", "file/below");
    check("slashed", "file");
    // As CPython has it: the link that closes the circle stays, and everything behind it is text.
    check("loop", "loop");
    check("loop/a/../b", "loop/b");
    check("one", "one");
    check("two", "two");
    check("two/to_dir", "two/to_dir");
    // Met twice, but not in a circle.
    check("to_dir/../to_dir/around", "dir/below");
    let here = std::env::current_dir().expect("the tests run somewhere");
    assert_eq!(block_on(path::realpath("")).expect("a path"), here.canonicalize().expect("it is there"));
    assert_eq!(block_on(path::realpath("/..")).expect("a path"), Path::new("/"));
    assert!(block_on(path::realpath("a\0b")).is_err());
}

#[test]
fn home_directories_are_put_in_for_tildes() {
    let home = std::env::home_dir().expect("whoever runs tests has a home");
    let table = fs::read_to_string("/etc/passwd").expect("this system has users");
    let line: Vec<&str> = table.lines().next().expect("this system has users").split(':').collect();
    let (user, user_home) = (line[0], line[5]);
    let check = |path: &str, expected: PathBuf| {
        assert_eq!(block_on(path::expanduser(path)).expect("an answer"), expected, "{path:?}");
    };
    check("~", home.clone());
    check("~/", home.join(""));
    check("~/a//b", home.join("a//b"));
    check(&format!("~{user}"), user_home.into());
    check(&format!("~{user}/x"), Path::new(user_home).join("x"));
    check("~nobody-has-this-name/x", "~nobody-has-this-name/x".into());
    check("a/~", "a/~".into());
    check("", "".into());
    check("/~", "/~".into());
    assert!(block_on(path::expanduser("~/a\0b")).is_err());
}

#[test]
fn the_way_from_one_path_to_another_is_made_from_their_texts() {
    let check = |path: &str, start: &str, expected: &str| {
        let relative = path::relpath(path, start).expect("two paths");
        assert_eq!(relative, Path::new(expected), "{path} from {start}");
    };
    check("/a/b/c", "/a/d", "../b/c");
    check("/a", "/a", ".");
    check("/a/./b/", "/a", "b");
    check("/", "/a/b", "../..");
    check("/a/../b", "/", "b");
    check("x/y", ".", "x/y");
    check("", "x", "..");
    assert!(path::relpath("a\0b", ".").is_err());
}
