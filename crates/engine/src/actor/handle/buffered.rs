//! Writing to a buffered file: accepted in the caller's own poll while there is room, else in line for it.

use std::sync::atomic::Ordering;

use super::FileHandle;
use crate::actor::buffered::Buffered;
use crate::error::{Cause, Operation, Result};
use crate::file::{CursorMove, Footprint, Room, Span};

/// What became of bytes that asked to be kept back.
enum Offered {
    /// They are in the buffer.
    Accepted,
    /// There is no room, or others wait for it.
    InLine,
    /// They have to be an operation of their own.
    Through,
}

/// A place in the line for room. As long as there is one, nobody is let in past it.
struct Place<'a> {
    file: &'a FileHandle,
}

impl<'a> Place<'a> {
    fn take(file: &'a FileHandle) -> Self {
        Place::count(file, |queued| queued + 1);
        Place { file }
    }

    fn count(file: &FileHandle, change: impl FnOnce(usize) -> usize) {
        if let Some(behind) = &mut file.opening().turn.take().behind {
            behind.queued = change(behind.queued);
        }
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        Place::count(self.file, |queued| queued - 1);
    }
}

/// Buffered writing.
impl FileHandle {
    /// Returns whether writes at the cursor may be kept back.
    pub fn is_buffered(&self) -> bool {
        self.opening().buffered.is_some()
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
        let Some(buffered) = &self.opening().buffered else { return Ok(()) };
        let mut newest = None;
        loop {
            let landed = buffered.landed.notified();
            if let Some(flushed) = self.flush_on(&mut newest) {
                return flushed;
            }
            landed.await;
        }
    }

    /// Sends what was accepted up to portion `newest` (set by the first call) on its way. `Some` is how the
    /// flush ends; `None` means that a portion has to land first.
    fn flush_on(&self, newest: &mut Option<u64>) -> Option<Result<()>> {
        let opening = self.opening();
        let mut desk = opening.turn.take();
        let Some(behind) = &mut desk.behind else { return Some(Ok(())) };
        if let Some(failure) = behind.take_failure() {
            return Some(Err(failure));
        }
        let newest = *newest.get_or_insert(behind.newest());
        if behind.has_written(newest) {
            return Some(Ok(()));
        }
        let ready = if behind.keeps(newest) { opening.seal(&mut desk, None) } else { Vec::new() };
        drop(desk);
        opening.submit_all(ready);
        None
    }

    /// Flushes if there is something to flush, or a failure to tell.
    pub(super) async fn settle_buffer(&self) -> Result<()> {
        if self.is_buffered() { self.flush().await } else { Ok(()) }
    }

    /// Keeps `bytes` back if the file is buffered and they fit. `Some` is what came of it; `None` means that
    /// they have to be an operation.
    pub(super) async fn keep_back(&self, bytes: &[u8]) -> Option<Result<()>> {
        let buffered = self.opening().buffered.as_ref().filter(|_| !bytes.is_empty())?;
        match self.offer(bytes, false) {
            Ok(Offered::Accepted) => Some(Ok(())),
            Ok(Offered::InLine) => Box::pin(self.wait_for_room(buffered, bytes)).await,
            Ok(Offered::Through) => None,
            Err(error) => Some(Err(error)),
        }
    }

    async fn wait_for_room(&self, buffered: &Buffered, bytes: &[u8]) -> Option<Result<()>> {
        let Some(limit) = self.time_limit else { return self.wait_in_line(buffered, bytes).await };
        tokio::select! {
            biased;
            kept = self.wait_in_line(buffered, bytes) => kept,
            () = self.opening().services.pause(limit) => {
                Some(Err(self.opening().error(Operation::Write, Cause::TimedOut(limit)).begun(false)))
            }
        }
    }

    async fn wait_in_line(&self, buffered: &Buffered, bytes: &[u8]) -> Option<Result<()>> {
        let opening = self.opening();
        let _place = Place::take(self);
        let _front = buffered.line.lock().await;
        loop {
            let landed = buffered.landed.notified();
            match self.offer(bytes, true) {
                Ok(Offered::Accepted) => return Some(Ok(())),
                Ok(Offered::Through) => return None,
                Ok(Offered::InLine) => {}
                Err(error) => return Some(Err(error)),
            }
            let away = opening.turn.take().behind.as_ref().is_some_and(|behind| behind.is_away());
            if away {
                // One portion on its way while the next fills, and no more.
                landed.await;
                continue;
            }
            let weight = opening.turn.take().behind.as_ref().map_or(0, |behind| behind.bytes());
            let permit = match self.admit(Operation::Write, weight).await {
                Ok(permit) => permit,
                Err(error) => return Some(Err(error)),
            };
            let ready = opening.seal(&mut opening.turn.take(), Some(permit));
            opening.submit_all(ready);
        }
    }

    /// Takes bytes in if that overtakes nothing and there is room.
    fn offer(&self, bytes: &[u8], in_line: bool) -> Result<Offered> {
        let opening = self.opening();
        let behind_messages = self.is_behind_messages();
        let mut guard = opening.turn.take();
        let desk = &mut *guard;
        let Some(behind) = &mut desk.behind else { return Ok(Offered::Through) };
        if let Some(failure) = behind.take_failure() {
            return Err(failure);
        }
        if behind.queued > 0 && !in_line {
            return Ok(Offered::InLine);
        }
        // Refusals have their place on the way of an operation. A shutdown sends what was kept back before it.
        let refused =
            desk.state.is_closed() || opening.device.admission.is_stopping() || opening.poison().is_some();
        let mut position = desk.state.position();
        let range = match opening.access.append {
            true => 0..u64::MAX,
            false => position..position.saturating_add(bytes.len() as u64),
        };
        // An older read of these bytes may yet see what came after them; it has to end before they are accepted.
        let free = desk.state.is_free(&Footprint { span: Span::Keep(range), cursor: true });
        if refused || behind_messages || !free {
            return Ok(Offered::Through);
        }
        match behind.room(bytes.len(), position) {
            Room::Here => {}
            Room::Fresh if behind.is_crowded(bytes.len()) => return Ok(Offered::InLine),
            Room::Fresh => {
                let appends = opening.access.append;
                let end = match behind.known_end(position, appends) {
                    Some(end) => Some(end),
                    None if opening.access.remote => None,
                    None => opening.file.len().ok(),
                };
                match end {
                    Some(end) if appends => position = end,
                    Some(end) if position <= end => {}
                    // Kept back behind a hole, they would change what reads before them find.
                    Some(_) | None => return Ok(Offered::Through),
                }
            }
            Room::AfterSeal => return Ok(Offered::InLine),
            Room::Never => return Ok(Offered::Through),
        }
        behind.accept(bytes, position, &opening.services.buffers);
        if !std::mem::replace(&mut behind.holds_gate, true) {
            opening.turn.close_gate(1);
        }
        desk.state.shift(CursorMove::To(position + bytes.len() as u64));
        opening.kept.fetch_add(1, Ordering::Relaxed);
        Ok(Offered::Accepted)
    }
}
