//! Cursor, length, attributes, durability, closures.

use std::fs::{File as StdFile, FileTimes, Permissions};
use std::io::SeekFrom;
use std::sync::atomic::Ordering;

use super::{FileHandle, position, unexpected};
use crate::budget;
use crate::error::{Error, Operation, Result};
use crate::file::{Footprint, Span};
use crate::file_op::{
    self, Advise, Allocate, Answer, CopyRange, Duplicate, FileOp, Receive, Run, Seek, SetLen, SetLenToCursor,
    SetPermissions, SetTimes, Sync, seek,
};
use crate::storage::{Advice, Allocation, Metadata, StorageFile, errno};

/// Cursor, length, attributes, durability.
impl FileHandle {
    /// Moves the cursor; arithmetic unless something is queued before it.
    /// Moves the cursor; only arithmetic, unless an operation is queued before it.
    /// # Errors
    ///
    /// `EINVAL` for a position before the start or beyond `i64::MAX`; on a buffered file any error of
    /// [`flush`](FileHandle::flush), which runs first.
    ///
    /// # Cancellation
    ///
    /// The cursor has moved or not; nothing else happens.
    pub async fn seek(&self, to: SeekFrom) -> Result<u64> {
        budget::spend().await;
        if to != SeekFrom::Current(0) {
            self.flush_buffer().await?;
        }
        if let Some(result) = self.seek_in_place(to) {
            return result;
        }
        position(Box::pin(self.submit(Seek { to })).await?)
    }

    fn seek_in_place(&self, to: SeekFrom) -> Option<Result<u64>> {
        let open_file = self.open_file();
        if !open_file.is_here() {
            return None;
        }
        if open_file.access.sequential && to != SeekFrom::Current(0) {
            let error = Error::io(Operation::Seek, errno::error(errno::NO_POSITION));
            return Some(Err(error.at_path(open_file.path.clone())));
        }
        if self.is_behind_messages() {
            return None;
        }
        let mut state = open_file.turn.take();
        let op = Seek { to };
        let asks_storage = matches!(to, SeekFrom::End(_));
        if state.core.is_closed()
            || (asks_storage && open_file.access.remote)
            || !state.is_free(&op.footprint(0, u64::MAX))
        {
            return None;
        }
        open_file.in_place.fetch_add(1, Ordering::Relaxed);
        match seek::target(to, state.core.position(), || open_file.file.len()) {
            Ok(position) => {
                state.core.shift(op.cursor_move(position));
                Some(Ok(position))
            }
            Err(error) => Some(Err(Error::io(Operation::Seek, error).at_path(open_file.path.clone()))),
        }
    }

    /// Returns the attributes; in place if no earlier write is pending.
    ///
    /// # Errors
    ///
    /// Any error of `fstat`.
    ///
    /// # Cancellation
    ///
    /// Nothing happens.
    pub async fn metadata(&self) -> Result<Metadata> {
        budget::spend().await;
        if let Some(result) = self.metadata_in_place() {
            return result;
        }
        match Box::pin(self.submit(file_op::Metadata)).await? {
            Answer::Metadata(metadata) => Ok(*metadata),
            other => unexpected(&other),
        }
    }

    fn metadata_in_place(&self) -> Option<Result<Metadata>> {
        let open_file = self.open_file();
        if self.must_queue() {
            return None;
        }
        let state = open_file.turn.take();
        let footprint = Footprint { span: Span::READ_ALL, cursor: false };
        if open_file.access.remote || state.core.is_closed() || !state.is_free(&footprint) {
            return None;
        }
        open_file.in_place.fetch_add(1, Ordering::Relaxed);
        let path = || open_file.path.clone();
        Some(open_file.file.metadata().map_err(|error| Error::io(Operation::Metadata, error).at_path(path())))
    }

    /// Truncates the file, or extends it with zeros.
    ///
    /// # Errors
    ///
    /// Any error of `ftruncate`.
    ///
    /// # Cancellation
    ///
    /// Before it begins: nothing happens. Afterwards: it completes.
    pub async fn set_len(&self, len: u64) -> Result<()> {
        self.submit(SetLen(len)).await.map(|_| ())
    }

    /// Truncates the file at the cursor, or extends it to there with zeros; returns the new length.
    ///
    /// # Errors
    ///
    /// Any error of `ftruncate`.
    ///
    /// # Cancellation
    ///
    /// Like [`set_len`](FileHandle::set_len).
    pub async fn cut(&self) -> Result<u64> {
        position(self.submit(SetLenToCursor).await?)
    }

    /// Changes the permissions.
    ///
    /// # Errors
    ///
    /// Any error of `fchmod`.
    ///
    /// # Cancellation
    ///
    /// Like [`set_len`](FileHandle::set_len).
    pub async fn set_permissions(&self, permissions: Permissions) -> Result<()> {
        self.submit(SetPermissions(permissions)).await.map(|_| ())
    }

    /// Changes the timestamps.
    ///
    /// # Errors
    ///
    /// Any error of `futimens`.
    ///
    /// # Cancellation
    ///
    /// Like [`set_len`](FileHandle::set_len).
    pub async fn set_times(&self, times: FileTimes) -> Result<()> {
        self.submit(SetTimes(times)).await.map(|_| ())
    }

    /// Reserves or gives back the space of a range.
    ///
    /// # Errors
    ///
    /// Any error of `fallocate`.
    ///
    /// # Cancellation
    ///
    /// Like [`set_len`](FileHandle::set_len).
    pub async fn allocate(&self, how: Allocation, offset: u64, len: u64) -> Result<()> {
        self.submit(Allocate { how, offset, len }).await.map(|_| ())
    }

    /// Advises how a range will be used; a `len` of 0 means to the end.
    ///
    /// # Errors
    ///
    /// Any error of `posix_fadvise`.
    ///
    /// # Cancellation
    ///
    /// Like [`set_len`](FileHandle::set_len).
    pub async fn advise(&self, advice: Advice, offset: u64, len: u64) -> Result<()> {
        self.submit(Advise { advice, offset, len }).await.map(|_| ())
    }

    /// Makes everything that any clone has written survive a power cut. Syncs that queue together cost one
    /// system call.
    ///
    /// # Errors
    ///
    /// Those of the device; that of an earlier failed write; [`Error::is_poisoned`] after a failed sync.
    ///
    /// # Cancellation
    ///
    /// Before it begins: nothing happens. Afterwards: it completes, and a failure poisons the file.
    pub async fn sync(&self, all: bool) -> Result<()> {
        self.submit(Sync { all }).await.map(|_| ())
    }

    /// Runs `closure` over the std file on a worker, while no other operation of this file runs.
    ///
    /// # Errors
    ///
    /// [`Error::is_panicked`] if it panics; an unsupported error if the storage has no std file.
    ///
    /// # Cancellation
    ///
    /// Before it begins: it never runs. Afterwards: it completes and its result is dropped.
    pub async fn run<T: Send + 'static>(
        &self,
        closure: impl FnOnce(&StdFile) -> T + Send + 'static,
    ) -> Result<T> {
        match self.submit(Run::new(closure)).await? {
            Answer::Value(value) => match value.downcast::<T>() {
                Ok(value) => Ok(*value),
                Err(_) => unreachable!("the closure's own type comes back"),
            },
            other => unexpected(&other),
        }
    }

    /// Waits for all earlier operations, then takes the [wrapped](crate::Engine::wrap) object out; every later
    /// operation fails. Returns `None` and changes nothing if the object is no `T`.
    ///
    /// # Errors
    ///
    /// That of a closed file.
    ///
    /// # Cancellation
    ///
    /// Before it begins: nothing happens. Afterwards: the object is dropped.
    pub async fn take_object<T: Send + 'static>(&self) -> Result<Option<T>> {
        match self.submit(Run::take_object::<T>()).await? {
            Answer::Value(value) => match value.downcast::<Option<T>>() {
                Ok(object) => Ok(*object),
                Err(_) => unreachable!("the object's own type comes back"),
            },
            other => unexpected(&other),
        }
    }

    /// Duplicates the storage's handle after all earlier operations. Errors name `operation`.
    ///
    /// # Errors
    ///
    /// Any error of duplicating a descriptor; unsupported where the storage has no second handles.
    ///
    /// # Cancellation
    ///
    /// The second handle is closed.
    pub async fn duplicate(&self, operation: Operation) -> Result<Box<dyn StorageFile>> {
        if self.is_idle() {
            let duplicated = self.open_file().file.duplicate();
            return duplicated.map_err(|error| Error::io(operation, error).at_path(self.path()));
        }
        match self.submit(Duplicate { operation }).await? {
            Answer::Value(value) => match value.downcast() {
                Ok(duplicated) => Ok(*duplicated),
                Err(_) => unreachable!("it answers a storage's file"),
            },
            other => unexpected(&other),
        }
    }

    /// Copies at most `count` bytes from `offset` of `from` to the cursor, which moves past them, while no
    /// other operation of this file runs. Returns the number of bytes, which is smaller only at the end of
    /// `from` or if a failure followed.
    ///
    /// # Errors
    ///
    /// Any error of `copy_file_range`, reading and writing; `EINVAL` for a file open for appending; unsupported if
    /// `from` is of another storage.
    ///
    /// # Cancellation
    ///
    /// Like [`set_len`](FileHandle::set_len).
    pub async fn receive(&self, from: Box<dyn StorageFile>, offset: u64, count: u64) -> Result<u64> {
        position(self.submit(Receive { from, offset, count }).await?)
    }

    /// Copies at most `count` bytes from `offset` of `from` to `at`, beside operations on other ranges. Returns the
    /// number of bytes, which is smaller only at the end of `from` or if a failure followed.
    ///
    /// # Errors
    ///
    /// Like [`receive`](FileHandle::receive).
    ///
    /// # Cancellation
    ///
    /// Like [`set_len`](FileHandle::set_len).
    pub async fn copy_range(
        &self,
        from: Box<dyn StorageFile>,
        offset: u64,
        count: u64,
        at: u64,
    ) -> Result<u64> {
        position(self.submit(CopyRange { from, offset, count, at }).await?)
    }
}
