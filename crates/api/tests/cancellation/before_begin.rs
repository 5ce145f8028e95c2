//! C1: dropped before it began, an operation makes no call, and its permit is back at once.

use std::future::Future;
use std::io::SeekFrom;
use std::pin::Pin;

use folio::File;
use folio_testkit::polling::poll_once;
use folio_testkit::wait::eventually_blocking;
use folio_testkit::{Call, Disk, Gate};

use crate::stage::{Stage, read_write, wait};

type Act = fn(File) -> Pin<Box<dyn Future<Output = ()>>>;

macro_rules! act {
    (|$file:ident| $call:expr) => {
        |$file: File| Box::pin(async move { drop($call.await) })
    };
}

const ACTS: [(&str, Act); 11] = [
    ("read", act!(|file| file.read(&mut [0; 4]))),
    ("read_at", act!(|file| file.read_at(&mut [0; 4], 1))),
    ("read_bytes", act!(|file| file.read_bytes(4))),
    ("write_all", act!(|file| file.write_all(b"lost"))),
    ("write_all_at", act!(|file| file.write_all_at(b"lost", 1))),
    ("write_bytes", act!(|file| file.write_bytes("lost"))),
    ("append", act!(|file| file.append(b"lost"))),
    ("sync_data", act!(|file| file.sync_data())),
    ("set_len", act!(|file| file.set_len(0))),
    ("try_lock", act!(|file| file.try_lock())),
    ("close_all", act!(|file| file.close_all())),
];

/// Calls by which an operation of [`ACTS`] would reach the disk.
fn calls(disk: &Disk) -> u64 {
    let kinds =
        [Call::ReadAt, Call::WriteAt, Call::Append, Call::Sync, Call::SetLen, Call::Lock, Call::Close];
    kinds.into_iter().map(|call| disk.calls(call)).sum()
}

#[test]
fn c1_dropped_while_every_worker_is_stuck_it_makes_no_call_and_its_permit_is_back() {
    for (name, act) in ACTS {
        let stage = Stage::new(1);
        stage.nothing_in_place();
        let file = stage.open("/file", b"contents");
        let stuck = stage.stick();
        let before = calls(&stage.disk);
        let mut future = act(file.clone());
        assert!(poll_once(future.as_mut()).is_pending(), "{name} has to wait for the worker");
        assert_eq!(stage.in_flight(), 2, "{name} holds a permit");
        drop(future);
        assert_eq!(stage.in_flight(), 1, "{name}: only the stuck write holds one");
        let _blocker = stuck.free();
        stage.settle();
        wait(file.read_at(&mut [0; 1], 0)).expect("the file is still open");
        assert_eq!(calls(&stage.disk), before + 1, "{name}: only the last read reached the disk");
        assert_eq!(stage.disk.contents("/file"), b"contents", "{name}");
        assert_eq!(stage.engine.snapshot().counters.cancelled, 1, "{name}");
    }
}

#[test]
fn c1_dropped_behind_another_operation_of_its_file_it_makes_no_call_and_lets_later_ones_go() {
    let stage = Stage::new(4);
    stage.nothing_in_place();
    let file = stage.open("/file", b"contents");
    let gate = Gate::closed();
    stage.disk.plan().on(Call::ReadAt).nth(1).wait_for(&gate);
    let (reader, writer) = (file.clone(), file.clone());
    let mut read = Box::pin(async move { reader.read_at(&mut [0; 4], 0).await });
    assert!(poll_once(read.as_mut()).is_pending());
    gate.arrived(1);
    let mut write = Box::pin(async move { writer.write_all_at(b"lost", 0).await });
    assert!(poll_once(write.as_mut()).is_pending(), "it waits for the read");
    let later = file.clone();
    let mut later = Box::pin(async move {
        let mut buf = [0; 4];
        later.read_at(&mut buf, 2).await.map(|_| buf)
    });
    assert!(poll_once(later.as_mut()).is_pending(), "it waits for the write");
    // Eight bytes in the order itself: nothing is in the mailbox, whose messages would have it looked at again.
    eventually_blocking("both wait in the order", || stage.engine.snapshot().files[0].queued_bytes == 8);
    drop(write);
    assert_eq!(&wait(later).expect("nothing is before it any more"), b"nten");
    assert_eq!(stage.disk.calls(Call::WriteAt), 0);
    gate.open();
    assert_eq!(wait(read).expect("the gate is open"), 4);
    stage.settle();
}

#[test]
fn c1_dropped_while_it_waits_for_a_permit_it_leaves_the_permit_to_others() {
    let disk = Disk::new();
    let builder = folio::Engine::builder().storage(std::sync::Arc::new(disk.clone())).ops_max(1);
    let stage = Stage { engine: builder.start().expect("the engine starts"), disk };
    let file = stage.open("/file", b"contents");
    let stuck = stage.stick();
    let waiting = file.clone();
    let mut write = Box::pin(async move { waiting.write_all_at(b"lost", 0).await });
    assert!(poll_once(write.as_mut()).is_pending());
    assert_eq!(stage.in_flight(), 1, "there is one permit");
    drop(write);
    drop(stuck.free());
    wait(file.write_all_at(b"C", 0)).expect("the permit is free");
    assert_eq!(stage.disk.contents("/file"), b"Contents");
}

#[test]
fn c1_an_opening_dropped_before_it_began_opens_nothing() {
    let stage = Stage::new(1);
    stage.nothing_in_place();
    let stuck = stage.stick();
    let opens = stage.disk.calls(Call::Open);
    let options = read_write();
    let mut open = Box::pin(options.open_on(&stage.engine, "/new"));
    assert!(poll_once(open.as_mut()).is_pending());
    drop(open);
    assert_eq!(stage.in_flight(), 1, "only the stuck write holds a permit");
    drop(stuck.free());
    stage.settle();
    assert_eq!(stage.disk.calls(Call::Open), opens);
    assert!(!stage.disk.exists("/new"));
}

#[test]
fn c1_a_seek_dropped_before_it_began_leaves_the_cursor() {
    let stage = Stage::new(1);
    stage.nothing_in_place();
    let file = stage.open("/file", b"contents");
    let stuck = stage.stick();
    let (reader, seeker) = (file.clone(), file.clone());
    let mut read = Box::pin(async move { reader.read_bytes(4).await });
    assert!(poll_once(read.as_mut()).is_pending());
    let mut seek = Box::pin(async move { seeker.seek(SeekFrom::Start(7)).await });
    assert!(poll_once(seek.as_mut()).is_pending(), "it waits for the read before it");
    drop(seek);
    drop(stuck.free());
    assert_eq!(wait(read).expect("the worker is free"), &b"cont"[..]);
    assert_eq!(wait(file.stream_position()).expect("a file has a position"), 4);
}
