//! What aiofiles has and never tests: the rest of its binary files, how they are opened, and many tasks on one file.

#![expect(clippy::unwrap_used, reason = "functions that tests share fail like the tests themselves")]

mod descriptors;
mod methods;
mod opening;
mod refused;
mod streams;
mod together;

use std::future::Future;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use folio::{BinaryFile, OpenOptions};
use tempfile::TempDir;

/// Longer than anything takes on a busy machine: what has not come by then never comes.
const PATIENCE: Duration = Duration::from_secs(30);

const DIGITS: &[u8] = b"0123456789";

/// A directory with one file of ten digits.
struct Room {
    dir: TempDir,
}

impl Room {
    fn new() -> Room {
        let room = Room { dir: TempDir::new().unwrap() };
        room.put(DIGITS);
        room
    }

    fn path(&self) -> PathBuf {
        self.dir.path().join("file")
    }

    fn put(&self, contents: &[u8]) {
        std::fs::write(self.path(), contents).unwrap();
    }

    fn on_disk(&self) -> Vec<u8> {
        std::fs::read(self.path()).unwrap()
    }

    async fn open(&self, mode: &str, buffering: i64) -> BinaryFile {
        open(&self.path(), mode, buffering).await
    }
}

async fn open(path: &Path, mode: &str, buffering: i64) -> BinaryFile {
    let file = OpenOptions::new().python_mode(mode).buffering(buffering).open_binary(path).await;
    file.unwrap_or_else(|error| panic!("mode {mode}, buffering {buffering}: {error}"))
}

/// Descriptors of this process that lead below `dir`.
fn descriptors_below(dir: &Path) -> usize {
    let dir = dir.canonicalize().unwrap();
    let all = std::fs::read_dir("/proc/self/fd").unwrap();
    let targets = all.filter_map(|entry| std::fs::read_link(entry.ok()?.path()).ok());
    targets.filter(|target| target.starts_with(&dir)).count()
}

async fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < deadline, "in vain: {what}");
        tokio::task::yield_now().await;
    }
}

async fn soon<F: Future>(future: F) -> F::Output {
    tokio::time::timeout(PATIENCE, future).await.expect("it comes to an end")
}
