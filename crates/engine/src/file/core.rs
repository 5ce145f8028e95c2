//! The state machine of one open file: order and cursor, stepped by the holder of the turn.

use std::collections::VecDeque;
use std::ops::Range;

use crate::file::order::{Batch, BatchId, Footprint, Order, Ordered, Span};
use crate::limits::CHANGES_REMEMBERED_MAX;

/// What a finished operation does to the cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CursorMove {
    /// Leaves it.
    Stay,
    /// Moves it past `len` bytes that were read from `offset`.
    Read {
        /// Where the read began.
        offset: u64,
        /// How many bytes it delivered.
        len: u64,
    },
    /// Moves it to the end of a write or the target of a seek.
    To(u64),
}

/// Start of the bytes that a cursor read took, so that they can be given back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Taken {
    offset: u64,
    era: u64,
}

impl Taken {
    /// Bytes that begin at `offset`; [`Core::stamp`] adds when they were taken.
    pub(crate) fn from(offset: u64) -> Self {
        Taken { offset, era: 0 }
    }

    /// Where they begin.
    pub(crate) fn offset(self) -> u64 {
        self.offset
    }
}

/// Start of a peek, and how often the file had been changed by then. The bytes it saw may be handed out while
/// the cursor is there and no later change touches them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    offset: u64,
    changes: u64,
}

impl Seen {
    /// Bytes that begin at `offset`; [`Core::stamp_seen`] adds how often the file had been changed.
    pub(crate) fn from(offset: u64) -> Self {
        Seen { offset, changes: 0 }
    }

    /// Where they begin.
    pub(crate) fn offset(self) -> u64 {
        self.offset
    }
}

/// Result of the arrival of an operation.
#[derive(Debug)]
pub(crate) enum Arrival<T> {
    /// It starts now.
    Start(Batch<T>),
    /// It has to wait, and goes to the actor's mailbox.
    Wait(T),
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Core<T> {
    order: Order<T>,
    cursor: u64,
    /// Ranges that cancelled cursor reads took and never delivered. The next cursor reads get them first.
    returned: VecDeque<Range<u64>>,
    /// How often a write or a seek has set the cursor. Bytes taken before that are not given back: they would
    /// lead the next read away from the new position.
    era: u64,
    /// Finished operations that may have changed the file.
    changes: u64,
    /// What the last of them touched, oldest first.
    recent_changes: VecDeque<Span>,
    /// Operations in the actor's mailbox. Nothing starts before them, because their footprints are unknown.
    mailed: usize,
    closed: bool,
}

impl<T> Default for Core<T> {
    fn default() -> Self {
        Core {
            order: Order::default(),
            cursor: 0,
            returned: VecDeque::new(),
            era: 0,
            changes: 0,
            recent_changes: VecDeque::new(),
            mailed: 0,
            closed: false,
        }
    }
}

impl<T: Ordered> Core<T> {
    /// Whether an operation with this footprint may act in place without overtaking an earlier one.
    pub(crate) fn is_free(&self, footprint: &Footprint) -> bool {
        self.mailed == 0 && self.order.is_free(footprint, self.position(), self.room())
    }

    /// Starts `item` if no earlier operation blocks it; otherwise counts it as mailed and hands it back.
    pub(crate) fn arrive(&mut self, item: T, drained: impl FnOnce() -> bool) -> Arrival<T> {
        let (cursor, room) = (self.position(), self.room());
        let footprint = item.footprint(cursor, room);
        let free = self.is_free(&footprint) && (!footprint.span.closes_gate() || drained());
        if free {
            return Arrival::Start(self.order.start(item, footprint, cursor, room));
        }
        self.mailed += 1;
        Arrival::Wait(item)
    }

    /// Moves `item` from the mailbox into the order.
    pub(crate) fn receive(&mut self, item: T) {
        self.mailed -= 1;
        self.order.push(item);
    }

    /// Stops counting an operation whose message was lost.
    pub(crate) fn lose_mail(&mut self) {
        self.mailed -= 1;
    }

    /// Queues an operation that arrived in a message of its own.
    pub(crate) fn push(&mut self, item: T) {
        self.order.push(item);
    }

    /// Returns the next batch that may run. `readers_inside` means that a shared turn is taken.
    pub(crate) fn next(&mut self, readers_inside: bool) -> Option<Batch<T>> {
        self.order.next(self.position(), self.room(), readers_inside)
    }

    /// Starts one write at a time from now on.
    pub(crate) fn write_in_turn(&mut self) {
        self.order.write_in_turn();
    }

    /// Records that the file has at least this many bytes.
    pub(crate) fn note_len(&mut self, len: u64) {
        self.order.note_len(len);
    }

    /// A lower bound of the file's length, from its opening and the operations of this process.
    pub(crate) fn known_len(&self) -> u64 {
        self.order.known_len()
    }

    /// Records that a batch which is about to end has written all of its bytes.
    pub(crate) fn note_written(&mut self, batch_id: BatchId) {
        self.order.note_written(batch_id);
    }

    /// Records what a read in place found. Returns whether the result is reliable; if not, the read must be
    /// repeated in order.
    pub(crate) fn note_read(&mut self, range: Range<u64>, count: u64) -> bool {
        self.order.note_read(range, count)
    }

    /// Ends a batch and moves the cursor accordingly.
    pub(crate) fn finish(&mut self, batch_id: BatchId, moved: CursorMove) {
        if let Some(span) = self.order.finish(batch_id)
            && span.closes_gate()
        {
            self.note_change(span);
        }
        self.shift(moved);
    }

    /// Moves the cursor after an operation in place.
    pub(crate) fn shift(&mut self, moved: CursorMove) {
        match moved {
            CursorMove::Stay => {}
            CursorMove::Read { offset, len } => self.step_over(offset, len),
            CursorMove::To(position) => {
                self.cursor = position;
                self.returned.clear();
                self.era += 1;
            }
        }
    }

    /// Where the next cursor operation begins.
    pub(crate) fn position(&self) -> u64 {
        self.returned.front().map_or(self.cursor, |range| range.start)
    }

    /// Bytes that a cursor read may take from there: up to the end of a range that was given back.
    pub(crate) fn room(&self) -> u64 {
        self.returned.front().map_or(u64::MAX, |range| range.end - range.start)
    }

    /// Marks `taken` as taken now.
    pub(crate) fn stamp(&self, taken: &mut Taken) {
        taken.era = self.era;
    }

    fn note_change(&mut self, span: Span) {
        self.changes += 1;
        if self.recent_changes.len() == CHANGES_REMEMBERED_MAX {
            self.recent_changes.pop_front();
        }
        self.recent_changes.push_back(span);
    }

    /// Returns how many finished operations may have changed the file.
    pub(crate) fn changes(&self) -> u64 {
        self.changes
    }

    /// Marks `seen` as seen now.
    pub(crate) fn stamp_seen(&self, seen: &mut Seen) {
        seen.changes = self.changes;
    }

    /// Whether the next cursor operation begins where `seen` begins.
    pub(crate) fn begins_at(&self, seen: Seen) -> bool {
        self.position() == seen.offset
    }

    /// Whether no operation that may have changed the `len` bytes at `seen` has finished since then. No bytes
    /// mean the end of the file.
    pub(crate) fn is_unchanged_since(&self, seen: Seen, len: u64) -> bool {
        let range = seen.offset..seen.offset.saturating_add(len);
        let later = usize::try_from(self.changes - seen.changes).unwrap_or(usize::MAX);
        // Older changes are forgotten; they count as changes of these bytes.
        later <= self.recent_changes.len()
            && self.recent_changes.iter().rev().take(later).all(|span| !span.may_change(&range))
    }

    /// Takes back the bytes of a cancelled read. The cursor moves back if no operation has moved it since or is
    /// about to; otherwise the next cursor reads get the range first. Either way no byte is lost.
    pub(crate) fn give_back(&mut self, taken: Taken, len: u64) {
        let range = taken.offset..taken.offset + len;
        if len == 0 || taken.era != self.era {
            return;
        }
        if self.cursor == range.end && self.returned.is_empty() && !self.order.is_moving_cursor() {
            self.cursor = range.start;
        } else {
            let place = self.returned.partition_point(|other| other.start < range.start);
            self.returned.insert(place, range);
        }
    }

    /// Finds the range by its start: a range that was given back during this read may come before it.
    fn step_over(&mut self, offset: u64, len: u64) {
        let Some(place) = self.returned.iter().position(|range| range.start == offset) else {
            self.cursor = offset + len;
            return;
        };
        let range = &mut self.returned[place];
        range.start += len;
        // A read of 0 bytes means that the file is now shorter: the rest of the range is gone.
        if len == 0 || range.start >= range.end {
            self.returned.remove(place);
        }
    }

    /// Refuses every operation from now on.
    pub(crate) fn close(&mut self) {
        self.closed = true;
    }

    /// Accepts operations again, after a close that turned out to be impossible.
    pub(crate) fn reopen(&mut self) {
        self.closed = false;
    }

    /// Whether the file has been closed.
    pub(crate) fn is_closed(&self) -> bool {
        self.closed
    }

    /// Whether an operation waits in the order, so that the end of a batch may start it.
    pub(crate) fn has_waiting(&self) -> bool {
        self.order.has_waiting()
    }

    /// Number of waiting operations, in the mailbox and in the order.
    pub(crate) fn queued(&self) -> usize {
        self.mailed + self.order.waiting_len()
    }

    /// Returns the waiting operations, oldest first.
    pub(crate) fn waiting(&self) -> impl Iterator<Item = &T> {
        self.order.waiting()
    }

    /// Takes the waiting operation of this number out of the order.
    pub(crate) fn remove(&mut self, number: u64) -> Option<T> {
        self.order.remove(number)
    }

    /// Takes all waiting operations out of the order, oldest first.
    pub(crate) fn take_waiting(&mut self) -> Vec<T> {
        self.order.take_waiting()
    }
}
