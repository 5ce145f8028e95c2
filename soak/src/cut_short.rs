//! Calls that are dropped before they are done.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;

/// Polls `future` at most `polls` times, at each wake once, and drops it then. `None` if it was dropped.
pub(crate) async fn cut_short<F: Future>(future: F, polls: u64) -> Option<F::Output> {
    let mut future = pin!(future);
    let mut left = polls;
    let polled = poll_fn(|cx| {
        if left == 0 {
            return Poll::Ready(None);
        }
        left -= 1;
        match future.as_mut().poll(cx) {
            Poll::Ready(output) => Poll::Ready(Some(output)),
            // The last poll is followed by the drop at once in half of the cases, and by the next wake in the others.
            Poll::Pending if left == 0 && polls % 2 == 1 => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        }
    });
    polled.await
}
