//! A limited number of operations and bytes, granted to files and their callers in turn.
//!
//! ```text
//!   take ──▶ free and no caller waits ─────────────────────────▶ granted     one atomic step, no lock
//!        └─▶ queue, by flow ──▶ released units, in turn ────▶ granted
//! ```
//!
//! What is free is one word: operations, bytes, and two marks that send everyone to the lock. While a caller
//! waits the word is marked, so no other overtakes it without the lock, and the one that releases units grants them.

#[cfg(all(test, folio_loom))]
mod loom;
#[cfg(all(test, not(folio_loom)))]
mod tests;

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use crate::fair::{FairQueue, Flow, Ticket};
use crate::limits::FAIR_BYTES_PER_OPERATION;
use crate::sync::{AtomicU64, Mutex, Ordering, lock, mutant};

/// See the module.
pub(crate) struct Quota {
    free: AtomicU64,
    waiters: Mutex<Waiters>,
    bytes_max: u64,
}

#[derive(Default)]
struct Waiters {
    queue: FairQueue<Waiter>,
    closed: bool,
}

struct Waiter {
    units: Units,
    waker: Option<Waker>,
}

/// What one operation takes: itself and its bytes, packed as in [`Quota::free`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Units(u64);

/// Why units were not taken at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// All operations are in use, or others wait for one.
    Operations,
    /// Too few bytes are free, or others wait for them.
    Bytes,
    /// The quota is closed.
    Closed,
}

const BYTES_BITS: u32 = 40;
const OPS_BITS: u32 = 22;
const BYTES_MASK: u64 = (1 << BYTES_BITS) - 1;
const OPS_MASK: u64 = (1 << OPS_BITS) - 1;
const ONE_OPERATION: u64 = 1 << BYTES_BITS;
/// A caller waits.
const QUEUED: u64 = 1 << 62;
/// No units are granted any more.
const CLOSED: u64 = 1 << 63;

impl Units {
    fn fit(self, free: u64) -> bool {
        (free >> BYTES_BITS) & OPS_MASK > 0 && free & BYTES_MASK >= self.bytes()
    }

    fn bytes(self) -> u64 {
        self.0 & BYTES_MASK
    }

    fn lacking(self, free: u64) -> Refused {
        if (free >> BYTES_BITS) & OPS_MASK == 0 { Refused::Operations } else { Refused::Bytes }
    }
}

impl Quota {
    /// Limits beyond four million operations or a tebibyte mean these.
    pub(crate) fn new(ops_max: usize, bytes_max: usize) -> Quota {
        let ops = (ops_max as u64).min(OPS_MASK);
        let bytes_max = (bytes_max as u64).min(BYTES_MASK);
        Quota {
            free: AtomicU64::new(ops << BYTES_BITS | bytes_max),
            waiters: Mutex::new(Waiters::default()),
            bytes_max,
        }
    }

    /// What an operation of so many bytes takes. One that is larger than the limit counts as the limit: it is
    /// admitted alone.
    pub(crate) fn units(&self, bytes: usize) -> Units {
        Units(ONE_OPERATION | (bytes as u64).min(self.bytes_max))
    }

    /// Takes the units if they are free and no caller waits.
    pub(crate) fn try_take(&self, units: Units) -> Result<(), Refused> {
        let mut free = self.free.load(Ordering::Relaxed);
        loop {
            if free & CLOSED != 0 {
                return Err(Refused::Closed);
            }
            if free & QUEUED != 0 || !units.fit(free) {
                return Err(units.lacking(free));
            }
            match self.subtract(free, units) {
                Ok(()) => return Ok(()),
                Err(now) => free = now,
            }
        }
    }

    /// Waits for the units; `false` if the quota was closed meanwhile. Dropping the future leaves the queue.
    pub(crate) fn take(self: &Arc<Self>, units: Units, flow: Flow) -> Take {
        Take { quota: self.clone(), units, flow, progress: Progress::New }
    }

    /// Gives units back, to the next caller that waits.
    pub(crate) fn release(&self, units: Units) {
        let before = self.free.fetch_add(units.0, Ordering::AcqRel);
        if before & QUEUED != 0 && !mutant("quota-release-forgets-the-queue") {
            let mut waiters = lock(&self.waiters);
            let granted = self.grant(&mut waiters);
            drop(waiters);
            granted.into_iter().for_each(Waker::wake);
        }
    }

    /// Refuses everyone from now on, also those that wait.
    pub(crate) fn close(&self) {
        let mut waiters = lock(&self.waiters);
        waiters.closed = true;
        self.free.fetch_or(CLOSED, Ordering::AcqRel);
        let waiting = waiters.queue.drain();
        drop(waiters);
        waiting.into_iter().filter_map(|(_, waiter)| waiter.waker).for_each(Waker::wake);
    }

    /// Grants free units to those that wait, in turn, until the next one's are not free. Returns their wakers,
    /// for after the lock.
    fn grant(&self, waiters: &mut Waiters) -> Vec<Waker> {
        let mut wakers = Vec::new();
        while let Some((_, Waiter { units, .. })) = waiters.queue.front() {
            let units = *units;
            if !self.take_locked(units) {
                break;
            }
            let granted = waiters.queue.pop();
            wakers.extend(granted.and_then(|(_, waiter)| waiter.waker));
        }
        if waiters.queue.len() == 0 && !mutant("quota-keeps-its-mark") {
            self.free.fetch_and(!QUEUED, Ordering::AcqRel);
        }
        wakers
    }

    /// Takes units for the holder of the lock, whatever the mark says.
    fn take_locked(&self, units: Units) -> bool {
        let mut free = self.free.load(Ordering::Acquire);
        while units.fit(free) {
            match self.subtract(free, units) {
                Ok(()) => return true,
                Err(now) => free = now,
            }
        }
        false
    }

    fn subtract(&self, free: u64, units: Units) -> Result<(), u64> {
        let left = free - units.0;
        self.free.compare_exchange_weak(free, left, Ordering::AcqRel, Ordering::Acquire).map(|_| ())
    }
}

impl fmt::Debug for Quota {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let free = self.free.load(Ordering::Relaxed);
        let (ops, bytes) = ((free >> BYTES_BITS) & OPS_MASK, free & BYTES_MASK);
        f.debug_struct("Quota").field("free_ops", &ops).field("free_bytes", &bytes).finish_non_exhaustive()
    }
}

/// A caller that waits for units.
pub(crate) struct Take {
    quota: Arc<Quota>,
    units: Units,
    flow: Flow,
    progress: Progress,
}

enum Progress {
    /// It has not been polled.
    New,
    /// It is in the queue, or has been granted since the last poll.
    InLine(Ticket),
    /// It has its answer.
    Done,
}

impl Future for Take {
    type Output = bool;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<bool> {
        let this = &mut *self;
        let mut waiters = lock(&this.quota.waiters);
        if waiters.closed {
            this.progress = Progress::Done;
            return Poll::Ready(false);
        }
        match this.progress {
            Progress::New => {}
            Progress::InLine(ticket) => {
                if let Some(waiter) = waiters.queue.get_mut(ticket) {
                    waiter.waker = Some(cx.waker().clone());
                    return Poll::Pending;
                }
                this.progress = Progress::Done;
                return Poll::Ready(true);
            }
            Progress::Done => return Poll::Ready(true),
        }
        // The mark first: a release from here on comes for the lock, and an earlier one is seen below.
        let mark = if mutant("quota-waits-without-a-mark") { 0 } else { QUEUED };
        this.quota.free.fetch_or(mark, Ordering::AcqRel);
        let cost = this.units.bytes() + FAIR_BYTES_PER_OPERATION;
        let ticket = waiters.queue.push(this.flow, cost, Waiter { units: this.units, waker: None });
        let granted = this.quota.grant(&mut waiters);
        let waits = waiters.queue.get_mut(ticket);
        let waits = waits.map(|waiter| waiter.waker = Some(cx.waker().clone())).is_some();
        drop(waiters);
        granted.into_iter().for_each(Waker::wake);
        this.progress = if waits { Progress::InLine(ticket) } else { Progress::Done };
        if waits { Poll::Pending } else { Poll::Ready(true) }
    }
}

impl Drop for Take {
    fn drop(&mut self) {
        let Progress::InLine(ticket) = self.progress else { return };
        let mut waiters = lock(&self.quota.waiters);
        let was_waiting = waiters.queue.remove(ticket).is_some();
        if was_waiting || waiters.closed {
            // Those behind it may have waited for its turn only.
            let granted = self.quota.grant(&mut waiters);
            drop(waiters);
            granted.into_iter().for_each(Waker::wake);
            return;
        }
        drop(waiters);
        if !mutant("quota-loses-what-no-caller-took") {
            self.quota.release(self.units);
        }
    }
}
