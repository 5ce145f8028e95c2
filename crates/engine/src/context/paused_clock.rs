//! Waiting for the engine's threads under a clock that a test has stopped.
//!
//! tokio's paused clock jumps to the next timer whenever its runtime has nothing to do, since nothing but timers could
//! wake it. It does not know of the engine's threads, so a timeout around an operation would run out in no time. What
//! keeps it from jumping is a task of tokio's own blocking pool; so such a task waits as long as the operation does.
//!
//! Only what the engine's threads will end is waited for like that. A wait for others (the peer of a FIFO, whoever holds
//! a lock, a descriptor, a permit) may be one for a task that sleeps, which a held clock would never wake.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::task::{Context, Poll, Wake, Waker};

use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::time::Instant;

/// A wait that the engine's threads will end. Costs a running clock two readings, and a future that is ready nothing.
#[derive(Debug)]
pub(crate) struct Held<F> {
    future: F,
    clock: Clock,
}

/// What is known of the clock of the runtime that polls.
#[derive(Clone, Copy, Debug)]
enum Clock {
    /// Nothing: there was no need to wait so far.
    Unread,
    /// It goes on by itself.
    Running,
    /// It stands, and jumps unless it is held.
    Paused,
}

impl<F> Held<F> {
    pub(crate) fn new(future: F) -> Self {
        Held { future, clock: Clock::Unread }
    }

    /// What is waited for.
    pub(crate) fn wait(&self) -> &F {
        &self.future
    }

    pub(crate) fn wait_mut(&mut self) -> &mut F {
        &mut self.future
    }
}

impl<F: Future + Unpin> Future for Held<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let Held { future, clock } = &mut *self;
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
        // The last poll's hold goes when the future takes this waker for that one, so there is no gap.
        let waker = Waker::from(Arc::new(Hold::begin(cx.waker().clone())));
        Pin::new(future).poll(&mut Context::from_waker(&waker))
    }
}

/// Keeps the clock from jumping as long as it is somebody's waker. Only the answering end keeps that, which uses it up:
/// a future that is not polled again although it could go on must not hold the clock for ever.
struct Hold {
    task: Waker,
    /// Its drop ends the task that holds the clock.
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
        // The hold goes after this: a clock that is let go first could jump before the task runs.
        self.task.wake_by_ref();
    }
}

/// Whether this runtime's clock stands. tokio does not tell, but two readings do.
fn is_paused() -> bool {
    // No other clock can be paused.
    let flavor = Handle::try_current().map(|runtime| runtime.runtime_flavor());
    if !matches!(flavor, Ok(RuntimeFlavor::CurrentThread)) {
        return false;
    }
    let read = Instant::now();
    if Instant::now() != read {
        return false;
    }
    // The system's clock may be a coarse one, whose next tick both have to show.
    let system = std::time::Instant::now();
    while std::time::Instant::now() == system {
        std::hint::spin_loop();
    }
    Instant::now() == read
}
