//! The `manifest` example against the real `sha256sum`, on trees with the oddest names a tree can have.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use folio_testkit::skip;
use folio_testkit::wait::eventually_blocking;
use tempfile::TempDir;

use crate::program;

/// The manifest every run in this file writes.
const LIST: &str = "list.sha256";

#[test]
fn sha256sum_accepts_every_line_whatever_the_names_are() {
    let place = odd_tree();
    let run = manifest(&place, &["tree", "--out", LIST, "--jobs", "4"]);
    assert_eq!(run.status.code(), Some(0), "{run:?}");
    assert_eq!(shown(&run, "files"), "9", "{run:?}");
    assert_eq!(shown(&run, "skipped (not regular)"), "3", "a FIFO and two symbolic links: {run:?}");
    sha256sum_accepts(&place, 9);
}

#[test]
fn the_list_is_the_one_sha256sum_would_have_written() {
    let place = odd_tree();
    manifest(&place, &["tree", "--out", LIST]);
    let theirs = Command::new("sh")
        .args(["-c", "find tree -type f -exec sha256sum {} +"])
        .current_dir(place.path())
        .output()
        .expect("find and sha256sum run");
    assert_eq!(sorted(&fs::read(place.path().join(LIST)).unwrap()), sorted(&theirs.stdout));
}

#[test]
fn the_list_is_never_on_the_list() {
    let place = odd_tree();
    // Its own name, a second name, and contents that a later run must replace.
    fs::write(place.path().join("tree").join(LIST), "old contents\n".repeat(10_000)).unwrap();
    fs::hard_link(place.path().join("tree").join(LIST), place.path().join("tree/second name")).unwrap();
    let run = manifest(&place, &["./tree", "--out", "tree/list.sha256"]);
    assert_eq!(run.status.code(), Some(0), "{run:?}");
    fs::rename(place.path().join("tree").join(LIST), place.path().join(LIST)).unwrap();
    sha256sum_accepts(&place, 9);
}

#[test]
fn what_is_unreadable_is_named_and_the_rest_is_hashed() {
    let place = odd_tree();
    let (file, folder) = (place.path().join("tree/shut"), place.path().join("tree/closed"));
    fs::write(&file, "nobody reads this").unwrap();
    fs::create_dir(&folder).unwrap();
    set_mode(&file, 0o000);
    set_mode(&folder, 0o000);
    let Some(mut command) = without_privileges(&file) else { return };
    let run = command.args(["tree", "--out", LIST]).current_dir(place.path()).output().unwrap();
    set_mode(&folder, 0o700);
    assert_eq!(run.status.code(), Some(1), "{run:?}");
    assert_eq!(shown(&run, "unreadable"), "2", "{run:?}");
    let named = String::from_utf8_lossy(&run.stderr);
    assert!(named.contains("tree/shut") && named.contains("tree/closed"), "{run:?}");
    sha256sum_accepts(&place, 9);
}

#[test]
fn wrong_usage_is_refused_before_anything_is_written() {
    let place = odd_tree();
    for args in [&[][..], &["tree", "more"], &["tree", "--jobs", "0"], &["missing"], &["tree/plain"]] {
        let run = manifest(&place, args);
        assert_eq!(run.status.code(), Some(2), "{args:?}: {run:?}");
        assert!(!run.stderr.is_empty(), "{args:?} is refused without a word");
    }
    assert!(!place.path().join("manifest.sha256").exists());
}

#[test]
fn an_interrupt_leaves_whole_lines_only() {
    let place = tempfile::tempdir().unwrap();
    fs::create_dir(place.path().join("tree")).unwrap();
    fs::write(place.path().join("tree/small"), "small").unwrap();
    // A hole that takes minutes to hash, so that the signal always comes before the end.
    fs::File::create(place.path().join("tree/endless")).unwrap().set_len(1 << 40).unwrap();
    let mut child = Command::new(program("manifest"))
        .args(["tree", "--out", LIST, "--jobs", "2"])
        .current_dir(place.path())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    await_first_line(&mut child, &place.path().join(LIST));
    let killed = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(killed.success());
    assert_eq!(child.wait().unwrap().code(), Some(130));
    sha256sum_accepts(&place, 1);
}

/// A directory that holds `tree`: nine regular files, a FIFO, a dangling link and a link to a directory.
fn odd_tree() -> TempDir {
    let place = tempfile::tempdir().unwrap();
    let tree = place.path().join("tree");
    fs::create_dir_all(tree.join("deep/er and\nwider")).unwrap();
    let names: [(&[u8], usize); 9] = [
        (b"plain", 5),
        (b"empty", 0),
        (b"two  words ", 100),
        (b"new\nline", 1),
        (b"carriage\rreturn", 2),
        (b"back\\slash\\n", 3),
        (b"caf\xe9 \xff\xfe", 4),
        (b"deep/er and\nwider/*large", 3 * 1024 * 1024),
        (b"-", 70_000),
    ];
    for (name, len) in names {
        let contents: Vec<u8> = (0..len).map(|i| (i * 31 % 251) as u8).collect();
        fs::write(tree.join(OsStr::from_bytes(name)), contents).unwrap();
    }
    symlink("nowhere", tree.join("dangling")).unwrap();
    symlink("..", tree.join("up")).unwrap();
    assert!(Command::new("mkfifo").arg(tree.join("fifo")).status().unwrap().success());
    place
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

fn manifest(place: &TempDir, args: &[&str]) -> Output {
    Command::new(program("manifest")).args(args).current_dir(place.path()).output().unwrap()
}

/// The value that the closing table shows for `name`.
fn shown<'a>(run: &'a Output, name: &str) -> &'a str {
    let table = std::str::from_utf8(&run.stdout).unwrap();
    let line = table.lines().find_map(|line| line.strip_prefix(name));
    line.unwrap_or_else(|| panic!("{name:?} is missing from {table}")).trim()
}

fn sha256sum_accepts(place: &TempDir, lines: usize) {
    let check =
        Command::new("sha256sum").args(["-c", "--strict", LIST]).current_dir(place.path()).output().unwrap();
    assert!(check.status.success(), "{check:?}");
    let list = fs::read(place.path().join(LIST)).unwrap();
    assert_eq!(list.iter().filter(|byte| **byte == b'\n').count(), lines);
    assert_eq!(list.last(), Some(&b'\n'), "the last line is whole");
}

fn sorted(list: &[u8]) -> Vec<&[u8]> {
    let mut lines: Vec<_> = list.split(|byte| *byte == b'\n').collect();
    lines.sort();
    lines
}

/// The example without root's right to read everything; `None`, said loudly, if that cannot be taken away.
fn without_privileges(shut: &Path) -> Option<Command> {
    if fs::File::open(shut).is_err() {
        return Some(Command::new(program("manifest")));
    }
    let bounded = ["--bounding-set", "-dac_override,-dac_read_search"];
    let denied = Command::new("setpriv").args(bounded).arg("cat").arg(shut).output();
    if denied.is_ok_and(|cat| String::from_utf8_lossy(&cat.stderr).contains("denied")) {
        let mut command = Command::new("setpriv");
        command.args(bounded).arg(program("manifest"));
        return Some(command);
    }
    skip("a file that cannot be read", "this user reads all and setpriv cannot change that");
    None
}

/// Returns once the list holds a line.
fn await_first_line(child: &mut Child, list: &Path) {
    eventually_blocking("the list holds a line", || {
        assert_eq!(child.try_wait().unwrap(), None, "it ended without a line");
        fs::metadata(list).is_ok_and(|metadata| metadata.len() > 0)
    });
}
