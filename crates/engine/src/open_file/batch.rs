//! A batch at a worker: executed, recorded, answered.

use std::io::ErrorKind;
use std::sync::Arc;
use std::task::Waker;
use std::time::Instant;

use crate::admission::Permit;
use crate::context::registry::Registered;
use crate::error::{Cause, Error};
use crate::file::{BatchId, CursorMove};
use crate::file_op::{Answer, BatchResult, Ending, Failed, Op, Start};
use crate::limits::BATCHES_IN_A_ROW_MAX;
use crate::open_file::file::OpenFile;
use crate::open_file::long_write::LongWrite;
use crate::open_file::op_info::OpInfo;
use crate::open_file::pending::{Outcome, PendingOp, Reply};
use crate::pool::Job;
use crate::stats::add;
use crate::storage::AsyncFile;

/// A batch on its way through a lane.
pub(crate) struct FileJob {
    open_file: Arc<OpenFile>,
    /// `None` once it has run.
    batch_id: Option<BatchId>,
}

impl FileJob {
    pub(crate) fn new(batch_id: BatchId, open_file: Arc<OpenFile>) -> Self {
        FileJob { open_file, batch_id: Some(batch_id) }
    }
}

impl Job for FileJob {
    /// Runs the batch, then batches of the same file that waited for it, until a job of others waits: the file's
    /// state is in this core's cache, and no thread has to be woken.
    fn run(mut self: Box<Self>) {
        for _ in 0..BATCHES_IN_A_ROW_MAX {
            let Some(batch_id) = self.batch_id.take() else { return };
            let mut next = self.open_file.run_batch(batch_id).into_iter();
            self.batch_id = next.next();
            self.open_file.submit_all(next);
            if self.open_file.context.pool.is_contended() {
                break;
            }
        }
        if let Some(batch_id) = self.batch_id.take() {
            self.open_file.submit(batch_id);
        }
    }
}

impl FileJob {
    /// Runs the batch on a storage whose calls answer later.
    pub(crate) async fn run_later(mut self, file: Arc<dyn AsyncFile>) {
        let Some(batch_id) = self.batch_id.take() else { return };
        let next = self.open_file.run_batch_later(batch_id, &*file).await;
        self.open_file.submit_all(next);
    }
}

impl Drop for FileJob {
    /// A job that never ran must not block its file.
    fn drop(&mut self) {
        let Some(batch_id) = self.batch_id.take() else { return };
        let Some(batch) = self.open_file.turn.take().take(batch_id) else { return };
        let next = self.open_file.finish(batch_id, CursorMove::Stay, batch.closers);
        // Each of these runs or is dropped too; its callers are answered either way.
        self.open_file.submit_all(next);
    }
}

/// The end of a batch, for the order.
#[derive(Clone, Copy)]
struct BatchEnd {
    batch_id: BatchId,
    closers: u64,
    moved: CursorMove,
}

/// What a batch turned out to be when it was begun.
enum Begun {
    /// Every caller has cancelled: there is nothing to do.
    Nothing,
    /// A lent write, and why it may not be carried out.
    Long(Box<LongWrite>, Option<Cause>),
    /// Operations to run.
    Plain(BegunBatch),
}

/// A batch whose callers can no longer cancel.
struct BegunBatch {
    batch_id: BatchId,
    closers: u64,
    begun: Instant,
    start: Start,
    ops: Vec<Op>,
    callers: Vec<(Reply, Permit)>,
    info: Vec<OpInfo>,
    /// Why its operations may not run.
    refusal: Option<Cause>,
}

impl BegunBatch {
    fn refused(&self) -> Option<BatchResult> {
        self.refusal.as_ref().map(|cause| BatchResult::refused(self.ops.len(), cause))
    }
}

impl OpenFile {
    /// Executes a batch, records its end and answers its callers. Returns the batches that may start now.
    fn run_batch(self: &Arc<Self>, batch_id: BatchId) -> Vec<BatchId> {
        match self.begin_batch(batch_id) {
            Begun::Nothing => Vec::new(),
            Begun::Long(mut long, Some(cause)) => long.refuse(cause),
            Begun::Long(long, None) => long.begin(),
            Begun::Plain(mut batch) => {
                let ran = match batch.refused() {
                    Some(refused) => refused,
                    None => self.run_guarded(std::mem::take(&mut batch.ops), batch.start),
                };
                self.end_batch(batch, ran)
            }
        }
    }

    /// Does the same on a storage whose calls answer later.
    async fn run_batch_later(self: &Arc<Self>, batch_id: BatchId, file: &dyn AsyncFile) -> Vec<BatchId> {
        match self.begin_batch(batch_id) {
            Begun::Nothing => Vec::new(),
            Begun::Long(mut long, Some(cause)) => long.refuse(cause),
            Begun::Long(long, None) => long.begin_later().await,
            Begun::Plain(mut batch) => {
                let ran = match batch.refused() {
                    Some(refused) => refused,
                    None => self.run_later(file, std::mem::take(&mut batch.ops), batch.start).await,
                };
                self.end_batch(batch, ran)
            }
        }
    }

    fn begin_batch(self: &Arc<Self>, batch_id: BatchId) -> Begun {
        // Until here the batch is in the file's state, where cancelled callers can withdraw their operations.
        // If all of them did, there is nothing to do.
        let begun = Instant::now();
        let (batch, refusal) = {
            let mut state = self.turn.take();
            let batch = state.take(batch_id);
            // A batch that was ordered after a close is refused.
            let refusal = if state.core.is_closed() {
                Some(Cause::Closed)
            } else {
                batch.as_ref().and_then(|batch| state.failure_before(batch))
            };
            (batch, refusal)
        };
        let Some(batch) = batch else { return Begun::Nothing };
        let batch = match LongWrite::of(batch, self) {
            Ok(long) => return Begun::Long(long, refusal),
            Err(batch) => batch,
        };

        // `begin` marks an operation as begun; its caller can no longer cancel it.
        let stats = &self.context.stats;
        let count = batch.items.len();
        let live: Vec<PendingOp> = batch.items.into_iter().filter(|pending| pending.reply.begin()).collect();
        add(&stats.cancelled, (count - live.len()) as u64);
        add(&stats.hops, live.len() as u64);
        let info: Vec<OpInfo> = live.iter().map(OpInfo::of).collect();
        let (ops, callers): (Vec<Op>, Vec<_>) =
            live.into_iter().map(|pending| (pending.op, (pending.reply, pending.permit))).unzip();

        let start = Start { cursor: batch.cursor, room: batch.room };
        let closers = batch.closers;
        Begun::Plain(BegunBatch { batch_id, closers, begun, start, ops, callers, info, refusal })
    }

    fn end_batch(&self, batch: BegunBatch, mut ran: BatchResult) -> Vec<BatchId> {
        let BegunBatch { batch_id, closers, begun, callers, mut info, .. } = batch;
        let stats = &self.context.stats;
        // Plain operations are recorded before any caller is answered, so that a caller with an answer finds
        // its effect. A cursor read or a lock is recorded together with its answer, because a cancelled caller
        // gives it back.
        let ending = info.first().map_or(Ending::Plain, |info| info.ending);
        let mut next = match ending {
            Ending::CursorRead | Ending::Lock => Vec::new(),
            Ending::Plain | Ending::CursorWrite | Ending::Close => {
                self.finish_batch(batch_id, &mut ran, closers, &mut info)
            }
        };
        let ended = Instant::now();
        for ((outcome, caller), info) in ran.outcomes.into_iter().zip(callers).zip(info) {
            stats.waited.record(begun.saturating_duration_since(info.arrived));
            stats.served.record(ended.saturating_duration_since(begun));
            stats.note_duration(info.operation, &self.path, ended.saturating_duration_since(info.arrived));
            let outcome = outcome.map_err(|failed| self.error_of(&info, failed));
            let end = BatchEnd { batch_id, closers, moved: ran.moved };
            next.append(&mut self.answer(info.ending, end, caller, outcome));
        }

        // A written chunk of the write buffer may let the next one start. The end of a close decides what the
        // actor sends its links.
        if self.flush_waiters.is_some() {
            next.append(&mut self.ready(&mut self.turn.take()));
        }
        if ending == Ending::Close {
            self.wake_actor();
        }
        next
    }

    /// Answers a caller, and records the end of the batch in the same step where both must be atomic. Returns
    /// the batches that may start then.
    fn answer(
        &self,
        ending: Ending,
        BatchEnd { batch_id, closers, moved }: BatchEnd,
        (reply, permit): (Reply, Permit),
        outcome: Outcome,
    ) -> Vec<BatchId> {
        drop(permit);
        let (next, answered) = match ending {
            Ending::CursorRead => self.finish_read(batch_id, moved, reply, outcome),
            Ending::Lock => self.finish_lock(batch_id, closers, reply, outcome),
            Ending::Plain | Ending::CursorWrite | Ending::Close => (Vec::new(), reply.put(outcome)),
        };
        match answered {
            Ok(waker) => waker.into_iter().for_each(Waker::wake),
            Err(unclaimed) => self.settle_unreported(unclaimed),
        }
        next
    }

    /// Records the end of a batch and stamps the result of a peek. Returns the batches that may start.
    fn finish_batch(
        &self,
        batch_id: BatchId,
        ran: &mut BatchResult,
        closers: u64,
        info: &mut [OpInfo],
    ) -> Vec<BatchId> {
        let mut state = self.turn.take();
        if ran.outcomes.iter().all(Result::is_ok) {
            state.core.note_written(batch_id);
        }
        let next = self.complete(&mut state, batch_id, ran.moved, closers);
        // After its own end, which counts as a change where every operation excludes all others.
        for outcome in &mut ran.outcomes {
            if let Ok(Answer::Peeked(peeked)) = outcome {
                state.core.stamp_seen(&mut peeked.seen);
            }
        }
        if let ([Err(Failed::Storage(failure))], [info @ OpInfo { ending: Ending::CursorWrite, .. }]) =
            (&*ran.outcomes, info)
        {
            // Merged writes have no single offset at which to resume.
            info.offset = state.core.position().checked_sub(failure.bytes_done);
        }
        next
    }

    pub(crate) fn error_of(&self, info: &OpInfo, failed: Failed) -> Error {
        let error = match failed {
            Failed::Storage(failure) => {
                let cause = match failure.error.kind() {
                    ErrorKind::WriteZero => Cause::WriteZero,
                    ErrorKind::Unsupported if is_bare(&failure.error) => {
                        Cause::Unsupported("this file cannot do that")
                    }
                    _ => Cause::Io(failure.error),
                };
                self.error(info.operation, cause).after_bytes(failure.bytes_done)
            }
            Failed::Cause(cause) => self.error(info.operation, cause),
        };
        match info.offset {
            Some(offset) => error.at_offset(offset),
            None => error,
        }
    }
}

/// Whether an error is no more than its kind.
fn is_bare(error: &std::io::Error) -> bool {
    error.raw_os_error().is_none() && error.get_ref().is_none()
}
