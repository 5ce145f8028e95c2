//! T2: positioned reads of random 4 KiB blocks, many tasks on one shared handle.

use std::io;

use super::t01_random_read::read_blocks;
use super::tasks::{TASKS, on_tasks};
use crate::contender::{Column, Lap, Outcome};
use crate::goal::Goal;
use crate::job::{HotPath, Job};
use crate::rival::{Access, Rival};
use crate::workload::{Count, Unit, Workload};

pub(super) const WORKLOAD: Workload = Workload {
    id: "T2",
    title: "read_at 4 KiB random, 64 tasks, one handle",
    job: Job::HotPath(HotPath::SharedRandomReads),
    unit: Unit::MicrosPerOp,
    count: Count::Between { min: 2 * TASKS, max: 16_384 },
    goals: &[Goal::CostAtMost(1.6, Column::Std), Goal::SpeedAtLeast(4.0, Column::SpawnBlocking)],
};

pub(super) async fn lap<R: Rival>(lap: Lap) -> io::Result<Outcome> {
    let file = R::share(R::open(&lap.files.big(), Access::Read).await?);
    on_tasks(file, &lap, |mut file, lap, task| async move {
        read_blocks(&mut file, &lap, task, lap.ops / TASKS).await
    })
    .await
}
