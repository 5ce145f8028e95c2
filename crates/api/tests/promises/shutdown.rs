//! S1, S2: an engine stops in time and says what became of everything; every future resolves.

use std::sync::Arc;
use std::time::{Duration, Instant};

use folio::{Engine, File, Limits, Operation, ShutdownReport};
use folio_testkit::wait::eventually;
use folio_testkit::{Call, Disk, Gate, Random, seeds};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::{PATH, Pending, bench, engine_on, open, open_at, soon};

const TRIALS: u64 = 50;

/// How much later than its deadline a shutdown may return on a busy machine.
const SLACK: Duration = Duration::from_millis(1_500);

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

async fn timed_shutdown(engine: &Engine, deadline: Duration) -> ShutdownReport {
    let begun = Instant::now();
    let report = soon("the shutdown", engine.shutdown(deadline)).await.unwrap();
    assert!(begun.elapsed() < deadline + SLACK, "{:?} instead of {deadline:?}", begun.elapsed());
    report
}

#[test]
fn s1_shutdown_returns_by_its_deadline_with_an_exact_report() {
    let runtime = runtime();
    seeds(TRIALS, |seed| runtime.block_on(one_shutdown(seed)));
}

/// Some operations are stuck inside the storage, some queue behind them in their file, some for a worker, and
/// some for a permit.
async fn one_shutdown(seed: u64) {
    let mut random = Random::new(seed);
    let disk = Disk::new();
    let ops_max = random.within(2..40) as usize;
    let engine =
        Engine::builder().workers_max(4).ops_max(ops_max).storage(Arc::new(disk.clone())).start().unwrap();
    let gate = Gate::closed();
    disk.plan().on(Call::SetLen).wait_for(&gate);
    let mut files = Vec::new();
    for index in 0..random.within(1..4) {
        let path = format!("/file{index}");
        disk.put(&path, "");
        files.push(open_at(&engine, &path).await);
    }
    let asked: Vec<_> = (0..random.within(1..60))
        .map(|_| {
            let file = files[random.index(files.len())].clone();
            let asked = Pending::new(async move { file.set_len(3).await });
            tokio::spawn(asked.done())
        })
        .collect();
    gate.arrived(1);
    let heals = random.chance(30);
    if heals {
        gate.open();
    }
    let deadline = Duration::from_millis(if heals { 20_000 } else { random.within(0..30) });
    let total = asked.len() as u64;
    let report = timed_shutdown(&engine, deadline).await;
    let abandoned = report.abandoned.len() as u64;
    let told = [report.completed, report.never_started, abandoned];
    if heals {
        assert_eq!((report.never_started, abandoned), (0, 0), "{told:?} of {total}, {ops_max} permits");
    } else {
        assert_eq!(told.iter().sum::<u64>(), total, "{told:?} of {total}, {ops_max} permits");
        assert_eq!(report.completed, 0, "{told:?}");
    }
    assert!(report.abandoned.iter().all(|one| one.operation == Operation::SetLen));
    // What is inside the storage ends when the storage lets it go; its callers do not wait for that.
    let mut begun = 0;
    for operation in asked {
        match soon("an operation", operation).await.unwrap() {
            Ok(()) => begun += u64::from(heals),
            Err(error) => {
                assert!(error.is_closed(), "{error}");
                begun += u64::from(error.may_have_happened());
            }
        }
    }
    assert_eq!(begun, if heals { total } else { abandoned }, "what never began was done, or the reverse");
    gate.open();
    assert!(files[0].set_len(0).await.unwrap_err().is_closed());
}

#[tokio::test]
async fn s1_a_long_queue_of_one_file_is_let_go_of_without_a_crash() {
    const QUEUED: usize = 2_900;
    let (disk, engine) = bench();
    disk.put("/other", "");
    let (file, other) = (open(&engine).await, open_at(&engine, "/other").await);
    let gate = Gate::closed();
    let held = disk.plan().on(Call::SetLen).wait_for(&gate);
    // All workers are held by one file's reads, so that the other one's first operation waits for a worker.
    let reading = disk.plan().on(Call::ReadAt).wait_for(&gate);
    disk.plan().on(Call::ReadNow).would_block();
    let mut buffers = [[0; 1]; 64];
    let reads: Vec<_> = buffers.iter_mut().map(|buf| Pending::new(file.read_at(buf, 0))).collect();
    // Every one of them: files take turns, so that a free worker would take the other's next.
    gate.arrived(Limits::default().lane_workers_max as u64);
    let cuts: Vec<_> = (0..QUEUED).map(|len| Pending::new(other.set_len(len as u64))).collect();
    let report = timed_shutdown(&engine, Duration::from_millis(10)).await;
    assert_eq!(report.never_started + report.abandoned.len() as u64, (QUEUED + reads.len()) as u64);
    for cut in cuts {
        assert!(cut.done().await.unwrap_err().is_closed());
    }
    for read in reads {
        assert!(read.done().await.unwrap_err().is_closed());
    }
    gate.open();
    assert!(reading.fired() > 0 && held.fired() == 0);
}

#[tokio::test]
async fn s1_a_second_shutdown_says_that_there_is_nothing_left() {
    let (_disk, engine) = bench();
    let file = open(&engine).await;
    file.write_all(b"x").await.unwrap();
    let report = timed_shutdown(&engine, Duration::from_secs(20)).await;
    assert_eq!((report.completed, report.never_started, report.abandoned.len()), (0, 0, 0));
    assert!(file.write_all(b"y").await.unwrap_err().is_closed());
}

#[test]
fn s2_a_file_survives_the_runtime_it_was_opened_on() {
    let room = TempDir::new().unwrap();
    let path = room.path().join("log");
    let first = runtime();
    let file = first.block_on(async {
        let file = File::options().read(true).write(true).create(true).open(&path).await.unwrap();
        // The file's actor runs by now, and its operations are under way while the runtime dies.
        for index in 0..50_u64 {
            let file = file.clone();
            tokio::spawn(async move { file.write_all_at(b"early", 100 + index * 5).await });
        }
        file.write_all(b"one ").await.unwrap();
        file
    });
    drop(first);
    for round in 0..20 {
        let runtime = runtime();
        runtime.block_on(async {
            soon("a write from a living runtime", file.append_bytes(format!("{round} "))).await.unwrap();
            soon("a sync", file.sync_data()).await.unwrap();
            assert_eq!(file.read_bytes_at(0, 4).await.unwrap(), "one ");
        });
        runtime.shutdown_background();
    }
}

#[test]
fn s2_every_future_resolves_when_its_runtime_dies_in_the_middle() {
    let disk = Disk::new();
    disk.put(PATH, "");
    let engine = engine_on(&disk);
    let gate = Gate::closed();
    let held = disk.plan().on(Call::Append).wait_for(&gate);
    let (dying, living) = (runtime(), runtime());
    let file = dying.block_on(open(&engine));
    for _ in 0..20 {
        let file = file.clone();
        dying.spawn(async move { file.append(b"dying ").await });
    }
    gate.arrived(1);
    let others: Vec<_> = (0..20)
        .map(|_| {
            let file = file.clone();
            living.spawn(async move { file.append(b"living").await })
        })
        .collect();
    dying.shutdown_background();
    gate.open();
    living.block_on(async {
        for other in others {
            soon("an append of the living", other).await.unwrap().unwrap();
        }
        soon("a sync after all", file.sync_all()).await.unwrap();
        let contents = disk.contents(PATH);
        assert_eq!(contents.chunks(6).filter(|record| *record == b"living").count(), 20);
        assert!(contents.chunks(6).all(|record| record == b"living" || record == b"dying "), "half a record");
        assert_eq!(engine.snapshot().in_flight, 0);
    });
    assert!(held.fired() > 0);
}

#[tokio::test]
async fn s1_a_shutdown_ends_what_waits_for_the_peer_of_a_fifo() {
    let room = TempDir::new().unwrap();
    let path = room.path().join("fifo");
    rustix::fs::mknodat(rustix::fs::CWD, &path, rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
    let engine = Engine::builder().start().unwrap();
    let reader = File::options().read(true).open_on(&engine, &path).await.unwrap();
    let writer = File::options().write(true).open_on(&engine, &path).await.unwrap();
    // More than a FIFO holds, and nobody reads: begun, and never to be finished.
    let writing = tokio::spawn(async move { writer.write_all(&vec![b'x'; 1 << 20]).await });
    eventually("the write begins", || engine.snapshot().in_flight > 0).await;
    let silent = room.path().join("silent");
    rustix::fs::mknodat(rustix::fs::CWD, &silent, rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
    let waiting = File::options().read(true).open_on(&engine, &silent).await.unwrap();
    let reading = tokio::spawn(async move { waiting.read(&mut [0]).await });
    let report = soon("the shutdown", engine.shutdown(Duration::from_millis(50))).await.unwrap();
    let refused = soon("the read", reading).await.unwrap().unwrap_err();
    assert!(refused.is_closed(), "{refused}");
    let cut = soon("the write", writing).await.unwrap().unwrap_err();
    assert!(cut.is_closed() && cut.may_have_happened() && cut.bytes_done() > 0, "{cut}");
    assert_eq!((report.never_started, report.abandoned.len()), (0, 1), "{report:?}");
    drop(reader);
}

#[tokio::test]
async fn s1_nothing_new_is_let_in_after_a_shutdown() {
    let room = TempDir::new().unwrap();
    let path = room.path().join("file");
    std::fs::write(&path, "here").unwrap();
    let engine = Engine::builder().start().unwrap();
    let file = File::options().read(true).write(true).open_on(&engine, &path).await.unwrap();
    engine.shutdown(Duration::from_secs(5)).await.unwrap();
    assert!(File::options().read(true).open_on(&engine, &path).await.unwrap_err().is_closed());
    assert!(file.write_all(b"late").await.unwrap_err().is_closed());
    assert!(!file.append(b"late").await.unwrap_err().may_have_happened());
    assert_eq!(std::fs::read(&path).unwrap(), b"here");
}
