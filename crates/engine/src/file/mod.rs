//! One open file without I/O, async or time: who may act, what may run, where the cursor is.
//!
//! `turn` says who may step the rest; `order` decides which operations may run together and merges
//! neighbours; `state` adds the cursor; `behind` holds what a buffered file has not written; `health` remembers what a sync may still vouch for. All of it is
//! plain code that a test can drive step by step.

mod core;
mod health;
#[cfg(all(test, folio_loom))]
mod loom;
mod order;
#[cfg(test)]
mod tests;
mod turn;
mod write_buffer;

pub(crate) use self::core::{Arrival, Core, CursorMove, Seen, Taken};
pub(crate) use health::{Health, Trust};
pub(crate) use order::{Batch, BatchId, Footprint, Merge, Ordered, Span};
pub(crate) use turn::{Turn, WakeActor};
pub(crate) use write_buffer::{Chunk, Room, WriteBuffer};
