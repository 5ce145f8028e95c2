//! T8: the lines of a text, each a `String`.

use std::io;
use std::time::Instant;

use crate::contender::{Column, Lap, Outcome};
use crate::everyday::EverydayRival;
use crate::goal::Goal;
use crate::job::{Everyday, Job};
use crate::witness::Witness;
use crate::workload::{Count, Unit, Workload};

pub(super) const WORKLOAD: Workload = Workload {
    id: "T8",
    title: "lines of an 80 MB text",
    job: Job::Everyday(Everyday::Lines),
    unit: Unit::NanosPerLine,
    count: Count::Lines,
    goals: &[Goal::CostAtMost(1.2, Column::Std), Goal::SpeedAtLeast(3.0, Column::Tokio)],
};

pub(super) async fn lap<R: EverydayRival>(lap: Lap) -> io::Result<Outcome> {
    let path = lap.files.text();
    let mut witness = Witness::new(lap.check);
    let start = Instant::now();
    R::lines(&path, |line| witness.see_line(line)).await?;
    Ok(Outcome { elapsed: start.elapsed(), witness })
}
