//! The promises of the design, each a test named after the one it tries to break.
//!
//! Faults are injected below the engine (testkit's disk) or made real (a full tmpfs, a FIFO without a peer, a
//! process that dies). A test waits for events, never for time; [`eventually`] only bounds such a wait.

#![expect(clippy::unwrap_used, reason = "functions that tests share fail like the tests themselves")]

mod atomicity;
mod closing;
mod debts;
mod descriptors;
mod durability;
mod isolation;
mod late;
mod order;
mod partial;
mod poison;
mod pressure;
mod process;
mod security;
mod shutdown;
mod special_files;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use folio::{Engine, File};
use folio_testkit::Disk;

/// How long an event may take that should come at once: far longer than a busy machine needs, and shorter
/// than a harness waits before it kills a hanging run without a message.
const PATIENCE: Duration = Duration::from_secs(30);

/// The file that most tests have on their simulated disk.
const PATH: &str = "/file";

/// An engine over a simulated disk with an empty file at [`PATH`].
fn bench() -> (Disk, Engine) {
    let disk = Disk::new();
    disk.put(PATH, "");
    let engine = engine_on(&disk);
    (disk, engine)
}

fn engine_on(disk: &Disk) -> Engine {
    Engine::builder().storage(Arc::new(disk.clone())).start().unwrap()
}

/// Opens [`PATH`] for reading and writing.
async fn open(engine: &Engine) -> File {
    open_at(engine, PATH).await
}

async fn open_at(engine: &Engine, path: &str) -> File {
    File::options().read(true).write(true).open_on(engine, path).await.unwrap()
}

/// Waits, without blocking other tasks, until `condition` holds.
async fn eventually(what: &str, mut condition: impl FnMut() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !condition() {
        assert!(Instant::now() < end, "in vain: {what}");
        tokio::task::yield_now().await;
    }
}

/// The same where no executor is.
fn eventually_blocking(what: &str, mut condition: impl FnMut() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !condition() {
        assert!(Instant::now() < end, "in vain: {what}");
        std::thread::yield_now();
    }
}

/// Waits for a future that must not hang.
async fn soon<F: Future>(what: &str, future: F) -> F::Output {
    match tokio::time::timeout(PATIENCE, future).await {
        Ok(output) => output,
        Err(_) => panic!("in vain: {what}"),
    }
}

/// An operation that has taken its place and is not done.
struct Queued<'a, T> {
    future: Pin<Box<dyn Future<Output = T> + Send + 'a>>,
}

impl<'a, T> Queued<'a, T> {
    /// Polls once, which is what makes an operation take its place.
    fn new(future: impl Future<Output = T> + Send + 'a) -> Self {
        let mut future: Pin<Box<dyn Future<Output = T> + Send + 'a>> = Box::pin(future);
        let polled = future.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        assert!(polled.is_pending(), "the operation should have to wait");
        Queued { future }
    }

    async fn done(self) -> T {
        soon("a queued operation resolves", self.future).await
    }
}

/// Polls a future once, to see whether it is ready at once.
fn at_once<F: Future>(future: F) -> Option<F::Output> {
    match std::pin::pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => Some(output),
        Poll::Pending => None,
    }
}
