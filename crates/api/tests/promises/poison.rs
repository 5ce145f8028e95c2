//! D3, D4: a failed sync is final, and every error has exactly one hearer.

use folio::{Error, Operation};
use folio_testkit::{
    Call, Gate,
    errno::{EIO, ENOSPC},
};

use crate::{PATH, Pending, at_once, bench, eventually, open, open_at};

#[tokio::test]
async fn d3_a_failed_sync_poisons_every_opening_and_is_never_retried() {
    let (disk, engine) = bench();
    engine_links(&disk);
    let (file, second) = (open(&engine).await, open(&engine).await);
    let by_other_name = open_at(&engine, "/link").await;
    file.write_all(b"data").await.unwrap();
    let fault = disk.plan().on(Call::Sync).nth(1).fail(EIO);
    let error = file.sync_data().await.unwrap_err();
    assert_eq!((error.raw_os_error(), error.is_poisoned(), fault.fired()), (Some(EIO), false, 1));
    let third = open(&engine).await;
    for (name, handle) in [
        ("own", &file),
        ("clone", &file.clone()),
        ("second", &second),
        ("link", &by_other_name),
        ("later", &third),
    ] {
        for error in [
            handle.sync_all().await.unwrap_err(),
            handle.sync_data().await.unwrap_err(),
            handle.write_all(b"more").await.unwrap_err(),
            handle.append(b"more").await.unwrap_err(),
            handle.set_len(0).await.unwrap_err(),
        ] {
            assert!(error.is_poisoned(), "{name}: {error}");
            assert_eq!(error.raw_os_error(), Some(EIO), "{name}");
        }
        assert_eq!(handle.read_bytes_at(0, 9).await.unwrap(), "data", "{name}: reads go on");
    }
    assert_eq!(disk.calls(Call::Sync), 1, "a failed sync was tried again");
    assert_eq!(disk.contents(PATH), b"data");
}

/// Gives the file a second name.
fn engine_links(disk: &folio_testkit::Disk) {
    use folio::storage::Names;
    disk.hard_link(PATH.as_ref(), disk, "/link".as_ref()).unwrap();
}

#[tokio::test]
async fn d3_a_queued_sync_behind_a_failing_one_makes_no_call() {
    let (disk, engine) = bench();
    let (file, second) = (open(&engine).await, open(&engine).await);
    let gate = Gate::closed();
    let held = disk.plan().on(Call::Sync).wait_for(&gate);
    let fault = disk.plan().on(Call::Sync).nth(1).fail(EIO);
    let first = Pending::new(file.sync_all());
    gate.arrived(1);
    let behind: Vec<_> = (0..8).map(|_| Pending::new(file.sync_all())).collect();
    gate.open();
    assert!(!first.done().await.unwrap_err().is_poisoned());
    for sync in behind {
        assert!(sync.done().await.unwrap_err().is_poisoned());
    }
    assert!(second.sync_all().await.unwrap_err().is_poisoned());
    assert_eq!((held.fired(), fault.fired(), disk.calls(Call::Sync)), (1, 1, 1));
}

#[tokio::test]
async fn d3_a_failed_close_poisons_the_other_openings() {
    for by_drop in [false, true] {
        let (disk, engine) = bench();
        let (file, second) = (open(&engine).await, open(&engine).await);
        file.write_all(b"data").await.unwrap();
        let fault = disk.plan().on(Call::Close).nth(1).fail(EIO);
        if by_drop {
            drop(file);
            eventually("the drop's close", || engine.snapshot().counters.unobserved_errors == 1).await;
        } else {
            assert_eq!(file.close().await.unwrap_err().raw_os_error(), Some(EIO));
        }
        let error = second.sync_all().await.unwrap_err();
        assert!(error.is_poisoned(), "by drop: {by_drop}: {error}");
        assert_eq!((fault.fired(), disk.calls(Call::Sync)), (1, 0));
    }
}

#[tokio::test]
async fn d3_a_sync_that_panicked_has_failed() {
    let (disk, engine) = bench();
    let (file, second) = (open(&engine).await, open(&engine).await);
    let fault = disk.plan().on(Call::Sync).nth(1).panic();
    assert!(file.sync_all().await.unwrap_err().is_panicked());
    assert!(second.sync_all().await.unwrap_err().is_poisoned());
    assert_eq!((fault.fired(), disk.calls(Call::Sync)), (1, 1));
}

#[tokio::test]
async fn d3_poison_ends_with_the_last_handle() {
    let (disk, engine) = bench();
    let (file, second) = (open(&engine).await, open(&engine).await);
    let fault = disk.plan().on(Call::Sync).nth(1).fail(EIO);
    file.sync_all().await.unwrap_err();
    drop(file);
    assert!(open(&engine).await.sync_all().await.unwrap_err().is_poisoned(), "one handle is left");
    drop(second);
    eventually("every opening is gone", || disk.open_files() == 0).await;
    open(&engine).await.sync_all().await.unwrap();
    assert_eq!(fault.fired(), 1);
}

#[tokio::test]
async fn d3_poison_has_ended_when_the_close_of_the_last_handle_returns() {
    let (disk, engine) = bench();
    for round in 0..200 {
        let file = open(&engine).await;
        file.write_all(b"data").await.unwrap();
        let fault = disk.plan().on(Call::Sync).nth(1).fail(EIO);
        file.sync_all().await.unwrap_err();
        assert!(file.close().await.unwrap_err().is_poisoned(), "round {round}");
        let again = open(&engine).await;
        again.write_all(b"data").await.unwrap_or_else(|error| panic!("round {round}: {error}"));
        again.close().await.unwrap();
        assert_eq!(fault.fired(), 1);
        fault.lift();
    }
}

#[tokio::test]
async fn d4_an_error_reaches_the_one_caller_whose_operation_failed() {
    for failing in 0..6_u64 {
        let (disk, engine) = bench();
        let file = open(&engine).await;
        let gate = Gate::closed();
        let held = disk.plan().on(Call::SetLen).wait_for(&gate);
        let before = Pending::new(file.set_len(0));
        gate.arrived(1);
        // Not contiguous, so that each is a system call of its own.
        let writes: Vec<_> =
            (0..6).map(|index| Pending::new(file.write_bytes_at("abc", index * 10))).collect();
        let fault = disk.plan().on(Call::WriteAt).under(PATH).nth(failing + 1).tear(2, ENOSPC);
        gate.open();
        before.done().await.unwrap();
        let mut errors: Vec<Error> = Vec::new();
        for write in writes {
            errors.extend(write.done().await.err());
        }
        assert_eq!((held.fired(), fault.fired(), errors.len()), (1, 1, 1), "{errors:?}");
        let error = &errors[0];
        assert_eq!((error.operation(), error.raw_os_error()), (Operation::Write, Some(ENOSPC)));
        assert_eq!(error.path(), Some(PATH.as_ref()));
        assert_eq!(error.offset().map(|offset| offset % 10), Some(0), "{error}");
        assert_eq!(engine.snapshot().counters.unobserved_errors, 0, "somebody did hear it");
    }
}

#[tokio::test]
async fn d4_an_error_that_nobody_is_left_to_hear_is_counted_and_owed_to_the_next_sync() {
    let (disk, engine) = bench();
    let file = open(&engine).await;
    let gate = Gate::closed();
    let held = disk.plan().on(Call::WriteAt).wait_for(&gate);
    let fault = disk.plan().on(Call::WriteAt).nth(1).fail(ENOSPC);
    let write = Pending::new(file.write_all(b"lost"));
    gate.arrived(1);
    drop(write);
    gate.open();
    eventually("the error is counted", || engine.snapshot().counters.unobserved_errors == 1).await;
    check_owed_once(&file).await;
    assert_eq!((held.fired(), fault.fired()), (1, 1));
    eventually("the error is counted", || engine.snapshot().counters.unobserved_errors == 1).await;
}

#[tokio::test]
async fn d4_an_error_that_was_answered_and_not_looked_at_is_reported_once() {
    let (disk, engine) = bench();
    let file = open(&engine).await;
    let gate = Gate::closed();
    let held = disk.plan().on(Call::WriteAt).wait_for(&gate);
    let fault = disk.plan().on(Call::WriteAt).nth(1).fail(ENOSPC);
    let write = Pending::new(file.write_all(b"lost"));
    gate.open();
    eventually("the write has ended", || engine.snapshot().in_flight == 0).await;
    assert_eq!(file.sync_all().await.unwrap_err().raw_os_error(), Some(ENOSPC));
    drop(write);
    file.sync_all().await.unwrap_or_else(|error| panic!("reported a second time: {error}"));
    assert_eq!((held.fired(), fault.fired()), (1, 1));
    assert_eq!(engine.snapshot().counters.unobserved_errors, 1);
}

#[tokio::test]
async fn d4_a_sync_that_nobody_heard_has_not_settled_the_debt() {
    let (disk, engine) = bench();
    let file = open(&engine).await;
    let fault = disk.plan().on(Call::WriteAt).nth(1).fail(ENOSPC);
    file.write_all(b"lost").await.unwrap_err();
    // The sync that tells of the write makes no call that could be held up, so a length change before it is.
    let gate = Gate::closed();
    let held = disk.plan().on(Call::SetLen).wait_for(&gate);
    let before = Pending::new(file.set_len(0));
    let unheard = Pending::new(file.sync_all());
    gate.open();
    eventually("both have ended", || engine.snapshot().in_flight == 0).await;
    drop((before, unheard));
    check_owed_once(&file).await;
    assert_eq!((held.fired(), fault.fired()), (1, 1));
}

#[tokio::test]
async fn d4_close_returns_an_error_that_nobody_heard() {
    let (disk, engine) = bench();
    let file = open(&engine).await;
    let gate = Gate::closed();
    let held = disk.plan().on(Call::Append).wait_for(&gate);
    let fault = disk.plan().on(Call::Append).nth(1).fail(EIO);
    let append = Pending::new(file.append(b"lost"));
    gate.arrived(1);
    drop(append);
    gate.open();
    eventually("the error is counted", || engine.snapshot().counters.unobserved_errors == 1).await;
    assert_eq!(file.close().await.unwrap_err().raw_os_error(), Some(EIO));
    assert_eq!((held.fired(), fault.fired()), (1, 1));
}

#[tokio::test]
async fn d4_a_panic_that_nobody_is_left_to_hear_is_counted_too() {
    let (disk, engine) = bench();
    let file = open(&engine).await;
    let gate = Gate::closed();
    let held = disk.plan().on(Call::WriteAt).wait_for(&gate);
    let fault = disk.plan().on(Call::WriteAt).nth(1).panic();
    let write = Pending::new(file.write_all(b"lost"));
    gate.arrived(1);
    drop(write);
    gate.open();
    eventually("the error is counted", || engine.snapshot().counters.unobserved_errors == 1).await;
    assert!(file.sync_all().await.is_err());
    assert_eq!((held.fired(), fault.fired()), (1, 1));
}

async fn check_owed_once(file: &folio::File) {
    let error = file.sync_all().await.unwrap_err();
    assert_eq!((error.operation(), error.raw_os_error()), (Operation::SyncAll, Some(ENOSPC)));
    assert!(!error.is_poisoned(), "a failed write is no failed sync");
    file.sync_all().await.unwrap_or_else(|error| panic!("reported a second time: {error}"));
    assert!(at_once(file.stream_position()).is_some(), "nothing is left in the queue");
}
