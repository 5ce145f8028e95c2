//! Writing to a buffered file: accepted in the caller's own poll while there is room, otherwise queued for
//! room.

use std::io::IoSlice;
use std::pin::{Pin, pin};
use std::sync::atomic::Ordering;

use tokio::sync::OwnedMutexGuard;
use tokio::sync::futures::Notified;

use super::FileHandle;
use crate::budget;
use crate::context::paused_clock::HoldsClock;
use crate::error::{Cause, Operation, Result};
use crate::file::{CursorMove, Footprint, Room, Span};
use crate::open_file::FileState;
use crate::open_file::FlushWaiters;

/// Result of writing to the buffer.
pub(crate) enum BufferOutcome {
    /// The bytes are in the buffer.
    Accepted,
    /// There is no room, or other writers wait for it.
    MustWait,
    /// The bytes have to be an operation of their own.
    WriteThrough,
}

/// Whether the buffer can take a write at the cursor.
enum RoomCheck {
    /// It can, with the first byte at this offset.
    Fits(u64),
    /// As [`BufferOutcome::MustWait`].
    MustWait,
    /// As [`BufferOutcome::WriteThrough`].
    WriteThrough,
}

/// A writer that waits for room. While there is one, no other writer overtakes it.
struct QueuedWriter {
    file: FileHandle,
}

/// The first place in the queue for room.
pub(crate) struct WriterTurn {
    _writer: QueuedWriter,
    _turn: OwnedMutexGuard<()>,
}

impl QueuedWriter {
    fn take(file: FileHandle) -> Self {
        QueuedWriter::update_count(&file, |count| count + 1);
        QueuedWriter { file }
    }

    fn update_count(file: &FileHandle, change: impl FnOnce(usize) -> usize) {
        if !file.open_file().is_here() {
            return;
        }
        if let Some(write_buffer) = &mut file.open_file().turn.take().write_buffer {
            write_buffer.writers_waiting = change(write_buffer.writers_waiting);
        }
    }
}

impl Drop for QueuedWriter {
    fn drop(&mut self) {
        QueuedWriter::update_count(&self.file, |count| count - 1);
    }
}

/// Buffered writing.
impl FileHandle {
    /// Returns whether writes at the cursor may be buffered.
    pub fn is_buffered(&self) -> bool {
        self.open_file().flush_waiters.is_some()
    }

    /// Writes out everything that any clone has written before; returns at once if nothing is buffered.
    ///
    /// # Errors
    ///
    /// That of an earlier write, if it has not been reported. Bytes that could not be written stay buffered,
    /// and the next flush retries them.
    ///
    /// # Cancellation
    ///
    /// Chunks in flight are written; a failure is reported by the next write or flush.
    pub async fn flush(&self) -> Result<()> {
        budget::spend().await;
        let Some(buffered) = &self.open_file().flush_waiters else { return Ok(()) };
        self.here(Operation::Flush)?;
        let mut newest = None;
        loop {
            let completed = pin!(buffered.completed.notified());
            if let Some(flushed) = self.flush_step(&mut newest) {
                return flushed;
            }
            HoldsClock::new(completed).await;
        }
    }

    /// Starts a flush of the chunks up to `newest`, which the first call sets. Returns the result once they are
    /// written, `None` while a chunk is in flight.
    fn flush_step(&self, newest: &mut Option<u64>) -> Option<Result<()>> {
        let open_file = self.open_file();
        let mut state = open_file.turn.take();
        let stopped = state.stopped;
        let Some(write_buffer) = &mut state.write_buffer else { return Some(Ok(())) };
        if let Some(failure) = write_buffer.take_failure() {
            return Some(Err(failure));
        }
        let newest = *newest.get_or_insert(write_buffer.newest());
        if write_buffer.has_written(newest) {
            return Some(Ok(()));
        }
        if stopped {
            // They may be inside a call that does not come back; if it fails, that is recorded.
            return Some(Err(open_file.error(Operation::Flush, Cause::Abandoned)));
        }
        let ready = if write_buffer.has_unsent(newest) {
            open_file.start_flush(&mut state, None)
        } else {
            Vec::new()
        };
        drop(state);
        open_file.submit_all(ready);
        None
    }

    /// Flushes if the file is buffered.
    pub(crate) async fn flush_buffer(&self) -> Result<()> {
        if self.is_buffered() { self.flush().await } else { Ok(()) }
    }

    /// Buffers `bytes` if the file is buffered and they fit. Returns `None` if they have to be an operation.
    pub(crate) async fn write_buffered(&self, bytes: &[IoSlice<'_>]) -> Option<Result<()>> {
        let buffered = self
            .open_file()
            .flush_waiters
            .as_ref()
            .filter(|_| len_of(bytes) > 0 && self.open_file().is_here())?;
        match self.write_to_buffer(bytes, false) {
            Ok(BufferOutcome::Accepted) => {
                // Afterwards, because the order is that of the first polls.
                budget::spend().await;
                Some(Ok(()))
            }
            Ok(BufferOutcome::MustWait) => Box::pin(self.wait_for_room(buffered, bytes)).await,
            Ok(BufferOutcome::WriteThrough) => None,
            Err(error) => Some(Err(error)),
        }
    }

    async fn wait_for_room(&self, buffered: &FlushWaiters, bytes: &[IoSlice<'_>]) -> Option<Result<()>> {
        let wait = async { self.wait_and_buffer(buffered, bytes).await.transpose() };
        self.in_time(Operation::Write, wait).await.transpose()
    }

    async fn wait_and_buffer(&self, buffered: &FlushWaiters, bytes: &[IoSlice<'_>]) -> Option<Result<()>> {
        let _turn = self.queue_for_room(buffered).await;
        loop {
            let completed = pin!(buffered.completed.notified());
            match self.write_to_buffer(bytes, true) {
                Ok(BufferOutcome::Accepted) => return Some(Ok(())),
                Ok(BufferOutcome::WriteThrough) => return None,
                Ok(BufferOutcome::MustWait) => {}
                Err(error) => return Some(Err(error)),
            }
            if let Err(error) = self.make_room(completed).await {
                return Some(Err(error));
            }
        }
    }

    async fn queue_for_room(&self, buffered: &FlushWaiters) -> WriterTurn {
        let writer = QueuedWriter::take(self.clone());
        WriterTurn { _writer: writer, _turn: buffered.writers.clone().lock_owned().await }
    }

    /// Waits for the first place in the queue, and there until `len` bytes need not wait any more.
    pub(crate) async fn wait_for_writer_turn(self, len: usize) -> Result<WriterTurn> {
        self.in_time(Operation::Write, self.reach_writer_turn(len)).await
    }

    async fn reach_writer_turn(&self, len: usize) -> Result<WriterTurn> {
        let buffered = self.open_file().flush_waiters.as_ref().expect("only buffered files have a queue");
        let turn = self.queue_for_room(buffered).await;
        loop {
            let completed = pin!(buffered.completed.notified());
            let room = self.check_room(&mut self.open_file().turn.take(), len, true);
            match room {
                RoomCheck::Fits(_) | RoomCheck::WriteThrough => return Ok(turn),
                RoomCheck::MustWait => self.make_room(completed).await?,
            }
        }
    }

    /// Waits for the chunk in flight, or starts a flush.
    async fn make_room(&self, completed: Pin<&mut Notified<'_>>) -> Result<()> {
        let open_file = self.open_file();
        let in_flight = open_file
            .turn
            .take()
            .write_buffer
            .as_ref()
            .is_some_and(|write_buffer| write_buffer.is_in_flight());
        if in_flight {
            // At most one chunk is in flight while the next fills.
            HoldsClock::new(completed).await;
            return Ok(());
        }
        let weight =
            open_file.turn.take().write_buffer.as_ref().map_or(0, |write_buffer| write_buffer.bytes());
        let permit = self.admit(Operation::Write, weight).await?;
        let ready = open_file.start_flush(&mut open_file.turn.take(), Some(permit));
        open_file.submit_all(ready);
        Ok(())
    }

    /// Buffers the bytes if that overtakes no operation and there is room.
    pub(crate) fn write_to_buffer(&self, bytes: &[IoSlice<'_>], has_turn: bool) -> Result<BufferOutcome> {
        let open_file = self.open_file();
        let mut guard = open_file.turn.take();
        // A failure that was not reported goes to this caller, before it adds more bytes.
        if let Some(failure) =
            guard.write_buffer.as_mut().and_then(|write_buffer| write_buffer.take_failure())
        {
            return Err(failure);
        }
        // The checks come before the copy, under the same turn.
        let position = match self.check_room(&mut guard, len_of(bytes), has_turn) {
            RoomCheck::Fits(position) => position,
            RoomCheck::MustWait => return Ok(BufferOutcome::MustWait),
            RoomCheck::WriteThrough => return Ok(BufferOutcome::WriteThrough),
        };
        let state = &mut *guard;
        let Some(write_buffer) = &mut state.write_buffer else { return Ok(BufferOutcome::WriteThrough) };
        let mut end = position;
        for slice in bytes {
            write_buffer.accept(slice, end, &open_file.context.buffers);
            end += slice.len() as u64;
        }
        // Readers in place would miss buffered bytes, so the gate is closed until they are in the file.
        if !std::mem::replace(&mut write_buffer.holds_gate, true) {
            open_file.turn.close_gate(1);
        }
        state.core.shift(CursorMove::To(end));
        drop(guard);
        open_file.writes_buffered.fetch_add(1, Ordering::Relaxed);
        budget::charge_bytes(len_of(bytes));
        Ok(BufferOutcome::Accepted)
    }

    /// Whether the buffer can take `len` bytes at the cursor now.
    fn check_room(&self, state: &mut FileState, len: usize, has_turn: bool) -> RoomCheck {
        let open_file = self.open_file();
        let behind_messages = self.is_behind_messages();
        let Some(write_buffer) = &mut state.write_buffer else { return RoomCheck::WriteThrough };
        if write_buffer.has_failure() {
            // It has to be reported first.
            return RoomCheck::WriteThrough;
        }
        if write_buffer.writers_waiting > 0 && !has_turn {
            return RoomCheck::MustWait;
        }
        // An operation reports these refusals. A shutdown has flushed all earlier bytes already.
        let refused = state.core.is_closed()
            || open_file.device.admission.is_stopping()
            || open_file.poison().is_some();
        let mut position = state.core.position();
        let range = match open_file.access.append {
            true => 0..u64::MAX,
            false => position..position.saturating_add(len as u64),
        };
        // An earlier read of these bytes could still see the new ones; it has to end before they are accepted.
        let free = state.core.is_free(&Footprint { span: Span::Buffer(range), cursor: true });
        if refused || behind_messages || !free {
            return RoomCheck::WriteThrough;
        }
        // A new buffer may begin only where it leaves no hole, so the end of the file has to be known.
        match write_buffer.room(len, position) {
            Room::Here => {}
            Room::Fresh if write_buffer.is_crowded(len) => return RoomCheck::MustWait,
            Room::Fresh => {
                let appends = open_file.access.append;
                let end = match write_buffer.known_end(position, appends) {
                    Some(end) => Some(end),
                    // What is uploaded is written in order, so that its end is the cursor.
                    None if open_file.file.asynchronous().is_some() => Some(position),
                    // The call that asks may block there. What other machines have appended since is left out of
                    // the cursor, which is all that the end of a file open for appending decides.
                    None if open_file.access.remote && !open_file.access.alone => {
                        let known = state.core.known_len();
                        Some(if appends { known.max(position) } else { known })
                    }
                    None if open_file.access.remote => None,
                    // A chunk in flight will move the end.
                    None if appends && write_buffer.is_in_flight() => None,
                    None => open_file.file.len().ok(),
                };
                match end {
                    Some(end) if appends => position = end,
                    Some(end) if position <= end => {}
                    // Bytes after a hole would change what reads at lower offsets find.
                    Some(_) | None => return RoomCheck::WriteThrough,
                }
            }
            Room::AfterFlush => return RoomCheck::MustWait,
            Room::Never => return RoomCheck::WriteThrough,
        }
        RoomCheck::Fits(position)
    }
}

fn len_of(slices: &[IoSlice<'_>]) -> usize {
    slices.iter().map(|slice| slice.len()).sum()
}
