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
    /// `memory` is the task's own, for what is read to the end: taking 64 MiB from the system and giving them back takes
    /// tens of milliseconds, whoever reads them.
    fn pass(
        load: Load,
        room: &Room,
        task: usize,
        memory: &mut Vec<u8>,
    ) -> impl Future<Output = io::Result<u64>> + Send;
}
