//! D4, S2: threads that the system refuses, and threads that wait for each other.

use std::os::unix::process::CommandExt;
use std::time::Duration;

use folio::{Engine, Error, File, Limits, fs};
use folio_testkit::process::{NOBODY, again, is_again, is_superuser};
use folio_testkit::skip;
use folio_testkit::wait::block_on;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::{eventually, soon};

/// Errno of a refused thread.
const EAGAIN: i32 = 11;

/// Takes from this user the right to another thread; returns the limit before. The superuser is above it.
fn refuse_threads() -> Rlimit {
    let before = getrlimit(Resource::Nproc);
    setrlimit(Resource::Nproc, Rlimit { current: Some(0), maximum: before.maximum }).unwrap();
    before
}

fn assert_refused<T>(what: &str, result: Result<T, Error>) {
    let Err(error) = result else { panic!("{what} succeeded without a thread") };
    assert_eq!(error.raw_os_error(), Some(EAGAIN), "{what}: {error}");
    assert!(!error.is_closed() && !error.may_have_happened(), "{what}: {error}");
}

/// Cause: a job without a worker was dropped, which its caller took for the end of the engine; and tokio panics where
/// it gets no thread. Loss: a service at its limit of threads reported a stopped engine, or died. Fix: both say what the
/// system said.
#[tokio::test]
async fn d4_a_refused_thread_is_an_error_with_its_errno() {
    let test = "threads::d4_a_refused_thread_is_an_error_with_its_errno";
    if !is_again(test) {
        let mut again = again(test);
        if is_superuser() {
            again.uid(NOBODY).gid(NOBODY).current_dir("/");
        }
        return match again.status() {
            Ok(status) => assert!(status.success(), "it failed in a process of its own: {status}"),
            Err(error) => skip("what a refused thread means", &error.to_string()),
        };
    }
    let room = tempfile::tempdir().unwrap();
    let path = room.path().join("file");
    let mut limits = Limits::default();
    limits.worker_idle_max = Duration::ZERO;
    let engine = Engine::builder().limits(limits).start().unwrap();
    let mut options = File::options();
    let file = options.read(true).write(true).create(true).open_on(&engine, &path).await.unwrap();
    eventually("no worker is left", || engine.snapshot().pool.workers == 0).await;
    let before = refuse_threads();
    assert_refused("a write", soon("a write", file.write_all(b"x")).await);
    assert_refused("a sync", soon("a sync", file.sync_all()).await);
    assert_refused("a closure", soon("a closure", engine.run(|| ())).await);
    assert_refused("a whole write", soon("a whole write", engine.scope(fs::write(&path, b"x"))).await);
    assert_refused("an open", soon("an open", options.open_on(&engine, &path)).await);
    assert_refused("an engine", Engine::builder().start());
    assert!(engine.snapshot().pool.spawn_failures >= 5);
    // Once there are threads again, everything works.
    setrlimit(Resource::Nproc, before).unwrap();
    soon("a write", file.write_all(b"here")).await.unwrap();
    soon("a sync", file.sync_all()).await.unwrap();
    assert_eq!(soon("a read", engine.scope(fs::read(&path))).await.unwrap(), b"here");
    Engine::builder().start().unwrap();
}

/// Cause: each closure held a worker of the lane while it waited for another. Loss: twelve of them waited for ever.
/// Fix: a closure that a worker waits for runs on that worker.
#[tokio::test]
async fn s2_closures_that_wait_for_closures_come_to_an_end() {
    let engine = Engine::builder().workers_max(2).start().unwrap();
    let nested = (0..40_u64).map(|index| {
        let (outer, inner) = (engine.clone(), engine.clone());
        let closure = move || block_on(async { inner.run(move || index).await });
        tokio::spawn(async move { outer.run(closure).await.unwrap() })
    });
    for (index, nested) in nested.collect::<Vec<_>>().into_iter().enumerate() {
        assert_eq!(soon("a nested closure", nested).await.unwrap().unwrap(), index as u64);
    }
    // A panic stays with the closure that panicked.
    let inner = engine.clone();
    let caught = soon("the outer", engine.run(move || block_on(inner.run(|| panic!("on purpose"))))).await;
    assert!(caught.unwrap().unwrap_err().is_panicked());
    assert_eq!(engine.snapshot().counters.panics, 1);
}
