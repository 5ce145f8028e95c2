//! Rounds of laps: contenders take turns in rotating order, so that a drift of the machine hits all alike.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::contender::{Column, Contender, Lap};
use crate::files::Files;
use crate::witness::Check;
use crate::workload::Workload;
use crate::workloads;

/// Time a lap should take: many thread hops long, short against a scheduler's second thoughts.
const LAP_TARGET: Duration = Duration::from_millis(15);
/// Rounds of a row: enough for a tenth and a ninetieth percentile.
const ROUNDS_MAX: usize = 31;
/// Rounds that a slow disk still gets.
const ROUNDS_MIN: usize = 7;
/// Time after which a row starts no further round; a table stays below 90 seconds.
const ROW_TIME_MAX: Duration = Duration::from_secs(8);

/// Rounds of `--quick`: one after the fully checked lap, to see that a second lap works.
const ROUNDS_QUICK: usize = 1;

/// The times of one row.
#[derive(Debug)]
pub(crate) struct Row {
    /// In the order of the contenders; `None` for one that has no such thing.
    pub(crate) columns: Vec<(Column, Option<Times>)>,
    pub(crate) rounds: usize,
}

impl Row {
    /// Returns a column's times, if it has any.
    pub(crate) fn times(&self, column: Column) -> Option<&Times> {
        self.columns.iter().find(|(of, _)| *of == column).and_then(|(_, times)| times.as_ref())
    }
}

/// Nanoseconds per operation, one figure a round.
#[derive(Debug)]
pub(crate) struct Times {
    nanos: Vec<f64>,
}

impl Times {
    /// Returns the figure that `percent` of the rounds stay below.
    pub(crate) fn percentile(&self, percent: usize) -> f64 {
        let mut sorted = self.nanos.clone();
        sorted.sort_by(f64::total_cmp);
        sorted[(sorted.len() - 1) * percent / 100]
    }

    pub(crate) fn median(&self) -> f64 {
        self.percentile(50)
    }

    /// Returns, round by round, these times divided by `other`'s.
    pub(crate) fn over(&self, other: &Times) -> Times {
        Times { nanos: self.nanos.iter().zip(&other.nanos).map(|(own, other)| own / other).collect() }
    }
}

/// Runs the rounds of `workload`, after one fully checked lap of each contender.
///
/// # Errors
///
/// A sentence that names the contender whose result is wrong.
pub(crate) fn run(
    workload: &Workload,
    contenders: &[&dyn Contender],
    files: &Arc<Files>,
    quick: bool,
) -> Result<Row, String> {
    workloads::prepare(workload.job, files).map_err(|error| error.to_string())?;
    let mut ops = Vec::new();
    for contender in contenders {
        ops.push(fitting_ops(workload, *contender, files, quick)?);
    }
    let rounds_max = if quick { ROUNDS_QUICK } else { ROUNDS_MAX };
    let mut nanos: Vec<Vec<f64>> = vec![Vec::new(); contenders.len()];
    let begun = Instant::now();
    let mut round = 0;
    while round < rounds_max && (round < ROUNDS_MIN || begun.elapsed() < ROW_TIME_MAX) {
        for turn in 0..contenders.len() {
            let index = place(round, turn, contenders.len());
            let Some(ops) = ops[index] else { continue };
            let lap = Lap { ops, round: round as u64, check: Check::Ends, files: Arc::clone(files) };
            nanos[index].extend(timed(workload, contenders[index], &lap)?);
        }
        round += 1;
    }
    let columns = contenders.iter().zip(nanos).map(|(contender, nanos)| {
        let times = if nanos.is_empty() { None } else { Some(Times { nanos }) };
        (contender.column(), times)
    });
    Ok(Row { columns: columns.collect(), rounds: round })
}

/// Returns who takes a turn. The first place rotates and the direction alternates, so that nobody is always
/// preceded by the same rival, whose threads may still be spinning or whose pages may still be in the caches.
fn place(round: usize, turn: usize, contenders: usize) -> usize {
    let turn = if round.is_multiple_of(2) { turn } else { contenders - 1 - turn };
    (round + turn) % contenders
}

/// Checks one small lap to the last byte, then finds the number of operations that fills a lap, or `None` for a
/// contender that does not take part.
fn fitting_ops(
    workload: &Workload,
    contender: &dyn Contender,
    files: &Arc<Files>,
    quick: bool,
) -> Result<Option<u64>, String> {
    let (min, max) = workload.count.bounds(files);
    let mut lap = Lap { ops: min, round: 0, check: Check::EveryByte, files: Arc::clone(files) };
    if timed(workload, contender, &lap)?.is_none() {
        return Ok(None);
    }
    if quick {
        return Ok(Some(min));
    }
    lap.check = Check::Ends;
    // Twice: the first estimate comes from so few operations that it mostly tells how cold they were.
    for _ in 0..2 {
        let Some(nanos) = timed(workload, contender, &lap)? else { return Ok(None) };
        let fitting = (LAP_TARGET.as_nanos() as f64 / nanos) as u64;
        lap.ops = (fitting / min * min).clamp(min, max);
    }
    Ok(Some(lap.ops))
}

/// Runs and checks one lap, and returns its nanoseconds per operation.
fn timed(workload: &Workload, contender: &dyn Contender, lap: &Lap) -> Result<Option<f64>, String> {
    let Some(outcome) = contender.lap(workload.job, lap) else { return Ok(None) };
    let verdict = outcome.map_err(|error| error.to_string()).and_then(|outcome| {
        workloads::verify(workload.job, lap, &outcome)?;
        Ok(outcome.elapsed.as_nanos() as f64 / lap.ops as f64)
    });
    // Also after a failure: the next lap must not append to what this one left.
    let removed = lap.files.remove_scratch().map_err(|error| error.to_string());
    verdict
        .and_then(|nanos| removed.map(|()| Some(nanos)))
        .map_err(|what| format!("{} by {}: {what}", workload.title, contender.column().heading()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(nanos: &[f64], percent: usize, expected: f64) {
        let times = Times { nanos: nanos.to_vec() };
        assert!((times.percentile(percent) - expected).abs() < 1e-9, "{times:?} at {percent}");
    }

    #[test]
    fn everybody_has_one_turn_a_round_and_different_predecessors() {
        for round in 0..12 {
            let mut order: Vec<_> = (0..6).map(|turn| place(round, turn, 6)).collect();
            order.sort_unstable();
            assert_eq!(order, [0, 1, 2, 3, 4, 5], "round {round}");
        }
        assert_eq!([place(0, 1, 6), place(0, 2, 6)], [1, 2]);
        assert_eq!([place(1, 4, 6), place(1, 3, 6)], [2, 3]);
    }

    #[test]
    fn a_percentile_is_one_of_the_figures() {
        check(&[3.0, 1.0, 2.0], 50, 2.0);
        check(&[7.0], 90, 7.0);
        check(&[5.0, 4.0, 3.0, 2.0, 1.0, 0.0, 6.0, 7.0, 8.0, 9.0, 10.0], 90, 9.0);
    }
}
