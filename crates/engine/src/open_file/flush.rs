//! A buffered file's portions on their way: sealed under the turn, carried by the order, booked where they land.

use std::sync::Arc;

use crate::admission::Permit;
use crate::error::{Cause, Operation};
use crate::file::{BatchId, Chunk, Footprint, Ordered, Span};
use crate::file_op::{Append, Offset, Op, Payload, Write};
use crate::open_file::file::OpenFile;
use crate::open_file::pending::{Outcome, PendingOp, Reply};
use crate::open_file::state::FileState;

/// What moves the cursor and touches nothing: whether an operation's place is known depends on who else moves it.
pub(crate) const AT_CURSOR: Footprint = Footprint { span: Span::Read(0..0), cursor: true };

impl OpenFile {
    /// Sends what is kept back on its way if `queued` must find it in the file.
    pub(crate) fn make_way(self: &Arc<Self>, state: &mut FileState, pending: &PendingOp) -> Vec<BatchId> {
        if state.write_buffer.is_none() {
            return Vec::new();
        }
        let mut footprint = pending.footprint(state.core.position(), state.core.room());
        if footprint.cursor && !state.core.is_free(&AT_CURSOR) {
            // Others have yet to move the cursor: it may end up anywhere.
            match &mut footprint.span {
                Span::Read(range) | Span::Peek(range) | Span::Write(range) if !range.is_empty() => {
                    *range = 0..u64::MAX
                }
                Span::Read(_) | Span::Peek(_) | Span::Write(_) | Span::Flush(_) | Span::Buffer(_) => {}
                Span::Append | Span::Sync | Span::Exclusive => {}
            }
        }
        let Some(write_buffer) = &mut state.write_buffer else { return Vec::new() };
        if footprint.span == Span::Exclusive {
            // It may change where the file ends.
            write_buffer.forget_end();
        }
        let must = write_buffer.must_flush_before(&footprint);
        if must { self.start_flush(state, None) } else { Vec::new() }
    }

    /// Makes operations of everything that is kept back; returns what may start now.
    ///
    /// Without a permit they go without a seat: the bytes they hold are bounded by the file's buffer, and an
    /// operation that has been admitted waits for them.
    pub(crate) fn start_flush(
        self: &Arc<Self>,
        state: &mut FileState,
        permit: Option<Permit>,
    ) -> Vec<BatchId> {
        if self.push_chunks(state, permit) { self.start_behind_readers(state) } else { Vec::new() }
    }

    /// Queues everything that is kept back; says whether there was anything.
    fn push_chunks(self: &Arc<Self>, state: &mut FileState, mut permit: Option<Permit>) -> bool {
        let Some(write_buffer) = &mut state.write_buffer else { return false };
        let chunks = write_buffer.take_chunks();
        let held_gate = std::mem::take(&mut write_buffer.holds_gate);
        let any = !chunks.is_empty();
        for chunk in chunks {
            let permit = permit.take().unwrap_or_else(|| self.device.admission.admit_unseated());
            self.turn.close_gate(1);
            state.core.push(self.carry(chunk, permit));
        }
        if held_gate {
            self.turn.open_gate(1);
        }
        any
    }

    /// Starts what may start. The gate has been closed since bytes were kept back, so a reader who is still
    /// inside has lost its core; somebody has to look again for it.
    fn start_behind_readers(self: &Arc<Self>, state: &mut FileState) -> Vec<BatchId> {
        if !self.turn.drain() {
            let open_file = self.clone();
            self.context.runtime.spawn(async move {
                while open_file.turn.has_readers() {
                    tokio::task::yield_now().await;
                }
                open_file.pump();
            });
        }
        self.ready(state)
    }

    fn carry(self: &Arc<Self>, chunk: Chunk, permit: Permit) -> PendingOp {
        let payload = Payload::Shared(chunk.bytes.clone());
        let op = if self.access.append {
            Op::from(Append { payload, moves_cursor: false, wants_offset: false, buffered: true })
        } else {
            Op::from(Write { offset: Offset::At(chunk.start), payload, all: true, buffered: true })
        };
        self.context.unfinished.add();
        let mut journey = InFlightChunk { open_file: self.clone(), chunk: Some(chunk) };
        let reply = Reply::Ask(Box::new(move |outcome| journey.end(outcome)));
        PendingOp { op, reply, permit, arrived: std::time::Instant::now(), alone: self.access.alone }
    }
}

/// A portion that is away. One that is lost on the way has failed like any other.
struct InFlightChunk {
    open_file: Arc<OpenFile>,
    /// `None` once it has landed.
    chunk: Option<Chunk>,
}

impl InFlightChunk {
    fn end(&mut self, outcome: Outcome) {
        let Some(chunk) = self.chunk.take() else { return };
        let number = chunk.number;
        let failed = outcome.err().map(|error| {
            let done = usize::try_from(error.bytes_done()).unwrap_or(usize::MAX).min(chunk.bytes.len());
            let rest = Chunk { start: chunk.start + done as u64, bytes: chunk.bytes.slice(done..), ..chunk };
            (rest, error)
        });
        let open_file = &self.open_file;
        let mut state = open_file.turn.take();
        let fine = failed.is_none();
        let mut crowded = false;
        if let Some(write_buffer) = &mut state.write_buffer {
            write_buffer.completed(number, failed);
            if write_buffer.is_dirty() && !write_buffer.holds_gate {
                write_buffer.holds_gate = true;
                open_file.turn.close_gate(1);
            }
            crowded = write_buffer.writers_waiting > 0;
        }
        // Whoever waits for room wakes up to an empty buffer, and this worker goes on with the full one: it
        // takes what it finds in the order when it has answered.
        if fine && crowded {
            open_file.push_chunks(&mut state, None);
        }
        drop(state);
        open_file.context.unfinished.done();
        if let Some(buffered) = &open_file.flush_waiters {
            buffered.completed.notify_waiters();
        }
    }
}

impl Drop for InFlightChunk {
    fn drop(&mut self) {
        if self.chunk.is_some() {
            let operation = if self.open_file.access.append { Operation::Append } else { Operation::Write };
            self.end(Err(self.open_file.error(operation, Cause::Stopped)));
        }
    }
}
