//! The kinds of search, and what a round of each returns.

use std::any::Any;
use std::fmt;
use std::ops::AddAssign;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::str::FromStr;

use crate::bug::Bug;
use crate::{histories, program, storm};

/// One kind of search.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Histories of one file that must be linearizable.
    Histories,
    /// Power cuts at every moment.
    Images,
    /// Calls of the storage that fail.
    Faults,
    /// Calls of the program that are dropped.
    Storms,
}

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

impl Kind {
    /// All of them.
    pub const ALL: [Kind; 4] = [Kind::Histories, Kind::Images, Kind::Faults, Kind::Storms];

    /// Runs the round of `seed`, over a storage with `bug` if there is one.
    ///
    /// # Errors
    ///
    /// What was broken.
    pub fn round(self, seed: u64, size: Size, bug: Option<Bug>) -> Verdict {
        let round = || match self {
            Kind::Histories => histories::round(seed, size, bug),
            Kind::Images => program::images(seed, size, bug),
            Kind::Faults => program::faults(seed, size, bug),
            Kind::Storms => storm::round(seed, size, bug),
        };
        // What a round waits for in vain, it says by a panic.
        catch_unwind(AssertUnwindSafe(round)).unwrap_or_else(|panic| Err(message(&*panic)))
    }

    /// What its rounds check.
    pub fn checks(self) -> &'static str {
        match self {
            Kind::Histories => "histories",
            Kind::Images => "images",
            Kind::Faults => "ends",
            Kind::Storms => "records",
        }
    }
}

fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
    format!("a panic: {}", text.unwrap_or("without a message"))
}

impl AddAssign for Figures {
    fn add_assign(&mut self, other: Figures) {
        self.operations += other.operations;
        self.given_up += other.given_up;
        self.checked += other.checked;
        self.undecided += other.undecided;
        self.faults += other.faults;
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Kind::Histories => "histories",
            Kind::Images => "images",
            Kind::Faults => "faults",
            Kind::Storms => "storms",
        })
    }
}

impl FromStr for Kind {
    type Err = String;

    fn from_str(name: &str) -> Result<Kind, String> {
        let found = Kind::ALL.into_iter().find(|kind| kind.to_string() == name);
        found.ok_or_else(|| format!("no kind is named {name:?}: there are histories, images, faults, storms"))
    }
}
