//! Reading by polls: nothing is taken from the file before the poll that hands it out.

use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::task::coop;

use super::Polled;
use crate::error::{Operation, Result};
use crate::file::{CursorMove, Footprint, Span};
use crate::file_op::{Answer, Offset, Peeked, Read, ReadUntil};
use crate::handle::{FileHandle, unexpected};
use crate::limits::{
    IN_PLACE_BYTES_PER_UNIT, LATENESS_MAX, LOOKED_AGE_MAX, LOOKS_VOID_MAX, POLLED_LOOKS_MAX,
    POLLED_READ_BYTES_MAX,
};

impl Polled {
    fn learn_lateness(&mut self, age: Duration, adaptive_spin: Duration) {
        if age > adaptive_spin {
            self.lateness = (self.lateness + 1).min(LATENESS_MAX);
        } else if age < adaptive_spin / 4 {
            self.lateness = self.lateness.saturating_sub(1);
        }
    }
}

/// Reading by polls.
impl FileHandle {
    /// Reads at the cursor into `buf`. The cursor moves in the poll that returns the bytes and in no other, so
    /// that whoever goes away without them leaves them to every reader of the file.
    ///
    /// # Errors
    ///
    /// Like [`read`](FileHandle::read).
    pub fn poll_read(
        &self,
        polled: &mut Polled,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<Result<usize>> {
        self.here(Operation::Read)?;
        ready!(self.poll_sought(polled, cx))?;
        let progress = ready!(coop::poll_proceed(cx));
        // Readers by trait come back at once, so each unit of their budget stands for as much copying as elsewhere.
        let at_hand = buf.len().min(IN_PLACE_BYTES_PER_UNIT);
        // Only what came before this poll tells how late that is.
        let mut has_waited = polled.looking.is_some();
        for _ in 0..POLLED_LOOKS_MAX {
            if let Some(count) = self.read_now(&mut buf[..at_hand])? {
                (polled.looking, polled.void) = (None, 0);
                progress.made_progress();
                return Poll::Ready(Ok(count));
            }
            let len = buf.len().min(POLLED_READ_BYTES_MAX);
            let looking = polled.looking.get_or_insert_with(|| {
                let file = self.clone();
                Box::pin(async move { file.look(len).await })
            });
            let looked = ready!(looking.as_mut().poll(cx));
            polled.looking = None;
            let looked = looked?;
            let age = looked.at.elapsed();
            let adaptive_spin = LOOKED_AGE_MAX * (1 << polled.lateness);
            if std::mem::take(&mut has_waited) {
                polled.learn_lateness(age, adaptive_spin);
            }
            if let Some(count) = self.hand_out(&looked, age <= adaptive_spin, polled.void, buf) {
                polled.void = 0;
                progress.made_progress();
                return Poll::Ready(Ok(count));
            }
            polled.void = polled.void.saturating_add(1);
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// Has a worker look at what comes next.
    async fn look(&self, len: usize) -> Result<Peeked> {
        match self.submit(Read { offset: Offset::Cursor, len, until: ReadUntil::Peek }).await? {
            Answer::Peeked(looked) => Ok(looked),
            other => unexpected(&other),
        }
    }

    /// Hands out what a look saw and moves the cursor, unless it is void: the cursor stands elsewhere, something is
    /// before this read, the file has been changed, or may have been since it was `fresh`.
    fn hand_out(&self, looked: &Peeked, fresh: bool, void: u32, buf: &mut [u8]) -> Option<usize> {
        let open_file = self.open_file();
        let mut state = open_file.turn.take();
        if state.core.is_closed() || !state.core.begins_at(looked.seen) {
            return None;
        }
        let offset = looked.seen.offset();
        let room = usize::try_from(state.core.room()).unwrap_or(usize::MAX);
        let len = looked.buffer.as_ref().len().min(buf.len()).min(room);
        let span = Span::Peek(offset..offset.saturating_add(len.max(1) as u64));
        if !state.is_free(&Footprint { span, cursor: true }) {
            return None;
        }
        let count = if open_file.access.sequential && len > 0 {
            // The object has kept them, and would give them out a second time.
            open_file.file.read_returned(&mut buf[..len], offset)?
        } else {
            let holds = state.core.is_unchanged_since(looked.seen) || void >= LOOKS_VOID_MAX;
            if !holds || !fresh {
                return None;
            }
            buf[..len].copy_from_slice(&looked.buffer.as_ref()[..len]);
            len
        };
        state.core.shift(CursorMove::Read { offset, len: count as u64 });
        Some(count)
    }
}
