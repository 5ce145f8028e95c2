//! What the port promises, shown on the machine's own files.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, ErrorKind, IoSlice, Read, Write};
use std::os::fd::AsRawFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use rustix::fs::OFlags;

use super::Os;
use crate::storage::{LockKind, Nature, OpenRequest, Opened, Storage, StorageFile};

fn reading() -> OpenRequest {
    OpenRequest { read: true, ..OpenRequest::default() }
}

fn creating() -> OpenRequest {
    OpenRequest { read: true, write: true, create: true, ..OpenRequest::default() }
}

fn appending() -> OpenRequest {
    OpenRequest { append: true, create: true, ..OpenRequest::default() }
}

fn errno<T>(result: io::Result<T>) -> Option<i32> {
    result.err().expect("must fail").raw_os_error()
}

fn room() -> (tempfile::TempDir, Os) {
    (tempfile::tempdir().expect("temp dir"), Os::new())
}

fn status_flags(file: &dyn StorageFile) -> OFlags {
    rustix::fs::fcntl_getfl(file.as_std().expect("an OS file has a descriptor")).expect("F_GETFL")
}

#[test]
fn opening_tells_identity_length_and_nature() {
    let (dir, os) = room();
    let fifo = dir.path().join("fifo");
    rustix::fs::mknodat(
        rustix::fs::CWD,
        &fifo,
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::from_raw_mode(0o600),
        0,
    )
    .expect("mkfifo");
    fs::write(dir.path().join("file"), b"12345").expect("write");

    let check = |path: &Path, nature: Nature, len: Option<u64>| {
        let opened = os.open(path, &reading()).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        let metadata = fs::metadata(path).expect("metadata");
        assert_eq!(opened.nature, nature, "{}", path.display());
        assert_eq!((opened.device, opened.inode), (metadata.dev(), metadata.ino()), "{}", path.display());
        assert_eq!(opened.len, len.unwrap_or(metadata.len()), "{}", path.display());
        assert!(!opened.remote, "{}", path.display());
    };
    check(&dir.path().join("file"), Nature::Plain, Some(5));
    check(dir.path(), Nature::Plain, None);
    check(&fifo, Nature::Stream, Some(0));
    check(Path::new("/dev/null"), Nature::Memory, Some(0));
    check(Path::new("/dev/zero"), Nature::Memory, Some(0));
    check(Path::new("/dev/full"), Nature::Memory, Some(0));
    check(Path::new("/dev/random"), Nature::Memory, Some(0));
    check(Path::new("/dev/urandom"), Nature::Memory, Some(0));
    check(Path::new("/proc/self/status"), Nature::Plain, Some(0));
}

#[test]
fn fifo_never_holds_an_opening() {
    let (dir, os) = room();
    let fifo = dir.path().join("fifo");
    let mode = rustix::fs::Mode::from_raw_mode(0o600);
    rustix::fs::mknodat(rustix::fs::CWD, &fifo, rustix::fs::FileType::Fifo, mode, 0).expect("mkfifo");
    let writing = OpenRequest { write: true, ..OpenRequest::default() };
    assert_eq!(errno(os.open(&fifo, &writing)), Some(6), "ENXIO without a reader");

    let reader = os.open(&fifo, &reading()).expect("open").file;
    let writer = os.open(&fifo, &writing).expect("open").file;
    let mut buf = [0; 8];
    assert_eq!(reader.read_stream(&mut buf).map_err(|e| e.kind()), Err(ErrorKind::WouldBlock));
    assert_eq!(writer.write_stream(b"abc").expect("write"), 3);
    assert_eq!(reader.read_stream(&mut buf).expect("read"), 3);
    let full = std::iter::repeat_with(|| writer.write_stream(&[0; 65_536])).find_map(Result::err);
    assert_eq!(full.map(|e| e.kind()), Some(ErrorKind::WouldBlock));

    let error = os.copy(&fifo, &dir.path().join("copy")).expect_err("a FIFO is not copied");
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
}

#[test]
fn every_descriptor_is_close_on_exec_and_std_gets_a_blocking_one() {
    let (dir, os) = room();
    let path = dir.path().join("file");
    fs::write(&path, b"x").expect("write");
    os.open(&path, &reading()).expect("learn the device");
    let nonblocking = OpenRequest { custom_flags: OFlags::NONBLOCK.bits() as i32, ..reading() };
    let table: [(&str, Opened, bool); 4] = [
        ("read", os.open(&path, &reading()).expect("open"), false),
        ("write", os.open(&path, &creating()).expect("open"), false),
        ("cached", os.open_cached(&path, &reading()).expect("in memory").expect("open"), false),
        ("user's own O_NONBLOCK", os.open(&path, &nonblocking).expect("open"), true),
    ];
    for (name, opened, stays) in table {
        assert!(status_flags(&*opened.file).contains(OFlags::NONBLOCK), "{name}");
        let std = opened.file.to_std(0).expect("an OS file has a descriptor");
        let info = fs::read_to_string(format!("/proc/self/fdinfo/{}", std.as_raw_fd())).expect("fdinfo");
        let flags = info.lines().find_map(|line| line.strip_prefix("flags:")).expect("flags").trim();
        let flags = u32::from_str_radix(flags, 8).expect("octal");
        assert_ne!(flags & OFlags::CLOEXEC.bits(), 0, "{name}");
        assert_eq!(flags & OFlags::NONBLOCK.bits() != 0, stays, "{name}");
    }
}

#[test]
fn open_options_mean_what_they_mean_to_std() {
    let (dir, os) = room();
    let path = dir.path().join("file");
    let request = OpenRequest { mode: Some(0o640), create_new: true, ..creating() };
    os.open(&path, &request).expect("create");
    assert_eq!(fs::metadata(&path).expect("metadata").permissions().mode() & 0o777, 0o640);
    assert_eq!(errno(os.open(&path, &request)), Some(17), "EEXIST");
    fs::write(&path, b"12345").expect("write");
    let truncating = OpenRequest { write: true, truncate: true, ..OpenRequest::default() };
    assert_eq!(os.open(&path, &truncating).expect("open").len, 0);
    assert_eq!(errno(os.open(&dir.path().join("missing"), &reading())), Some(2), "ENOENT");
    assert_eq!(errno(os.open(&path.join("below"), &reading())), Some(20), "ENOTDIR");
    assert_eq!(errno(os.open(dir.path(), &creating())), Some(21), "EISDIR");
    let directory = os.open(dir.path(), &reading()).expect("directories open for reading");
    assert_eq!(errno(directory.file.read_at(&mut [0; 4], 0)), Some(21), "EISDIR");
}

#[test]
fn positioned_calls_read_what_was_written() {
    let (dir, os) = room();
    let file = os.open(&dir.path().join("file"), &creating()).expect("open").file;
    let bufs = [IoSlice::new(b""), IoSlice::new(b"abc"), IoSlice::new(b""), IoSlice::new(b"de")];
    assert_eq!(file.write_at(&bufs, 3).expect("write"), 5);
    assert_eq!(file.write_at(&[], 3).expect("write"), 0);
    assert_eq!(file.write_at(&[IoSlice::new(b"")], 3).expect("write"), 0);
    assert_eq!(file.len().expect("len"), 8);
    let mut buf = [9; 16];
    for read in [StorageFile::read_at, |f: &dyn StorageFile, b: &mut [u8], o| {
        f.read_now(b, o).unwrap_or_else(|| f.read_at(b, o))
    }] as [fn(&dyn StorageFile, &mut [u8], u64) -> io::Result<usize>; 2]
    {
        assert_eq!(read(&*file, &mut buf, 0).expect("read"), 8);
        assert_eq!(&buf[..8], b"\0\0\0abcde");
        assert_eq!(read(&*file, &mut buf, 7).expect("read"), 1);
        assert_eq!(read(&*file, &mut buf, 8).expect("read"), 0);
        assert_eq!(read(&*file, &mut buf, i64::MAX as u64 - 4_096).expect("read"), 0);
        assert_eq!(errno(read(&*file, &mut buf, u64::MAX)), Some(22), "EINVAL, never the position");
    }
    assert_eq!(errno(file.write_at(&[IoSlice::new(b"x")], u64::MAX)), Some(22));
    file.set_len(4).expect("set_len");
    assert_eq!(file.metadata().expect("metadata").len(), 4);
    file.sync(false).expect("fdatasync");
    file.sync(true).expect("fsync");
    file.close().expect("close");
    assert_eq!(file.read_at(&mut buf, 0).expect("still open"), 4);
}

#[test]
fn in_place_reads_give_up_once_and_for_good_where_unsupported() {
    let os = Os::new();
    let check = |path: &str| {
        let file = os.open(Path::new(path), &reading()).expect("open").file;
        let mut buf = [0; 8];
        if file.read_now(&mut buf, 0).is_none() {
            assert!(file.read_now(&mut buf, 0).is_none(), "{path}");
        }
        assert_eq!(file.read_at(&mut buf, 0).expect("read"), 8, "{path}");
    };
    check("/proc/self/status");
    check("/proc/self/mountinfo");
    check("/dev/zero");
    check("/etc/passwd");
}

#[test]
fn cached_file_is_read_in_place() {
    let (dir, os) = room();
    let path = dir.path().join("file");
    fs::write(&path, vec![7; 5_000]).expect("write");
    let file = os.open(&path, &reading()).expect("open").file;
    let mut buf = [0; 8_192];
    file.read_at(&mut buf, 0).expect("warm");
    assert_eq!(file.read_now(&mut buf, 0).map(|r| r.expect("read")), Some(5_000));
    assert_eq!(file.read_now(&mut buf, 5_000).map(|r| r.expect("read")), Some(0), "the end is an answer");
}

/// Two openings of each kind append in turn, and every offset is exact although neither knows of the other.
#[test]
fn appends_of_two_openings_report_exact_offsets() {
    let writing = || OpenRequest { write: true, create: true, ..OpenRequest::default() };
    let check = |first: OpenRequest, second: OpenRequest| {
        let (dir, os) = room();
        let path = dir.path().join("log");
        let files = [os.open(&path, &first), os.open(&path, &second)].map(|o| o.expect("open").file);
        let mut expected = Vec::new();
        for turn in 0..40_usize {
            let record = vec![turn as u8; turn * 37 % 101 + 1];
            let (head, tail) = record.split_at(record.len() / 2);
            let (written, offset) =
                files[turn % 3 % 2].append(&[IoSlice::new(head), IoSlice::new(tail)]).expect("append");
            assert_eq!((written, offset), (record.len(), expected.len() as u64), "turn {turn}");
            expected.extend(record);
        }
        assert_eq!(files[0].append(&[]).expect("nothing"), (0, expected.len() as u64));
        assert_eq!(fs::read(&path).expect("read"), expected);
    };
    check(appending(), appending());
    check(writing(), writing());
    check(appending(), writing());
    check(OpenRequest { custom_flags: OFlags::APPEND.bits() as i32, ..writing() }, appending());
}

#[test]
fn appends_of_many_threads_never_interleave_and_offsets_point_at_them() {
    const THREADS: u8 = 4;
    const RECORDS: usize = 200;
    let (dir, os) = room();
    let path = dir.path().join("log");
    let shared = os.open(&path, &appending()).expect("open").file;
    let mut placed = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS)
            .map(|id| {
                let own = os.open(&path, &appending()).expect("open").file;
                let shared = &shared;
                scope.spawn(move || {
                    let file = if id % 2 == 0 { &own } else { shared };
                    (0..RECORDS)
                        .map(|i| {
                            let record = vec![id; 1 + i % 50];
                            let (written, offset) = file.append(&[IoSlice::new(&record)]).expect("append");
                            assert_eq!(written, record.len());
                            (offset as usize, record)
                        })
                        .collect::<Vec<_>>()
                })
            })
            .collect();
        threads.into_iter().flat_map(|t| t.join().expect("thread")).collect::<Vec<_>>()
    });
    placed.sort_by_key(|(offset, _)| *offset);
    let bytes = fs::read(&path).expect("read");
    let mut end = 0;
    for (offset, record) in placed {
        assert_eq!(offset, end);
        end += record.len();
        assert_eq!(&bytes[offset..end], record);
    }
    assert_eq!(end, bytes.len());
}

#[test]
fn devices_take_what_they_take_with_errno_kept() {
    let os = Os::new();
    let writing = OpenRequest { read: true, write: true, ..OpenRequest::default() };
    let open = |path: &str| os.open(Path::new(path), &writing).expect("open").file;
    let x = [IoSlice::new(b"x")];
    assert_eq!(open("/dev/null").write_at(&x, 1 << 40).expect("write"), 1);
    assert_eq!(open("/dev/null").append(&x).expect("append"), (1, 0));
    assert_eq!(open("/dev/null").read_at(&mut [0; 4], 0).expect("read"), 0);
    assert_eq!(errno(open("/dev/full").write_at(&x, 0)), Some(28), "ENOSPC");
    assert_eq!(errno(open("/dev/full").append(&x)), Some(28), "ENOSPC");
    let read_only = os.open(Path::new("/dev/null"), &reading()).expect("open").file;
    assert_eq!(errno(read_only.write_at(&x, 0)), Some(9), "EBADF");
}

#[test]
fn more_buffers_than_one_call_takes_are_a_short_write() {
    let (dir, os) = room();
    let file = os.open(&dir.path().join("file"), &creating()).expect("open").file;
    let bufs = vec![IoSlice::new(b"ab"); 3_000];
    assert_eq!(file.write_at(&bufs, 0).expect("write"), 2_048);
    assert_eq!(file.append(&bufs).expect("append"), (2_048, 2_048));
}

#[test]
fn locks_exclude_as_flock_does() {
    let (dir, os) = room();
    let path = dir.path().join("lock");
    let [a, b] = [0, 1].map(|_| os.open(&path, &creating()).expect("open").file);
    let check = |held: LockKind, asked: LockKind, granted: bool| {
        assert!(a.try_lock(held).expect("lock"));
        assert_eq!(b.try_lock(asked).expect("lock"), granted, "{held:?} {asked:?}");
        a.unlock().expect("unlock");
        assert!(b.try_lock(asked).expect("lock"), "{held:?} {asked:?}");
        b.unlock().expect("unlock");
    };
    check(LockKind::Exclusive, LockKind::Exclusive, false);
    check(LockKind::Exclusive, LockKind::Shared, false);
    check(LockKind::Shared, LockKind::Exclusive, false);
    check(LockKind::Shared, LockKind::Shared, true);
}

#[test]
fn attributes_of_an_open_file_can_be_changed() {
    let (dir, os) = room();
    let file = os.open(&dir.path().join("file"), &creating()).expect("open").file;
    file.set_permissions(fs::Permissions::from_mode(0o600)).expect("chmod");
    let past = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000);
    file.set_times(fs::FileTimes::new().set_modified(past)).expect("utimens");
    let metadata = file.metadata().expect("metadata");
    assert_eq!(metadata.permissions().mode() & 0o777, 0o600);
    assert_eq!(metadata.modified().expect("mtime"), past);
}

#[test]
fn cached_paths_answer_what_the_blocking_calls_answer() {
    let (dir, os) = room();
    let file = dir.path().join("file");
    fs::write(&file, b"12345").expect("write");
    symlink(&os, "file", &dir.path().join("link"));
    symlink(&os, "loop", &dir.path().join("loop"));
    let before = Os::new();
    assert!(before.metadata_cached(&file).is_none(), "an unknown device is not trusted");
    assert!(before.open_cached(&file, &reading()).is_none(), "an unknown device is not trusted");

    os.metadata(&file).expect("learn the device");
    let check = |path: PathBuf, expected: Result<u64, i32>| {
        let blocking = os.metadata(&path).map(|m| m.len()).map_err(|e| e.raw_os_error());
        assert_eq!(blocking, expected.map_err(Some), "{}", path.display());
        // `None` is always allowed; a second look after a blocking one finds everything in memory.
        if let Some(now) = os.metadata_cached(&path) {
            assert_eq!(now.map(|m| m.len()).map_err(|e| e.raw_os_error()), blocking, "{}", path.display());
        }
        if let Some(now) = os.open_cached(&path, &reading()) {
            assert_eq!(now.map(|o| o.len).map_err(|e| e.raw_os_error()), blocking, "{}", path.display());
        }
    };
    check(file.clone(), Ok(5));
    check(dir.path().join("link"), Ok(5));
    check(dir.path().join("missing"), Err(2));
    check(dir.path().join("file/below"), Err(20));
    check(dir.path().join("loop"), Err(40));
    assert!(os.metadata_cached(&file).is_some(), "kernels from 5.12 on answer this from memory");
    assert!(os.open_cached(&file, &reading()).is_some());
}

#[test]
fn cached_opening_is_for_plain_reads_only() {
    let (dir, os) = room();
    let path = dir.path().join("file");
    os.open(&path, &creating()).expect("create");
    let check = |request: OpenRequest| assert!(os.open_cached(&path, &request).is_none(), "{request:?}");
    check(creating());
    check(appending());
    check(OpenRequest { write: true, ..reading() });
    check(OpenRequest { create_new: true, write: true, ..reading() });
    check(OpenRequest { truncate: true, write: true, ..reading() });
    check(OpenRequest { custom_flags: OFlags::NOFOLLOW.bits() as i32, ..reading() });
}

/// Letting a FIFO go after opening it would leave the writer it woke without a reader.
#[test]
fn cached_opening_keeps_a_fifo() {
    let (dir, os) = room();
    let fifo = dir.path().join("fifo");
    let mode = rustix::fs::Mode::from_raw_mode(0o600);
    rustix::fs::mknodat(rustix::fs::CWD, &fifo, rustix::fs::FileType::Fifo, mode, 0).expect("mkfifo");
    for device in ["unknown", "known"] {
        let opened = os.open_cached(&fifo, &reading()).expect("in memory").expect("open");
        assert_eq!(opened.nature, Nature::Stream, "{device}");
        os.metadata(&fifo).expect("learn the device");
    }
}

fn symlink(os: &Os, original: &str, link: &Path) {
    os.symlink(Path::new(original), link).expect("symlink");
}

#[test]
fn names_are_made_changed_and_removed() {
    let (dir, os) = room();
    let at = |name: &str| dir.path().join(name);
    os.create_dir(&at("a/b/c"), true, Some(0o700)).expect("create_dir");
    assert_eq!(os.metadata(&at("a/b/c")).expect("metadata").permissions().mode() & 0o777, 0o700);
    assert_eq!(errno(os.create_dir(&at("a"), false, None)), Some(17), "EEXIST");
    assert_eq!(errno(os.remove_dir(&at("a"), false)), Some(39), "ENOTEMPTY");
    fs::write(at("a/file"), b"kept").expect("write");
    symlink(&os, "file", &at("a/link"));
    os.hard_link(&at("a/file"), &at("a/hard")).expect("hard_link");
    assert_eq!(os.read_link(&at("a/link")).expect("read_link"), Path::new("file"));
    assert!(os.symlink_metadata(&at("a/link")).expect("metadata").is_symlink());
    let real = fs::canonicalize(at("a/file")).expect("canonicalize");
    assert_eq!(os.canonicalize(&at("a/../a/link")).expect("canonicalize"), real);
    os.set_permissions(&at("a/link"), fs::Permissions::from_mode(0o640)).expect("chmod");
    assert_eq!(os.copy(&at("a/link"), &at("copy")).expect("copy"), 4);
    assert_eq!(os.metadata(&at("copy")).expect("metadata").permissions().mode() & 0o777, 0o640);
    os.rename(&at("copy"), &at("a/file")).expect("rename");
    let mut names: Vec<_> =
        os.read_dir(&at("a")).expect("list").map(|e| e.expect("entry").file_name()).collect();
    names.sort();
    assert_eq!(names, ["b", "file", "hard", "link"]);
    os.remove_file(&at("a/hard")).expect("remove_file");
    fs::create_dir(at("outside")).expect("mkdir");
    fs::write(at("outside/safe"), b"").expect("write");
    symlink(&os, "../outside", &at("a/out"));
    os.remove_dir(&at("a"), true).expect("remove all");
    assert!(at("outside/safe").exists() && !at("a").exists());
}

/// `std::fs::copy` leaves an empty file here.
#[test]
fn copying_a_file_onto_itself_keeps_it() {
    let (dir, os) = room();
    let path = dir.path().join("file");
    fs::write(&path, b"kept").expect("write");
    os.hard_link(&path, &dir.path().join("hard")).expect("hard_link");
    symlink(&os, "file", &dir.path().join("link"));
    for to in ["file", "hard", "link"] {
        let error = os.copy(&path, &dir.path().join(to)).expect_err("refused");
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{to}");
        assert_eq!(fs::read(&path).expect("read"), b"kept", "{to}");
    }
    fs::write(dir.path().join("longer"), b"a longer text").expect("write");
    assert_eq!(os.copy(&path, &dir.path().join("longer")).expect("copy"), 4);
    assert_eq!(fs::read(dir.path().join("longer")).expect("read"), b"kept");
}

/// X6: whatever the path, every call answers, and answers what std answers.
#[test]
fn any_path_is_an_answer() {
    let (dir, os) = room();
    let base = dir.path();
    fs::write(base.join("file"), b"x").expect("write");
    os.metadata(base).expect("learn the device");
    let odd: Vec<PathBuf> = vec![
        "".into(),
        base.join("nul\0byte"),
        base.join("n".repeat(256)),
        base.join("d/".repeat(2_100)),
        base.join(OsStr::from_bytes(b"not \xff utf-8")),
        base.join(".."),
        base.join("file/"),
        base.join("missing/"),
        base.join("file/.."),
        "/".into(),
        "\0".into(),
    ];
    type Told = Result<(), (ErrorKind, Option<i32>)>;
    fn told<T>(result: io::Result<T>) -> Told {
        result.map(drop).map_err(|e| (e.kind(), e.raw_os_error()))
    }
    for path in &odd {
        let check = |call: &str, got: Told, std: Told| assert_eq!(got, std, "{call} {path:?}");
        check("open", told(os.open(path, &reading())), told(File::open(path)));
        check("metadata", told(os.metadata(path)), told(fs::metadata(path)));
        if let Some(now) = os.open_cached(path, &reading()) {
            check("open_cached", told(now), told(File::open(path)));
        }
        if let Some(now) = os.metadata_cached(path) {
            check("metadata_cached", told(now), told(fs::metadata(path)));
        }
        check("symlink_metadata", told(os.symlink_metadata(path)), told(fs::symlink_metadata(path)));
        check("canonicalize", told(os.canonicalize(path)), told(fs::canonicalize(path)));
        check("read_link", told(os.read_link(path)), told(fs::read_link(path)));
        check("read_dir", told(os.read_dir(path)), told(fs::read_dir(path)));
        check("remove_file", told(os.remove_file(path)), told(fs::remove_file(path)));
        check("remove_dir", told(os.remove_dir(path, false)), told(fs::remove_dir(path)));
        let missing = base.join("gone");
        check("rename", told(os.rename(&missing, path)), told(fs::rename(&missing, path)));
        check("hard_link", told(os.hard_link(&missing, path)), told(fs::hard_link(&missing, path)));
        check("copy", told(os.copy(&missing, path)), told(fs::copy(&missing, path)));
    }
    assert!(base.join("file").exists());
}

#[test]
fn stream_given_to_std_waits_again() {
    let (dir, os) = room();
    let fifo = dir.path().join("fifo");
    let mode = rustix::fs::Mode::from_raw_mode(0o600);
    rustix::fs::mknodat(rustix::fs::CWD, &fifo, rustix::fs::FileType::Fifo, mode, 0).expect("mkfifo");
    let mut reader = os.open(&fifo, &reading()).expect("open").file.to_std(0).expect("descriptor");
    let mut writer = File::options().write(true).open(&fifo).expect("open");
    let waiting = std::thread::spawn(move || {
        let mut text = String::new();
        reader.read_to_string(&mut text).map(|_| text)
    });
    writer.write_all(b"late").expect("write");
    drop(writer);
    assert_eq!(waiting.join().expect("thread").expect("read"), "late");
}
