//! T6: writes of 4 KiB through a buffer, and what is left in it at the end, to a file that grows.

use std::io;
use std::time::Instant;

use crate::contender::{Column, Lap, Outcome};
use crate::everyday::{EverydayRival, Sink};
use crate::files::BLOCK_BYTES;
use crate::goal::Goal;
use crate::job::{Everyday, Job};
use crate::records::Records;
use crate::witness::Witness;
use crate::workload::{Count, Unit, Workload};

pub(super) const WORKLOAD: Workload = Workload {
    id: "T6",
    title: "write_all 4 KiB, buffered, and flush at the end",
    job: Job::Everyday(Everyday::BufferedWrites),
    unit: Unit::MicrosPerOp,
    // At the most 16 MiB of dirty pages, dropped before the kernel starts to write them.
    count: Count::Between { min: 128, max: 4096 },
    goals: &[
        Goal::CostAtMost(1.0, Column::Std),
        Goal::SpeedAtLeast(8.0, Column::Tokio),
        Goal::Open(Column::StdSameBuffer),
        Goal::Open(Column::TokioBuffered),
    ],
};

pub(super) async fn lap<R: EverydayRival>(lap: Lap) -> io::Result<Outcome> {
    let mut sink = R::create(&lap.files.scratch()).await?;
    let mut records = Records::new(0, BLOCK_BYTES);
    let start = Instant::now();
    for _ in 0..lap.ops {
        sink.write_all(records.stamped()).await?;
    }
    sink.flush().await?;
    Ok(Outcome { elapsed: start.elapsed(), witness: Witness::new(lap.check) })
}
