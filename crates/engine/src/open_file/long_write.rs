//! A write that is lent piece by piece: one batch of the order, which needs no worker while the next piece is
//! being copied.

use std::sync::Arc;
use std::task::Waker;
use std::time::Instant;

use crate::admission::Permit;
use crate::error::Cause;
use crate::file::{Batch, BatchId, CursorMove};
use crate::file_op::lent::{Lent, Writer};
use crate::file_op::{Answer, BatchResult, Failed, Offset, Op, Payload, Start, Write, WriteLent};
use crate::limits::PIECE_BYTES;
use crate::open_file::file::OpenFile;
use crate::open_file::op_info::OpInfo;
use crate::open_file::pending::{PendingOp, Reply};
use crate::pool::Job;
use crate::stats::add;

/// See the module.
pub(crate) struct LongWrite {
    open_file: Arc<OpenFile>,
    lent: Arc<Lent>,
    info: OpInfo,
    begun: Instant,
    /// Offset of the first byte.
    start: u64,
    /// Whether it moves the cursor.
    moves_cursor: bool,
    /// Bytes that are in the file.
    done: u64,
    /// `None` once it has ended.
    slot: Option<OrderSlot>,
}

/// What it holds until its end: the place in the order, the permit, and the caller's answer.
struct OrderSlot {
    batch_id: BatchId,
    closers: u64,
    reply: Reply,
    permit: Permit,
}

impl LongWrite {
    /// Takes over a batch that is a lent write; returns any other batch.
    pub(crate) fn of(
        batch: Batch<PendingOp>,
        open_file: &Arc<OpenFile>,
    ) -> Result<Box<LongWrite>, Batch<PendingOp>> {
        let Some(PendingOp { op: Op::WriteLent(WriteLent { offset, lent }), .. }) = batch.items.first()
        else {
            return Err(batch);
        };
        let (offset, lent) = (*offset, lent.clone());
        let Batch { batch_id, cursor, closers, mut items, .. } = batch;
        let pending = items.pop().expect("the batch has a first operation");
        Ok(Box::new(LongWrite {
            open_file: open_file.clone(),
            lent,
            info: OpInfo::of(&pending),
            begun: Instant::now(),
            start: match offset {
                Offset::At(offset) => offset,
                Offset::Cursor => cursor,
            },
            moves_cursor: offset == Offset::Cursor,
            done: 0,
            slot: Some(OrderSlot { batch_id, closers, reply: pending.reply, permit: pending.permit }),
        }))
    }

    /// Writes the first pieces; returns the batches that may start now.
    pub(crate) fn begin(mut self: Box<Self>) -> Vec<BatchId> {
        let stats = &self.open_file.context.stats;
        // As for any batch: a caller that is gone by now gets nothing written.
        if self.slot.as_ref().is_some_and(|slot| slot.reply.begin()) && self.lent.begin() {
            add(&stats.hops, 1);
            return self.write_on();
        }
        add(&stats.cancelled, 1);
        self.release_slot()
    }

    /// Does what [`begin`](LongWrite::begin) does, on a storage whose calls answer later.
    pub(crate) async fn begin_later(mut self: Box<Self>) -> Vec<BatchId> {
        let stats = &self.open_file.context.stats;
        if self.slot.as_ref().is_some_and(|slot| slot.reply.begin()) && self.lent.begin() {
            add(&stats.hops, 1);
            return self.write_on_later().await;
        }
        add(&stats.cancelled, 1);
        self.release_slot()
    }

    /// Answers without writing anything; returns the batches that may start now.
    pub(crate) fn refuse(&mut self, cause: Cause) -> Vec<BatchId> {
        self.end(Err(Failed::Cause(cause)))
    }

    /// Writes the queued pieces. If more are to come, the write is parked and no batch may start.
    fn write_on(self: Box<Self>) -> Vec<BatchId> {
        let lent = self.lent.clone();
        // `next` parks the write when it finds no piece; the lender resumes it on any worker.
        let mut this = self;
        while let Some((mut writer, piece)) = lent.next(this) {
            match writer.write(piece) {
                Ok(()) if writer.done == lent.len() as u64 => return writer.end(Ok(())),
                Ok(()) => this = writer,
                Err(failed) => return writer.end(Err(failed)),
            }
        }
        Vec::new()
    }

    /// Does what [`write_on`](LongWrite::write_on) does, on a storage whose calls answer later.
    async fn write_on_later(self: Box<Self>) -> Vec<BatchId> {
        let (lent, open_file) = (self.lent.clone(), self.open_file.clone());
        let Some(file) = open_file.file.asynchronous() else { return Vec::new() };
        let mut this = self;
        while let Some((mut writer, piece)) = lent.next(this) {
            let (len, (piece, start)) = (piece.as_ref().len() as u64, writer.piece(piece));
            let ran = open_file.run_later(&**file, vec![piece], start).await;
            match writer.record(len, ran) {
                Ok(()) if writer.done == lent.len() as u64 => return writer.end(Ok(())),
                Ok(()) => this = writer,
                Err(failed) => return writer.end(Err(failed)),
            }
        }
        Vec::new()
    }

    /// A piece as a write of its own.
    fn piece(&self, payload: Payload) -> (Op, Start) {
        let offset = Offset::At(self.start + self.done);
        let write = Write { offset, payload, all: true, buffered: false };
        (Op::from(write), Start { cursor: self.start, room: u64::MAX })
    }

    fn write(&mut self, payload: Payload) -> Result<(), Failed> {
        let len = payload.as_ref().len() as u64;
        let (piece, start) = self.piece(payload);
        let ran = self.open_file.run_guarded(vec![piece], start);
        self.record(len, ran)
    }

    /// Counts the bytes of a piece.
    fn record(&mut self, len: u64, ran: BatchResult) -> Result<(), Failed> {
        let BatchResult { mut outcomes, .. } = ran;
        let outcome = outcomes.pop().expect("one operation has one outcome");
        self.done += match &outcome {
            Ok(_) => len,
            Err(Failed::Storage(failure)) => failure.bytes_done,
            Err(Failed::Cause(_)) => 0,
        };
        outcome.map(|_| ())
    }

    /// Releases the place in the order, then answers.
    fn end(&mut self, result: Result<(), Failed>) -> Vec<BatchId> {
        let Some(OrderSlot { batch_id, closers, reply, permit }) = self.slot.take() else {
            return Vec::new();
        };
        // First the lender stops, then the order learns the new length, then the caller gets its answer.
        self.lent.end();
        let open_file = &self.open_file;
        let next = {
            let mut state = open_file.turn.take();
            state.core.note_len(self.start + self.done);
            open_file.complete(&mut state, batch_id, self.moved(), closers)
        };
        let ended = Instant::now();
        let stats = &open_file.context.stats;
        stats.waited.record(self.begun.saturating_duration_since(self.info.arrived));
        stats.served.record(ended.saturating_duration_since(self.begun));
        let whole = ended.saturating_duration_since(self.info.arrived);
        stats.note_duration(self.info.operation, &open_file.path, whole);
        drop(permit);
        let count = usize::try_from(self.done).unwrap_or(usize::MAX);
        let outcome = result.map(|()| Answer::Written(count));
        match reply
            .put(outcome.map_err(|failed| open_file.error_of(&self.info, failed).after_bytes(self.done)))
        {
            Ok(waker) => waker.into_iter().for_each(Waker::wake),
            Err(unreported) => open_file.settle_unreported(unreported),
        }
        next
    }

    /// Releases the place in the order without an answer, which means to the caller that the engine has
    /// stopped.
    fn release_slot(&mut self) -> Vec<BatchId> {
        let Some(OrderSlot { batch_id, closers, .. }) = self.slot.take() else { return Vec::new() };
        self.lent.end();
        self.open_file.finish(batch_id, self.moved(), closers)
    }

    fn moved(&self) -> CursorMove {
        match self.moves_cursor && self.done > 0 {
            true => CursorMove::To(self.start + self.done),
            false => CursorMove::Stay,
        }
    }
}

impl Job for LongWrite {
    fn run(self: Box<Self>) {
        let open_file = self.open_file.clone();
        open_file.submit_all(self.write_on());
    }
}

impl Writer for LongWrite {
    fn resume(self: Box<Self>) {
        let open_file = self.open_file.clone();
        add(&open_file.context.stats.jobs, 1);
        if open_file.file.asynchronous().is_some() {
            let context = open_file.context.clone();
            return context.spawn(async move { open_file.submit_all(self.write_on_later().await) });
        }
        // A refused job is dropped here, which answers its caller: the engine has stopped.
        let place = open_file.place(PIECE_BYTES as u64);
        drop(open_file.context.pool.submit(place, self));
    }
}

impl Drop for LongWrite {
    /// A write that was dropped early must not block its file.
    fn drop(&mut self) {
        let next = self.release_slot();
        self.open_file.submit_all(next);
    }
}
