//! Who does the work.

use std::future::Future;
use std::io;

use super::load::{Load, Room};

/// A library that works with files.
pub(super) trait Contender: 'static {
    /// Whether it has such work.
    fn has(load: Load) -> bool;

    /// Does one pass, checks what it has read, and returns how many bytes, entries or operations that was.
    ///
    /// `memory` is the task's own, for what is read to the end: giving 64 MiB back to the system takes ten milliseconds
    /// in one go, whoever has read them.
    fn pass(
        load: Load,
        room: &Room,
        task: usize,
        memory: &mut Vec<u8>,
    ) -> impl Future<Output = io::Result<u64>> + Send;
}
