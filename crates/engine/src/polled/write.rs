//! Writing by polls: accepted at once where there is room, one write under way, its failure heard once.

use std::future::Future;
use std::io::IoSlice;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use tokio::task::coop;

use super::Polled;
use super::reservation::Reservation;
use super::under_way::{Accepted, Admitted, Rest, Unheard, Writing};
use crate::admission::Permit;
use crate::at_exit::Unsettled;
use crate::context::paused_clock::Held;
use crate::error::{Cause, Operation, Result};
use crate::file_op::Payload;
use crate::handle::{FileHandle, Offered};
use crate::limits::POLLED_WRITE_BYTES_MAX;
use crate::oneshot;
use crate::open_file::AT_CURSOR;
use crate::open_file::pending::Reply;

/// Writing by polls.
impl FileHandle {
    /// Accepts a prefix of `slices` for the cursor, of at most 2 MiB; returns its length. Bytes once accepted
    /// have their place in the file's order, before everything that is asked of it later.
    ///
    /// `Pending` means that nothing was taken: an earlier write is still under way, or there is no room.
    ///
    /// # Errors
    ///
    /// That of the write before, once; nothing was accepted then. What it left undone comes first the next time. A
    /// write that takes longer than this handle waits goes on, and is waited for again the next time.
    pub fn poll_write(
        &self,
        polled: &mut Polled,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<Result<usize>> {
        let len = slices.iter().map(|slice| slice.len()).sum::<usize>().min(POLLED_WRITE_BYTES_MAX);
        self.here(Operation::Write)?;
        ready!(self.poll_sought(polled, cx))?;
        ready!(self.poll_settled(polled, cx))?;
        let progress = ready!(coop::poll_proceed(cx));
        if len == 0 {
            return Poll::Ready(Ok(0));
        }
        let accepted = ready!(self.poll_accept(polled, cx, slices, len));
        progress.made_progress();
        Poll::Ready(accepted)
    }

    /// Waits for the write that is under way and tries what an earlier one left undone.
    ///
    /// # Errors
    ///
    /// Theirs, once.
    pub fn poll_settled(&self, polled: &mut Polled, cx: &mut Context<'_>) -> Poll<Result<()>> {
        loop {
            if let Some(error) = polled.hear() {
                return Poll::Ready(Err(error));
            }
            if let Writing::UnderWay(accepted) = &mut polled.writing {
                let outcome = ready!(accepted.poll(cx));
                if let (Err(late), false) = (&outcome, accepted.settled) {
                    return Poll::Ready(Err(late.clone()));
                }
                if let Err(error) = outcome {
                    polled.rest = accepted.rest_after(&error);
                    polled.writing = Writing::Idle;
                    return Poll::Ready(Err(error));
                }
                polled.writing = Writing::Idle;
            }
            if !self.is_in_place_for(&polled.rest) {
                polled.rest = Rest::default();
            }
            if polled.rest.bytes.is_empty() {
                return Poll::Ready(Ok(()));
            }
            // Nothing else is in line as long as there is a rest, so the permit is for all of it.
            let (permit, _) = ready!(self.poll_permit(polled, cx, polled.rest.bytes.len()))?;
            let rest = std::mem::take(&mut polled.rest);
            let mut accepted = self.accept(rest.bytes, permit);
            if let Poll::Ready(Err(error)) = accepted.look() {
                polled.rest = accepted.rest_after(&error);
                return Poll::Ready(Err(error));
            }
            if !accepted.settled {
                polled.writing = Writing::UnderWay(accepted);
            }
        }
    }

    /// Waits for everything that was accepted, and writes out what a buffered file keeps back.
    ///
    /// # Errors
    ///
    /// Those of [`poll_settled`](FileHandle::poll_settled) and of [`flush`](FileHandle::flush).
    pub fn poll_flush(&self, polled: &mut Polled, cx: &mut Context<'_>) -> Poll<Result<()>> {
        self.here(Operation::Flush)?;
        ready!(self.poll_sought(polled, cx))?;
        ready!(self.poll_settled(polled, cx))?;
        if !self.is_buffered() {
            return Poll::Ready(Ok(()));
        }
        let file = self.clone();
        let flushing = polled.flushing.get_or_insert_with(|| Box::pin(async move { file.flush().await }));
        let flushed = ready!(flushing.as_mut().poll(cx));
        polled.flushing = None;
        Poll::Ready(flushed)
    }

    /// Whether the cursor stands where the bytes belong: elsewhere they would destroy others.
    fn is_in_place_for(&self, rest: &Rest) -> bool {
        let Some(at) = rest.at else { return true };
        let state = self.open_file().turn.take();
        state.core.position() == at && state.core.is_free(&AT_CURSOR)
    }

    fn poll_accept(
        &self,
        polled: &mut Polled,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
        len: usize,
    ) -> Poll<Result<usize>> {
        // A flush that was begun before promises nothing about what is accepted now.
        polled.flushing = None;
        if self.is_buffered() {
            let turn = match ready!(poll_line(polled, cx)).transpose()? {
                Some(Admitted::Room(turn)) => Some(turn),
                Some(Admitted::Permit(..)) | None => None,
            };
            // In one piece, as it would be as an operation.
            let joined;
            let bytes = match slices {
                [one] => &one[..len],
                _ => {
                    joined = self.join(slices, len);
                    &joined[..]
                }
            };
            match self.offer(&[IoSlice::new(bytes)], turn.is_some())? {
                Offered::Accepted => return Poll::Ready(Ok(len)),
                Offered::InLine => {
                    drop(turn);
                    return self.poll_for_room(polled, cx, len);
                }
                Offered::Through => {}
            }
        }
        let (permit, admitted) = ready!(self.poll_permit(polled, cx, len))?;
        let bytes = self.join(slices, len.min(admitted));
        Poll::Ready(self.take(polled, bytes, permit))
    }

    /// Takes the bytes in. What fails at once has its failure told now, behind the bytes that got through.
    fn take(&self, polled: &mut Polled, bytes: Bytes, permit: Permit) -> Result<usize> {
        let len = bytes.len();
        let mut accepted = self.accept(bytes, permit);
        match accepted.look() {
            Poll::Ready(Ok(())) => Ok(len),
            Poll::Ready(Err(error)) if error.bytes_done() == 0 => Err(error),
            Poll::Ready(Err(error)) => {
                let done = usize::try_from(error.bytes_done()).unwrap_or(usize::MAX).min(len);
                polled.fail(Unheard { error: Some(error), open_file: self.open_file().clone() });
                Ok(done)
            }
            Poll::Pending => {
                polled.writing = Writing::UnderWay(accepted);
                Ok(len)
            }
        }
    }

    fn accept(&self, bytes: Bytes, permit: Permit) -> Accepted {
        let open_file = self.open_file().clone();
        let (sender, receiver) = oneshot::channel();
        let op = self.cursor_write(Payload::Shared(bytes.clone()), true);
        let reply = Reply::Accepted { sender, _unsettled: Unsettled::new(&open_file.context) };
        self.start(op, permit, reply, &receiver);
        Accepted {
            receiver: Held::new(receiver),
            bytes,
            open_file,
            alarm: None,
            limit: self.limit(),
            settled: false,
            forgotten: false,
        }
    }

    /// A permit for `weight` bytes and how many it is good for, which are fewer if an earlier poll asked for them.
    fn poll_permit(
        &self,
        polled: &mut Polled,
        cx: &mut Context<'_>,
        weight: usize,
    ) -> Poll<Result<(Permit, usize)>> {
        match ready!(poll_line(polled, cx)).transpose()? {
            Some(Admitted::Permit(permit, bytes)) => return Poll::Ready(Ok((permit, bytes))),
            Some(Admitted::Room(_)) | None => {}
        }
        // Messages that its caller may have sent come first.
        let admitted = match self.is_behind_messages() {
            true => Err(Cause::Overloaded("operations")),
            false => self.open_file().device.admission.try_admit(weight),
        };
        match admitted {
            Ok(permit) => Poll::Ready(Ok((permit, weight))),
            Err(Cause::Overloaded(_)) => {
                let file = self.clone();
                let line = async move {
                    let permit = file.admit_in_time(Operation::Write, weight).await?;
                    Ok(Admitted::Permit(permit, weight))
                };
                self.poll_in_line(polled, cx, line)
            }
            Err(cause) => Poll::Ready(Err(self.open_file().error(Operation::Write, cause).begun(false))),
        }
    }

    fn poll_for_room<T>(&self, polled: &mut Polled, cx: &mut Context<'_>, len: usize) -> Poll<T> {
        let file = self.clone();
        self.poll_in_line(polled, cx, async move { file.wait_for_front(len).await.map(Admitted::Room) })
    }

    /// Goes in line. What may be there at once is asked for again by the next poll.
    fn poll_in_line<T>(
        &self,
        polled: &mut Polled,
        cx: &mut Context<'_>,
        line: impl Future<Output = Result<Admitted>> + Send + 'static,
    ) -> Poll<T> {
        let mut reservation = Reservation::new(&self.open_file().context, line);
        match reservation.poll(cx) {
            Poll::Pending => polled.writing = Writing::InLine(reservation),
            // Granted between two lines of code, or never: the next poll finds out.
            Poll::Ready(_) => cx.waker().wake_by_ref(),
        }
        Poll::Pending
    }

    fn join(&self, slices: &[IoSlice<'_>], len: usize) -> Bytes {
        self.open_file().buffers().copy_slices(slices, len).into_bytes()
    }
}

/// What the handle was in line for; `None` if it was not, or has lost its place.
fn poll_line(polled: &mut Polled, cx: &mut Context<'_>) -> Poll<Option<Result<Admitted>>> {
    let Writing::InLine(reservation) = &mut polled.writing else { return Poll::Ready(None) };
    let granted = ready!(reservation.poll(cx));
    polled.writing = Writing::Idle;
    Poll::Ready(granted)
}
