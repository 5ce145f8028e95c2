//! Fair queueing: entries wait by flow, and no flow's long queue delays another's next entry.
//!
//! ```text
//!   flow a  ▢▢▢▢▢▢▢▢ ──┐
//!   flow b  ▢ ─────────┼─ the flow that has been served least ──▶ front
//!   flow c  ▢▢ ────────┘
//! ```
//!
//! This is start-time fair queueing: each flow has a virtual time, which serving it moves on by the cost of the
//! entry, and the flow with the earliest time is next. A flow that begins to wait starts at the present virtual
//! time, so it is next but for those that began at the same time. Within a flow the callers take turns in the
//! same way, and each caller's entries leave in order of arrival. No locks and no threads.

#[cfg(all(test, not(folio_loom)))]
mod tests;

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap, HashMap};
use std::hash::{BuildHasherDefault, Hasher};

use crate::limits::FAIR_ENTRIES_KEPT_MAX;

/// Who waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Flow {
    /// The open file, or a class of requests without one.
    pub(crate) file: u64,
    /// Distinguishes callers of the same file.
    pub(crate) caller: u64,
}

/// Identifies one entry for as long as it waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ticket {
    index: usize,
    /// The number of its entry: entries are reused.
    number: u64,
}

/// See the module.
pub(crate) struct FairQueue<T> {
    entries: Vec<Entry<T>>,
    free: Vec<usize>,
    /// The only entry, while no other waits: most queues are empty most of the time, and a lone entry needs no
    /// turn.
    alone: Option<usize>,
    /// Flows that wait or have been served since the queue was empty.
    flows: HashMap<u64, Callers, BuildHasherDefault<KeyHasher>>,
    /// Each of them once, the earliest virtual time first; of equal ones the first that began to wait.
    order: BinaryHeap<Reverse<Turn>>,
    /// Virtual time: that of the flow served last.
    now: u64,
    numbers: u64,
    len: usize,
}

/// A flow in the order.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Turn {
    time: u64,
    number: u64,
    file: u64,
}

/// One entry; without a value it is free.
struct Entry<T> {
    value: Option<T>,
    number: u64,
    flow: Flow,
    cost: u64,
    /// Its virtual start among the entries of its flow.
    start: u64,
}

/// The entries of one flow: the earliest virtual start first, and of equal ones the first that came. So callers that
/// wait with one entry each leave in order of arrival.
#[derive(Default)]
struct Callers {
    waiting: BTreeSet<(u64, u64, usize)>,
    backlogs: HashMap<u64, Backlog, BuildHasherDefault<KeyHasher>>,
    /// Virtual time: the start of the entry served last.
    now: u64,
}

/// What one caller waits for.
#[derive(Default)]
struct Backlog {
    entries: usize,
    /// Where the start of its next entry is at the earliest.
    finish: u64,
}

impl<T> Default for FairQueue<T> {
    fn default() -> Self {
        FairQueue {
            entries: Vec::new(),
            free: Vec::new(),
            alone: None,
            flows: HashMap::default(),
            order: BinaryHeap::new(),
            now: 0,
            numbers: 0,
            len: 0,
        }
    }
}

impl<T> FairQueue<T> {
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Adds an entry that counts for `cost` when it leaves.
    pub(crate) fn push(&mut self, flow: Flow, cost: u64, value: T) -> Ticket {
        let number = self.numbers;
        self.numbers += 1;
        let entry = Entry { value: Some(value), number, flow, cost, start: 0 };
        let index = match self.free.pop() {
            Some(index) => {
                self.entries[index] = entry;
                index
            }
            None => {
                self.entries.push(entry);
                self.entries.len() - 1
            }
        };
        self.len += 1;
        if self.len == 1 {
            self.alone = Some(index);
        } else {
            if let Some(first) = self.alone.take() {
                self.link(first);
            }
            self.link(index);
        }
        Ticket { index, number }
    }

    /// The entry that is to leave next.
    pub(crate) fn front(&mut self) -> Option<(Ticket, &mut T)> {
        let index = self.front_index()?;
        let entry = &mut self.entries[index];
        let ticket = Ticket { index, number: entry.number };
        entry.value.as_mut().map(|value| (ticket, value))
    }

    /// Takes the entry that is to leave next.
    pub(crate) fn pop(&mut self) -> Option<(Ticket, T)> {
        let index = self.front_index()?;
        let Entry { number, flow, cost, start, .. } = self.entries[index];
        if self.alone.is_none() {
            self.charge(flow.file, start, cost);
        }
        let ticket = Ticket { index, number };
        self.take(index).map(|value| (ticket, value))
    }

    /// Takes an entry that gives up; `None` if it has left.
    pub(crate) fn remove(&mut self, ticket: Ticket) -> Option<T> {
        self.get_mut(ticket)?;
        self.take(ticket.index)
    }

    /// The entry, as long as it waits.
    pub(crate) fn get_mut(&mut self, ticket: Ticket) -> Option<&mut T> {
        let entry = self.entries.get_mut(ticket.index)?;
        if entry.number == ticket.number { entry.value.as_mut() } else { None }
    }

    /// Takes all entries, in no order.
    pub(crate) fn drain(&mut self) -> Vec<(Ticket, T)> {
        let entries = std::mem::take(&mut self.entries).into_iter().enumerate();
        let entries = entries.filter_map(|(index, entry)| {
            entry.value.map(|value| (Ticket { index, number: entry.number }, value))
        });
        let entries = entries.collect();
        *self = FairQueue { numbers: self.numbers, ..FairQueue::default() };
        entries
    }

    fn front_index(&mut self) -> Option<usize> {
        if self.alone.is_some() {
            return self.alone;
        }
        loop {
            let Reverse(turn) = self.order.peek()?;
            let callers = self.flows.get(&turn.file).expect("every flow in the order is known");
            if let Some((_, _, index)) = callers.waiting.first() {
                return Some(*index);
            }
            // Its time has come without an entry, so it has used no more than others.
            self.flows.remove(&turn.file);
            self.order.pop();
        }
    }

    /// Moves the virtual times on by the cost of the entry at the front, which belongs to this flow.
    fn charge(&mut self, file: u64, start: u64, cost: u64) {
        let Some(Reverse(Turn { time, .. })) = self.order.pop() else { return };
        self.now = time;
        let number = self.numbers;
        self.numbers += 1;
        self.order.push(Reverse(Turn { time: time + cost, number, file }));
        if let Some(callers) = self.flows.get_mut(&file) {
            callers.now = start;
        }
    }

    /// Takes an entry out of its entry.
    fn take(&mut self, index: usize) -> Option<T> {
        if self.alone.take().is_none() {
            self.unlink(index);
        }
        let value = self.entries[index].value.take();
        self.free.push(index);
        self.len -= 1;
        if self.len == 0 {
            // While none waits, none is owed anything.
            self.flows.clear();
            self.order.clear();
            if self.entries.len() > FAIR_ENTRIES_KEPT_MAX {
                (self.entries, self.free) = (Vec::new(), Vec::new());
                (self.flows, self.order) = (HashMap::default(), BinaryHeap::new());
            }
        }
        value
    }

    fn link(&mut self, index: usize) {
        let Flow { file, caller } = self.entries[index].flow;
        let callers = self.flows.entry(file).or_insert_with(|| {
            let number = self.numbers;
            self.numbers += 1;
            self.order.push(Reverse(Turn { time: self.now, number, file }));
            Callers::default()
        });
        let backlog = callers.backlogs.entry(caller).or_default();
        let entry = &mut self.entries[index];
        entry.start = backlog.finish.max(callers.now);
        *backlog = Backlog { entries: backlog.entries + 1, finish: entry.start + entry.cost };
        callers.waiting.insert((entry.start, entry.number, index));
    }

    fn unlink(&mut self, index: usize) {
        let Entry { number, flow, start, .. } = self.entries[index];
        let Some(callers) = self.flows.get_mut(&flow.file) else { return };
        callers.waiting.remove(&(start, number, index));
        if let Some(backlog) = callers.backlogs.get_mut(&flow.caller) {
            backlog.entries -= 1;
            if backlog.entries == 0 {
                callers.backlogs.remove(&flow.caller);
            }
        }
    }
}

/// Hashes numbers of flows: addresses and counters, which no stranger chooses. No two numbers have the same hash.
#[derive(Default)]
pub(crate) struct KeyHasher(u64);

impl Hasher for KeyHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64(u64::from(*byte));
        }
    }

    fn write_u64(&mut self, number: u64) {
        // Fibonacci hashing: the map looks at the upper bits and at the lower ones.
        let spread = (self.0 ^ number).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        self.0 = spread ^ (spread >> 32);
    }
}
