//! One row of the table: what is measured, how often, and what folio must reach.

use crate::files::Files;
use crate::goal::Goal;
use crate::job::Job;

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

/// How a row shows its figures.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Unit {
    /// Microseconds of wall time per operation.
    MicrosPerOp,
    /// Microseconds of wall time per record.
    MicrosPerRecord,
    /// Nanoseconds of wall time per line.
    NanosPerLine,
    /// Nanoseconds of wall time per entry.
    NanosPerEntry,
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
    /// The lines of the text.
    Lines,
    /// The lines of a text that places are told in.
    ToldLines,
    /// The entries of the tree.
    Entries,
    /// One.
    Once,
}

impl Count {
    /// Returns the least and the greatest number of operations of a lap.
    pub(crate) fn bounds(self, files: &Files) -> (u64, u64) {
        match self {
            Count::Between { min, max } => (min, max.min(files.blocks() / min * min)),
            Count::WholeFile(bytes) => (files.big_bytes / bytes as u64, files.big_bytes / bytes as u64),
            Count::Lines => (files.text_lines(), files.text_lines()),
            Count::ToldLines => (files.told_lines(), files.told_lines()),
            Count::Entries => (files.tree().entries(), files.tree().entries()),
            Count::Once => (1, 1),
        }
    }
}
