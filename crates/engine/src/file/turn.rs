//! The turn: the right to act as the file's actor, lent to whoever comes while nobody is waiting.
//!
//! Two rights in one primitive. The *exclusive* turn is a lock around the file's state; its holder steps the
//! state machine. The *shared* turn lets positioned reads go ahead without that lock, as long as the gate
//! stands open, which is whenever no operation that could change what they see is queued or running.
//!
//! ```text
//!   gate word   [ closers: 32 | readers: 32 ]
//!   share():    readers += 1, unless closers > 0
//!   close():    closers += n, and a write may start once readers = 0
//!   the last reader to leave a closed gate rings the bell, so that whoever waits for it looks again
//! ```
//!
//! Neither turn is ever held across an await.

use crate::limits::DRAIN_SPIN_ROUNDS;
use crate::sync::{AtomicU64, Mutex, MutexGuard, Ordering, lock, mutant, ordering, spin};

/// Is rung when the last shared turn ends behind a closed gate.
pub(crate) trait WakeActor {
    /// Makes whoever steps the state look again. Must not block.
    fn wake_actor(&self);
}

const READER: u64 = 1;
const CLOSER: u64 = 1 << 32;
const READERS: u64 = CLOSER - 1;

/// See the module.
pub(crate) struct Turn<S, B: WakeActor> {
    gate: AtomicU64,
    waker: B,
    state: Mutex<S>,
}

impl<S, B: WakeActor> Turn<S, B> {
    pub(crate) fn new(state: S, waker: B) -> Self {
        Turn { gate: AtomicU64::new(0), waker, state: Mutex::new(state) }
    }

    /// Takes the exclusive turn. Holders do arithmetic or one non-blocking call, so the wait is short.
    pub(crate) fn take(&self) -> MutexGuard<'_, S> {
        lock(&self.state)
    }

    /// Borrows the shared turn, if nothing that a read could overtake is queued or running.
    pub(crate) fn share(&self) -> Option<Shared<'_, S, B>> {
        if self.gate.load(Ordering::Relaxed) >= CLOSER {
            return None;
        }
        // Acquire pairs with the release in `open_gate`: a read that gets in sees what the write before it did.
        let acquire = ordering(Ordering::Acquire, "turn-shares-without-acquire");
        let before = self.gate.fetch_add(READER, acquire);
        let shared = Shared { turn: self };
        // Dropping the guard on refusal is a leave like any other: a writer may have counted us meanwhile.
        (before < CLOSER || mutant("turn-shares-behind-closed-gate")).then_some(shared)
    }

    /// Closes the gate for `count` operations, each until its [`open_gate`](Turn::open_gate).
    pub(crate) fn close_gate(&self, count: u64) {
        self.gate.fetch_add(CLOSER * count, Ordering::AcqRel);
    }

    /// Takes back `count` closings.
    pub(crate) fn open_gate(&self, count: u64) {
        let count =
            if mutant("turn-opens-for-all") { self.gate.load(Ordering::Relaxed) / CLOSER } else { count };
        let release = ordering(Ordering::Release, "turn-opens-without-release");
        self.gate.fetch_sub(CLOSER * count, release);
    }

    /// Whether some caller is inside a shared turn. Only meaningful behind a closed gate: then a `false` stays.
    pub(crate) fn has_readers(&self) -> bool {
        // Acquire pairs with the release in a guard's drop: the reads that are over happened before.
        let acquire = ordering(Ordering::Acquire, "turn-counts-readers-without-acquire");
        self.gate.load(acquire) & READERS > 0
    }

    /// Waits a moment for the readers behind a closed gate to leave; `false` if some are still there.
    pub(crate) fn drain(&self) -> bool {
        for _ in 0..DRAIN_SPIN_ROUNDS {
            if !self.has_readers() {
                return true;
            }
            spin();
        }
        !self.has_readers()
    }

    /// Rings the bell for a reason other than a reader's leaving.
    pub(crate) fn waker(&self) -> &B {
        &self.waker
    }
}

/// A shared turn: while it lives, no conflicting operation starts.
pub(crate) struct Shared<'a, S, B: WakeActor> {
    turn: &'a Turn<S, B>,
}

impl<S, B: WakeActor> Drop for Shared<'_, S, B> {
    fn drop(&mut self) {
        // Release pairs with the acquire in `has_readers`.
        let release = ordering(Ordering::Release, "turn-leaves-without-release");
        let before = self.turn.gate.fetch_sub(READER, release);
        if before >= CLOSER && before & READERS == 1 && !mutant("turn-leaves-without-ringing") {
            self.turn.waker.wake_actor();
        }
    }
}
