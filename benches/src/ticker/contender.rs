//! Who does the work.

use std::future::Future;
use std::io;

use super::load::{Load, Room};

/// A library that works with files.
pub(super) trait Contender: 'static {
    /// Whether it has such work.
    fn has(load: Load) -> bool;

    /// Does one pass, checks what it has read, and returns how many bytes, entries or operations that was.
    fn pass(load: Load, room: &Room, task: usize) -> impl Future<Output = io::Result<u64>> + Send;
}
