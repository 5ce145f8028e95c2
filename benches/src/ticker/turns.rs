//! How much processor time each turn of a task takes.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// A future that returns the processor times of its polls too.
pub(super) struct Turns<F> {
    work: Pin<Box<F>>,
    turns: Vec<Duration>,
}

impl<F: Future> Turns<F> {
    pub(super) fn of(work: F) -> Turns<F> {
        Turns { work: Box::pin(work), turns: Vec::new() }
    }
}

impl<F: Future> Future for Turns<F> {
    type Output = (F::Output, Vec<Duration>);

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let begun = time(ClockId::ThreadCPUTime);
        let polled = self.work.as_mut().poll(cx);
        self.turns.push(time(ClockId::ThreadCPUTime) - begun);
        let output = ready!(polled);
        Poll::Ready((output, std::mem::take(&mut self.turns)))
    }
}

/// The processor time of all threads of the process.
pub(super) fn process_time() -> Duration {
    time(ClockId::ProcessCPUTime)
}

/// The time of this clock.
pub(super) fn time(clock: ClockId) -> Duration {
    let time = clock_gettime(clock);
    let (seconds, nanos) = (time.tv_sec.try_into(), time.tv_nsec.try_into());
    Duration::new(seconds.expect("after its start"), nanos.expect("below a second"))
}
