//! Writing: always an operation, since no write can be promised not to block.

use std::io::IoSlice;

use bytes::Bytes;

use super::{FileHandle, Rejected, position, unexpected};
use crate::error::{Cause, Operation, Result};
use crate::file_op::lent::Lender;
use crate::file_op::{Answer, Append, Offset, Op, Payload, Write, WriteLent};
use crate::limits::PIECE_BYTES;

/// Writing.
impl FileHandle {
    /// Writes `bytes` at `offset`, or at the cursor and moves it. With `all` it either writes everything or
    /// fails; without, it may write a prefix. They are copied once they are admitted, and where there are many,
    /// piece by piece.
    ///
    /// # Errors
    ///
    /// Whatever the write returns, with the bytes that did reach the file;
    /// [`Error::is_poisoned`](crate::Error::is_poisoned) after a failed sync.
    ///
    /// # Cancellation
    ///
    /// Before it began: nothing happens. After: it finishes, with a copy of what is left, and an error is
    /// reported by the next sync.
    pub async fn write(&self, bytes: &[u8], offset: Option<u64>, all: bool) -> Result<usize> {
        tokio::task::consume_budget().await;
        self.here(Operation::Write)?;
        if offset.is_none()
            && let Some(buffered) = self.try_buffer(&[IoSlice::new(bytes)]).await
        {
            return buffered.map(|()| bytes.len());
        }
        let bytes = if all { bytes } else { &bytes[..bytes.len().min(PIECE_BYTES)] };
        if bytes.len() > PIECE_BYTES && self.is_written_in_pieces() {
            return Box::pin(self.write_lent(bytes, offset)).await;
        }
        let copy = || Payload::Copied(self.open_file().buffers().copy(bytes));
        self.write_payload(bytes.len(), copy, offset, all).await
    }

    /// A record is one call of the system, or another opening could put one of its own amid it; and what has no
    /// positions has no place for a second piece.
    fn is_written_in_pieces(&self) -> bool {
        !self.open_file().appends() && !self.is_sequential()
    }

    /// Writes all of `bytes` as one operation and copies them piece by piece.
    async fn write_lent(&self, bytes: &[u8], offset: Option<u64>) -> Result<usize> {
        let mut lender = Lender::new(bytes, self.open_file().buffers().clone());
        let op = WriteLent { offset: offset.map_or(Offset::Cursor, Offset::At), lent: lender.lent() };
        let word = || Op::from(op);
        match self.submit_when_admitted(Operation::Write, bytes.len(), word, Some(&mut lender)).await? {
            Answer::Written(count) => Ok(count),
            other => unexpected(&other),
        }
    }

    /// Like [`write`](FileHandle::write), without a copy.
    ///
    /// # Errors
    ///
    /// As there.
    ///
    /// # Cancellation
    ///
    /// As there.
    pub async fn write_bytes(&self, bytes: Bytes, offset: Option<u64>, all: bool) -> Result<usize> {
        if offset.is_none()
            && let Some(buffered) = self.try_buffer(&[IoSlice::new(&bytes)]).await
        {
            return buffered.map(|()| bytes.len());
        }
        self.write_payload(bytes.len(), || Payload::Shared(bytes), offset, all).await
    }

    /// Like [`write`](FileHandle::write), gathering from several slices.
    ///
    /// # Errors
    ///
    /// As there.
    ///
    /// # Cancellation
    ///
    /// As there.
    pub async fn write_vectored(
        &self,
        slices: &[IoSlice<'_>],
        offset: Option<u64>,
        all: bool,
    ) -> Result<usize> {
        self.here(Operation::Write)?;
        let len: usize = slices.iter().map(|slice| slice.len()).sum();
        if offset.is_none()
            && let Some(buffered) = self.try_buffer(slices).await
        {
            return buffered.map(|()| len);
        }
        let len = if all { len } else { len.min(PIECE_BYTES) };
        let copy = || Payload::Copied(self.open_file().buffers().copy_slices(slices, len));
        self.write_payload(len, copy, offset, all).await
    }

    async fn write_payload(
        &self,
        len: usize,
        payload: impl FnOnce() -> Payload,
        offset: Option<u64>,
        all: bool,
    ) -> Result<usize> {
        if len == 0 {
            return Ok(0);
        }
        let word = || match offset {
            Some(offset) => {
                Op::from(Write { offset: Offset::At(offset), payload: payload(), all, buffered: false })
            }
            None => self.cursor_write(payload(), all),
        };
        let operation =
            if self.is_append() && offset.is_none() { Operation::Append } else { Operation::Write };
        match self.submit_when_admitted(operation, len, word, None).await? {
            Answer::Written(count) => Ok(count),
            other => unexpected(&other),
        }
    }

    /// A write where the cursor stands, which is at the end of a file opened for appending.
    pub(crate) fn cursor_write(&self, payload: Payload, all: bool) -> Op {
        match self.is_append() {
            true => Op::from(Append { payload, moves_cursor: true, wants_offset: false, buffered: false }),
            false => Op::from(Write { offset: Offset::Cursor, payload, all, buffered: false }),
        }
    }

    /// Adds `record` at the end in one piece and returns the offset where it begins.
    ///
    /// # Errors
    ///
    /// Like [`write`](FileHandle::write).
    ///
    /// # Cancellation
    ///
    /// Like [`write`](FileHandle::write).
    pub async fn append(&self, record: Bytes) -> Result<u64> {
        let op = Op::from(Append {
            payload: Payload::Shared(record),
            moves_cursor: false,
            wants_offset: true,
            buffered: false,
        });
        position(self.submit(op).await?)
    }

    /// Like [`append`](FileHandle::append), but refused at once where it would wait for a permit.
    ///
    /// # Errors
    ///
    /// [`Rejected`] with the payload if it was refused, without if it failed.
    ///
    /// # Cancellation
    ///
    /// Like [`write`](FileHandle::write).
    pub async fn try_append(&self, record: Bytes) -> std::result::Result<u64, Rejected> {
        let buffered = record.clone();
        let op = Op::from(Append {
            payload: Payload::Shared(record),
            moves_cursor: false,
            wants_offset: true,
            buffered: false,
        });
        let answer = self.try_submit(op, buffered).await?;
        Ok(position(answer)?)
    }

    /// Like [`write_bytes`](FileHandle::write_bytes) with `all`, but refused at once where it would wait for a
    /// permit.
    ///
    /// # Errors
    ///
    /// [`Rejected`] with the payload if it was refused, without if it failed.
    ///
    /// # Cancellation
    ///
    /// Like [`write`](FileHandle::write).
    pub async fn try_write_at(&self, bytes: Bytes, offset: u64) -> std::result::Result<(), Rejected> {
        let buffered = bytes.clone();
        let op = Op::from(Write {
            offset: Offset::At(offset),
            payload: Payload::Shared(bytes),
            all: true,
            buffered: false,
        });
        self.try_submit(op, buffered).await.map(|_| ())
    }

    async fn try_submit(&self, op: Op, payload: Bytes) -> std::result::Result<Answer, Rejected> {
        match self.refusing().submit(op).await {
            Ok(answer) => Ok(answer),
            Err(error) => {
                let untouched = matches!(error.cause(), Cause::Overloaded(_) | Cause::Invalid(_));
                Err(Rejected { payload: untouched.then_some(payload), error })
            }
        }
    }
}
