//! What folio must reach against a contender of the same run.

use crate::contender::Column;

/// A bound on the ratio between folio's time and another column's.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Goal {
    /// folio's time, divided by the column's, is at most this.
    CostAtMost(f64, Column),
    /// The column's time, divided by folio's, is at least this.
    SpeedAtLeast(f64, Column),
    /// The ratio is told; what it has to be is not settled yet.
    Open(Column),
}

impl Goal {
    pub(crate) fn column(self) -> Column {
        match self {
            Goal::CostAtMost(_, column) | Goal::SpeedAtLeast(_, column) | Goal::Open(column) => column,
        }
    }

    /// Judges two times of the same unit and says the ratio, the bound and the verdict.
    pub(crate) fn judge(self, ours: f64, theirs: f64) -> String {
        match self {
            Goal::CostAtMost(bound, column) => {
                let ratio = ours / theirs;
                format!("{ratio:.2} × {} (≤ {bound}) {}", column.heading(), verdict(ratio <= bound))
            }
            Goal::SpeedAtLeast(bound, column) => {
                let ratio = theirs / ours;
                format!("{ratio:.2}× as fast as {} (≥ {bound}) {}", column.heading(), verdict(ratio >= bound))
            }
            Goal::Open(column) => format!("{:.2} × {} (no goal is judged)", ours / theirs, column.heading()),
        }
    }
}

fn verdict(met: bool) -> &'static str {
    if met { "met" } else { "MISSED" }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(goal: Goal, ours: f64, theirs: f64, verdict: &str) {
        let said = goal.judge(ours, theirs);
        assert!(said.ends_with(&format!(" {verdict}")), "{goal:?} on {ours} and {theirs}: {said}");
    }

    #[test]
    fn a_bound_counts_as_met_when_it_is_just_reached() {
        check(Goal::CostAtMost(1.5, Column::Std), 1.5, 1.0, "met");
        check(Goal::CostAtMost(1.5, Column::Std), 1.6, 1.0, "MISSED");
        check(Goal::SpeedAtLeast(12.0, Column::Tokio), 1.0, 12.0, "met");
        check(Goal::SpeedAtLeast(12.0, Column::Tokio), 1.0, 11.0, "MISSED");
        check(Goal::Open(Column::Tokio), 9.0, 1.0, "judged)");
    }
}
