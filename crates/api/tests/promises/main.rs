//! The promises of the design, each a test named after the one it tries to break.
//!
//! Faults are injected below the engine (testkit's disk) or made real (a full tmpfs, a FIFO without a peer, a
//! process that dies). A test waits for events, never for time; [`eventually`] only bounds such a wait.

#![expect(clippy::unwrap_used, reason = "functions that tests share fail like the tests themselves")]

mod at_the_limits;
mod atomicity;
mod closing;
mod debts;
mod descriptors;
mod durability;
#[cfg(all(target_os = "linux", not(folio_portable)))]
mod executors;
mod fairness;
mod isolation;
mod late;
mod order;
mod partial;
mod poison;
mod pressure;
mod priority;
mod process;
mod security;
mod shutdown;
mod special_files;
mod stuck;
mod stuck_devices;
#[cfg(target_os = "linux")]
mod stuck_mounts;
mod threads;

use std::sync::Arc;

use folio::{Engine, File};
use folio_testkit::Disk;
use folio_testkit::polling::{Pending, at_once};
use folio_testkit::wait::{PATIENCE, eventually, eventually_blocking, soon};

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
