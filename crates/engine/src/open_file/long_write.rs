//! A write that is lent piece by piece: one batch of the order, which no worker holds while the next piece is
//! being copied.

use std::sync::Arc;
use std::task::Waker;
use std::time::Instant;

use crate::admission::Permit;
use crate::error::Cause;
use crate::file::{Batch, BatchId, CursorMove};
use crate::file_op::lent::{Lent, Writer};
use crate::file_op::{Answer, BatchResult, Failed, Offset, Op, Payload, Start, Write, WriteLent};
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
    /// Where the first byte goes.
    start: u64,
    /// Whether the cursor goes along.
    moves_cursor: bool,
    /// Bytes that are in the file.
    done: u64,
    /// `None` once it is over.
    place: Option<Held>,
}

/// What it holds until it is over: its place in the order, its permit, and its caller's answer.
struct Held {
    batch_id: BatchId,
    closers: u64,
    reply: Reply,
    permit: Permit,
}

impl LongWrite {
    /// Takes over a batch that is one; another one comes back.
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
        let pending = items.pop().expect("the first of it has just been looked at");
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
            place: Some(Held { batch_id, closers, reply: pending.reply, permit: pending.permit }),
        }))
    }

    /// Writes the first pieces; returns what may start now.
    pub(crate) fn begin(mut self: Box<Self>) -> Vec<BatchId> {
        let stats = &self.open_file.context.stats;
        if self.place.as_ref().is_some_and(|held| held.reply.begin()) && self.lent.begin() {
            add(&stats.hops, 1);
            return self.write_on();
        }
        add(&stats.cancelled, 1);
        self.give_up()
    }

    /// Answers without having done anything; returns what may start now.
    pub(crate) fn refuse(&mut self, cause: Cause) -> Vec<BatchId> {
        self.end(Err(Failed::Cause(cause)))
    }

    /// Writes what is on the state. If there is more to come it stands by, and nothing may start.
    fn write_on(self: Box<Self>) -> Vec<BatchId> {
        let lent = self.lent.clone();
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

    fn write(&mut self, payload: Payload) -> Result<(), Failed> {
        let offset = Offset::At(self.start + self.done);
        let len = payload.as_ref().len() as u64;
        let piece = Op::from(Write { offset, payload, all: true, buffered: false });
        let BatchResult { mut outcomes, .. } =
            self.open_file.run_guarded(vec![piece], Start { cursor: self.start, room: u64::MAX });
        let outcome = outcomes.pop().expect("one operation has one outcome");
        self.done += match &outcome {
            Ok(_) => len,
            Err(Failed::Storage(failure)) => failure.bytes_done,
            Err(Failed::Cause(_)) => 0,
        };
        outcome.map(|_| ())
    }

    /// Gives the place in the order back, then answers.
    fn end(&mut self, result: Result<(), Failed>) -> Vec<BatchId> {
        let Some(Held { batch_id, closers, reply, permit }) = self.place.take() else { return Vec::new() };
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
            .put(outcome.map_err(|failed| open_file.describe(&self.info, failed).after_bytes(self.done)))
        {
            Ok(waker) => waker.into_iter().for_each(Waker::wake),
            Err(unheard) => open_file.orphan(unheard),
        }
        next
    }

    /// Gives the place in the order back without an answer, which tells the caller that the engine has stopped.
    fn give_up(&mut self) -> Vec<BatchId> {
        let Some(Held { batch_id, closers, .. }) = self.place.take() else { return Vec::new() };
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
        // A refused job comes back and dies here, which answers its caller: the engine has stopped.
        drop(open_file.context.pool.submit(open_file.device.lane, self));
    }
}

impl Drop for LongWrite {
    /// One that never came to its end must not leave its file blocked.
    fn drop(&mut self) {
        let next = self.give_up();
        self.open_file.submit_all(next);
    }
}
