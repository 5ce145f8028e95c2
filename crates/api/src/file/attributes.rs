//! Cursor, length, attributes, durability and exclusive closures.

use std::fs::{FileTimes, Permissions};
use std::io::SeekFrom;
use std::time::SystemTime;

use folio_engine::Handle;
use folio_engine::storage::{Advice, Allocation};

use crate::{File, Metadata, Operation, Result};

/// Cursor, length, attributes, durability.
impl File {
    /// Moves the cursor and returns its position in bytes from the start.
    ///
    /// # Errors
    ///
    /// `EINVAL` for a position before the start; `ESPIPE` for a stream.
    ///
    /// # Cancellation
    ///
    /// The cursor may have moved.
    pub async fn seek(&self, to: SeekFrom) -> Result<u64> {
        self.settle_cursor().await;
        if to != SeekFrom::Current(0) {
            self.forget_rest();
        }
        self.plain(Operation::Seek)?.seek(to).await
    }

    /// Moves the cursor to the start.
    ///
    /// # Errors
    ///
    /// Like [`seek`](File::seek).
    ///
    /// # Cancellation
    ///
    /// Like [`seek`](File::seek).
    pub async fn rewind(&self) -> Result<()> {
        self.seek(SeekFrom::Start(0)).await.map(|_| ())
    }

    /// Returns the position of the cursor in bytes from the start.
    ///
    /// # Errors
    ///
    /// `ESPIPE` for a stream.
    pub async fn stream_position(&self) -> Result<u64> {
        self.seek(SeekFrom::Current(0)).await
    }

    /// Sets the length in bytes: truncates the file, or extends it with zeros. The cursor stays. The unwritten rest of a
    /// failed write by the traits is not retried.
    ///
    /// # Errors
    ///
    /// If the file is not open for writing; `EINVAL` for a stream.
    pub async fn set_len(&self, len: u64) -> Result<()> {
        // A caller that truncates a torn record writes it again itself.
        self.forget_rest();
        self.plain(Operation::SetLen)?.set_len(len).await
    }

    /// Truncates the file at the cursor, or extends it to there, as one operation; returns the new length.
    pub(crate) async fn cut(&self) -> Result<u64> {
        self.settle_cursor().await;
        self.plain(Operation::SetLen)?.cut().await
    }

    /// Syncs the file: data and attributes of all writes acknowledged before survive a power cut.
    ///
    /// # Errors
    ///
    /// Those of the device, which poison the file; that of an earlier write that failed, reported once.
    pub async fn sync_all(&self) -> Result<()> {
        let file = self.plain(Operation::SyncAll)?;
        let settled = self.settle_to_vouch().await;
        let synced = file.sync(true).await;
        settled.and(synced)
    }

    /// Like [`sync_all`](File::sync_all), without the attributes that reading does not need. Concurrent calls share one
    /// system call.
    ///
    /// # Errors
    ///
    /// Like [`sync_all`](File::sync_all).
    pub async fn sync_data(&self) -> Result<()> {
        let file = self.plain(Operation::SyncData)?;
        let settled = self.settle_to_vouch().await;
        let synced = file.sync(false).await;
        settled.and(synced)
    }

    /// Returns the attributes after all earlier writes.
    ///
    /// # Errors
    ///
    /// Any error of `fstat`.
    pub async fn metadata(&self) -> Result<Metadata> {
        match &self.handle {
            Handle::Plain(file) => file.metadata().await,
            Handle::Stream(stream) => stream.metadata(),
        }
    }

    /// Changes the permissions.
    ///
    /// # Errors
    ///
    /// If the caller does not own the file; `EINVAL` for a stream.
    pub async fn set_permissions(&self, permissions: Permissions) -> Result<()> {
        self.plain(Operation::SetPermissions)?.set_permissions(permissions).await
    }

    /// Changes the times of the last access and modification.
    ///
    /// # Errors
    ///
    /// If the caller does not own the file; `EINVAL` for a stream.
    pub async fn set_times(&self, times: FileTimes) -> Result<()> {
        self.plain(Operation::SetTimes)?.set_times(times).await
    }

    /// Changes the time of the last modification.
    ///
    /// # Errors
    ///
    /// Like [`set_times`](File::set_times).
    ///
    /// ```
    /// # async fn example(file: folio::File) -> folio::Result<()> {
    /// file.set_modified(std::time::SystemTime::UNIX_EPOCH).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn set_modified(&self, time: SystemTime) -> Result<()> {
        self.set_times(FileTimes::new().set_modified(time)).await
    }

    /// Allocates or frees the space of a range (`fallocate`). The cursor stays. Like [`set_len`](File::set_len), it runs
    /// alone among the file's operations.
    ///
    /// # Errors
    ///
    /// If the file is not open for writing, there is no space, or the file system does not support it (`EOPNOTSUPP`);
    /// `EINVAL` for a length of 0; `ESPIPE` for a stream. The error is not reported again by a later sync.
    ///
    /// ```
    /// # async fn example(file: folio::File) -> folio::Result<()> {
    /// use folio::os::Allocation;
    ///
    /// file.fallocate(Allocation::KeepSize, 0, 1 << 30).await?;        // no write to the first GiB runs out of space
    /// file.fallocate(Allocation::PunchHole, 4096, 65536).await?;      // reads as zeros, takes no space
    /// # Ok(())
    /// # }
    /// ```
    pub async fn fallocate(&self, how: Allocation, offset: u64, len: u64) -> Result<()> {
        self.plain(Operation::Allocate)?.allocate(how, offset, len).await
    }

    /// Advises the kernel how a range will be used (`posix_fadvise`); a `len` of 0 means to the end. The contents do not
    /// change.
    ///
    /// # Errors
    ///
    /// `ESPIPE` for a stream.
    ///
    /// ```
    /// # async fn example(file: folio::File) -> folio::Result<()> {
    /// file.fadvise(folio::os::Advice::Sequential, 0, 0).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn fadvise(&self, advice: Advice, offset: u64, len: u64) -> Result<()> {
        self.plain(Operation::Advise)?.advise(advice, offset, len).await
    }

    /// Runs `closure` with the std file on a worker, alone among the file's operations.
    ///
    /// # Errors
    ///
    /// [`is_panicked`](crate::Error::is_panicked) if it panics; `EINVAL` for a stream.
    ///
    /// # Cancellation
    ///
    /// A closure that has begun finishes, and its result is dropped.
    ///
    /// ```
    /// # async fn example(file: folio::File) -> folio::Result<()> {
    /// use std::os::unix::fs::FileExt;
    ///
    /// let before = file.run(|std| -> std::io::Result<u8> {
    ///     let mut counter = [0];
    ///     std.read_exact_at(&mut counter, 0)?;
    ///     std.write_all_at(&[counter[0].wrapping_add(1)], 0)?;
    ///     Ok(counter[0])
    /// });
    /// println!("{:?}", before.await?);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn run<T: Send + 'static>(
        &self,
        closure: impl FnOnce(&std::fs::File) -> T + Send + 'static,
    ) -> Result<T> {
        self.plain(Operation::Run)?.run(closure).await
    }

    /// Does nothing, because reads and writes are not split into pieces. It exists for programs written for tokio.
    pub fn set_max_buf_size(&mut self, _bytes: usize) {}

    /// Returns `usize::MAX`: see [`set_max_buf_size`](File::set_max_buf_size).
    pub fn max_buf_size(&self) -> usize {
        usize::MAX
    }
}
