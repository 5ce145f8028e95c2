//! T11: open, read and close of small files whose names and contents are in memory.

use std::io;
use std::time::Instant;

use crate::contender::{Column, Lap, Outcome};
use crate::files::BLOCK_BYTES;
use crate::goal::Goal;
use crate::job::{HotPath, Job};
use crate::rival::Rival;
use crate::witness::Witness;
use crate::workload::{Count, Unit, Workload};

pub(super) const WORKLOAD: Workload = Workload {
    id: "T11",
    title: "open + read 4 KiB + close, 1 task",
    job: Job::HotPath(HotPath::OpenReadClose),
    unit: Unit::MicrosPerOp,
    count: Count::Between { min: 64, max: 4096 },
    goals: &[Goal::CostAtMost(2.0, Column::Std), Goal::SpeedAtLeast(5.0, Column::Tokio)],
};

pub(super) async fn lap<R: Rival>(lap: Lap) -> io::Result<Outcome> {
    let paths = lap.small_paths();
    let mut buffer = lap.files.buffers.take(0, BLOCK_BYTES);
    let mut witness = Witness::new(lap.check);
    let start = Instant::now();
    for path in paths.iter().cycle().take(lap.ops as usize) {
        let read = R::open_read_close(path, &mut buffer).await?;
        witness.see(0, &buffer[..read]);
    }
    let elapsed = start.elapsed();
    lap.files.buffers.give_back(0, buffer);
    Ok(Outcome { elapsed, witness })
}
