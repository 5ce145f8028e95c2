//! Conflicts between the operations of one file, their order, and which of them become one system call.
//!
//! Two operations conflict if they touch overlapping ranges and one of them writes, if both move the cursor, if
//! one reads beyond the end that the other moves, or if one is a barrier. Conflicting operations run in order
//! of arrival; all others overlap. This is a state machine without I/O, time or async.

use std::ops::Range;

use crate::file::line::Line;
use crate::file::writers::{Writer, Writers};
use crate::limits::{MERGE_BYTES_MAX, MERGE_OPS_MAX, ORDER_WINDOW_OPS, PIECE_BYTES};

/// The part of the file that an operation touches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Span {
    /// Reads these bytes.
    Read(Range<u64>),
    /// Reads these bytes from the cursor without moving it: a later cursor operation need not wait.
    Peek(Range<u64>),
    /// Writes these bytes.
    Write(Range<u64>),
    /// Writes these bytes out of the write buffer of a buffered file.
    Flush(Range<u64>),
    /// Accepts these bytes into the write buffer, where later operations find them. Never queued.
    Buffer(Range<u64>),
    /// Writes at the end, which only the kernel knows.
    Append,
    /// Promises durability of everything written before it.
    Sync,
    /// Excludes every other operation: a length change, a lock, a closure, a close.
    Exclusive,
}

impl Span {
    /// A read of the whole file.
    pub(crate) const READ_ALL: Span = Span::Read(0..u64::MAX);

    /// Whether reads in place are refused while such an operation is queued or running.
    pub(crate) fn closes_gate(&self) -> bool {
        match self {
            Span::Write(_) | Span::Flush(_) | Span::Append | Span::Exclusive => true,
            Span::Read(_) | Span::Peek(_) | Span::Buffer(_) | Span::Sync => false,
        }
    }

    /// Whether such an operation may have changed what an earlier read of `range` returned. The empty range is a
    /// read that met the end of the file.
    pub(crate) fn may_change(&self, range: &Range<u64>) -> bool {
        match self {
            Span::Exclusive => true,
            Span::Append => range.is_empty(),
            Span::Write(write) | Span::Flush(write) | Span::Buffer(write) => {
                range.is_empty() || overlap(write, range)
            }
            Span::Read(_) | Span::Peek(_) | Span::Sync => false,
        }
    }

    /// Bytes that a worker carries for it at a time, as far as the span shows.
    fn bytes(&self) -> u64 {
        match self {
            Span::Read(range) | Span::Peek(range) | Span::Write(range) | Span::Flush(range) => {
                range.end.saturating_sub(range.start).min(MERGE_BYTES_MAX)
            }
            Span::Buffer(_) | Span::Append | Span::Sync | Span::Exclusive => 0,
        }
    }

    /// What kind of write a single operation is.
    fn writer(&self) -> Writer {
        match self {
            Span::Write(range) if range.end.saturating_sub(range.start) > PIECE_BYTES as u64 => Writer::Long,
            Span::Write(_) | Span::Flush(_) => Writer::Short,
            Span::Read(_) | Span::Peek(_) | Span::Buffer(_) | Span::Append | Span::Sync | Span::Exclusive => {
                Writer::None
            }
        }
    }

    /// Whether an operation that depends on the cursor also moves it.
    fn may_move_cursor(&self) -> bool {
        !matches!(self, Span::Peek(_))
    }
}

/// The part of the file that an operation touches, and whether that depends on the cursor.
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

fn overlap(a: &Range<u64>, b: &Range<u64>) -> bool {
    a.start < b.end && b.start < a.end
}

/// Whether `later` has to wait until `earlier` ends, in a file of at least `known_len` bytes.
fn must_wait(earlier: &Footprint, later: &Footprint, known_len: u64) -> bool {
    #[cfg(all(test, not(folio_loom)))]
    super::tests::leaving::count_comparison();
    // Cursor operations run one after another, whatever they touch: each moves the cursor for the next.
    if later.cursor && earlier.moves_cursor() {
        return true;
    }
    // The rest depends on the spans alone: barriers, pairs of ranges, appends, syncs.
    match (&earlier.span, &later.span) {
        (Span::Exclusive, _) | (_, Span::Exclusive) => true,
        // The flush carries older bytes and is queued already, so it reaches the file before the new ones.
        (Span::Flush(_), Span::Buffer(_)) => false,
        (Span::Read(_) | Span::Peek(_), Span::Read(_) | Span::Peek(_)) => false,
        (
            Span::Write(a) | Span::Flush(a) | Span::Buffer(a),
            Span::Write(b) | Span::Flush(b) | Span::Buffer(b),
        ) => overlap(a, b),
        (
            Span::Read(read) | Span::Peek(read),
            Span::Write(write) | Span::Flush(write) | Span::Buffer(write),
        )
        | (
            Span::Write(write) | Span::Flush(write) | Span::Buffer(write),
            Span::Read(read) | Span::Peek(read),
        ) => {
            // A write beyond the end creates a hole. Its zeros are for later reads only.
            let in_hole = read.end <= write.start && read.end > known_len;
            !read.is_empty() && (overlap(read, write) || in_hole)
        }
        (
            Span::Append,
            Span::Read(_) | Span::Peek(_) | Span::Write(_) | Span::Flush(_) | Span::Buffer(_) | Span::Append,
        )
        | (Span::Read(_) | Span::Peek(_) | Span::Write(_) | Span::Flush(_) | Span::Buffer(_), Span::Append) => {
            true
        }
        (Span::Write(_) | Span::Flush(_) | Span::Buffer(_) | Span::Append | Span::Sync, Span::Sync) => true,
        // A sync promises nothing about later writes, and a read changes nothing that a sync could miss.
        (
            Span::Sync,
            Span::Read(_) | Span::Peek(_) | Span::Write(_) | Span::Flush(_) | Span::Buffer(_) | Span::Append,
        )
        | (Span::Read(_) | Span::Peek(_), Span::Sync) => false,
    }
}

/// How an operation merges with its neighbours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Merge {
    /// It runs alone.
    Alone,
    /// Contiguous writes become one write.
    Write,
    /// Appends become one append.
    Append,
    /// Syncs become one sync.
    Sync,
}

/// What the order needs to know about an operation.
pub(crate) trait Ordered {
    /// Returns what the operation touches if it starts with the cursor at `cursor` and reads at most `room`
    /// bytes from there.
    fn footprint(&self, cursor: u64, room: u64) -> Footprint;
    /// Returns how it merges with its neighbours.
    fn merge(&self) -> Merge;
    /// Returns how many bytes it writes.
    fn bytes(&self) -> u64;
    /// Tells it where it is from now on, so that a caller that gives up finds it.
    fn note_place(&self, _place: OpPlace) {}
}

/// Where an operation of a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OpPlace {
    /// Not in the file's state.
    Nowhere,
    /// Posted to the actor, by the number among these.
    Posted(u64),
    /// In the order, by the number among those that wait there.
    Waiting(u64),
    /// In a batch of this number, which may have begun.
    Started(u64),
}

/// Bits of a place as one word that say which kind it is.
const KIND_BITS: u32 = 2;

impl OpPlace {
    /// Packs it into a word.
    pub(crate) fn to_word(self) -> u64 {
        match self {
            OpPlace::Nowhere => 0,
            OpPlace::Posted(number) => (number << KIND_BITS) | 1,
            OpPlace::Waiting(number) => (number << KIND_BITS) | 2,
            OpPlace::Started(number) => (number << KIND_BITS) | 3,
        }
    }

    /// Unpacks what [`to_word`](OpPlace::to_word) has packed.
    pub(crate) fn of_word(word: u64) -> OpPlace {
        let number = word >> KIND_BITS;
        match word & ((1 << KIND_BITS) - 1) {
            1 => OpPlace::Posted(number),
            2 => OpPlace::Waiting(number),
            3 => OpPlace::Started(number),
            _ => OpPlace::Nowhere,
        }
    }
}

/// Identifies one running batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BatchId {
    number: u64,
    bytes: u64,
}

impl BatchId {
    /// Distinguishes it from the other batches of its file. Later batches have higher numbers.
    pub(crate) fn number(self) -> u64 {
        self.number
    }

    /// Bytes that it reads or writes, as far as its footprint shows.
    pub(crate) fn bytes(self) -> u64 {
        self.bytes
    }
}

/// Operations that start together and run as one job.
#[derive(Debug)]
pub(crate) struct Batch<T> {
    pub(crate) batch_id: BatchId,
    /// Where cursor operations of this batch begin.
    pub(crate) cursor: u64,
    /// Bytes that a cursor read may take from there.
    pub(crate) room: u64,
    pub(crate) items: Vec<T>,
    /// How many times the gate is closed for this batch.
    pub(crate) closers: u64,
}

/// The queue of one file.
#[derive(Debug)]
pub(crate) struct Order<T> {
    running: Line<Running>,
    /// Running batches that move the cursor when they end.
    cursor_movers: usize,
    /// Running writes, where the storage passes one at a time.
    writers: Writers,
    waiting: Line<Waiting<T>>,
    /// How many operations have waited.
    arrivals: u64,
    batch_ids: u64,
    /// A lower bound of the file's length, from the operations of this process.
    known_len: u64,
}

/// One running batch.
#[derive(Debug)]
struct Running {
    footprint: Footprint,
    writer: Writer,
}

/// One waiting operation.
#[derive(Debug)]
struct Waiting<T> {
    item: T,
    /// An earlier operation that it has to wait for as long as that is there, whatever else happens.
    blocker: Option<Blocker>,
}

/// An operation that others wait for, by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Blocker {
    Waiting(u64),
    Running(u64),
}

/// What has to end before an operation that is examined may start, besides what is running.
type Blocked = Vec<(Option<Blocker>, Footprint)>;

impl<T> Default for Order<T> {
    fn default() -> Self {
        Order {
            running: Line::default(),
            cursor_movers: 0,
            writers: Writers::default(),
            waiting: Line::default(),
            arrivals: 0,
            batch_ids: 0,
            known_len: 0,
        }
    }
}

impl<T: Ordered> Order<T> {
    /// Starts one write at a time from now on, as the storage would anyway.
    pub(crate) fn write_in_turn(&mut self) {
        self.writers = Writers::in_turn();
    }

    /// Whether an operation with this footprint could run now without overtaking another.
    pub(crate) fn is_free(&self, footprint: &Footprint, cursor: u64, room: u64) -> bool {
        !self.is_blocked(footprint, &[])
            && !self.waiting.iter().any(|(_, waiting)| {
                must_wait(&waiting_footprint(&waiting.item, cursor, room, true), footprint, self.known_len)
            })
    }

    /// Starts `item` at once. The caller has checked [`is_free`](Order::is_free).
    pub(crate) fn start(&mut self, item: T, footprint: Footprint, cursor: u64, room: u64) -> Batch<T> {
        let closers = u64::from(footprint.span.closes_gate());
        let writer = footprint.span.writer();
        let batch_id = self.run(footprint, writer, item.bytes());
        item.note_place(OpPlace::Started(batch_id.number));
        Batch { batch_id, cursor, room, items: vec![item], closers }
    }

    /// Queues `item` at the end.
    pub(crate) fn push(&mut self, item: T) {
        self.arrivals += 1;
        item.note_place(OpPlace::Waiting(self.arrivals));
        self.waiting.push(self.arrivals, Waiting { item, blocker: None });
    }

    /// Starts the first waiting operation that no earlier one blocks, merged with its neighbours.
    ///
    /// `readers_inside` means that a shared turn is taken: operations that conflict with a read have to wait.
    pub(crate) fn next(&mut self, cursor: u64, room: u64, readers_inside: bool) -> Option<Batch<T>> {
        // Readers in place are in no list; one read of the whole file stands for all of them.
        let mut blocked: Blocked = Vec::new();
        if readers_inside {
            blocked.push((None, Footprint { span: Span::READ_ALL, cursor: false }));
        }
        // An operation that has to wait blocks later ones as a running one does, so that none overtakes it. The
        // window bounds the cost of a scan, and so does what each is known to wait for.
        let mut blockers = Vec::new();
        let mut startable = None;
        let mut moved = self.is_moving_cursor();
        for (number, waiting) in self.waiting.iter().take(ORDER_WINDOW_OPS) {
            let footprint = waiting_footprint(&waiting.item, cursor, room, moved);
            if !waiting.blocker.is_some_and(|blocker| self.is_there(blocker)) {
                if !self.is_blocked(&footprint, &blocked) {
                    startable = Some((number, footprint));
                    break;
                }
                blockers.push((number, self.lasting_blocker(&footprint, &blocked)));
            }
            moved |= footprint.moves_cursor();
            blocked.push((Some(Blocker::Waiting(number)), footprint));
        }
        for (number, blocker) in blockers {
            if let Some(waiting) = self.waiting.get_mut(number) {
                waiting.blocker = blocker;
            }
        }
        startable.map(|(number, footprint)| self.merge_neighbours(number, footprint, blocked, cursor, room))
    }

    /// Whether an operation that others wait for is still there.
    fn is_there(&self, blocker: Blocker) -> bool {
        match blocker {
            Blocker::Waiting(number) => self.waiting.get(number).is_some(),
            Blocker::Running(number) => self.running.get(number).is_some(),
        }
    }

    /// An earlier operation that blocks this one until it is gone, wherever the cursor goes and the file ends.
    fn lasting_blocker(
        &self,
        footprint: &Footprint,
        blocked: &[(Option<Blocker>, Footprint)],
    ) -> Option<Blocker> {
        let blocks = |earlier: &Footprint| {
            !earlier.cursor && !footprint.cursor && must_wait(earlier, footprint, u64::MAX)
        };
        let writer = footprint.span.writer();
        let running = self.running.iter().find(|(_, earlier)| {
            blocks(&earlier.footprint) || self.writers.keeps_out(earlier.writer, writer)
        });
        running.map(|(number, _)| Blocker::Running(number)).or_else(|| {
            let waiting = blocked.iter().find(|(_, earlier)| blocks(earlier));
            waiting.and_then(|(blocker, _)| *blocker)
        })
    }

    /// Ends a batch and returns what it touched.
    pub(crate) fn finish(&mut self, batch_id: BatchId) -> Option<Span> {
        let Running { footprint, writer } = self.running.remove(batch_id.number)?;
        self.writers.leave(writer);
        self.cursor_movers -= usize::from(footprint.moves_cursor());
        if footprint.span == Span::Exclusive {
            // A barrier may have truncated the file.
            self.known_len = 0;
        }
        Some(footprint.span)
    }

    /// Records that a batch which is about to end has written all of its bytes.
    pub(crate) fn note_written(&mut self, batch_id: BatchId) {
        if let Some(Running { footprint: Footprint { span: Span::Write(range) | Span::Flush(range), .. }, .. }) =
            self.running.get(batch_id.number)
            // A flush may claim everything behind its start, and that is no length.
            && range.end < u64::MAX
        {
            self.known_len = self.known_len.max(range.end);
        }
    }

    pub(crate) fn known_len(&self) -> u64 {
        self.known_len
    }

    /// Records that the file has at least this many bytes.
    pub(crate) fn note_len(&mut self, len: u64) {
        self.known_len = self.known_len.max(len);
    }

    /// Records that a read of `range` found `count` bytes while no overlapping operation ran. Returns whether
    /// the result is reliable: a read that ends before the known length may have met a running operation there.
    pub(crate) fn note_read(&mut self, range: Range<u64>, count: u64) -> bool {
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
        self.cursor_movers > 0
    }

    /// Whether any operation waits for its start.
    pub(crate) fn has_waiting(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Returns the waiting operations, oldest first.
    pub(crate) fn waiting(&self) -> impl Iterator<Item = &T> {
        self.waiting.iter().map(|(_, waiting)| &waiting.item)
    }

    /// Number of waiting operations.
    pub(crate) fn waiting_len(&self) -> usize {
        self.waiting.len()
    }

    /// Takes the waiting operation of this number out of the line.
    pub(crate) fn remove(&mut self, number: u64) -> Option<T> {
        self.waiting.remove(number).map(|waiting| waiting.item)
    }

    /// Takes all waiting operations, oldest first.
    pub(crate) fn take_waiting(&mut self) -> Vec<T> {
        self.waiting.take().into_iter().map(|waiting| waiting.item).collect()
    }

    fn is_blocked(&self, footprint: &Footprint, blocked: &[(Option<Blocker>, Footprint)]) -> bool {
        let known_len = self.known_len;
        !self.writers.admit(footprint.span.writer())
            || blocked.iter().any(|(_, earlier)| must_wait(earlier, footprint, known_len))
            || self.running.iter().any(|(_, earlier)| must_wait(&earlier.footprint, footprint, known_len))
    }

    fn run(&mut self, footprint: Footprint, writer: Writer, written: u64) -> BatchId {
        self.batch_ids += 1;
        let batch_id = BatchId { number: self.batch_ids, bytes: footprint.span.bytes().max(written) };
        self.cursor_movers += usize::from(footprint.moves_cursor());
        self.writers.enter(writer);
        self.running.push(self.batch_ids, Running { footprint, writer });
        batch_id
    }

    /// Starts the waiting operation of this number, merged with all later ones that may join it.
    fn merge_neighbours(
        &mut self,
        number: u64,
        mut whole: Footprint,
        mut blocked: Blocked,
        cursor: u64,
        room: u64,
    ) -> Batch<T> {
        let first = self.remove(number).expect("the number came from a scan of this line");
        let merge = first.merge();
        let writer = whole.span.writer();
        let mut bytes = first.bytes();
        let mut joined = Vec::new();
        let mut moved = self.is_moving_cursor() || blocked.iter().any(|(_, earlier)| earlier.moves_cursor());
        let reach = if merge == Merge::Alone { 0 } else { MERGE_OPS_MAX - 1 };
        // Each later operation joins the batch, or stays in line and blocks those after it.
        for (number, Waiting { item: candidate, .. }) in self.waiting.behind(number).take(reach) {
            // The next cursor write begins where this batch ends.
            let at =
                if let (true, Span::Write(range)) = (whole.cursor, &whole.span) { range.end } else { cursor };
            let footprint = candidate.footprint(at, room);
            // It joins if it is of the same kind, fits, overtakes no blocked operation and continues the range.
            let joins = candidate.merge() == merge
                && bytes + candidate.bytes() <= MERGE_BYTES_MAX
                && continues(&whole, &footprint)
                && !self.is_blocked(&footprint, &blocked);
            if joins {
                extend(&mut whole, footprint);
                bytes += candidate.bytes();
                joined.push(number);
            } else {
                let footprint = waiting_footprint(candidate, cursor, room, moved || whole.moves_cursor());
                moved |= footprint.moves_cursor();
                blocked.push((None, footprint));
            }
        }
        let mut items = vec![first];
        items.extend(joined.into_iter().filter_map(|number| self.remove(number)));
        let closers = if whole.span.closes_gate() { items.len() as u64 } else { 0 };
        let batch_id = self.run(whole, writer, bytes);
        items.iter().for_each(|item| item.note_place(OpPlace::Started(batch_id.number)));
        Batch { batch_id, cursor, room, items, closers }
    }
}

/// The footprint of a waiting operation. If the cursor has yet to move before the operation starts, that is
/// every place it could touch.
fn waiting_footprint(item: &impl Ordered, cursor: u64, room: u64, moved: bool) -> Footprint {
    let exact = item.footprint(cursor, room);
    match exact.span {
        Span::Read(_) if moved && exact.cursor => Footprint { span: Span::READ_ALL, cursor: true },
        Span::Peek(_) if moved => Footprint { span: Span::Peek(0..u64::MAX), cursor: true },
        Span::Write(_) if moved && exact.cursor => Footprint { span: Span::Write(0..u64::MAX), cursor: true },
        Span::Read(_)
        | Span::Peek(_)
        | Span::Write(_)
        | Span::Flush(_)
        | Span::Buffer(_)
        | Span::Append
        | Span::Sync
        | Span::Exclusive => exact,
    }
}

/// Whether `next` begins where `whole` ends.
fn continues(whole: &Footprint, next: &Footprint) -> bool {
    let contiguous = match (&whole.span, &next.span) {
        (Span::Write(range), Span::Write(more)) => range.end == more.start,
        (Span::Append, Span::Append) | (Span::Sync, Span::Sync) => true,
        (
            Span::Read(_)
            | Span::Peek(_)
            | Span::Write(_)
            | Span::Flush(_)
            | Span::Buffer(_)
            | Span::Append
            | Span::Sync
            | Span::Exclusive,
            _,
        ) => false,
    };
    whole.cursor == next.cursor && contiguous
}

/// Extends `whole` by what continues it.
fn extend(whole: &mut Footprint, next: Footprint) {
    if let (Span::Write(range), Span::Write(more)) = (&mut whole.span, next.span) {
        range.end = more.end;
    }
}
