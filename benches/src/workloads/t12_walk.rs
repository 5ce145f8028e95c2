//! T12: a tree of directories, entry by entry, each with its path and its type.

use std::io;
use std::time::Instant;

use crate::contender::{Column, Lap, Outcome};
use crate::everyday::EverydayRival;
use crate::goal::Goal;
use crate::job::{Everyday, Job};
use crate::witness::{Check, Witness};
use crate::workload::{Count, Unit, Workload};

pub(super) const WORKLOAD: Workload = Workload {
    id: "T12",
    title: "walk of 50,000 entries",
    job: Job::Everyday(Everyday::Walk),
    unit: Unit::NanosPerEntry,
    count: Count::Entries,
    goals: &[Goal::CostAtMost(1.2, Column::Walkdir), Goal::SpeedAtLeast(3.0, Column::Tokio)],
};

pub(super) async fn lap<R: EverydayRival>(lap: Lap) -> io::Result<Outcome> {
    let tree = lap.files.tree();
    let mut witness = Witness::new(lap.check);
    let mut met = Vec::new();
    let start = Instant::now();
    R::walk(tree.root(), |path, is_dir| {
        witness.count(1, tree.is_dir_by_name(path) == is_dir);
        if lap.check == Check::EveryByte {
            met.push(path.to_owned());
        }
    })
    .await?;
    let elapsed = start.elapsed();
    if lap.check == Check::EveryByte {
        witness.count(0, tree.is_all(met));
    }
    Ok(Outcome { elapsed, witness })
}
