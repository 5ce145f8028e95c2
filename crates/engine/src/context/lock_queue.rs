//! The line of those who wait for the advisory lock of one file.
//!
//! ```text
//!   lock ──▶ line ── in front ──▶ attempt ──▶ held ── unlock, close, drop ──▶ whoever is in front attempts
//!                       ▲            │ refused, though no opening of this engine holds it
//!                       │            ▼
//!                       └── won ── watch: a thread of a pool of its own waits in `flock`
//! ```
//!
//! Openings of one engine hand the lock from one to the next, without a thread and without polling. What holds it
//! beyond (other processes, descriptors that std opened) can only be waited for by a thread that sleeps in the kernel.
//! It does so by a *stand-in*, a second opening of the same file: nobody can call it back from there, and the waiters'
//! own descriptors must be free to go. One watch serves all waiters of a file. What it wins is given up in the very step
//! in which a waiter attempts, or at once if nobody waits any more.
//!
//! What is known of holders may be wrong: a closure, a duplicate of the descriptor or a child can release or keep a
//! lock. So only an attempt decides, and knowledge says no more than what to wait for.

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

/// Names an opening among those of its file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Holder(pub(crate) usize);

#[derive(Debug, Default)]
struct State {
    line: VecDeque<Waiter>,
    held: Vec<Held>,
    /// Counts whatever may let an attempt succeed that was refused.
    changes: u64,
    /// Numbers given to waiters and to claims.
    numbers: u64,
    watch: Watch,
}

#[derive(Debug)]
struct Waiter {
    number: u64,
    kind: LockKind,
    turn: Arc<Notify>,
}

/// What an opening of this engine took.
#[derive(Debug)]
struct Held {
    holder: Holder,
    kind: LockKind,
    /// What it had before.
    before: Option<LockKind>,
    /// Tells one success from later ones of other clones, which rely on the same lock.
    claim: u64,
}

#[derive(Debug, Default)]
enum Watch {
    /// Nobody stands and waits.
    #[default]
    None,
    /// A thread does, or is about to.
    Standing,
    /// It has the lock, for whoever is in front.
    Acquired(AcquiredLock),
    /// The file or the kernel refused, so it is not tried again.
    Refused,
}

/// What a refused waiter waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outlook {
    /// Nothing: something has changed since its attempt.
    Changed,
    /// For an opening of this engine, or for a watch.
    Called,
    /// Nobody knows who holds it; the caller is to post a watch.
    Unwatched,
    /// The same, and there can be no watch.
    Unwatchable,
}

/// How a success that nobody heard of is taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Undo {
    /// It changed nothing, or others rely on it by now.
    Nothing,
    /// By a release.
    Release,
    /// By sharing again.
    Share,
}

impl LockQueue {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether `holder` has the lock: others wait for it then, and it must not wait behind them.
    pub(crate) fn is_held_by(&self, holder: Holder) -> bool {
        self.state().held.iter().any(|held| held.holder == holder)
    }

    /// Takes the last place in the line; the second value is notified when it may be in front.
    pub(crate) fn join(&self, kind: LockKind) -> (u64, Arc<Notify>) {
        let mut state = self.state();
        let (number, turn) = (state.number(), Arc::new(Notify::new()));
        state.line.push_back(Waiter { number, kind, turn: turn.clone() });
        (number, turn)
    }

    /// Gives a place up.
    pub(crate) fn leave(&self, number: u64) {
        let mut state = self.state();
        state.line.retain(|waiter| waiter.number != number);
        state.release_unwanted();
        state.call_front();
    }

    /// Whether the waiter may attempt: it is the first, or all before it want to share as it does.
    pub(crate) fn is_in_front(&self, number: u64) -> bool {
        self.state().front().any(|waiter| waiter.number == number)
    }

    /// To be asked for before an attempt, and handed to [`outlook`](LockQueue::outlook) after it.
    pub(crate) fn changes(&self) -> u64 {
        self.state().changes
    }

    /// Whether a refusal may have been due to a watch that nobody waits for; `seen` is of before the attempt.
    pub(crate) fn may_be_forsaken(&self, seen: u64) -> bool {
        let state = self.state();
        state.line.is_empty() && (state.changes != seen || matches!(state.watch, Watch::Standing))
    }

    /// What a watch has won, if it has.
    pub(crate) fn take_acquired(&self) -> Option<AcquiredLock> {
        let mut state = self.state();
        match std::mem::take(&mut state.watch) {
            Watch::Acquired(acquired) => Some(acquired),
            watch @ (Watch::None | Watch::Standing | Watch::Refused) => {
                state.watch = watch;
                None
            }
        }
    }

    /// Says what to wait for after a refusal. With [`Outlook::Unwatched`] the caller has the one watch to post.
    pub(crate) fn outlook(&self, holder: Holder, kind: LockKind, seen: u64) -> Outlook {
        let mut state = self.state();
        if state.changes != seen {
            return Outlook::Changed;
        }
        if state.held.iter().any(|held| held.holder != holder && excludes(held.kind, kind)) {
            return Outlook::Called;
        }
        match state.watch {
            Watch::Standing | Watch::Acquired(_) => Outlook::Called,
            Watch::Refused => Outlook::Unwatchable,
            Watch::None => {
                state.watch = Watch::Standing;
                Outlook::Unwatched
            }
        }
    }

    /// Ends a watch: with the lock, without it for now, or for good.
    pub(crate) fn watched(&self, ended: Ended) {
        let mut state = self.state();
        state.watch = match ended {
            Ended::Acquired(acquired) => Watch::Acquired(acquired),
            Ended::NotNow => Watch::None,
            Ended::Refused => Watch::Refused,
        };
        state.release_unwanted();
        state.changed();
    }

    /// Books a success and returns its claim.
    pub(crate) fn granted(&self, holder: Holder, kind: LockKind) -> u64 {
        let mut state = self.state();
        let claim = state.number();
        let before = state.held.iter().find(|held| held.holder == holder).map(|held| held.kind);
        state.held.retain(|held| held.holder != holder);
        state.held.push(Held { holder, kind, before, claim });
        if before == Some(LockKind::Exclusive) && kind == LockKind::Shared {
            state.changed();
        }
        claim
    }

    /// Notes that `holder` has no lock, if it is known to have had one.
    pub(crate) fn lost(&self, holder: Holder) {
        let mut state = self.state();
        let before = state.held.len();
        state.held.retain(|held| held.holder != holder);
        if state.held.len() < before {
            state.changed();
        }
    }

    /// Notes that `holder` has the lock no more, or that nobody knows whether it has.
    pub(crate) fn gone(&self, holder: Holder) {
        let mut state = self.state();
        state.held.retain(|held| held.holder != holder);
        state.changed();
    }

    /// How to take the success back that got `claim`.
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

/// How a watch ended.
pub(crate) enum Ended {
    /// With the lock.
    Acquired(AcquiredLock),
    /// There is no thread for it now.
    NotNow,
    /// The file or the kernel refused.
    Refused,
}

impl State {
    fn number(&mut self) -> u64 {
        self.numbers += 1;
        self.numbers
    }

    /// Those who may attempt.
    fn front(&self) -> impl Iterator<Item = &Waiter> {
        let sharing = self.line.iter().take_while(|waiter| waiter.kind == LockKind::Shared).count();
        self.line.iter().take(sharing.max(1))
    }

    fn call_front(&self) {
        self.front().for_each(|waiter| waiter.turn.notify_one());
    }

    fn changed(&mut self) {
        self.changes += 1;
        self.call_front();
    }

    /// Releases what was won for nobody, before anyone can see that there is no watch: such a release does not block.
    fn release_unwanted(&mut self) {
        if self.line.is_empty() && matches!(self.watch, Watch::Acquired(_)) {
            self.watch = Watch::None;
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

    use super::{Ended, Holder, LockKind, LockQueue, Outlook, Undo};

    const ME: Holder = Holder(1);
    const OTHER: Holder = Holder(2);

    #[test]
    fn those_in_front_are_the_first_or_all_that_share_before_anyone_who_does_not() {
        fn check(line: &[LockKind], expected: &[bool]) {
            let locks = LockQueue::default();
            let numbers: Vec<u64> = line.iter().map(|kind| locks.join(*kind).0).collect();
            let front: Vec<bool> = numbers.into_iter().map(|number| locks.is_in_front(number)).collect();
            assert_eq!(front, expected, "{line:?}");
        }
        check(&[Exclusive, Exclusive], &[true, false]);
        check(&[Exclusive, Shared, Shared], &[true, false, false]);
        check(&[Shared, Shared, Exclusive, Shared], &[true, true, false, false]);
        check(&[Shared, Exclusive], &[true, false]);
    }

    #[test]
    fn whoever_leaves_makes_room_in_front() {
        let locks = LockQueue::default();
        let (first, (second, _)) = (locks.join(Exclusive).0, locks.join(Exclusive));
        assert!(!locks.is_in_front(second));
        locks.leave(first);
        assert!(locks.is_in_front(second));
    }

    /// A waiter looks again after a while without it, so that nothing else would show a call that was forgotten.
    #[test]
    fn whatever_may_let_the_front_in_calls_it_and_nobody_else() {
        fn check(what: &str, change: fn(&LockQueue), called: bool) {
            let locks = LockQueue::default();
            locks.granted(OTHER, Exclusive);
            let (first, second) = (locks.join(Exclusive).1, locks.join(Exclusive).1);
            change(&locks);
            assert_eq!((is_called(&first), is_called(&second)), (called, false), "{what}");
        }
        fn is_called(turn: &Notify) -> bool {
            let notified = std::pin::pin!(turn.notified());
            notified.poll(&mut Context::from_waker(Waker::noop())).is_ready()
        }
        check("nothing", |_| {}, false);
        check("a release", |locks| locks.gone(OTHER), true);
        check("a close", |locks| locks.lost(OTHER), true);
        check("a close of one without a lock", |locks| locks.lost(ME), false);
        check("a lock that is shared now", |locks| _ = locks.granted(OTHER, Shared), true);
        check("a lock that is taken once more", |locks| _ = locks.granted(OTHER, Exclusive), false);
        check("a watch that ended", |locks| locks.watched(Ended::NotNow), true);
    }

    #[test]
    fn a_refused_waiter_is_told_what_to_wait_for() {
        fn check(held: Option<(Holder, LockKind)>, wanted: LockKind, expected: Outlook) {
            let locks = LockQueue::default();
            if let Some((holder, kind)) = held {
                locks.granted(holder, kind);
            }
            let seen = locks.changes();
            assert_eq!(locks.outlook(ME, wanted, seen), expected, "{held:?}, {wanted:?}");
        }
        check(Some((OTHER, Exclusive)), Shared, Outlook::Called);
        check(Some((OTHER, Shared)), Exclusive, Outlook::Called);
        check(Some((OTHER, Shared)), Shared, Outlook::Unwatched);
        check(Some((ME, Exclusive)), Exclusive, Outlook::Unwatched);
        check(None, Shared, Outlook::Unwatched);
    }

    #[test]
    fn there_is_one_watch_and_none_where_it_was_refused() {
        let locks = LockQueue::default();
        let _place = locks.join(Exclusive);
        let seen = locks.changes();
        assert_eq!(locks.outlook(ME, Exclusive, seen), Outlook::Unwatched);
        assert_eq!(locks.outlook(OTHER, Exclusive, seen), Outlook::Called);
        locks.watched(Ended::NotNow);
        assert_eq!(locks.outlook(ME, Exclusive, seen), Outlook::Changed);
        let seen = locks.changes();
        assert_eq!(locks.outlook(ME, Exclusive, seen), Outlook::Unwatched);
        locks.watched(Ended::Refused);
        assert_eq!(locks.outlook(ME, Exclusive, locks.changes()), Outlook::Unwatchable);
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
