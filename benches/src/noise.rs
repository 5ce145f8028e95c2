//! How far two equal contenders differ here: std against std, measured like any two columns.

use std::sync::Arc;

use tokio::runtime::Runtime;

use crate::compare::StdFile;
use crate::files::Files;
use crate::rounds;
use crate::workloads::{self, Job};

/// Rows that the noise is shown for: a processor-bound one, one of two threads, and one that allocates pages.
const JOBS: [Job; 3] = [Job::RandomReads, Job::SharedRandomReads, Job::Writes];

/// Prints the ratio that would be 1.00 on a machine without noise.
///
/// # Errors
///
/// A result is wrong.
pub(crate) fn print(runtime: &Arc<Runtime>, files: &Arc<Files>, quick: bool) -> Result<(), String> {
    let std = StdFile::new(runtime);
    for workload in workloads::ALL.iter().filter(|workload| JOBS.contains(&workload.job)) {
        let row = rounds::run(workload, &[&std, &std], files, quick)?;
        let [(_, Some(first)), (_, Some(second))] = row.columns.as_slice() else {
            return Err("std takes part in everything".to_owned());
        };
        let ratios = first.over(second);
        println!(
            "noise: std against std, {}: {:.2} (single rounds {:.2}–{:.2}, p10–p90 of {})",
            workload.title,
            first.median() / second.median(),
            ratios.percentile(10),
            ratios.percentile(90),
            row.rounds
        );
    }
    Ok(())
}
