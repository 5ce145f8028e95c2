//! What a whole run did, kind by kind.

use std::collections::BTreeMap;
use std::fmt;

use crate::figures::{Figures, Verdict};
use crate::kind::Kind;

/// Adds up rounds. Shown, it is a table.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    kinds: BTreeMap<Kind, Row>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Row {
    rounds: u64,
    violations: u64,
    figures: Figures,
}

impl Tally {
    /// Adds a round.
    pub fn add(&mut self, kind: Kind, verdict: &Verdict) {
        let row = self.kinds.entry(kind).or_default();
        row.rounds += 1;
        match verdict {
            Ok(figures) => row.figures += *figures,
            Err(_) => row.violations += 1,
        }
    }

    /// Returns how many rounds found something.
    pub fn violations(&self) -> u64 {
        self.kinds.values().map(|row| row.violations).sum()
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "| kind | rounds | operations | given up | faults | checked | undecided | violations |")?;
        writeln!(f, "|---|---|---|---|---|---|---|---|")?;
        for (kind, row) in &self.kinds {
            let Figures { operations, given_up, checked, undecided, faults } = row.figures;
            writeln!(
                f,
                "| {kind} | {} | {operations} | {given_up} | {faults} | {checked} {} | {undecided} | {} |",
                row.rounds,
                kind.checks(),
                row.violations
            )?;
        }
        Ok(())
    }
}
