//! What a caller was in line for by polls and never fetches does not keep others waiting.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use folio::{Engine, File, os};
use folio_testkit::polling::poll_once;
use folio_testkit::{Call, Disk, Gate};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::stage::{read_write, wait};

fn write_once(file: &mut File, bytes: &[u8]) -> Poll<std::io::Result<usize>> {
    Pin::new(file).poll_write(&mut Context::from_waker(Waker::noop()), bytes)
}

fn read_once(file: &mut File) -> Poll<std::io::Result<()>> {
    Pin::new(file).poll_read(&mut Context::from_waker(Waker::noop()), &mut ReadBuf::new(&mut [0; 8]))
}

/// An engine that lets one operation in at a time.
fn narrow(disk: &Disk) -> Engine {
    let builder = Engine::builder().workers_max(1).ops_max(1);
    builder.storage(Arc::new(disk.clone())).start().expect("the engine starts")
}

#[test]
fn a_permit_goes_to_the_next() {
    let disk = Disk::new();
    let engine = narrow(&disk);
    let gate = Gate::closed();
    disk.plan().on(Call::WriteAt).nth(1).wait_for(&gate);
    let open = |path: &str| wait(read_write().open_on(&engine, path)).expect("it can be created");
    let (first, mut abandoned, next) = (open("/first"), open("/abandoned"), open("/next"));
    let mut stuck = Box::pin(first.write_all(b"stuck"));
    assert!(poll_once(stuck.as_mut()).is_pending());
    gate.arrived(1);
    assert!(write_once(&mut abandoned, b"never taken").is_pending());
    let mut behind = Box::pin(next.write_all(b"behind it"));
    assert!(poll_once(behind.as_mut()).is_pending());
    gate.open();
    wait(stuck).expect("the disk takes it");
    wait(behind).expect("the disk takes it");
    assert_eq!((disk.contents("/next"), disk.contents("/abandoned")), (b"behind it".to_vec(), Vec::new()));
}

#[test]
fn the_room_in_a_buffer_goes_to_the_next() {
    let disk = Disk::new();
    let engine = Engine::builder().workers_max(1).storage(Arc::new(disk.clone())).start();
    let engine = engine.expect("the engine starts");
    let gate = Gate::closed();
    disk.plan().on(Call::WriteAt).nth(1).wait_for(&gate);
    let mut abandoned = wait(read_write().buffering(8).open_on(&engine, "/file")).expect("it can be created");
    let next = abandoned.clone();
    for bytes in [b"123456", b"abcdef"] {
        wait(next.write_all(bytes)).expect("there is room");
    }
    gate.arrived(1);
    assert!(write_once(&mut abandoned, b"never").is_pending());
    let mut behind = Box::pin(next.write_all(b"behind"));
    assert!(poll_once(behind.as_mut()).is_pending());
    gate.open();
    wait(behind).expect("there is room again");
    wait(next.flush()).expect("the disk takes it");
    assert_eq!(disk.contents("/file"), b"123456abcdefbehind");
}

#[test]
fn a_fifo_is_read_on_by_the_next() {
    let dir = tempfile::tempdir().expect("there is room");
    let path = dir.path().join("fifo");
    wait(os::mkfifo(&path, 0o600)).expect("it can be made");
    let mut abandoned = wait(read_write().create(false).open(&path)).expect("it is there");
    let (next, mut writer) = (abandoned.clone(), abandoned.clone());
    assert!(read_once(&mut abandoned).is_pending());
    let mut waiting = Box::pin(next.read_bytes(8));
    assert!(poll_once(waiting.as_mut()).is_pending());
    // Behind one that holds the readers' line.
    assert!(read_once(&mut abandoned).is_pending());
    assert!(matches!(write_once(&mut writer, b"bytes"), Poll::Ready(Ok(5))));
    assert_eq!(wait(waiting).expect("they have come"), b"bytes"[..]);
    assert!(matches!(write_once(&mut writer, b"more"), Poll::Ready(Ok(4))));
    assert_eq!(wait(next.read_bytes(8)).expect("they have come"), b"more"[..]);
}
