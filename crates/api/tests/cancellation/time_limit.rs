//! C3: the error of a time limit says whether the operation had begun, and one that had not never happens.

use std::sync::Arc;
use std::time::Duration;

use folio::Engine;
use folio_testkit::{Call, Disk, Gate};

use crate::stage::{Stage, wait};

/// Shorter than anything the tests wait for, since the gates stay shut until it is over.
const SHORT: Duration = Duration::from_millis(5);

#[test]
fn c3_a_limit_that_ends_before_the_beginning_says_so_and_the_operation_never_happens() {
    let stage = Stage::new(1);
    let file = stage.open("/file", b"contents");
    let stuck = stage.stick();
    let error = wait(file.with_time_limit(SHORT).write_all_at(b"never", 0)).expect_err("the worker is stuck");
    assert!(error.is_timed_out() && !error.may_have_happened(), "{error}");
    assert_eq!(stage.in_flight(), 1, "only the stuck write holds a permit");
    drop(stuck.free());
    wait(file.sync_data()).expect("nothing has failed");
    assert_eq!(stage.disk.contents("/file"), b"contents");
    assert_eq!(stage.disk.calls(Call::WriteAt), 1, "the blocker's own");
}

#[test]
fn c3_a_limit_that_ends_before_there_is_a_permit_says_that_nothing_happened() {
    let disk = Disk::new();
    let builder = Engine::builder().storage(Arc::new(disk.clone())).ops_max(1);
    let stage = Stage { engine: builder.start().expect("the engine starts"), disk };
    let file = stage.open("/file", b"contents");
    let stuck = stage.stick();
    let error = wait(file.with_time_limit(SHORT).append(b"never")).expect_err("there is no permit");
    assert!(error.is_timed_out() && !error.may_have_happened(), "{error}");
    drop(stuck.free());
    wait(file.sync_data()).expect("the permit is free");
    assert_eq!(stage.disk.contents("/file"), b"contents");
}

#[test]
fn c3_a_limit_that_ends_after_the_beginning_says_so_and_the_operation_finishes() {
    let mut limit = SHORT;
    loop {
        let stage = Stage::new(1);
        let file = stage.open("/file", b"contents");
        let gate = Gate::closed();
        let fault = stage.disk.plan().on(Call::WriteAt).wait_for(&gate);
        let error =
            wait(file.with_time_limit(limit).write_all_at(b"CONTENTS", 0)).expect_err("the gate is shut");
        assert!(error.is_timed_out(), "{error}");
        gate.open();
        stage.settle();
        let happened = fault.fired() == 1;
        assert_eq!(stage.disk.contents("/file"), if happened { b"CONTENTS" } else { b"contents" });
        assert_eq!(error.may_have_happened(), happened, "{error}");
        if happened {
            return;
        }
        // This machine needs longer to start a thread.
        limit *= 2;
    }
}

#[test]
fn c3_a_limit_that_ends_during_a_cursor_read_leaves_the_bytes_to_the_next() {
    let stage = Stage::new(1);
    stage.nothing_in_place();
    let file = stage.open("/file", b"0123456789");
    let gate = Gate::closed();
    stage.disk.plan().on(Call::ReadAt).nth(1).wait_for(&gate);
    let error = wait(file.with_time_limit(SHORT).read_bytes(4)).expect_err("the gate is shut");
    assert!(error.is_timed_out(), "{error}");
    gate.open();
    assert_eq!(wait(file.read_bytes(9)).expect("the disk reads"), &b"012345678"[..]);
}
