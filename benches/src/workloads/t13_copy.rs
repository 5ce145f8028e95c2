//! T13: a copy of one large file that is in memory, to a new name on the same file system.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::time::Instant;

use super::t04_big_cursor_read::MIB_BYTES;
use crate::contender::{Column, Lap, Outcome};
use crate::everyday::EverydayRival;
use crate::files::{BLOCK_BYTES, SOURCE_BYTES};
use crate::goal::Goal;
use crate::job::{Everyday, Job};
use crate::witness::{Check, Witness};
use crate::workload::{Count, Unit, Workload};

pub(super) const WORKLOAD: Workload = Workload {
    id: "T13",
    title: "copy of 256 MiB",
    job: Job::Everyday(Everyday::Copy),
    unit: Unit::GigabytesPerSecond(SOURCE_BYTES),
    count: Count::Once,
    goals: &[Goal::CostAtMost(1.05, Column::Std), Goal::Open(Column::Tokio)],
};

pub(super) async fn lap<R: EverydayRival>(lap: Lap) -> io::Result<Outcome> {
    let (from, to) = (lap.files.source(), lap.files.scratch());
    let mut witness = Witness::new(lap.check);
    let start = Instant::now();
    let copied = R::copy(&from, &to).await?;
    let elapsed = start.elapsed();
    witness.count(copied, true);
    Ok(Outcome { elapsed, witness })
}

/// Compares the copy with what was copied: the ends of each mebibyte, or all of it.
pub(super) fn verify(lap: &Lap, outcome: &Outcome) -> Result<(), String> {
    let expected = lap.files.source_bytes();
    let compared = (|| {
        let copy = File::open(lap.files.scratch())?;
        let mut witness = Witness::new(lap.check);
        let (mut block, step) = match lap.check {
            Check::Ends => (vec![0; BLOCK_BYTES], MIB_BYTES as u64),
            Check::EveryByte => (vec![0; MIB_BYTES], MIB_BYTES as u64),
        };
        for offset in (0..expected).step_by(step as usize) {
            copy.read_exact_at(&mut block, offset)?;
            witness.see(offset, &block);
        }
        let len = copy.metadata()?.len();
        io::Result::Ok((len, witness.wrong))
    })();
    match compared {
        Ok((len, 0)) if (len, outcome.witness.seen) == (expected, expected) => Ok(()),
        Ok((len, wrong)) => Err(format!(
            "a copy of {len} bytes, {} by its own account, not {expected}; {wrong} of those looked at are wrong",
            outcome.witness.seen
        )),
        Err(error) => Err(error.to_string()),
    }
}
