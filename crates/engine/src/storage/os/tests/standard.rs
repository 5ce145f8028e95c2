//! Streams whose descriptions belong to others: used without waiting, and left as they were.

use std::fs::File;
use std::io::{ErrorKind, PipeReader, PipeWriter, Read, Write, pipe};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;

use rustix::fs::{OFlags, fcntl_getfl};

use crate::storage::os::file::OsFile;
use crate::storage::{OpenRequest, StorageFile};

fn shared(end: impl Into<OwnedFd>) -> OsFile {
    OsFile::shared(File::from(end.into()), &OpenRequest::default()).unwrap()
}

/// Reads and writes `ours` against the other end until it would wait, both ways.
fn check(reading: OsFile, mut into: impl Write, writing: OsFile, mut from: impl Read) {
    let mut buf = [0; 10];
    assert_eq!(reading.read_stream(&mut buf).unwrap_err().kind(), ErrorKind::WouldBlock);
    into.write_all(b"12345").unwrap();
    assert_eq!(reading.read_stream(&mut buf).unwrap(), 5);
    drop(into);
    assert_eq!(reading.read_stream(&mut buf).unwrap(), 0, "the end is no reason to wait");

    let mut written = 0;
    let error = loop {
        match writing.write_stream(&[7; 100_000]) {
            Ok(count) => written += count,
            Err(error) => break error,
        }
    };
    assert_eq!(error.kind(), ErrorKind::WouldBlock);
    let mut seen = vec![0; written];
    from.read_exact(&mut seen).unwrap();
    assert!(writing.write_stream(b"more").unwrap() == 4);
    drop(from);
    assert_eq!(writing.write_stream(b"to nobody").unwrap_err().kind(), ErrorKind::BrokenPipe);
    for file in [reading, writing] {
        let std = file.to_std(0).unwrap();
        assert!(!fcntl_getfl(&std).unwrap().contains(OFlags::NONBLOCK));
    }
}

#[test]
fn a_pipe_of_others_is_asked_before_each_call() {
    let ((reading, into), (from, writing)): ((PipeReader, PipeWriter), _) =
        (pipe().unwrap(), pipe().unwrap());
    check(shared(reading), into, shared(writing), from);
}

#[test]
fn a_socket_of_others_is_told_at_each_call_not_to_wait() {
    let ((reading, into), (from, writing)) = (UnixStream::pair().unwrap(), UnixStream::pair().unwrap());
    check(shared(reading), into, shared(writing), from);
}
