//! A batch at a worker: carried out, booked, answered.

use std::io::ErrorKind;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::Waker;
use std::time::Instant;

use crate::actor::debt::{is_promised, is_wrong_request};
use crate::actor::long::LongWrite;
use crate::actor::opening::Opening;
use crate::actor::outcome::{Fact, Failed, Ran};
use crate::actor::panics::panic_text;
use crate::actor::queued::Queued;
use crate::actor::registry::Registered;
use crate::error::{Cause, Error, Operation};
use crate::file::{CursorMove, Ordered, Ticket, Trust};
use crate::limits::BATCHES_IN_A_ROW_MAX;
use crate::op::{Answer, Failure, Looked, Op, write};
use crate::pool::Job;
use crate::stats::add;
use crate::storage::{StorageFile, errno};

/// One batch on its way through a lane.
pub(crate) struct FileJob {
    opening: Arc<Opening>,
    /// `None` once it has run.
    ticket: Option<Ticket>,
}

impl FileJob {
    pub(crate) fn new(ticket: Ticket, opening: Arc<Opening>) -> Self {
        FileJob { opening, ticket: Some(ticket) }
    }
}

impl Job for FileJob {
    /// Runs the batch, then those of the same file that it was holding up, as long as others need not wait
    /// too long for this worker: the file's state is warm here, and nobody has to be woken.
    fn run(mut self: Box<Self>) {
        for _ in 0..BATCHES_IN_A_ROW_MAX {
            let Some(ticket) = self.ticket.take() else { return };
            let mut next = self.opening.carry_out(ticket).into_iter();
            self.ticket = next.next();
            self.opening.submit_all(next);
        }
        if let Some(ticket) = self.ticket.take() {
            self.opening.submit(ticket);
        }
    }
}

impl Drop for FileJob {
    /// A job that never ran must not leave its file blocked.
    fn drop(&mut self) {
        let Some(ticket) = self.ticket.take() else { return };
        let Some(batch) = self.opening.turn.take().take(ticket) else { return };
        let next = self.opening.finish(ticket, CursorMove::Stay, batch.closers);
        // Each of these meets the same fate or runs; its callers are answered either way.
        self.opening.submit_all(next);
    }
}

impl Opening {
    /// Carries a batch out, books its end, answers its callers; returns what may start now.
    fn carry_out(self: &Arc<Self>, ticket: Ticket) -> Vec<Ticket> {
        let begun = Instant::now();
        // Nothing is there if every caller has given up.
        let (batch, closed) = {
            let mut desk = self.turn.take();
            (desk.take(ticket), desk.state.is_closed())
        };
        let Some(batch) = batch else { return Vec::new() };
        let batch = match LongWrite::of(batch, self) {
            Ok(mut long) if closed => return long.refuse(Cause::Closed),
            Ok(long) => return long.begin(),
            Err(batch) => batch,
        };
        let stats = &self.services.stats;
        let asked = batch.items.len();
        let live: Vec<Queued> = batch.items.into_iter().filter(|queued| queued.reply.begin()).collect();
        add(&stats.cancelled, (asked - live.len()) as u64);
        add(&stats.hops, live.len() as u64);
        let mut facts: Vec<Fact> = live.iter().map(Fact::of).collect();
        let (ops, rest): (Vec<Op>, Vec<_>) =
            live.into_iter().map(|queued| (queued.op, (queued.reply, queued.permit))).unzip();
        let reads_cursor = facts.iter().any(|fact| fact.cursor_read);
        let closes = facts.iter().any(|fact| fact.operation == Operation::Close);
        let locks = facts.iter().any(|fact| fact.lock);
        let mut ran = match closed {
            // It had taken its place before the file was closed, behind that.
            true => Ran::refused(ops.len(), &Cause::Closed),
            false => self.run_guarded(ops, batch.cursor, batch.room),
        };
        let mut next = match reads_cursor || locks {
            true => Vec::new(),
            false => self.finish_ran(ticket, &mut ran, batch.closers, &mut facts),
        };
        let ended = Instant::now();
        for ((outcome, (reply, permit)), fact) in ran.outcomes.into_iter().zip(rest).zip(facts) {
            stats.waited.record(begun.saturating_duration_since(fact.arrived));
            stats.served.record(ended.saturating_duration_since(begun));
            stats.note_duration(fact.operation, &self.path, ended.saturating_duration_since(fact.arrived));
            drop(permit);
            let outcome = outcome.map_err(|failed| self.describe(&fact, failed));
            let heard = if reads_cursor {
                let (ready, heard) = self.finish_read(ticket, ran.moved, reply, outcome);
                next = ready;
                heard
            } else if locks {
                let (ready, heard) = self.finish_lock(ticket, batch.closers, reply, outcome);
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
        if self.buffered.is_some() {
            // A portion that has landed may have let the next one go.
            next.append(&mut self.ready(&mut self.turn.take()));
        }
        if closes {
            // Its outcome is booked, which decides what the actor's links are told.
            self.ring();
        }
        next
    }

    /// Books the end of a batch and notes in what looked ahead that it is of now; returns what may start.
    fn finish_ran(&self, ticket: Ticket, ran: &mut Ran, closers: u64, facts: &mut [Fact]) -> Vec<Ticket> {
        let mut desk = self.turn.take();
        for outcome in &mut ran.outcomes {
            if let Ok(Answer::Looked(looked)) = outcome {
                desk.state.stamp_seen(&mut looked.seen);
            }
        }
        if ran.outcomes.iter().all(Result::is_ok) {
            desk.state.note_written(ticket);
        }
        let next = self.book(&mut desk, ticket, ran.moved, closers);
        if let ([Err(Failed::Storage(failure))], [fact @ Fact { cursor_write: true, .. }]) =
            (&*ran.outcomes, facts)
        {
            // Several that were merged have no one place to begin again.
            fact.offset = desk.state.position().checked_sub(failure.bytes_done);
        }
        next
    }

    pub(super) fn describe(&self, fact: &Fact, failed: Failed) -> Error {
        let error = match failed {
            Failed::Storage(failure) => {
                let cause = match failure.error.kind() {
                    ErrorKind::WriteZero => Cause::WriteZero,
                    ErrorKind::Unsupported if failure.error.raw_os_error().is_none() => {
                        Cause::Unsupported("this file cannot do that")
                    }
                    _ => Cause::Io(failure.error),
                };
                self.error(fact.operation, cause).after_bytes(failure.bytes_done)
            }
            Failed::Cause(cause) => self.error(fact.operation, cause),
        };
        match fact.offset {
            Some(offset) => error.at_offset(offset),
            None => error,
        }
    }

    /// Runs the operations; a panic inside becomes every one's failure, and nothing else is hurt.
    pub(super) fn run_guarded(&self, ops: Vec<Op>, cursor: u64, room: u64) -> Ran {
        let count = ops.len();
        let operation = ops.first().map(Op::operation);
        catch_unwind(AssertUnwindSafe(|| self.run(ops, cursor, room))).unwrap_or_else(|panic| {
            add(&self.services.stats.panics, count as u64);
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
            self.services.registry.poison(&self.inode, error());
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
    pub(super) fn appends(&self) -> bool {
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
        let stats = &self.services.stats;
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
        let stats = &self.services.stats;
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
        self.turn.take().state.close();
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
        self.services.registry.poison(&self.inode, error.clone());
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
                add(&self.services.stats.bytes_read, buffer.as_ref().len() as u64);
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
