//! Tasks that write to one file without pause.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use futures::stream::{FuturesUnordered, StreamExt};
use tokio::task::JoinSet;

use super::contender::Contender;

/// One kind of flood.
#[derive(Debug)]
pub(super) struct Flood {
    pub(super) name: &'static str,
    tasks: usize,
    /// Operations that each task has under way.
    depth: usize,
    /// Bytes of one operation.
    bytes: usize,
}

pub(super) const FLOODS: [Flood; 6] = [
    Flood { name: "1 task × 1 MiB", tasks: 1, depth: 1, bytes: 1 << 20 },
    Flood { name: "64 tasks × 1 MiB", tasks: 64, depth: 1, bytes: 1 << 20 },
    Flood { name: "1,000 tasks × 1 MiB", tasks: 1_000, depth: 1, bytes: 1 << 20 },
    Flood { name: "5,000 tasks × 1 MiB", tasks: 5_000, depth: 1, bytes: 1 << 20 },
    Flood { name: "5,000 tasks × 4 KiB", tasks: 5_000, depth: 1, bytes: 4 << 10 },
    Flood { name: "1 task × 10,000 × 4 KiB", tasks: 1, depth: 10_000, bytes: 4 << 10 },
];

/// Bytes of the flooded file, more than an engine admits at a time: no two operations under way overlap.
const FILE_BYTES: u64 = 256 << 20;
/// Operations after which a flood counts as under way.
const UNDER_WAY: u64 = 32;
/// Tasks and operations of each in a run that only checks contents.
const QUICK: usize = 16;
/// Bytes that are checked at a time.
const CHECKED_BYTES: usize = 1 << 20;

/// A flood under way.
#[derive(Debug)]
pub(super) struct Running {
    shared: Arc<Shared>,
    tasks: JoinSet<io::Result<()>>,
}

#[derive(Debug, Default)]
struct Shared {
    stop: AtomicBool,
    begun: AtomicU64,
    done: AtomicU64,
}

impl Shared {
    /// The offset of the next operation; `None` once the flood is to stop.
    fn next(&self, bytes: usize) -> Option<u64> {
        if self.stop.load(Ordering::Relaxed) {
            return None;
        }
        let block = self.begun.fetch_add(1, Ordering::Relaxed);
        Some(block * bytes as u64 % FILE_BYTES)
    }
}

impl Running {
    pub(super) fn start<C: Contender>(file: &C::File, flood: &Flood, quick: bool) -> Running {
        let most = if quick { QUICK } else { usize::MAX };
        let (shared, mut tasks) = (Arc::new(Shared::default()), JoinSet::new());
        for _ in 0..flood.tasks.min(most) {
            tasks.spawn(pour::<C>(file.clone(), shared.clone(), flood.depth.min(most), flood.bytes));
        }
        Running { shared, tasks }
    }

    /// Waits until the flood has gone on for a while.
    pub(super) async fn under_way(&self) {
        while self.shared.done.load(Ordering::Relaxed) < UNDER_WAY {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    /// Ends it; returns how many operations it has made.
    pub(super) async fn stop(mut self) -> io::Result<u64> {
        self.shared.stop.store(true, Ordering::Relaxed);
        while let Some(ended) = self.tasks.join_next().await {
            ended??;
        }
        Ok(self.shared.done.load(Ordering::Relaxed))
    }
}

async fn pour<C: Contender>(
    file: C::File,
    shared: Arc<Shared>,
    depth: usize,
    bytes: usize,
) -> io::Result<()> {
    let block = vec![b'f'; bytes];
    let write = |offset| {
        let (file, block) = (&file, &block);
        async move { C::write_at(file, block, offset).await }
    };
    let mut under_way = FuturesUnordered::new();
    loop {
        while under_way.len() < depth {
            let Some(offset) = shared.next(bytes) else { break };
            under_way.push(write(offset));
        }
        match under_way.next().await {
            Some(written) => written?,
            None => return Ok(()),
        }
        shared.done.fetch_add(1, Ordering::Relaxed);
        if under_way.is_empty() && shared.stop.load(Ordering::Relaxed) {
            return Ok(());
        }
    }
}

impl Flood {
    /// Whether the flooded file holds what so many operations have written.
    pub(super) fn check(&self, path: &Path, written: u64) -> io::Result<()> {
        let written = written.min(FILE_BYTES / self.bytes as u64);
        if written == 0 {
            return Err(io::Error::other(format!("{}: nothing was written", self.name)));
        }
        let file = File::open(path)?;
        let mut block = vec![0; self.bytes];
        for index in [0, written / 2, written - 1] {
            file.read_exact_at(&mut block, index * self.bytes as u64)?;
            if block.iter().any(|byte| *byte != b'f') {
                return Err(io::Error::other(format!("{}: block {index} is wrong", self.name)));
            }
        }
        Ok(())
    }
}

/// Whether everything from `offset` on, which is something, is this byte.
pub(super) fn check_from(path: &Path, offset: u64, byte: u8) -> io::Result<()> {
    let file = File::open(path)?;
    let mut at = offset;
    let mut block = vec![0; CHECKED_BYTES];
    loop {
        let count = file.read_at(&mut block, at)?;
        if block[..count].iter().any(|found| *found != byte) {
            return Err(io::Error::other(format!("{}: wrong bytes from {at} on", path.display())));
        }
        at += count as u64;
        if count == 0 {
            let found = at > offset;
            return if found { Ok(()) } else { Err(io::Error::other("the quiet task wrote nothing")) };
        }
    }
}
