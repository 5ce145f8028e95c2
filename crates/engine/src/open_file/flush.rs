//! Flushing the write buffer: chunks are taken under the turn, written in order, and recorded when written.

use std::sync::Arc;

use crate::admission::Permit;
use crate::error::Operation;
use crate::file::{BatchId, Chunk, Footprint, Ordered, Span};
use crate::file_op::{Append, Offset, Op, Payload, Write};
use crate::oneshot::Lost;
use crate::open_file::file::OpenFile;
use crate::open_file::pending::{Outcome, PendingOp, Reply};
use crate::open_file::state::FileState;

/// Moves the cursor and touches no byte: asks whether an earlier operation has yet to move the cursor.
pub(crate) const AT_CURSOR: Footprint = Footprint { span: Span::Read(0..0), cursor: true };

impl OpenFile {
    /// Starts a flush if `pending` must find the buffered bytes in the file.
    pub(crate) fn flush_before(self: &Arc<Self>, state: &mut FileState, pending: &PendingOp) -> Vec<BatchId> {
        if state.write_buffer.is_none() {
            return Vec::new();
        }
        // What the operation touches is only an estimate while earlier ones have yet to move the cursor.
        let mut footprint = pending.footprint(state.core.position(), state.core.room());
        if footprint.cursor && !state.core.is_free(&AT_CURSOR) {
            // The cursor may end up anywhere.
            match &mut footprint.span {
                Span::Read(range) | Span::Peek(range) | Span::Write(range) if !range.is_empty() => {
                    *range = 0..u64::MAX
                }
                Span::Read(_) | Span::Peek(_) | Span::Write(_) | Span::Flush(_) | Span::Buffer(_) => {}
                Span::Append | Span::Sync | Span::Exclusive => {}
            }
        }
        // A barrier flushes everything. Any other operation flushes only if it would miss buffered bytes.
        let Some(write_buffer) = &mut state.write_buffer else { return Vec::new() };
        if footprint.span == Span::Exclusive || (self.access.append && footprint.span == Span::Append) {
            // It may change where the file ends, and chunks that end before it may be recorded as written after it.
            write_buffer.forget_end();
        }
        let must = write_buffer.must_flush_before(&footprint);
        if must { self.start_flush(state, None) } else { Vec::new() }
    }

    /// Makes operations of all buffered bytes; returns the batches that may start now.
    ///
    /// Without a permit they are admitted beyond the limits: the write buffer bounds their bytes, and an admitted
    /// operation waits for them.
    pub(crate) fn start_flush(
        self: &Arc<Self>,
        state: &mut FileState,
        permit: Option<Permit>,
    ) -> Vec<BatchId> {
        if self.push_chunks(state, permit) { self.start_behind_readers(state) } else { Vec::new() }
    }

    /// Queues all buffered bytes; returns whether there were any.
    fn push_chunks(self: &Arc<Self>, state: &mut FileState, mut permit: Option<Permit>) -> bool {
        let Some(write_buffer) = &mut state.write_buffer else { return false };
        let chunks = write_buffer.take_chunks();
        if chunks.is_empty() {
            return false;
        }
        let held_gate = std::mem::take(&mut write_buffer.holds_gate);
        for chunk in chunks {
            let permit = permit.take().unwrap_or_else(|| self.device.admission.admit_beyond_limits());
            self.turn.close_gate(1);
            state.core.push(self.chunk_op(chunk, permit));
        }
        if held_gate {
            self.turn.open_gate(1);
        }
        true
    }

    /// Starts the chunks. The gate has been closed since bytes were buffered, so a reader that is still inside
    /// wakes no one when it leaves, and a task has to wait for it.
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

    fn chunk_op(self: &Arc<Self>, chunk: Chunk, permit: Permit) -> PendingOp {
        let payload = Payload::Shared(chunk.bytes.clone());
        let op = if self.access.append {
            Op::from(Append { payload, moves_cursor: false, wants_offset: false, buffered: true })
        } else {
            Op::from(Write { offset: Offset::At(chunk.start), payload, all: true, buffered: true })
        };
        self.context.unfinished.add();
        let mut in_flight = InFlightChunk { open_file: self.clone(), chunk: Some(chunk) };
        let reply = Reply::File(Box::new(move |outcome| in_flight.end(outcome)));
        PendingOp { op, reply, permit, arrived: std::time::Instant::now(), alone: self.access.alone }
    }
}

/// A chunk in flight. If it is dropped before its end, it has failed.
struct InFlightChunk {
    open_file: Arc<OpenFile>,
    /// `None` once it has ended.
    chunk: Option<Chunk>,
}

impl InFlightChunk {
    fn end(&mut self, outcome: Outcome) {
        let Some(chunk) = self.chunk.take() else { return };
        let number = chunk.number;
        // A failed chunk keeps the bytes that did not reach the file.
        let failed = outcome.err().map(|error| {
            let done = usize::try_from(error.bytes_done()).unwrap_or(usize::MAX).min(chunk.bytes.len());
            let rest = Chunk { start: chunk.start + done as u64, bytes: chunk.bytes.slice(done..), ..chunk };
            (rest, error)
        });
        let open_file = &self.open_file;
        let mut state = open_file.turn.take();
        // The buffer learns of the end. Bytes that were accepted meanwhile keep the gate closed.
        let fine = failed.is_none();
        let mut writers_wait = false;
        if let Some(write_buffer) = &mut state.write_buffer {
            write_buffer.completed(number, failed);
            if write_buffer.is_dirty() && !write_buffer.holds_gate {
                write_buffer.holds_gate = true;
                open_file.turn.close_gate(1);
            }
            writers_wait = write_buffer.writers_waiting > 0;
        }
        // Waiting writers find an empty buffer, and this worker continues with the full one: it looks into the
        // order after its answer.
        if fine && writers_wait {
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
            let cause = self.open_file.context.cause_of(Lost { begun: false });
            self.end(Err(self.open_file.error(operation, cause)));
        }
    }
}
