//! T9: whole reads of small files whose names and contents are in memory.

use std::io;
use std::time::Instant;

use crate::contender::{Column, Lap, Outcome};
use crate::everyday::EverydayRival;
use crate::goal::Goal;
use crate::job::{Everyday, Job};
use crate::witness::Witness;
use crate::workload::{Count, Unit, Workload};

pub(super) const WORKLOAD: Workload = Workload {
    id: "T9",
    title: "fs::read of 4 KiB files",
    job: Job::Everyday(Everyday::SmallReads),
    unit: Unit::MicrosPerOp,
    count: Count::Between { min: 64, max: 4096 },
    goals: &[Goal::Open(Column::Std), Goal::Open(Column::Tokio)],
};

pub(super) async fn lap<R: EverydayRival>(lap: Lap) -> io::Result<Outcome> {
    let paths = lap.small_paths();
    let mut witness = Witness::new(lap.check);
    let start = Instant::now();
    for path in paths.iter().cycle().take(lap.ops as usize) {
        let contents = R::read(path).await?;
        witness.see(0, &contents);
    }
    Ok(Outcome { elapsed: start.elapsed(), witness })
}
