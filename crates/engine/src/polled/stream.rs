//! Streams by polls: each call is made in the poll that answers it, so a dropped caller holds nothing.

use std::io::{self, IoSlice};
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::io::{Interest, ReadBuf};
use tokio::sync::{Mutex, OwnedMutexGuard};

use super::Polled;
use super::reservation::Reservation;
use super::under_way::StreamWait;
use crate::budget;
use crate::error::{Operation, Result};
use crate::limits::POLLED_READ_BYTES_MAX;
use crate::stream::StreamHandle;

/// Streams by polls.
impl StreamHandle {
    /// Reads available bytes into `buf`; 0 means that every peer has closed.
    ///
    /// # Errors
    ///
    /// Any error of the read.
    pub fn poll_read(
        &self,
        polled: &mut Polled,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<Result<usize>> {
        self.check_running(Operation::Read)?;
        let progress = ready!(budget::poll_proceed(cx));
        let waiting = &mut polled.stream_read;
        let room = buf.remaining().min(POLLED_READ_BYTES_MAX);
        loop {
            let mut ahead = ready!(self.poll_turn(waiting, cx, self.reading()))?;
            if !ahead.bytes().is_empty() {
                progress.made_progress();
                let count = ahead.move_to(buf.initialize_unfilled_to(room));
                return Poll::Ready(Ok(taken(buf, count)));
            }
            match self.try_read(buf.initialize_unfilled_to(room)) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.wait_for_peer(waiting, Interest::READABLE);
                }
                count => {
                    progress.made_progress();
                    let count = count.map(|count| taken(buf, count));
                    return Poll::Ready(count.map_err(|error| self.failed(Operation::Read, error)));
                }
            }
        }
    }

    /// Writes as much as the peer has room for; `Pending` means that nothing was written.
    ///
    /// # Errors
    ///
    /// Any error of the write; `EPIPE` if every reader has closed.
    pub fn poll_write(
        &self,
        polled: &mut Polled,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<Result<usize>> {
        self.check_running(Operation::Write)?;
        let progress = ready!(budget::poll_proceed(cx));
        let waiting = &mut polled.stream_write;
        let Some(bytes) = slices.iter().find(|slice| !slice.is_empty()) else { return Poll::Ready(Ok(0)) };
        loop {
            let turn = ready!(self.poll_turn(waiting, cx, self.writing()))?;
            let count = self.try_write(bytes);
            drop(turn);
            match count {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.wait_for_peer(waiting, Interest::WRITABLE);
                }
                count => {
                    progress.made_progress();
                    return Poll::Ready(count.map_err(|error| self.failed(Operation::Write, error)));
                }
            }
        }
    }

    /// Returns the right to make a call, once the current wait has ended.
    fn poll_turn<T: Send + 'static>(
        &self,
        waiting: &mut StreamWait<T>,
        cx: &mut Context<'_>,
        lock: &Arc<Mutex<T>>,
    ) -> Poll<Result<OwnedMutexGuard<T>>> {
        loop {
            let granted = match waiting {
                StreamWait::Idle => None,
                StreamWait::Peer(peer) => {
                    let ready = ready!(peer.as_mut().poll(cx));
                    *waiting = StreamWait::Idle;
                    ready?;
                    None
                }
                StreamWait::Lock(reservation) => {
                    let granted = ready!(reservation.poll(cx));
                    *waiting = StreamWait::Idle;
                    granted
                }
            };
            if let Some(turn) = granted.or_else(|| lock.clone().try_lock_owned().ok()) {
                return Poll::Ready(Ok(turn));
            }
            *waiting = StreamWait::Lock(Reservation::new(self.context(), lock.clone().lock_owned()));
        }
    }

    fn wait_for_peer<T>(&self, waiting: &mut StreamWait<T>, interest: Interest) {
        let stream = self.clone();
        *waiting = StreamWait::Peer(Box::pin(async move { stream.ready(interest).await }));
    }
}

/// Hands over bytes that were read into the buffer.
fn taken(buf: &mut ReadBuf<'_>, count: usize) -> usize {
    buf.advance(count);
    count
}
