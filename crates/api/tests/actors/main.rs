//! Files among actors: messages at the limits, their order, failures that nobody hears, links, and what becomes
//! of a file whose actor is ended from outside.

#![expect(clippy::unwrap_used, reason = "functions that tests share fail like the tests themselves")]

mod ended;
mod limits;
mod links;
mod order;
mod unheard;

use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use folio::actor::{ActorRef, FileActor};
use folio::{Engine, EngineBuilder, File};
use folio_testkit::Disk;

/// How long an event may take that should come at once.
const PATIENCE: Duration = Duration::from_secs(60);

const PATH: &str = "/file";

/// A simulated disk with an empty file at [`PATH`], and an engine on it.
fn bench(limits: impl FnOnce(EngineBuilder) -> EngineBuilder) -> (Disk, Engine) {
    let disk = Disk::new();
    disk.put(PATH, "");
    let engine = limits(Engine::builder()).storage(Arc::new(disk.clone())).start().unwrap();
    (disk, engine)
}

async fn open(engine: &Engine) -> File {
    File::options().read(true).write(true).open_on(engine, PATH).await.unwrap()
}

fn actor_of(file: &File) -> ActorRef<FileActor> {
    file.actor().expect("a regular file has an actor")
}

async fn soon<F: Future>(what: &str, future: F) -> F::Output {
    match tokio::time::timeout(PATIENCE, future).await {
        Ok(output) => output,
        Err(_) => panic!("in vain: {what}"),
    }
}

async fn eventually(what: &str, mut condition: impl FnMut() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !condition() {
        assert!(Instant::now() < end, "in vain: {what}");
        tokio::task::yield_now().await;
    }
}

fn record(number: usize) -> String {
    format!("{number:07}\n")
}

/// The first `count` records, one after the other.
fn records(count: usize) -> String {
    (0..count).map(record).collect()
}
