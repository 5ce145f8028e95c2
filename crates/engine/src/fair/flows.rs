//! Turns of files, and of the callers of a file.
//!
//! This is start-time fair queueing: each flow has a virtual time, which serving it moves on by the cost of the
//! entry, and the flow with the earliest time is next. A flow that begins to wait starts at the present virtual
//! time, so it is next but for those that began at the same time. Within a flow the callers take turns in the
//! same way, and each caller's entries leave in order of arrival.

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap, HashMap};
use std::hash::{BuildHasherDefault, Hasher};

use crate::limits::FAIR_ENTRIES_KEPT_MAX;

/// Identifies one entry for as long as it waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ticket {
    index: usize,
    /// The number of its entry: entries are reused.
    number: u64,
}

/// See the module.
pub(super) struct Flows<T> {
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
    file: u64,
    caller: u64,
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

impl<T> Default for Flows<T> {
    fn default() -> Self {
        Flows {
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

impl<T> Flows<T> {
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Adds an entry that counts for `cost` when it leaves.
    pub(super) fn push(&mut self, file: u64, caller: u64, cost: u64, value: T) -> Ticket {
        let number = self.numbers;
        self.numbers += 1;
        let entry = Entry { value: Some(value), number, file, caller, cost, start: 0 };
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
    pub(super) fn front(&mut self) -> Option<&mut T> {
        let index = self.front_index()?;
        self.entries[index].value.as_mut()
    }

    /// Takes the entry that is to leave next, and what it counts for.
    pub(super) fn pop(&mut self) -> Option<(u64, T)> {
        let index = self.front_index()?;
        let Entry { file, cost, start, .. } = self.entries[index];
        if self.alone.is_none() {
            self.charge(file, start, cost);
        }
        self.take(index).map(|value| (cost, value))
    }

    /// Takes an entry that gives up; `None` if it has left.
    pub(super) fn remove(&mut self, ticket: Ticket) -> Option<T> {
        self.get_mut(ticket)?;
        self.take(ticket.index)
    }

    /// The entry, as long as it waits.
    pub(super) fn get_mut(&mut self, ticket: Ticket) -> Option<&mut T> {
        let entry = self.entries.get_mut(ticket.index)?;
        if entry.number == ticket.number { entry.value.as_mut() } else { None }
    }

    /// Takes all entries, in no order.
    pub(super) fn drain(&mut self) -> Vec<(Ticket, T)> {
        let entries = std::mem::take(&mut self.entries).into_iter().enumerate();
        let entries = entries.filter_map(|(index, entry)| {
            entry.value.map(|value| (Ticket { index, number: entry.number }, value))
        });
        let entries = entries.collect();
        *self = Flows { numbers: self.numbers, ..Flows::default() };
        entries
    }

    /// Entries and flows that there is memory for.
    #[cfg(all(test, not(folio_loom)))]
    pub(super) fn kept(&self) -> usize {
        self.entries.capacity() + self.free.capacity() + self.flows.len() + self.order.len()
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
        let Entry { file, caller, .. } = self.entries[index];
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
        let Entry { number, file, caller, start, .. } = self.entries[index];
        let Some(callers) = self.flows.get_mut(&file) else { return };
        callers.waiting.remove(&(start, number, index));
        if let Some(backlog) = callers.backlogs.get_mut(&caller) {
            backlog.entries -= 1;
            if backlog.entries == 0 {
                callers.backlogs.remove(&caller);
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
