//! How much a round does, and what it returns.

use std::ops::AddAssign;

/// How much a round does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Size {
    /// A second or less: for tests.
    Short,
    /// What a long run repeats.
    Full,
}

/// What one round did, or several.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Operations of the program.
    pub operations: u64,
    /// Those of them that were dropped, timed out or aborted.
    pub given_up: u64,
    /// What was checked: histories, images of power cuts, programs that ended, records.
    pub checked: u64,
    /// Histories that were too hard to decide.
    pub undecided: u64,
    /// Calls of the storage that a fault met.
    pub faults: u64,
}

/// What a round found: its figures, or the promise that was broken.
pub type Verdict = Result<Figures, String>;

impl AddAssign for Figures {
    fn add_assign(&mut self, other: Figures) {
        self.operations += other.operations;
        self.given_up += other.given_up;
        self.checked += other.checked;
        self.undecided += other.undecided;
        self.faults += other.faults;
    }
}
