//! Random operations on one file, compared with the same operations one by one.
//!
//! However operations overlap, wait and merge, each must have the result that it has if all run one after
//! another in order of arrival: reads end at the end that the file had then, and find zeros in holes.

use std::collections::{BTreeMap, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::{Item, Kind, items};
use crate::file::{Arrival, Batch, BatchId, Core, CursorMove, Footprint, Merge, Ordered, Span};
use crate::limits::{MERGE_BYTES_MAX, MERGE_OPS_MAX};
use crate::random::{Random, seeds};

/// Number of operations in a simulation.
const OPS: usize = 60;

/// Positions that operations choose from: few, so that they overlap.
const PLACES: u64 = 24;

/// Changes the footprint that the order sees; the identity, unless a mutant is planted.
type Claim = fn(&Kind, Footprint) -> Footprint;

struct Claimed {
    item: Item,
    claim: Claim,
}

impl Ordered for Claimed {
    fn footprint(&self, cursor: u64, room: u64) -> Footprint {
        (self.claim)(&self.item.kind, self.item.footprint(cursor, room))
    }

    fn merge(&self) -> Merge {
        self.item.merge()
    }

    fn bytes(&self) -> u64 {
        self.item.bytes()
    }
}

/// Length to which every other barrier truncates the file.
const CUT: u64 = PLACES / 2;

/// The file: the writer of each byte, and the end.
#[derive(Clone, Default)]
struct Bytes {
    written_by: BTreeMap<u64, usize>,
    end: u64,
}

/// Result of an operation: its offset, and the writers of the bytes it read.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Seen {
    at: u64,
    read: Vec<usize>,
}

impl Bytes {
    /// Executes an operation; returns its result and the position of the cursor after it.
    fn act(&mut self, item: &Item, cursor: u64) -> (Seen, u64) {
        let seen = |at, read| Seen { at, read };
        match &item.kind {
            Kind::Read(range) => (seen(range.start, self.read(range.start, range.end - range.start)), cursor),
            Kind::CursorRead(len) => {
                let read = self.read(cursor, *len);
                let after = cursor + read.len() as u64;
                (seen(cursor, read), after)
            }
            Kind::Write(range) => {
                self.write(item.id, range.start, range.end - range.start);
                (seen(range.start, Vec::new()), cursor)
            }
            Kind::CursorWrite(len) => {
                self.write(item.id, cursor, *len);
                (seen(cursor, Vec::new()), cursor + len)
            }
            Kind::Append { len, cursor: moves } => {
                let at = self.end;
                self.write(item.id, at, *len);
                (seen(at, Vec::new()), if *moves { self.end } else { cursor })
            }
            Kind::Seek(to) => (seen(*to, Vec::new()), *to),
            Kind::Exclusive if item.id % 2 == 1 => {
                self.end = self.end.min(CUT);
                drop(self.written_by.split_off(&CUT));
                (seen(0, Vec::new()), cursor)
            }
            Kind::Sync | Kind::Exclusive => (seen(0, Vec::new()), cursor),
        }
    }

    fn read(&self, at: u64, len: u64) -> Vec<usize> {
        (at..self.end.min(at + len))
            .map(|place| self.written_by.get(&place).copied().unwrap_or(usize::MAX))
            .collect()
    }

    fn write(&mut self, id: usize, at: u64, len: u64) {
        (at..at + len).for_each(|place| _ = self.written_by.insert(place, id));
        self.end = self.end.max(at + len);
    }
}

fn any_kind(dice: &mut Random) -> Kind {
    let start = dice.within(0..PLACES);
    let len = dice.within(1..6);
    match dice.index(16) {
        0..4 => Kind::Read(start..start + len),
        4..8 => Kind::Write(start..start + len),
        8 => Kind::Append { len, cursor: dice.chance(30) },
        9 => Kind::Sync,
        10 => Kind::Exclusive,
        11 | 12 => Kind::CursorRead(len),
        13 | 14 => Kind::CursorWrite(len),
        _ => Kind::Seek(start),
    }
}

/// Contiguous writes, appends and syncs, which merge.
fn any_run(dice: &mut Random) -> Vec<Kind> {
    let kind = any_kind(dice);
    match kind {
        Kind::Write(range) if dice.chance(50) => {
            let len = range.end - range.start;
            (0..4).map(|step| Kind::Write(range.start + step * len..range.end + step * len)).collect()
        }
        Kind::Append { .. } | Kind::Sync | Kind::CursorWrite(_) if dice.chance(50) => vec![kind; 3],
        kind => vec![kind],
    }
}

/// A batch at a worker. It acts at once or only at its end, which is the worst case.
struct Job {
    batch_id: BatchId,
    items: Vec<Item>,
    cursor: u64,
    acts_late: bool,
    moved: CursorMove,
}

struct World {
    dice: Random,
    state: Core<Claimed>,
    mailbox: VecDeque<Claimed>,
    jobs: Vec<Job>,
    bytes: Bytes,
    seen: BTreeMap<usize, Seen>,
    /// Whether readers are inside a shared turn.
    held: bool,
    closers: u64,
    claim: Claim,
    /// Whether writes take turns.
    in_turn: bool,
}

impl World {
    fn new(seed: u64, claim: Claim) -> World {
        World {
            dice: Random::new(seed),
            state: Core::default(),
            mailbox: VecDeque::new(),
            jobs: Vec::new(),
            bytes: Bytes::default(),
            seen: BTreeMap::new(),
            held: false,
            closers: 0,
            claim,
            in_turn: false,
        }
    }

    fn arrive(&mut self, item: Item) {
        let op = Claimed { item, claim: self.claim };
        if op.item.footprint(0, u64::MAX).span.closes_gate() {
            self.closers += 1;
        }
        if self.dice.chance(40) && self.acts_in_place(&op) {
            return;
        }
        let held = self.held;
        match self.state.arrive(op, || !held) {
            Arrival::Start(batch) => self.start(batch),
            Arrival::Wait(op) => self.mailbox.push_back(op),
        }
    }

    /// What a caller does under the exclusive turn: reads and seeks, if they overtake nothing.
    fn acts_in_place(&mut self, op: &Claimed) -> bool {
        if !matches!(op.item.kind, Kind::Read(_) | Kind::CursorRead(_) | Kind::Seek(_)) {
            return false;
        }
        let cursor = self.state.position();
        if !self.state.is_free(&op.footprint(cursor, self.state.room())) {
            return false;
        }
        let (seen, after) = self.bytes.act(&op.item, cursor);
        if let Span::Read(range) = op.footprint(cursor, self.state.room()).span
            && !range.is_empty()
            && !self.state.note_read(range, seen.read.len() as u64)
        {
            return false;
        }
        self.state.shift(moved(&op.item.kind, cursor, after));
        self.seen.insert(op.item.id, seen);
        true
    }

    fn start(&mut self, batch: Batch<Claimed>) {
        let items: Vec<Item> = batch.items.into_iter().map(|op| op.item).collect();
        check_merged(&items);
        let closing = |item: &&Item| item.footprint(0, u64::MAX).span.closes_gate();
        assert_eq!(batch.closers, items.iter().filter(closing).count() as u64, "{items:?}");
        assert!(!self.held || batch.closers == 0, "{items:?} started beside readers");
        self.closers -= batch.closers;
        self.check_order(&items);
        self.check_turns(&items);
        let acts_late = self.dice.chance(50);
        let mut job =
            Job { batch_id: batch.batch_id, items, cursor: batch.cursor, acts_late, moved: CursorMove::Stay };
        if !acts_late {
            self.act(&mut job);
        }
        self.jobs.push(job);
    }

    /// Checks what the bytes cannot show: a sync or barrier waits for every earlier operation it must, and no
    /// operation overtakes a barrier.
    fn check_order(&self, items: &[Item]) {
        let running = self.jobs.iter().flat_map(|job| &job.items);
        let waiting = self.state.waiting().chain(&self.mailbox).map(|op| &op.item);
        for earlier in running.chain(waiting) {
            for later in items.iter().filter(|later| later.id > earlier.id) {
                let barrier = earlier.kind == Kind::Exclusive || later.kind == Kind::Exclusive;
                let covers = later.kind == Kind::Sync && earlier.footprint(0, 1).span.closes_gate();
                assert!(!barrier && !covers, "{later:?} started before {earlier:?} was done");
            }
        }
    }

    /// Checks that of writes that take turns one runs at a time: none of them is longer than a piece.
    fn check_turns(&self, items: &[Item]) {
        let writes = |items: &[Item]| matches!(items[0].kind, Kind::Write(_) | Kind::CursorWrite(_));
        let beside = self.jobs.iter().any(|job| writes(&job.items));
        assert!(!(self.in_turn && writes(items) && beside), "{items:?} started beside another write");
    }

    fn act(&mut self, job: &mut Job) {
        let mut cursor = job.cursor;
        for item in &job.items {
            let (seen, after) = self.bytes.act(item, cursor);
            if after != cursor || matches!(item.kind, Kind::Seek(_)) {
                job.moved = moved(&item.kind, cursor, after);
                cursor = after;
            }
            assert!(self.seen.insert(item.id, seen).is_none(), "{item:?} ran twice");
        }
    }

    fn end_one(&mut self) {
        let mut job = self.jobs.swap_remove(self.dice.index(self.jobs.len()));
        if job.acts_late {
            self.act(&mut job);
        }
        if self.dice.chance(80) {
            self.state.note_written(job.batch_id);
        }
        self.state.finish(job.batch_id, job.moved);
        self.pump();
    }

    fn pump(&mut self) {
        while let Some(batch) = self.state.next(self.held) {
            self.start(batch);
        }
    }

    fn deliver(&mut self) {
        if let Some(op) = self.mailbox.pop_front() {
            self.state.receive(op);
            if self.dice.chance(50) {
                self.pump();
            }
        }
    }

    fn step(&mut self) {
        match self.dice.index(4) {
            0 => self.deliver(),
            1 if !self.jobs.is_empty() => self.end_one(),
            2 => {
                // Readers get in only while no pending operation closes the gate.
                self.held = self.closers == 0 && self.jobs.is_empty() && self.dice.chance(50);
                self.pump();
            }
            _ => self.pump(),
        }
    }

    fn run_dry(&mut self) {
        self.held = false;
        while !self.mailbox.is_empty() {
            self.deliver();
        }
        self.pump();
        while !self.jobs.is_empty() {
            self.end_one();
        }
        assert!(!self.state.has_waiting(), "something never starts");
    }
}

fn moved(kind: &Kind, from: u64, to: u64) -> CursorMove {
    match kind {
        Kind::CursorRead(_) => CursorMove::Read { offset: from, len: to - from },
        Kind::CursorWrite(_) | Kind::Seek(_) | Kind::Append { .. } => CursorMove::To(to),
        Kind::Read(_) | Kind::Write(_) | Kind::Sync | Kind::Exclusive => CursorMove::Stay,
    }
}

fn check_merged(items: &[Item]) {
    assert!(items.len() <= MERGE_OPS_MAX);
    assert!(items.len() == 1 || items.iter().map(Ordered::bytes).sum::<u64>() <= MERGE_BYTES_MAX);
    for pair in items.windows(2) {
        assert!(pair[0].id < pair[1].id, "merged out of order: {pair:?}");
        match (&pair[0].kind, &pair[1].kind) {
            (Kind::Write(left), Kind::Write(right)) => assert_eq!(left.end, right.start, "not contiguous"),
            (Kind::Append { cursor: left, .. }, Kind::Append { cursor: right, .. }) => {
                assert_eq!(left, right)
            }
            (Kind::Sync, Kind::Sync) | (Kind::CursorWrite(_), Kind::CursorWrite(_)) => {}
            _ => panic!("{pair:?} cannot be one call"),
        }
    }
}

/// `known_len` is the assumed lower bound of the length of the file, which is empty.
fn simulate(seed: u64, claim: Claim, known_len: u64) {
    let mut world = World::new(seed, claim);
    world.state.note_len(known_len);
    if seed.is_multiple_of(2) {
        world.in_turn = true;
        world.state.write_in_turn();
    }
    let mut kinds = Vec::new();
    while kinds.len() < OPS {
        kinds.extend(any_run(&mut world.dice));
    }
    let all = items(kinds);
    for item in all.clone() {
        world.arrive(item);
        for _ in 0..world.dice.index(4) {
            world.step();
        }
    }
    world.run_dry();
    let (mut bytes, mut cursor) = (Bytes::default(), 0);
    for item in &all {
        let (expected, after) = bytes.act(item, cursor);
        cursor = after;
        assert_eq!(world.seen.get(&item.id), Some(&expected), "{item:?} against one by one");
    }
    assert_eq!(world.state.position(), cursor, "the cursor against one by one");
    assert_eq!(world.bytes.written_by, bytes.written_by, "the bytes against one by one");
}

fn truth(_: &Kind, footprint: Footprint) -> Footprint {
    footprint
}

#[test]
fn all_come_to_what_they_would_come_to_one_by_one() {
    seeds(3_000, |seed| simulate(seed, truth, 0));
}

#[test]
fn the_simulation_notices_a_wrong_rule_of_conflicts() {
    let mutants: [(&str, Claim); 6] = [
        ("a read overtakes queued writes", |kind, footprint| match kind {
            Kind::Read(_) => Footprint { span: Span::Read(0..0), ..footprint },
            _ => footprint,
        }),
        ("overlapping writes overtake each other", |kind, footprint| match kind {
            Kind::Write(range) => Footprint { span: Span::Write(range.start..range.start + 1), ..footprint },
            _ => footprint,
        }),
        ("a cursor operation does not wait for the cursor", |_, footprint| Footprint {
            cursor: false,
            ..footprint
        }),
        ("a sync covers less", |kind, footprint| match kind {
            Kind::Sync => Footprint { span: Span::Read(0..0), ..footprint },
            _ => footprint,
        }),
        ("a barrier is none", |kind, footprint| match kind {
            Kind::Exclusive => Footprint { span: Span::Sync, cursor: false },
            _ => footprint,
        }),
        ("an append is a write at a known place", |kind, footprint| match kind {
            Kind::Append { .. } => Footprint { span: Span::Write(0..1), ..footprint },
            _ => footprint,
        }),
    ];
    for (name, claim) in mutants {
        let caught =
            (0..300).any(|seed| catch_unwind(AssertUnwindSafe(|| simulate(seed, claim, 0))).is_err());
        assert!(caught, "nothing notices that {name}");
    }
    let caught =
        (0..300).any(|seed| catch_unwind(AssertUnwindSafe(|| simulate(seed, truth, PLACES))).is_err());
    assert!(caught, "nothing notices that a read overtakes what makes the file reach it");
}
