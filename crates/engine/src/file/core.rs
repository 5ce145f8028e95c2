//! The state machine of one open file: order and cursor, stepped by whoever has the turn.

use std::collections::VecDeque;
use std::ops::Range;

use crate::file::order::{Batch, BatchId, Footprint, Order, Ordered};

/// How an operation that ended leaves the cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CursorMove {
    /// Where it was.
    Stay,
    /// Behind `len` bytes that were read from `offset`.
    Read {
        /// Where the read began.
        offset: u64,
        /// How many bytes it delivered.
        len: u64,
    },
    /// At a new place, by a write or a seek.
    To(u64),
}

/// Where a cursor read took its bytes from, so that they can be given back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Taken {
    offset: u64,
    era: u64,
}

impl Taken {
    /// Bytes from `offset` on; [`Core::stamp`] says when they were taken.
    pub(crate) fn from(offset: u64) -> Self {
        Taken { offset, era: 0 }
    }

    /// Where they begin.
    pub(crate) fn offset(self) -> u64 {
        self.offset
    }
}

/// Where a look at what comes next began, and how often the file had been changed by then: what it saw may be
/// handed out as long as both still hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    offset: u64,
    changes: u64,
}

impl Seen {
    /// Bytes from `offset` on; [`Core::stamp_seen`] says how often the file had been changed.
    pub(crate) fn from(offset: u64) -> Self {
        Seen { offset, changes: 0 }
    }

    /// Where they begin.
    pub(crate) fn offset(self) -> u64 {
        self.offset
    }
}

/// What became of an operation that arrived.
#[derive(Debug)]
pub(crate) enum Arrival<T> {
    /// It runs now.
    Start(Batch<T>),
    /// It has to wait and goes by the actor's mailbox.
    Wait(T),
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Core<T> {
    order: Order<T>,
    cursor: u64,
    /// Ranges that cursor reads took and their cancelled askers never saw, to be read again first.
    returned: VecDeque<Range<u64>>,
    /// How often the cursor was put somewhere. What was taken before that is not given back: it would lead
    /// the next read away from where the cursor was put.
    era: u64,
    /// How many operations that may have changed the file have ended.
    changes: u64,
    /// Operations in the actor's mailbox. Nothing starts past them, since nobody knows what they touch.
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
            mailed: 0,
            closed: false,
        }
    }
}

impl<T: Ordered> Core<T> {
    /// Whether something with this footprint may act in place: it overtakes nothing that came before.
    pub(crate) fn is_free(&self, footprint: &Footprint) -> bool {
        self.mailed == 0 && self.order.is_free(footprint, self.position(), self.room())
    }

    /// Starts `item` if nothing holds it up; otherwise counts it as mailed and hands it back.
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

    /// Forgets an operation whose message was lost on the way.
    pub(crate) fn lose_mail(&mut self) {
        self.mailed -= 1;
    }

    /// Queues an operation that came by a message of its own.
    pub(crate) fn push(&mut self, item: T) {
        self.order.push(item);
    }

    /// The next batch that may run. `held` says that readers are inside a shared turn.
    pub(crate) fn next(&mut self, held: bool) -> Option<Batch<T>> {
        self.order.next(self.position(), self.room(), held)
    }

    /// Notes that the file has this many bytes at least.
    pub(crate) fn note_len(&mut self, len: u64) {
        self.order.note_len(len);
    }

    /// Notes that a batch which is about to end has written all it wanted to.
    pub(crate) fn note_written(&mut self, batch_id: BatchId) {
        self.order.note_written(batch_id);
    }

    /// Books what a read in place found; says whether that can be believed, or has to be asked for in order.
    pub(crate) fn found(&mut self, range: Range<u64>, count: u64) -> bool {
        self.order.found(range, count)
    }

    /// Ends a batch and moves the cursor as it says.
    pub(crate) fn finish(&mut self, batch_id: BatchId, moved: CursorMove) {
        self.order.finish(batch_id);
        self.shift(moved);
    }

    /// Moves the cursor after an operation that acted in place.
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

    /// Bytes a cursor read may take from there: up to the end of a range that was given back.
    pub(crate) fn room(&self) -> u64 {
        self.returned.front().map_or(u64::MAX, |range| range.end - range.start)
    }

    /// Notes in `taken` that it is of now.
    pub(crate) fn stamp(&self, taken: &mut Taken) {
        taken.era = self.era;
    }

    /// Notes that operations have ended that may have changed the file.
    pub(crate) fn note_changes(&mut self, changes: u64) {
        self.changes += changes;
    }

    /// How many operations have ended that may have changed the file.
    pub(crate) fn changes(&self) -> u64 {
        self.changes
    }

    /// Notes in `seen` that it is of now.
    pub(crate) fn stamp_seen(&self, seen: &mut Seen) {
        seen.changes = self.changes;
    }

    /// Whether the next cursor operation begins where `seen` does.
    pub(crate) fn is_before(&self, seen: Seen) -> bool {
        self.position() == seen.offset
    }

    /// Whether no operation that may have changed the file has ended since.
    pub(crate) fn is_as(&self, seen: Seen) -> bool {
        self.changes == seen.changes
    }

    /// Takes back what a cancelled read had taken. If nothing has moved the cursor since, nor is about to, it
    /// simply moves back; otherwise the range is what the next cursor reads get first, so nothing is lost.
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

    /// Looks the range up by its start: a range that was given back while this read ran may stand before it.
    fn step_over(&mut self, offset: u64, len: u64) {
        let Some(place) = self.returned.iter().position(|range| range.start == offset) else {
            self.cursor = offset + len;
            return;
        };
        let range = &mut self.returned[place];
        range.start += len;
        // Nothing read: the file got shorter than what was given back, and there is nothing left of it.
        if len == 0 || range.start >= range.end {
            self.returned.remove(place);
        }
    }

    /// Refuses everything from now on.
    pub(crate) fn close(&mut self) {
        self.closed = true;
    }

    /// Lets it in again, if the close turned out to be impossible.
    pub(crate) fn reopen(&mut self) {
        self.closed = false;
    }

    /// Whether the file has been closed.
    pub(crate) fn is_closed(&self) -> bool {
        self.closed
    }

    /// Whether someone has to look again when a batch ends: something waits or is on its way to.
    pub(crate) fn has_waiting(&self) -> bool {
        self.order.has_waiting()
    }

    /// How many operations wait, in the mailbox and behind it.
    pub(crate) fn queued(&self) -> usize {
        self.mailed + self.order.waiting().count()
    }

    /// What waits, first come first.
    pub(crate) fn waiting(&self) -> impl Iterator<Item = &T> {
        self.order.waiting()
    }

    /// Takes out what waits and does not satisfy `keep`.
    pub(crate) fn remove_unless(&mut self, keep: impl Fn(&T) -> bool) -> Vec<T> {
        self.order.remove_unless(keep)
    }
}
