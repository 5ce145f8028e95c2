//! The workloads, one file each: what is measured, what folio must reach, and the lap over any async rival.
//!
//! std's laps stand in `compare/std_file.rs`, as plain loops.

mod t01_random_read;
mod t02_shared_random_read;
mod t03_cursor_read;
mod t04_big_cursor_read;
mod t05_write_through;
mod t07_synced_append;
mod t11_open_read_close;
mod tasks;

use std::fs;
use std::io;
use std::path::PathBuf;

use crate::contender::{Lap, Outcome};
use crate::files::{BLOCK_BYTES, Files, SMALL_FILES};
use crate::goal::Goal;
use crate::records;
use crate::rival::Rival;
use crate::witness::Check;

pub(crate) use t04_big_cursor_read::MIB_BYTES;
pub(crate) use t07_synced_append::RECORD_BYTES;

/// The workloads in the order of the table.
pub(crate) const ALL: [Workload; 8] = [
    t01_random_read::WORKLOAD,
    t02_shared_random_read::WORKLOAD,
    t03_cursor_read::WORKLOAD,
    t04_big_cursor_read::WORKLOAD,
    t05_write_through::ALONE,
    t05_write_through::SHARED,
    t07_synced_append::WORKLOAD,
    t11_open_read_close::WORKLOAD,
];

/// One row of the table.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Workload {
    /// Number of the workload in the design; two rows may share it.
    pub(crate) id: &'static str,
    pub(crate) title: &'static str,
    pub(crate) job: Job,
    pub(crate) unit: Unit,
    pub(crate) count: Count,
    pub(crate) goals: &'static [Goal],
}

/// What a lap does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Job {
    /// Positioned reads of random blocks by one task.
    RandomReads,
    /// The same by many tasks on one handle.
    SharedRandomReads,
    /// Reads of one block each at the cursor.
    CursorReads,
    /// Reads at the cursor with a large buffer until the end of the file.
    BigCursorReads,
    /// Writes of one block each at the cursor by one task, each written when it returns.
    Writes,
    /// The same by many tasks on one handle.
    SharedWrites,
    /// Appends of small records by many tasks on one handle, each record durable when it returns.
    SyncedAppends,
    /// Open, read and close of small files.
    OpenReadClose,
}

/// How a row shows its figures.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Unit {
    /// Microseconds of wall time per operation.
    MicrosPerOp,
    /// Microseconds of wall time per record.
    MicrosPerRecord,
    /// Gigabytes (10⁹ bytes) per second; the number is the bytes of one operation.
    GigabytesPerSecond(usize),
}

/// Operations of a lap. Within the range each contender gets as many as fill the same time: a fast one needs
/// many to be measured at all, a slow one would make the run last minutes.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Count {
    /// As many as fill a lap, in multiples of `min`.
    Between {
        /// Enough to keep every task busy.
        min: u64,
        /// Bounds the memory that a lap touches.
        max: u64,
    },
    /// As many reads of this many bytes as the whole file takes.
    WholeFile(usize),
}

impl Count {
    /// Returns the least and the greatest number of operations of a lap.
    pub(crate) fn bounds(self, files: &Files) -> (u64, u64) {
        match self {
            Count::Between { min, max } => (min, max.min(files.blocks() / min * min)),
            Count::WholeFile(bytes) => (files.big_bytes / bytes as u64, files.big_bytes / bytes as u64),
        }
    }
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

/// Runs one lap of `job` over `R`.
///
/// # Errors
///
/// An operation failed.
pub(crate) async fn lap<R: Rival>(job: Job, lap: Lap) -> io::Result<Outcome> {
    match job {
        Job::RandomReads => t01_random_read::lap::<R>(lap).await,
        Job::SharedRandomReads => t02_shared_random_read::lap::<R>(lap).await,
        Job::CursorReads => t03_cursor_read::lap::<R>(lap).await,
        Job::BigCursorReads => t04_big_cursor_read::lap::<R>(lap).await,
        Job::Writes => t05_write_through::lap_alone::<R>(lap).await,
        Job::SharedWrites => t05_write_through::lap_shared::<R>(lap).await,
        Job::SyncedAppends => t07_synced_append::lap::<R>(lap).await,
        Job::OpenReadClose => t11_open_read_close::lap::<R>(lap).await,
    }
}

/// Checks what a lap read or wrote.
///
/// # Errors
///
/// A sentence that says what is wrong with the result.
pub(crate) fn verify(job: Job, lap: &Lap, outcome: &Outcome) -> Result<(), String> {
    match job {
        Job::RandomReads | Job::SharedRandomReads | Job::CursorReads | Job::OpenReadClose => {
            verify_reads(outcome, lap.ops * BLOCK_BYTES as u64)
        }
        Job::BigCursorReads => verify_reads(outcome, lap.files.big_bytes),
        Job::Writes | Job::SharedWrites => verify_written(lap, BLOCK_BYTES),
        Job::SyncedAppends => verify_written(lap, RECORD_BYTES),
    }
}

fn verify_reads(outcome: &Outcome, bytes: u64) -> Result<(), String> {
    let seen = outcome.witness;
    if (seen.bytes, seen.wrong) == (bytes, 0) {
        return Ok(());
    }
    Err(format!("read {} bytes of {bytes}, {} of those looked at are wrong", seen.bytes, seen.wrong))
}

fn verify_written(lap: &Lap, record_bytes: usize) -> Result<(), String> {
    let path = lap.files.scratch();
    match lap.check {
        Check::Ends => {
            let expected = lap.ops * record_bytes as u64;
            let found = fs::metadata(&path).map_err(|error| error.to_string())?.len();
            if found == expected { Ok(()) } else { Err(format!("{found} bytes in the file, not {expected}")) }
        }
        Check::EveryByte => {
            let file = fs::read(&path).map_err(|error| error.to_string())?;
            records::check(&file, record_bytes, lap.ops)
        }
    }
}
