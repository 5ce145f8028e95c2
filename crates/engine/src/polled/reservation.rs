//! Something that was waited for on behalf of a caller who polls, and is kept for it only so long.
//!
//! A caller by tokio's traits may go away between two polls without a word. What it was in line for would then
//! be granted to nobody and held for ever: a permit, a lock, the room in a buffer. So a task of the engine's
//! waits in line for it, and what was granted and is not fetched in time goes to the next.

use std::fmt;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use tokio::sync::Notify;
use tokio::task::AbortHandle;

use crate::context::EngineContext;
use crate::limits::RESERVATION_MAX;

/// See the module. Dropping it gives the place in line up.
pub(crate) struct Reservation<T> {
    shared: Arc<Shared<T>>,
    task: AbortHandle,
    context: Arc<EngineContext>,
}

struct Shared<T> {
    stand: Mutex<Stand<T>>,
    fetched: Notify,
}

/// How a reservation stands.
enum Stand<T> {
    /// In line; who is to be woken.
    InLine(Option<Waker>),
    /// Granted.
    Here(T),
    /// Fetched, or gone to the next since nobody came for it.
    Gone,
}

impl<T: Send + 'static> Reservation<T> {
    /// Has a task of the engine's wait in line.
    pub(crate) fn new(context: &Arc<EngineContext>, line: impl Future<Output = T> + Send + 'static) -> Self {
        let shared = Arc::new(Shared { stand: Mutex::new(Stand::InLine(None)), fetched: Notify::new() });
        let place = Place(shared.clone());
        let task = context.runtime.spawn(async move {
            place.0.grant(line.await);
            let lapse = tokio::time::sleep(RESERVATION_MAX);
            tokio::select! {
                () = place.0.fetched.notified() => {}
                () = lapse => {}
            }
        });
        Reservation { shared, task: task.abort_handle(), context: context.clone() }
    }

    /// Fetches what was granted; `None` if nobody came for it in time, or the engine has stopped.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<T>> {
        let mut stand = self.shared.stand();
        match std::mem::replace(&mut *stand, Stand::Gone) {
            Stand::InLine(_) => {
                *stand = Stand::InLine(Some(cx.waker().clone()));
                Poll::Pending
            }
            Stand::Here(granted) => {
                drop(stand);
                self.shared.fetched.notify_one();
                Poll::Ready(Some(granted))
            }
            Stand::Gone => Poll::Ready(None),
        }
    }
}

impl<T> Drop for Reservation<T> {
    fn drop(&mut self) {
        // Another process has no runtime to tell.
        if self.context.here().is_ok() {
            self.task.abort();
        }
    }
}

impl<T> Shared<T> {
    fn stand(&self) -> MutexGuard<'_, Stand<T>> {
        self.stand.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn grant(&self, granted: T) {
        self.change(Stand::Here(granted));
    }

    fn change(&self, to: Stand<T>) {
        let before = std::mem::replace(&mut *self.stand(), to);
        match before {
            Stand::InLine(Some(waker)) => waker.wake(),
            // Outside of the lock: giving back what was granted may wake the next in line.
            Stand::InLine(None) | Stand::Here(_) | Stand::Gone => {}
        }
    }
}

/// The end of the task, however it ends.
struct Place<T>(Arc<Shared<T>>);

impl<T> Drop for Place<T> {
    fn drop(&mut self) {
        self.0.change(Stand::Gone);
    }
}

impl<T> fmt::Debug for Reservation<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reservation").finish_non_exhaustive()
    }
}
