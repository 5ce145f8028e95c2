//! Waiting for the engine's threads under tokio's paused clock.
//!
//! tokio's paused clock jumps to the next timer whenever its runtime is idle, since only a timer could wake it.
//! It does not know the engine's threads, so a timeout around an operation would expire at once. Only a task on
//! tokio's blocking pool keeps the clock from jumping; so such a task waits as long as the operation does.
//!
//! Only waits that the engine's threads will end hold the clock. A wait for others (the peer of a FIFO, the
//! holder of a lock, a descriptor, a permit) may be one for a task that sleeps, which a held clock would never
//! wake.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::task::{Context, Poll, Wake, Waker};

use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::time::Instant;

/// Wraps a wait that the engine's threads will end. It costs two readings of a running clock, and nothing if
/// the future is ready.
#[derive(Debug)]
pub(crate) struct HoldsClock<F> {
    future: F,
    clock: Clock,
}

/// The clock of the runtime that polls.
#[derive(Clone, Copy, Debug)]
enum Clock {
    /// Unknown: there was no need to wait so far.
    Unread,
    /// It runs by itself.
    Running,
    /// It is paused, and jumps unless it is held.
    Paused,
}

impl<F> HoldsClock<F> {
    pub(crate) fn new(future: F) -> Self {
        HoldsClock { future, clock: Clock::Unread }
    }

    /// The wrapped future.
    pub(crate) fn get_ref(&self) -> &F {
        &self.future
    }

    pub(crate) fn get_mut(&mut self) -> &mut F {
        &mut self.future
    }
}

impl<F: Future + Unpin> Future for HoldsClock<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let HoldsClock { future, clock } = &mut *self;
        match clock {
            Clock::Running => return Pin::new(future).poll(cx),
            Clock::Unread => {
                let polled = Pin::new(&mut *future).poll(cx);
                if polled.is_ready() {
                    return polled;
                }
                if !is_paused() {
                    *clock = Clock::Running;
                    return polled;
                }
                *clock = Clock::Paused;
            }
            Clock::Paused => {}
        }
        // The previous hold is dropped when the future stores this waker, so there is no gap.
        let waker = Waker::from(Arc::new(Hold::begin(cx.waker().clone())));
        Pin::new(future).poll(&mut Context::from_waker(&waker))
    }
}

/// A waker that keeps the clock from jumping while it lives. Only the sender of the answer keeps it, and uses
/// it up: a future that could proceed but is not polled must not hold the clock for ever.
struct Hold {
    task: Waker,
    /// Its drop ends the blocking task.
    _release: Sender<()>,
}

impl Hold {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one thing that holds a paused clock; it waits and works nothing"
    )]
    fn begin(task: Waker) -> Self {
        let (release, released) = channel();
        drop(tokio::task::spawn_blocking(move || released.recv().is_ok()));
        Hold { task, _release: release }
    }
}

impl Wake for Hold {
    fn wake(self: Arc<Self>) {
        // The hold is dropped after this: a clock that is released first could jump before the task runs.
        self.task.wake_by_ref();
    }
}

/// Whether the clock of this runtime is paused. tokio does not say, but two readings do.
fn is_paused() -> bool {
    // Only the clock of a current-thread runtime can be paused.
    let flavor = Handle::try_current().map(|runtime| runtime.runtime_flavor());
    if !matches!(flavor, Ok(RuntimeFlavor::CurrentThread)) {
        return false;
    }
    let read = Instant::now();
    if Instant::now() != read {
        return false;
    }
    // The system's clock may have a coarse resolution; both clocks must pass its next tick.
    let system = std::time::Instant::now();
    while std::time::Instant::now() == system {
        std::hint::spin_loop();
    }
    Instant::now() == read
}
