//! What aiofiles has and never tests: the rest of its binary files, how they are opened, and many tasks on one file.

#![expect(clippy::unwrap_used, reason = "functions that tests share fail like the tests themselves")]

mod descriptors;
mod methods;
mod opening;
mod refused;
mod streams;
mod together;

use std::path::{Path, PathBuf};

use folio::{BinaryFile, OpenOptions};
use folio_testkit::process::descriptors_below;
use folio_testkit::wait::{eventually, soon};
use tempfile::TempDir;

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
