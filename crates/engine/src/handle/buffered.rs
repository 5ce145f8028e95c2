//! Writing to a buffered file: accepted in the caller's own poll while there is room, else in line for it.

use std::io::IoSlice;
use std::pin::{Pin, pin};
use std::sync::atomic::Ordering;

use tokio::sync::OwnedMutexGuard;
use tokio::sync::futures::Notified;

use super::FileHandle;
use crate::context::paused_clock::Held;
use crate::error::{Operation, Result};
use crate::file::{CursorMove, Footprint, Room, Span};
use crate::open_file::FileState;
use crate::open_file::FlushWaiters;

/// What became of bytes that asked to be kept back.
pub(crate) enum Offered {
    /// They are in the buffer.
    Accepted,
    /// There is no room, or others wait for it.
    InLine,
    /// They have to be an operation of their own.
    Through,
}

/// What the bytes of a write at the cursor would find.
enum Verdict {
    /// Room, with the first of them at this offset.
    Fits(u64),
    /// As [`Offered::InLine`].
    InLine,
    /// As [`Offered::Through`].
    Through,
}

/// A place in the line for room. As long as there is one, nobody is let in past it.
struct Place {
    file: FileHandle,
}

/// The front of the line for room.
pub(crate) struct LineTurn {
    _place: Place,
    _front: OwnedMutexGuard<()>,
}

impl Place {
    fn take(file: FileHandle) -> Self {
        Place::count(&file, |pending| pending + 1);
        Place { file }
    }

    fn count(file: &FileHandle, change: impl FnOnce(usize) -> usize) {
        if !file.open_file().is_here() {
            return;
        }
        if let Some(write_buffer) = &mut file.open_file().turn.take().write_buffer {
            write_buffer.writers_waiting = change(write_buffer.writers_waiting);
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        Place::count(&self.file, |pending| pending - 1);
    }
}

/// Buffered writing.
impl FileHandle {
    /// Returns whether writes at the cursor may be kept back.
    pub fn is_buffered(&self) -> bool {
        self.open_file().flush_waiters.is_some()
    }

    /// Writes out everything that was accepted before, by any clone; returns at once where nothing was.
    ///
    /// # Errors
    ///
    /// That of a write that nobody has heard of yet. What could not be written is kept, and the next flush
    /// tries it again.
    ///
    /// # Cancellation
    ///
    /// What is on its way goes on; a failure is told to the next write or flush.
    pub async fn flush(&self) -> Result<()> {
        tokio::task::consume_budget().await;
        let Some(buffered) = &self.open_file().flush_waiters else { return Ok(()) };
        self.here(Operation::Flush)?;
        let mut newest = None;
        loop {
            let completed = pin!(buffered.completed.notified());
            if let Some(flushed) = self.flush_on(&mut newest) {
                return flushed;
            }
            Held::new(completed).await;
        }
    }

    /// Sends what was accepted up to portion `newest` (set by the first call) on its way. `Some` is how the
    /// flush ends; `None` means that a portion has to land first.
    fn flush_on(&self, newest: &mut Option<u64>) -> Option<Result<()>> {
        let open_file = self.open_file();
        let mut state = open_file.turn.take();
        let Some(write_buffer) = &mut state.write_buffer else { return Some(Ok(())) };
        if let Some(failure) = write_buffer.take_failure() {
            return Some(Err(failure));
        }
        let newest = *newest.get_or_insert(write_buffer.newest());
        if write_buffer.has_written(newest) {
            return Some(Ok(()));
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

    /// Flushes if there is something to flush, or a failure to tell.
    pub(crate) async fn settle_buffer(&self) -> Result<()> {
        if self.is_buffered() { self.flush().await } else { Ok(()) }
    }

    /// Keeps `bytes` back if the file is buffered and they fit. `Some` is what came of it; `None` means that
    /// they have to be an operation.
    pub(crate) async fn try_buffer(&self, bytes: &[IoSlice<'_>]) -> Option<Result<()>> {
        let buffered = self
            .open_file()
            .flush_waiters
            .as_ref()
            .filter(|_| len_of(bytes) > 0 && self.open_file().is_here())?;
        match self.offer(bytes, false) {
            Ok(Offered::Accepted) => Some(Ok(())),
            Ok(Offered::InLine) => Box::pin(self.wait_for_room(buffered, bytes)).await,
            Ok(Offered::Through) => None,
            Err(error) => Some(Err(error)),
        }
    }

    async fn wait_for_room(&self, buffered: &FlushWaiters, bytes: &[IoSlice<'_>]) -> Option<Result<()>> {
        let wait = async { self.wait_in_line(buffered, bytes).await.transpose() };
        self.in_time(Operation::Write, wait).await.transpose()
    }

    async fn wait_in_line(&self, buffered: &FlushWaiters, bytes: &[IoSlice<'_>]) -> Option<Result<()>> {
        let _turn = self.go_in_line(buffered).await;
        loop {
            let completed = pin!(buffered.completed.notified());
            match self.offer(bytes, true) {
                Ok(Offered::Accepted) => return Some(Ok(())),
                Ok(Offered::Through) => return None,
                Ok(Offered::InLine) => {}
                Err(error) => return Some(Err(error)),
            }
            if let Err(error) = self.make_room(completed).await {
                return Some(Err(error));
            }
        }
    }

    async fn go_in_line(&self, buffered: &FlushWaiters) -> LineTurn {
        let place = Place::take(self.clone());
        LineTurn { _place: place, _front: buffered.line.clone().lock_owned().await }
    }

    /// Waits for the front of the line and for what `len` bytes need there: room, or the end of the wait for it.
    pub(crate) async fn wait_for_front(self, len: usize) -> Result<LineTurn> {
        self.in_time(Operation::Write, self.reach_front(len)).await
    }

    async fn reach_front(&self, len: usize) -> Result<LineTurn> {
        let buffered = self.open_file().flush_waiters.as_ref().expect("only buffered files have a line");
        let turn = self.go_in_line(buffered).await;
        loop {
            let completed = pin!(buffered.completed.notified());
            let verdict = self.weigh(&mut self.open_file().turn.take(), len, true);
            match verdict {
                Verdict::Fits(_) | Verdict::Through => return Ok(turn),
                Verdict::InLine => self.make_room(completed).await?,
            }
        }
    }

    /// Waits for a portion that is on its way, or sends what is kept back on its way.
    async fn make_room(&self, completed: Pin<&mut Notified<'_>>) -> Result<()> {
        let open_file = self.open_file();
        let in_flight = open_file
            .turn
            .take()
            .write_buffer
            .as_ref()
            .is_some_and(|write_buffer| write_buffer.is_in_flight());
        if in_flight {
            // One portion on its way while the next fills, and no more.
            Held::new(completed).await;
            return Ok(());
        }
        let weight =
            open_file.turn.take().write_buffer.as_ref().map_or(0, |write_buffer| write_buffer.bytes());
        let permit = self.admit(Operation::Write, weight).await?;
        let ready = open_file.start_flush(&mut open_file.turn.take(), Some(permit));
        open_file.submit_all(ready);
        Ok(())
    }

    /// Takes bytes in if that overtakes nothing and there is room.
    pub(crate) fn offer(&self, bytes: &[IoSlice<'_>], in_line: bool) -> Result<Offered> {
        let open_file = self.open_file();
        let mut guard = open_file.turn.take();
        if let Some(failure) =
            guard.write_buffer.as_mut().and_then(|write_buffer| write_buffer.take_failure())
        {
            return Err(failure);
        }
        let position = match self.weigh(&mut guard, len_of(bytes), in_line) {
            Verdict::Fits(position) => position,
            Verdict::InLine => return Ok(Offered::InLine),
            Verdict::Through => return Ok(Offered::Through),
        };
        let state = &mut *guard;
        let Some(write_buffer) = &mut state.write_buffer else { return Ok(Offered::Through) };
        let mut end = position;
        for slice in bytes {
            write_buffer.accept(slice, end, &open_file.context.buffers);
            end += slice.len() as u64;
        }
        if !std::mem::replace(&mut write_buffer.holds_gate, true) {
            open_file.turn.close_gate(1);
        }
        state.core.shift(CursorMove::To(end));
        open_file.writes_buffered.fetch_add(1, Ordering::Relaxed);
        Ok(Offered::Accepted)
    }

    /// What `len` bytes at the cursor would find now.
    fn weigh(&self, state: &mut FileState, len: usize, in_line: bool) -> Verdict {
        let open_file = self.open_file();
        let behind_messages = self.is_behind_messages();
        let Some(write_buffer) = &mut state.write_buffer else { return Verdict::Through };
        if write_buffer.has_failure() {
            // To be heard first.
            return Verdict::Through;
        }
        if write_buffer.writers_waiting > 0 && !in_line {
            return Verdict::InLine;
        }
        // Refusals have their place on the way of an operation. A shutdown sends what was kept back before it.
        let refused = state.core.is_closed()
            || open_file.device.admission.is_stopping()
            || open_file.poison().is_some();
        let mut position = state.core.position();
        let range = match open_file.access.append {
            true => 0..u64::MAX,
            false => position..position.saturating_add(len as u64),
        };
        // An older read of these bytes may yet see what came after them; it has to end before they are accepted.
        let free = state.core.is_free(&Footprint { span: Span::Buffer(range), cursor: true });
        if refused || behind_messages || !free {
            return Verdict::Through;
        }
        match write_buffer.room(len, position) {
            Room::Here => {}
            Room::Fresh if write_buffer.is_crowded(len) => return Verdict::InLine,
            Room::Fresh => {
                let appends = open_file.access.append;
                let end = match write_buffer.known_end(position, appends) {
                    Some(end) => Some(end),
                    None if open_file.access.remote => None,
                    // Something on its way will move it.
                    None if appends && write_buffer.is_in_flight() => None,
                    None => open_file.file.len().ok(),
                };
                match end {
                    Some(end) if appends => position = end,
                    Some(end) if position <= end => {}
                    // Kept back behind a hole, they would change what reads before them find.
                    Some(_) | None => return Verdict::Through,
                }
            }
            Room::AfterFlush => return Verdict::InLine,
            Room::Never => return Verdict::Through,
        }
        Verdict::Fits(position)
    }
}

fn len_of(slices: &[IoSlice<'_>]) -> usize {
    slices.iter().map(|slice| slice.len()).sum()
}
