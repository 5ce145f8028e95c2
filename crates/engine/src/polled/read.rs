//! Reading by polls: the bytes are taken in the poll that delivers them.

use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::ReadBuf;

use super::Polled;
use crate::budget;
use crate::error::{Operation, Result};
use crate::file::{CursorMove, Footprint, Span};
use crate::file_op::{Answer, Offset, Peeked, Read, ReadUntil};
use crate::handle::{FileHandle, unexpected};
use crate::limits::{
    IN_PLACE_BYTES_USUAL, LATENESS_MAX, PEEK_AGE_MAX, POLLED_PEEKS_MAX, POLLED_READ_BYTES_MAX,
};

impl Polled {
    fn learn_lateness(&mut self, age: Duration, age_max: Duration) {
        if age > age_max {
            self.lateness = (self.lateness + 1).min(LATENESS_MAX);
        } else if age < age_max / 4 {
            self.lateness = self.lateness.saturating_sub(1);
        }
    }
}

/// Reading by polls.
impl FileHandle {
    /// Reads at the cursor into `buf`; returns how many bytes that were. The cursor moves in the poll that returns
    /// the bytes and in no other, so a caller that is dropped leaves them to every reader of the file.
    ///
    /// # Errors
    ///
    /// Like [`read`](FileHandle::read).
    pub fn poll_read(
        &self,
        polled: &mut Polled,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<Result<usize>> {
        self.here(Operation::Read)?;
        ready!(self.poll_sought(polled, cx))?;
        let progress = ready!(budget::poll_proceed(cx));
        // Readers by trait call again at once, and no more of their buffer is prepared than they need.
        let at_hand = buf.remaining().min(IN_PLACE_BYTES_USUAL);
        // Only a peek of an earlier poll shows how late this poll is.
        let mut has_waited = polled.peeking.is_some();
        for _ in 0..POLLED_PEEKS_MAX {
            // In place, if the page cache has the bytes and no operation blocks the read.
            if let Some(count) = self.read_now(buf.initialize_unfilled_to(at_hand))? {
                buf.advance(count);
                polled.peeking = None;
                progress.made_progress();
                return Poll::Ready(Ok(count));
            }
            // Otherwise a worker peeks, and its bytes are delivered if they are still current.
            let len = buf.remaining().min(POLLED_READ_BYTES_MAX);
            let peeking = polled.peeking.get_or_insert_with(|| {
                let file = self.clone();
                Box::pin(async move { file.peek_by_worker(len).await })
            });
            let peeked = ready!(peeking.as_mut().poll(cx));
            polled.peeking = None;
            let peeked = peeked?;
            let age = peeked.at.elapsed();
            let age_max = PEEK_AGE_MAX * (1 << polled.lateness);
            if std::mem::take(&mut has_waited) {
                polled.learn_lateness(age, age_max);
            }
            if let Some(count) = self.deliver(&peeked, age <= age_max, buf) {
                progress.made_progress();
                return Poll::Ready(Ok(count));
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// Makes a worker peek at the next bytes.
    async fn peek_by_worker(&self, len: usize) -> Result<Peeked> {
        match self.submit(Read { offset: Offset::Cursor, len, until: ReadUntil::Peek }).await? {
            Answer::Peeked(peeked) => Ok(peeked),
            other => unexpected(&other),
        }
    }

    /// Delivers the bytes of a peek and moves the cursor, unless they are out of date: the cursor is elsewhere,
    /// an operation comes before this read, the file has changed, or it may have changed because the peek is
    /// too old.
    ///
    /// A caller may have dropped the read that the peek was made for and have seen a later write end, so no number
    /// of peeks in vain makes one that is out of date good enough.
    fn deliver(&self, peeked: &Peeked, fresh: bool, buf: &mut ReadBuf<'_>) -> Option<usize> {
        let open_file = self.open_file();
        let mut state = open_file.turn.take();
        if state.core.is_closed() || !state.core.begins_at(peeked.seen) {
            return None;
        }
        let offset = peeked.seen.offset();
        let room = usize::try_from(state.core.room()).unwrap_or(usize::MAX);
        let len = peeked.buffer.as_ref().len().min(buf.remaining()).min(room);
        let span = Span::Peek(offset..offset.saturating_add(len.max(1) as u64));
        if !state.is_free(&Footprint { span, cursor: true }) {
            return None;
        }
        let count = if open_file.access.sequential && len > 0 {
            // The object has kept the bytes for the next read, which must not return them again.
            let count = open_file.file.read_returned(buf.initialize_unfilled_to(len), offset)?;
            buf.advance(count);
            count
        } else {
            if !fresh || !state.core.is_unchanged_since(peeked.seen, len as u64) {
                return None;
            }
            buf.put_slice(&peeked.buffer.as_ref()[..len]);
            len
        };
        state.core.shift(CursorMove::Read { offset, len: count as u64 });
        drop(state);
        budget::charge_bytes(count);
        Some(count)
    }
}
