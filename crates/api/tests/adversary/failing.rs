//! Writes that fail behind or before the caller's back: each error is heard once, and what was acknowledged is what the
//! file holds.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;

use folio::{Buffering, Engine, File, OpenOptions};
use folio_testkit::errno::{EIO, ENOSPC};
use folio_testkit::{Call, Disk, Fault, Random, seeds};
use tokio::io::{AsyncWrite, AsyncWriteExt, BufWriter};

use crate::subject::wait;

fn bench(options: &OpenOptions) -> (Disk, Engine, File) {
    let disk = Disk::new();
    disk.put("/file", "");
    let engine = Engine::builder().workers_max(2).storage(Arc::new(disk.clone())).start().expect("it starts");
    let file = wait(options.open_on(&engine, "/file")).expect("the file is there");
    (disk, engine, file)
}

fn plain() -> OpenOptions {
    let mut options = File::options();
    options.read(true).write(true);
    options
}

fn appending() -> OpenOptions {
    let mut options = File::options();
    options.append(true);
    options
}

fn pattern(len: u32) -> Vec<u8> {
    (0..len / 4).flat_map(u32::to_be_bytes).collect()
}

/// A disk that takes `bytes` more and is full then, until room is made.
fn fill(disk: &Disk, call: Call, bytes: usize) -> Fault {
    disk.plan().on(call).nth(1).at_most(bytes);
    disk.plan().on(call).from(2).fail(ENOSPC)
}

/// How a caller writes: once, and to the end.
struct Writer {
    name: &'static str,
    options: OpenOptions,
    call: Call,
    piece: usize,
    buffer: usize,
}

/// A caller who makes room when it hears of a full disk, and goes on with what was not acknowledged.
fn check_full_disk(writer: &Writer) {
    let (disk, _engine, file) = bench(&writer.options);
    let full = fill(&disk, writer.call, 44_768);
    let wanted = pattern(900_000);
    let mut file = BufWriter::with_capacity(writer.buffer, file);
    let (mut done, mut errors) = (0, 0);
    wait(async {
        while done < wanted.len() {
            let end = (done + writer.piece).min(wanted.len());
            match file.write(&wanted[done..end]).await {
                Ok(count) => done += count,
                Err(error) => errors += heard(&error, &full),
            }
        }
        while let Err(error) = file.shutdown().await {
            errors += heard(&error, &full);
        }
    });
    assert!(errors >= 1, "{}: nobody heard", writer.name);
    assert_same(writer.name, &disk.contents("/file"), &wanted);
}

/// The number in the error of folio's that an `io::Error` carries.
fn errno(error: &io::Error) -> Option<i32> {
    error.get_ref()?.downcast_ref::<folio::Error>()?.raw_os_error()
}

fn heard(error: &io::Error, full: &Fault) -> usize {
    assert_eq!(errno(error), Some(ENOSPC), "{error}");
    full.lift();
    1
}

fn assert_same(name: &str, got: &[u8], wanted: &[u8]) {
    let common = got.iter().zip(wanted).take_while(|(a, b)| a == b).count();
    let lens = (got.len(), wanted.len());
    assert!(got == wanted, "{name}: {lens:?} bytes, first difference at {common}");
}

/// Cause: a write by trait that failed midway said so and nothing of the part it had written. Loss: who tried again had
/// the part twice. Fix: the part is acknowledged, and the error is the next answer.
#[test]
fn a_full_disk_loses_and_doubles_nothing() {
    let append = appending();
    let buffered = |options: &OpenOptions| {
        let mut options = options.clone();
        options.buffering(Buffering::Bytes(100_000));
        options
    };
    let cases = [
        ("by trait", plain(), Call::WriteAt, 200_000, 0),
        ("by trait, whole", plain(), Call::WriteAt, 900_000, 0),
        ("by trait, appending", append.clone(), Call::Append, 200_000, 0),
        ("by trait, buffered", buffered(&plain()), Call::WriteAt, 1_000, 0),
        ("by trait, buffered, appending", buffered(&append), Call::Append, 1_000, 0),
        ("tokio's BufWriter", plain(), Call::WriteAt, 1_000, 200_000),
        ("tokio's BufWriter, appending", append, Call::Append, 1_000, 200_000),
    ];
    for (name, options, call, piece, buffer) in cases {
        check_full_disk(&Writer { name, options, call, piece, buffer });
    }
}

/// Who hears of it.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Ear {
    PollWrite,
    PollFlush,
    PollShutdown,
    WriteAll,
    Flush,
    SyncAll,
    SyncData,
    Close,
}

const EARS: [Ear; 8] = [
    Ear::PollWrite,
    Ear::PollFlush,
    Ear::PollShutdown,
    Ear::WriteAll,
    Ear::Flush,
    Ear::SyncAll,
    Ear::SyncData,
    Ear::Close,
];

impl Ear {
    fn listen(self, kept: &mut Option<File>) -> io::Result<()> {
        if self == Ear::Close {
            return Ok(wait(kept.take().expect("it is closed once").close())?);
        }
        let file = kept.as_mut().expect("it is not closed");
        match self {
            Ear::PollWrite => drop(wait(AsyncWriteExt::write(file, b"second"))?),
            Ear::PollFlush => wait(AsyncWriteExt::flush(file))?,
            Ear::PollShutdown => wait(AsyncWriteExt::shutdown(file))?,
            Ear::WriteAll => wait(file.write_all(b"second"))?,
            Ear::Flush => wait(file.flush())?,
            Ear::SyncAll => wait(file.sync_all())?,
            Ear::SyncData => wait(file.sync_data())?,
            Ear::Close => {}
        }
        Ok(())
    }

    fn writes(self) -> bool {
        matches!(self, Ear::PollWrite | Ear::WriteAll)
    }
}

/// Gives the file bytes by trait; an error may be the answer at once, or come later.
fn accept(file: &mut File, bytes: &[u8]) -> io::Result<usize> {
    wait(std::future::poll_fn(|cx| match Pin::new(&mut *file).poll_write(cx, bytes) {
        Poll::Ready(taken) => Poll::Ready(taken),
        Poll::Pending => Poll::Pending,
    }))
}

fn check_heard_once(ear: Ear, errno: i32, appends: bool) {
    let (options, call) = if appends { (appending(), Call::Append) } else { (plain(), Call::WriteAt) };
    let (disk, engine, mut file) = bench(&options);
    let fault = disk.plan().on(call).nth(1).fail(errno);
    let accepted = accept(&mut file, b"first");
    let mut file = Some(file);
    let listened = ear.listen(&mut file);
    let told = [accepted.as_ref().err(), listened.as_ref().err()];
    let told: Vec<_> = told.into_iter().flatten().collect();
    assert_eq!(fault.fired(), 1, "{ear:?}");
    // A failed write is owed to the next sync or close, even if its writer has heard.
    let owed = usize::from(accepted.is_err() && matches!(ear, Ear::SyncAll | Ear::SyncData | Ear::Close));
    assert_eq!(told.len(), 1 + owed, "{ear:?}: {accepted:?}, {listened:?}");
    assert!(told.iter().all(|error| self::errno(error) == Some(errno)), "{ear:?}: {told:?}");
    assert_eq!(engine.snapshot().counters.unobserved_errors, 0, "{ear:?}");
    if ear == Ear::Close {
        return;
    }
    let again = ear.listen(&mut file);
    assert!(again.is_ok(), "{ear:?} heard it again: {again:?}");
    wait(AsyncWriteExt::flush(file.as_mut().expect("it is open"))).expect("it has been heard");
    let mut expected = if accepted.is_ok() { b"first".to_vec() } else { Vec::new() };
    let seconds = if ear.writes() { 1 + usize::from(listened.is_ok()) } else { 0 };
    expected.extend(b"second".repeat(seconds));
    assert_same(&format!("{ear:?}"), &disk.contents("/file"), &expected);
}

#[test]
fn the_error_of_an_accepted_write_is_heard_exactly_once() {
    for ear in EARS {
        for errno in [ENOSPC, EIO] {
            check_heard_once(ear, errno, false);
            check_heard_once(ear, errno, true);
        }
    }
}

/// Cause: a handle that became a std file at once took no notice of a write that had failed behind its back. Loss: what
/// had been acknowledged was not in the file, and nobody had heard. Fix: such a handle is given back.
#[test]
fn a_handle_with_an_unheard_failure_does_not_become_a_std_file_at_once() {
    // What is written to it fails with ENOSPC, always.
    let mut kept = wait(File::options().write(true).open("/dev/full")).expect("it is there");
    if accept(&mut kept, b"first").is_err() {
        return;
    }
    for _ in 0..1_000 {
        kept = kept.try_into_std().expect_err("its write has failed");
        std::thread::yield_now();
    }
    wait(AsyncWriteExt::flush(&mut kept)).expect_err("its write has failed");
}

/// Whoever is told `Ok(n)` finds n bytes more in the file and nothing else, wherever calls fail and come short.
#[test]
fn what_was_acknowledged_is_what_the_file_holds() {
    seeds(500, |seed| {
        let mut dice = Random::new(seed);
        let appends = dice.chance(40);
        let mut options = File::options();
        if appends {
            options.append(true)
        } else {
            options.write(true)
        };
        let call = if appends { Call::Append } else { Call::WriteAt };
        let (disk, _engine, mut file) = bench(&options);
        disk.plan().on(call).every(1 + dice.within(0..3)).at_most(1 + dice.index(20));
        let fault = disk.plan().on(call).every(2 + dice.within(0..4)).fail(ENOSPC);
        let wanted: Vec<u8> = (0..dice.index(300)).map(|at| b'a' + (at % 26) as u8).collect();
        let (mut done, mut errors) = (0, 0);
        while done < wanted.len() {
            let end = wanted.len().min(done + 1 + dice.index(60));
            match accept(&mut file, &wanted[done..end]) {
                Ok(count) => done += count,
                Err(_) => errors += 1,
            }
        }
        while wait(AsyncWriteExt::shutdown(&mut file)).is_err() {
            errors += 1;
        }
        assert!(errors <= fault.fired(), "{errors} errors of {} were heard", fault.fired());
        assert_same(&format!("appends {appends}"), &disk.contents("/file"), &wanted);
    });
}

/// Cause: what a failed write by the traits left undone was tried first, whatever had been done to the file. Loss: a record
/// that was cut away and written anew stood behind the rest of its torn self. Fix: a cut forgets it.
#[test]
fn a_torn_record_that_was_cut_away_is_written_anew_and_whole() {
    for (options, call) in [(plain(), Call::WriteAt), (appending(), Call::Append)] {
        let (disk, _engine, mut file) = bench(&options);
        let full = fill(&disk, call, 5);
        let record = b"a record of some length";
        let torn = wait(async {
            AsyncWriteExt::write_all(&mut file, record).await?;
            AsyncWriteExt::flush(&mut file).await
        });
        torn.expect_err("the disk is full");
        wait(file.set_len(0)).expect("a cut needs no room");
        full.lift();
        if call == Call::WriteAt {
            wait(file.rewind()).expect("anywhere");
        }
        wait(AsyncWriteExt::write_all(&mut file, record)).expect("there is room again");
        wait(AsyncWriteExt::flush(&mut file)).expect("there is room again");
        assert_eq!(disk.contents("/file"), record, "{call:?}");
    }
}
