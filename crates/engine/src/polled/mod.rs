//! What tokio's traits need: reads, writes and seeks that a caller polls, and may never poll again.
//!
//! ```text
//!   poll_write ── room, a permit ──▶ bytes copied, in the file's order, Ready(n) ──▶ flush, shutdown wait for it
//!       └── none: Pending, nothing taken            its failure is heard once, by the next call that can tell it
//!
//!   poll_read ── in place ──▶ Ready(n), the cursor moves
//!       └── not at hand: a worker looks ──▶ the next poll hands out what it saw, if that still holds
//! ```
//!
//! What is under way for a handle never depends on being polled again: an accepted write has its place in the
//! order, a look leaves the cursor alone, and what was waited for in line goes to the next if nobody fetches it.

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

use under_way::{Job, Rest, Unheard, Waiting, Writing};

/// What one handle has under way by polls. One handle, one of these: clones have their own.
#[derive(Default)]
pub struct Polled {
    writing: Writing,
    /// What an accepted write left behind when it failed. It is the first thing that the next write or flush tries.
    rest: Rest,
    /// A failure that nobody has heard of.
    failure: Option<Unheard>,
    /// A look at what comes next.
    looking: Option<Job<Peeked>>,
    /// Looks in a row that no longer held when they were fetched.
    void: u32,
    /// How often [`LOOKED_AGE_MAX`](crate::limits::LOOKED_AGE_MAX) is doubled: learnt from how late this handle's polls
    /// come.
    lateness: u32,
    /// A seek.
    seeking: Option<Job<u64>>,
    /// A flush of what a buffered file keeps back.
    flushing: Option<Job<()>>,
    /// What reading a stream waits for.
    reading: Waiting<ReadAhead>,
    /// What writing to a stream waits for.
    putting: Waiting<()>,
}

impl Polled {
    /// Whether a method of the same handle has something to settle before it begins.
    pub fn is_busy(&self) -> bool {
        self.is_writing() || self.seeking.is_some()
    }

    fn is_writing(&self) -> bool {
        !matches!(self.writing, Writing::Idle) || !self.rest.bytes.is_empty() || self.failure.is_some()
    }

    /// Forgets what a failed write left undone, or will: its caller has gone elsewhere in the file.
    pub fn forget_rest(&mut self) {
        self.rest = Rest::default();
        if let Writing::UnderWay(accepted) = &mut self.writing {
            accepted.forget();
        }
    }

    /// Keeps a failure for the next call that can tell it.
    fn fail(&mut self, unheard: Unheard) {
        self.failure.get_or_insert(unheard);
    }

    fn hear(&mut self) -> Option<Error> {
        self.failure.take().map(Unheard::hear)
    }
}

impl fmt::Debug for Polled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Polled").field("busy", &self.is_busy()).finish_non_exhaustive()
    }
}
