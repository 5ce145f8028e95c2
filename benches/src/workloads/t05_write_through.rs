//! T5: writes of 4 KiB at the cursor of a file that grows, each written when it returns; by one task, and by
//! many on one shared handle.

use std::io;
use std::time::Instant;

use super::tasks::{TASKS, on_tasks};
use crate::contender::{Column, Lap, Outcome};
use crate::files::BLOCK_BYTES;
use crate::goal::Goal;
use crate::job::{HotPath, Job};
use crate::records::Records;
use crate::rival::{Access, AsyncFile, Rival};
use crate::witness::Witness;
use crate::workload::{Count, Unit, Workload};

/// Operations of a lap at the most: 16 MiB of dirty pages, dropped before the kernel starts to write them.
const OPS_MAX: u64 = 4096;

pub(super) const ALONE: Workload = Workload {
    id: "T5",
    title: "write_all 4 KiB, written, 1 task",
    job: Job::HotPath(HotPath::Writes),
    unit: Unit::MicrosPerOp,
    count: Count::Between { min: 64, max: OPS_MAX },
    goals: &[Goal::SpeedAtLeast(1.3, Column::Tokio)],
};

pub(super) const SHARED: Workload = Workload {
    id: "T5",
    title: "write_all 4 KiB, written, 64 tasks, one handle",
    job: Job::HotPath(HotPath::SharedWrites),
    unit: Unit::MicrosPerOp,
    count: Count::Between { min: 2 * TASKS, max: OPS_MAX },
    goals: &[Goal::SpeedAtLeast(5.0, Column::Tokio)],
};

pub(super) async fn lap_alone<R: Rival>(lap: Lap) -> io::Result<Outcome> {
    let mut file = R::open(&lap.files.scratch(), Access::Write).await?;
    let start = Instant::now();
    write_blocks(&mut file, 0, lap.ops).await?;
    file.finish().await?;
    Ok(Outcome { elapsed: start.elapsed(), witness: Witness::new(lap.check) })
}

pub(super) async fn lap_shared<R: Rival>(lap: Lap) -> io::Result<Outcome> {
    let file = R::share(R::open(&lap.files.scratch(), Access::Write).await?);
    on_tasks(file, &lap, |mut file, lap, task| async move {
        write_blocks(&mut file, task, lap.ops / TASKS).await?;
        Ok(Witness::new(lap.check))
    })
    .await
}

async fn write_blocks<F: AsyncFile>(file: &mut F, task: u64, ops: u64) -> io::Result<()> {
    let mut records = Records::new(task, BLOCK_BYTES);
    for _ in 0..ops {
        file.write_all(records.stamped()).await?;
    }
    Ok(())
}
