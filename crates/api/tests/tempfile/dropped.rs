//! Removal after a drop: never on the dropping thread, never lost, awaited by a shutdown.

use std::pin::pin;

use folio::tempfile::{TemporaryDirectory, TemporaryDirectoryBuilder};
use folio_testkit::errno::EIO;
use folio_testkit::{Call, Gate};

use crate::{PATIENCE, ROOM, eventually, poll_once, refusing, settled, stage};

fn in_room() -> TemporaryDirectoryBuilder {
    let mut builder = TemporaryDirectory::builder();
    builder.in_dir(ROOM);
    builder
}

#[tokio::test]
async fn a_drop_returns_while_the_removal_hangs() {
    let (disk, engine) = stage(100);
    let room = in_room().create_on(&engine).await.unwrap();
    let gate = Gate::closed();
    let _fault = disk.plan().on(Call::RemoveDir).wait_for(&gate);
    drop(room);
    gate.arrived(1);
    assert_eq!(disk.list(ROOM).len(), 1);
    gate.open();
    eventually("it goes", || disk.list(ROOM).is_empty()).await;
}

#[test]
fn a_drop_outside_of_any_runtime_removes_too() {
    let (disk, engine) = stage(100);
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let room = runtime.block_on(in_room().create_on(&engine)).unwrap();
    drop(runtime);
    drop(room);
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(engine.shutdown(PATIENCE)).unwrap();
    assert!(disk.list(ROOM).is_empty());
}

#[tokio::test]
async fn removals_that_find_no_room_wait_for_it_and_none_is_lost() {
    // One operation at a time, and that one hangs: the other drops can only line up.
    let (disk, engine) = stage(1);
    let mut rooms = Vec::new();
    for _ in 0..20 {
        rooms.push(in_room().create_on(&engine).await.unwrap());
    }
    let gate = Gate::closed();
    let _fault = disk.plan().on(Call::RemoveDir).wait_for(&gate);
    drop(rooms);
    gate.arrived(1);
    assert_eq!((disk.list(ROOM).len(), engine.snapshot().in_flight), (20, 1));
    gate.open();
    let report = engine.shutdown(PATIENCE).await.unwrap();
    assert_eq!(disk.list(ROOM), [""; 0]);
    assert!(report.never_started == 0 && report.abandoned.is_empty(), "{report:?}");
    assert_eq!(engine.snapshot().counters.unobserved_errors, 0);
}

#[tokio::test]
async fn removals_go_on_when_the_last_handle_of_their_engine_is_gone() {
    let (disk, engine) = stage(1);
    let mut rooms = Vec::new();
    for _ in 0..5 {
        rooms.push(in_room().create_on(&engine).await.unwrap());
    }
    drop(engine);
    drop(rooms);
    eventually("they go", || disk.list(ROOM).is_empty()).await;
}

#[tokio::test]
async fn what_is_dropped_while_the_engine_shuts_down_is_removed_by_then() {
    let (disk, engine) = stage(100);
    let (first, second) =
        (in_room().create_on(&engine).await.unwrap(), in_room().create_on(&engine).await.unwrap());
    let gate = Gate::closed();
    let _fault = disk.plan().on(Call::RemoveDir).wait_for(&gate);
    drop(first);
    let mut shutdown = pin!(engine.shutdown(PATIENCE));
    assert!(poll_once(shutdown.as_mut()).is_pending());
    gate.arrived(1);
    refusing(&engine).await;
    drop(second);
    gate.open();
    shutdown.await.unwrap();
    assert_eq!(disk.list(ROOM), [""; 0]);
    assert_eq!(engine.snapshot().counters.unobserved_errors, 0);
}

#[tokio::test]
async fn a_removal_after_the_shutdown_is_counted_as_lost() {
    let (disk, engine) = stage(100);
    let room = in_room().create_on(&engine).await.unwrap();
    engine.shutdown(PATIENCE).await.unwrap();
    drop(room);
    assert_eq!(engine.snapshot().counters.unobserved_errors, 1);
    assert_eq!(disk.list(ROOM).len(), 1);
}

#[tokio::test]
async fn a_removal_that_a_shutdown_gave_up_is_counted_as_lost() {
    let (disk, engine) = stage(100);
    let engine = {
        drop(engine);
        let storage = std::sync::Arc::new(disk.clone());
        folio::Engine::builder().workers_max(1).storage(storage).start().unwrap()
    };
    let rooms = [in_room().create_on(&engine).await.unwrap(), in_room().create_on(&engine).await.unwrap()];
    let gate = Gate::closed();
    let _fault = disk.plan().on(Call::RemoveDir).wait_for(&gate);
    drop(rooms);
    gate.arrived(1);
    let report = engine.shutdown(std::time::Duration::ZERO).await.unwrap();
    assert_eq!((report.never_started, report.abandoned.len()), (1, 1), "{report:?}");
    assert_eq!(engine.snapshot().counters.unobserved_errors, 1);
    gate.open();
}

#[tokio::test]
async fn a_failed_removal_is_counted_unless_it_was_to_be_ignored() {
    let (disk, engine) = stage(100);
    let _fault = disk.plan().on(Call::RemoveDir).fail(EIO);
    for (ignores, expected) in [(true, 0), (false, 1)] {
        let room = in_room().ignore_cleanup_errors(ignores).create_on(&engine).await.unwrap();
        drop(room);
        settled(|| engine.snapshot()).await;
        assert_eq!(engine.snapshot().counters.unobserved_errors, expected, "ignores: {ignores}");
    }
}
