//! Reading from the cursor up to a delimiter or a length, and peeking.

use bytes::{Bytes, BytesMut};

use super::{FileHandle, unexpected};
use crate::budget;
use crate::error::{Cause, Operation, Result};
use crate::file::{CursorMove, Footprint, Span};
use crate::file_op::{Answer, Offset, Peeked, Read, ReadUntil};
use crate::limits::{IN_PLACE_BYTES_MAX, IN_PLACE_BYTES_USUAL, LINE_BYTES_MAX};

/// Result of an attempt in place.
enum Attempt {
    /// It is complete.
    Done(Result<Bytes>),
    /// The end was not found within the bytes that the attempt may read.
    Longer,
    /// It has to queue.
    Declined,
}

/// Reading up to a delimiter or a length.
impl FileHandle {
    /// Reads from the cursor up to and including the first `delimiter`, at most `limit` bytes, and moves the
    /// cursor past them. If the last byte is no delimiter, the limit or the end of the file came first; empty
    /// at the end of the file.
    ///
    /// It is one step of the file's order, so two readers never get parts of one line. (A line of more than 64
    /// MiB takes several steps.)
    ///
    /// # Errors
    ///
    /// Like [`read`](FileHandle::read); then no byte is taken.
    ///
    /// # Cancellation
    ///
    /// Like [`read`](FileHandle::read): no byte is lost. (Of a line of more than 64 MiB, completed steps are
    /// lost.)
    pub async fn read_until(&self, delimiter: u8, limit: usize) -> Result<Bytes> {
        let until = ReadUntil::Delimiter(delimiter);
        let line = self.read_from_cursor(until, limit.min(LINE_BYTES_MAX)).await?;
        if line.len() < LINE_BYTES_MAX || line.len() == limit || until.is_complete(&line) {
            return Ok(line);
        }
        Box::pin(self.read_long(line, until, limit)).await
    }

    /// Reads from the cursor up to and including the first `delimiter`, or to the end of the file, if that is
    /// at most `limit` bytes without the delimiter, and moves the cursor past them; empty at the end of the
    /// file.
    ///
    /// It is one step of the file's order, so two readers never get parts of one line. (With `usize::MAX`,
    /// which means no limit, a line of more than 64 MiB takes several steps.)
    ///
    /// # Errors
    ///
    /// [`Error::is_too_long`](crate::Error::is_too_long) if there are more bytes; like
    /// [`read`](FileHandle::read). Then no byte is taken.
    ///
    /// # Cancellation
    ///
    /// Like [`read_until`](FileHandle::read_until).
    pub async fn read_line(&self, delimiter: u8, limit: usize) -> Result<Bytes> {
        let Some(len) = limit.checked_add(1) else {
            return Box::pin(self.read_until(delimiter, limit)).await;
        };
        let until = ReadUntil::Line(delimiter, limit);
        let line = self.read_from_cursor(until, len).await?;
        match until.refuses(&line) {
            true => Err(self.open_file().error(Operation::Read, Cause::TooLong(limit as u64))),
            false => Ok(line),
        }
    }

    async fn read_long(&self, start: Bytes, until: ReadUntil, limit: usize) -> Result<Bytes> {
        let mut line = BytesMut::from(start);
        while line.len() < limit && !until.is_complete(&line) {
            let more = self.read_from_cursor(until, (limit - line.len()).min(LINE_BYTES_MAX)).await?;
            if more.is_empty() {
                break;
            }
            line.extend_from_slice(&more);
        }
        Ok(line.freeze())
    }

    /// Reads `len` bytes from the cursor in one step of the file's order, fewer only at the end of the file,
    /// and moves the cursor past them.
    ///
    /// # Errors
    ///
    /// Like [`read`](FileHandle::read); then no byte is taken.
    ///
    /// # Cancellation
    ///
    /// Like [`read`](FileHandle::read): no byte is lost.
    pub async fn read_full(&self, len: usize) -> Result<Bytes> {
        self.read_from_cursor(ReadUntil::Exact, len).await
    }

    /// Returns what a read of at most `len` bytes would return, without moving the cursor; empty at the end of
    /// the file.
    ///
    /// # Errors
    ///
    /// Like [`read`](FileHandle::read).
    ///
    /// # Cancellation
    ///
    /// Nothing happens.
    pub async fn peek(&self, len: usize) -> Result<Bytes> {
        self.read_from_cursor(ReadUntil::Peek, len).await
    }

    async fn read_from_cursor(&self, until: ReadUntil, len: usize) -> Result<Bytes> {
        let attempts: &[usize] = match until {
            // Most lines are short.
            ReadUntil::Delimiter(_) | ReadUntil::Line(..) => &[IN_PLACE_BYTES_USUAL, IN_PLACE_BYTES_MAX],
            // The caller wants all of it, so a worker reads it if it is too much for one attempt.
            ReadUntil::Exact if len > IN_PLACE_BYTES_MAX => &[],
            ReadUntil::Exact | ReadUntil::Available | ReadUntil::Peek => &[IN_PLACE_BYTES_MAX],
        };
        for most in attempts {
            budget::spend().await;
            match self.read_until_in_place(until, len, *most) {
                Attempt::Done(result) => return result,
                Attempt::Longer => {}
                Attempt::Declined => break,
            }
        }
        match Box::pin(self.submit(Read { offset: Offset::Cursor, len, until })).await? {
            Answer::Read(buffer, _) | Answer::Peeked(Peeked { buffer, .. }) => Ok(buffer.into_bytes()),
            other => unexpected(&other),
        }
    }

    fn read_until_in_place(&self, until: ReadUntil, len: usize, most: usize) -> Attempt {
        let open_file = self.open_file();
        if open_file.access.remote || self.must_queue() {
            return Attempt::Declined;
        }
        let mut state = open_file.turn.take();
        let offset = state.core.position();
        let len = usize::try_from(state.core.room()).map_or(len, |room| room.min(len));
        let window = len.min(most);
        let range = offset..offset.saturating_add(window as u64);
        let span = Span::Read(range.clone());
        if state.core.is_closed() || !state.is_free(&Footprint { span, cursor: true }) {
            return Attempt::Declined;
        }
        let read = |buf: &mut [u8], done: u64| open_file.file.read_now(buf, offset + done);
        let buffer = match until.read(window, &open_file.context.buffers, read, |_, _| {}) {
            None => return Attempt::Declined,
            Some(Err(error)) => {
                drop(state);
                let failed = self.count_in_place(Err(error), offset);
                return Attempt::Done(failed.map(|_| Bytes::new()));
            }
            Some(Ok(buffer)) => buffer,
        };
        let count = buffer.as_ref().len();
        let is_line = matches!(until, ReadUntil::Delimiter(_)) && until.is_complete(buffer.as_ref());
        if !is_line && !state.core.note_read(range, count as u64) {
            return Attempt::Declined;
        }
        if count == window && window < len && !until.is_complete(buffer.as_ref()) {
            budget::charge_bytes(count);
            return Attempt::Longer;
        }
        if until != ReadUntil::Peek && !until.refuses(buffer.as_ref()) {
            state.core.shift(CursorMove::Read { offset, len: count as u64 });
        }
        drop(state);
        Attempt::Done(self.count_in_place(Ok(count), offset).map(|_| buffer.into_bytes()))
    }
}
