//! OpenFile: options, natures, flags of the descriptor, FIFOs.

use std::fs::{self, File};
use std::io::{ErrorKind, Read, Write};
use std::os::fd::AsRawFd;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use rustix::fs::OFlags;

use super::{Os, creating, errno, make_fifo, reading, room};
use crate::storage::{Names, Nature, OpenRequest, Opened, Storage, StorageFile};

#[test]
fn opening_tells_identity_length_and_nature() {
    let (dir, os) = room();
    let fifo = make_fifo(dir.path());
    fs::write(dir.path().join("file"), b"12345").expect("write");

    let check = |path: &Path, nature: Nature, len: Option<u64>| {
        let opened = os.open(path, &reading()).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        let metadata = fs::metadata(path).expect("metadata");
        assert_eq!(opened.nature, nature, "{}", path.display());
        assert_eq!((opened.device, opened.inode), (metadata.dev(), metadata.ino()), "{}", path.display());
        assert_eq!(opened.len, len.unwrap_or(metadata.len()), "{}", path.display());
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
    let fifo = make_fifo(dir.path());
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

    let error = os.copy(&fifo, &os, &dir.path().join("copy")).expect_err("a FIFO is not copied");
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
}

#[test]
fn every_descriptor_is_close_on_exec_and_std_gets_a_blocking_one() {
    let (dir, os) = room();
    let path = dir.path().join("file");
    fs::write(&path, b"x").expect("write");
    os.open(&path, &reading()).expect("learn the device");
    let nonblocking = OpenRequest { custom_flags: OFlags::NONBLOCK.bits() as i32, ..reading() };
    let cached = os.open_cached(&path, &reading()).map(|opened| ("cached", opened.expect("open"), false));
    assert_eq!(cached.is_some(), Os::IN_PLACE);
    let table: [(&str, Opened, bool); 3] = [
        ("read", os.open(&path, &reading()).expect("open"), false),
        ("write", os.open(&path, &creating()).expect("open"), false),
        ("user's own O_NONBLOCK", os.open(&path, &nonblocking).expect("open"), true),
    ];
    for (name, opened, stays) in table.into_iter().chain(cached) {
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
fn stream_given_to_std_waits_again() {
    let (dir, os) = room();
    let fifo = make_fifo(dir.path());
    let mut reader = os.open(&fifo, &reading()).expect("open").file.to_std(0).expect("descriptor");
    let mut writer = File::options().write(true).open(&fifo).expect("open");
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| {
            let mut text = String::new();
            reader.read_to_string(&mut text).map(|_| text)
        });
        writer.write_all(b"late").expect("write");
        drop(writer);
        assert_eq!(waiting.join().expect("thread").expect("read"), "late");
    });
}

fn status_flags(file: &dyn StorageFile) -> OFlags {
    rustix::fs::fcntl_getfl(file.as_std().expect("an OS file has a descriptor")).expect("F_GETFL")
}

#[test]
fn an_unnamed_file_is_private_and_has_the_name_alone_that_it_is_given() {
    let (dir, os) = room();
    // A file system without such files is what `None` is for.
    let Some(opened) = os.open_unnamed(dir.path(), 0o600) else { return };
    let file = opened.expect("the directory takes files").file;
    let metadata = file.metadata().expect("it is open");
    assert_eq!((metadata.nlink(), metadata.mode() & 0o7777), (0, 0o600));
    let (name, taken) = (dir.path().join("name"), dir.path().join("taken"));
    fs::write(&taken, b"theirs").expect("the directory takes files");
    let refused = os.link_unnamed(&*file, &taken).map_err(|error| error.kind());
    assert_eq!(refused, Err(ErrorKind::AlreadyExists));
    os.link_unnamed(&*file, &name).expect("the name is free");
    assert_eq!(fs::metadata(&name).expect("it has a name").ino(), metadata.ino());
    assert_eq!(fs::read(&taken).expect("it is there"), b"theirs");
    assert!(os.open_unnamed(&dir.path().join("missing"), 0o600).is_none(), "left to the opening by name");
}
