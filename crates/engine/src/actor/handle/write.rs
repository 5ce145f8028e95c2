//! Writing: always an operation, since no write can be promised not to block.

use std::io::IoSlice;

use bytes::Bytes;

use super::{FileHandle, Rejected, position, unexpected};
use crate::error::{Cause, Result};
use crate::op::{
    Answer, Op, Place,
    write::{Append, Payload, Write},
};

/// Writing.
impl FileHandle {
    /// Writes `bytes` at `offset`, or at the cursor and moves it. With `all` it either writes everything or
    /// fails; without, it may write a prefix.
    ///
    /// # Errors
    ///
    /// Whatever the write returns, with the bytes that did reach the file;
    /// [`Error::is_poisoned`](crate::Error::is_poisoned) after a failed sync.
    ///
    /// # Cancellation
    ///
    /// Before it began: nothing happens. After: it finishes, and an error is reported by the next sync.
    pub async fn write(&self, bytes: &[u8], offset: Option<u64>, all: bool) -> Result<usize> {
        tokio::task::consume_budget().await;
        if offset.is_none()
            && let Some(kept) = self.keep_back(bytes).await
        {
            return kept.map(|()| bytes.len());
        }
        let payload = Payload::Copied(self.opening().services.buffers.copy(bytes));
        self.write_payload(payload, offset, all).await
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
            && let Some(kept) = self.keep_back(&bytes).await
        {
            return kept.map(|()| bytes.len());
        }
        self.write_payload(Payload::Shared(bytes), offset, all).await
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
        let payload = Payload::Copied(self.opening().services.buffers.gather(slices));
        if offset.is_none()
            && let Some(kept) = self.keep_back(payload.as_ref()).await
        {
            return kept.map(|()| payload.as_ref().len());
        }
        self.write_payload(payload, offset, all).await
    }

    async fn write_payload(&self, payload: Payload, offset: Option<u64>, all: bool) -> Result<usize> {
        if payload.as_ref().is_empty() {
            return Ok(0);
        }
        let op = match offset {
            Some(offset) => Op::Write(Write { place: Place::At(offset), payload, all, kept: false }),
            None if self.is_append() => {
                Op::Append(Append { payload, moves_cursor: true, wants_offset: false, kept: false })
            }
            None => Op::Write(Write { place: Place::Cursor, payload, all, kept: false }),
        };
        match self.submit(op).await? {
            Answer::Written(count) => Ok(count),
            other => unexpected(&other),
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
        let op = Op::Append(Append {
            payload: Payload::Shared(record),
            moves_cursor: false,
            wants_offset: true,
            kept: false,
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
        let kept = record.clone();
        let op = Op::Append(Append {
            payload: Payload::Shared(record),
            moves_cursor: false,
            wants_offset: true,
            kept: false,
        });
        let answer = self.try_submit(op, kept).await?;
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
        let kept = bytes.clone();
        let op = Op::Write(Write {
            place: Place::At(offset),
            payload: Payload::Shared(bytes),
            all: true,
            kept: false,
        });
        self.try_submit(op, kept).await.map(|_| ())
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
