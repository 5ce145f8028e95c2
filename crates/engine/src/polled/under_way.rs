//! What a handle may have under way by polls, and its end when the handle is dropped.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::OwnedMutexGuard;
use tokio::time::Sleep;

use super::reservation::Reservation;
use crate::admission::Permit;
use crate::context::paused_clock::HoldsClock;
use crate::error::{Cause, Error, Operation, Result};
use crate::handle::WriterTurn;
use crate::oneshot::{self, Lost};
use crate::open_file::OpenFile;
use crate::open_file::pending::Outcome;

/// A call of the handle that is driven by polls.
pub(super) type PolledCall<T> = Pin<Box<dyn Future<Output = Result<T>> + Send>>;

/// Progress of a handle's writes by polls.
#[derive(Default)]
pub(super) enum Writing {
    /// Nothing is under way.
    #[default]
    Idle,
    /// Waiting for what a write needs before its bytes are taken.
    Waiting(Reservation<Result<Admitted>>),
    /// Bytes were accepted, and the result is unknown.
    UnderWay(Accepted),
}

/// What a write has waited for.
pub(super) enum Admitted {
    /// A permit for this many bytes.
    Permit(Permit, usize),
    /// The first place in the queue for room in the buffer.
    Room(WriterTurn),
}

/// Bytes that were acknowledged and did not reach the file.
#[derive(Default)]
pub(super) struct Rest {
    pub(super) bytes: Bytes,
    /// Where the cursor must be to write them; `None` if they go to the end.
    pub(super) at: Option<u64>,
}

/// A write that was acknowledged before its end. Dropping it leaves it to the engine.
pub(super) struct Accepted {
    pub(super) receiver: HoldsClock<oneshot::Receiver<Outcome>>,
    pub(super) bytes: Bytes,
    pub(super) open_file: Arc<OpenFile>,
    /// Ends a wait for the result. The write itself completes, since it has been acknowledged.
    pub(super) timeout: Option<Pin<Box<Sleep>>>,
    pub(super) limit: Option<Duration>,
    pub(super) settled: bool,
    /// The caller has moved the cursor: a failed rest is not tried again.
    pub(super) forgotten: bool,
}

impl Accepted {
    /// Returns the result, or a timeout after this handle's limit, with the write still under way.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<()>> {
        if let Poll::Ready(outcome) = Pin::new(&mut self.receiver).poll(cx) {
            return Poll::Ready(self.finish(outcome));
        }
        let Some(limit) = self.limit else { return Poll::Pending };
        let context = &self.open_file.context;
        let timeout = self.timeout.get_or_insert_with(|| Box::pin(context.pause(limit)));
        ready!(timeout.as_mut().poll(cx));
        self.timeout = None;
        Poll::Ready(Err(self.error(Cause::TimedOut(limit))))
    }

    /// Returns the result if there is one, without registering a waker.
    pub(super) fn poll_now(&mut self) -> Poll<Result<()>> {
        let peeked = Pin::new(self.receiver.get_mut()).poll(&mut Context::from_waker(Waker::noop()));
        peeked.map(|outcome| self.finish(outcome))
    }

    pub(super) fn finish(&mut self, outcome: Result<Outcome, Lost>) -> Result<()> {
        self.settled = true;
        outcome.unwrap_or_else(|lost| Err(self.error(self.open_file.context.cause_of(lost)))).map(drop)
    }

    pub(super) fn forget(&mut self) {
        self.forgotten = true;
    }

    pub(super) fn error(&self, cause: Cause) -> Error {
        self.open_file.error(Operation::Write, cause)
    }

    /// The bytes that did not reach the file, if they and their offset are known.
    pub(super) fn rest_after(&self, error: &Error) -> Rest {
        let at = error.offset().map(|offset| offset + error.bytes_done());
        // Bytes that may be in the file by now are not written once more.
        let abandoned = matches!(error.cause(), Cause::Abandoned);
        if abandoned || self.forgotten || (at.is_none() && !self.open_file.access.append) {
            return Rest::default();
        }
        let done = usize::try_from(error.bytes_done()).unwrap_or(usize::MAX);
        Rest { bytes: self.bytes.slice(done.min(self.bytes.len())..), at }
    }
}

impl Drop for Accepted {
    fn drop(&mut self) {
        if !self.settled
            && self.open_file.is_here()
            && let Some(outcome) = self.receiver.get_ref().detach()
        {
            self.open_file.settle_unreported(outcome);
        }
    }
}

/// A failure that has not been reported. When dropped it is counted and logged.
pub(super) struct Unreported {
    pub(super) error: Option<Error>,
    pub(super) open_file: Arc<OpenFile>,
}

impl Unreported {
    pub(super) fn report(mut self) -> Error {
        self.error.take().expect("only this and drop take it out, and each once")
    }
}

impl Drop for Unreported {
    fn drop(&mut self) {
        if let Some(error) = self.error.take()
            && self.open_file.is_here()
        {
            self.open_file.settle_unreported(Err(error));
        }
    }
}

/// What one direction of a stream waits for.
#[derive(Default)]
pub(super) enum StreamWait<T> {
    /// Nothing.
    #[default]
    Idle,
    /// Other callers of the same direction.
    Lock(Reservation<OwnedMutexGuard<T>>),
    /// The peer.
    Peer(PolledCall<()>),
}
