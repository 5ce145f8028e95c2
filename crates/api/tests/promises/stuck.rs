//! I4, S1, S2: an operation that does not come back is reported whatever its kind, and its caller is answered when the
//! engine stops.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use folio::actor::WriteAt;
use folio::{Buffering, Engine, File, Limits, Operation, Result, fs};
use folio_testkit::wait::settled;
use folio_testkit::{Call, Disk, Gate};
use tokio::io::AsyncWriteExt;

use crate::{PATH, eventually, open, soon};

/// Far more than one piece of a lent write.
const LONG: usize = 5 << 20;

type Begun = Pin<Box<dyn Future<Output = Result<()>> + Send>>;

/// A kind of operation, and the call inside of which it gets stuck.
struct Kind {
    name: &'static str,
    call: Call,
    begin: fn(Engine, File) -> Begun,
    /// How a report names it.
    operation: Operation,
}

const fn kind(
    name: &'static str,
    call: Call,
    operation: Operation,
    begin: fn(Engine, File) -> Begun,
) -> Kind {
    Kind { name, call, begin, operation }
}

/// The kinds of operation with a caller who waits for a worker.
fn kinds() -> Vec<Kind> {
    [plain_kinds(), kinds_of_their_own(), kinds_about_paths()].into_iter().flatten().collect()
}

fn plain_kinds() -> Vec<Kind> {
    use Operation::{Append, Lock, Read, SetLen, SyncAll, Write};
    vec![
        kind("a write", Call::WriteAt, Write, |_, file| {
            Box::pin(async move { file.write_all_at(b"x", 0).await })
        }),
        kind("a write at the cursor", Call::WriteAt, Write, |_, file| {
            Box::pin(async move { file.write_all(b"x").await })
        }),
        kind("a long write", Call::WriteAt, Write, |_, file| {
            Box::pin(async move { file.write_all_at(&vec![b'x'; LONG], 0).await })
        }),
        kind("an append", Call::Append, Append, |_, file| {
            Box::pin(async move { file.append(b"x").await.map(drop) })
        }),
        kind("a read", Call::ReadAt, Read, |_, file| {
            Box::pin(async move { file.read_bytes_at(0, 4).await.map(drop) })
        }),
        kind("a read at the cursor", Call::ReadAt, Read, |_, file| {
            Box::pin(async move { file.read_bytes(4).await.map(drop) })
        }),
        kind("a sync", Call::Sync, SyncAll, |_, file| Box::pin(async move { file.sync_all().await })),
        kind("a new length", Call::SetLen, SetLen, |_, file| Box::pin(async move { file.set_len(9).await })),
        kind("a lock", Call::Lock, Lock, |_, file| Box::pin(async move { file.lock().await })),
    ]
}

/// Those that wait in a way of their own.
fn kinds_of_their_own() -> Vec<Kind> {
    use Operation::{Close, Write};
    vec![
        kind("a close", Call::Close, Close, |_, file| {
            Box::pin(async move {
                file.write_all_at(b"x", 0).await?;
                file.close().await
            })
        }),
        kind("a message", Call::WriteAt, Write, |_, file| {
            Box::pin(async move {
                let actor = file.actor().expect("a plain file has an actor");
                let asked = actor.ask(WriteAt { offset: 0, bytes: "x".into() }).send().await;
                asked.map_err(|error| match error {
                    folio::actor::kameo::error::SendError::HandlerError(error) => error,
                    other => panic!("{other}"),
                })?;
                Ok(())
            })
        }),
        kind("tokio's write", Call::WriteAt, Write, |_, mut file| {
            Box::pin(async move {
                let written = async {
                    AsyncWriteExt::write_all(&mut file, b"x").await?;
                    AsyncWriteExt::flush(&mut file).await
                };
                written.await.map_err(|error| folio::Error::of(&error).expect("it is folio's").clone())
            })
        }),
        kind("a flush of a buffered file", Call::WriteAt, Write, |engine, _| {
            Box::pin(async move {
                let mut options = File::options();
                options.write(true).buffering(Buffering::Bytes(1 << 16));
                let file = options.open_on(&engine, PATH).await?;
                file.write_all(b"x").await?;
                file.flush().await
            })
        }),
    ]
}

fn kinds_about_paths() -> Vec<Kind> {
    use Operation::{Open, Read, ReadDir, Rename, Write};
    vec![
        kind("an open", Call::Open, Open, |engine, _| {
            Box::pin(async move { File::options().write(true).open_on(&engine, PATH).await.map(drop) })
        }),
        kind("a whole write", Call::WriteAt, Write, |engine, _| {
            Box::pin(async move { engine.scope(fs::write(PATH, vec![b'x'; LONG])).await })
        }),
        kind("a whole read", Call::ReadAt, Read, |engine, _| {
            Box::pin(async move { engine.scope(fs::read(PATH)).await.map(drop) })
        }),
        kind("a rename", Call::Rename, Rename, |engine, _| {
            Box::pin(async move { engine.scope(fs::rename(PATH, "/renamed")).await })
        }),
        kind("a walk", Call::ReadDir, ReadDir, |engine, _| {
            Box::pin(async move {
                engine.scope(async { fs::walk("/").next().await.expect("it has a root").map(drop) }).await
            })
        }),
    ]
}

/// Limits under which everything that runs counts as stuck.
fn reporting() -> Limits {
    let mut limits = Limits::default();
    limits.stuck_after = Duration::ZERO;
    limits
}

/// An engine on which everything of this kind gets stuck at the gate, and a file on it.
async fn stuck_bench(kind: &Kind, gate: &Gate) -> (Disk, Engine, File) {
    let disk = Disk::new();
    disk.put(PATH, "here");
    let engine = Engine::builder().limits(reporting()).storage(Arc::new(disk.clone())).start().unwrap();
    let file = open(&engine).await;
    disk.plan().on(Call::ReadNow).would_block();
    disk.plan().on(Call::OpenCached).would_block();
    disk.plan().on(kind.call).wait_for(gate);
    (disk, engine, file)
}

/// Cause: a caller waited for its worker alone. Loss: `shutdown(..).await` returned, and the tasks that had been stuck
/// hung until the device came back. Fix: a shutdown that does not wait any longer answers in the worker's place.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn s2_callers_of_stuck_operations_are_answered_when_the_engine_stops() {
    for kind in kinds() {
        let (name, gate) = (kind.name, Gate::closed());
        let (disk, engine, file) = stuck_bench(&kind, &gate).await;
        let asked = tokio::spawn((kind.begin)(engine.clone(), file));
        eventually(kind.name, || gate.waiting() > 0).await;
        let report = soon("the shutdown", engine.shutdown(Duration::from_millis(1))).await.unwrap();
        let error = soon(name, asked).await.unwrap().unwrap_err();
        assert!(error.is_closed() && error.may_have_happened(), "{name}: {error}");
        assert!(error.to_string().contains("unknown"), "{name}: {error}");
        let named = report.abandoned.iter().find(|one| one.operation == kind.operation);
        assert!(named.is_some(), "{name}: {report:?}");
        // The late results go nowhere, and leave nothing behind.
        gate.open();
        eventually("what was stuck is over", || engine.snapshot().in_flight == 0).await;
        eventually("no descriptor is left", || disk.open_files() == 0).await;
        assert_eq!(engine.snapshot().requests.len(), 0, "{name}");
        assert_eq!(engine.snapshot().counters.panics, 0, "{name}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn s2_those_behind_a_stuck_operation_are_answered_too() {
    let disk = Disk::new();
    disk.put(PATH, "");
    let engine = Engine::builder().storage(Arc::new(disk.clone())).start().unwrap();
    let gate = Gate::closed();
    disk.plan().on(Call::WriteAt).under(PATH).wait_for(&gate);
    let open_buffered = async |bytes| {
        let mut options = File::options();
        options.write(true).buffering(Buffering::Bytes(bytes));
        options.open_on(&engine, PATH).await
    };
    // A writer for whom a buffer has no room while its first chunk is stuck.
    let crowded = open_buffered(16).await.unwrap();
    let crowding = tokio::spawn(async move {
        for _ in 0..9 {
            crowded.write_all(b"12345678").await?;
        }
        Ok(())
    });
    eventually("a chunk gets stuck", || gate.waiting() > 0).await;
    // Operations that wait for an earlier one, and neighbours that one batch takes along.
    let file = open(&engine).await;
    let writes: Vec<_> = (0..6)
        .map(|index| {
            let file = file.clone();
            tokio::spawn(async move { file.write_all_at(b"xxxx", index * 4).await })
        })
        .collect();
    eventually("a write gets stuck", || gate.waiting() > 1).await;
    // An opening that waits for the final writes of a dropped file.
    disk.put("/dropped", "");
    let flushing = Gate::closed();
    disk.plan().on(Call::WriteAt).under("/dropped").wait_for(&flushing);
    let mut options = File::options();
    options.write(true).buffering(Buffering::Bytes(1 << 16));
    let dropped = options.open_on(&engine, "/dropped").await.unwrap();
    dropped.write_all(b"x").await.unwrap();
    drop(dropped);
    eventually("the final write gets stuck", || flushing.waiting() > 0).await;
    let opening = tokio::spawn({
        let engine = engine.clone();
        async move { File::options().read(true).open_on(&engine, "/dropped").await.map(drop) }
    });
    soon("the shutdown", engine.shutdown(Duration::from_millis(1))).await.unwrap();
    assert!(
        soon("the crowded writer", crowding)
            .await
            .unwrap()
            .is_err_and(|error: folio::Error| error.is_closed())
    );
    assert!(soon("the opening", opening).await.unwrap().unwrap_err().is_closed());
    let mut unknown = 0;
    for write in writes {
        let error = soon("a write", write).await.unwrap().unwrap_err();
        assert!(error.is_closed(), "{error}");
        unknown += usize::from(error.may_have_happened());
    }
    assert!(unknown > 0, "none of them was under way");
    gate.open();
    flushing.open();
    eventually("what was stuck is over", || engine.snapshot().in_flight == 0).await;
    assert_eq!(disk.contents("/dropped"), b"x", "what was accepted is written when the device returns");
}

/// A caller that has been given up on must not find the bytes of a late read taken from the cursor, nor a late lock kept.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn s2_a_late_result_has_no_effect_on_the_cursor_or_the_lock() {
    for call in [Call::ReadAt, Call::Lock] {
        let disk = Disk::new();
        disk.put(PATH, "here");
        let engine = Engine::builder().storage(Arc::new(disk.clone())).start().unwrap();
        let (file, gate) = (open(&engine).await, Gate::closed());
        let uncached = disk.plan().on(Call::ReadNow).nth(1).would_block();
        disk.plan().on(call).wait_for(&gate);
        let asked = tokio::spawn({
            let file = file.clone();
            async move { if call == Call::Lock { file.lock().await } else { file.read_bytes(4).await.map(drop) } }
        });
        eventually("it gets stuck", || gate.waiting() > 0).await;
        soon("the shutdown", engine.shutdown(Duration::ZERO)).await.unwrap();
        assert!(soon("the caller", asked).await.unwrap().unwrap_err().may_have_happened());
        gate.open();
        eventually("what was stuck is over", || engine.snapshot().in_flight == 0).await;
        match call {
            // Reads in place go on after a shutdown.
            Call::ReadAt => {
                assert_eq!((file.read_bytes(4).await.unwrap(), uncached.fired()), ("here".into(), 1))
            }
            _ => {
                let other = Engine::builder().storage(Arc::new(disk.clone())).start().unwrap();
                assert!(open(&other).await.try_lock().await.unwrap(), "the late lock is kept");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn i4_every_kind_of_stuck_operation_is_reported_once_with_path_and_age() {
    let reports = kinds().into_iter().map(|kind| {
        tokio::spawn(async move {
            let (name, gate) = (kind.name, Gate::closed());
            let (_disk, engine, file) = stuck_bench(&kind, &gate).await;
            let asked = tokio::spawn((kind.begin)(engine.clone(), file));
            eventually(kind.name, || gate.waiting() > 0).await;
            reported_once(name, &engine, &gate).await;
            gate.open();
            soon(name, asked).await.unwrap().unwrap();
        })
    });
    for report in reports.collect::<Vec<_>>() {
        soon("a report", report).await.unwrap();
    }
}

/// Waits for the report of what is stuck in this engine, and for the sweep after it.
pub(crate) async fn reported_once(name: &str, engine: &Engine, gate: &Gate) {
    eventually(name, || engine.snapshot().counters.stuck > 0).await;
    let seen = engine.snapshot();
    let files = seen.files.iter().filter(|file| file.running > 0).map(|file| (&file.path, file.oldest));
    let requests = seen.requests.iter().map(|request| (&request.path, Some(request.age)));
    let stuck: Vec<_> = files.chain(requests).collect();
    assert!(!stuck.is_empty() && gate.waiting() > 0, "{name}: {seen:?}");
    assert!(stuck.iter().all(|(path, age)| path.starts_with("/") && age.is_some()), "{name}: {stuck:?}");
    let reported = seen.counters.stuck;
    // The sweep that finds another one has looked at the first again.
    let (sender, receiver) = std::sync::mpsc::channel::<()>();
    let closure = tokio::spawn({
        let engine = engine.clone();
        async move { engine.run(move || receiver.recv().is_err()).await }
    });
    eventually(name, || engine.snapshot().counters.stuck > reported).await;
    assert_eq!(engine.snapshot().counters.stuck, reported + 1, "{name}");
    drop(sender);
    assert!(closure.await.unwrap().unwrap());
}

/// Nobody waits for these, so only the report tells of them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn i4_stuck_closes_of_dropped_files_are_reported() {
    for buffered in [false, true] {
        let disk = Disk::new();
        disk.put("/dropped", "");
        let engine = Engine::builder().limits(reporting()).storage(Arc::new(disk.clone())).start().unwrap();
        let gate = Gate::closed();
        let mut options = File::options();
        options.write(true).buffering(Buffering::Bytes(if buffered { 1 << 16 } else { 0 }));
        let file = options.open_on(&engine, "/dropped").await.unwrap();
        file.write_all(b"x").await.unwrap();
        disk.plan().on(if buffered { Call::WriteAt } else { Call::Close }).wait_for(&gate);
        drop(file);
        eventually("it gets stuck", || gate.waiting() > 0).await;
        reported_once("a dropped file", &engine, &gate).await;
        gate.open();
        settled(|| engine.snapshot()).await;
        assert_eq!(engine.snapshot().requests.len(), 0);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn i4_a_stuck_write_to_a_stream_is_reported() {
    let room = tempfile::tempdir().unwrap();
    let path = room.path().join("fifo");
    rustix::fs::mknodat(rustix::fs::CWD, &path, rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
    let engine = Engine::builder().limits(reporting()).start().unwrap();
    let reader = File::options().read(true).open_on(&engine, &path).await.unwrap();
    let writer = File::options().write(true).open_on(&engine, &path).await.unwrap();
    let writing = tokio::spawn(async move { writer.write_all(&vec![b'x'; 1 << 20]).await });
    eventually("it is reported", || engine.snapshot().counters.stuck > 0).await;
    let requests = engine.snapshot().requests;
    assert!(requests.iter().any(|one| one.path == path && one.operation == Operation::Write), "{requests:?}");
    drop(reader);
    assert!(soon("the writer", writing).await.unwrap().is_err());
}
