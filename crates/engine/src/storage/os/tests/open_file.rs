//! Calls on an open file: positions, appends, locks, attributes.

use std::fs;
use std::io::{self, IoSlice};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::{Duration, SystemTime};

use rustix::fs::OFlags;

use super::{Os, appending, creating, errno, reading, room};
use crate::storage::{LockKind, Names, OpenRequest, StorageFile};

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
    assert!(file.as_std().is_none());
    file.close().expect("a second time does nothing");
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
