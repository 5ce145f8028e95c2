//! Writing by polls: accepted at once if there is room, one write under way, its failure reported once.

use std::future::Future;
use std::io::IoSlice;
use std::task::{Context, Poll, ready};

use bytes::Bytes;

use super::Polled;
use super::reservation::Reservation;
use super::under_way::{Accepted, Admitted, Rest, Unreported, Writing};
use crate::admission::Permit;
use crate::at_exit::ExitGuard;
use crate::budget;
use crate::context::paused_clock::HoldsClock;
use crate::error::{Cause, Operation, Result};
use crate::file_op::Payload;
use crate::handle::{BufferOutcome, FileHandle};
use crate::limits::POLLED_WRITE_BYTES_MAX;
use crate::oneshot;
use crate::open_file::AT_CURSOR;
use crate::open_file::pending::Reply;

/// Writing by polls.
impl FileHandle {
    /// Accepts a prefix of `slices` for the cursor, of at most 2 MiB; returns its length. Accepted bytes are in
    /// the file's order, before all later operations.
    ///
    /// `Pending` means that nothing was taken: an earlier write is under way, or there is no room.
    ///
    /// # Errors
    ///
    /// That of the write before, once; then nothing was accepted, and its rest is written first the next time.
    /// A timeout leaves the earlier write under way, and the next call waits for it again.
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
        let progress = ready!(budget::poll_proceed(cx));
        if len == 0 {
            return Poll::Ready(Ok(0));
        }
        let accepted = ready!(self.poll_accept(polled, cx, slices, len));
        progress.made_progress();
        Poll::Ready(accepted)
    }

    /// Waits for the write under way and retries the rest of a failed one.
    ///
    /// # Errors
    ///
    /// Theirs, once.
    pub fn poll_settled(&self, polled: &mut Polled, cx: &mut Context<'_>) -> Poll<Result<()>> {
        loop {
            // First a failure that is already known, then the result of the write under way.
            if let Some(error) = polled.take_failure() {
                return Poll::Ready(Err(error));
            }
            if let Writing::UnderWay(accepted) = &mut polled.writing {
                let outcome = ready!(accepted.poll(cx));
                if let (Err(timed_out), false) = (&outcome, accepted.settled) {
                    return Poll::Ready(Err(timed_out.clone()));
                }
                if let Err(error) = outcome {
                    polled.rest = accepted.rest_after(&error);
                    polled.writing = Writing::Idle;
                    return Poll::Ready(Err(error));
                }
                polled.writing = Writing::Idle;
            }
            // Then the rest of a failed write, if the cursor is still where it belongs.
            if !self.is_in_place_for(&polled.rest) {
                polled.rest = Rest::default();
            }
            if polled.rest.bytes.is_empty() {
                return Poll::Ready(Ok(()));
            }
            // No other wait can be pending while there is a rest, so the permit covers all of it.
            let (permit, _) = ready!(self.poll_permit(polled, cx, polled.rest.bytes.len()))?;
            let rest = std::mem::take(&mut polled.rest);
            let mut accepted = self.accept(rest.bytes, permit);
            // The retry may end at once; otherwise it is the write under way now.
            if let Poll::Ready(Err(error)) = accepted.poll_now() {
                polled.rest = accepted.rest_after(&error);
                return Poll::Ready(Err(error));
            }
            if !accepted.settled {
                polled.writing = Writing::UnderWay(accepted);
            }
        }
    }

    /// Waits for everything accepted, and flushes the write buffer.
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

    /// Whether the cursor is where the bytes belong: anywhere else they would overwrite others.
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
        // A flush that began earlier promises nothing about bytes accepted now.
        polled.flushing = None;
        // A buffered file takes the bytes at once if it has room; a reserved turn goes first.
        if self.is_buffered() {
            let turn = match ready!(poll_reservation(polled, cx)).transpose()? {
                Some(Admitted::Room(turn)) => Some(turn),
                Some(Admitted::Permit(..)) | None => None,
            };
            // Contiguous, as an operation would be.
            let joined;
            let bytes = match slices {
                [one] => &one[..len],
                [] | [_, _, ..] => {
                    joined = self.join(slices, len);
                    &joined[..]
                }
            };
            match self.write_to_buffer(&[IoSlice::new(bytes)], turn.is_some())? {
                BufferOutcome::Accepted => return Poll::Ready(Ok(len)),
                BufferOutcome::MustWait => {
                    drop(turn);
                    return self.poll_for_room(polled, cx, len);
                }
                BufferOutcome::WriteThrough => {}
            }
        }
        // Without a buffer the bytes become an operation, as many of them as the permit covers.
        let (permit, admitted) = ready!(self.poll_permit(polled, cx, len))?;
        let bytes = self.join(slices, len.min(admitted));
        Poll::Ready(self.accept_now(polled, bytes, permit))
    }

    /// Accepts the bytes. If the write fails at once, returns the bytes written before and keeps the failure
    /// for later.
    fn accept_now(&self, polled: &mut Polled, bytes: Bytes, permit: Permit) -> Result<usize> {
        let len = bytes.len();
        let mut accepted = self.accept(bytes, permit);
        match accepted.poll_now() {
            Poll::Ready(Ok(())) => Ok(len),
            Poll::Ready(Err(error)) if error.bytes_done() == 0 => Err(error),
            Poll::Ready(Err(error)) => {
                let done = usize::try_from(error.bytes_done()).unwrap_or(usize::MAX).min(len);
                polled.fail(Unreported { error: Some(error), open_file: self.open_file().clone() });
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
        let reply = Reply::Accepted { sender, _exit_guard: ExitGuard::new(&open_file.context) };
        self.start(op, permit, reply, &receiver);
        Accepted {
            receiver: HoldsClock::new(receiver),
            bytes,
            open_file,
            timeout: None,
            limit: self.limit(),
            settled: false,
            forgotten: false,
        }
    }

    /// Returns a permit for `weight` bytes and the bytes it covers, which are fewer if an earlier poll asked
    /// for them.
    fn poll_permit(
        &self,
        polled: &mut Polled,
        cx: &mut Context<'_>,
        weight: usize,
    ) -> Poll<Result<(Permit, usize)>> {
        match ready!(poll_reservation(polled, cx)).transpose()? {
            Some(Admitted::Permit(permit, bytes)) => return Poll::Ready(Ok((permit, bytes))),
            Some(Admitted::Room(_)) | None => {}
        }
        // Messages that its caller may have sent come first.
        let admitted = match self.is_behind_messages() {
            true => Err(Cause::Overloaded("operations")),
            false => self.open_file().device.admission.try_admit(weight, self.open_file().client()),
        };
        match admitted {
            Ok(permit) => Poll::Ready(Ok((permit, weight))),
            Err(Cause::Overloaded(_)) => {
                let file = self.clone();
                let wait = async move {
                    let permit = file.admit_in_time(Operation::Write, weight).await?;
                    Ok(Admitted::Permit(permit, weight))
                };
                self.reserve(polled, cx, wait)
            }
            Err(cause) => Poll::Ready(Err(self.open_file().error(Operation::Write, cause).begun(false))),
        }
    }

    fn poll_for_room<T>(&self, polled: &mut Polled, cx: &mut Context<'_>, len: usize) -> Poll<T> {
        let file = self.clone();
        self.reserve(polled, cx, async move { file.wait_for_writer_turn(len).await.map(Admitted::Room) })
    }

    /// Starts a wait. If it ends at once, the next poll finds that out.
    fn reserve<T>(
        &self,
        polled: &mut Polled,
        cx: &mut Context<'_>,
        wait: impl Future<Output = Result<Admitted>> + Send + 'static,
    ) -> Poll<T> {
        let mut reservation = Reservation::new(&self.open_file().context, wait);
        match reservation.poll(cx) {
            Poll::Pending => polled.writing = Writing::Waiting(reservation),
            // Granted or ended within these two lines: the next poll handles it.
            Poll::Ready(_) => cx.waker().wake_by_ref(),
        }
        Poll::Pending
    }

    fn join(&self, slices: &[IoSlice<'_>], len: usize) -> Bytes {
        self.open_file().buffers().copy_slices(slices, len).into_bytes()
    }
}

/// Returns what the handle has waited for; `None` if it has not, or came too late.
fn poll_reservation(polled: &mut Polled, cx: &mut Context<'_>) -> Poll<Option<Result<Admitted>>> {
    let Writing::Waiting(reservation) = &mut polled.writing else { return Poll::Ready(None) };
    let granted = ready!(reservation.poll(cx));
    polled.writing = Writing::Idle;
    Poll::Ready(granted)
}
