//! Reading up to a delimiter, whole lengths and looks ahead: the same from plain files, by workers, and FIFOs.

#![expect(clippy::unwrap_used, reason = "functions that tests share fail like the tests themselves")]

use std::future::Future;
use std::io::ErrorKind;
use std::path::Path;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use folio::{BinaryFile, Engine, File, OpenOptions, os};
use folio_testkit::wait::{eventually, soon};
use folio_testkit::{Call, Disk, Gate, Random};

/// What a step asks for.
#[derive(Clone, Copy, Debug)]
enum Step {
    Until(u8, usize),
    Full(usize),
    Peek(usize),
    Read(usize),
}

/// What it must answer, with the rest of the contents.
fn expected(step: Step, rest: &[u8]) -> (&[u8], &[u8]) {
    let within = |len: usize| &rest[..rest.len().min(len)];
    let taken = match step {
        Step::Until(delimiter, limit) => {
            let within = within(limit);
            &within[..within.iter().position(|byte| *byte == delimiter).map_or(within.len(), |at| at + 1)]
        }
        Step::Full(len) | Step::Read(len) => within(len),
        Step::Peek(len) => return (within(len), rest),
    };
    (taken, &rest[taken.len()..])
}

/// Runs random steps over `contents`. Plain reads and looks may be short.
async fn check_steps(file: &File, contents: &[u8], dice: &mut Random) {
    let mut rest = contents;
    loop {
        let len = [0, 1, 7, 900, 5_000, 100_000, 900_000][dice.index(7)];
        let step = match dice.index(5) {
            0..=1 => Step::Until(b'\n', if dice.chance(50) { usize::MAX } else { len }),
            2 => Step::Full(len),
            3 => Step::Peek(len),
            _ => Step::Read(len),
        };
        let got = match step {
            Step::Until(delimiter, limit) => {
                soon("it comes to an end", file.read_until(delimiter, limit)).await.unwrap()
            }
            Step::Full(len) => soon("it comes to an end", file.read_full(len)).await.unwrap(),
            Step::Peek(len) => soon("it comes to an end", file.peek(len)).await.unwrap(),
            Step::Read(len) => soon("it comes to an end", file.read_bytes(len)).await.unwrap(),
        };
        let (wanted, mut left) = expected(step, rest);
        let may_be_short = matches!(step, Step::Read(_) | Step::Peek(_)) && !got.is_empty();
        let wanted = if may_be_short { &wanted[..got.len().min(wanted.len())] } else { wanted };
        assert!(got == wanted, "{step:?}: {} bytes instead of {}", got.len(), wanted.len());
        if let Step::Read(_) = step {
            left = &rest[got.len()..];
        }
        rest = left;
        if rest.is_empty() {
            assert_eq!(soon("it comes to an end", file.read_until(b'\n', usize::MAX)).await.unwrap(), "");
            assert_eq!(soon("it comes to an end", file.peek(10)).await.unwrap(), "");
            return;
        }
    }
}

/// Lines of all lengths, the last without its end.
fn lines(dice: &mut Random) -> Vec<u8> {
    let mut contents = Vec::new();
    for _ in 0..30 {
        let len = [0, 10, 80, 1_023, 1_024, 4_000, 70_000][dice.index(7)];
        contents.extend(dice.bytes(len).into_iter().map(|byte| byte.max(b'\n' + 1)));
        contents.push(b'\n');
    }
    contents.extend_from_slice(b"the end");
    contents
}

async fn check_on_disk(in_place: bool) {
    let disk = Disk::new();
    let engine = Engine::builder().storage(Arc::new(disk.clone())).start().unwrap();
    for seed in 0..20 {
        let mut dice = Random::new(seed);
        let contents = lines(&mut dice);
        disk.put("/file", &*contents);
        let plan = if in_place {
            disk.plan().on(Call::ReadNow).every(5).would_block()
        } else {
            disk.plan().on(Call::ReadNow).would_block()
        };
        let file = File::options().read(true).open_on(&engine, "/file").await.unwrap();
        check_steps(&file, &contents, &mut dice).await;
        plan.lift();
    }
}

#[tokio::test]
async fn lines_and_lengths_are_whole_with_reads_in_place() {
    check_on_disk(true).await;
}

#[tokio::test]
async fn lines_and_lengths_are_whole_through_the_pool() {
    check_on_disk(false).await;
}

#[tokio::test]
async fn lines_and_lengths_are_whole_on_this_system() {
    let room = tempfile::TempDir::new().unwrap();
    let path = room.path().join("file");
    for seed in 0..20 {
        let mut dice = Random::new(seed);
        let contents = lines(&mut dice);
        std::fs::write(&path, &contents).unwrap();
        check_steps(&File::open(&path).await.unwrap(), &contents, &mut dice).await;
    }
}

/// Both ends of a new FIFO.
async fn fifo(path: &Path) -> (File, File) {
    os::mkfifo(path, 0o600).await.unwrap();
    let reader = File::open(path).await.unwrap();
    let writer = File::options().write(true).open(path).await.unwrap();
    (reader, writer)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lines_and_lengths_are_whole_from_a_fifo() {
    let room = tempfile::TempDir::new().unwrap();
    for seed in 0..20 {
        let mut dice = Random::new(seed);
        let contents = lines(&mut dice);
        let (reader, writer) = fifo(&room.path().join(seed.to_string())).await;
        let (sent, mut pieces) = (contents.clone(), dice.clone());
        let writing = tokio::spawn(async move {
            let mut rest = &sent[..];
            while !rest.is_empty() {
                let (now, later) = rest.split_at(rest.len().min(1 + pieces.index(9_000)));
                writer.write_all(now).await.unwrap();
                rest = later;
            }
        });
        check_steps(&reader, &contents, &mut dice).await;
        writing.await.unwrap();
    }
}

/// Gives its bytes in pieces of many lengths, once.
struct Drizzle {
    rest: std::io::Cursor<Vec<u8>>,
    dice: Random,
}

impl std::io::Read for Drizzle {
    fn read(&mut self, buf: &mut [u8]) -> std::io::Result<usize> {
        let len = buf.len().min([1, 10, 1_000, 70_000][self.dice.index(4)]);
        self.rest.read(&mut buf[..len])
    }
}

#[tokio::test]
async fn lines_and_lengths_are_whole_from_an_object_that_cannot_be_read_twice() {
    for seed in 0..5 {
        let mut dice = Random::new(seed);
        let contents = lines(&mut dice);
        let object = Drizzle { rest: std::io::Cursor::new(contents.clone()), dice: Random::new(seed) };
        let file = folio::wrap::reader(object).open().await.unwrap();
        check_steps(&file, &contents, &mut dice).await;
    }
}

#[tokio::test]
async fn a_dropped_reader_of_a_fifo_leaves_what_it_has_for_the_next() {
    let room = tempfile::TempDir::new().unwrap();
    let (reader, writer) = fifo(&room.path().join("fifo")).await;
    let other = reader.clone();
    writer.write_all(b"half a li").await.unwrap();
    for _ in 0..20 {
        // The first polls take what is there, and there is no end of a line.
        let mut line = Box::pin(reader.read_until(b'\n', usize::MAX));
        let mut full = Box::pin(other.read_full(1_000));
        for _ in 0..2 {
            let cx = &mut Context::from_waker(Waker::noop());
            assert!(line.as_mut().poll(cx).is_pending());
            assert!(full.as_mut().poll(cx).is_pending());
        }
    }
    writer.write_all(b"ne\nand another\n").await.unwrap();
    assert_eq!(soon("it comes to an end", other.peek(6)).await.unwrap(), "half a");
    assert_eq!(soon("it comes to an end", other.read_bytes(5)).await.unwrap(), "half ");
    assert_eq!(soon("it comes to an end", reader.read_until(b'\n', usize::MAX)).await.unwrap(), "a line\n");
    assert_eq!(soon("it comes to an end", other.read_until(b'\n', 3)).await.unwrap(), "and");
    drop(writer);
    assert_eq!(soon("it comes to an end", other.read_full(100)).await.unwrap(), " another\n");
    assert_eq!(soon("it comes to an end", reader.read_full(100)).await.unwrap(), "");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readers_of_one_fifo_never_get_parts_of_a_line() {
    let room = tempfile::TempDir::new().unwrap();
    let (reader, writer) = fifo(&room.path().join("fifo")).await;
    let line = |number: usize| format!("{number} {}\n", "-".repeat(number % 300));
    let readers: Vec<_> = (0..8)
        .map(|_| {
            let reader = reader.clone();
            tokio::spawn(async move {
                let mut got = Vec::new();
                loop {
                    match reader.read_until(b'\n', usize::MAX).await.unwrap() {
                        line if line.is_empty() => return got,
                        line => got.push(line),
                    }
                }
            })
        })
        .collect();
    for number in 0..3_000 {
        writer.write_bytes(line(number)).await.unwrap();
    }
    drop(writer);
    let mut got = Vec::new();
    for reader in readers {
        got.extend(soon("it comes to an end", reader).await.unwrap());
    }
    let mut all: Vec<_> = (0..3_000).map(line).collect();
    got.sort_unstable();
    all.sort_unstable();
    assert!(got == all, "{} lines", got.len());
}

#[tokio::test]
async fn reading_a_stream_that_is_open_for_writing_only_fails_at_once() {
    let room = tempfile::TempDir::new().unwrap();
    let (reader, writer) = fifo(&room.path().join("fifo")).await;
    for error in [
        soon("it comes to an end", writer.read_until(b'\n', 10)).await.unwrap_err(),
        soon("it comes to an end", writer.peek(10)).await.unwrap_err(),
        soon("it comes to an end", writer.read_bytes(10)).await.unwrap_err(),
        soon("it comes to an end", reader.write_all(b"x")).await.unwrap_err(),
    ] {
        assert_eq!(error.raw_os_error(), Some(9), "{error}");
    }
}

#[tokio::test]
async fn nothing_is_waited_for_where_nothing_is_asked_for() {
    let room = tempfile::TempDir::new().unwrap();
    let (reader, _writer) = fifo(&room.path().join("fifo")).await;
    for asked in [reader.read_until(b'\n', 0), reader.read_until(0, 0)] {
        let polled = pin!(asked).poll(&mut Context::from_waker(Waker::noop()));
        assert!(matches!(polled, Poll::Ready(Ok(line)) if line.is_empty()));
    }
    assert_eq!(soon("it comes to an end", reader.read_full(0)).await.unwrap(), "");
    assert_eq!(soon("it comes to an end", reader.peek(0)).await.unwrap(), "");
}

#[tokio::test]
async fn what_is_to_be_read_exactly_is_read_in_full_or_says_what_was_there() {
    async fn check(contents: usize, len: usize, offset: u64) {
        let disk = Disk::new();
        let bytes: Vec<u8> = (0..contents).map(|at| (at % 251) as u8).collect();
        disk.put("/exact", bytes.clone());
        let engine = Engine::builder().storage(Arc::new(disk)).start().unwrap();
        let file = File::options().read(true).open_on(&engine, "/exact").await.unwrap();
        let what = format!("{len} bytes at {offset} of {contents}");
        let mut buf = vec![0; len];
        let results = [
            file.read_exact_bytes_at(offset, len).await,
            file.read_exact_at(&mut buf, offset).await.map(|()| buf.clone().into()),
        ];
        let rest = bytes.get(offset as usize..).unwrap_or_default();
        let there = rest.len().min(len);
        for result in results {
            match result {
                Ok(read) => {
                    assert!(there == len && read == rest[..len], "{what}");
                }
                Err(error) => {
                    assert_eq!((error.kind(), error.bytes_done()), (ErrorKind::UnexpectedEof, there as u64));
                    assert!(there < len && error.offset() == Some(offset), "{what}: {error}");
                }
            }
        }
    }
    // More than is ever read in place at a time.
    let long = 2 * 1024 * 1024;
    for (contents, len, offset) in [(10, 10, 0), (10, 4, 6), (10, 5, 6), (10, 1, 10), (10, 1, 20), (0, 1, 0)]
    {
        check(contents, len, offset).await;
    }
    check(0, 0, 5).await;
    check(long, long - 1, 1).await;
    check(long, long, 1).await;
}

/// A file on a disk in memory, opened as Python's `r+b` opens it.
async fn binary_on(disk: &Disk, contents: Vec<u8>) -> (Engine, BinaryFile) {
    disk.put("/binary", contents);
    let engine = Engine::builder().storage(Arc::new(disk.clone())).start().unwrap();
    let file = OpenOptions::new().python_mode("r+b").open_binary_on(&engine, "/binary").await.unwrap();
    (engine, file)
}

#[tokio::test]
async fn what_is_read_at_once_is_what_a_read_would_return_or_nothing_is_taken() {
    let disk = Disk::new();
    disk.set_piece_bytes(100);
    let contents: Vec<u8> = (0..1000).map(|at| (at % 251) as u8).collect();
    let (_engine, file) = binary_on(&disk, contents.clone()).await;
    assert_eq!(file.known_len().unwrap(), 1000);
    let mut buf = [0; 2000];
    // Whole in spite of short calls.
    assert_eq!(file.readinto_now(&mut buf[..300]).unwrap(), Some(300));
    assert_eq!(buf[..300], contents[..300]);
    assert_eq!(file.readall_now(&mut buf[..699]).unwrap(), None, "there is one byte more");
    assert_eq!(file.tell().await.unwrap(), 300);
    assert_eq!(file.readall_now(&mut buf[..700]).unwrap(), Some(700));
    assert_eq!(buf[..700], contents[300..]);
    assert_eq!(file.readinto_now(&mut buf[..5]).unwrap(), Some(0), "the end");
    assert_eq!(file.readall_now(&mut buf[..0]).unwrap(), Some(0), "the end needs no room");
    file.seek(std::io::SeekFrom::Start(900)).await.unwrap();
    assert_eq!(file.readinto_now(&mut buf).unwrap(), Some(100), "fewer only at the end");
    file.close().await.unwrap();
    assert!(file.known_len().unwrap_err().is_closed());
    assert!(file.readinto_now(&mut buf).unwrap_err().is_closed());
    assert!(file.readall_now(&mut buf).unwrap_err().is_closed());
}

#[tokio::test]
async fn what_is_read_at_once_never_overtakes_a_write() {
    let disk = Disk::new();
    let (engine, file) = binary_on(&disk, vec![1; 100]).await;
    for offset in [0, 50, 99, 100, 5000] {
        let gate = Gate::closed();
        let held = disk.plan().on(Call::WriteAt).wait_for(&gate);
        let writer = file.file().unwrap();
        let writing = tokio::spawn(async move { writer.write_all_at(b"2", offset).await });
        eventually("it is written", || engine.snapshot().files[0].running > 0).await;
        let mut buf = [0; 100];
        file.seek(std::io::SeekFrom::Start(0)).await.unwrap();
        assert_eq!(file.readall_now(&mut buf).unwrap(), None, "at {offset}");
        let part = file.readinto_now(&mut buf).unwrap();
        assert_eq!(part.is_none(), offset < 100, "at {offset}");
        gate.open();
        writing.await.unwrap().unwrap();
        drop(held);
    }
}

/// What was short when it was opened is read by one step, and whole even if it is not short any more.
#[tokio::test]
async fn a_file_that_grows_after_it_was_opened_is_read_whole() {
    let room = tempfile::TempDir::new().unwrap();
    let path = room.path().join("file");
    for (before, after) in [(0, 1), (1, 4095), (100, 4096), (4095, 4097), (4096, 70_000), (70_000, 140_000)] {
        std::fs::write(&path, vec![1; before]).unwrap();
        let file = OpenOptions::new().python_mode("rb").open_binary(&path).await.unwrap();
        std::fs::write(&path, vec![2; after]).unwrap();
        let read = file.read(None).await.unwrap();
        assert!(read == vec![2; after], "{before} to {after}: {}", read.len());
        assert!(file.read(None).await.unwrap().is_empty(), "{before} to {after}");
        std::fs::write(&path, vec![3; before / 2]).unwrap();
        file.seek(std::io::SeekFrom::Start(0)).await.unwrap();
        assert_eq!(file.read(None).await.unwrap(), vec![3; before / 2], "{before} to {after}");
    }
}
