//! A waker for a caller that polls by hand, and the patience to wait for it.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

/// Longer than anything takes on a busy machine: what has not come by then never comes.
const PATIENCE: Duration = Duration::from_secs(30);

/// Counts wakes and unparks the thread that waits for one.
pub(crate) struct Alarm {
    bell: Arc<Bell>,
}

struct Bell {
    rung: AtomicUsize,
    thread: Thread,
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.rung.fetch_add(1, Ordering::Release);
        self.thread.unpark();
    }
}

impl Alarm {
    pub(crate) fn here() -> Alarm {
        Alarm { bell: Arc::new(Bell { rung: AtomicUsize::new(0), thread: thread::current() }) }
    }

    pub(crate) fn waker(&self) -> Waker {
        Waker::from(Arc::clone(&self.bell))
    }

    pub(crate) fn rung(&self) -> usize {
        self.bell.rung.load(Ordering::Acquire)
    }

    /// Parks until it has rung more than `seen` times; whether it has.
    #[must_use]
    pub(crate) fn wait(&self, seen: usize) -> bool {
        let end = Instant::now() + PATIENCE;
        while self.rung() <= seen && Instant::now() < end {
            thread::park_timeout(PATIENCE);
        }
        self.rung() > seen
    }

    /// Polls until it is done; `None` if it is pending and never woken.
    #[must_use]
    pub(crate) fn wait_for<F: Future>(&self, future: F) -> Option<F::Output> {
        let (mut future, waker) = (pin!(future), self.waker());
        loop {
            let seen = self.rung();
            if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
                return Some(output);
            }
            if !self.wait(seen) {
                return None;
            }
        }
    }

    /// Looks again and again until `holds`, or patience ends.
    pub(crate) fn until(&self, mut holds: impl FnMut() -> bool) {
        let end = Instant::now() + PATIENCE;
        while !holds() && Instant::now() < end {
            thread::yield_now();
        }
    }
}
