//! A1, A2: a file that is replaced is the old one or the new one, and nothing is left beside it.

#![expect(clippy::unwrap_used, reason = "functions that tests share fail like the tests themselves")]

mod cancelled;
mod durable_names;
mod faults;
mod handles;
mod kept;
mod killed;
mod links;
mod power;
mod races;
mod sweeping;

use std::path::Path;
use std::sync::Arc;

use folio::{Dir, Durability, Engine, ReplaceOptions, Result};
use folio_testkit::Disk;

const OLD: &[u8] = b"old contents";

/// Two pages and a little, so that a write of it can tear.
fn new() -> Vec<u8> {
    (0..9_000).map(|at| (at % 251) as u8).collect()
}

/// Where the file is on the simulated disks.
const PATH: &str = "/dir/file";

/// An engine over a simulated disk, with a file at [`PATH`] or without.
fn bench(with_old: bool) -> (Disk, Engine) {
    let disk = Disk::new();
    disk.put_dir("/dir");
    if with_old {
        disk.put(PATH, OLD);
    }
    let engine = Engine::builder().storage(Arc::new(disk.clone())).start().unwrap();
    (disk, engine)
}

/// A way to replace the file at a path.
#[derive(Clone, Copy, Debug)]
enum Way {
    /// All at once, from bytes that are lent.
    Whole,
    /// All at once, from bytes that are given away.
    Bytes,
    /// By a handle that is written through a clone.
    Handle,
    /// By a handle that keeps writes back.
    Buffered,
    /// In an open directory.
    Dir,
}

const WAYS: [Way; 5] = [Way::Whole, Way::Bytes, Way::Handle, Way::Buffered, Way::Dir];

impl Way {
    /// Replaces the file, on the current engine.
    async fn replace(self, path: &Path, contents: &[u8], options: &ReplaceOptions) -> Result<()> {
        match self {
            Way::Whole => options.replace(path, contents).await,
            Way::Bytes => options.replace_bytes(path, contents.to_vec()).await,
            Way::Handle => {
                let replacement = options.begin(path).await?;
                let clone = replacement.file().clone();
                for piece in contents.chunks(5_000) {
                    clone.write_all(piece).await?;
                }
                replacement.commit().await
            }
            Way::Buffered => {
                let replacement = options.clone().buffering(64 * 1024).begin(path).await?;
                for piece in contents.chunks(1_000) {
                    replacement.write_all(piece).await?;
                }
                replacement.commit().await
            }
            Way::Dir => {
                let dir = Dir::open(path.parent().unwrap()).await?;
                dir.replace_with(path.file_name().unwrap(), contents, options).await
            }
        }
    }
}

/// Waits until nothing of an engine is under way, and with it what it cleans up in the background.
fn settle(engine: &Engine) {
    folio_testkit::wait::eventually_blocking("nothing is under way", || engine.snapshot().in_flight == 0);
}

/// The options of each durability.
fn durabilities() -> [(Durability, ReplaceOptions); 3] {
    [Durability::Full, Durability::Data, Durability::None]
        .map(|durability| (durability, ReplaceOptions::new().durability(durability).clone()))
}

/// What a name on a simulated disk holds, if anything has it.
fn seen(disk: &Disk, path: &str) -> Option<Vec<u8>> {
    disk.exists(path).then(|| disk.contents(path))
}
