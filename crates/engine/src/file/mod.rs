//! One open file without I/O, async or time: the turn, the order, the cursor.
//!
//! `turn` is the right to step the rest. `order` decides which operations may run together and merges
//! neighbours; `core` adds the cursor. `write_buffer` holds what a buffered file has not written, and `health`
//! what a sync may still promise. All of it is plain code that a test can drive step by step.

mod core;
mod health;
mod line;
#[cfg(all(test, folio_loom))]
mod loom;
mod order;
#[cfg(test)]
mod tests;
mod turn;
mod write_buffer;
mod writers;

pub(crate) use self::core::{Arrival, Core, CursorMove, Seen, Taken};
pub(crate) use health::{Health, Trust};
pub(crate) use line::Line;
pub(crate) use order::{Batch, BatchId, Footprint, Merge, OpPlace, Ordered, Span};
pub(crate) use turn::{Turn, WakeActor};
pub(crate) use write_buffer::{Chunk, Room, WriteBuffer};
