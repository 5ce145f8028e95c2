//! An operation that was not answered in its first poll: its future, and who waits for it.

use std::future::Future;
use std::io::{self, Write};
use std::os::unix::net::UnixStream;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

use pyo3::prelude::*;

use crate::answer::Answer;

/// What an operation ends with.
pub(crate) type Outcome = folio::Result<Answer>;

/// The future of an operation.
pub(crate) type Work = Pin<Box<dyn Future<Output = Outcome> + Send>>;

/// An operation under way. Its waker is itself.
pub(crate) struct Pending {
    progress: Mutex<Progress>,
    /// Apart from the progress: a future may wake its caller from within its poll.
    signal: Mutex<Signal>,
    /// Whether it goes on after it was cancelled.
    kept: AtomicBool,
}

enum Progress {
    /// Not finished; the loop's future that is to be resolved then, if a task waits.
    Working(Work, Option<Py<PyAny>>),
    Finished(Outcome),
    /// The outcome was delivered, or the operation cancelled.
    Over,
}

struct Signal {
    woken: bool,
    queue: Option<Arc<Queue>>,
}

impl Pending {
    /// Takes over a future that was polled and is not ready.
    pub(crate) fn new(work: Work) -> Arc<Pending> {
        Arc::new(Pending {
            progress: Mutex::new(Progress::Working(work, None)),
            // Nothing is registered yet with this waker: the next look at it polls.
            signal: Mutex::new(Signal { woken: true, queue: None }),
            kept: AtomicBool::new(false),
        })
    }

    /// Has it go on even if it is cancelled, whenever `queue` is taken.
    pub(crate) fn keep(self: &Arc<Self>, queue: &Arc<Queue>) {
        self.kept.store(true, Ordering::Relaxed);
        self.go_on_by(queue);
    }

    /// Whether a task waits for it.
    pub(crate) fn is_awaited(&self) -> bool {
        matches!(&*lock(&self.progress), Progress::Working(_, Some(_)))
    }

    /// The outcome, if it is there by now. A second call finds nothing.
    pub(crate) fn take(self: &Arc<Self>) -> Poll<Option<Outcome>> {
        let mut progress = lock(&self.progress);
        if std::mem::take(&mut lock(&self.signal).woken) {
            self.advance(&mut progress);
        }
        match std::mem::replace(&mut *progress, Progress::Over) {
            Progress::Finished(outcome) => Poll::Ready(Some(outcome)),
            Progress::Over => Poll::Ready(None),
            working @ Progress::Working(..) => {
                *progress = working;
                Poll::Pending
            }
        }
    }

    /// Has `future` resolved once the operation is finished. Returns whether there is no one else who waits.
    pub(crate) fn wait(self: &Arc<Self>, queue: &Arc<Queue>, future: Py<PyAny>) -> bool {
        if let Progress::Working(_, waiter) = &mut *lock(&self.progress) {
            if waiter.is_some() {
                return false;
            }
            *waiter = Some(future);
        }
        self.go_on_by(queue);
        true
    }

    /// Has `queue` hold this operation as soon as it can go on.
    fn go_on_by(self: &Arc<Self>, queue: &Arc<Queue>) {
        let mut signal = lock(&self.signal);
        signal.queue = Some(queue.clone());
        let lost = if signal.woken { queue.push(self.clone()) } else { Vec::new() };
        drop(signal);
        drop(lost);
    }

    /// Goes on with what has been woken; returns the loop's future to resolve if it is finished now.
    pub(crate) fn resume(self: &Arc<Self>) -> Option<Py<PyAny>> {
        let mut progress = lock(&self.progress);
        lock(&self.signal).woken = false;
        let waiter = match &mut *progress {
            Progress::Working(_, waiter) => waiter.take(),
            Progress::Finished(_) | Progress::Over => return None,
        };
        self.advance(&mut progress);
        match &mut *progress {
            Progress::Working(_, empty) => {
                *empty = waiter;
                None
            }
            Progress::Finished(_) | Progress::Over => waiter,
        }
    }

    /// Drops the future: nothing more is done for it, unless it is kept.
    pub(crate) fn cancel(&self) {
        if self.kept.load(Ordering::Relaxed) {
            return;
        }
        let over = std::mem::replace(&mut *lock(&self.progress), Progress::Over);
        // Outside of the lock: a dropped future may wake others.
        drop(over);
    }

    fn advance(self: &Arc<Self>, progress: &mut Progress) {
        if let Progress::Working(work, _) = progress {
            let waker = Waker::from(self.clone());
            if let Poll::Ready(outcome) = work.as_mut().poll(&mut Context::from_waker(&waker)) {
                *progress = Progress::Finished(outcome);
            }
        }
    }
}

impl Wake for Pending {
    fn wake(self: Arc<Self>) {
        let mut signal = lock(&self.signal);
        let was_woken = std::mem::replace(&mut signal.woken, true);
        let lost = match &signal.queue {
            Some(queue) if !was_woken => queue.push(self.clone()),
            Some(_) | None => Vec::new(),
        };
        drop(signal);
        drop(lost);
    }
}

/// Operations that can go on, for one loop.
pub(crate) struct Queue {
    woken: Mutex<Vec<Arc<Pending>>>,
    bell: UnixStream,
}

impl Queue {
    /// A queue that rings `bell` when it is no longer empty.
    pub(crate) fn new(bell: UnixStream) -> Queue {
        Queue { woken: Mutex::default(), bell }
    }

    /// Everything in it.
    pub(crate) fn take(&self) -> Vec<Arc<Pending>> {
        std::mem::take(&mut *lock(&self.woken))
    }

    /// Called from any thread, with the interpreter or without. Returns what has no loop any more; it is to be dropped
    /// outside of every lock, because a dropped future may wake others.
    #[must_use]
    fn push(&self, pending: Arc<Pending>) -> Vec<Arc<Pending>> {
        let mut woken = lock(&self.woken);
        woken.push(pending);
        // A full socket has woken the loop already.
        let is_lost = |error: io::Error| error.kind() == io::ErrorKind::BrokenPipe;
        if woken.len() == 1 && (&self.bell).write(&[0]).is_err_and(is_lost) {
            return std::mem::take(&mut *woken);
        }
        Vec::new()
    }
}

/// A lock that no panic breaks for good.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
