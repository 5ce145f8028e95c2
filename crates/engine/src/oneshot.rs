//! A oneshot channel with a cancel flag: one answer for one caller, in one slot.
//!
//! ```text
//!   pending ──begin──▶ begun ──send──▶ done ──poll──▶ closed
//!      │                 │               │
//!      ├─────────────────┴─ receiver drops ──▶ closed    (the answer goes to the side that has it)
//!      └── receiver detaches ──▶ detached                (the operation still runs)
//! ```
//!
//! Either of the first two is also left by [`Abandon`], for an operation that may never come back from the kernel.
//!
//! The receiver may be dropped at any moment, and the state decides which side cleans up. Before `begin` the
//! worker sees it and makes no system call. After `begin`, [`Sender::send`] returns the answer to the worker.
//! After `send`, [`Receiver::cancel`] returns it to the receiver's own drop. Exactly one of the three happens.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use crate::limits::ANSWER_SPIN_ROUNDS;
use crate::sync::{AtomicU64, AtomicUsize, Mutex, Ordering, lock, mutant, spin};

/// Creates both ends of a channel.
pub(crate) fn channel<T>() -> (Sender<T>, Receiver<T>) {
    let state = Mutex::new(State::Pending(None));
    let slot = Arc::new(Slot { state, answered: AtomicUsize::new(0), note: AtomicU64::new(0) });
    (Sender { slot: Some(slot.clone()) }, Receiver { slot })
}

struct Slot<T> {
    state: Mutex<State<T>>,
    /// 1 once the state is `Done` or `Lost`, for a receiver that spins without the lock. It is a hint: the
    /// reader takes the lock afterwards, so relaxed is enough.
    answered: AtomicUsize,
    /// What the holder of the sender leaves for the receiver's end. Both guard it by a lock of their own, so
    /// relaxed is enough.
    note: AtomicU64,
}

/// State of the channel. The waker is the receiver's, stored by its last poll.
enum State<T> {
    /// The operation has made no system call.
    Pending(Option<Waker>),
    /// A worker executes the operation, which can no longer be cancelled.
    Begun(Option<Waker>),
    /// The operation will run, and no receiver waits for its answer.
    Detached,
    /// Answered, and not received yet.
    Done(T),
    /// No answer will come: the sender was dropped, or the operation was abandoned before it began.
    Lost(Lost),
    /// The receiver has its answer, or is gone.
    Closed,
}

/// The sending end, held by the executor of the operation.
pub(crate) struct Sender<T> {
    /// `None` once answered.
    slot: Option<Arc<Slot<T>>>,
}

impl<T> Sender<T> {
    /// Marks the operation as begun; `false` if the receiver is gone, and then the operation must not run.
    pub(crate) fn begin(&self) -> bool {
        let Some(slot) = &self.slot else { return false };
        let mut state = lock(&slot.state);
        match &mut *state {
            State::Pending(waker) => {
                let waker = waker.take();
                *state = State::Begun(waker);
                true
            }
            State::Begun(_) | State::Detached => true,
            State::Done(_) | State::Lost(_) => false,
            State::Closed => mutant("oneshot-begins-after-cancel"),
        }
    }

    /// Leaves a note for the receiver, over an earlier one. At first it is 0.
    pub(crate) fn leave_note(&self, note: u64) {
        if let Some(slot) = &self.slot {
            slot.note.store(note, Ordering::Relaxed);
        }
    }

    /// Whether the receiver was dropped before the operation began.
    pub(crate) fn is_cancelled(&self) -> bool {
        self.slot.as_ref().is_some_and(|slot| matches!(*lock(&slot.state), State::Closed))
    }

    /// Sends the answer; returns it if the receiver is gone.
    pub(crate) fn send(self, answer: T) -> Result<(), T> {
        self.put(answer).map(wake)
    }

    /// Sends the answer and returns the receiver's waker, for a caller that holds a lock the woken task would
    /// need.
    pub(crate) fn put(mut self, answer: T) -> Result<Option<Waker>, T> {
        match self.slot.take() {
            Some(slot) => finish(&slot, Ok(answer)),
            None => Err(answer),
        }
    }
}

impl<T: Send + 'static, E: Send + 'static> Sender<Result<T, E>> {
    /// The means to answer the receiver while a worker has this sender.
    pub(crate) fn abandoner(&self) -> Option<Arc<dyn Abandon<E>>> {
        self.slot.clone().map(|slot| slot as Arc<dyn Abandon<E>>)
    }
}

/// Answers the caller of an operation that a worker does not come back from.
pub(crate) trait Abandon<E>: Send + Sync {
    /// Ends the wait of the caller if it has no answer: with `error` if the operation has begun, otherwise as if
    /// the sender were dropped, and then it does not begin. The answer that a worker sends later is returned to it.
    fn abandon(&self, error: E);
}

impl<T: Send, E: Send> Abandon<E> for Slot<Result<T, E>> {
    fn abandon(&self, error: E) {
        let mut state = lock(&self.state);
        let (waker, answer) = match &mut *state {
            State::Pending(waker) => (waker.take(), State::Lost(Lost { begun: false })),
            State::Begun(waker) => (waker.take(), State::Done(Err(error))),
            State::Done(_) if mutant("oneshot-abandons-what-is-answered") => (None, State::Done(Err(error))),
            State::Detached | State::Done(_) | State::Lost(_) | State::Closed => return,
        };
        *state = answer;
        self.answered.store(1, Ordering::Relaxed);
        drop(state);
        wake(waker);
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        if let Some(slot) = self.slot.take() {
            // A refusal means that the receiver is gone, which needs no answer.
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
    let (waker, begun) = match &mut *state {
        State::Pending(waker) => (waker.take(), false),
        State::Begun(waker) => (waker.take(), true),
        State::Detached | State::Done(_) | State::Lost(_) | State::Closed => {
            return answer.map_or(Ok(None), Err);
        }
    };
    *state = answer.map_or(State::Lost(Lost { begun }), State::Done);
    slot.answered.store(1, Ordering::Relaxed);
    Ok(waker)
}

/// The receiving end: a future of the answer.
pub(crate) struct Receiver<T> {
    slot: Arc<Slot<T>>,
}

/// There is no answer: the sender was dropped without one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Lost {
    /// Whether the operation had begun.
    pub(crate) begun: bool,
}

/// Progress of an operation at its cancellation.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Cancelled<T> {
    /// It never began and never will.
    BeforeBegin,
    /// It continues; the sender gets its answer back.
    Begun,
    /// It was answered; this is the answer.
    Done(T),
    /// The answer had been received or lost before.
    Nothing,
}

impl<T> Receiver<T> {
    /// Spins for the answer for a bounded time; returns whether it has arrived.
    pub(crate) fn spin_for_answer(&self) -> bool {
        for _ in 0..ANSWER_SPIN_ROUNDS {
            if self.slot.answered.load(Ordering::Relaxed) > 0 {
                return true;
            }
            spin();
        }
        false
    }

    /// The sender's last note.
    pub(crate) fn note(&self) -> u64 {
        self.slot.note.load(Ordering::Relaxed)
    }

    /// Detaches without cancelling the operation; returns the answer if it has arrived.
    pub(crate) fn detach(&self) -> Option<T> {
        let mut state = lock(&self.slot.state);
        match std::mem::replace(&mut *state, State::Detached) {
            State::Done(answer) => Some(answer),
            State::Pending(_) | State::Begun(_) | State::Detached | State::Lost(_) | State::Closed => None,
        }
    }

    /// Cancels the operation. From now on [`Sender::begin`] returns `false`.
    pub(crate) fn cancel(&self) -> Cancelled<T> {
        let mut state = lock(&self.slot.state);
        match std::mem::replace(&mut *state, State::Closed) {
            State::Pending(_) => Cancelled::BeforeBegin,
            State::Begun(_) => Cancelled::Begun,
            State::Done(answer) => Cancelled::Done(answer),
            State::Detached | State::Lost(_) | State::Closed => Cancelled::Nothing,
        }
    }
}

impl<T> Future for Receiver<T> {
    type Output = Result<T, Lost>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<T, Lost>> {
        let mut state = lock(&self.slot.state);
        match &mut *state {
            State::Pending(waker) | State::Begun(waker) => {
                if !waker.as_ref().is_some_and(|known| known.will_wake(cx.waker())) {
                    *waker = Some(cx.waker().clone());
                }
                return Poll::Pending;
            }
            State::Detached | State::Done(_) | State::Lost(_) | State::Closed => {}
        }
        match std::mem::replace(&mut *state, State::Closed) {
            State::Done(answer) => Poll::Ready(Ok(answer)),
            State::Lost(lost) => Poll::Ready(Err(lost)),
            State::Pending(_) | State::Begun(_) | State::Detached | State::Closed => {
                Poll::Ready(Err(Lost { begun: false }))
            }
        }
    }
}

impl<T> fmt::Debug for Sender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sender").field("answered", &self.slot.is_none()).finish()
    }
}

impl<T> fmt::Debug for Receiver<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receiver").finish_non_exhaustive()
    }
}
