//! T19: a small file is replaced in one step, and survives a power cut when that returns.

use std::fs;
use std::io;
use std::time::Instant;

use crate::contender::{Column, Lap, Outcome};
use crate::everyday::EverydayRival;
use crate::files::BLOCK_BYTES;
use crate::goal::Goal;
use crate::job::{Everyday, Job};
use crate::witness::{Witness, pattern};
use crate::workload::{Count, Unit, Workload};

pub(super) const WORKLOAD: Workload = Workload {
    id: "T19",
    title: "durable replace of a 4 KiB file",
    job: Job::Everyday(Everyday::Replace),
    unit: Unit::MicrosPerOp,
    count: Count::Between { min: 16, max: 512 },
    goals: &[Goal::Open(Column::Std), Goal::Open(Column::Tokio)],
};

pub(super) async fn lap<R: EverydayRival>(lap: Lap) -> io::Result<Outcome> {
    let path = lap.files.scratch();
    let contents = pattern(lap.ops * 8 + BLOCK_BYTES as u64);
    let mut witness = Witness::new(lap.check);
    let start = Instant::now();
    for op in 0..lap.ops as usize {
        R::replace(&path, &contents[op * 8..][..BLOCK_BYTES]).await?;
        witness.count(1, true);
    }
    Ok(Outcome { elapsed: start.elapsed(), witness })
}

/// Compares the file with what it was replaced by last; nothing may be left beside it.
pub(super) fn verify(lap: &Lap, outcome: &Outcome) -> Result<(), String> {
    let path = lap.files.scratch();
    let found = fs::read(&path).map_err(|error| error.to_string())?;
    let mut witness = Witness::new(lap.check);
    witness.see((lap.ops - 1) * 8, &found);
    let expected = (BLOCK_BYTES as u64, 0, lap.ops);
    let seen = (witness.seen, witness.wrong, outcome.witness.seen);
    if seen == expected {
        Ok(())
    } else {
        Err(format!("{seen:?} bytes, wrong ones and replacements, not {expected:?}"))
    }
}
