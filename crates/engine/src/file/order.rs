//! Which operations of one file may run together, in which order, and which become one system call.
//!
//! Two operations conflict if they touch overlapping ranges and one of them writes, if both move the cursor,
//! if one reads where only the other makes the file reach, or if one is a barrier. Conflicting operations run in the order they came; all others overlap. A state
//! machine without I/O, time or async.

use std::collections::VecDeque;
use std::ops::Range;

use crate::limits::{MERGE_BYTES_MAX, MERGE_OPS_MAX, ORDER_WINDOW_OPS};

/// What an operation touches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Span {
    /// Looks at these bytes.
    Read(Range<u64>),
    /// Looks at these bytes from the cursor and leaves that where it is: whoever moves the cursor later need not
    /// wait for it.
    Look(Range<u64>),
    /// Changes these bytes.
    Write(Range<u64>),
    /// Changes these bytes, which a buffered file had kept back.
    Flush(Range<u64>),
    /// Keeps these bytes back: whoever comes later finds them changed. Never queued.
    Buffer(Range<u64>),
    /// Adds bytes at an end that only the kernel knows.
    Append,
    /// Vouches for everything written before it.
    Sync,
    /// Wants the file for itself: a length change, a lock, a closure, a close.
    Exclusive,
}

impl Span {
    /// Everything there is to look at.
    pub(crate) const LOOK: Span = Span::Read(0..u64::MAX);

    /// Whether reads in place must stay out while such an operation is queued or running.
    pub(crate) fn closes_gate(&self) -> bool {
        match self {
            Span::Write(_) | Span::Flush(_) | Span::Append | Span::Exclusive => true,
            Span::Read(_) | Span::Look(_) | Span::Buffer(_) | Span::Sync => false,
        }
    }

    /// Whether an operation that depends on the cursor moves it too.
    fn may_move_cursor(&self) -> bool {
        !matches!(self, Span::Look(_))
    }
}

/// What an operation touches, and whether it depends on the cursor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Footprint {
    pub(crate) span: Span,
    pub(crate) cursor: bool,
}

impl Footprint {
    fn moves_cursor(&self) -> bool {
        self.cursor && self.span.may_move_cursor()
    }
}

/// Whether `later` has to wait for `earlier` to end, in a file that has at least `known_len` bytes.
fn must_wait(earlier: &Footprint, later: &Footprint, known_len: u64) -> bool {
    if later.cursor && earlier.moves_cursor() {
        return true;
    }
    let overlap = |a: &Range<u64>, b: &Range<u64>| a.start < b.end && b.start < a.end;
    match (&earlier.span, &later.span) {
        (Span::Exclusive, _) | (_, Span::Exclusive) => true,
        // What was kept back before goes to the file before it.
        (Span::Flush(_), Span::Buffer(_)) => false,
        (Span::Read(_) | Span::Look(_), Span::Read(_) | Span::Look(_)) => false,
        (
            Span::Write(a) | Span::Flush(a) | Span::Buffer(a),
            Span::Write(b) | Span::Flush(b) | Span::Buffer(b),
        ) => overlap(a, b),
        (
            Span::Read(read) | Span::Look(read),
            Span::Write(write) | Span::Flush(write) | Span::Buffer(write),
        )
        | (
            Span::Write(write) | Span::Flush(write) | Span::Buffer(write),
            Span::Read(read) | Span::Look(read),
        ) => {
            // A write behind the end leaves a hole before it: bytes for whoever reads there after it.
            let in_hole = read.end <= write.start && read.end > known_len;
            !read.is_empty() && (overlap(read, write) || in_hole)
        }
        (
            Span::Append,
            Span::Read(_) | Span::Look(_) | Span::Write(_) | Span::Flush(_) | Span::Buffer(_) | Span::Append,
        )
        | (Span::Read(_) | Span::Look(_) | Span::Write(_) | Span::Flush(_) | Span::Buffer(_), Span::Append) => {
            true
        }
        (Span::Write(_) | Span::Flush(_) | Span::Buffer(_) | Span::Append | Span::Sync, Span::Sync) => true,
        // A sync promises nothing about what comes after it, and reads change nothing it could miss.
        (
            Span::Sync,
            Span::Read(_) | Span::Look(_) | Span::Write(_) | Span::Flush(_) | Span::Buffer(_) | Span::Append,
        )
        | (Span::Read(_) | Span::Look(_), Span::Sync) => false,
    }
}

/// How an operation joins its neighbours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Merge {
    /// It runs alone.
    Alone,
    /// Contiguous writes become one.
    Write,
    /// Appends become one.
    Append,
    /// Syncs become one.
    Sync,
}

/// What the order has to know of an operation.
pub(crate) trait Ordered {
    /// What it touches if it starts while the cursor stands at `cursor`, reading at most `room` bytes from it.
    fn footprint(&self, cursor: u64, room: u64) -> Footprint;
    /// How it joins its neighbours.
    fn merge(&self) -> Merge;
    /// Bytes it writes.
    fn bytes(&self) -> u64;
}

/// Names one running batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BatchId(u64);

/// Operations that start together and run as one job.
#[derive(Debug)]
pub(crate) struct Batch<T> {
    pub(crate) batch_id: BatchId,
    /// Where cursor operations of this batch begin.
    pub(crate) cursor: u64,
    /// Bytes that a cursor read may take from there.
    pub(crate) room: u64,
    pub(crate) items: Vec<T>,
    /// How many closings of the gate go with it.
    pub(crate) closers: u64,
}

/// The queue of one file.
#[derive(Debug)]
pub(crate) struct Order<T> {
    running: Vec<(BatchId, Footprint)>,
    waiting: VecDeque<T>,
    batch_ids: u64,
    /// Bytes that the file has at least, as far as those tell that came this way.
    known_len: u64,
}

impl<T> Default for Order<T> {
    fn default() -> Self {
        Order { running: Vec::new(), waiting: VecDeque::new(), batch_ids: 0, known_len: 0 }
    }
}

impl<T: Ordered> Order<T> {
    /// Whether something with this footprint would overtake nothing if it ran now.
    pub(crate) fn is_free(&self, footprint: &Footprint, cursor: u64, room: u64) -> bool {
        !self.is_blocked(footprint, &[])
            && !self
                .waiting
                .iter()
                .any(|item| must_wait(&outline(item, cursor, room, true), footprint, self.known_len))
    }

    /// Starts `item` at once. The caller has asked [`is_free`](Order::is_free).
    pub(crate) fn start(&mut self, item: T, footprint: Footprint, cursor: u64, room: u64) -> Batch<T> {
        let closers = u64::from(footprint.span.closes_gate());
        Batch { batch_id: self.run(footprint), cursor, room, items: vec![item], closers }
    }

    /// Queues `item` behind what came before.
    pub(crate) fn push(&mut self, item: T) {
        self.waiting.push_back(item);
    }

    /// Starts the first waiting operations that nothing before them holds up, merged with their neighbours.
    ///
    /// `held` stands for readers inside a shared turn: what conflicts with reading has to wait for them.
    pub(crate) fn next(&mut self, cursor: u64, room: u64, held: bool) -> Option<Batch<T>> {
        let mut blocked = Vec::new();
        if held {
            blocked.push(Footprint { span: Span::LOOK, cursor: false });
        }
        let window = self.waiting.len().min(ORDER_WINDOW_OPS);
        for index in 0..window {
            let footprint = outline(&self.waiting[index], cursor, room, self.moves_cursor(&blocked));
            if self.is_blocked(&footprint, &blocked) {
                blocked.push(footprint);
                continue;
            }
            return Some(self.gather(index, footprint, blocked, cursor, room));
        }
        None
    }

    /// Ends a batch.
    pub(crate) fn finish(&mut self, batch_id: BatchId) {
        let Some(place) = self.running.iter().position(|(running, _)| *running == batch_id) else { return };
        let (_, footprint) = self.running.swap_remove(place);
        if footprint.span == Span::Exclusive {
            // It may have made the file shorter.
            self.known_len = 0;
        }
    }

    /// Notes that a batch which is about to end has written all it wanted to.
    pub(crate) fn note_written(&mut self, batch_id: BatchId) {
        if let Some((_, Footprint { span: Span::Write(range) | Span::Flush(range), .. })) =
            self.running.iter().find(|(running, _)| *running == batch_id)
        {
            self.known_len = self.known_len.max(range.end);
        }
    }

    /// Notes that the file has this many bytes at least.
    pub(crate) fn note_len(&mut self, len: u64) {
        self.known_len = self.known_len.max(len);
    }

    /// Books that a read of `range`, beside which nothing that it overlaps is under way, found `count` bytes. Says
    /// whether that can be believed: it ended before the file should have, and what runs may be about to go on there.
    pub(crate) fn found(&mut self, range: Range<u64>, count: u64) -> bool {
        let end = range.start.saturating_add(count);
        if end >= range.end {
            self.known_len = self.known_len.max(end);
            return true;
        }
        let surprise = self.known_len >= range.end && !self.running.is_empty();
        self.known_len = self.known_len.min(end);
        !surprise
    }

    /// Whether a running operation will move the cursor when it ends.
    pub(crate) fn is_moving_cursor(&self) -> bool {
        self.moves_cursor(&[])
    }

    /// Whether anything waits for its start.
    pub(crate) fn has_waiting(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// What waits, first come first.
    pub(crate) fn waiting(&self) -> impl Iterator<Item = &T> {
        self.waiting.iter()
    }

    /// Takes out what waits and does not satisfy `keep`.
    pub(crate) fn remove_unless(&mut self, keep: impl Fn(&T) -> bool) -> Vec<T> {
        let (buffered, removed) = std::mem::take(&mut self.waiting).into_iter().partition(|item| keep(item));
        self.waiting = buffered;
        VecDeque::into(removed)
    }

    /// Whether an earlier operation has yet to move the cursor.
    fn moves_cursor(&self, blocked: &[Footprint]) -> bool {
        blocked.iter().chain(self.running.iter().map(|(_, earlier)| earlier)).any(Footprint::moves_cursor)
    }

    fn is_blocked(&self, footprint: &Footprint, blocked: &[Footprint]) -> bool {
        let known_len = self.known_len;
        blocked.iter().any(|earlier| must_wait(earlier, footprint, known_len))
            || self.running.iter().any(|(_, earlier)| must_wait(earlier, footprint, known_len))
    }

    fn run(&mut self, footprint: Footprint) -> BatchId {
        self.batch_ids += 1;
        let batch_id = BatchId(self.batch_ids);
        self.running.push((batch_id, footprint));
        batch_id
    }

    /// Starts the waiting item at `index` together with all later ones that may join it.
    fn gather(
        &mut self,
        index: usize,
        mut whole: Footprint,
        mut blocked: Vec<Footprint>,
        cursor: u64,
        room: u64,
    ) -> Batch<T> {
        let mut later = self.waiting.split_off(index);
        let first = later.pop_front().expect("the index came from a scan of this queue");
        let merge = first.merge();
        let mut bytes = first.bytes();
        let mut items = vec![first];
        let reach = if merge == Merge::Alone { 0 } else { MERGE_OPS_MAX - 1 };
        for _ in 0..reach {
            let Some(candidate) = later.pop_front() else { break };
            let at =
                if let (true, Span::Write(range)) = (whole.cursor, &whole.span) { range.end } else { cursor };
            let footprint = candidate.footprint(at, room);
            let joins = candidate.merge() == merge
                && bytes + candidate.bytes() <= MERGE_BYTES_MAX
                && !self.is_blocked(&footprint, &blocked)
                && extend(&mut whole, &footprint);
            if joins {
                bytes += candidate.bytes();
                items.push(candidate);
            } else {
                let moved = whole.moves_cursor() || self.moves_cursor(&blocked);
                blocked.push(outline(&candidate, cursor, room, moved));
                self.waiting.push_back(candidate);
            }
        }
        self.waiting.append(&mut later);
        let closers = if whole.span.closes_gate() { items.len() as u64 } else { 0 };
        Batch { batch_id: self.run(whole), cursor, room, items, closers }
    }
}

/// The footprint of a waiting item: everything, if the cursor has yet to move before it starts.
fn outline(item: &impl Ordered, cursor: u64, room: u64, moved: bool) -> Footprint {
    let exact = item.footprint(cursor, room);
    match exact.span {
        Span::Read(_) if moved && exact.cursor => Footprint { span: Span::LOOK, cursor: true },
        Span::Look(_) if moved => Footprint { span: Span::Look(0..u64::MAX), cursor: true },
        Span::Write(_) if moved && exact.cursor => Footprint { span: Span::Write(0..u64::MAX), cursor: true },
        Span::Read(_)
        | Span::Look(_)
        | Span::Write(_)
        | Span::Flush(_)
        | Span::Buffer(_)
        | Span::Append
        | Span::Sync
        | Span::Exclusive => exact,
    }
}

/// Grows `whole` by `next` if the two are contiguous; says whether they are.
fn extend(whole: &mut Footprint, next: &Footprint) -> bool {
    if whole.cursor != next.cursor {
        return false;
    }
    match (&mut whole.span, &next.span) {
        (Span::Write(range), Span::Write(more)) if range.end == more.start => {
            range.end = more.end;
            true
        }
        (Span::Append, Span::Append) | (Span::Sync, Span::Sync) => true,
        _ => false,
    }
}
