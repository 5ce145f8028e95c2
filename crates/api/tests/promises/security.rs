//! X4, X6: no descriptor is inherited, and any path is an answer.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use folio::{Dir, File, Result, fs, os};
use folio_testkit::process::alone;
use folio_testkit::{Random, seeds};
use rustix::fs::{CWD, FileType, Mode, mknodat};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::soon;

/// `O_CLOEXEC`, as `/proc/self/fdinfo` shows it.
const CLOSE_ON_EXEC: u32 = 0o2_000_000;

#[test]
fn x4_no_descriptor_is_inherited() {
    if !alone("security::x4_no_descriptor_is_inherited") {
        return;
    }
    let inherited = open_descriptors();
    let runtime = Runtime::new().unwrap();
    runtime.block_on(async {
        let room = TempDir::new().unwrap();
        let path = room.path().join("file");
        let fifo = room.path().join("fifo");
        mknodat(CWD, &fifo, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
        let file = File::create(&path).await.unwrap();
        let appending = File::options().append(true).open(&path).await.unwrap();
        let cached = File::open(&path).await.unwrap();
        let duplicate = cached.clone().into_std().await.unwrap();
        let reading = File::open(&fifo).await.unwrap();
        let writing = File::options().write(true).open(&fifo).await.unwrap();
        let from_stream = reading.clone().into_std().await.unwrap();
        let adopted = File::from_std(std::fs::File::open(&path).unwrap());
        let listing = fs::read_dir(room.path()).await.unwrap();
        let dir = Dir::open(room.path()).await.unwrap();
        let below = (dir.open_dir(".").await.unwrap(), dir.open_file("file").await.unwrap());
        let mut entries = dir.entries();
        entries.next().await.unwrap().unwrap();
        for descriptor in open_descriptors() {
            let is_own = inherited.iter().any(|(number, _)| *number == descriptor.0);
            assert!(
                is_own || descriptor.1 & CLOSE_ON_EXEC != 0,
                "descriptor {descriptor:?} would be inherited"
            );
        }
        let seen = Command::new("ls").args(["-l", "/proc/self/fd"]).output().unwrap().stdout;
        let seen = String::from_utf8_lossy(&seen).into_owned();
        assert!(!seen.contains(&*room.path().to_string_lossy()), "a child has inherited a file: {seen}");
        drop((
            file,
            appending,
            cached,
            duplicate,
            reading,
            writing,
            from_stream,
            adopted,
            listing,
            dir,
            below,
            entries,
        ));
    });
}

/// Each open descriptor with its flags.
fn open_descriptors() -> Vec<(String, u32)> {
    let entries = std::fs::read_dir("/proc/self/fdinfo").unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let flags = |name: &String| {
        let info = std::fs::read_to_string(format!("/proc/self/fdinfo/{name}")).ok()?;
        let octal = info.lines().find_map(|line| line.strip_prefix("flags:"))?.trim().to_owned();
        u32::from_str_radix(&octal, 8).ok()
    };
    names.filter_map(|name| flags(&name).map(|flags| (name, flags))).collect()
}

/// Calls everything that takes a path; every answer is fine, a panic or a hang is not.
async fn try_everything(path: &Path, other: &Path) {
    let names: [Result<()>; 18] = [
        fs::metadata(path).await.map(drop),
        fs::symlink_metadata(path).await.map(drop),
        fs::try_exists(path).await.map(drop),
        fs::canonicalize(path).await.map(drop),
        fs::read_link(path).await.map(drop),
        fs::read(path).await.map(drop),
        fs::read_limited(path, 10).await.map(drop),
        fs::read_to_string(path).await.map(drop),
        fs::write(path, b"x").await,
        fs::replace(path, b"x").await,
        fs::sync_dir(path).await,
        fs::sweep_replacements(path).await.map(drop),
        fs::RemoveOptions::new().durable(true).remove_file(path).await,
        fs::read_dir(path).await.map(drop),
        File::open(path).await.map(drop),
        File::create(path).await.map(drop),
        File::create_new(path).await.map(drop),
        File::options().append(true).open(path).await.map(drop),
    ];
    let two: [Result<()>; 8] = [
        fs::copy(path, other).await.map(drop),
        fs::copy(other, path).await.map(drop),
        fs::hard_link(path, other).await,
        fs::symlink(path, other).await,
        fs::rename(path, other).await,
        fs::rename(other, path).await,
        fs::create_dir(path).await,
        fs::create_dir_all(path).await,
    ];
    let more = [of_os(path, other).await, below_the_root(path, other).await].concat();
    for error in names.into_iter().chain(two).chain(more).filter_map(Result::err) {
        assert!(!error.is_panicked(), "{path:?}: {error}");
        assert!(error.path().is_some(), "{path:?}: {error} names no path");
        let _shown = format!("{error} {error:?}");
    }
}

async fn of_os(path: &Path, other: &Path) -> Vec<Result<()>> {
    let mut walk = fs::fwalk(path);
    vec![
        os::access(path, os::Mode::READ).await.map(drop),
        os::statvfs(path).await.map(drop),
        os::listdir(path).await.map(drop),
        os::disk_usage(path).await.map(drop),
        os::chmod(path, 0o700).await,
        os::lchown(path, None, None).await,
        os::utime(path, os::Stamp::Now, os::Stamp::Keep).await,
        os::lutime(path, os::Stamp::Now, os::Stamp::Keep).await,
        os::getxattr(path, "user.x").await.map(drop),
        os::setxattr(path, "user.x", "x", os::XattrMode::Any).await,
        os::listxattr(path).await.map(drop),
        os::removexattr(path, "user.x").await,
        os::mkfifo(other, 0o600).await,
        // Whoever opens one for writing waits for its reader.
        fs::remove_file(other).await,
        os::renames(other, path).await,
        os::removedirs(path.join("missing")).await,
        folio::path::realpath(path).await.map(drop),
        folio::path::expanduser(path).await.map(drop),
        fs::rglob(path, "*").map(drop),
        walk.next().await.expect("a walk has a root").map(drop),
    ]
}

/// The same names below the root of everything.
async fn below_the_root(path: &Path, other: &Path) -> Vec<Result<()>> {
    let name = path.strip_prefix("/").unwrap_or(path);
    let other = other.strip_prefix("/").unwrap_or(other);
    let dir = Dir::open("/").await.expect("it is there");
    vec![
        dir.metadata(name).await.map(drop),
        dir.symlink_metadata(name).await.map(drop),
        dir.try_exists(name).await.map(drop),
        dir.access(name, os::Mode::READ).await.map(drop),
        dir.open_file(name).await.map(drop),
        dir.create(name).await.map(drop),
        dir.open_dir(name).await.map(drop),
        dir.read(name).await.map(drop),
        dir.read_link(name).await.map(drop),
        dir.write(name, "x").await,
        dir.set_times(name, os::Stamp::Now, os::Stamp::Keep).await,
        dir.create_dir(name).await,
        dir.create_dir_all(name).await,
        dir.symlink(name, other).await,
        dir.hard_link(name, &dir, other).await,
        dir.rename(name, &dir, other).await,
        dir.rename(other, &dir, name).await,
        dir.remove_file(other).await,
        dir.remove_dir(other).await,
    ]
}

/// Paths that have no business in a program, below `room` where they can do no harm.
fn odd_paths(room: &Path) -> Vec<PathBuf> {
    let bytes = |bytes: &[u8]| PathBuf::from(OsString::from_vec(bytes.to_vec()));
    vec![
        PathBuf::new(),
        bytes(b"\0"),
        room.join("nul\0inside"),
        room.join("a".repeat(255)),
        room.join("a".repeat(256)),
        room.join("d/".repeat(2_100)),
        room.join("x".repeat(5_000)),
        room.join(bytes(b"not utf-8: \xff\xfe\x80")),
        room.join("dir/.."),
        room.join("."),
        room.join("missing/.."),
        room.join("file/"),
        room.join("file/below"),
        room.join("dir//"),
        room.join("line\nbreak\r\x1b[31m"),
        room.join("dangling"),
        room.join("loop"),
    ]
}

fn furnish(room: &Path) {
    std::fs::write(room.join("file"), "file").unwrap();
    std::fs::create_dir(room.join("dir")).unwrap();
    std::os::unix::fs::symlink("nowhere", room.join("dangling")).unwrap();
    std::os::unix::fs::symlink("loop", room.join("loop")).unwrap();
}

#[tokio::test]
async fn x6_any_path_is_an_answer() {
    for index in 0..odd_paths(Path::new("/")).len() {
        let room = TempDir::new().unwrap();
        furnish(room.path());
        let path = &odd_paths(room.path())[index];
        soon("an answer about a path", try_everything(path, &room.path().join("other"))).await;
        soon("an answer about a path", try_everything(&room.path().join("file"), path)).await;
        for error in
            [fs::remove_file(path).await.err(), fs::remove_dir(path).await.err()].into_iter().flatten()
        {
            assert!(!error.is_panicked(), "{error}");
        }
    }
}

#[test]
fn x6_random_bytes_are_an_answer() {
    let runtime = Runtime::new().unwrap();
    seeds(200, |seed| {
        let room = TempDir::new().unwrap();
        furnish(room.path());
        let mut random = Random::new(seed);
        let mut name = |len| {
            // No separators: a random absolute path or `..` must not lead out of the room.
            let bytes: Vec<u8> =
                random.bytes(len).into_iter().map(|byte| if byte == b'/' { 0xff } else { byte }).collect();
            room.path().join(OsString::from_vec(bytes)).join("")
        };
        let (path, other) = (name(1 + seed as usize % 300), name(3));
        runtime.block_on(soon("an answer about a path", try_everything(&path, &other)));
    });
}

#[tokio::test]
async fn x6_an_error_of_a_path_is_that_of_std() {
    let room = TempDir::new().unwrap();
    furnish(room.path());
    for path in odd_paths(room.path()) {
        let expected = std::fs::metadata(&path)
            .map(|found| found.len())
            .map_err(|error| (error.kind(), error.raw_os_error()));
        let got = fs::metadata(&path)
            .await
            .map(|found| found.len())
            .map_err(|error| (error.kind(), error.raw_os_error()));
        assert_eq!(got, expected, "{path:?}");
    }
}
