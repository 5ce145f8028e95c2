//! How many writes of one file run at a time.
//!
//! A file system lets one write to a file through the page cache wait for another, whatever they touch. A second worker
//! would therefore only wait inside the kernel, and spin there on a processor that another file could use.

use crate::limits::LONG_WRITES_MAX;

/// What kind of write an operation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Writer {
    /// None at all, or one that excludes others by its span.
    None,
    /// One call, or several that were merged into one.
    Short,
    /// One that is written in pieces, between which others get in.
    Long,
}

/// The running writes of a file.
#[derive(Debug, Default)]
pub(crate) struct Writers {
    in_turn: bool,
    is_short_inside: bool,
    long: usize,
}

impl Writers {
    /// Of a file whose storage lets one write wait for another.
    pub(crate) fn in_turn() -> Writers {
        Writers { in_turn: true, ..Writers::default() }
    }

    /// Whether one more may run.
    pub(crate) fn admit(&self, writer: Writer) -> bool {
        match writer {
            Writer::None => true,
            Writer::Short => !self.in_turn || !self.is_short_inside,
            Writer::Long => !self.in_turn || self.long < LONG_WRITES_MAX,
        }
    }

    /// Whether the second waits for as long as the first is there.
    pub(crate) fn keeps_out(&self, inside: Writer, waiting: Writer) -> bool {
        self.in_turn && inside == Writer::Short && waiting == Writer::Short
    }

    /// Counts one that starts.
    pub(crate) fn enter(&mut self, writer: Writer) {
        match writer {
            Writer::None => {}
            Writer::Short => self.is_short_inside = true,
            Writer::Long => self.long += 1,
        }
    }

    /// Stops counting one that has ended.
    pub(crate) fn leave(&mut self, writer: Writer) {
        match writer {
            Writer::None => {}
            // Where they take turns there was no other.
            Writer::Short => self.is_short_inside = false,
            Writer::Long => self.long -= 1,
        }
    }
}
