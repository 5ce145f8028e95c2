//! The queue for the advisory lock of one file.
//!
//! ```text
//!   lock ──▶ queue ── first ──▶ attempt ──▶ held ── unlock, close, drop ──▶ the next first waiter attempts
//!                       ▲          │ refused, though no open file of this engine holds it
//!                       │          ▼
//!                       └─ acquired ─ kernel wait: a thread of a separate pool waits in `flock`
//! ```
//!
//! Open files of one engine hand the lock to each other without a thread and without polling. For other holders
//! (other processes, descriptors that std opened) a thread has to sleep in the kernel. It does so on a
//! *stand-in*, a second descriptor of the same file: a sleeping thread cannot be interrupted, and the waiters
//! must be free to close their own descriptors. One kernel wait serves all waiters of a file. A lock it
//! acquires is released in the step in which a waiter attempts, or at once if no waiter is left.
//!
//! The recorded holders may be wrong: a closure, a duplicate of the descriptor or a child can release or keep a
//! lock. So only an attempt decides; the record only says what to wait for.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

pub(crate) use crate::file_op::AcquiredLock;
use crate::storage::LockKind;

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct LockQueue {
    state: Mutex<State>,
}

/// Identifies an open file among those of its inode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Holder(pub(crate) usize);

#[derive(Debug, Default)]
struct State {
    queue: VecDeque<Waiter>,
    held: Vec<HeldLock>,
    /// Counts events after which a refused attempt may succeed.
    changes: u64,
    /// Numbers given to waiters and to claims.
    numbers: u64,
    kernel_wait: KernelWait,
}

#[derive(Debug)]
struct Waiter {
    number: u64,
    kind: LockKind,
    turn: Arc<Notify>,
}

/// A lock that an open file of this engine took.
#[derive(Debug)]
struct HeldLock {
    holder: Holder,
    kind: LockKind,
    /// The lock it had before.
    before: Option<LockKind>,
    /// Distinguishes this acquisition from later ones by clones, which rely on the same lock.
    claim: u64,
}

#[derive(Debug, Default)]
enum KernelWait {
    /// No thread waits.
    #[default]
    Idle,
    /// A thread waits, or is about to.
    Waiting,
    /// The thread has acquired the lock, for the first waiter.
    Acquired(AcquiredLock),
    /// The file or the kernel refused, so there is no second try.
    Refused,
}

/// What a refused waiter has to wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WaitFor {
    /// Nothing: an event since its attempt may let it succeed.
    Nothing,
    /// A notification, from an open file of this engine or from the kernel wait.
    Notification,
    /// The holder is unknown; the caller has to start the kernel wait.
    NewKernelWait,
    /// The holder is unknown and there can be no kernel wait, so only a pause remains.
    Pause,
}

/// How to undo an acquisition that no caller received.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Undo {
    /// Not at all: it changed nothing, or others rely on it by now.
    Nothing,
    /// Release the lock.
    Release,
    /// Convert it back to a shared lock.
    Share,
}

impl LockQueue {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether `holder` has the lock: other waiters wait for it, so it must not wait behind them.
    pub(crate) fn is_held_by(&self, holder: Holder) -> bool {
        self.state().held.iter().any(|held| held.holder == holder)
    }

    /// Joins the queue; the second value is notified when the waiter may be first.
    pub(crate) fn join(&self, kind: LockKind) -> (u64, Arc<Notify>) {
        let mut state = self.state();
        let (number, turn) = (state.number(), Arc::new(Notify::new()));
        state.queue.push_back(Waiter { number, kind, turn: turn.clone() });
        (number, turn)
    }

    /// Leaves the queue.
    pub(crate) fn leave(&self, number: u64) {
        let mut state = self.state();
        state.queue.retain(|waiter| waiter.number != number);
        state.release_unwanted();
        state.notify_front();
    }

    /// Whether the waiter may attempt: it is the first, or it and all before it want a shared lock.
    pub(crate) fn is_in_front(&self, number: u64) -> bool {
        self.state().front().any(|waiter| waiter.number == number)
    }

    /// To be read before an attempt and passed to [`wait_for`](LockQueue::wait_for) after it.
    pub(crate) fn changes(&self) -> u64 {
        self.state().changes
    }

    /// Whether a stand-in that no waiter needs may have caused a refusal; `seen` was read before the attempt.
    pub(crate) fn may_have_met_stand_in(&self, seen: u64) -> bool {
        let state = self.state();
        state.queue.is_empty() && (state.changes != seen || matches!(state.kernel_wait, KernelWait::Waiting))
    }

    /// Takes the lock that the kernel wait has acquired.
    pub(crate) fn take_acquired(&self) -> Option<AcquiredLock> {
        let mut state = self.state();
        match std::mem::take(&mut state.kernel_wait) {
            KernelWait::Acquired(acquired) => Some(acquired),
            kernel_wait @ (KernelWait::Idle | KernelWait::Waiting | KernelWait::Refused) => {
                state.kernel_wait = kernel_wait;
                None
            }
        }
    }

    /// Returns what to wait for after a refusal. After [`WaitFor::NewKernelWait`] the caller must start the
    /// kernel wait.
    pub(crate) fn wait_for(&self, holder: Holder, kind: LockKind, seen: u64) -> WaitFor {
        let mut state = self.state();
        if state.changes != seen {
            return WaitFor::Nothing;
        }
        if state.held.iter().any(|held| held.holder != holder && excludes(held.kind, kind)) {
            return WaitFor::Notification;
        }
        match state.kernel_wait {
            KernelWait::Waiting | KernelWait::Acquired(_) => WaitFor::Notification,
            KernelWait::Refused => WaitFor::Pause,
            KernelWait::Idle => {
                state.kernel_wait = KernelWait::Waiting;
                WaitFor::NewKernelWait
            }
        }
    }

    /// Records the end of the kernel wait.
    pub(crate) fn kernel_wait_ended(&self, ended: KernelWaitEnd) {
        let mut state = self.state();
        state.kernel_wait = match ended {
            KernelWaitEnd::Acquired(acquired) => KernelWait::Acquired(acquired),
            KernelWaitEnd::NoThread => KernelWait::Idle,
            KernelWaitEnd::Refused => KernelWait::Refused,
        };
        state.release_unwanted();
        state.changed();
    }

    /// Records an acquisition and returns its claim.
    pub(crate) fn granted(&self, holder: Holder, kind: LockKind) -> u64 {
        let mut state = self.state();
        let claim = state.number();
        let before = state.held.iter().find(|held| held.holder == holder).map(|held| held.kind);
        state.held.retain(|held| held.holder != holder);
        state.held.push(HeldLock { holder, kind, before, claim });
        if before == Some(LockKind::Exclusive) && kind == LockKind::Shared {
            state.changed();
        }
        claim
    }

    /// Records that `holder` has no lock; notifies the waiters if it had one.
    pub(crate) fn released_if_held(&self, holder: Holder) {
        let mut state = self.state();
        let before = state.held.len();
        state.held.retain(|held| held.holder != holder);
        if state.held.len() < before {
            state.changed();
        }
    }

    /// Records that `holder` has no lock, or may have none, and notifies the waiters.
    pub(crate) fn released(&self, holder: Holder) {
        let mut state = self.state();
        state.held.retain(|held| held.holder != holder);
        state.changed();
    }

    /// How to undo the acquisition with `claim`.
    pub(crate) fn undo(&self, holder: Holder, claim: u64) -> Undo {
        let state = self.state();
        let held = state.held.iter().find(|held| held.holder == holder && held.claim == claim);
        match held.map(|held| (held.before, held.kind)) {
            Some((None, _)) => Undo::Release,
            Some((Some(LockKind::Shared), LockKind::Exclusive)) => Undo::Share,
            Some((Some(_), _)) | None => Undo::Nothing,
        }
    }
}

/// Result of a kernel wait.
pub(crate) enum KernelWaitEnd {
    /// The lock.
    Acquired(AcquiredLock),
    /// No thread is free now.
    NoThread,
    /// The file or the kernel refused.
    Refused,
}

impl State {
    fn number(&mut self) -> u64 {
        self.numbers += 1;
        self.numbers
    }

    /// The waiters that may attempt.
    fn front(&self) -> impl Iterator<Item = &Waiter> {
        let sharing = self.queue.iter().take_while(|waiter| waiter.kind == LockKind::Shared).count();
        self.queue.iter().take(sharing.max(1))
    }

    fn notify_front(&self) {
        self.front().for_each(|waiter| waiter.turn.notify_one());
    }

    fn changed(&mut self) {
        self.changes += 1;
        self.notify_front();
    }

    /// Releases a lock that no waiter needs, before any caller can see that the kernel wait is over. This does
    /// not block.
    fn release_unwanted(&mut self) {
        if self.queue.is_empty() && matches!(self.kernel_wait, KernelWait::Acquired(_)) {
            self.kernel_wait = KernelWait::Idle;
        }
    }
}

fn excludes(held: LockKind, wanted: LockKind) -> bool {
    held == LockKind::Exclusive || wanted == LockKind::Exclusive
}

#[cfg(test)]
mod tests {
    use crate::storage::LockKind::{Exclusive, Shared};

    use std::future::Future;
    use std::task::{Context, Waker};

    use tokio::sync::Notify;

    use super::{Holder, KernelWaitEnd, LockKind, LockQueue, Undo, WaitFor};

    const ME: Holder = Holder(1);
    const OTHER: Holder = Holder(2);

    #[test]
    fn those_in_front_are_the_first_or_all_that_share_before_anyone_who_does_not() {
        fn check(queue: &[LockKind], expected: &[bool]) {
            let locks = LockQueue::default();
            let numbers: Vec<u64> = queue.iter().map(|kind| locks.join(*kind).0).collect();
            let front: Vec<bool> = numbers.into_iter().map(|number| locks.is_in_front(number)).collect();
            assert_eq!(front, expected, "{queue:?}");
        }
        check(&[Exclusive, Exclusive], &[true, false]);
        check(&[Exclusive, Shared, Shared], &[true, false, false]);
        check(&[Shared, Shared, Exclusive, Shared], &[true, true, false, false]);
        check(&[Shared, Exclusive], &[true, false]);
    }

    #[test]
    fn leaving_lets_the_next_waiter_in_front() {
        let locks = LockQueue::default();
        let (first, (second, _)) = (locks.join(Exclusive).0, locks.join(Exclusive));
        assert!(!locks.is_in_front(second));
        locks.leave(first);
        assert!(locks.is_in_front(second));
    }

    /// Waiters also look again after a pause, so only this test would notice a missing notification.
    #[test]
    fn each_change_that_may_admit_the_front_notifies_it_alone() {
        fn check(what: &str, change: fn(&LockQueue), notified: bool) {
            let locks = LockQueue::default();
            locks.granted(OTHER, Exclusive);
            let (first, second) = (locks.join(Exclusive).1, locks.join(Exclusive).1);
            change(&locks);
            assert_eq!((is_notified(&first), is_notified(&second)), (notified, false), "{what}");
        }
        fn is_notified(turn: &Notify) -> bool {
            let notified = std::pin::pin!(turn.notified());
            notified.poll(&mut Context::from_waker(Waker::noop())).is_ready()
        }
        check("nothing", |_| {}, false);
        check("a release", |locks| locks.released(OTHER), true);
        check("a close", |locks| locks.released_if_held(OTHER), true);
        check("a close of one without a lock", |locks| locks.released_if_held(ME), false);
        check("a lock that is shared now", |locks| _ = locks.granted(OTHER, Shared), true);
        check("a lock that is taken once more", |locks| _ = locks.granted(OTHER, Exclusive), false);
        check("a kernel_wait that ended", |locks| locks.kernel_wait_ended(KernelWaitEnd::NoThread), true);
    }

    #[test]
    fn a_refused_waiter_learns_what_to_wait_for() {
        fn check(held: Option<(Holder, LockKind)>, wanted: LockKind, expected: WaitFor) {
            let locks = LockQueue::default();
            if let Some((holder, kind)) = held {
                locks.granted(holder, kind);
            }
            let seen = locks.changes();
            assert_eq!(locks.wait_for(ME, wanted, seen), expected, "{held:?}, {wanted:?}");
        }
        check(Some((OTHER, Exclusive)), Shared, WaitFor::Notification);
        check(Some((OTHER, Shared)), Exclusive, WaitFor::Notification);
        check(Some((OTHER, Shared)), Shared, WaitFor::NewKernelWait);
        check(Some((ME, Exclusive)), Exclusive, WaitFor::NewKernelWait);
        check(None, Shared, WaitFor::NewKernelWait);
    }

    #[test]
    fn there_is_one_kernel_wait_and_none_after_a_refusal() {
        let locks = LockQueue::default();
        let _entry = locks.join(Exclusive);
        let seen = locks.changes();
        assert_eq!(locks.wait_for(ME, Exclusive, seen), WaitFor::NewKernelWait);
        assert_eq!(locks.wait_for(OTHER, Exclusive, seen), WaitFor::Notification);
        locks.kernel_wait_ended(KernelWaitEnd::NoThread);
        assert_eq!(locks.wait_for(ME, Exclusive, seen), WaitFor::Nothing);
        let seen = locks.changes();
        assert_eq!(locks.wait_for(ME, Exclusive, seen), WaitFor::NewKernelWait);
        locks.kernel_wait_ended(KernelWaitEnd::Refused);
        assert_eq!(locks.wait_for(ME, Exclusive, locks.changes()), WaitFor::Pause);
    }

    #[test]
    fn a_success_is_taken_back_only_as_far_as_it_went() {
        fn check(grants: &[LockKind], expected: Undo) {
            let locks = LockQueue::default();
            let claims: Vec<u64> = grants.iter().map(|kind| locks.granted(ME, *kind)).collect();
            let last = claims[claims.len() - 1];
            assert_eq!(locks.undo(ME, last), expected, "{grants:?}");
            locks.granted(OTHER, Shared);
            assert_eq!(locks.undo(ME, last), expected, "{grants:?} and another's");
            locks.granted(ME, Shared);
            assert_eq!(locks.undo(ME, last), Undo::Nothing, "a clone relies on it: {grants:?}");
        }
        check(&[Exclusive], Undo::Release);
        check(&[Shared], Undo::Release);
        check(&[Shared, Exclusive], Undo::Share);
        check(&[Exclusive, Shared], Undo::Nothing);
        check(&[Exclusive, Exclusive], Undo::Nothing);
    }
}
