//! A limited number of operations and bytes, granted to files and their callers in turn.
//!
//! ```text
//!   take ──▶ free and no caller waits ─────────────────────────▶ granted     one atomic step, no lock
//!        └─▶ queue, by flow ──▶ released units, in turn ────▶ granted
//! ```
//!
//! Of those that are granted their units few are woken at a time, and the next when one of them has been polled: thousands
//! of ready tasks would otherwise stand in the executor's line in front of everyone else's.
//!
//! What is free is one word: operations, bytes, and two marks that send everyone to the lock. While a caller
//! waits the word is marked, so no other overtakes it without the lock, and the one that releases units grants them.

#[cfg(all(test, folio_loom))]
mod loom;
#[cfg(all(test, not(folio_loom)))]
mod tests;

use std::collections::VecDeque;
use std::fmt;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use crate::fair::{FairQueue, Flow, Ticket};
use crate::limits::{
    BACKGROUND_LEAVES_PERMITS, FAIR_BYTES_PER_OPERATION, GRANT_UNTAKEN_AFTER, GRANTS_UNTAKEN_MAX,
};
use crate::priority::Priority;
use crate::sync::{AtomicU64, Mutex, MutexGuard, Ordering, lock, mutant};

/// See the module.
pub(crate) struct Quota {
    free: AtomicU64,
    waiters: Mutex<Waiters>,
    ops_max: u64,
    bytes_max: u64,
    /// What operations in the background leave.
    reserve: Units,
}

#[derive(Default)]
struct Waiters {
    queue: FairQueue<Waiter>,
    closed: bool,
    /// Wakers of those that have been granted their units, in this order.
    granted: VecDeque<Waker>,
    /// Whether a thread is waking them. Others leave theirs to it: one caller's operations would otherwise be polled
    /// in another order than they were granted.
    waking: bool,
    pace: Pace,
}

/// How many callers have been granted their units and not been polled since.
#[derive(Default)]
struct Pace {
    /// Those that others wait for.
    awaited: usize,
    /// Those that had not come in time: a caller may leave a future alone that it has polled once.
    absent: usize,
    /// When as many were awaited as may be.
    since: Option<Instant>,
}

impl Pace {
    /// Whether the next has to wait until an awaited one comes, while so many operations are admitted. Where nothing
    /// else goes on, none has to.
    fn is_full(&mut self, admitted: u64) -> bool {
        if self.is_overdue() {
            self.give_up();
        }
        self.awaited >= GRANTS_UNTAKEN_MAX && admitted > (self.awaited + self.absent) as u64
    }

    fn is_overdue(&self) -> bool {
        self.since.is_some_and(|since| since.elapsed() > GRANT_UNTAKEN_AFTER)
    }

    /// Awaits none of them any longer.
    fn give_up(&mut self) {
        *self = Pace { awaited: 0, absent: self.absent + self.awaited, since: None };
    }

    fn granted(&mut self) {
        self.awaited += 1;
        // Models have no clock.
        if self.awaited == GRANTS_UNTAKEN_MAX && !cfg!(folio_loom) {
            self.since = Some(Instant::now());
        }
    }

    /// One of them has come, or is gone.
    fn taken(&mut self) {
        if self.awaited > 0 { self.awaited -= 1 } else { self.absent = self.absent.saturating_sub(1) }
    }
}

struct Waiter {
    units: Units,
    waker: Waker,
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
    /// Whether they are free beside a reserve.
    fn fit(self, free: u64, reserve: Units) -> bool {
        (free >> BYTES_BITS) & OPS_MASK > reserve.operations()
            && free & BYTES_MASK >= self.bytes() + reserve.bytes()
    }

    fn operations(self) -> u64 {
        self.0 >> BYTES_BITS
    }

    fn bytes(self) -> u64 {
        self.0 & BYTES_MASK
    }

    fn lacking(self, free: u64, reserve: Units) -> Refused {
        let operations = (free >> BYTES_BITS) & OPS_MASK;
        if operations <= reserve.operations() { Refused::Operations } else { Refused::Bytes }
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
            ops_max: ops,
            bytes_max,
            reserve: Units(
                ((ops / BACKGROUND_LEAVES_PERMITS) << BYTES_BITS) | (bytes_max / BACKGROUND_LEAVES_PERMITS),
            ),
        }
    }

    /// What an operation of so many bytes takes. One that is larger than the limit counts as the limit: it is
    /// admitted alone, or in the background beside the reserve only.
    pub(crate) fn units(&self, bytes: usize, priority: Priority) -> Units {
        Units(ONE_OPERATION | (bytes as u64).min(self.bytes_max - self.reserve(priority).bytes()))
    }

    /// What an operation of this class leaves free.
    fn reserve(&self, priority: Priority) -> Units {
        match priority {
            Priority::Interactive | Priority::Normal => Units(0),
            Priority::Background => self.reserve,
        }
    }

    /// Takes the units if they are free and no caller waits that is as urgent.
    pub(crate) fn try_take(&self, units: Units, priority: Priority) -> Result<(), Refused> {
        let reserve = self.reserve(priority);
        let mut free = self.free.load(Ordering::Relaxed);
        loop {
            if free & CLOSED != 0 {
                return Err(Refused::Closed);
            }
            if !units.fit(free, reserve) {
                return Err(units.lacking(free, reserve));
            }
            if free & QUEUED != 0 {
                return self.try_take_before(units, priority).ok_or(units.lacking(free, reserve));
            }
            match self.subtract(free, units) {
                Ok(()) => return Ok(()),
                Err(now) => free = now,
            }
        }
    }

    /// Takes the units beside callers that wait in the background, to whom the last ones do not belong.
    fn try_take_before(&self, units: Units, priority: Priority) -> Option<()> {
        if priority == Priority::Background {
            return None;
        }
        let waiters = lock(&self.waiters);
        let background_only = waiters.queue.len() == waiters.queue.len_of(Priority::Background);
        let next = background_only && waiters.granted.is_empty() && !waiters.waking;
        (next && self.take_locked(units, priority)).then_some(())
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
            self.grant(&mut waiters);
            self.wake(waiters);
        }
    }

    /// Goes on where callers that were granted their units do not take them. Called now and then.
    pub(crate) fn resume(&self) {
        if self.free.load(Ordering::Relaxed) & QUEUED != 0 {
            let mut waiters = lock(&self.waiters);
            // Those before have not come, so no further one is waited for.
            let mut goes_on = waiters.pace.is_overdue();
            while goes_on {
                let waiting = waiters.queue.len();
                waiters.pace.give_up();
                self.grant(&mut waiters);
                goes_on = waiters.queue.len() < waiting;
            }
            self.wake(waiters);
        }
    }

    /// Refuses everyone from now on, also those that wait.
    pub(crate) fn close(&self) {
        let mut waiters = lock(&self.waiters);
        waiters.closed = true;
        self.free.fetch_or(CLOSED, Ordering::AcqRel);
        let waiting = waiters.queue.drain();
        drop(waiters);
        waiting.into_iter().for_each(|(_, waiter)| waiter.waker.wake());
    }

    /// Grants free units to those that wait, in turn, until the next one's are not free. They are to be woken after
    /// this.
    fn grant(&self, waiters: &mut Waiters) {
        // What is left of the reserve is for others than the background.
        let mut reserved = false;
        while !waiters.pace.is_full(self.admitted()) {
            let may = |priority| !(reserved && priority == Priority::Background);
            let Some((priority, Waiter { units, .. })) = waiters.queue.front(may) else { break };
            let units = *units;
            if self.take_locked(units, priority) {
                let granted = waiters.queue.pop(may);
                waiters.pace.granted();
                waiters.granted.extend(granted.map(|(_, waiter)| waiter.waker));
            } else if priority == Priority::Background {
                reserved = true;
            } else {
                break;
            }
        }
        self.unmark(waiters);
    }

    /// Operations that have units.
    fn admitted(&self) -> u64 {
        self.ops_max - ((self.free.load(Ordering::Relaxed) >> BYTES_BITS) & OPS_MASK)
    }

    /// Lets callers take units without the lock again, if none waits for units or is about to be woken.
    fn unmark(&self, waiters: &Waiters) {
        let idle = waiters.queue.len() == 0 && waiters.granted.is_empty() && !waiters.waking;
        if idle && !mutant("quota-keeps-its-mark") {
            self.free.fetch_and(!QUEUED, Ordering::AcqRel);
        }
    }

    /// Wakes those that have been granted their units, in this order, each without the lock.
    fn wake<'a>(&'a self, mut waiters: MutexGuard<'a, Waiters>) {
        if waiters.waking && !mutant("quota-wakes-in-any-order") {
            return;
        }
        let mut panicked = None;
        while let Some(waker) = waiters.granted.pop_front() {
            waiters.waking = true;
            drop(waiters);
            // One that panics must not keep the others asleep.
            panicked = catch_unwind(AssertUnwindSafe(|| waker.wake())).err().or(panicked);
            waiters = lock(&self.waiters);
            waiters.waking = false;
        }
        self.unmark(&waiters);
        drop(waiters);
        if let Some(panic) = panicked {
            resume_unwind(panic);
        }
    }

    /// Notes that a caller has come for its units, and grants the next one's.
    fn take_granted(&self, mut waiters: MutexGuard<'_, Waiters>) {
        waiters.pace.taken();
        if !mutant("quota-stops-after-a-few") {
            self.grant(&mut waiters);
        }
        self.wake(waiters);
    }

    /// Takes units for the holder of the lock, whatever the mark says.
    fn take_locked(&self, units: Units, priority: Priority) -> bool {
        let reserve = self.reserve(priority);
        let mut free = self.free.load(Ordering::Acquire);
        while units.fit(free, reserve) {
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

impl Take {
    /// Who waits.
    pub(crate) fn flow(&self) -> Flow {
        self.flow
    }
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
                    waiter.waker.clone_from(cx.waker());
                    return Poll::Pending;
                }
                this.progress = Progress::Done;
                this.quota.take_granted(waiters);
                return Poll::Ready(true);
            }
            Progress::Done => return Poll::Ready(true),
        }
        // The mark first: a release from here on comes for the lock, and an earlier one is seen below.
        let mark = if mutant("quota-waits-without-a-mark") { 0 } else { QUEUED };
        this.quota.free.fetch_or(mark, Ordering::AcqRel);
        let cost = this.units.bytes() + FAIR_BYTES_PER_OPERATION;
        let waiter = Waiter { units: this.units, waker: cx.waker().clone() };
        let ticket = waiters.queue.push(this.flow, cost, waiter);
        this.quota.grant(&mut waiters);
        let in_line = waiters.queue.get_mut(ticket).is_some();
        // It is granted its units and yet comes after those that are still to be woken.
        let waits = in_line || waiters.waking || waiters.granted.len() > 1;
        if !waits {
            waiters.granted.clear();
            waiters.pace.taken();
        }
        this.quota.wake(waiters);
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
            self.quota.grant(&mut waiters);
            self.quota.wake(waiters);
            return;
        }
        waiters.pace.taken();
        drop(waiters);
        if !mutant("quota-loses-what-no-caller-took") {
            self.quota.release(self.units);
        }
    }
}
