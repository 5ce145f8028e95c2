//! Buffered files: what is accepted is seen by every operation on the file, bounded, and never lost.
//!
//! `accepted` shows what sees it and what writes it out, `full` the bounds and the order of those who wait,
//! `failing` what becomes of errors, `model` compares random programs with a file in memory, `ending` is the
//! end of handles, runtimes, engines and processes.

#![expect(clippy::unwrap_used, reason = "functions that tests share fail like the tests themselves")]

mod accepted;
mod ending;
mod failing;
mod full;
mod model;
mod process_ends;
mod spellings;

use std::sync::Arc;

use folio::{Buffering, Engine, File};
use folio_testkit::Disk;
use folio_testkit::polling::at_once;
use folio_testkit::wait::{PATIENCE, eventually, soon};

/// The file that most tests have on their simulated disk.
const PATH: &str = "/file";

/// An engine over a simulated disk with a file at [`PATH`] that holds `contents`.
fn bench(contents: &str) -> (Disk, Engine) {
    let disk = Disk::new();
    disk.put(PATH, contents);
    let engine = Engine::builder().storage(Arc::new(disk.clone())).start().unwrap();
    (disk, engine)
}

async fn open(engine: &Engine, bytes: usize) -> File {
    let mut options = File::options();
    options.read(true).write(true).buffering(Buffering::Bytes(bytes));
    options.open_on(engine, PATH).await.unwrap()
}

async fn open_to_append(engine: &Engine, bytes: usize) -> File {
    let mut options = File::options();
    options.read(true).append(true).buffering(Buffering::Bytes(bytes));
    options.open_on(engine, PATH).await.unwrap()
}

/// Has a crowd of jobs done on another file: whatever could start before it has started then.
async fn crowd(disk: &Disk, engine: &Engine) {
    disk.put("/other", "");
    let other = File::options().write(true).open_on(engine, "/other").await.unwrap();
    for offset in 0..50 {
        other.write_all_at(b"x", offset).await.unwrap();
    }
}
