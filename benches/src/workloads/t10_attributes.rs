//! T10: the attributes of small files, and whether they exist; all names are in memory.

use std::io;
use std::time::Instant;

use crate::contender::{Column, Lap, Outcome};
use crate::everyday::EverydayRival;
use crate::goal::Goal;
use crate::job::{Everyday, Job};
use crate::witness::{Check, Witness};
use crate::workload::{Count, Unit, Workload};

pub(super) const METADATA: Workload = Workload {
    id: "T10",
    title: "fs::metadata",
    job: Job::Everyday(Everyday::Metadata),
    unit: Unit::MicrosPerOp,
    count: Count::Between { min: 64, max: 16_384 },
    goals: &[Goal::Open(Column::Std), Goal::Open(Column::Tokio)],
};

pub(super) const TRY_EXISTS: Workload = Workload {
    id: "T10",
    title: "fs::try_exists",
    job: Job::Everyday(Everyday::TryExists),
    unit: Unit::MicrosPerOp,
    count: Count::Between { min: 64, max: 16_384 },
    goals: &[Goal::Open(Column::Std), Goal::Open(Column::Tokio)],
};

pub(super) async fn lap_metadata<R: EverydayRival>(lap: Lap) -> io::Result<Outcome> {
    let paths = lap.small_paths();
    let mut witness = Witness::new(lap.check);
    let start = Instant::now();
    for path in paths.iter().cycle().take(lap.ops as usize) {
        let metadata = R::metadata(path).await?;
        witness.count(metadata.len(), metadata.is_file());
    }
    Ok(Outcome { elapsed: start.elapsed(), witness })
}

pub(super) async fn lap_try_exists<R: EverydayRival>(lap: Lap) -> io::Result<Outcome> {
    let paths = lap.small_paths();
    let mut witness = Witness::new(lap.check);
    if lap.check == Check::EveryByte {
        witness.count(0, !R::try_exists(&lap.files.missing()).await?);
    }
    let start = Instant::now();
    for path in paths.iter().cycle().take(lap.ops as usize) {
        witness.count(1, R::try_exists(path).await?);
    }
    Ok(Outcome { elapsed: start.elapsed(), witness })
}
