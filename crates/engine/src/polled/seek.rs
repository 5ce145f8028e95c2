//! Seeking by polls.

use std::future::Future;
use std::io::SeekFrom;
use std::task::{Context, Poll, Waker, ready};

use super::Polled;
use crate::budget;
use crate::error::Result;
use crate::handle::FileHandle;

/// Seeking by polls.
impl FileHandle {
    /// Begins to move the cursor, after everything accepted before.
    pub fn start_seek(&self, polled: &mut Polled, to: SeekFrom) {
        polled.forget_rest();
        let file = self.clone();
        // Polled now, so that it precedes later operations of other handles in the order.
        let mut seek = Box::pin(budget::unconstrained(async move { file.seek(to).await }));
        polled.seeking = Some(match seek.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(position) => Box::pin(std::future::ready(position)),
            Poll::Pending => seek,
        });
    }

    /// Completes the pending seek; without one, returns the position of the cursor.
    ///
    /// # Errors
    ///
    /// Those of [`seek`](FileHandle::seek).
    pub fn poll_seek(&self, polled: &mut Polled, cx: &mut Context<'_>) -> Poll<Result<u64>> {
        if polled.seeking.is_none() {
            let file = self.clone();
            polled.seeking = Some(Box::pin(async move { file.seek(SeekFrom::Current(0)).await }));
        }
        let Some(seeking) = &mut polled.seeking else { return Poll::Pending };
        let sought = ready!(seeking.as_mut().poll(cx));
        polled.seeking = None;
        Poll::Ready(sought)
    }

    /// Completes the pending seek, if there is one.
    ///
    /// # Errors
    ///
    /// Those of [`seek`](FileHandle::seek).
    pub fn poll_sought(&self, polled: &mut Polled, cx: &mut Context<'_>) -> Poll<Result<()>> {
        match polled.seeking {
            Some(_) => self.poll_seek(polled, cx).map(|sought| sought.map(drop)),
            None => Poll::Ready(Ok(())),
        }
    }
}
