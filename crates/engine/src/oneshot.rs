//! One answer for one caller: cancel flag and reply in one slot.
//!
//! ```text
//!   queued ──begin──▶ begun ──send──▶ done ──poll──▶ taken
//!      │                │               │
//!      ├────────────────┴── the asker drops ──▶ gone   (the answer goes back to whoever holds it)
//!      └── the asker leaves ──▶ left                     (it is carried out all the same)
//! ```
//!
//! The asker's side can go away at any moment. What it left behind decides who cleans up: before `begin` the
//! worker sees it and makes no system call; after it, [`Replier::send`] hands the answer back to the worker;
//! after `send`, [`Asker::cancel`] hands it to the asker's own drop. Exactly one of the three happens.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use crate::limits::ANSWER_SPIN_ROUNDS;
use crate::sync::{AtomicUsize, Mutex, Ordering, lock, mutant, spin};

/// Makes both ends of one answer.
pub(crate) fn channel<T>() -> (Sender<T>, Receiver<T>) {
    let slot = Arc::new(Slot { state: Mutex::new(State::PendingOp(None)), answered: AtomicUsize::new(0) });
    (Sender { slot: Some(slot.clone()) }, Receiver { slot })
}

struct Slot<T> {
    state: Mutex<State<T>>,
    /// 1 once the state is `Done` or `Lost`, for an asker that looks out without the lock. A hint: whoever
    /// sees it takes the lock, so relaxed is enough.
    answered: AtomicUsize,
}

/// Where one question stands. The waker is the asker's, put there by its last poll.
enum State<T> {
    /// No system call has been made for it.
    PendingOp(Option<Waker>),
    /// A worker has it; it can no longer be called back.
    Begun(Option<Waker>),
    /// It is to be carried out, and nobody waits for the answer.
    Left,
    /// Answered, and the asker has not looked yet.
    Done(T),
    /// The replier went away without an answer.
    Lost,
    /// The asker has its answer, or is gone.
    Closed,
}

/// The answering end, held by whoever carries the operation out.
pub(crate) struct Sender<T> {
    /// `None` once answered.
    slot: Option<Arc<Slot<T>>>,
}

impl<T> Sender<T> {
    /// Marks the operation as begun; `false` if the asker is gone, and then nothing may be done for it.
    pub(crate) fn begin(&self) -> bool {
        let Some(slot) = &self.slot else { return false };
        let mut state = lock(&slot.state);
        match &mut *state {
            State::PendingOp(waker) => {
                let waker = waker.take();
                *state = State::Begun(waker);
                true
            }
            State::Begun(_) | State::Left => true,
            State::Done(_) | State::Lost => false,
            State::Closed => mutant("reply-begins-after-cancel"),
        }
    }

    /// Whether the asker has gone away without the operation having begun.
    pub(crate) fn is_cancelled(&self) -> bool {
        self.slot.as_ref().is_some_and(|slot| matches!(*lock(&slot.state), State::Closed))
    }

    /// Answers; gives the answer back if the asker is gone.
    pub(crate) fn send(self, answer: T) -> Result<(), T> {
        self.put(answer).map(wake)
    }

    /// Answers without waking the asker: that is left to the caller, who may hold a lock that it would need.
    pub(crate) fn put(mut self, answer: T) -> Result<Option<Waker>, T> {
        match self.slot.take() {
            Some(slot) => finish(&slot, Ok(answer)),
            None => Err(answer),
        }
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        if let Some(slot) = self.slot.take() {
            // Nobody hears of a refusal here: the asker is gone.
            let _ = finish(&slot, Err(())).map(wake);
        }
    }
}

fn wake(waker: Option<Waker>) {
    if let Some(waker) = waker {
        waker.wake();
    }
}

fn finish<T>(slot: &Slot<T>, answer: Result<T, ()>) -> Result<Option<Waker>, T> {
    let mut state = lock(&slot.state);
    let waker = match &mut *state {
        State::PendingOp(waker) | State::Begun(waker) => waker.take(),
        State::Left | State::Done(_) | State::Lost | State::Closed => return answer.map_or(Ok(None), Err),
    };
    *state = answer.map_or(State::Lost, State::Done);
    slot.answered.store(1, Ordering::Relaxed);
    Ok(waker)
}

/// The asking end: a future of the answer, or of `None` if the replier went away without one.
pub(crate) struct Receiver<T> {
    slot: Arc<Slot<T>>,
}

/// How far an operation had come when its asker gave up.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Cancelled<T> {
    /// It never began and never will.
    BeforeBegin,
    /// It runs on; its answer goes to the replier.
    Begun,
    /// It had been answered; the answer is handed over here.
    Done(T),
    /// The answer had been taken or lost before.
    Nothing,
}

impl<T> Receiver<T> {
    /// Looks out for the answer for a bounded time; says whether it is there.
    pub(crate) fn spin_for_answer(&self) -> bool {
        for _ in 0..ANSWER_SPIN_ROUNDS {
            if self.slot.answered.load(Ordering::Relaxed) > 0 {
                return true;
            }
            spin();
        }
        false
    }

    /// Goes away without calling the operation back; the answer, if it is there already.
    pub(crate) fn leave(&self) -> Option<T> {
        let mut state = lock(&self.slot.state);
        match std::mem::replace(&mut *state, State::Left) {
            State::Done(answer) => Some(answer),
            State::PendingOp(_) | State::Begun(_) | State::Left | State::Lost | State::Closed => None,
        }
    }

    /// Gives up. From now on [`Replier::begin`] says no.
    pub(crate) fn cancel(&self) -> Cancelled<T> {
        let mut state = lock(&self.slot.state);
        match std::mem::replace(&mut *state, State::Closed) {
            State::PendingOp(_) => Cancelled::BeforeBegin,
            State::Begun(_) => Cancelled::Begun,
            State::Done(answer) => Cancelled::Done(answer),
            State::Left | State::Lost | State::Closed => Cancelled::Nothing,
        }
    }
}

impl<T> Future for Receiver<T> {
    type Output = Option<T>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
        let mut state = lock(&self.slot.state);
        match &mut *state {
            State::PendingOp(waker) | State::Begun(waker) => {
                if !waker.as_ref().is_some_and(|known| known.will_wake(cx.waker())) {
                    *waker = Some(cx.waker().clone());
                }
                return Poll::Pending;
            }
            State::Left | State::Done(_) | State::Lost | State::Closed => {}
        }
        match std::mem::replace(&mut *state, State::Closed) {
            State::Done(answer) => Poll::Ready(Some(answer)),
            State::PendingOp(_) | State::Begun(_) | State::Left | State::Lost | State::Closed => {
                Poll::Ready(None)
            }
        }
    }
}

impl<T> fmt::Debug for Sender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Replier").field("answered", &self.slot.is_none()).finish()
    }
}

impl<T> fmt::Debug for Receiver<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Asker").finish_non_exhaustive()
    }
}
