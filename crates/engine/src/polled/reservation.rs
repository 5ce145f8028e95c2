//! A reservation: something that a caller by polls waits for, kept for it for a limited time.
//!
//! A caller by tokio's traits may be dropped between two polls without notice. A permit, a lock or the room in
//! a buffer would then be granted to no caller and held for ever. So a task of the engine waits instead, and
//! what the caller does not fetch in time goes to the next waiter.

use std::fmt;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use tokio::sync::Notify;
use tokio::task::AbortHandle;

use crate::context::EngineContext;
use crate::limits::RESERVATION_MAX;

/// See the module. Dropping it leaves the queue.
pub(crate) struct Reservation<T> {
    shared: Arc<Shared<T>>,
    task: AbortHandle,
    context: Arc<EngineContext>,
}

struct Shared<T> {
    state: Mutex<State<T>>,
    fetched: Notify,
}

/// State of a reservation.
enum State<T> {
    /// The task waits; this waker is woken at its end.
    Waiting(Option<Waker>),
    /// The wait has ended and its result is here.
    Granted(T),
    /// The result was fetched, or has passed to the next waiter.
    Ended,
}

impl<T: Send + 'static> Reservation<T> {
    /// Starts a task of the engine that waits.
    pub(crate) fn new(context: &Arc<EngineContext>, wait: impl Future<Output = T> + Send + 'static) -> Self {
        let shared = Arc::new(Shared { state: Mutex::new(State::Waiting(None)), fetched: Notify::new() });
        let end = TaskEnd(shared.clone());
        let task = context.runtime.spawn(async move {
            end.0.grant(wait.await);
            let expiry = tokio::time::sleep(RESERVATION_MAX);
            tokio::select! {
                () = end.0.fetched.notified() => {}
                () = expiry => {}
            }
        });
        Reservation { shared, task: task.abort_handle(), context: context.clone() }
    }

    /// Fetches the result; `None` if it was not fetched in time, or the engine has stopped.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<T>> {
        let mut state = self.shared.state();
        match std::mem::replace(&mut *state, State::Ended) {
            State::Waiting(_) => {
                *state = State::Waiting(Some(cx.waker().clone()));
                Poll::Pending
            }
            State::Granted(granted) => {
                drop(state);
                self.shared.fetched.notify_one();
                Poll::Ready(Some(granted))
            }
            State::Ended => Poll::Ready(None),
        }
    }
}

impl<T> Drop for Reservation<T> {
    fn drop(&mut self) {
        // A forked process has no runtime to abort a task in.
        if self.context.here().is_ok() {
            self.task.abort();
        }
    }
}

impl<T> Shared<T> {
    fn state(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn grant(&self, granted: T) {
        self.change(State::Granted(granted));
    }

    fn change(&self, to: State<T>) {
        let before = std::mem::replace(&mut *self.state(), to);
        match before {
            State::Waiting(Some(waker)) => waker.wake(),
            // Dropped outside of the lock: that may wake the next waiter.
            State::Waiting(None) | State::Granted(_) | State::Ended => {}
        }
    }
}

/// Ends the reservation when the task ends, for any reason.
struct TaskEnd<T>(Arc<Shared<T>>);

impl<T> Drop for TaskEnd<T> {
    fn drop(&mut self) {
        self.0.change(State::Ended);
    }
}

impl<T> fmt::Debug for Reservation<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reservation").finish_non_exhaustive()
    }
}
