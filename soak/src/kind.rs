//! The kinds of search.

use std::any::Any;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::str::FromStr;

use crate::bug::Bug;
use crate::figures::{Size, Verdict};
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
