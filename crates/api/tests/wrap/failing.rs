//! Errors and panics of objects: named, exact, and no more than one operation's.

use std::io::{self, Read, Write};
use std::sync::mpsc::channel;

use folio::{Engine, Operation, wrap};

use crate::eventually;

/// Answers each call by the next line of a script; at its end it works.
struct Scripted(Vec<fn() -> io::Result<usize>>);

impl Scripted {
    fn next(&mut self, otherwise: usize) -> io::Result<usize> {
        if self.0.is_empty() { Ok(otherwise) } else { self.0.remove(0)() }
    }
}

impl Read for Scripted {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.next(buf.len())
    }
}

impl Write for Scripted {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.next(buf.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.next(0).map(|_| ())
    }
}

fn interrupted() -> io::Result<usize> {
    Err(io::ErrorKind::Interrupted.into())
}

fn would_block() -> io::Result<usize> {
    Err(io::ErrorKind::WouldBlock.into())
}

fn broken() -> io::Result<usize> {
    Err(io::Error::other("the tape tore"))
}

fn panics() -> io::Result<usize> {
    panic!("the tape burnt")
}

#[tokio::test]
async fn an_error_names_the_operation_the_wrapper_and_the_bytes_done() {
    let object = Scripted(vec![broken, would_block, || Ok(3), broken]);
    let file = wrap::reader(object).named("tape").open().await.unwrap();
    let error = file.read_bytes(1).await.unwrap_err();
    assert_eq!(error.to_string(), "could not read tape: the tape tore");
    let error = file.read_bytes(1).await.unwrap_err();
    assert_eq!((error.kind(), error.operation()), (io::ErrorKind::WouldBlock, Operation::Read));

    let object = Scripted(vec![|| Ok(3), broken]);
    let file = wrap::writer(object).named("tape").open().await.unwrap();
    let error = file.write_all(b"12345").await.unwrap_err();
    assert_eq!((error.bytes_done(), error.operation()), (3, Operation::Append));
    assert_eq!(error.to_string(), "could not append to tape after 3 bytes: the tape tore");
    file.write_all(b"12345").await.unwrap();

    let unnamed = wrap::reader(Scripted(vec![broken])).open().await.unwrap();
    let error = unnamed.read_bytes(1).await.unwrap_err();
    assert!(error.path().unwrap().to_str().unwrap().ends_with("::Scripted>"), "{error}");
}

#[tokio::test]
async fn an_interrupted_call_is_made_again() {
    let file = wrap::reader(Scripted(vec![interrupted, interrupted])).open().await.unwrap();
    assert_eq!(file.read_bytes(4).await.unwrap().len(), 4);
    let file = wrap::writer(Scripted(vec![interrupted, || Ok(1), interrupted])).open().await.unwrap();
    file.write_all(b"1234").await.unwrap();
}

#[tokio::test]
async fn a_panic_costs_one_operation() {
    let engine = Engine::builder().start().unwrap();
    let file = wrap::reader(Scripted(vec![panics])).named("tape").open_on(&engine).await.unwrap();
    let error = file.read_bytes(1).await.unwrap_err();
    assert!(error.is_panicked(), "{error}");
    assert_eq!(error.to_string(), "could not read tape: it panicked: the tape burnt");
    assert_eq!(file.read_bytes(2).await.unwrap().len(), 2);
    assert_eq!(engine.snapshot().counters.panics, 1);
}

#[tokio::test]
async fn a_write_that_failed_is_told_by_the_next_sync_and_a_failed_flush_is_final() {
    let file = wrap::writer(Scripted(vec![broken, || Ok(1), broken])).open().await.unwrap();
    let other = wrap::writer(Scripted(Vec::new())).open().await.unwrap();
    file.write_all(b"1").await.unwrap_err();
    file.sync_all().await.unwrap_err();
    file.write_all(b"2").await.unwrap();
    file.sync_all().await.unwrap_err();
    assert!(file.write_all(b"3").await.unwrap_err().is_poisoned());
    other.write_all(b"another object is another file").await.unwrap();
    other.sync_all().await.unwrap();
}

#[tokio::test]
async fn closing_returns_what_the_ending_returns() {
    let ending = |_: Vec<u8>| Err(io::ErrorKind::StorageFull.into());
    let file = wrap::writer(Vec::new()).named("report").on_close(ending).open().await.unwrap();
    file.write_all(b"x").await.unwrap();
    let error = file.close().await.unwrap_err();
    assert_eq!((error.kind(), error.operation()), (io::ErrorKind::StorageFull, Operation::Close));

    let flushing = wrap::writer(Scripted(vec![|| Ok(1), broken])).open().await.unwrap();
    flushing.write_all(b"x").await.unwrap();
    assert!(flushing.close().await.unwrap_err().to_string().ends_with("the tape tore"));
}

#[tokio::test]
async fn dropping_ends_the_object_on_a_worker_and_counts_its_error() {
    let engine = Engine::builder().start().unwrap();
    for written in [true, false] {
        let before = engine.snapshot().counters.unobserved_errors;
        let (said, heard) = channel();
        let ending = move |_: Vec<u8>| {
            said.send(std::thread::current().name().map(str::to_owned)).unwrap();
            Err(io::ErrorKind::StorageFull.into())
        };
        let file = wrap::writer(Vec::new()).on_close(ending).open_on(&engine).await.unwrap();
        if written {
            file.write_all(b"x").await.unwrap();
        }
        drop(file);
        let mut thread = None;
        eventually("the ending runs", || {
            thread = heard.try_recv().ok();
            thread.is_some()
        })
        .await;
        assert!(thread.unwrap().unwrap().starts_with("folio-worker"));
        eventually("its error is counted", || engine.snapshot().counters.unobserved_errors == before + 1)
            .await;
    }
}
