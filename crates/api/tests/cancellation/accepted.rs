//! Writes by tokio's trait: what was accepted is written, once, and nothing else is.

use std::io::SeekFrom;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use folio::File;
use folio_testkit::errno::{EIO, ENOSPC};
use folio_testkit::polling::poll_once;
use folio_testkit::wait::{PATIENCE, eventually_blocking};
use folio_testkit::{Call, Gate};
use tokio::io::{AsyncReadExt, AsyncSeek, AsyncSeekExt, AsyncWrite, AsyncWriteExt};

use crate::stage::{Stage, wait};

fn write_once(file: &mut File, bytes: &[u8]) -> Poll<std::io::Result<usize>> {
    Pin::new(file).poll_write(&mut Context::from_waker(Waker::noop()), bytes)
}

fn flush_once(file: &mut File) -> Poll<std::io::Result<()>> {
    Pin::new(file).poll_flush(&mut Context::from_waker(Waker::noop()))
}

/// Accepted at once, whatever holds its write up.
#[track_caller]
fn accept(file: &mut File, bytes: &[u8]) {
    match write_once(file, bytes) {
        Poll::Ready(Ok(count)) => assert_eq!(count, bytes.len()),
        other => panic!("not accepted: {other:?}"),
    }
}

#[test]
fn pending_means_that_nothing_was_taken() {
    for next in [&b"second"[..], b"second and longer", b"sec", b"other"] {
        let stage = Stage::new(2);
        let gate = Gate::closed();
        stage.disk.plan().on(Call::WriteAt).nth(1).wait_for(&gate);
        let mut file = stage.open("/file", b"");
        accept(&mut file, b"first,");
        gate.arrived(1);
        assert!(write_once(&mut file, b"second").is_pending(), "one write at a time");
        assert!(write_once(&mut file, b"abandoned").is_pending(), "one write at a time");
        assert!(flush_once(&mut file).is_pending(), "a flush waits for what was accepted");
        gate.open();
        wait(AsyncWriteExt::write_all(&mut file, next)).expect("the disk takes it");
        wait(AsyncWriteExt::flush(&mut file)).expect("the disk takes it");
        assert_eq!(stage.disk.contents("/file"), [b"first,", next].concat());
        assert_eq!(stage.disk.calls(Call::WriteAt), 2);
    }
}

#[test]
fn whatever_comes_after_an_accepted_write_finds_it() {
    let stage = Stage::new(1);
    let mut file = stage.open("/file", b"0123456789");
    let clone = file.clone();
    let stuck = stage.stick();
    accept(&mut file, b"abc");
    let mut len = Box::pin(clone.metadata());
    let mut position = Box::pin(clone.stream_position());
    let mut bytes = Box::pin(clone.read_bytes_at(0, 10));
    assert!(poll_once(len.as_mut()).is_pending() && poll_once(position.as_mut()).is_pending());
    assert!(poll_once(bytes.as_mut()).is_pending());
    drop(stuck.free());
    assert_eq!(wait(len).expect("the disk tells").len(), 10);
    assert_eq!(wait(position).expect("a file has a position"), 3);
    assert_eq!(wait(bytes).expect("the disk reads"), b"abc3456789"[..]);
    let mut rest = Vec::new();
    wait(AsyncReadExt::read_to_end(&mut file, &mut rest)).expect("the disk reads");
    assert_eq!(rest, b"3456789");
}

#[test]
fn a_dropped_handle_leaves_what_was_accepted_to_be_written() {
    let stage = Stage::new(1);
    let mut file = stage.open("/file", b"");
    let stuck = stage.stick();
    accept(&mut file, b"kept");
    drop(file);
    drop(stuck.free());
    eventually_blocking("it is written", || stage.disk.contents("/file") == b"kept");
}

#[test]
fn a_failure_is_heard_once_by_the_next_call_that_can_tell_it() {
    type Next = fn(&mut File) -> std::io::Result<()>;
    let calls: [(&str, Next); 7] = [
        ("poll_write", |file| wait(AsyncWriteExt::write(file, b"x")).map(drop)),
        ("poll_flush", |file| wait(AsyncWriteExt::flush(file))),
        ("poll_shutdown", |file| wait(AsyncWriteExt::shutdown(file))),
        ("write_all", |file| wait(File::write_all(file, b"x")).map_err(Into::into)),
        ("append", |file| Ok(wait(file.append(b"x")).map(drop)?)),
        ("flush", |file| wait(File::flush(file)).map_err(Into::into)),
        ("sync_data", |file| Ok(wait(file.sync_data())?)),
    ];
    for (name, call) in calls {
        let stage = Stage::new(1);
        stage.disk.plan().on(Call::WriteAt).under("/file").nth(1).fail(ENOSPC);
        let mut file = stage.open("/file", b"");
        let stuck = stage.stick();
        accept(&mut file, b"first");
        drop(stuck.free());
        let heard = call(&mut file).expect_err(name);
        assert_eq!(heard.kind(), std::io::ErrorKind::StorageFull, "{name}: {heard}");
        wait(AsyncWriteExt::flush(&mut file)).expect(name);
        assert_eq!(stage.disk.contents("/file"), b"first", "{name}: what was accepted is tried again, first");
    }
}

#[test]
fn closing_tells_the_failure_and_a_dropped_handle_has_it_counted() {
    for closes in [true, false] {
        let stage = Stage::new(1);
        stage.disk.plan().on(Call::WriteAt).under("/file").nth(1).fail(EIO);
        let mut file = stage.open("/file", b"");
        let stuck = stage.stick();
        accept(&mut file, b"lost");
        drop(stuck.free());
        stage.settle();
        let unobserved = || stage.engine.snapshot().counters.unobserved_errors;
        if closes {
            wait(file.close()).expect_err("the write has failed");
            assert_eq!(unobserved(), 0);
        } else {
            drop(file);
            eventually_blocking("it is counted", || unobserved() == 1);
        }
    }
}

#[test]
fn a_write_that_fails_midway_tells_the_part_and_then_why() {
    let contents = vec![7; 20_000];
    let stage = Stage::new(2);
    stage.disk.plan().on(Call::WriteAt).nth(1).at_most(14_000);
    stage.disk.plan().on(Call::WriteAt).nth(2).fail(ENOSPC);
    let mut file = stage.open("/file", b"");
    let mut done = 0;
    let mut failures = 0;
    while done < contents.len() {
        match wait(AsyncWriteExt::write(&mut file, &contents[done..])) {
            Ok(count) => done += count,
            Err(error) => {
                assert_eq!(error.kind(), std::io::ErrorKind::StorageFull);
                failures += 1;
            }
        }
    }
    while let Err(error) = wait(AsyncWriteExt::flush(&mut file)) {
        assert_eq!(error.kind(), std::io::ErrorKind::StorageFull);
        failures += 1;
    }
    assert_eq!(failures, 1);
    assert!(stage.disk.contents("/file") == contents, "{} bytes", stage.disk.contents("/file").len());
}

#[test]
fn what_failed_is_not_tried_where_it_does_not_belong() {
    type Move = fn(&mut File);
    let moves: [(&str, Move); 3] = [
        ("a seek by the trait", |file| {
            wait(AsyncSeekExt::seek(file, SeekFrom::Start(4))).expect("a file has a position");
        }),
        ("a seek by a method", |file| {
            wait(file.seek(SeekFrom::Start(4))).expect("a file has a position");
        }),
        ("a read by a clone", |file| {
            wait(file.clone().read(&mut [0; 4])).expect("the disk reads");
        }),
    ];
    for (name, go) in moves {
        let stage = Stage::new(1);
        stage.disk.plan().on(Call::WriteAt).under("/file").nth(1).fail(ENOSPC);
        let mut file = stage.open("/file", b"0123456789");
        let stuck = stage.stick();
        accept(&mut file, b"abc");
        drop(stuck.free());
        wait(AsyncWriteExt::flush(&mut file)).expect_err(name);
        go(&mut file);
        wait(AsyncWriteExt::write_all(&mut file, b"X")).expect(name);
        wait(AsyncWriteExt::flush(&mut file)).expect(name);
        assert_eq!(stage.disk.contents("/file"), b"0123X56789", "{name}");
    }
}

#[test]
fn a_seek_that_was_begun_has_its_place_before_what_comes_after() {
    let stage = Stage::new(1);
    let mut file = stage.open("/file", b"0123456789");
    let clone = file.clone();
    let stuck = stage.stick();
    accept(&mut file, b"ab");
    Pin::new(&mut file).start_seek(SeekFrom::Start(5)).expect("a file can be sought in");
    let mut byte = Box::pin(clone.read_bytes(1));
    assert!(poll_once(byte.as_mut()).is_pending());
    drop(stuck.free());
    assert_eq!(wait(byte).expect("the disk reads"), b"5"[..]);
    assert_eq!(wait(AsyncSeekExt::stream_position(&mut file)).expect("a file has a position"), 6);
    assert_eq!(stage.disk.contents("/file"), b"ab23456789");
}

#[test]
fn a_read_that_was_given_up_is_void_once_something_else_has_happened() {
    type Change = fn(&File) -> folio::Result<()>;
    let changes: [(&str, Change, &[u8]); 5] = [
        ("nothing", |_| Ok(()), b"0123456789"),
        ("a write", |clone| wait(clone.write_all_at(b"ab", 0)), b"ab23456789"),
        ("a cut", |clone| wait(clone.set_len(3)), b"012"),
        ("a read", |clone| wait(clone.read_bytes(2)).map(drop), b"23456789"),
        ("a seek", |clone| wait(clone.seek(SeekFrom::Start(7))).map(drop), b"789"),
    ];
    for (name, change, expected) in changes {
        for by_trait in [true, false] {
            let stage = Stage::new(2);
            stage.nothing_in_place();
            let mut file = stage.open("/file", b"0123456789");
            stage.answer_unseen(Box::pin(AsyncReadExt::read(&mut file, &mut [0; 6])).as_mut());
            change(&file.clone()).expect(name);
            let mut rest = Vec::new();
            if by_trait {
                wait(AsyncReadExt::read_to_end(&mut file, &mut rest)).expect(name);
            } else {
                rest = wait(file.read_to_end_limited(100)).expect(name);
            }
            assert_eq!(rest, expected, "{name}, by trait: {by_trait}");
        }
    }
}

/// Cause: what a look saw grew old before a task with late polls fetched it, and each read learnt that anew. Loss: four
/// or five looks a read, 20 ms to 1.8 s each. Fix: the handle remembers how late its polls come.
#[test]
fn a_reader_whose_polls_come_late_is_waited_for_once() {
    const READS: u64 = 30;
    // Ten times as late as a look may be at first.
    let late = Duration::from_millis(10);
    let stage = Stage::new(2);
    stage.nothing_in_place();
    let mut file = stage.open("/file", &[7; READS as usize]);
    for number in 0..READS {
        let mut byte = [0];
        let mut read = Box::pin(AsyncReadExt::read(&mut file, &mut byte));
        let read = loop {
            match poll_once(read.as_mut()) {
                Poll::Ready(read) => break read,
                Poll::Pending => stage.settle(),
            }
            let looked = Instant::now();
            eventually_blocking("it is late", || looked.elapsed() > late);
        };
        assert_eq!((read.expect("the disk reads"), byte), (1, [7]), "{number}");
    }
    let looks = stage.disk.calls(Call::ReadAt);
    assert!(looks <= READS + 15, "{looks} looks for {READS} reads");
}

/// A handle that gives up waiting after a while writes and reads by the traits like any other.
#[test]
fn a_handle_with_a_time_limit_keeps_its_promises_by_the_traits() {
    let stage = Stage::new(1);
    let file = stage.open("/file", b"");
    let mut file = file.with_time_limit(Duration::from_millis(20));
    let stuck = stage.stick();
    accept(&mut file, b"accepted");
    let late = wait(AsyncWriteExt::write_all(&mut file, b", never taken")).expect_err("the worker is busy");
    assert_eq!(late.kind(), std::io::ErrorKind::TimedOut);
    drop(stuck.free());
    wait(AsyncWriteExt::flush(&mut file)).expect("the disk takes it");
    assert_eq!(stage.disk.contents("/file"), b"accepted");
    wait(AsyncSeekExt::rewind(&mut file)).expect("anywhere");
    let mut all = Vec::new();
    wait(AsyncReadExt::read_to_end(&mut file, &mut all)).expect("the disk reads");
    assert_eq!(all, b"accepted");
}

/// A shutdown waits for what was accepted, within its time.
#[test]
fn a_shutdown_waits_for_what_was_accepted() {
    let stage = Stage::new(1);
    let mut file = stage.open("/file", b"");
    let stuck = stage.stick();
    accept(&mut file, b"accepted");
    let mut shutdown = Box::pin(stage.engine.shutdown(PATIENCE));
    assert!(poll_once(shutdown.as_mut()).is_pending());
    drop(stuck.free());
    wait(shutdown).expect("nothing is stuck any more");
    assert_eq!(stage.disk.contents("/file"), b"accepted");
    assert_eq!(stage.engine.snapshot().counters.unobserved_errors, 0);
}
