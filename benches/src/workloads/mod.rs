//! The workloads, one file each: what is measured, what folio must reach, and the lap over any async rival.
//!
//! std's laps of the hot path stand in `compare/std_file.rs`, as plain loops.

mod t01_random_read;
mod t02_shared_random_read;
mod t03_cursor_read;
mod t04_big_cursor_read;
mod t05_write_through;
mod t06_buffered_write;
mod t07_synced_append;
mod t08_lines;
mod t09_read_small;
mod t10_attributes;
mod t11_open_read_close;
mod t12_walk;
mod t13_copy;
mod t18_tell;
mod t19_replace;
mod tasks;

use std::fs;
use std::io;

use crate::contender::{Lap, Outcome};
use crate::everyday::EverydayRival;
use crate::files::{BLOCK_BYTES, Files};
use crate::job::{Everyday, HotPath, Job};
use crate::records;
use crate::rival::Rival;
use crate::witness::Check;
use crate::workload::Workload;

pub(crate) use t04_big_cursor_read::MIB_BYTES;
pub(crate) use t07_synced_append::RECORD_BYTES;

/// The workloads of the hot path in the order of their table.
pub(crate) const HOT_PATH: [Workload; 8] = [
    t01_random_read::WORKLOAD,
    t02_shared_random_read::WORKLOAD,
    t03_cursor_read::WORKLOAD,
    t04_big_cursor_read::WORKLOAD,
    t05_write_through::ALONE,
    t05_write_through::SHARED,
    t07_synced_append::WORKLOAD,
    t11_open_read_close::WORKLOAD,
];

/// The workloads of everyday work in the order of their table.
pub(crate) const EVERYDAY: [Workload; 13] = [
    t06_buffered_write::WORKLOAD,
    t08_lines::WORKLOAD,
    t09_read_small::WORKLOAD,
    t10_attributes::METADATA,
    t10_attributes::TRY_EXISTS,
    t12_walk::WORKLOAD,
    t13_copy::WORKLOAD,
    t19_replace::WORKLOAD,
    t18_tell::UTF_8,
    t18_tell::UTF_8_CRLF,
    t18_tell::LATIN_1,
    t18_tell::UTF_16,
    t18_tell::GB18030,
];

/// Runs one lap of `job` over `R`.
///
/// # Errors
///
/// An operation failed.
pub(crate) async fn lap<R: Rival>(job: HotPath, lap: Lap) -> io::Result<Outcome> {
    match job {
        HotPath::RandomReads => t01_random_read::lap::<R>(lap).await,
        HotPath::SharedRandomReads => t02_shared_random_read::lap::<R>(lap).await,
        HotPath::CursorReads => t03_cursor_read::lap::<R>(lap).await,
        HotPath::BigCursorReads => t04_big_cursor_read::lap::<R>(lap).await,
        HotPath::Writes => t05_write_through::lap_alone::<R>(lap).await,
        HotPath::SharedWrites => t05_write_through::lap_shared::<R>(lap).await,
        HotPath::SyncedAppends => t07_synced_append::lap::<R>(lap).await,
        HotPath::OpenReadClose => t11_open_read_close::lap::<R>(lap).await,
    }
}

/// Runs one lap of `job` over `R`.
///
/// # Errors
///
/// An operation failed.
pub(crate) async fn everyday_lap<R: EverydayRival>(job: Everyday, lap: Lap) -> io::Result<Outcome> {
    match job {
        Everyday::BufferedWrites => t06_buffered_write::lap::<R>(lap).await,
        Everyday::Lines => t08_lines::lap::<R>(lap).await,
        Everyday::SmallReads => t09_read_small::lap::<R>(lap).await,
        Everyday::Metadata => t10_attributes::lap_metadata::<R>(lap).await,
        Everyday::TryExists => t10_attributes::lap_try_exists::<R>(lap).await,
        Everyday::Walk => t12_walk::lap::<R>(lap).await,
        Everyday::Copy => t13_copy::lap::<R>(lap).await,
        Everyday::Replace => t19_replace::lap::<R>(lap).await,
        Everyday::Tell(wording) => t18_tell::lap::<R>(wording, lap).await,
    }
}

/// Makes the files that laps of `job` read, unless they are there from an earlier row.
///
/// # Errors
///
/// A file cannot be written.
pub(crate) fn prepare(job: Job, files: &Files) -> io::Result<()> {
    match job {
        Job::HotPath(
            HotPath::RandomReads
            | HotPath::SharedRandomReads
            | HotPath::CursorReads
            | HotPath::BigCursorReads,
        ) => files.write_big(),
        Job::HotPath(HotPath::OpenReadClose)
        | Job::Everyday(Everyday::SmallReads | Everyday::Metadata | Everyday::TryExists) => {
            files.write_small()
        }
        Job::HotPath(HotPath::Writes | HotPath::SharedWrites | HotPath::SyncedAppends)
        | Job::Everyday(Everyday::BufferedWrites | Everyday::Replace) => Ok(()),
        Job::Everyday(Everyday::Lines) => files.write_text(),
        Job::Everyday(Everyday::Tell(wording)) => files.write_told(wording),
        Job::Everyday(Everyday::Walk) => files.grow_tree(),
        Job::Everyday(Everyday::Copy) => files.write_source(),
    }
}

/// Checks what a lap read or wrote.
///
/// # Errors
///
/// A sentence that says what is wrong with the result.
pub(crate) fn verify(job: Job, lap: &Lap, outcome: &Outcome) -> Result<(), String> {
    match job {
        Job::HotPath(HotPath::BigCursorReads) => verify_reads(outcome, lap.files.big_bytes),
        Job::HotPath(
            HotPath::RandomReads | HotPath::SharedRandomReads | HotPath::CursorReads | HotPath::OpenReadClose,
        )
        | Job::Everyday(Everyday::SmallReads | Everyday::Metadata) => {
            verify_reads(outcome, lap.ops * BLOCK_BYTES as u64)
        }
        Job::HotPath(HotPath::Writes | HotPath::SharedWrites) | Job::Everyday(Everyday::BufferedWrites) => {
            verify_written(lap, BLOCK_BYTES)
        }
        Job::HotPath(HotPath::SyncedAppends) => verify_written(lap, RECORD_BYTES),
        // These count lines, answers and entries.
        Job::Everyday(Everyday::Lines | Everyday::Tell(_) | Everyday::TryExists | Everyday::Walk) => {
            verify_reads(outcome, lap.ops)
        }
        Job::Everyday(Everyday::Copy) => t13_copy::verify(lap, outcome),
        Job::Everyday(Everyday::Replace) => t19_replace::verify(lap, outcome),
    }
}

fn verify_reads(outcome: &Outcome, expected: u64) -> Result<(), String> {
    let seen = outcome.witness;
    if (seen.seen, seen.wrong) == (expected, 0) {
        return Ok(());
    }
    Err(format!("saw {} of {expected}, {} of those looked at are wrong", seen.seen, seen.wrong))
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
