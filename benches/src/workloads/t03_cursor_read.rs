//! T3: reads of 4 KiB at the cursor.

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
    id: "T3",
    title: "read 4 KiB at the cursor",
    job: Job::HotPath(HotPath::CursorReads),
    unit: Unit::MicrosPerOp,
    count: Count::Between { min: 64, max: 16_384 },
    goals: &[Goal::CostAtMost(1.6, Column::Std), Goal::SpeedAtLeast(10.0, Column::Tokio)],
};

pub(super) async fn lap<R: Rival>(lap: Lap) -> io::Result<Outcome> {
    let mut file = R::open(&lap.files.big(), Access::Read).await?;
    let (mut position, end) = lap.cursor_range();
    file.seek(position).await?;
    let mut buffer = lap.files.buffers.take(0, BLOCK_BYTES);
    let mut witness = Witness::new(lap.check);
    let start = Instant::now();
    while position < end {
        let read = file.read(&mut buffer).await?;
        if read == 0 {
            break;
        }
        witness.see(position, &buffer[..read]);
        position += read as u64;
    }
    let elapsed = start.elapsed();
    lap.files.buffers.give_back(0, buffer);
    Ok(Outcome { elapsed, witness })
}
