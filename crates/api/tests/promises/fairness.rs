//! B4: however much one file or caller asks for, another's next operation is soon its turn. Counted, never timed: how
//! many operations of the flood a worker carries out before it.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;

use folio::{Engine, File, fs};
use folio_testkit::polling::poll_once;
use folio_testkit::{Call, Disk, Fault, Gate};
use futures::future::join_all;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::{Pending, eventually, open_at};

/// Operations of a flood, far more than are admitted at a time.
const FLOOD: u64 = 1_000;
const BUSY: &str = "/busy/0";
const QUIET: &str = "/quiet";

/// An engine whose workers stop at the gate at each write below `/busy`.
fn flooded(workers: usize, ops_max: usize) -> (Disk, Engine, Gate, Fault) {
    let disk = Disk::new();
    disk.put(BUSY, "");
    disk.put(QUIET, "");
    let gate = Gate::closed();
    let writes = disk.plan().on(Call::WriteAt).under("/busy").wait_for(&gate);
    let builder = Engine::builder().workers_max(workers).ops_max(ops_max);
    let engine = builder.storage(Arc::new(disk.clone())).start().unwrap();
    (disk, engine, gate, writes)
}

/// Writes that no other operation of the flood blocks, and that merge with none.
fn pour(file: &File) -> Vec<Pending<'_, folio::Result<()>>> {
    (0..FLOOD).map(|index| Pending::new(file.write_bytes_at("f", index * 2))).collect()
}

/// Lets one write of the flood after another pass until `done` is, and returns how many it took.
async fn passed_before(gate: &Gate, writes: &Fault, mut done: impl FnMut() -> bool) -> u64 {
    let first = writes.fired();
    while !done() {
        let before = writes.fired();
        assert!(before < first + FLOOD / 2, "the flood goes first");
        gate.release(1);
        eventually("the worker comes back", || writes.fired() > before || done()).await;
    }
    writes.fired() - first
}

/// Spawns a task of its own for the operation, and returns when the operation has its place in line.
async fn caller<T: Send + 'static>(operation: impl Future<Output = T> + Send + 'static) -> JoinHandle<T> {
    let (sender, receiver) = oneshot::channel();
    let task = tokio::spawn(async move {
        let mut operation = pin!(operation);
        assert!(poll_once(operation.as_mut()).is_pending(), "there is no room for it");
        sender.send(()).expect("the test waits for it");
        operation.await
    });
    receiver.await.expect("the task polls its operation");
    task
}

#[tokio::test]
async fn b4_a_worker_takes_files_in_turn() {
    let (disk, engine, gate, writes) = flooded(1, 2 * FLOOD as usize);
    let (busy, quiet) = (open_at(&engine, BUSY).await, open_at(&engine, QUIET).await);
    let flood = pour(&busy);
    gate.arrived(1);
    let write = Pending::new(quiet.write_all(b"x"));
    let passed = passed_before(&gate, &writes, || !disk.contents(QUIET).is_empty()).await;
    assert!(passed <= 2, "{passed} writes of a file with a long queue went first");
    gate.open();
    write.done().await.unwrap();
    for write in flood {
        write.done().await.unwrap();
    }
    assert_eq!(disk.contents(BUSY).len() as u64, FLOOD * 2 - 1);
}

#[tokio::test]
async fn b4_permits_go_to_files_in_turn() {
    const OPS_MAX: usize = 8;
    let (disk, engine, gate, writes) = flooded(1, OPS_MAX);
    let (busy, quiet) = (open_at(&engine, BUSY).await, open_at(&engine, QUIET).await);
    let flood = pour(&busy);
    gate.arrived(1);
    assert_eq!(engine.snapshot().in_flight, OPS_MAX as u64, "the limit is reached");
    let mut write = pin!(quiet.write_all(b"x"));
    let mut written = false;
    let passed = passed_before(&gate, &writes, || {
        written = written || poll_once(write.as_mut()).is_ready();
        written
    });
    let passed = passed.await;
    assert!(passed <= 4, "{passed} writes of a file with a long line went first");
    gate.open();
    for write in flood {
        write.done().await.unwrap();
    }
    assert_eq!(disk.contents(QUIET), b"x");
}

#[tokio::test]
async fn b4_a_file_is_one_of_many_that_are_busy() {
    const BUSY_FILES: u64 = 20;
    let (disk, engine, gate, writes) = flooded(1, 2 * FLOOD as usize);
    let mut files = Vec::new();
    for index in 0..BUSY_FILES {
        let path = format!("/busy/{index}");
        disk.put(&path, "");
        files.push(open_at(&engine, &path).await);
    }
    let quiet = open_at(&engine, QUIET).await;
    let flood: Vec<_> = (0..FLOOD)
        .map(|index| {
            let file = &files[(index % BUSY_FILES) as usize];
            Pending::new(file.write_bytes_at("f", index * 2))
        })
        .collect();
    gate.arrived(1);
    let write = Pending::new(quiet.write_all(b"x"));
    let passed = passed_before(&gate, &writes, || !disk.contents(QUIET).is_empty()).await;
    assert!(passed <= BUSY_FILES + 2, "{passed} writes of {BUSY_FILES} files went first");
    gate.open();
    write.done().await.unwrap();
    for write in flood {
        write.done().await.unwrap();
    }
}

#[tokio::test]
async fn b4_callers_of_one_file_take_turns_at_permits() {
    const OPS_MAX: usize = 64;
    let (disk, engine, gate, writes) = flooded(1, OPS_MAX);
    let busy = open_at(&engine, BUSY).await;
    let (clone, other) = (busy.clone(), busy.clone());
    let flood = caller(async move {
        let written = join_all((0..FLOOD).map(|index| clone.write_bytes_at("f", index * 2))).await;
        written.into_iter().all(|one| one.is_ok())
    })
    .await;
    gate.arrived(1);
    let write = caller(async move { other.write_bytes_at("x", FLOOD * 2).await }).await;
    let passed = passed_before(&gate, &writes, || disk.contents(BUSY).len() as u64 > FLOOD * 2).await;
    assert!(passed <= 2 * OPS_MAX as u64, "{passed} writes of a caller with a long line went first");
    gate.open();
    write.await.unwrap().unwrap();
    assert!(flood.await.unwrap());
}

#[tokio::test]
async fn b4_callers_of_path_requests_take_turns() {
    let (disk, engine, gate, writes) = flooded(1, 8);
    let scope = engine.clone();
    let flood = caller(async move {
        let writes = (0..FLOOD).map(|_| fs::write(BUSY, b"f"));
        scope.scope(join_all(writes)).await.into_iter().all(|one| one.is_ok())
    })
    .await;
    gate.arrived(1);
    let scope = engine.clone();
    let write = caller(async move { scope.scope(fs::write(QUIET, b"x")).await }).await;
    let passed = passed_before(&gate, &writes, || !disk.contents(QUIET).is_empty()).await;
    assert!(passed <= 2 * 8, "{passed} requests of a caller with a long line went first");
    gate.open();
    write.await.unwrap().unwrap();
    assert!(flood.await.unwrap());
}
