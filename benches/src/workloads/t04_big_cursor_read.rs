//! T4: reads with a buffer of 1 MiB at the cursor, until the end of the file.

use std::io;
use std::time::Instant;

use crate::contender::{Column, Lap, Outcome};
use crate::goal::Goal;
use crate::job::{HotPath, Job};
use crate::rival::{Access, AsyncFile, Rival};
use crate::witness::Witness;
use crate::workload::{Count, Unit, Workload};

/// Bytes of the buffer.
pub(crate) const MIB_BYTES: usize = 1024 * 1024;

pub(super) const WORKLOAD: Workload = Workload {
    id: "T4",
    title: "read 1 MiB at the cursor, to the end",
    job: Job::HotPath(HotPath::BigCursorReads),
    unit: Unit::GigabytesPerSecond(MIB_BYTES),
    count: Count::WholeFile(MIB_BYTES),
    goals: &[Goal::SpeedAtLeast(0.8, Column::Std), Goal::SpeedAtLeast(1.5, Column::Tokio)],
};

pub(super) async fn lap<R: Rival>(lap: Lap) -> io::Result<Outcome> {
    let mut file = R::open(&lap.files.big(), Access::Read).await?;
    let mut buffer = lap.files.buffers.take(0, MIB_BYTES);
    let mut witness = Witness::new(lap.check);
    let start = Instant::now();
    loop {
        let read = file.read(&mut buffer).await?;
        if read == 0 {
            break;
        }
        witness.see(witness.seen, &buffer[..read]);
    }
    let elapsed = start.elapsed();
    lap.files.buffers.give_back(0, buffer);
    Ok(Outcome { elapsed, witness })
}
