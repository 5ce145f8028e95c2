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

use std::path::Path;
use std::sync::Arc;

use folio::Engine;
use folio::tempfile::TemporaryFile;
use folio_testkit::Disk;
use folio_testkit::polling::poll_once;
use folio_testkit::wait::{PATIENCE, eventually, settled};

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

/// Waits until an engine refuses everybody, which is how it says that its shutdown has begun.
async fn refusing(engine: &Engine) {
    let mut probe = TemporaryFile::builder();
    while !probe.in_dir("/missing").create_on(engine).await.unwrap_err().is_closed() {}
}
