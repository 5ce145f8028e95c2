//! Writing: always an operation, since any write may block.

use std::future::Future;
use std::io::IoSlice;

use bytes::Bytes;

use super::{FileHandle, Rejected, position, written};
use crate::error::{Cause, Operation, Result};
use crate::file_op::lent::{Contents, Lender};
use crate::file_op::{Answer, Append, Offset, Op, Payload, Write, WriteLent};
use crate::limits::PIECE_BYTES;

/// Writing.
impl FileHandle {
    /// Writes `bytes` at `offset`, or at the cursor, which then moves. With `all` it writes everything or
    /// fails; without, it may write a prefix. The bytes are copied after the admission, many of them piece by
    /// piece.
    ///
    /// # Errors
    ///
    /// Any error of the write, with the number of bytes that reached the file;
    /// [`Error::is_poisoned`](crate::Error::is_poisoned) after a failed sync.
    ///
    /// # Cancellation
    ///
    /// Before it begins: nothing happens. Afterwards: it completes with a copy of the remaining bytes, and the
    /// next sync reports an error.
    #[expect(
        clippy::manual_async_fn,
        reason = "an `async fn` keeps a second copy of its arguments while it waits"
    )]
    pub fn write(&self, bytes: &[u8], offset: Option<u64>, all: bool) -> impl Future<Output = Result<usize>> {
        async move {
            self.here(Operation::Write)?;
            if offset.is_none()
                && let Some(buffered) = self.write_buffered(&[IoSlice::new(bytes)]).await
            {
                return buffered.map(|()| bytes.len());
            }
            let bytes = if all { bytes } else { &bytes[..bytes.len().min(PIECE_BYTES)] };
            if bytes.len() > PIECE_BYTES && self.is_written_in_pieces() {
                return Box::pin(self.write_lent(bytes, offset)).await;
            }
            if bytes.is_empty() {
                return Ok(0);
            }
            let copy = || Payload::Copied(self.open_file().buffers().copy(bytes));
            self.write_payload(bytes.len(), copy, offset, all).await
        }
    }

    /// An appended record must be one system call, because another open file could append between two. A file
    /// without offsets has no place for a second piece.
    fn is_written_in_pieces(&self) -> bool {
        !self.open_file().appends() && !self.is_sequential()
    }

    /// Writes all of `bytes` as one operation and copies them piece by piece.
    async fn write_lent(&self, bytes: &[u8], offset: Option<u64>) -> Result<usize> {
        let mut lender = Lender::new(Contents::Borrowed(bytes), self.open_file().buffers().clone());
        let op = WriteLent { offset: offset.map_or(Offset::Cursor, Offset::At), lent: lender.lent() };
        let make_op = || Op::from(op);
        self.submit_when_admitted(Operation::Write, bytes.len(), make_op, Some(&mut lender), written).await
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
            && let Some(buffered) = self.write_buffered(&[IoSlice::new(&bytes)]).await
        {
            return buffered.map(|()| bytes.len());
        }
        if bytes.is_empty() {
            return Ok(0);
        }
        self.write_payload(bytes.len(), || Payload::Shared(bytes), offset, all).await
    }

    /// Like [`write`](FileHandle::write), from several slices.
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
            && let Some(buffered) = self.write_buffered(slices).await
        {
            return buffered.map(|()| len);
        }
        if len == 0 {
            return Ok(0);
        }
        let len = if all { len } else { len.min(PIECE_BYTES) };
        let copy = || Payload::Copied(self.open_file().buffers().copy_slices(slices, len));
        self.write_payload(len, copy, offset, all).await
    }

    /// Writes so many bytes, which are at least one.
    fn write_payload(
        &self,
        len: usize,
        payload: impl FnOnce() -> Payload,
        offset: Option<u64>,
        all: bool,
    ) -> impl Future<Output = Result<usize>> {
        let make_op = move || match offset {
            Some(offset) => {
                Op::from(Write { offset: Offset::At(offset), payload: payload(), all, buffered: false })
            }
            None => self.cursor_write(payload(), all),
        };
        let operation =
            if self.is_append() && offset.is_none() { Operation::Append } else { Operation::Write };
        self.submit_when_admitted(operation, len, make_op, None, written)
    }

    /// Makes a write at the cursor, which is the end in a file open for appending.
    pub(crate) fn cursor_write(&self, payload: Payload, all: bool) -> Op {
        match self.is_append() {
            true => Op::from(Append { payload, moves_cursor: true, wants_offset: false, buffered: false }),
            false => Op::from(Write { offset: Offset::Cursor, payload, all, buffered: false }),
        }
    }

    /// Appends a copy of `record` contiguously and returns the offset of its first byte. The copy is made after admission.
    ///
    /// # Errors
    ///
    /// Like [`write`](FileHandle::write).
    ///
    /// # Cancellation
    ///
    /// Like [`write`](FileHandle::write).
    pub async fn append(&self, record: &[u8]) -> Result<u64> {
        let make_op = || record_at_end(Payload::Copied(self.open_file().buffers().copy(record)));
        self.submit_when_admitted(Operation::Append, record.len(), make_op, None, position).await
    }

    /// Like [`append`](FileHandle::append), but refused at once instead of waiting for a permit.
    ///
    /// # Errors
    ///
    /// Like [`append`](FileHandle::append); [`Error::is_overloaded`](crate::Error::is_overloaded).
    ///
    /// # Cancellation
    ///
    /// Like [`write`](FileHandle::write).
    pub async fn try_append(&self, record: &[u8]) -> Result<u64> {
        self.refusing().append(record).await
    }

    /// Like [`append`](FileHandle::append), without a copy.
    ///
    /// # Errors
    ///
    /// Like [`write`](FileHandle::write).
    ///
    /// # Cancellation
    ///
    /// Like [`write`](FileHandle::write).
    pub async fn append_bytes(&self, record: Bytes) -> Result<u64> {
        position(self.submit(record_at_end(Payload::Shared(record))).await?)
    }

    /// Like [`append_bytes`](FileHandle::append_bytes), but refused at once instead of waiting for a permit.
    ///
    /// # Errors
    ///
    /// [`Rejected`] with the payload if it was refused, without if it failed.
    ///
    /// # Cancellation
    ///
    /// Like [`write`](FileHandle::write).
    pub async fn try_append_bytes(&self, record: Bytes) -> std::result::Result<u64, Rejected> {
        let answer = self.try_submit(record_at_end(Payload::Shared(record.clone())), record).await?;
        Ok(position(answer)?)
    }

    /// Like [`write_bytes`](FileHandle::write_bytes) with `all`, but refused at once instead of waiting for a
    /// permit.
    ///
    /// # Errors
    ///
    /// [`Rejected`] with the payload if it was refused, without it if it failed.
    ///
    /// # Cancellation
    ///
    /// Like [`write`](FileHandle::write).
    pub async fn try_write_at(&self, bytes: Bytes, offset: u64) -> std::result::Result<(), Rejected> {
        let payload = bytes.clone();
        let op = Op::from(Write {
            offset: Offset::At(offset),
            payload: Payload::Shared(bytes),
            all: true,
            buffered: false,
        });
        self.try_submit(op, payload).await.map(|_| ())
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

/// A record of its own, wherever the end is when its turn comes.
fn record_at_end(payload: Payload) -> Op {
    Op::from(Append { payload, moves_cursor: false, wants_offset: true, buffered: false })
}
