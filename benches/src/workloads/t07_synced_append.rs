//! T7: a log that many tasks append to through one handle, each record durable before the task goes on.

use std::io;

use super::tasks::{TASKS, on_tasks};
use crate::contender::{Column, Lap, Outcome};
use crate::goal::Goal;
use crate::job::{HotPath, Job};
use crate::records::Records;
use crate::rival::{Access, AsyncFile, Rival};
use crate::witness::Witness;
use crate::workload::{Count, Unit, Workload};

/// Bytes of a record.
pub(crate) const RECORD_BYTES: usize = 128;

pub(super) const WORKLOAD: Workload = Workload {
    id: "T7",
    title: "append 128 B + sync_data, 64 tasks, one handle",
    job: Job::HotPath(HotPath::SyncedAppends),
    unit: Unit::MicrosPerRecord,
    count: Count::Between { min: 2 * TASKS, max: 64 * TASKS },
    goals: &[Goal::SpeedAtLeast(20.0, Column::Tokio)],
};

pub(super) async fn lap<R: Rival>(lap: Lap) -> io::Result<Outcome> {
    let file = R::share(R::open(&lap.files.scratch(), Access::Append).await?);
    on_tasks(file, &lap, |mut file, lap, task| async move {
        let mut records = Records::new(task, RECORD_BYTES);
        for _ in 0..lap.ops / TASKS {
            file.append_and_sync(records.stamped()).await?;
        }
        Ok(Witness::new(lap.check))
    })
    .await
}
