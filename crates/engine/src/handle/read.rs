//! Reading: in place if no operation blocks it, otherwise as an operation.

use std::sync::atomic::Ordering;

use bytes::Bytes;

use super::{FileHandle, unexpected};
use crate::budget;
use crate::error::{Error, Operation, Result};
use crate::file::{CursorMove, Footprint, Span};
use crate::file_op::{Answer, Offset, Read};
use crate::limits::{IN_PLACE_BYTES_MAX, PIECE_BYTES};

/// Reading.
impl FileHandle {
    /// Reads at `offset` into `buf`: at most 768 KiB from the page cache, otherwise at most 1 MiB.
    ///
    /// # Errors
    ///
    /// Any error of the read; [`Error::is_closed`] after a close.
    ///
    /// # Cancellation
    ///
    /// Nothing is lost: a positioned read changes nothing.
    pub async fn read_at(&self, buf: &mut [u8], offset: u64) -> Result<usize> {
        budget::spend().await;
        if let Some(count) = self.read_at_in_place(buf, offset) {
            return count;
        }
        let op = Read::once(Offset::At(offset), buf.len().min(PIECE_BYTES));
        Box::pin(self.read_into(op, buf)).await
    }

    /// Reads at the cursor into `buf` and moves the cursor: at most 768 KiB from the page cache, otherwise at
    /// most 1 MiB.
    ///
    /// # Errors
    ///
    /// Like [`read_at`](FileHandle::read_at).
    ///
    /// # Cancellation
    ///
    /// No byte is lost: the cursor moves only when this returns the bytes.
    pub async fn read(&self, buf: &mut [u8]) -> Result<usize> {
        budget::spend().await;
        if let Some(count) = self.read_in_place(buf) {
            return count;
        }
        let op = Read::once(Offset::Cursor, buf.len().min(PIECE_BYTES));
        Box::pin(self.read_into(op, buf)).await
    }

    /// Reads at most `len` bytes at `offset`, or at the cursor, into a buffer of its own.
    ///
    /// # Errors
    ///
    /// Like [`read_at`](FileHandle::read_at).
    ///
    /// # Cancellation
    ///
    /// Like [`read`](FileHandle::read): no byte is lost.
    pub async fn read_bytes(&self, len: usize, offset: Option<u64>) -> Result<Bytes> {
        budget::spend().await;
        self.here(Operation::Read)?;
        let wanted = len.min(IN_PLACE_BYTES_MAX);
        let mut buffer = self.open_file().context.buffers.take(wanted);
        let room = buffer.room(wanted);
        let in_place = match offset {
            Some(offset) => self.read_at_in_place(room, offset),
            None => self.read_in_place(room),
        };
        if let Some(count) = in_place {
            buffer.fill(count?);
            return Ok(buffer.into_bytes());
        }
        drop(buffer);
        let place = offset.map_or(Offset::Cursor, Offset::At);
        match Box::pin(self.submit(Read::once(place, len))).await? {
            Answer::Read(buffer, _) => Ok(buffer.into_bytes()),
            other => unexpected(&other),
        }
    }

    /// Reads at the cursor if that is possible without waiting.
    ///
    /// # Errors
    ///
    /// Like [`read`](FileHandle::read).
    pub fn read_now(&self, buf: &mut [u8]) -> Result<Option<usize>> {
        self.read_in_place(buf).transpose()
    }

    /// Fills `buf` from the cursor, or reads to the end of the file, if that is possible without waiting; otherwise takes
    /// nothing.
    ///
    /// # Errors
    ///
    /// Like [`read`](FileHandle::read); then no byte is taken.
    pub fn read_full_now(&self, buf: &mut [u8]) -> Result<Option<usize>> {
        self.read_in_place_by(buf, 0, |buf, offset| self.fill_now(buf, offset)).transpose()
    }

    /// Reads to the end of the file if that is possible without waiting and `buf` has room for all; otherwise takes
    /// nothing.
    ///
    /// # Errors
    ///
    /// Like [`read`](FileHandle::read); then no byte is taken.
    pub fn read_rest_now(&self, buf: &mut [u8]) -> Result<Option<usize>> {
        let read = |buf: &mut [u8], offset: u64| match self.fill_now(buf, offset)? {
            Ok(count) if count == buf.len() => {
                let end = self.open_file().file.read_now(&mut [0], offset + count as u64)?;
                matches!(end, Ok(0)).then_some(Ok(count))
            }
            filled => Some(filled),
        };
        self.read_in_place_by(buf, u64::MAX, read).transpose()
    }

    /// Calls of the storage until `buf` is full or the file ends; `None` as soon as one would wait.
    fn fill_now(&self, buf: &mut [u8], offset: u64) -> Option<std::io::Result<usize>> {
        let mut done = 0;
        while done < buf.len() {
            match self.open_file().file.read_now(&mut buf[done..], offset + done as u64)? {
                Ok(0) => break,
                Ok(count) => done += count,
                Err(error) => return Some(Err(error)),
            }
        }
        Some(Ok(done))
    }

    /// Returns a mark of the file's present state, for [`is_as_marked`](FileHandle::is_as_marked).
    ///
    /// # Errors
    ///
    /// In another process than the engine's.
    pub fn mark(&self) -> Result<u64> {
        self.here(Operation::Read)?;
        Ok(self.open_file().turn.take().core.changes())
    }

    /// Returns whether `len` bytes at `offset` are unchanged since the mark and no pending operation changes
    /// them: bytes that were read after the mark are still current.
    pub fn is_as_marked(&self, mark: u64, offset: u64, len: usize) -> bool {
        let state = self.open_file().turn.take();
        let span = Span::Read(offset..offset.saturating_add(len as u64));
        state.core.changes() == mark && state.is_free(&Footprint { span, cursor: false })
    }

    /// Reads at `offset` if that is possible without waiting.
    ///
    /// # Errors
    ///
    /// Like [`read_at`](FileHandle::read_at).
    pub fn read_at_now(&self, buf: &mut [u8], offset: u64) -> Result<Option<usize>> {
        self.read_at_in_place(buf, offset).transpose()
    }

    async fn read_into(&self, op: Read, buf: &mut [u8]) -> Result<usize> {
        match self.submit(op).await? {
            Answer::Read(buffer, _) => {
                let bytes = buffer.as_ref();
                buf[..bytes.len()].copy_from_slice(bytes);
                budget::charge_bytes(bytes.len());
                Ok(bytes.len())
            }
            other => unexpected(&other),
        }
    }

    fn read_at_in_place(&self, buf: &mut [u8], offset: u64) -> Option<Result<usize>> {
        let open_file = self.open_file();
        if open_file.access.remote || self.must_queue() {
            return None;
        }
        let len = buf.len().min(IN_PLACE_BYTES_MAX);
        let result = if let Some(_turn) = open_file.turn.share() {
            open_file.file.read_now(&mut buf[..len], offset)?
        } else {
            let mut state = open_file.turn.take();
            let range = offset..offset.saturating_add(len as u64);
            let span = Span::Read(range.clone());
            if state.core.is_closed() || !state.is_free(&Footprint { span, cursor: false }) {
                return None;
            }
            let result = open_file.file.read_now(&mut buf[..len], offset)?;
            if let Ok(count) = result
                && !state.core.note_read(range, count as u64)
            {
                return None;
            }
            result
        };
        Some(self.count_in_place(result, offset))
    }

    fn read_in_place(&self, buf: &mut [u8]) -> Option<Result<usize>> {
        self.read_in_place_by(buf, 0, |buf, offset| self.open_file().file.read_now(buf, offset))
    }

    /// Reads at the cursor by `read`, which looks at up to `beyond` bytes behind `buf`.
    #[inline]
    fn read_in_place_by(
        &self,
        buf: &mut [u8],
        beyond: u64,
        read: impl FnOnce(&mut [u8], u64) -> Option<std::io::Result<usize>>,
    ) -> Option<Result<usize>> {
        let open_file = self.open_file();
        if open_file.access.remote || self.must_queue() {
            return None;
        }
        let mut state = open_file.turn.take();
        let offset = state.core.position();
        let room = usize::try_from(state.core.room()).unwrap_or(usize::MAX);
        let len = buf.len().min(IN_PLACE_BYTES_MAX).min(room);
        let range = offset..offset.saturating_add(len as u64).saturating_add(beyond);
        let span = Span::Read(range.clone());
        if state.core.is_closed() || !state.is_free(&Footprint { span, cursor: true }) {
            return None;
        }
        let result = read(&mut buf[..len], offset)?;
        if let Ok(count) = &result {
            if !state.core.note_read(range, *count as u64) {
                return None;
            }
            state.core.shift(CursorMove::Read { offset, len: *count as u64 });
        }
        drop(state);
        Some(self.count_in_place(result, offset))
    }

    pub(crate) fn count_in_place(&self, result: std::io::Result<usize>, offset: u64) -> Result<usize> {
        let open_file = self.open_file();
        open_file.in_place.fetch_add(1, Ordering::Relaxed);
        match result {
            Ok(count) => {
                budget::charge_bytes(count);
                open_file.bytes_in_place.fetch_add(count as u64, Ordering::Relaxed);
                Ok(count)
            }
            Err(error) => {
                Err(Error::io(Operation::Read, error).at_path(open_file.path.clone()).at_offset(offset))
            }
        }
    }
}
