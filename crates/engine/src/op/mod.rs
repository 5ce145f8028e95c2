//! Requests about paths: what is asked, how it is carried out, what is answered. One family, one file.

use std::io;
use std::path::Path;

use crate::error::Operation;
use crate::storage::{Identity, Storage};

pub mod access;
mod ahead;
pub mod attributes;
pub mod closure;
pub mod copy_tree;
pub mod dir;
pub mod filesystem;
mod footing;
mod listed;
pub mod names;
pub mod prune;
pub mod relocate;
pub mod resolve;
pub mod tree;
pub mod usage;
pub mod walk;
pub mod whole;
pub mod xattr;

/// One request about a path, carried out as one job or in place.
pub trait PathRequest: Send + 'static {
    /// What success looks like.
    type Reply: Send + 'static;

    /// What is attempted, for errors and counters.
    fn operation(&self) -> Operation;

    /// The path it is attempted on.
    fn path(&self) -> &Path;

    /// The second path, where there is one.
    fn target(&self) -> Option<&Path> {
        None
    }

    /// Whether it reads the files below its path too, so that it has to find in them what was written.
    fn reads_below(&self) -> bool {
        false
    }

    /// Which files its paths lead to, as far as they can be found; may block.
    fn identities(&self, storage: &dyn Storage) -> Vec<Identity> {
        let paths = [Some(self.path()), self.target()].into_iter().flatten();
        paths.filter_map(|path| storage.identity(path).ok()).collect()
    }

    /// Bytes of payload, counted against the limits while the request is queued.
    fn bytes(&self) -> usize {
        0
    }

    /// The same request once more, if it can be made again after it was refused for want of a descriptor, with
    /// nothing done. The engine then waits for a descriptor; without it, the refusal is the answer.
    fn again(&self) -> Option<Self>
    where
        Self: Sized,
    {
        None
    }

    /// Carries the request out without blocking, if that is possible; `None` otherwise.
    fn in_place(&self, storage: &dyn Storage) -> Option<io::Result<Self::Reply>> {
        let _ = storage;
        None
    }

    /// Carries the request out; may block.
    ///
    /// # Errors
    ///
    /// Whatever the storage returns, errno kept.
    fn execute(self, storage: &dyn Storage) -> io::Result<Self::Reply>;
}
