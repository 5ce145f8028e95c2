//! How far two equal contenders differ here: std against std, measured like any two columns.

use std::sync::Arc;

use crate::contender::Contender;
use crate::files::Files;
use crate::rounds;
use crate::suite::Suite;

/// Prints, for the rows of `suite` that show it, the ratio that would be 1.00 on a machine without noise.
///
/// # Errors
///
/// A result is wrong.
pub(crate) fn print(
    suite: &Suite,
    std: &dyn Contender,
    files: &Arc<Files>,
    quick: bool,
) -> Result<(), String> {
    for workload in suite.workloads.iter().filter(|workload| suite.noise.contains(&workload.job)) {
        let row = rounds::run(workload, &[std, std], files, quick)?;
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
