//! Writing: from a borrowed slice, from bytes handed over, at the cursor, at an offset or at the end.

use std::io::IoSlice;
use std::ops::Range;

use bytes::Bytes;
use folio_engine::Handle;

use crate::{Error, File, Operation, Rejected, Result};

/// Writing. `Ok` means written: the system call has returned and every reader sees the bytes. (A file opened
/// with [`buffering`](crate::OpenOptions::buffering) keeps writes at the cursor back; then it means that every
/// operation on this file sees them.) A borrowed slice is copied once it is admitted, and one of more than 1 MiB
/// piece by piece while it is written; the forms that take [`Bytes`] copy nothing.
///
/// # Cancellation
///
/// Dropped before it began, a write has done nothing; after that it finishes in the background, whole, and an error that
/// no caller receives is reported by the next sync or close. (Of a slice of more than 1 MiB, what is left is copied at
/// that moment.)
///
/// A write of a slice of more than 1 MiB goes on as long as its future is polled. Later operations that touch the
/// same bytes or the cursor wait for it: a task that awaits one of these while it holds the future of the write
/// without polling it waits for ever. [`write_bytes`](File::write_bytes) goes on by itself.
impl File {
    /// Writes a prefix of `buf`, at most 1 MiB, at the cursor (at the end, if opened for appending); returns its
    /// length.
    ///
    /// # Errors
    ///
    /// If the file is not open for writing, or the device takes nothing.
    pub async fn write(&self, buf: &[u8]) -> Result<usize> {
        self.put(buf, None, false).await
    }

    /// Writes all of `buf` at the cursor (at the end, if opened for appending), in one step: no other write of the
    /// file comes amid it. (To a file opened for appending, or a stream, the whole slice is copied before:
    /// [`write_bytes`](File::write_bytes) does without.)
    ///
    /// # Errors
    ///
    /// Like [`write`](File::write); [`bytes_done`](crate::Error::bytes_done) says how much got there.
    pub async fn write_all(&self, buf: &[u8]) -> Result<()> {
        self.put(buf, None, true).await.map(|_| ())
    }

    /// Writes a prefix of `buf`, at most 1 MiB, at `offset`, leaving the cursor alone; returns its length.
    ///
    /// # Errors
    ///
    /// Like [`write`](File::write); refused for a file opened for appending, where Linux would ignore the
    /// offset; `ESPIPE` for a stream.
    pub async fn write_at(&self, buf: &[u8], offset: u64) -> Result<usize> {
        self.put(buf, Some(offset), false).await
    }

    /// Writes all of `buf` at `offset`, in one step.
    ///
    /// # Errors
    ///
    /// Like [`write_at`](File::write_at).
    pub async fn write_all_at(&self, buf: &[u8], offset: u64) -> Result<()> {
        self.put(buf, Some(offset), true).await.map(|_| ())
    }

    /// Writes a prefix of several slices, at most 1 MiB, at the cursor as one operation; returns the bytes written.
    ///
    /// # Errors
    ///
    /// Like [`write`](File::write).
    pub async fn write_vectored(&self, bufs: &[IoSlice<'_>]) -> Result<usize> {
        self.settle(Operation::Write).await?;
        match &self.handle {
            Handle::Plain(file) => file.write_vectored(bufs, None, false).await,
            Handle::Stream(stream) => stream.write(bufs, false).await,
        }
    }

    /// Writes a prefix of several slices, at most 1 MiB, at `offset` as one operation; returns the bytes written.
    ///
    /// # Errors
    ///
    /// Like [`write_at`](File::write_at).
    pub async fn write_vectored_at(&self, bufs: &[IoSlice<'_>], offset: u64) -> Result<usize> {
        self.settle(Operation::Write).await?;
        self.plain(Operation::Write)?.write_vectored(bufs, Some(offset), false).await
    }

    /// Writes all of `bytes` at the cursor (at the end, if opened for appending), in one piece and without a copy.
    ///
    /// # Errors
    ///
    /// Like [`write_all`](File::write_all).
    pub async fn write_bytes(&self, bytes: impl Into<Bytes>) -> Result<()> {
        self.settle(Operation::Write).await?;
        match &self.handle {
            Handle::Plain(file) => file.write_bytes(bytes.into(), None, true).await.map(|_| ()),
            Handle::Stream(stream) => stream.write_all(bytes.into()).await,
        }
    }

    /// Writes all of `bytes` at `offset`, in one piece and without a copy.
    ///
    /// # Errors
    ///
    /// Like [`write_at`](File::write_at).
    pub async fn write_bytes_at(&self, bytes: impl Into<Bytes>, offset: u64) -> Result<()> {
        self.settle(Operation::Write).await?;
        self.plain(Operation::Write)?.write_bytes(bytes.into(), Some(offset), true).await.map(|_| ())
    }

    /// Copies the bytes of `range` of `from` to offset `to` of this file; returns how many. Fewer than asked for only if
    /// `from` ends first, or if some were copied before a failure, which the next call meets again.
    ///
    /// It comes after everything that was asked of either file before; operations on other ranges go on beside it. The
    /// kernel copies by itself where it can, and shares blocks where the file system can. No cursor moves.
    ///
    /// # Errors
    ///
    /// `EINVAL` if this file is open for appending, if the ranges overlap in one file, or if one ends beyond `i64::MAX`;
    /// `EBADF` if a file is not open for its part; `ESPIPE` for a stream; whatever reading and writing return.
    ///
    /// # Cancellation
    ///
    /// Before it began: nothing happens. After: it finishes.
    ///
    /// ```
    /// # async fn example(old: folio::File, new: folio::File) -> folio::Result<()> {
    /// let header = new.copy_range(&old, 0..512, 0).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn copy_range(&self, from: &File, range: Range<u64>, to: u64) -> Result<u64> {
        let count = range.end.saturating_sub(range.start);
        let ends = [range.start.checked_add(count), to.checked_add(count)];
        if ends.iter().any(|end| end.is_none_or(|end| i64::try_from(end).is_err())) {
            let error = Error::invalid(Operation::SendFile, "a range ends beyond i64::MAX");
            return Err(error.at_path(self.path()));
        }
        self.settle(Operation::SendFile).await?;
        let (file, source) = (self.plain(Operation::SendFile)?, from.plain(Operation::SendFile)?);
        let source = source.duplicate(Operation::SendFile).await?;
        Box::pin(file.copy_range(source, range.start, count, to)).await
    }

    /// Adds `record` at the end of the file, never mixed with another, and returns the offset in bytes where it
    /// begins. Records that queue together cost one system call. The cursor stays.
    ///
    /// # Errors
    ///
    /// Like [`write_all`](File::write_all); `ESPIPE` for a stream.
    ///
    /// ```
    /// # async fn example(log: folio::File) -> folio::Result<()> {
    /// let offset = log.append(b"one line\n").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn append(&self, record: &[u8]) -> Result<u64> {
        self.settle(Operation::Append).await?;
        self.plain(Operation::Append)?.append(record).await
    }

    /// Like [`append`](File::append), without a copy.
    ///
    /// # Errors
    ///
    /// Like [`append`](File::append).
    ///
    /// ```
    /// # async fn example(log: folio::File) -> folio::Result<()> {
    /// let offset = log.append_bytes(format!("line {}\n", 1)).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn append_bytes(&self, record: impl Into<Bytes>) -> Result<u64> {
        self.settle(Operation::Append).await?;
        self.plain(Operation::Append)?.append_bytes(record.into()).await
    }

    /// Like [`append`](File::append), but refused at once where it would have to wait for a permit.
    ///
    /// # Errors
    ///
    /// Like [`append`](File::append); [`is_overloaded`](crate::Error::is_overloaded) if it was refused.
    pub async fn try_append(&self, record: &[u8]) -> Result<u64> {
        self.settle(Operation::Append).await?;
        self.plain(Operation::Append)?.try_append(record).await
    }

    /// Like [`append_bytes`](File::append_bytes), but refused at once where it would have to wait for a permit.
    ///
    /// # Errors
    ///
    /// [`Rejected`], which holds the record if it was refused ([`is_overloaded`](crate::Error::is_overloaded)), and
    /// not if it failed.
    pub async fn try_append_bytes(&self, record: impl Into<Bytes>) -> Result<u64, Rejected> {
        self.settle(Operation::Append).await?;
        self.plain(Operation::Append)?.try_append_bytes(record.into()).await
    }

    /// Like [`write_bytes_at`](File::write_bytes_at), but refused at once where it would have to wait for a
    /// permit.
    ///
    /// # Errors
    ///
    /// Like [`try_append_bytes`](File::try_append_bytes).
    pub async fn try_write_bytes_at(&self, bytes: impl Into<Bytes>, offset: u64) -> Result<(), Rejected> {
        self.settle(Operation::Write).await?;
        self.plain(Operation::Write)?.try_write_at(bytes.into(), offset).await
    }

    /// Writes out what a [buffered](crate::OpenOptions::buffering) file has accepted by any clone. Any other
    /// file has nothing to flush: an acknowledged write has been written.
    ///
    /// # Errors
    ///
    /// The error of an earlier buffered write, if no caller has received it yet. Its bytes stay in the buffer, and the
    /// next flush tries them again.
    ///
    /// # Cancellation
    ///
    /// What is on its way goes on; the next write or flush returns its failure.
    pub async fn flush(&self) -> Result<()> {
        self.settle_polled().await?;
        match &self.handle {
            Handle::Plain(file) => file.flush().await,
            Handle::Stream(_) => Ok(()),
        }
    }

    async fn put(&self, buf: &[u8], offset: Option<u64>, all: bool) -> Result<usize> {
        self.settle(Operation::Write).await?;
        match (&self.handle, offset) {
            (Handle::Plain(file), _) => file.write(buf, offset, all).await,
            (Handle::Stream(stream), None) => stream.write(&[IoSlice::new(buf)], all).await,
            (Handle::Stream(stream), Some(_)) => stream.no_position(Operation::Write),
        }
    }
}
