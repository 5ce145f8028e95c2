//! The turn: the right to step the state of one file. A caller may take it while no operation waits.
//!
//! There are two rights in one primitive. The *exclusive* turn is a lock around the file's state; its holder
//! steps the state machine. The *shared* turn lets positioned reads proceed without that lock while the gate is
//! open, which is while no operation that could change what they see is queued or running.
//!
//! ```text
//!   gate word   [ closers: 32 | readers: 32 ]
//!   share():    readers += 1, unless closers > 0
//!   close():    closers += n, and a write may start once readers = 0
//!   the last reader to leave a closed gate wakes the actor, so that it starts what waits for the readers
//! ```
//!
//! Neither turn is ever held across an await.

use crate::limits::DRAIN_SPIN_ROUNDS;
use crate::sync::{AtomicU64, Mutex, MutexGuard, Ordering, lock, mutant, ordering, spin};

/// Wakes the actor when the last shared turn ends behind a closed gate.
pub(crate) trait WakeActor {
    /// Makes the actor step the state. Must not block.
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

    /// Takes the exclusive turn. Its holders compute or make one non-blocking call, so the wait is short.
    pub(crate) fn take(&self) -> MutexGuard<'_, S> {
        lock(&self.state)
    }

    /// Takes a shared turn, if no operation that a read could overtake is queued or running.
    pub(crate) fn share(&self) -> Option<Shared<'_, S, B>> {
        if self.gate.load(Ordering::Relaxed) >= CLOSER {
            return None;
        }
        // Acquire pairs with the release in `open_gate`: a read that gets in sees the bytes of the last write.
        let acquire = ordering(Ordering::Acquire, "turn-shares-without-acquire");
        let before = self.gate.fetch_add(READER, acquire);
        let shared = Shared { turn: self };
        // A refused guard is dropped like any other: a writer may have counted it meanwhile, and must be woken.
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

    /// Whether a shared turn is taken. Only meaningful behind a closed gate: a `false` is final there.
    pub(crate) fn has_readers(&self) -> bool {
        // Acquire pairs with the release in a guard's drop: finished reads happened before.
        let acquire = ordering(Ordering::Acquire, "turn-counts-readers-without-acquire");
        self.gate.load(acquire) & READERS > 0
    }

    /// Spins for a short time until the readers behind a closed gate have left; `false` if some remain.
    pub(crate) fn drain(&self) -> bool {
        for _ in 0..DRAIN_SPIN_ROUNDS {
            if !self.has_readers() {
                return true;
            }
            spin();
        }
        !self.has_readers()
    }

    /// Returns the waker of the actor, for other reasons than a leaving reader.
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
        if before >= CLOSER && before & READERS == 1 && !mutant("turn-leaves-without-waking") {
            self.turn.waker.wake_actor();
        }
    }
}
