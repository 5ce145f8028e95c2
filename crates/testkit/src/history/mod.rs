//! Histories of concurrent operations on one file, and the check that they are linearizable.

mod demand;
mod entry;
mod recorder;
mod search;
mod violation;

pub use entry::{Entry, History};
pub use recorder::{Invocation, Recorder};
pub use violation::{Violation, ViolationKind};

/// Checks that a history is linearizable: that there is an order of its operations, in which none comes
/// before one that had returned when it was called, and in which the model gives each its outcome.
///
/// An operation that failed had no effect. One whose outcome is unknown has taken effect whole, at any time
/// after its call, or not at all.
///
/// # Errors
///
/// A [`Violation`] if there is no such order, or if the search was given up.
pub fn check(history: &History) -> Result<(), Violation> {
    search::search(history)
}
