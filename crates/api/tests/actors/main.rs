//! Files among actors: messages at the limits, their order, failures that nobody hears, links, and what becomes
//! of a file whose actor is ended from outside.

#![expect(clippy::unwrap_used, reason = "functions that tests share fail like the tests themselves")]

mod ended;
mod limits;
mod links;
mod order;
mod unheard;

use std::sync::Arc;

use folio::actor::{ActorRef, FileActor};
use folio::{Engine, EngineBuilder, File};
use folio_testkit::Disk;
use folio_testkit::wait::{PATIENCE, eventually, soon};

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

fn record(number: usize) -> String {
    format!("{number:07}\n")
}

/// The first `count` records, one after the other.
fn records(count: usize) -> String {
    (0..count).map(record).collect()
}
