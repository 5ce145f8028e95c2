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
use std::collections::{BinaryHeap, HashMap};
use std::hash::{BuildHasherDefault, Hasher};

use crate::limits::{FAIR_CALLERS_MAX, FAIR_ENTRIES_KEPT_MAX};

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

/// One entry and its neighbours in its FIFO; without a value it is free.
struct Entry<T> {
    value: Option<T>,
    number: u64,
    flow: Flow,
    cost: u64,
    /// The FIFO of its flow in which it is linked.
    fifo: usize,
    previous: Option<usize>,
    next: Option<usize>,
}

/// The entries of one flow. The first FIFO is shared by all callers that find no other free.
#[derive(Default)]
struct Callers {
    fifos: [Fifo; FAIR_CALLERS_MAX],
    now: u64,
}

/// Entries of one caller, or of many, in order of arrival.
#[derive(Clone, Copy, Default)]
struct Fifo {
    caller: u64,
    time: u64,
    first: Option<usize>,
    last: Option<usize>,
}

const SHARED: usize = 0;

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
        let entry =
            Entry { value: Some(value), number, flow, cost, fifo: SHARED, previous: None, next: None };
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
        let Entry { number, flow, cost, fifo, .. } = self.entries[index];
        if self.alone.is_none() {
            self.charge(flow.file, fifo, cost);
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
            if let Some(fifo) = callers.next() {
                return callers.fifos[fifo].first;
            }
            // Its time has come without an entry, so it has used no more than others.
            self.flows.remove(&turn.file);
            self.order.pop();
        }
    }

    /// Moves the virtual times on by the cost of the entry at the front, which belongs to this flow.
    fn charge(&mut self, file: u64, fifo: usize, cost: u64) {
        let Some(Reverse(Turn { time, .. })) = self.order.pop() else { return };
        self.now = time;
        let number = self.numbers;
        self.numbers += 1;
        self.order.push(Reverse(Turn { time: time + cost, number, file }));
        if let Some(callers) = self.flows.get_mut(&file) {
            callers.now = callers.fifos[fifo].time;
            callers.fifos[fifo].time += cost;
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
        let fifo = callers.fifo_of(caller);
        let last = callers.fifos[fifo].last.replace(index);
        match last {
            Some(last) => self.entries[last].next = Some(index),
            None => callers.fifos[fifo].first = Some(index),
        }
        self.entries[index].fifo = fifo;
        self.entries[index].previous = last;
    }

    fn unlink(&mut self, index: usize) {
        let Entry { flow, fifo, previous, next, .. } = self.entries[index];
        let Some(callers) = self.flows.get_mut(&flow.file) else { return };
        let fifo = &mut callers.fifos[fifo];
        match previous {
            Some(previous) => self.entries[previous].next = next,
            None => fifo.first = next,
        }
        match next {
            Some(next) => self.entries[next].previous = previous,
            None => fifo.last = previous,
        }
    }
}

impl Callers {
    /// The FIFO whose entry is next.
    fn next(&self) -> Option<usize> {
        let waiting = (0..self.fifos.len()).filter(|fifo| self.fifos[*fifo].first.is_some());
        waiting.min_by_key(|fifo| self.fifos[*fifo].time)
    }

    /// The FIFO for one more entry of this caller. Those of one caller never wait in two: it could overtake
    /// itself.
    fn fifo_of(&mut self, caller: u64) -> usize {
        let is_own = |fifo: &Fifo| fifo.first.is_some() && fifo.caller == caller;
        let own = (1..self.fifos.len()).find(|index| is_own(&self.fifos[*index]));
        if let Some(own) = own {
            return own;
        }
        let is_free = |index: &usize| self.fifos[*index].first.is_none();
        // A caller that has entries in the shared one must stay there, and nothing says which have.
        let fifo = match is_free(&SHARED) {
            true => (1..self.fifos.len()).find(is_free).unwrap_or(SHARED),
            false => SHARED,
        };
        if is_free(&fifo) {
            self.fifos[fifo] = Fifo { caller, time: self.now, first: None, last: None };
        }
        fifo
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
