//! What was asked for by the traits and given up: nothing of it is taken, delivered, or seen by anybody.

use std::io::SeekFrom;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use folio::{Engine, File};
use folio_testkit::wait::eventually_blocking;
use folio_testkit::{Call, Disk, Gate};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncSeekExt, AsyncWrite, AsyncWriteExt, ReadBuf};

use crate::subject::{Ground, Opened, wait};

/// After which a read may no longer deliver what another opening has replaced.
const LONG_AGO: Duration = Duration::from_millis(5);

/// What a file holds before.
const BEFORE: &[u8] = b"0123456789";

struct Stage {
    disk: Disk,
    engine: Engine,
    file: File,
}

impl Stage {
    fn new(opened: Opened, bytes: &[u8]) -> Stage {
        let disk = Disk::new();
        disk.put("/file", bytes);
        let engine = Engine::builder().workers_max(2).storage(Arc::new(disk.clone())).start();
        let engine = engine.expect("it starts");
        let mut dice = folio_testkit::Random::new(0);
        let file = wait(opened.options(&mut dice).open_on(&engine, "/file")).expect("the file is there");
        Stage { disk, engine, file }
    }

    /// A file of which a trait read of six bytes was given up, after a worker had found them.
    fn with_a_read_given_up() -> Stage {
        let mut stage = Stage::new(Opened::Plainly, BEFORE);
        let gate = Gate::closed();
        stage.disk.plan().on(Call::ReadNow).would_block();
        stage.disk.plan().on(Call::ReadAt).wait_for(&gate);
        assert!(read_once(&mut stage.file, 6).is_none(), "nothing is read in place");
        gate.arrived(1);
        gate.open();
        stage.settle();
        stage
    }

    fn settle(&self) {
        eventually_blocking("every permit comes back", || self.engine.snapshot().in_flight == 0);
    }
}

fn read_once(file: &mut File, len: usize) -> Option<Vec<u8>> {
    let mut space = vec![0; len];
    let mut buf = ReadBuf::new(&mut space);
    match Pin::new(file).poll_read(&mut Context::from_waker(Waker::noop()), &mut buf) {
        Poll::Ready(done) => {
            done.expect("the disk reads");
            Some(buf.filled().to_vec())
        }
        Poll::Pending => None,
    }
}

fn write_once(file: &mut File, bytes: &[u8]) -> Option<usize> {
    match Pin::new(file).poll_write(&mut Context::from_waker(Waker::noop()), bytes) {
        Poll::Ready(taken) => Some(taken.expect("the disk takes it")),
        Poll::Pending => None,
    }
}

/// What a caller may do next, and what it gets.
type Next = fn(&mut Stage) -> Vec<u8>;

fn check(what: &str, next: Next, expected: &[u8]) {
    let mut stage = Stage::with_a_read_given_up();
    let got = next(&mut stage);
    assert_eq!(got.escape_ascii().to_string(), expected.escape_ascii().to_string(), "{what}");
}

fn by_trait(file: &mut File, len: usize) -> Vec<u8> {
    let mut space = vec![0; len];
    let mut filled = 0;
    // Short reads are right.
    while filled < len {
        match wait(AsyncReadExt::read(file, &mut space[filled..])).expect("the disk reads") {
            0 => break,
            count => filled += count,
        }
    }
    space.truncate(filled);
    space
}

fn by_method(file: &File, len: usize) -> Vec<u8> {
    wait(file.read_bytes(len)).expect("the disk reads").into()
}

#[test]
fn a_read_goes_on_where_delivered_bytes_end() {
    check("by method", |stage| by_method(&stage.file, 16), BEFORE);
    check("by trait", |stage| by_trait(&mut stage.file, 16), BEFORE);
    check("a clone, by method", |stage| by_method(&stage.file.clone(), 16), BEFORE);
    check("a clone, by trait", |stage| by_trait(&mut stage.file.clone(), 16), BEFORE);
    check("a peek", |stage| wait(stage.file.peek(3)).expect("the disk reads").into(), b"012");
    check("a record", |stage| wait(stage.file.read_full(8)).expect("the disk reads").into(), b"01234567");
    check("a line", |stage| wait(stage.file.read_until(b'4', 99)).expect("it reads").into(), b"01234");
    let part_then_method: Next = |stage| {
        let part = by_trait(&mut stage.file, 2);
        [part, b"|".to_vec(), by_method(&stage.file, 16)].concat()
    };
    check("part of it, then a method", part_then_method, b"01|23456789");
    let part_then_clone: Next = |stage| {
        let part = by_trait(&mut stage.file, 2);
        [part, b"|".to_vec(), by_trait(&mut stage.file.clone(), 16)].concat()
    };
    check("part of it, then a clone", part_then_clone, b"01|23456789");
    let dropped: Next = |stage| {
        let clone = stage.file.clone();
        by_trait(&mut stage.file, 2);
        drop(std::mem::replace(&mut stage.file, clone));
        by_method(&stage.file, 16)
    };
    check("the handle is dropped after part of it", dropped, b"23456789");
}

#[test]
fn a_position_counts_delivered_bytes_only() {
    check("by method", |stage| shown(wait(stage.file.stream_position())), b"0");
    check("by trait", |stage| shown(wait(AsyncSeekExt::stream_position(&mut stage.file))), b"0");
    check("of a clone", |stage| shown(wait(stage.file.clone().stream_position())), b"0");
    check("a step by method", |stage| shown(wait(stage.file.seek(SeekFrom::Current(2)))), b"2");
    check(
        "a step by trait",
        |stage| shown(wait(AsyncSeekExt::seek(&mut stage.file, SeekFrom::Current(2)))),
        b"2",
    );
    let part: Next = |stage| {
        by_trait(&mut stage.file, 2);
        shown(wait(stage.file.stream_position()))
    };
    check("after part of it", part, b"2");
}

fn shown<E: std::fmt::Debug>(position: Result<u64, E>) -> Vec<u8> {
    position.expect("a file has a position").to_string().into_bytes()
}

#[test]
fn a_read_sees_what_was_changed_since_one_was_given_up() {
    let written: Next = |stage| {
        wait(stage.file.write_all_at(b"XX", 1)).expect("the disk takes it");
        by_trait(&mut stage.file, 6)
    };
    check("a write by method", written, b"0XX345");
    let by_clone: Next = |stage| {
        wait(stage.file.clone().write_all_at(b"XX", 1)).expect("the disk takes it");
        by_trait(&mut stage.file, 6)
    };
    check("a write by a clone", by_clone, b"0XX345");
    let cut: Next = |stage| {
        wait(stage.file.set_len(3)).expect("the disk cuts it");
        by_trait(&mut stage.file, 6)
    };
    check("a cut", cut, b"012");
    let cut_after_part: Next = |stage| {
        by_trait(&mut stage.file, 2);
        wait(stage.file.set_len(3)).expect("the disk cuts it");
        by_trait(&mut stage.file, 6)
    };
    check("a cut after part of it", cut_after_part, b"2");
    let sought: Next = |stage| {
        wait(stage.file.clone().seek(SeekFrom::Start(8))).expect("a file has a position");
        by_trait(&mut stage.file, 6)
    };
    check("a seek by a clone", sought, b"89");
    let written_by_trait: Next = |stage| {
        wait(AsyncWriteExt::write_all(&mut stage.file, b"ab")).expect("the disk takes it");
        wait(AsyncWriteExt::flush(&mut stage.file)).expect("the disk takes it");
        stage.disk.contents("/file")
    };
    check("a write by trait goes where delivered bytes end", written_by_trait, b"ab23456789");
}

/// Cause: bytes of a read that was given up stayed in the handle. Loss: the next read by trait got what another
/// opening had replaced long ago. Fix: nothing is delivered but by the poll that looks.
#[test]
fn a_read_sees_what_others_wrote_since_one_was_given_up() {
    let ground = Ground::in_memory();
    let path = ground.dir.path().join("file");
    for round in 0..50 {
        std::fs::write(&path, BEFORE).expect("there is room");
        let mut file = wait(File::options().read(true).open_on(&ground.engine, &path)).expect("it is there");
        if read_once(&mut file, 6).is_some() {
            continue;
        }
        eventually_blocking("every permit comes back", || ground.engine.snapshot().in_flight == 0);
        std::fs::write(&path, b"abcdefghij").expect("there is room");
        let written = Instant::now();
        eventually_blocking("time passes", || written.elapsed() > LONG_AGO);
        assert_eq!(by_trait(&mut file, 6), b"abcdef", "round {round}");
    }
}

/// Cause: `Pending` was answered after the bytes had been taken. Loss: a caller who came back with more of them had
/// them written twice. Fix: `Pending` takes nothing.
#[test]
fn a_write_that_is_pending_has_taken_nothing() {
    let nexts: [&[u8]; 4] = [b"seco", b"second and third", b"other", b"second"];
    for opened in [Opened::Plainly, Opened::ToAppend, Opened::Buffered, Opened::BufferedToAppend] {
        for next in nexts {
            let mut stage = Stage::new(opened, b"");
            let gate = Gate::closed();
            for call in [Call::WriteAt, Call::Append] {
                stage.disk.plan().on(call).wait_for(&gate);
            }
            let mut taken = Vec::new();
            for bytes in [&b"first"[..], b"second", next] {
                let count = write_once(&mut stage.file, bytes).unwrap_or(0);
                taken.extend_from_slice(&bytes[..count]);
            }
            gate.open();
            wait(AsyncWriteExt::write_all(&mut stage.file, b"; the end")).expect("the disk takes it");
            wait(AsyncWriteExt::shutdown(&mut stage.file)).expect("the disk takes it");
            taken.extend_from_slice(b"; the end");
            let contents = stage.disk.contents("/file");
            let (got, expected) = (contents.escape_ascii(), taken.escape_ascii());
            assert_eq!(got.to_string(), expected.to_string(), "{opened:?}, {}", next.escape_ascii());
        }
    }
}

/// What one handle may have under way is bounded, however long the disk is stuck.
#[test]
fn a_stuck_disk_makes_a_handle_accept_no_more() {
    let mut stage = Stage::new(Opened::Plainly, b"");
    let gate = Gate::closed();
    stage.disk.plan().on(Call::WriteAt).wait_for(&gate);
    let bytes = vec![7; 1 << 20];
    let taken: usize = (0..100).map(|_| write_once(&mut stage.file, &bytes).unwrap_or(0)).sum();
    assert!(taken <= 8 << 20, "{taken} bytes were accepted for a disk that is stuck");
    gate.open();
    wait(AsyncWriteExt::flush(&mut stage.file)).expect("the disk takes it");
    assert_eq!(stage.disk.contents("/file").len(), taken);
}

/// Cause: a read of a range was begun for the room that the first poll brought. Loss: where that had none, the next one was
/// told that the file had ended. Fix: a read is for the room that the poll brings which gets it.
#[test]
fn a_reader_that_had_no_room_is_not_told_of_an_end() {
    let stage = Stage::new(Opened::Plainly, BEFORE);
    stage.disk.plan().on(Call::ReadNow).would_block();
    let mut reader = stage.file.reader(2..);
    let mut nothing = ReadBuf::new(&mut []);
    let polled = Pin::new(&mut reader).poll_read(&mut Context::from_waker(Waker::noop()), &mut nothing);
    assert!(matches!(polled, Poll::Ready(Ok(())) | Poll::Pending));
    let mut space = [0; 4];
    let count = wait(AsyncReadExt::read(&mut reader, &mut space)).expect("the disk reads");
    assert!(count > 0, "there is more");
    assert_eq!(space[..count], BEFORE[2..2 + count]);
}
