//! Writing, from a borrowed slice or from owned bytes, at the cursor, at an offset or at the end.

use std::io::IoSlice;
use std::ops::Range;

use bytes::Bytes;
use folio_engine::Handle;

use crate::{Error, File, Operation, Rejected, Result};

/// Writing. `Ok` means written: the system call has returned and every reader sees the bytes. (If the file was opened with
/// [`buffering`](crate::OpenOptions::buffering), writes at the cursor are buffered, and `Ok` means that every operation on
/// this open file sees the bytes.) A borrowed slice is copied once it has a permit, and a slice of more than 1 MiB is copied
/// piece by piece while it is written. The methods that take [`Bytes`] copy nothing.
///
/// # Cancellation
///
/// A write that is dropped before it began does nothing; after that all of it is written in the background, and an error
/// that no caller receives is reported by the next sync or close. (The rest of a slice of more than 1 MiB is copied when the
/// future is dropped.)
///
/// A write of a slice of more than 1 MiB progresses only while its future is polled, and later operations on the same bytes
/// or the cursor wait for it. A task that stops polling such a future and awaits one of these operations waits for ever.
/// [`write_bytes`](File::write_bytes) progresses without being polled.
impl File {
    /// Writes a prefix of `buf`, at most 1 MiB, at the cursor (at the end, if opened for appending); returns its
    /// length.
    ///
    /// # Errors
    ///
    /// If the file is not open for writing, or the device accepts no bytes.
    pub async fn write(&self, buf: &[u8]) -> Result<usize> {
        self.put(buf, None, false).await
    }

    /// Writes all of `buf` at the cursor (at the end, if opened for appending) as one operation: no other write to the
    /// file comes in between. (For a file opened for appending or a stream, the whole slice is copied first;
    /// [`write_bytes`](File::write_bytes) avoids the copy.)
    ///
    /// # Errors
    ///
    /// Like [`write`](File::write); [`bytes_done`](crate::Error::bytes_done) returns how many bytes were written.
    pub async fn write_all(&self, buf: &[u8]) -> Result<()> {
        self.put(buf, None, true).await.map(|_| ())
    }

    /// Writes a prefix of `buf`, at most 1 MiB, at `offset`; returns its length. The cursor stays.
    ///
    /// # Errors
    ///
    /// Like [`write`](File::write); refused for a file opened for appending, where Linux would ignore the
    /// offset; `ESPIPE` for a stream.
    pub async fn write_at(&self, buf: &[u8], offset: u64) -> Result<usize> {
        self.put(buf, Some(offset), false).await
    }

    /// Writes all of `buf` at `offset`, as one operation.
    ///
    /// # Errors
    ///
    /// Like [`write_at`](File::write_at).
    pub async fn write_all_at(&self, buf: &[u8], offset: u64) -> Result<()> {
        self.put(buf, Some(offset), true).await.map(|_| ())
    }

    /// Writes a prefix of several slices, at most 1 MiB, at the cursor as one operation; returns its length.
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

    /// Writes a prefix of several slices, at most 1 MiB, at `offset` as one operation; returns its length.
    ///
    /// # Errors
    ///
    /// Like [`write_at`](File::write_at).
    pub async fn write_vectored_at(&self, bufs: &[IoSlice<'_>], offset: u64) -> Result<usize> {
        self.settle(Operation::Write).await?;
        self.plain(Operation::Write)?.write_vectored(bufs, Some(offset), false).await
    }

    /// Writes all of `bytes` at the cursor (at the end, if opened for appending) as one operation, without a copy.
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

    /// Writes all of `bytes` at `offset` as one operation, without a copy.
    ///
    /// # Errors
    ///
    /// Like [`write_at`](File::write_at).
    pub async fn write_bytes_at(&self, bytes: impl Into<Bytes>, offset: u64) -> Result<()> {
        self.settle(Operation::Write).await?;
        self.plain(Operation::Write)?.write_bytes(bytes.into(), Some(offset), true).await.map(|_| ())
    }

    /// Copies the bytes of `range` of `from` to offset `to` of this file; returns the number of bytes copied. It copies fewer
    /// only if `from` ends first, or if a failure comes after some bytes, which the next call then returns.
    ///
    /// It comes after earlier operations on either file; operations on other ranges may run at the same time. The kernel
    /// copies the bytes if it can, and shares blocks if the file system can. No cursor moves.
    ///
    /// # Errors
    ///
    /// `EINVAL` if this file is open for appending, if the ranges overlap in one file, or if one ends beyond `i64::MAX`;
    /// `EBADF` if `from` is not open for reading or this file not for writing; `ESPIPE` for a stream; any error of reading
    /// and writing.
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

    /// Appends `record` at the end of the file, never mixed with another one, and returns the offset in bytes where it
    /// starts. Records that are queued together are written by one system call. The cursor stays.
    ///
    /// # Errors
    ///
    /// Like [`write_all`](File::write_all); `ESPIPE` for a stream. On a full device, a first part of the record may stay in
    /// the file, of [`bytes_done`](crate::Error::bytes_done) bytes, and the next record begins behind it: cutting it off
    /// could cut off what another process has appended since.
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

    /// Like [`append`](File::append), but refused at once if it would have to wait for a permit.
    ///
    /// # Errors
    ///
    /// Like [`append`](File::append); [`is_overloaded`](crate::Error::is_overloaded) if it was refused.
    pub async fn try_append(&self, record: &[u8]) -> Result<u64> {
        self.settle(Operation::Append).await?;
        self.plain(Operation::Append)?.try_append(record).await
    }

    /// Like [`append_bytes`](File::append_bytes), but refused at once if it would have to wait for a permit.
    ///
    /// # Errors
    ///
    /// [`Rejected`]. It returns the record if it was refused ([`is_overloaded`](crate::Error::is_overloaded)), but not if
    /// the append failed.
    pub async fn try_append_bytes(&self, record: impl Into<Bytes>) -> Result<u64, Rejected> {
        self.settle(Operation::Append).await?;
        self.plain(Operation::Append)?.try_append_bytes(record.into()).await
    }

    /// Like [`write_bytes_at`](File::write_bytes_at), but refused at once if it would have to wait for a
    /// permit.
    ///
    /// # Errors
    ///
    /// Like [`try_append_bytes`](File::try_append_bytes).
    pub async fn try_write_bytes_at(&self, bytes: impl Into<Bytes>, offset: u64) -> Result<(), Rejected> {
        self.settle(Operation::Write).await?;
        self.plain(Operation::Write)?.try_write_at(bytes.into(), offset).await
    }

    /// Writes out the write buffer of a [buffered](crate::OpenOptions::buffering) file, also for writes by other clones. Does
    /// nothing for an unbuffered file, where an acknowledged write has been written.
    ///
    /// # Errors
    ///
    /// That of an earlier buffered write, if no caller has received it yet. Its bytes stay in the buffer, and the next flush
    /// tries them again.
    ///
    /// # Cancellation
    ///
    /// A chunk that is being written is finished; the next write or flush returns its failure.
    pub async fn flush(&self) -> Result<()> {
        self.settle_polled().await?;
        match &self.handle {
            Handle::Plain(file) => file.flush().await,
            Handle::Stream(_) => Ok(()),
        }
    }

    #[expect(
        clippy::manual_async_fn,
        reason = "an `async fn` keeps a second copy of its arguments while it waits"
    )]
    fn put(&self, buf: &[u8], offset: Option<u64>, all: bool) -> impl Future<Output = Result<usize>> {
        async move {
            self.settle(Operation::Write).await?;
            match (&self.handle, offset) {
                (Handle::Plain(file), _) => file.write(buf, offset, all).await,
                (Handle::Stream(stream), None) => stream.write(&[IoSlice::new(buf)], all).await,
                (Handle::Stream(stream), Some(_)) => stream.no_position(Operation::Write),
            }
        }
    }
}
