//! One file per family of operations: the request, its reply, and how a worker carries it out.

pub mod attributes;
pub mod names;
pub mod tree;
pub mod whole;

use std::io;
use std::path::Path;

use crate::error::Operation;
use crate::storage::Storage;

/// One request about a path, carried out as one job (or in place).
pub trait PathRequest: Send + 'static {
    /// What the asker gets.
    type Reply: Send + 'static;

    /// Names the operation, for errors and counters.
    fn operation(&self) -> Operation;

    /// Names the path, for errors and to find the lane.
    fn path(&self) -> &Path;

    /// Names the second path of an operation that has two.
    fn target(&self) -> Option<&Path> {
        None
    }

    /// Returns the payload in bytes, counted against the byte limits.
    fn bytes(&self) -> usize {
        0
    }

    /// Answers without blocking, or returns `None` if that cannot be promised.
    fn in_place(&self, storage: &dyn Storage) -> Option<io::Result<Self::Reply>> {
        let _ = storage;
        None
    }

    /// Carries the request out, blocking.
    ///
    /// # Errors
    ///
    /// What the storage answered, with its errno kept.
    fn execute(self, storage: &dyn Storage) -> io::Result<Self::Reply>;
}
