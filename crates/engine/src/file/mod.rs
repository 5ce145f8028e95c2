//! One open file without I/O, async or time: who may act, what may run, where the cursor is.
//!
//! `turn` says who may step the rest; `order` decides which operations may run together and merges
//! neighbours; `state` adds the cursor; `behind` holds what a buffered file has not written; `health` remembers what a sync may still vouch for. All of it is
//! plain code that a test can drive step by step.

mod behind;
mod health;
#[cfg(all(test, folio_loom))]
mod loom;
mod order;
mod state;
#[cfg(test)]
mod tests;
mod turn;

pub(crate) use behind::{Behind, Portion, Room};
pub(crate) use health::{Health, Trust};
pub(crate) use order::{Batch, Footprint, Merge, Ordered, Span, Ticket};
pub(crate) use state::{Arrival, CursorMove, Seen, State, Taken};
pub(crate) use turn::{Bell, Turn};
