//! A batch at a worker: carried out, booked, answered.

use std::io::ErrorKind;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::Waker;
use std::time::Instant;

use crate::context::panics::panic_text;
use crate::context::registry::Registered;
use crate::error::{Cause, Error, Operation};
use crate::file::{BatchId, CursorMove, Ordered, Trust};
use crate::limits::BATCHES_IN_A_ROW_MAX;
use crate::op::{Answer, Failure, Looked, Op, write};
use crate::open_file::failures::{is_promised, is_wrong_request};
use crate::open_file::file::OpenFile;
use crate::open_file::long_write::LongWrite;
use crate::open_file::outcome::{Failed, OpInfo, Ran};
use crate::open_file::pending::PendingOp;
use crate::pool::Job;
use crate::stats::add;
use crate::storage::{StorageFile, errno};

/// One batch on its way through a lane.
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
    /// Runs the batch, then those of the same file that it was holding up, as long as others need not wait
    /// too long for this worker: the file's state is warm here, and nobody has to be woken.
    fn run(mut self: Box<Self>) {
        for _ in 0..BATCHES_IN_A_ROW_MAX {
            let Some(batch_id) = self.batch_id.take() else { return };
            let mut next = self.open_file.carry_out(batch_id).into_iter();
            self.batch_id = next.next();
            self.open_file.submit_all(next);
        }
        if let Some(batch_id) = self.batch_id.take() {
            self.open_file.submit(batch_id);
        }
    }
}

impl Drop for FileJob {
    /// A job that never ran must not leave its file blocked.
    fn drop(&mut self) {
        let Some(batch_id) = self.batch_id.take() else { return };
        let Some(batch) = self.open_file.turn.take().take(batch_id) else { return };
        let next = self.open_file.finish(batch_id, CursorMove::Stay, batch.closers);
        // Each of these meets the same fate or runs; its callers are answered either way.
        self.open_file.submit_all(next);
    }
}

impl OpenFile {
    /// Carries a batch out, books its end, answers its callers; returns what may start now.
    fn carry_out(self: &Arc<Self>, batch_id: BatchId) -> Vec<BatchId> {
        let begun = Instant::now();
        // Nothing is there if every caller has given up.
        let (batch, closed) = {
            let mut state = self.turn.take();
            (state.take(batch_id), state.core.is_closed())
        };
        let Some(batch) = batch else { return Vec::new() };
        let batch = match LongWrite::of(batch, self) {
            Ok(mut long) if closed => return long.refuse(Cause::Closed),
            Ok(long) => return long.begin(),
            Err(batch) => batch,
        };
        let stats = &self.context.stats;
        let asked = batch.items.len();
        let live: Vec<PendingOp> = batch.items.into_iter().filter(|pending| pending.reply.begin()).collect();
        add(&stats.cancelled, (asked - live.len()) as u64);
        add(&stats.hops, live.len() as u64);
        let mut info: Vec<OpInfo> = live.iter().map(OpInfo::of).collect();
        let (ops, rest): (Vec<Op>, Vec<_>) =
            live.into_iter().map(|pending| (pending.op, (pending.reply, pending.permit))).unzip();
        let reads_cursor = info.iter().any(|info| info.cursor_read);
        let closes = info.iter().any(|info| info.operation == Operation::Close);
        let locks = info.iter().any(|info| info.lock);
        let mut ran = match closed {
            // It had taken its place before the file was closed, behind that.
            true => Ran::refused(ops.len(), &Cause::Closed),
            false => self.run_guarded(ops, batch.cursor, batch.room),
        };
        let mut next = match reads_cursor || locks {
            true => Vec::new(),
            false => self.finish_ran(batch_id, &mut ran, batch.closers, &mut info),
        };
        let ended = Instant::now();
        for ((outcome, (reply, permit)), info) in ran.outcomes.into_iter().zip(rest).zip(info) {
            stats.waited.record(begun.saturating_duration_since(info.arrived));
            stats.served.record(ended.saturating_duration_since(begun));
            stats.note_duration(info.operation, &self.path, ended.saturating_duration_since(info.arrived));
            drop(permit);
            let outcome = outcome.map_err(|failed| self.describe(&info, failed));
            let heard = if reads_cursor {
                let (ready, heard) = self.finish_read(batch_id, ran.moved, reply, outcome);
                next = ready;
                heard
            } else if locks {
                let (ready, heard) = self.finish_lock(batch_id, batch.closers, reply, outcome);
                next = ready;
                heard
            } else {
                reply.put(outcome)
            };
            match heard {
                Ok(waker) => waker.into_iter().for_each(Waker::wake),
                Err(unheard) => self.orphan(unheard),
            }
        }
        if self.flush_waiters.is_some() {
            // A portion that has landed may have let the next one go.
            next.append(&mut self.ready(&mut self.turn.take()));
        }
        if closes {
            // Its outcome is booked, which decides what the actor's links are told.
            self.wake_actor();
        }
        next
    }

    /// Books the end of a batch and notes in what looked ahead that it is of now; returns what may start.
    fn finish_ran(
        &self,
        batch_id: BatchId,
        ran: &mut Ran,
        closers: u64,
        info: &mut [OpInfo],
    ) -> Vec<BatchId> {
        let mut state = self.turn.take();
        for outcome in &mut ran.outcomes {
            if let Ok(Answer::Looked(looked)) = outcome {
                state.core.stamp_seen(&mut looked.seen);
            }
        }
        if ran.outcomes.iter().all(Result::is_ok) {
            state.core.note_written(batch_id);
        }
        let next = self.book(&mut state, batch_id, ran.moved, closers);
        if let ([Err(Failed::Storage(failure))], [info @ OpInfo { cursor_write: true, .. }]) =
            (&*ran.outcomes, info)
        {
            // Several that were merged have no one place to begin again.
            info.offset = state.core.position().checked_sub(failure.bytes_done);
        }
        next
    }

    pub(crate) fn describe(&self, info: &OpInfo, failed: Failed) -> Error {
        let error = match failed {
            Failed::Storage(failure) => {
                let cause = match failure.error.kind() {
                    ErrorKind::WriteZero => Cause::WriteZero,
                    ErrorKind::Unsupported if failure.error.raw_os_error().is_none() => {
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

    /// Runs the operations; a panic inside becomes every one's failure, and nothing else is hurt.
    pub(crate) fn run_guarded(&self, ops: Vec<Op>, cursor: u64, room: u64) -> Ran {
        let count = ops.len();
        let operation = ops.first().map(Op::operation);
        catch_unwind(AssertUnwindSafe(|| self.run(ops, cursor, room))).unwrap_or_else(|panic| {
            add(&self.context.stats.panics, count as u64);
            let text = panic_text(&*panic);
            self.book_panic(operation, &text);
            Ran::refused(count, &Cause::Panicked(text))
        })
    }

    /// What panicked has failed, as far as syncs are concerned.
    fn book_panic(&self, operation: Option<Operation>, text: &str) {
        let error = || Arc::new(std::io::Error::other(format!("it panicked: {text}")));
        if matches!(operation, Some(Operation::Write | Operation::Append | Operation::SetLen)) {
            self.inode.with_health(|health| health.owe(error()));
        }
        if matches!(operation, Some(Operation::SyncAll | Operation::SyncData | Operation::Close)) {
            self.context.registry.poison(&self.inode, error());
        }
    }

    fn run(&self, ops: Vec<Op>, cursor: u64, room: u64) -> Ran {
        let Some(first) = ops.first() else { return Ran { outcomes: Vec::new(), moved: CursorMove::Stay } };
        if let (true, Some(cause)) = (first.needs_trust(), self.poison()) {
            return Ran::refused(ops.len(), &cause);
        }
        if self.access.sequential && first.is_placed() {
            // Where the object happens to stand is no excuse: the cursor would be wrong from then on.
            let refuse = |_| Err(Failed::Storage(Failure::from(errno::error(errno::NO_POSITION))));
            return Ran { outcomes: ops.iter().map(refuse).collect(), moved: CursorMove::Stay };
        }
        match first {
            Op::Write(_) if self.appends() => self.run_appending(ops, cursor),
            Op::Write(_) | Op::Append(_) => self.run_writes(&ops, cursor),
            Op::Sync(_) => self.run_syncs(&ops),
            Op::Settle => Ran::answering(self.vouch(|_| Ok(()))),
            Op::Close => self.run_close(),
            Op::WriteLent(_) => unreachable!("this is carried out piece by piece"),
            Op::Lock(_) => self.run_locks(ops),
            Op::Read(_) | Op::Seek(_) | Op::Describe(_) | Op::Run(_) => self.run_alone(ops, cursor, room),
        }
    }

    /// Whether writes go to the end of the file, wherever they are told to go.
    pub(crate) fn appends(&self) -> bool {
        self.access.append || self.file.appends()
    }

    /// Writes what goes to the cursor, which stands at the end from then on. At an offset, an `Ok` would be a lie.
    fn run_appending(&self, ops: Vec<Op>, cursor: u64) -> Ran {
        let placed: Vec<bool> = ops.iter().map(Op::is_placed).collect();
        let appends: Vec<Op> = ops.into_iter().filter(|op| !op.is_placed()).map(Op::appending).collect();
        let mut ran = match appends.is_empty() {
            true => Ran { outcomes: Vec::new(), moved: CursorMove::Stay },
            false => self.run_writes(&appends, cursor),
        };
        let why = "a file open for appending has no positioned writes";
        let mut appended = ran.outcomes.into_iter();
        let outcome = |placed: bool| match placed {
            true => Err(Failed::Cause(Cause::Invalid(why.into()))),
            false => appended.next().expect("every append has its outcome"),
        };
        ran.outcomes = placed.into_iter().map(outcome).collect();
        ran
    }

    fn run_writes(&self, ops: &[Op], cursor: u64) -> Ran {
        self.written.store(true, Ordering::Relaxed);
        let writes: Vec<_> =
            ops.iter().filter_map(|op| if let Op::Write(write) = op { Some(write) } else { None }).collect();
        let appends: Vec<_> = ops
            .iter()
            .filter_map(|op| if let Op::Append(append) = op { Some(append) } else { None })
            .collect();
        let written = if appends.is_empty() {
            write::write_all(&writes, &*self.file, cursor)
        } else {
            write::append_all(&appends, &*self.file)
        };
        let stats = &self.context.stats;
        add(&stats.writes_asked, ops.len() as u64);
        add(&stats.write_calls, written.calls);
        add(&stats.bytes_written, ops.iter().map(Ordered::bytes).sum());
        for (op, outcome) in ops.iter().zip(&written.outcomes) {
            if let Err(failure) = outcome
                && (is_promised(op) || self.owes(failure))
            {
                self.inode.with_health(|health| health.owe(failure.error.clone()));
            }
        }
        let outcomes = written.outcomes.into_iter().map(|outcome| outcome.map_err(Failed::Storage)).collect();
        Ran { outcomes, moved: written.moved }
    }

    /// One system call answers them all, unless something failed that they would have to vouch for.
    fn run_syncs(&self, ops: &[Op]) -> Ran {
        let stats = &self.context.stats;
        add(&stats.syncs_asked, ops.len() as u64);
        let all = ops.iter().any(|op| matches!(op, Op::Sync(sync) if sync.all));
        let result = self.vouch(|file| {
            add(&stats.syncs_issued, 1);
            file.sync(all)
        });
        let outcomes =
            ops.iter().map(|_| result.clone().map(|()| Answer::Done).map_err(Failed::Cause)).collect();
        Ran { outcomes, moved: CursorMove::Stay }
    }

    fn run_locks(&self, ops: Vec<Op>) -> Ran {
        let locks = ops.into_iter().filter_map(|op| if let Op::Lock(lock) = op { Some(lock) } else { None });
        let run = |lock| self.run_lock(lock).map_err(|error| Failed::Storage(Failure::from(error)));
        Ran { outcomes: locks.map(run).collect(), moved: CursorMove::Stay }
    }

    fn run_close(&self) -> Ran {
        self.turn.take().core.close();
        // Never opened again: reads in place find a closed file on the slow way.
        self.turn.close_gate(1);
        Ran::answering(self.end())
    }

    /// Makes the call that vouches for everything before it, unless something failed; its own failure is final.
    pub(crate) fn vouch(
        &self,
        call: impl FnOnce(&dyn StorageFile) -> std::io::Result<()>,
    ) -> Result<(), Cause> {
        match self.inode.with_health(|health| health.settle()) {
            Trust::Poisoned(error) => Err(Cause::Poisoned(error)),
            Trust::Owed(error) => Err(Cause::EarlierWrite(error)),
            Trust::Sound => call(&*self.file).map_err(|error| match is_wrong_request(&error) {
                // It has flushed nothing and lost nothing, and will say so again.
                true => Cause::Io(Arc::new(error)),
                false => self.latch(error),
            }),
        }
    }

    /// From now on nothing can be vouched for.
    pub(crate) fn latch(&self, error: std::io::Error) -> Cause {
        let error = Arc::new(error);
        self.context.registry.poison(&self.inode, error.clone());
        tracing::error!(path = %self.path.display(), %error, "the file is poisoned: a sync or close failed");
        Cause::Io(error)
    }

    fn run_alone(&self, ops: Vec<Op>, cursor: u64, room: u64) -> Ran {
        let mut moved = CursorMove::Stay;
        let mut outcomes = Vec::with_capacity(1);
        for op in ops {
            let is_run = matches!(op, Op::Run(_));
            if is_run {
                self.written.store(true, Ordering::Relaxed);
            }
            let owes = op.owes_its_failure();
            let (outcome, step) = op.execute(&*self.file, self.buffers(), cursor, room);
            moved = step;
            if is_run {
                // It may have taken the lock, or released it.
                self.inode.locks.gone(self.holder());
            }
            if let Ok(Answer::Read(buffer, _) | Answer::Looked(Looked { buffer, .. })) = &outcome {
                add(&self.context.stats.bytes_read, buffer.as_ref().len() as u64);
            }
            if let (true, Err(failure)) = (owes, &outcome)
                && self.owes(failure)
            {
                self.inode.with_health(|health| health.owe(failure.error.clone()));
            }
            outcomes.push(outcome.map_err(Failed::Storage));
        }
        Ran { outcomes, moved }
    }
}
