//! Futures polled by hand: once, a number of times, or until they are done.

use std::fmt::{self, Debug, Formatter};
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::Instant;

use crate::wait::{PATIENCE, soon};

/// Polls once, with a waker that does nothing.
pub fn poll_once<F: Future + ?Sized>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

/// Polls once and drops the future: the answer if it is there.
pub fn at_once<F: Future>(future: F) -> Option<F::Output> {
    match poll_once(pin!(future)) {
        Poll::Ready(output) => Some(output),
        Poll::Pending => None,
    }
}

/// An operation that has taken its place and is not done.
#[must_use]
pub struct Pending<'a, T> {
    future: Pin<Box<dyn Future<Output = T> + Send + 'a>>,
}

impl<'a, T> Pending<'a, T> {
    /// Polls once, which is what makes an operation take its place.
    ///
    /// # Panics
    ///
    /// If the operation is done at once.
    #[track_caller]
    pub fn new(future: impl Future<Output = T> + Send + 'a) -> Pending<'a, T> {
        let mut future: Pin<Box<dyn Future<Output = T> + Send + 'a>> = Box::pin(future);
        assert!(poll_once(future.as_mut()).is_pending(), "the operation should have to wait");
        Pending { future }
    }

    /// Waits for the answer.
    ///
    /// # Panics
    ///
    /// If it does not come within [`PATIENCE`].
    pub async fn done(self) -> T {
        soon("a pending operation resolves", self.future).await
    }
}

impl<T> Debug for Pending<'_, T> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pending").finish_non_exhaustive()
    }
}

/// Counts the wakes of futures that this thread polls by hand, and lets it wait for one.
#[derive(Clone, Debug)]
pub struct Alarm {
    wakes: Arc<Wakes>,
}

#[derive(Debug)]
struct Wakes {
    count: AtomicUsize,
    thread: Thread,
}

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.count.fetch_add(1, Ordering::Release);
        self.thread.unpark();
    }
}

impl Alarm {
    /// Makes an alarm for the calling thread.
    pub fn here() -> Alarm {
        Alarm { wakes: Arc::new(Wakes { count: AtomicUsize::new(0), thread: thread::current() }) }
    }

    /// Returns the waker to poll with.
    pub fn waker(&self) -> Waker {
        Waker::from(Arc::clone(&self.wakes))
    }

    /// Returns how often the waker was woken.
    pub fn wakes(&self) -> usize {
        self.wakes.count.load(Ordering::Acquire)
    }

    /// Parks until the waker was woken more than `seen` times, at most for [`PATIENCE`]; whether it was.
    #[must_use]
    pub fn wait(&self, seen: usize) -> bool {
        let end = Instant::now() + PATIENCE;
        while self.wakes() <= seen && Instant::now() < end {
            thread::park_timeout(PATIENCE);
        }
        self.wakes() > seen
    }

    /// Polls until it is done; `None` if it is pending and never woken.
    #[must_use]
    pub fn wait_for<F: Future>(&self, future: F) -> Option<F::Output> {
        let (mut future, waker) = (pin!(future), self.waker());
        loop {
            let seen = self.wakes();
            if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
                return Some(output);
            }
            if !self.wait(seen) {
                return None;
            }
        }
    }
}

/// Polls at most `polls` times, each time after a wake, and then drops; with `until_woken` only after one more wake,
/// when the answer is there but not polled yet. `None` if it was dropped. Blocks this thread between the polls, so that
/// no runtime's budget makes a poll return early.
///
/// # Panics
///
/// If a pending future is not woken within [`PATIENCE`].
#[track_caller]
pub fn poll_then_drop<F: Future>(future: F, polls: usize, until_woken: bool) -> Option<F::Output> {
    let (mut future, alarm) = (pin!(future), Alarm::here());
    let waker = alarm.waker();
    for poll in 1..=polls {
        let seen = alarm.wakes();
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return Some(output);
        }
        if poll < polls || until_woken {
            assert!(alarm.wait(seen), "a future that is pending is never woken");
        }
    }
    None
}
