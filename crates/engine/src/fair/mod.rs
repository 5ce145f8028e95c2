//! Fair queueing: entries wait by class and flow, and no flow's long queue delays another's next entry.
//!
//! ```text
//!   interactive  ▢▢ ───────────────────────────────────┐
//!   normal       flow a  ▢▢▢▢▢▢▢▢ ──┐                   │
//!                flow b  ▢ ─────────┼─ served least ────┼─ served least for its weight ──▶ front
//!                flow c  ▢▢ ────────┘                   │
//!   background   ▢▢▢▢▢▢ ───────────────────────────────┘
//! ```
//!
//! A class has a virtual time, which serving it moves on by the cost of the entry over the weight of the class; the
//! earliest is next. Within a class files take turns, and within a file its callers: see [`flows`].

mod flows;
#[cfg(all(test, not(folio_loom)))]
mod tests;

use self::flows::Flows;
use crate::limits::PRIORITY_WEIGHT;
use crate::priority::Priority;

pub(crate) use self::flows::KeyHasher;

/// Who waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Flow {
    pub(crate) priority: Priority,
    /// The open file, or a class of requests without one.
    pub(crate) file: u64,
    /// Distinguishes callers of the same file.
    pub(crate) caller: u64,
}

/// Identifies one entry for as long as it waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ticket {
    priority: Priority,
    flows: flows::Ticket,
}

/// See the module. No locks and no threads.
pub(crate) struct FairQueue<T> {
    classes: [Class<T>; Priority::ALL.len()],
    /// Virtual time: that of the class served last.
    now: u64,
}

struct Class<T> {
    flows: Flows<T>,
    time: u64,
}

impl<T> Default for FairQueue<T> {
    fn default() -> Self {
        let classes = Priority::ALL.map(|_| Class { flows: Flows::default(), time: 0 });
        FairQueue { classes, now: 0 }
    }
}

impl<T> FairQueue<T> {
    pub(crate) fn len(&self) -> usize {
        self.classes.iter().map(|class| class.flows.len()).sum()
    }

    /// Entries of one class.
    pub(crate) fn len_of(&self, priority: Priority) -> usize {
        self.classes[priority.index()].flows.len()
    }

    /// Adds an entry that counts for `cost` when it leaves.
    pub(crate) fn push(&mut self, flow: Flow, cost: u64, value: T) -> Ticket {
        let Flow { priority, file, caller } = flow;
        let class = &mut self.classes[priority.index()];
        if class.flows.len() == 0 {
            class.time = class.time.max(self.now);
        }
        Ticket { priority, flows: class.flows.push(file, caller, cost, value) }
    }

    /// The entry that is to leave next, of the classes that may.
    pub(crate) fn front(&mut self, may: impl Fn(Priority) -> bool) -> Option<(Priority, &mut T)> {
        let priority = self.next(may)?;
        self.classes[priority.index()].flows.front().map(|value| (priority, value))
    }

    /// Takes the entry that is to leave next, of the classes that may.
    pub(crate) fn pop(&mut self, may: impl Fn(Priority) -> bool) -> Option<(Priority, T)> {
        let priority = self.next(may)?;
        let class = &mut self.classes[priority.index()];
        let (cost, value) = class.flows.pop()?;
        self.now = class.time;
        class.time += cost * PRIORITY_WEIGHT.pow(priority as u32);
        self.forget_if_empty();
        Some((priority, value))
    }

    /// Takes an entry that gives up; `None` if it has left.
    pub(crate) fn remove(&mut self, ticket: Ticket) -> Option<T> {
        let removed = self.classes[ticket.priority.index()].flows.remove(ticket.flows);
        self.forget_if_empty();
        removed
    }

    /// The entry, as long as it waits.
    pub(crate) fn get_mut(&mut self, ticket: Ticket) -> Option<&mut T> {
        self.classes[ticket.priority.index()].flows.get_mut(ticket.flows)
    }

    /// Takes all entries, in no order.
    pub(crate) fn drain(&mut self) -> Vec<(Ticket, T)> {
        let classes = Priority::ALL.iter().zip(&mut self.classes);
        let drained = classes.flat_map(|(priority, class)| {
            let entries = class.flows.drain().into_iter();
            entries.map(|(flows, value)| (Ticket { priority: *priority, flows }, value))
        });
        let drained = drained.collect();
        self.forget_if_empty();
        drained
    }

    fn next(&self, may: impl Fn(Priority) -> bool) -> Option<Priority> {
        let waits = |priority: &Priority| self.len_of(*priority) > 0 && may(*priority);
        let waiting = Priority::ALL.into_iter().filter(waits);
        waiting.min_by_key(|priority| self.classes[priority.index()].time)
    }

    /// While none waits, none is owed anything.
    fn forget_if_empty(&mut self) {
        if self.len() == 0 {
            self.now = 0;
            self.classes.iter_mut().for_each(|class| class.time = 0);
        }
    }
}
