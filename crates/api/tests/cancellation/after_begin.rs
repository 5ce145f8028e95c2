//! C2: dropped after it began, an operation finishes, whole, and a read loses nothing.

use folio_testkit::polling::poll_once;
use folio_testkit::wait::eventually_blocking;
use folio_testkit::{Call, Gate, errno::EIO};

use crate::stage::{Stage, read_write, wait};

#[test]
fn c2_a_write_dropped_after_it_began_finishes_whole() {
    let stage = Stage::new(2);
    let file = stage.open("/file", b"before");
    let gate = Gate::closed();
    stage.disk.plan().on(Call::WriteAt).nth(1).wait_for(&gate);
    let short = stage.disk.plan().on(Call::WriteAt).at_most(3);
    let writer = file.clone();
    let mut write = Box::pin(async move { writer.write_all(b"afterwards").await });
    assert!(poll_once(write.as_mut()).is_pending());
    gate.arrived(1);
    drop(write);
    assert_eq!(stage.in_flight(), 1, "it runs on and holds its permit");
    gate.open();
    stage.settle();
    assert_eq!(stage.disk.contents("/file"), b"afterwards");
    assert_eq!(short.fired(), 4, "the rest of a short write is written too");
    assert_eq!(wait(file.stream_position()).expect("a file has a position"), 10);
}

#[test]
fn c2_an_opening_dropped_after_it_began_leaves_no_descriptor() {
    for answered in [false, true] {
        let stage = Stage::new(2);
        stage.nothing_in_place();
        let gate = Gate::closed();
        stage.disk.plan().on(Call::Open).wait_for(&gate);
        let options = read_write();
        let mut open = Box::pin(options.open_on(&stage.engine, "/new"));
        assert!(poll_once(open.as_mut()).is_pending());
        gate.arrived(1);
        if answered {
            gate.open();
            stage.settle();
        }
        drop(open);
        gate.open();
        stage.settle();
        eventually_blocking("the descriptor is closed", || stage.disk.open_files() == 0);
        assert!(stage.disk.exists("/new"), "it was opened");
        eventually_blocking("the file is gone", || stage.engine.snapshot().files.is_empty());
    }
}

#[test]
fn c2_the_failure_of_a_dropped_write_is_reported_by_the_next_sync() {
    let stage = Stage::new(2);
    let file = stage.open("/file", b"before");
    let gate = Gate::closed();
    stage.disk.plan().on(Call::WriteAt).wait_for(&gate);
    stage.disk.plan().on(Call::WriteAt).fail(EIO);
    let writer = file.clone();
    let mut write = Box::pin(async move { writer.write_all(b"after").await });
    assert!(poll_once(write.as_mut()).is_pending());
    gate.arrived(1);
    drop(write);
    gate.open();
    stage.settle();
    assert_eq!(wait(file.sync_data()).expect_err("a write has failed").raw_os_error(), Some(EIO));
    assert_eq!(stage.engine.snapshot().counters.unobserved_errors, 1);
}

#[test]
fn c2_a_cursor_read_dropped_after_it_began_gives_its_bytes_to_the_next() {
    for answered in [false, true] {
        let stage = Stage::new(2);
        stage.nothing_in_place();
        let file = stage.open("/file", b"0123456789");
        let gate = Gate::closed();
        stage.disk.plan().on(Call::ReadAt).nth(1).wait_for(&gate);
        let reader = file.clone();
        let mut read = Box::pin(async move { reader.read_bytes(4).await });
        assert!(poll_once(read.as_mut()).is_pending());
        gate.arrived(1);
        if answered {
            gate.open();
            stage.settle();
        }
        drop(read);
        gate.open();
        assert_eq!(wait(file.read_bytes(4)).expect("the disk reads"), &b"0123"[..], "answered: {answered}");
        assert_eq!(wait(file.read_bytes(4)).expect("the disk reads"), &b"4567"[..], "answered: {answered}");
    }
}

/// Cause: what a read had taken was given back after a seek that came later. Loss: the next read delivered
/// it in place of what the seek had led to. Fix: what was taken before a seek is not given back.
#[test]
fn c2_a_seek_between_a_read_and_its_drop_stays_where_it_led() {
    let stage = Stage::new(2);
    stage.nothing_in_place();
    let file = stage.open("/file", b"0123456789");
    let reader = file.clone();
    let mut read = Box::pin(async move { reader.read_bytes(4).await });
    stage.answer_unseen(read.as_mut());
    wait(file.seek(std::io::SeekFrom::Start(6))).expect("a file has a position");
    drop(read);
    assert_eq!(wait(file.read_bytes(9)).expect("the disk reads"), &b"6789"[..]);
}

#[test]
fn c2_asking_for_the_position_keeps_what_was_given_back() {
    let stage = Stage::new(2);
    stage.nothing_in_place();
    let file = stage.open("/file", b"0123456789");
    let reader = file.clone();
    let mut read = Box::pin(async move { reader.read_bytes(4).await });
    stage.answer_unseen(read.as_mut());
    assert_eq!(wait(file.read_bytes(2)).expect("the disk reads"), &b"45"[..]);
    drop(read);
    assert_eq!(wait(file.stream_position()).expect("a file has a position"), 0);
    let rest: Vec<_> = (0..2).map(|_| wait(file.read_bytes(9)).expect("the disk reads")).collect();
    assert_eq!(rest, [&b"0123"[..], &b"6789"[..]]);
}
