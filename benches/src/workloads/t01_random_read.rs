//! T1: positioned reads of random 4 KiB blocks, one task.

use std::io;
use std::time::Instant;

use crate::contender::{Column, Lap, Outcome};
use crate::files::BLOCK_BYTES;
use crate::goal::Goal;
use crate::job::{HotPath, Job};
use crate::rival::{Access, AsyncFile, Rival};
use crate::witness::Witness;
use crate::workload::{Count, Unit, Workload};

pub(super) const WORKLOAD: Workload = Workload {
    id: "T1",
    title: "read_at 4 KiB random, 1 task",
    job: Job::HotPath(HotPath::RandomReads),
    unit: Unit::MicrosPerOp,
    count: Count::Between { min: 64, max: 16_384 },
    goals: &[Goal::CostAtMost(1.6, Column::Std), Goal::SpeedAtLeast(12.0, Column::Tokio)],
};

pub(super) async fn lap<R: Rival>(lap: Lap) -> io::Result<Outcome> {
    let mut file = R::open(&lap.files.big(), Access::Read).await?;
    let start = Instant::now();
    let witness = read_blocks(&mut file, &lap, 0, lap.ops).await?;
    Ok(Outcome { elapsed: start.elapsed(), witness })
}

/// Reads `ops` random blocks, as task number `task` does.
///
/// # Errors
///
/// A read failed.
pub(super) async fn read_blocks<F: AsyncFile>(
    file: &mut F,
    lap: &Lap,
    task: u64,
    ops: u64,
) -> io::Result<Witness> {
    let mut buffer = lap.files.buffers.take(task, BLOCK_BYTES);
    let mut witness = Witness::new(lap.check);
    for offset in lap.files.random_offsets(lap.round, task).take(ops as usize) {
        let read = file.read_at(&mut buffer, offset).await?;
        witness.see(offset, &buffer[..read]);
    }
    lap.files.buffers.give_back(task, buffer);
    Ok(witness)
}
