//! Where no clock is paused, no task of tokio's blocking pool is used, by no kind of runtime.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use folio::{Buffering, Engine, File, fs};
use folio_testkit::wait::block_on;
use tokio::runtime::{Builder, Runtime};

use crate::{counted, paused};

/// Operations with and without a worker, some of them long enough to be parked for.
async fn work(room: &Path) {
    let mut options = File::options();
    options.read(true).write(true).create(true);
    for round in 0..100 {
        let file = options.open(room.join("file")).await.unwrap();
        file.write_bytes_at(vec![7; 1 << 20], 0).await.unwrap();
        file.read_bytes_at(0, 4096).await.unwrap();
        file.close().await.unwrap();
        fs::write(room.join(format!("{round}")), "text").await.unwrap();
        fs::read(room.join(format!("{round}"))).await.unwrap();
    }
    let buffered = options.buffering(Buffering::Bytes(4096)).open(room.join("file")).await.unwrap();
    for _ in 0..100 {
        buffered.write_all(&[7; 3000]).await.unwrap();
    }
    buffered.flush().await.unwrap();
    let engine = Engine::builder().start().unwrap();
    engine.run(|| ()).await.unwrap();
    engine.shutdown(std::time::Duration::from_secs(60)).await.unwrap();
}

/// How many threads a runtime has started, once it is gone: only its end waits for those that are just starting.
fn started(runtime: Runtime, count: &AtomicUsize) -> usize {
    drop(runtime);
    count.load(Ordering::Relaxed)
}

#[test]
fn a_runtime_of_one_thread_starts_no_blocking_one() {
    let room = tempfile::tempdir().unwrap();
    let (runtime, count) = counted(&mut Builder::new_current_thread());
    runtime.block_on(work(room.path()));
    assert_eq!(started(runtime, &count), 0);
}

#[test]
fn a_runtime_of_several_starts_none_either() {
    let room = tempfile::tempdir().unwrap();
    let (runtime, count) = counted(Builder::new_multi_thread().worker_threads(2));
    runtime.block_on(async { tokio::spawn(async move { work(room.path()).await }).await.unwrap() });
    assert_eq!(started(runtime, &count), 2);
}

#[test]
fn what_is_answered_in_place_leaves_even_a_paused_clock_alone() {
    let room = tempfile::tempdir().unwrap();
    std::fs::write(room.path().join("file"), "text").unwrap();
    let engine = Engine::builder().start().unwrap();
    // By another runtime: a worker may open it, and hold this one's clock meanwhile.
    let file = block_on(engine.scope(File::open(room.path().join("file")))).unwrap();
    let before = engine.snapshot().counters.in_place;
    let (runtime, count) = paused();
    runtime.block_on(async {
        for _ in 0..100 {
            // These are in place on every file system.
            file.metadata().await.unwrap();
            file.rewind().await.unwrap();
            file.stream_position().await.unwrap();
        }
    });
    assert_eq!(engine.snapshot().counters.in_place - before, 300);
    assert_eq!(started(runtime, &count), 0);
}

/// So the counts above would not have missed any.
#[test]
fn a_paused_clock_is_held_by_such_tasks() {
    let room = tempfile::tempdir().unwrap();
    let (runtime, count) = paused();
    runtime.block_on(work(room.path()));
    assert!(started(runtime, &count) > 0);
}
