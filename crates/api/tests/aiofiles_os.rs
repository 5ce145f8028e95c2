//! The tests of aiofiles' `os` and `ospath`, function by function under their own names. Each has a directory of
//! its own instead of the shared resource files, so that they run at the same time and as any user.

use std::io::Read;
use std::net::{TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

use folio::os::Mode;
use folio::{Error, File, fs, os, path};
use tempfile::TempDir;

/// What the upstream resource file holds.
const CONTENTS: &[u8] = b"0123456789";

/// A directory with `test_file1.txt` and `multiline_file.txt` in it, as upstream's.
fn resources() -> (TempDir, PathBuf) {
    let dir = tempfile::tempdir().expect("the system has room for temporary files");
    let room = dir.path().canonicalize().expect("it was just made");
    std::fs::write(room.join("test_file1.txt"), CONTENTS).expect("the room takes files");
    std::fs::write(room.join("multiline_file.txt"), "line 1\nline 2\nline 3\nline 4")
        .expect("the room takes files");
    (dir, room)
}

/// An empty directory.
fn empty() -> (TempDir, PathBuf) {
    let dir = tempfile::tempdir().expect("the system has room for temporary files");
    let room = dir.path().join("test_dir");
    std::fs::create_dir(&room).expect("the room takes directories");
    (dir, room)
}

fn errno(error: &Error) -> Option<i32> {
    error.raw_os_error()
}

#[tokio::test]
async fn test_stat() {
    let (_dir, room) = resources();
    let stat = fs::metadata(room.join("test_file1.txt")).await.expect("it is there");
    assert_eq!(stat.len(), 10);
}

#[tokio::test]
async fn test_statvfs() {
    let ours = os::statvfs("/").await.expect("it is there");
    let raw = rustix::fs::statvfs("/").expect("it is there");
    assert_eq!(ours.block_size, raw.f_bsize);
}

#[tokio::test]
async fn test_remove() {
    let (_dir, room) = resources();
    let file = room.join("test_file2.txt");
    std::fs::write(&file, "Test file for remove call").expect("the room takes files");
    assert!(path::exists(&file).await);
    fs::remove_file(&file).await.expect("it is there");
    assert!(!path::exists(&file).await);
}

#[tokio::test]
async fn test_unlink() {
    let (_dir, room) = resources();
    let file = room.join("test_file2.txt");
    std::fs::write(&file, "Test file for unlink call").expect("the room takes files");
    assert!(path::exists(&file).await);
    fs::remove_file(&file).await.expect("it is there");
    assert!(!path::exists(&file).await);
}

#[tokio::test]
async fn test_mkdir_and_rmdir() {
    let (_dir, room) = resources();
    let directory = room.join("test_dir");
    fs::create_dir(&directory).await.expect("the name is free");
    assert!(path::is_dir(&directory).await);
    fs::remove_dir(&directory).await.expect("it is empty");
    assert!(!path::exists(&directory).await);
}

#[tokio::test]
async fn test_rename() {
    let (_dir, room) = resources();
    let (old, new) = (room.join("test_file1.txt"), room.join("test_file2.txt"));
    fs::rename(&old, &new).await.expect("it is there");
    assert!(!path::exists(&old).await && path::exists(&new).await);
    fs::rename(&new, &old).await.expect("it is there");
    assert!(path::exists(&old).await && !path::exists(&new).await);
}

#[tokio::test]
async fn test_renames() {
    let (_dir, room) = resources();
    let (old, new) = (room.join("test_file1.txt"), room.join("subdirectory/test_file2.txt"));
    os::renames(&old, &new).await.expect("it is there");
    assert!(!path::exists(&old).await && path::exists(&new).await);
    os::renames(&new, &old).await.expect("it is there");
    assert!(path::exists(&old).await && !path::exists(&new).await);
    assert!(!path::exists(room.join("subdirectory")).await);
}

#[tokio::test]
async fn test_replace() {
    let (_dir, room) = resources();
    let (old, new) = (room.join("test_file1.txt"), room.join("test_file2.txt"));
    fs::rename(&old, &new).await.expect("to an absent name");
    assert!(!path::exists(&old).await && path::exists(&new).await);
    std::fs::write(&old, b"replacement").expect("the room takes files");
    fs::rename(&old, &new).await.expect("over an existing file");
    assert!(!path::exists(&old).await && path::exists(&new).await);
    assert_eq!(fs::read(&new).await.expect("it is there"), b"replacement");
}

#[tokio::test]
async fn test_sendfile_file() {
    let (_dir, room) = resources();
    let input = File::open(room.join("test_file1.txt")).await.expect("it is there");
    let output =
        File::options().python_mode("w+").open(room.join("tmp.bin")).await.expect("the name is free");
    let size = fs::metadata(room.join("test_file1.txt")).await.expect("it is there").len();
    assert_eq!(os::sendfile(&output, &input, 0, size).await.expect("both are open"), size);
    output.rewind().await.expect("a file has a start");
    assert_eq!(output.read_bytes(100).await.expect("it can be read"), CONTENTS);
    assert_eq!(fs::metadata(room.join("tmp.bin")).await.expect("it is there").len(), size);
}

#[tokio::test]
async fn test_sendfile_socket() {
    let (_dir, room) = resources();
    let listener = TcpListener::bind("127.0.0.1:0").expect("the system has a free port");
    let mut peer = TcpStream::connect(listener.local_addr().expect("it is bound")).expect("it listens");
    let (socket, _) = listener.accept().expect("somebody has connected");
    let output = File::from_std(std::fs::File::from(OwnedFd::from(socket)));
    let input = File::open(room.join("test_file1.txt")).await.expect("it is there");
    assert_eq!(os::sendfile(&output, &input, 0, 10).await.expect("the socket takes them"), 10);
    drop(output);
    let mut received = Vec::new();
    peer.read_to_end(&mut received).expect("the socket ends");
    assert_eq!(received, CONTENTS);
}

#[tokio::test]
async fn test_exists() {
    let (_dir, room) = resources();
    assert!(path::exists(room.join("test_file1.txt")).await);
    assert!(!path::exists(room.join("nothing")).await);
}

#[tokio::test]
async fn test_isfile() {
    let (_dir, room) = resources();
    assert!(path::is_file(room.join("test_file1.txt")).await);
    assert!(!path::is_file(&room).await);
}

#[tokio::test]
async fn test_isdir() {
    let (_dir, room) = resources();
    assert!(!path::is_dir(room.join("test_file1.txt")).await);
    assert!(path::is_dir(&room).await);
}

#[tokio::test]
async fn test_islink() {
    let (_dir, room) = resources();
    let (src, dst) = (room.join("test_file1.txt"), room.join("test_file2.txt"));
    fs::symlink(&src, &dst).await.expect("the name is free");
    assert!(path::is_symlink(&dst).await && !path::is_symlink(&src).await);
}

#[tokio::test]
async fn test_ismount() {
    let (_dir, room) = resources();
    assert!(!path::is_mount(&room).await);
    assert!(path::is_mount("/").await);
}

#[tokio::test]
async fn test_getsize() {
    let (_dir, room) = resources();
    assert_eq!(path::len(room.join("test_file1.txt")).await.expect("it is there"), 10);
}

#[tokio::test]
async fn test_samefile() {
    let (_dir, room) = resources();
    let file = room.join("test_file1.txt");
    assert!(path::is_same_file(&file, &file).await.expect("it is there"));
}

/// Upstream's asks `samefile` by mistake; this one asks about open files.
#[tokio::test]
async fn test_sameopenfile() {
    let (_dir, room) = resources();
    let one = File::open(room.join("test_file1.txt")).await.expect("it is there");
    let same = File::open(room.join("test_file1.txt")).await.expect("it is there");
    let other = File::open(room.join("multiline_file.txt")).await.expect("it is there");
    assert!(path::is_same_open_file(&one, &same).await.expect("both are open"));
    assert!(!path::is_same_open_file(&one, &other).await.expect("both are open"));
}

#[tokio::test]
async fn test_getmtime() {
    let (_dir, room) = resources();
    let told = path::modified(room.join("test_file1.txt")).await.expect("it is there");
    assert!(told > std::time::UNIX_EPOCH);
}

#[tokio::test]
async fn test_getatime() {
    let (_dir, room) = resources();
    let told = path::accessed(room.join("test_file1.txt")).await.expect("it is there");
    assert!(told > std::time::UNIX_EPOCH);
}

#[tokio::test]
async fn test_getctime() {
    let (_dir, room) = resources();
    let told = path::changed(room.join("test_file1.txt")).await.expect("it is there");
    assert!(told > std::time::UNIX_EPOCH);
}

#[tokio::test]
async fn test_link() {
    let (_dir, room) = resources();
    let (src, dst) = (room.join("test_file1.txt"), room.join("test_file2.txt"));
    let names = fs::metadata(&src).await.expect("it is there").nlink();
    fs::hard_link(&src, &dst).await.expect("the name is free");
    let (one, other) = (fs::metadata(&src).await, fs::metadata(&dst).await);
    let (one, other) = (one.expect("it is there"), other.expect("it is there"));
    assert_eq!((one.ino(), one.nlink(), other.nlink()), (other.ino(), names + 1, names + 1));
    fs::remove_file(&dst).await.expect("it is there");
    assert!(path::exists(&src).await);
    assert_eq!(fs::metadata(&src).await.expect("it is there").nlink(), names);
}

#[tokio::test]
async fn test_symlink() {
    let (_dir, room) = resources();
    let (src, dst) = (room.join("test_file1.txt"), room.join("test_file2.txt"));
    fs::symlink(&src, &dst).await.expect("the name is free");
    let (one, other) = (fs::metadata(&src).await, fs::metadata(&dst).await);
    assert_eq!(one.expect("it is there").ino(), other.expect("it leads there").ino());
    fs::remove_file(&dst).await.expect("it is there");
    assert!(!path::exists(&dst).await && path::exists(&src).await);
}

#[tokio::test]
async fn test_readlink() {
    let (_dir, room) = resources();
    let (src, dst) = (room.join("test_file1.txt"), room.join("test_file2.txt"));
    fs::symlink(&src, &dst).await.expect("the name is free");
    assert_eq!(fs::read_link(&dst).await.expect("it is a link"), src);
}

/// Makes entries, directories with a slash behind their names, and compares a listing with them.
async fn check_listdir(entries: &[&str]) {
    let (_dir, room) = empty();
    for entry in entries {
        match entry.strip_suffix('/') {
            Some(dir) => fs::create_dir(room.join(dir)).await.expect("the name is free"),
            None => fs::write(room.join(entry), b"").await.expect("the name is free"),
        }
    }
    let mut names = os::listdir(&room).await.expect("it can be listed");
    names.sort();
    let mut expected: Vec<_> = entries.iter().map(|entry| entry.trim_end_matches('/')).collect();
    expected.sort_unstable();
    assert_eq!(names, expected);
}

#[tokio::test]
async fn test_listdir_empty_dir() {
    check_listdir(&[]).await;
}

#[tokio::test]
async fn test_listdir_dir_with_only_one_file() {
    check_listdir(&["some_file.txt"]).await;
}

#[tokio::test]
async fn test_listdir_dir_with_only_one_dir() {
    check_listdir(&["some_dir/"]).await;
}

#[tokio::test]
async fn test_listdir_dir_with_multiple_files() {
    check_listdir(&["some_file.txt", "other_file.txt"]).await;
}

#[tokio::test]
async fn test_listdir_dir_with_a_file_and_a_dir() {
    check_listdir(&["some_file.txt", "some_dir/"]).await;
}

#[tokio::test]
async fn test_listdir_non_existing_dir() {
    let (_dir, room) = empty();
    let error = os::listdir(room.join("does_not_exist")).await.expect_err("it is missing");
    assert_eq!((errno(&error), error.kind()), (Some(2), std::io::ErrorKind::NotFound));
}

/// The names and the kinds that a listing yields, which here is asynchronous.
async fn scandir(room: &std::path::Path) -> folio::Result<Vec<(String, bool)>> {
    let mut found = Vec::new();
    let mut entries = fs::read_dir(room).await?;
    while let Some(entry) = entries.next_entry().await? {
        found.push((entry.file_name().to_string_lossy().into_owned(), entry.file_type().await?.is_dir()));
    }
    Ok(found)
}

#[tokio::test]
async fn test_scandir_empty_dir() {
    let (_dir, room) = empty();
    assert_eq!(scandir(&room).await.expect("it can be listed"), []);
}

#[tokio::test]
async fn test_scandir_dir_with_only_one_file() {
    let (_dir, room) = empty();
    std::fs::write(room.join("some_file.txt"), b"").expect("the room takes files");
    assert_eq!(scandir(&room).await.expect("it can be listed"), [("some_file.txt".to_owned(), false)]);
}

#[tokio::test]
async fn test_scandir_dir_with_only_one_dir() {
    let (_dir, room) = empty();
    std::fs::create_dir(room.join("some_dir")).expect("the room takes directories");
    assert_eq!(scandir(&room).await.expect("it can be listed"), [("some_dir".to_owned(), true)]);
}

#[tokio::test]
async fn test_scandir_non_existing_dir() {
    let (_dir, room) = empty();
    let error = scandir(&room.join("does_not_exist")).await.expect_err("it is missing");
    assert_eq!(errno(&error), Some(2));
}

/// Upstream's rows, and for the superuser what the kernel says to him: everything may be read and written,
/// directories may be searched, and files executed that somebody may execute.
#[tokio::test]
async fn test_access() {
    let (_dir, room) = empty();
    let (file, dir) = (room.join("file.txt"), room.join("dir"));
    std::fs::write(&file, b"").expect("the room takes files");
    std::fs::create_dir(&dir).expect("the room takes directories");
    let modes = [Mode::EXISTS, Mode::READ, Mode::WRITE, Mode::EXECUTE];
    let rows = [
        (0o777, [true, true, true, true]),
        (0o666, [true, true, true, false]),
        (0o444, [true, true, false, false]),
        (0o000, [true, false, false, false]),
    ];
    let is_superuser = rustix::process::geteuid().is_root();
    for (bits, expected) in rows {
        for path in [&file, &dir] {
            os::chmod(path, bits).await.expect("it is ours");
            for (mode, expected) in modes.into_iter().zip(expected) {
                let overridden = is_superuser && (mode != Mode::EXECUTE || path == &dir);
                let allowed = os::access(path, mode).await.expect("an answer");
                assert_eq!(allowed, expected || overridden, "{bits:o} {mode:?} {}", path.display());
            }
        }
    }
    for mode in modes {
        assert!(!os::access(room.join("missing"), mode).await.expect("an answer"), "{mode:?}");
    }
    os::chmod(&dir, 0o700).await.expect("it is ours");
}

#[test]
fn test_getcwd() {
    let expected = std::env::current_dir().expect("the tests run somewhere");
    assert_eq!(os::getcwd().expect("the tests run somewhere"), expected);
}

#[test]
fn test_abspath_given_abspath() {
    let (_dir, room) = resources();
    let file = room.join("test_file1.txt");
    assert_eq!(path::absolute(&file).expect("a path"), file);
}

#[test]
fn test_abspath() {
    let here = std::env::current_dir().expect("the tests run somewhere");
    let file = "tests/resources/test_file1.txt";
    assert_eq!(path::absolute(file).expect("a path"), here.join(file));
}
