//! What comes after an accepted write finds it done, whoever asks, and everybody who waits for it is woken.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use folio::{Buffering, Engine, File, Result, os};
use folio_testkit::polling::Alarm;
use folio_testkit::{Call, Disk, Gate};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::subject::wait;

fn stage(buffered: bool) -> (Disk, Engine, File) {
    let disk = Disk::new();
    disk.put("/file", "");
    let engine = Engine::builder().workers_max(2).storage(Arc::new(disk.clone())).start().expect("it starts");
    let mut options = File::options();
    options.read(true).write(true);
    if buffered {
        options.buffering(Buffering::Bytes(1_000));
    }
    let file = wait(options.open_on(&engine, "/file")).expect("the file is there");
    (disk, engine, file)
}

fn accept(file: &mut File, bytes: &[u8]) {
    let polled = Pin::new(file).poll_write(&mut Context::from_waker(Waker::noop()), bytes);
    assert!(matches!(polled, Poll::Ready(Ok(count)) if count == bytes.len()), "{polled:?}");
}

/// What may be asked of a handle that has a write under way.
type Asked = for<'a> fn(&'a File) -> Pin<Box<dyn Future<Output = Result<()>> + 'a>>;

const ASKED: [(&str, Asked); 7] = [
    ("unlock", |file| Box::pin(file.unlock())),
    ("sync_data", |file| Box::pin(file.sync_data())),
    ("flush", |file| Box::pin(file.flush())),
    ("set_len", |file| Box::pin(file.set_len(100))),
    ("write_all", |file| Box::pin(file.write_all(b"second"))),
    ("metadata", |file| Box::pin(async { file.metadata().await.map(drop) })),
    ("read_at", |file| Box::pin(async { file.read_bytes_at(0, 10).await.map(drop) })),
];

#[test]
fn what_is_asked_after_an_accepted_write_is_answered_after_it() {
    for buffered in [false, true] {
        for (name, asked) in ASKED {
            let (disk, _engine, mut file) = stage(buffered);
            assert!(wait(file.try_lock()).expect("nobody holds it"));
            let gate = Gate::closed();
            disk.plan().on(Call::WriteAt).nth(1).wait_for(&gate);
            accept(&mut file, b"first");
            let mut future = asked(&file);
            let answered = future.as_mut().poll(&mut Context::from_waker(Waker::noop()));
            // A buffer keeps back what is written next, too.
            let at_once = buffered && name == "write_all";
            assert_eq!(answered.is_ready(), at_once, "{name}, buffered {buffered}: {answered:?}");
            gate.open();
            if !at_once {
                wait(future).expect("the disk does it");
                assert!(disk.contents("/file").starts_with(b"first"), "{name}, buffered {buffered}");
            }
        }
    }
}

/// Cause: only ranges that overlap were held to their order, and a write behind the end changes what is found before it.
/// Loss: a read after such a write, accepted long since, found the end of the file. Fix: a read where the file may not
/// reach yet waits for whatever makes it reach further.
#[test]
fn a_read_before_an_accepted_write_finds_the_hole_that_it_leaves() {
    type Read = for<'a> fn(&'a File) -> Pin<Box<dyn Future<Output = Result<usize>> + 'a>>;
    let reads: [(&str, Read); 4] = [
        ("read_at", |file| Box::pin(async { file.read_at(&mut [1; 4], 2).await })),
        ("read_bytes_at", |file| Box::pin(async { Ok(file.read_bytes_at(2, 4).await?.len()) })),
        ("read_exact_at", |file| Box::pin(async { file.read_exact_at(&mut [1; 4], 2).await.map(|()| 4) })),
        ("range", |file| {
            Box::pin(async {
                let mut bytes = Vec::new();
                let mut reader = file.reader(2..6);
                tokio::io::AsyncReadExt::read_to_end(&mut reader, &mut bytes).await.expect("it reads");
                Ok(bytes.len())
            })
        }),
    ];
    for in_place in [true, false] {
        for (name, read) in reads {
            let (disk, _engine, mut file) = stage(false);
            if !in_place {
                disk.plan().on(Call::ReadNow).would_block();
            }
            let gate = Gate::closed();
            disk.plan().on(Call::WriteAt).nth(1).wait_for(&gate);
            wait(file.seek(std::io::SeekFrom::Start(10))).expect("anywhere");
            accept(&mut file, b"far away");
            gate.arrived(1);
            let mut future = read(&file);
            let answered = future.as_mut().poll(&mut Context::from_waker(Waker::noop()));
            assert!(answered.is_pending(), "{name}, in place {in_place}: {answered:?}");
            gate.open();
            assert_eq!(wait(future).expect("it reads"), 4, "{name}, in place {in_place}");
        }
    }
}

/// Cause: what is under way for a handle knew one waker. Loss: of two tasks that shared the handle and waited for it, one
/// was never woken. Fix: each of them is.
#[test]
fn everybody_who_waits_for_an_accepted_write_is_woken() {
    for (name, asked) in ASKED {
        let (disk, _engine, mut file) = stage(false);
        let gate = Gate::closed();
        disk.plan().on(Call::WriteAt).nth(1).wait_for(&gate);
        accept(&mut file, b"first");
        gate.arrived(1);
        let (one, other) = (Alarm::here(), Alarm::here());
        let mut waiting = [(one, asked(&file), false), (other, asked(&file), false)];
        for (alarm, future, done) in &mut waiting {
            *done = future.as_mut().poll(&mut Context::from_waker(&alarm.waker())).is_ready();
        }
        gate.open();
        for (alarm, future, done) in waiting.iter_mut().filter(|(_, _, done)| !done) {
            assert!(alarm.wait(0), "{name}: one of two tasks is never woken");
            *done = alarm.wait_for(future.as_mut()).is_some();
            assert!(*done, "{name}: one of two tasks is never woken again");
        }
    }
}

/// Cause: a read by trait tried at once where nobody had opened the FIFO for writing yet, which the kernel answers like
/// the end. Loss: a reader that came first got nothing. Fix: it waits, as by the method.
#[test]
fn a_reader_of_a_fifo_that_comes_first_waits_for_its_writer() {
    let dir = tempfile::tempdir().expect("there is room");
    let path = dir.path().join("fifo");
    wait(os::mkfifo(&path, 0o600)).expect("it can be made");
    let mut reader = wait(File::open(&path)).expect("it can be read");
    let mut space = [0; 10];
    let first = Pin::new(&mut reader)
        .poll_read(&mut Context::from_waker(Waker::noop()), &mut ReadBuf::new(&mut space));
    assert!(first.is_pending(), "the end came before the beginning: {first:?}");
    let writer = wait(File::options().write(true).open(&path)).expect("there is a reader");
    wait(writer.write_all(b"written")).expect("there is a reader");
    let count = wait(tokio::io::AsyncReadExt::read(&mut reader, &mut space)).expect("there is something");
    assert_eq!(&space[..count], b"written");
}

/// Polls a read of 4 bytes and waits until its task is woken, unless a worker answers at once; returns what came.
fn read_woken(file: &mut File, meanwhile: impl FnOnce()) -> Poll<[u8; 4]> {
    let mut space = [0; 4];
    let alarm = Alarm::here();
    let mut poll = |file: &mut File| {
        let waker = alarm.waker();
        let polled =
            Pin::new(file).poll_read(&mut Context::from_waker(&waker), &mut ReadBuf::new(&mut space));
        polled.map(|read| read.map(|()| space).expect("the disk reads"))
    };
    if let Poll::Ready(bytes) = poll(file) {
        return Poll::Ready(bytes);
    }
    assert!(alarm.wait(0), "a read is never woken");
    meanwhile();
    poll(file)
}

fn never_in_place() -> (Engine, File) {
    let (disk, engine, file) = stage(false);
    wait(file.write_all_at(b"0000 tail", 0)).expect("there is room");
    disk.plan().on(Call::ReadNow).would_block();
    (engine, file)
}

/// Cause: after three peeks in vain, bytes that were out of date were good enough. Loss: a read that began after a write
/// had ended returned what was there before it, if an earlier read had been dropped. Fix: none is good enough, and a
/// change elsewhere in the file makes none out of date.
#[test]
fn a_read_never_returns_what_was_there_before_a_write_that_has_ended() {
    let (_engine, mut reader) = never_in_place();
    let writer = reader.clone();
    let mut there = "0000".to_owned();
    for round in 1..20_u32 {
        let read = read_woken(&mut reader, || {
            there = format!("{round:04}");
            wait(writer.write_all_at(there.as_bytes(), 0)).expect("it writes");
        });
        if let Poll::Ready(bytes) = read {
            assert_eq!(bytes, there.as_bytes(), "in round {round}");
            wait(reader.seek(std::io::SeekFrom::Start(0))).expect("anywhere");
        }
    }
}

#[test]
fn a_read_gets_its_bytes_beside_writes_elsewhere_in_the_file() {
    let (_engine, mut reader) = never_in_place();
    let writer = reader.clone();
    let mut got = 0;
    for round in 0..20_u64 {
        let read = read_woken(&mut reader, || {
            wait(writer.write_all_at(b"else", 5 + round)).expect("it writes");
        });
        if let Poll::Ready(bytes) = read {
            assert_eq!(&bytes, b"0000", "in round {round}");
            got += 1;
            wait(reader.seek(std::io::SeekFrom::Start(0))).expect("anywhere");
        }
    }
    assert!(got > 0, "20 peeks, and writes elsewhere made each of them out of date");
}
