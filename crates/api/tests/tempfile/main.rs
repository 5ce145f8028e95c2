//! Temporary files and directories: who may see them, when they go, and that nothing is left of them.
//!
//! What must fail or hang on order runs on the testkit's disk, the rest on the machine's own. Nothing waits for
//! time: [`eventually`] only bounds a wait for an event.

#![expect(clippy::unwrap_used, reason = "functions that tests share fail like the tests themselves")]

mod cancelled;
mod created;
mod directory;
mod dropped;
mod ending;
mod environment;
mod named;
mod parts;
mod spooled;
mod text;

use std::future::Future;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use folio::Engine;
use folio::tempfile::TemporaryFile;
use folio_testkit::Disk;

/// How long an event may take that should come at once.
const PATIENCE: Duration = Duration::from_secs(30);

/// Where temporary things are made on a simulated disk.
const ROOM: &str = "/room";

/// A directory of this test alone.
fn room() -> ::tempfile::TempDir {
    ::tempfile::TempDir::new().unwrap()
}

/// The names in a directory, sorted.
fn names(dir: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(dir).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// An engine over a simulated disk that has an empty [`ROOM`].
fn stage(ops_max: usize) -> (Disk, Engine) {
    let disk = Disk::new();
    disk.put_dir(ROOM);
    let engine = Engine::builder().ops_max(ops_max).storage(Arc::new(disk.clone())).start().unwrap();
    (disk, engine)
}

/// Waits, without blocking other tasks, until `condition` holds.
async fn eventually(what: &str, mut condition: impl FnMut() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !condition() {
        assert!(Instant::now() < end, "in vain: {what}");
        tokio::task::yield_now().await;
    }
}

/// Waits until an engine has nothing left to do.
async fn settled(engine: &Engine) {
    eventually("the engine comes to rest", || {
        let now = engine.snapshot();
        now.in_flight == 0 && now.pool.queued + now.pool.running == 0
    })
    .await;
}

/// Waits until an engine refuses everybody, which is how it says that its shutdown has begun.
async fn refusing(engine: &Engine) {
    let mut probe = TemporaryFile::builder();
    while !probe.in_dir("/missing").create_on(engine).await.unwrap_err().is_closed() {}
}

fn poll_once<F: Future + ?Sized>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}
