//! One column of the table: somebody who can run a lap of a workload.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::files::{BLOCK_BYTES, Files, SMALL_FILES};
use crate::job::Job;
use crate::witness::{Check, Witness};

/// A way to do file I/O that takes part in the comparison.
pub(crate) trait Contender {
    fn column(&self) -> Column;

    /// Runs one lap of `job`, or returns `None` where this contender has no such thing.
    fn lap(&self, job: Job, lap: &Lap) -> Option<io::Result<Outcome>>;
}

/// Who a result belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Column {
    /// folio.
    Ours,
    /// The same calls made directly: the floor `L`.
    Std,
    /// `tokio::fs`; on the hot path writes are followed by a flush, since without it their `Ok` does not mean
    /// written.
    Tokio,
    /// `spawn_blocking` around `std::fs::File` and `FileExt`.
    SpawnBlocking,
    /// The async-fs crate.
    AsyncFs,
    /// The walkdir crate, which is not async.
    Walkdir,
    /// `tokio::fs` without the flush after each write.
    TokioUnflushed,
    /// std's `BufWriter` with a buffer as large as folio's.
    StdSameBuffer,
    /// tokio's `BufWriter` around a file of `tokio::fs`.
    TokioBuffered,
}

impl Column {
    pub(crate) fn heading(self) -> &'static str {
        match self {
            Column::Ours => "ours",
            Column::Std => "std (L)",
            Column::Tokio => "tokio::fs",
            Column::SpawnBlocking => "spawn_blocking",
            Column::AsyncFs => "async-fs",
            Column::Walkdir => "walkdir",
            Column::TokioUnflushed => "tokio::fs without flush (its Ok is not written)",
            Column::StdSameBuffer => "std BufWriter of 256 KiB, as ours",
            Column::TokioBuffered => "tokio BufWriter around tokio::fs::File",
        }
    }

    /// The column's name in a file of figures.
    pub(crate) fn key(self) -> &'static str {
        match self {
            Column::Ours => "folio",
            Column::Std => "std",
            Column::Tokio => "tokio",
            Column::SpawnBlocking => "spawn_blocking",
            Column::AsyncFs => "async_fs",
            Column::Walkdir => "walkdir",
            Column::TokioUnflushed => "tokio_unflushed",
            Column::StdSameBuffer => "std_same_buffer",
            Column::TokioBuffered => "tokio_buffered",
        }
    }
}

/// One lap as it was ordered: the same for every contender but for the number of operations.
#[derive(Clone, Debug)]
pub(crate) struct Lap {
    /// Operations over all tasks.
    pub(crate) ops: u64,
    /// Number of the round; it selects where the lap reads, so that rounds differ and contenders do not.
    pub(crate) round: u64,
    pub(crate) check: Check,
    pub(crate) files: Arc<Files>,
}

impl Lap {
    /// Returns the offsets between which a lap of cursor reads moves: other blocks each round, so that short laps
    /// do not live in the processor's caches.
    pub(crate) fn cursor_range(&self) -> (u64, u64) {
        let starts = self.files.blocks() - self.ops + 1;
        let start = self.round * self.ops % starts * BLOCK_BYTES as u64;
        (start, start + self.ops * BLOCK_BYTES as u64)
    }

    /// Returns the paths of the small files, made before the clock starts.
    pub(crate) fn small_paths(&self) -> Vec<PathBuf> {
        (0..SMALL_FILES).map(|index| self.files.small(index)).collect()
    }
}

/// What a lap took and saw.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Outcome {
    /// Wall time of the operations, without opening and closing unless they are the workload.
    pub(crate) elapsed: Duration,
    pub(crate) witness: Witness,
}
