//! Reads, writes and seeks for tokio's traits: a caller polls them, and may never poll again.
//!
//! ```text
//!   poll_write ── room, a permit ──▶ bytes copied, queued in the order, Ready(n) ──▶ flush and shutdown wait for it
//!       └── none: Pending, no byte taken           its failure is reported once, by the next call that can
//!
//!   poll_read ── in place ──▶ Ready(n), the cursor moves
//!       └── not cached: a worker peeks ──▶ the next poll delivers the bytes, if they are still current
//! ```
//!
//! Nothing that a handle has under way depends on another poll: an accepted write is in the order, a peek
//! leaves the cursor, and a reservation passes to the next waiter if the caller does not fetch it.

mod read;
mod reservation;
mod seek;
mod stream;
mod under_way;
mod write;

use std::fmt;

use crate::error::Error;
use crate::file_op::Peeked;
use crate::stream::ReadAhead;

use under_way::{PolledCall, Rest, StreamWait, Unreported, Writing};

/// What one handle has under way by polls. Clones have their own.
#[derive(Default)]
pub struct Polled {
    writing: Writing,
    /// Bytes of a failed write. The next write or flush tries them first.
    rest: Rest,
    /// A failure that has not been reported.
    failure: Option<Unreported>,
    /// A peek at the next bytes.
    peeking: Option<PolledCall<Peeked>>,
    /// How often [`PEEK_AGE_MAX`](crate::limits::PEEK_AGE_MAX) is doubled, learned from the delay of this
    /// handle's polls.
    lateness: u32,
    /// A seek.
    seeking: Option<PolledCall<u64>>,
    /// A flush of the write buffer.
    flushing: Option<PolledCall<()>>,
    /// What a read from a stream waits for.
    stream_read: StreamWait<ReadAhead>,
    /// What a write to a stream waits for.
    stream_write: StreamWait<()>,
}

impl Polled {
    /// Whether other methods of the handle have to wait for a write or a seek first.
    pub fn is_busy(&self) -> bool {
        self.is_writing() || self.seeking.is_some()
    }

    fn is_writing(&self) -> bool {
        !matches!(self.writing, Writing::Idle) || !self.rest.bytes.is_empty() || self.failure.is_some()
    }

    /// Drops the rest of a failed write, also of one still under way: its caller has moved the cursor.
    pub fn forget_rest(&mut self) {
        self.rest = Rest::default();
        if let Writing::UnderWay(accepted) = &mut self.writing {
            accepted.forget();
        }
    }

    /// Keeps a failure for the next call that can report it.
    fn fail(&mut self, unreported: Unreported) {
        self.failure.get_or_insert(unreported);
    }

    fn take_failure(&mut self) -> Option<Error> {
        self.failure.take().map(Unreported::report)
    }
}

impl fmt::Debug for Polled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Polled").field("busy", &self.is_busy()).finish_non_exhaustive()
    }
}
